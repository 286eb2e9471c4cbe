"""Schema: the public facts of a table, column by column; inferred, declared, or both."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd

from tabgan.arguments import check_declared, checked_names, checked_rules
from tabgan.arrow_table import ArrowStream, as_pandas
from tabgan.cells import has_surrogate
from tabgan.column import Column, Kind, same_nan
from tabgan.errors import SchemaError
from tabgan.inference import MIN_ROWS, MIN_ROWS_FOR_IDENTIFIER, complete_column, infer_column
from tabgan.rule import FixedCombinations, Rule, rule_from_dict, rule_to_dict
from tabgan.scalars import scalar_to_json
from tabgan.sdv_metadata import columns_of_sdv, is_sdv_metadata

__all__ = ["Column", "Kind", "Schema", "infer_schema", "resolve_schema"]

VERSION = 1


@dataclass(frozen=True)
class Schema:
    """The columns of a table in their order and the rules between them: only what is public.

    >>> schema = Schema((Column("age", "numeric"), Column("job", "categorical")))
    >>> schema.names, schema["job"].kind
    (('age', 'job'), 'categorical')
    >>> Schema.from_json(schema.to_json()) == schema
    True
    """

    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()
    _by_name: dict[Hashable, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(self.columns))
        object.__setattr__(self, "rules", tuple(dict.fromkeys(checked_rules(self.rules))))
        object.__setattr__(self, "_by_name", {column.name: column for column in self.columns})
        _refuse_repeated(self.names, "schema")

    def __repr__(self) -> str:
        lines = "".join(f"    {column!r},\n" for column in self.columns)
        columns = f"(\n{lines})" if len(self.columns) > 1 else repr(self.columns)
        return f"Schema({columns}, rules={self.rules!r})" if self.rules else f"Schema({columns})"

    @property
    def names(self) -> tuple[Hashable, ...]:
        """Column names in the order of the table."""
        return tuple(column.name for column in self.columns)

    def __getitem__(self, name: Hashable) -> Column:
        return self._by_name[same_nan(name)]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, Hashable) and same_nan(name) in self._by_name

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def check(self, df: pd.DataFrame) -> None:
        """Raise SchemaError when the table has other columns than the schema; their order is free."""
        _refuse_repeated(tuple(df.columns), "table")
        told = []
        if missing := [name for name in self.names if name not in df.columns]:
            told.append(f"missing: {listed(missing)}")
        if extra := [name for name in df.columns if name not in self]:
            told.append(f"not in the schema: {listed(extra)}")
        if told:
            raise SchemaError(
                f"The columns differ from the schema ({'; '.join(told)}). Add, drop or rename them."
            )

    def check_rules(self) -> None:
        """Raise SchemaError when a rule names a column that does not exist."""
        for rule in self.rules:
            if unknown := [name for name in rule.columns if name not in self]:
                raise SchemaError(f"Rule {rule}: there is no column {unknown[0]!r}. Name one of the table.")

    def explain(self) -> list[tuple[str, str, str, str]]:
        """One row (name, kind, dtype, reason) per column, to be printed; it shows no cell value."""
        return [(str(column.name), column.kind, column.dtype, column.reason) for column in self.columns]

    def to_dict(self) -> dict[str, Any]:
        """The schema as strict JSON."""
        told = {"tabgan_schema": VERSION, "columns": [column.to_dict() for column in self.columns]}
        return told | ({"rules": [rule_to_dict(rule) for rule in self.rules]} if self.rules else {})

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> Schema:
        """The schema that `to_dict` wrote."""
        version, columns = facts.get("tabgan_schema"), facts.get("columns")
        if version != VERSION or not isinstance(columns, list):
            raise SchemaError(
                f"This is not a tabgan schema of version {VERSION}. Write one with `tabgan schema`."
            )
        rules = facts.get("rules", [])
        if not isinstance(rules, list):
            raise SchemaError("The rules of the schema are not a list. Write them as one.")
        return cls(tuple(map(Column.from_dict, columns)), tuple(map(rule_from_dict, rules)))

    def to_json(self) -> str:
        """The schema as JSON text."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Schema:
        """The schema in JSON text, ours or SDV metadata."""
        try:
            facts = json.loads(text)
        except json.JSONDecodeError as error:
            raise SchemaError(
                f"The schema is not JSON (line {error.lineno}). Write one with `tabgan schema`."
            ) from None
        return _from_mapping(facts)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the schema to a JSON file."""
        Path(path).write_text(self.to_json() + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Schema:
        """Read a schema, ours or SDV metadata, from a JSON file."""
        try:
            return cls.from_json(Path(path).read_text(encoding="utf-8-sig"))
        except UnicodeDecodeError:
            raise SchemaError("The schema file is not UTF-8 text. Write one with `tabgan schema`.") from None

    @classmethod
    def from_sdv(cls, metadata: Mapping[str, Any] | str | os.PathLike[str]) -> Schema:
        """The schema of SDV metadata: a mapping, or a JSON file of one table.

        >>> Schema.from_sdv({"columns": {"age": {"sdtype": "numerical"}}})["age"].kind
        'numeric'
        """
        if not isinstance(metadata, Mapping):
            return cls.load(metadata)
        return cls(tuple(columns_of_sdv(metadata)))


Declared: TypeAlias = "Schema | Mapping[str, Any] | str | os.PathLike[str]"


def infer_schema(
    df: pd.DataFrame | ArrowStream,
    *,
    discrete_columns: Sequence[Hashable] = (),
    min_rows: int = MIN_ROWS,
    learned: Collection[Hashable] = (),
) -> Schema:
    """Kind, dtype and decimals of every column, each with its reason.

    `discrete_columns` names columns that are categorical whatever they hold (as in ctgan). Text whose
    values are mostly held by fewer than `min_rows` rows is an identifier, unless `learned` names it.

    >>> table = pd.DataFrame({"age": [31, 45], "job": ["clerk", "nurse"]})
    >>> [column.kind for column in infer_schema(table, discrete_columns=["age"])]
    ['categorical', 'categorical']

    Raises: SchemaError for a table that cannot be learned, before any work.
    """
    df, discrete_columns = as_pandas(df), checked_names(discrete_columns)
    check_table(df)
    if unknown := [name for name in discrete_columns if name not in df.columns]:
        raise SchemaError(f"discrete_columns names {listed(unknown)}, which the table does not have.")
    discrete = set(discrete_columns)
    return Schema(
        tuple(
            infer_column(
                name,
                df.iloc[:, place],
                discrete=name in discrete,
                min_rows=1 if name in learned else min_rows,
            )
            for place, name in enumerate(df.columns)
        )
    )


def resolve_schema(
    df: pd.DataFrame,
    declared: Declared | None = None,
    *,
    discrete_columns: Sequence[Hashable] = (),
    rules: Sequence[Rule] = (),
    min_rows: int = MIN_ROWS,
    learned: Collection[Hashable] = (),
) -> Schema:
    """What is declared, completed by what can be inferred; further rules join those that it has.

    `discrete_columns`, `min_rows`, `learned`: as for `infer_schema`; columns of combinations are learned.
    `declared` is a Schema, its JSON as a mapping or file, or SDV metadata as a mapping or file. A
    column it leaves out is inferred; of a column without dtype all it does not state is inferred.
    """
    schema = Schema(()) if declared is None else read_schema(declared)
    combined = {
        name
        for rule in (*schema.rules, *rules)
        if isinstance(rule, FixedCombinations)
        for name in rule.columns
    }
    inferred = infer_schema(
        df, discrete_columns=discrete_columns, min_rows=min_rows, learned={*learned, *combined}
    )
    if unknown := [name for name in schema.names if name not in inferred]:
        raise SchemaError(
            f"The schema declares {listed(unknown)}, which the table does not have. Remove them."
        )
    completed = tuple(
        complete_column(schema[seen.name], seen, df.iloc[:, place]) if seen.name in schema else seen
        for place, seen in enumerate(inferred)
    )
    found = Schema(completed, (*schema.rules, *rules))
    found.check_rules()
    return found


def judged_schema(df: pd.DataFrame, declared: Declared | None = None) -> Schema:
    """As `resolve_schema`, for a table that is compared: in a short one, rare text is categorical."""
    return resolve_schema(df, declared, min_rows=MIN_ROWS if len(df) >= MIN_ROWS_FOR_IDENTIFIER else 1)


def without_dropped(df: pd.DataFrame, declared: Declared | None) -> tuple[pd.DataFrame, Declared | None]:
    """Table and schema without the columns whose policy is to drop them.

    Raises: SchemaError where none is left.
    """
    if declared is None or not isinstance(df, pd.DataFrame):
        return df, declared
    schema = read_schema(declared)
    dropped = [column.name for column in schema if column.policy == "drop"]
    if not dropped:
        return df, schema
    kept = df.loc[:, [name not in dropped for name in df.columns]]
    if not kept.shape[1]:
        raise SchemaError("Every column is dropped. Keep at least one.")
    return kept, Schema(tuple(c for c in schema if c.name not in dropped), schema.rules)


def read_schema(declared: Declared) -> Schema:
    """The Schema in whatever form it is declared."""
    if isinstance(declared, Schema):
        return declared
    check_declared(declared)
    return _from_mapping(declared) if isinstance(declared, Mapping) else Schema.load(declared)


def check_target(target: Hashable | None, names: Collection[Hashable]) -> None:
    """Raise SchemaError for a target that none of the names is, with those that are like it.

    >>> check_target("Income", ["age", "income"])
    Traceback (most recent call last):
    tabgan.errors.SchemaError: The target 'Income' is not a column of the table. Use one of 'income'.
    """
    if target is None or target in names:
        return
    by_text = {str(name).lower(): name for name in names}
    near = [by_text[text] for text in get_close_matches(str(target)[:100].lower(), by_text)]
    raise SchemaError(
        f"The target {target!r} is not a column of the table. Use one of {listed(near or list(names))}."
    )


def check_table(df: pd.DataFrame) -> None:
    """Raise SchemaError for a table of a shape that cannot be learned."""
    check_columns(df)
    if df.shape[0] == 0:
        raise SchemaError("The table has no rows.")


def check_columns(df: pd.DataFrame) -> None:
    """As `check_table`, but whatever number of rows there is. Privacy: looks at names of columns alone."""
    if not isinstance(df, pd.DataFrame):
        raise SchemaError(f"Expected a pandas DataFrame, got {type(df).__name__}.")
    if isinstance(df.columns, pd.MultiIndex):
        raise SchemaError("The columns have several levels. Join each into one name.")
    if df.shape[1] == 0:
        raise SchemaError("The table has no columns.")
    _refuse_repeated(tuple(df.columns), "table")
    _check_names(tuple(df.columns))


def _check_names(names: Sequence[Hashable]) -> None:
    """Raise SchemaError for names that no model file or table file could hold."""
    texts = [name for name in names if isinstance(name, str)]
    if n_nul := sum("\0" in name for name in texts):
        raise SchemaError(f"{n_nul} column names hold a NUL character. Rename them.")
    if n_broken := sum(not name.isascii() and has_surrogate(name) for name in texts):
        raise SchemaError(f"{n_broken} column names hold lone surrogates. Read the table with its encoding.")
    try:
        [scalar_to_json(name) for name in names]
    except SchemaError as error:
        raise SchemaError(f"The name of a column cannot be kept: {error}") from None


def _from_mapping(facts: object) -> Schema:
    if not isinstance(facts, Mapping):
        raise SchemaError("A schema is a JSON object with an entry 'columns'.")
    return Schema.from_sdv(facts) if is_sdv_metadata(facts) else Schema.from_dict(facts)


def _refuse_repeated(names: Sequence[Hashable], where: str) -> None:
    if repeated := [name for name, count in Counter(names).items() if count > 1]:
        raise SchemaError(f"The {where} has more than one column called {listed(repeated)}. Rename them.")


def listed(names: Sequence[Hashable]) -> str:
    """The first names, and how many more there are."""
    shown = ", ".join(repr(name) for name in names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown
