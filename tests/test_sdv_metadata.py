from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tabgan.errors import SchemaError
from tabgan.schema import Schema, read_schema, resolve_schema

COLUMNS = {
    "age": {"sdtype": "numerical", "computer_representation": "Int64"},
    "pay": {"sdtype": "numerical"},
    "job": {"sdtype": "categorical"},
    "size": {"sdtype": "categorical", "order": ["S", "M", "L"]},
    "member": {"sdtype": "boolean"},
    "since": {"sdtype": "datetime", "datetime_format": "%Y-%m-%d"},
    "guest": {"sdtype": "id", "regex_format": "G[0-9]{4}"},
    "mail": {"sdtype": "email", "pii": True},
}
V1 = {"METADATA_SPEC_VERSION": "V1", "tables": {"guests": {"columns": COLUMNS, "primary_key": "guest"}}}
SINGLE = {"METADATA_SPEC_VERSION": "SINGLE_TABLE_V1", "columns": COLUMNS, "primary_key": "guest"}


@pytest.mark.parametrize("metadata", [V1, SINGLE, {"columns": COLUMNS}])
def test_every_sdtype_has_its_kind(metadata: dict[str, Any], tmp_path: Path) -> None:
    schema = Schema.from_sdv(metadata)
    assert {column.name: column.kind for column in schema} == {
        "age": "numeric",
        "pay": "numeric",
        "job": "categorical",
        "size": "categorical",
        "member": "boolean",
        "since": "datetime",
        "guest": "identifier",
        "mail": "identifier",
    }
    assert schema["age"].decimals == 0
    assert schema["pay"].decimals is None
    assert (schema["size"].categories, schema["size"].ordered) == (("S", "M", "L"), True)
    (tmp_path / "m.json").write_text(json.dumps(metadata), encoding="utf-8")
    assert Schema.from_sdv(tmp_path / "m.json") == read_schema(metadata) == schema


def test_metadata_and_table_make_a_whole_schema() -> None:
    table = pd.DataFrame({"age": [20, 30], "pay": [1.5, 2.0], "note": ["a", "b"]})
    schema = resolve_schema(table, {"columns": {"age": COLUMNS["age"], "pay": COLUMNS["job"]}})
    assert [(column.kind, column.dtype) for column in schema][:2] == [
        ("numeric", "int64"),
        ("categorical", "float64"),
    ]
    assert schema["note"].kind == "categorical"
    assert schema["age"].reason == "SDV metadata: numerical"


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        ({"tables": {"a": {"columns": {}}, "b": {"columns": {}}}}, "several tables"),
        ({"tables": {"a": {}}}, "no 'columns'"),
        ({"tables": {"a": []}}, "no 'columns'"),
        ({"columns": {"age": {}}}, "Column 'age': the SDV metadata gives no sdtype"),
        ({"columns": {"age": "numerical"}}, "no sdtype"),
    ],
)
def test_metadata_that_cannot_be_used_is_refused(metadata: dict[str, Any], told: str) -> None:
    with pytest.raises(SchemaError, match=told):
        Schema.from_sdv(metadata)
