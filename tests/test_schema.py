from __future__ import annotations

import json
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.datasets import load
from tabgan.errors import SchemaError
from tabgan.rule import Sum
from tabgan.schema import Column, Schema, infer_schema, read_schema, resolve_schema

TABLE = pd.DataFrame({"age": [31, 45, 31], "job": ["clerk", "nurse", None], "paid": [1.5, 2.25, 3.0]})
NAMES = st.one_of(
    st.text(max_size=5), st.integers(), st.none(), st.tuples(st.text(max_size=2), st.integers())
)


def test_adult_is_inferred_as_a_reader_would() -> None:
    schema = infer_schema(load("adult").table)
    numeric = {"age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week"}
    assert {column.name for column in schema if column.kind == "numeric"} == numeric
    assert all(column.kind == "categorical" for column in schema if column.name not in numeric)
    assert all(schema[name].decimals == 0 for name in numeric)


def test_a_schema_is_read_by_name_place_and_length() -> None:
    schema = infer_schema(TABLE)
    assert schema.names == ("age", "job", "paid") == tuple(column.name for column in schema)
    assert schema["paid"].decimals == 2
    assert len(schema) == 3
    assert "job" in schema
    assert "jobs" not in schema
    assert [] not in schema
    with pytest.raises(KeyError):
        schema["jobs"]


def test_a_schema_is_shown_a_line_a_column_as_python_reads_it_back() -> None:
    for schema in (infer_schema(TABLE), Schema((Column("a", "numeric"),)), Schema(())):
        ruled = Schema(schema.columns, (Sum(("a", "b"), "c"),))
        for shown in (schema, ruled):
            assert eval(repr(shown)) == shown
    assert len(repr(infer_schema(TABLE)).splitlines()) == 5


@given(st.lists(NAMES, min_size=1, max_size=6, unique=True))
def test_json_keeps_names_of_any_type(names: list[Hashable]) -> None:
    schema = Schema(tuple(Column(name, "numeric", minimum=0) for name in names))
    again = Schema.from_json(schema.to_json())
    assert again == schema
    assert [type(name) for name in again.names] == [type(name) for name in names]
    assert again[names[0]] == schema.columns[0]


@pytest.mark.parametrize(
    "columns",
    [
        pd.Index([3, 1, 2]),
        pd.Index(["a", None, 1.5], dtype=object),
        pd.Index([("a", 1), ("a", 2), ("b", 1)], tupleize_cols=False),
        pd.Index(["", " ", "=cmd"]),
        pd.date_range("2024-01-01", periods=3),
        pd.Index(["a", np.nan, "b"]),
    ],
    ids=str,
)
def test_a_table_with_odd_column_names_is_inferred_saved_and_checked(
    columns: pd.Index[Any], tmp_path: Path
) -> None:
    table = TABLE.set_axis(columns, axis=1)
    schema = infer_schema(table)
    schema.save(tmp_path / "schema.json")
    again = Schema.load(tmp_path / "schema.json")
    assert again == schema
    again.check(table)
    assert resolve_schema(table, again) == schema


def test_the_file_is_readable_json(tmp_path: Path) -> None:
    infer_schema(TABLE).save(tmp_path / "s.json")
    facts = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert facts["columns"][0] == {
        "name": "age",
        "kind": "numeric",
        "dtype": "int64",
        "decimals": 0,
        "reason": "whole numbers",
    }


def test_explain_tells_every_kind_and_its_reason_and_no_cell() -> None:
    rows = infer_schema(TABLE).explain()
    assert rows[0] == ("age", "numeric", "int64", "whole numbers")
    assert all(reason for *_, reason in rows)
    assert not any(cell in str(rows) for cell in ("clerk", "nurse", "31"))


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (pd.DataFrame(), "no columns"),
        (pd.DataFrame(index=range(3)), "no columns"),
        (TABLE.iloc[:0], "no rows"),
        (TABLE.set_axis(["a", "b", "a"], axis=1), "more than one column called 'a'"),
        (TABLE.set_axis(pd.MultiIndex.from_product([["a"], [1, 2, 3]]), axis=1), "several levels"),
        (TABLE.set_axis(["a", "b\0", "c"], axis=1), "NUL"),
        (TABLE.assign(age=[1.0, np.inf, 2.0]), "Column 'age': 1 of 3 rows are infinite"),
    ],
)
def test_a_table_that_cannot_be_learned_is_refused_in_one_line(table: pd.DataFrame, told: str) -> None:
    with pytest.raises(SchemaError, match=told) as caught:
        infer_schema(table)
    assert "\n" not in str(caught.value)


def test_anything_but_a_table_is_refused() -> None:
    with pytest.raises(SchemaError, match="DataFrame"):
        infer_schema([1, 2])  # type: ignore[arg-type]


def test_check_lists_what_is_missing_and_what_is_extra_but_lets_the_order_free() -> None:
    schema = infer_schema(TABLE)
    schema.check(TABLE[["paid", "age", "job"]])
    with pytest.raises(SchemaError, match=r"missing: 'job'; not in the schema: 'title'"):
        schema.check(TABLE.rename(columns={"job": "title"}))
    with pytest.raises(SchemaError, match="more than one"):
        schema.check(pd.concat([TABLE, TABLE], axis=1))


def test_a_long_list_of_columns_is_cut_in_the_message() -> None:
    with pytest.raises(SchemaError, match="and 2 more"):
        Schema(tuple(Column(f"c{i}", "numeric") for i in range(10))).check(
            TABLE.assign(**dict.fromkeys("abcd", 0))
        )


def test_discrete_columns_are_categorical() -> None:
    assert infer_schema(TABLE, discrete_columns=["age"])["age"].kind == "categorical"
    with pytest.raises(SchemaError, match="'agee'"):
        infer_schema(TABLE, discrete_columns=["agee"])


def test_what_is_declared_wins_and_what_is_left_out_is_inferred() -> None:
    declared = Schema((Column("age", "categorical"), Column("paid", "numeric", minimum=0)))
    schema = resolve_schema(TABLE, declared)
    assert schema.names == ("age", "job", "paid")
    assert (schema["age"].kind, schema["age"].dtype, schema["age"].decimals) == ("categorical", "int64", None)
    assert (schema["paid"].minimum, schema["paid"].decimals) == (0, 2)
    assert schema["job"] == infer_schema(TABLE)["job"]
    assert resolve_schema(TABLE) == resolve_schema(TABLE, None) == infer_schema(TABLE)
    assert resolve_schema(TABLE, schema) == schema


def test_a_schema_may_be_a_mapping_or_a_file(tmp_path: Path) -> None:
    schema = infer_schema(TABLE)
    schema.save(tmp_path / "s.json")
    for declared in (schema, schema.to_dict(), tmp_path / "s.json", str(tmp_path / "s.json")):
        assert resolve_schema(TABLE, declared) == schema


def test_a_schema_for_another_table_is_refused() -> None:
    with pytest.raises(SchemaError, match="'wage'"):
        resolve_schema(TABLE, Schema((Column("wage", "numeric"),)))
    with pytest.raises(SchemaError, match="2 of 2 rows are not numbers"):
        resolve_schema(TABLE, Schema((Column("job", "numeric"),)))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "not JSON"),
        ("[]", "JSON object"),
        ("{}", "not a tabgan schema"),
        ('{"tabgan_schema": 2, "columns": []}', "not a tabgan schema of version 1"),
        ('{"tabgan_schema": 1, "columns": [3]}', "no 'name'"),
        (
            '{"tabgan_schema": 1, "columns": [' + ", ".join(['{"name": "a", "kind": "numeric"}'] * 2) + "]}",
            "'a'",
        ),
    ],
)
def test_a_file_that_is_no_schema_is_refused(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(text, encoding="utf-8")
    with pytest.raises(SchemaError, match=told):
        read_schema(tmp_path / "s.json")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SchemaError, match="not UTF-8"):
        Schema.load(tmp_path / "s.json")


def test_a_wide_table_is_inferred_in_seconds() -> None:
    wide = pd.DataFrame(np.zeros((3, 2_000)))
    schema = infer_schema(wide)
    schema.check(wide)
    assert len(schema) == 2_000
