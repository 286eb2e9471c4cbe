"""SDV metadata (a description of a table's columns) as columns of a schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tabgan.column import Column, Kind
from tabgan.errors import SchemaError
from tabgan.personal.forms import SDV_FORMS

# Every other sdtype (id, email, ssn, phone_number, name, ...) names a person or a row: never learned.
_KINDS: dict[str, Kind] = {
    "numerical": "numeric",
    "categorical": "categorical",
    "boolean": "boolean",
    "datetime": "datetime",
}


def is_sdv_metadata(facts: Mapping[str, Any]) -> bool:
    """Whether these are SDV's columns rather than ours: by name instead of in a list."""
    return "tables" in facts or isinstance(facts.get("columns"), Mapping)


def columns_of_sdv(metadata: Mapping[str, Any]) -> list[Column]:
    """The columns of SDV metadata that describes one table.

    Raises: SchemaError when it describes several tables, or a column without an sdtype.
    """
    tables = metadata.get("tables", {"": metadata})
    if not isinstance(tables, Mapping) or len(tables) != 1:
        raise SchemaError("The SDV metadata describes several tables. Give the part of one.")
    table = next(iter(tables.values()))
    columns = table.get("columns") if isinstance(table, Mapping) else None
    if not isinstance(columns, Mapping):
        raise SchemaError("The SDV metadata has no 'columns'.")
    return [_column(name, facts) for name, facts in columns.items()]


def _column(name: str, facts: Mapping[str, Any]) -> Column:
    if not isinstance(facts, Mapping) or not isinstance(facts.get("sdtype"), str):
        raise SchemaError(f"Column {name!r}: the SDV metadata gives no sdtype. Add one.")
    sdtype = facts["sdtype"]
    kind = _KINDS.get(sdtype, "identifier")
    order = facts.get("order")
    reason = f"SDV metadata: {sdtype}"
    if kind == "categorical" and isinstance(order, list):
        return Column(name, kind, ordered=True, categories=tuple(order), reason=reason)
    is_whole = kind == "numeric" and str(facts.get("computer_representation")).startswith(("Int", "UInt"))
    personal = SDV_FORMS.get(sdtype)
    return Column(name, kind, decimals=0 if is_whole else None, personal=personal, reason=reason)
