"""Round trips: rows, names, types and missing cells survive every format as far as it can hold them."""

from __future__ import annotations

import datetime as dt
import math
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tabgan_cli.places import Place
from tabgan_cli.table_file import read_cells, read_table, table_writer
from tabgan_cli.tables import CsvOptions

from tabgan import Column, Schema

TYPED = ["t.parquet", "t.feather", "t.arrow"]  # hold every dtype
PLAIN = [
    "t.csv",
    "t.csv.gz",
    "t.tsv.zst",
    "t.jsonl",
    "t.ndjson.gz",
    "t.xlsx",
    "sqlite",
]  # numbers, text, dates
LETTERS = st.characters(
    exclude_categories=["Cs", "Cc"], include_characters="\n", exclude_characters="\ufffe\uffff"
)
TEXTS = st.text(LETTERS, max_size=8) | st.sampled_from(
    ["=1+1", "'=1", "-1", "00123", "NA", "null", "a,b", '"', "-"]
)
MOMENTS = st.datetimes(dt.datetime(1900, 3, 1), dt.datetime(2200, 1, 1)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)


KIND = pd.CategoricalDtype(["y z", "x", "unused"])


def column(cells: st.SearchStrategy[Any], dtype: Any, n_rows: int, *, gaps: bool) -> st.SearchStrategy[Any]:
    filled = st.lists(st.none() | cells if gaps else cells, min_size=n_rows, max_size=n_rows)
    return filled.map(lambda values: pd.Series(values, dtype=dtype))


@st.composite
def mixed_tables(draw: st.DrawFn) -> pd.DataFrame:
    n_rows = draw(st.integers(1, 6))
    whole = st.integers(-(10**15) + 1, 10**15 - 1)
    floats = st.floats(-1e300, 1e300)
    columns = {
        "n": draw(column(whole, "int64", n_rows, gaps=False)),
        "whole": draw(column(whole, "Int64", n_rows, gaps=True)),
        "rate": draw(column(floats, "float64", n_rows, gaps=True)),
        "ok": draw(column(st.booleans(), "bool", n_rows, gaps=False)),
        "maybe": draw(column(st.booleans(), "boolean", n_rows, gaps=True)),
        "text": draw(column(TEXTS, "str", n_rows, gaps=True)),
        "kind": draw(column(st.sampled_from(["x", "y z"]), KIND, n_rows, gaps=True)),
        "at": draw(column(MOMENTS, "datetime64[us]", n_rows, gaps=True)),
        "zone": draw(column(MOMENTS, "datetime64[us]", n_rows, gaps=True)).dt.tz_localize("UTC"),
    }
    names = draw(st.lists(st.text(LETTERS, min_size=1, max_size=5), min_size=9, max_size=9, unique=True))
    table = pd.DataFrame(columns)
    return (
        table.rename(columns=dict(zip(table.columns, names, strict=True))) if draw(st.booleans()) else table
    )


def there_and_back(
    name: str, table: pd.DataFrame, n_batches: int = 1, *, one_by_one: bool = False
) -> pd.DataFrame:
    with tempfile.TemporaryDirectory() as folder:
        place = Place(f"sqlite:///{folder}/t.db#t" if name == "sqlite" else str(Path(folder, name)))
        with table_writer(place) as write:
            for rows in np.array_split(np.arange(len(table)), n_batches):
                write(table.iloc[rows])
        if one_by_one:  # of JSON lines the schema says what columns there are
            schema = Schema(tuple(Column(column, "categorical") for column in table))
            return read_cells(place, CsvOptions(), schema=schema).rows
        return read_table(place).rows


def as_told(cells: pd.Series[Any], name: str) -> list[Any]:
    """Cells as plain values; a format without empty text has missing cells in its place."""
    values = [None if pd.isna(cell) else cell for cell in cells.tolist()]
    if name.endswith((".jsonl", ".ndjson.gz")) or name == "sqlite":
        return values
    return [None if value == "" else value for value in values]


@pytest.mark.parametrize("name", TYPED)
@settings(max_examples=10, deadline=None)
@given(table=mixed_tables(), n_batches=st.integers(1, 3))
def test_typed_formats_hold_everything(name: str, table: pd.DataFrame, n_batches: int) -> None:
    pd.testing.assert_frame_equal(there_and_back(name, table, n_batches), table, check_exact=True)


@pytest.mark.parametrize("name", PLAIN)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(table=mixed_tables(), n_batches=st.integers(1, 2))
def test_plain_formats_hold_values_and_missing_cells(name: str, table: pd.DataFrame, n_batches: int) -> None:
    found = there_and_back(name, table, n_batches)
    assert list(found) == list(table)
    assert len(found) == len(table)
    for position in range(table.shape[1]):
        cells, expected = as_told(found.iloc[:, position], name), as_told(table.iloc[:, position], name)
        if any(isinstance(cell, str) for cell in expected):  # text that is all numbers is read as such
            cells = [cell if cell is None else str(cell) for cell in cells]
        # Excel's numbers have 15 digits, its times of the day thousandths of a second.
        if name == "t.xlsx" and table.dtypes.iloc[position] == "float64":
            both = zip(cells, expected, strict=True)
            cells = [
                want if cell and math.isclose(cell, want, rel_tol=1e-14) else cell for cell, want in both
            ]
        assert cells == expected


@pytest.mark.parametrize("name", PLAIN)
def test_plain_formats_hold_the_kinds_of_columns(name: str) -> None:
    table = pd.DataFrame(
        {
            "n": [1, 2, 3],
            "whole": pd.array([1, None, 3], dtype="Int64"),
            "rate": [0.5, None, 2.25],
            "ok": [True, False, True],
            "maybe": pd.array([True, None, False], dtype="boolean"),
            "zip": ["00123", None, "x"],
            "at": pd.to_datetime(["2024-01-31 10:30:00", None, "2024-02-01 00:00:01"]),
            "zone": pd.to_datetime(["2024-01-31 10:30:00", None, "2024-02-01 00:00:01"]).tz_localize("UTC"),
        }
    )
    found = there_and_back(name, table)
    kinds = ["int64", "Int64", "float64", "bool", "boolean", str(table["zip"].dtype)]
    assert found.dtypes.astype(str).tolist()[:6] == kinds
    assert found["at"].dtype.kind == "M"
    assert str(found["zone"].dtype).endswith(", UTC]")
    for column_name in table:
        assert found[column_name].isna().tolist() == table[column_name].isna().tolist()


@pytest.mark.parametrize("name", ["t.jsonl", "t.xlsx", "sqlite"])
def test_cells_read_one_by_one_are_those_of_csv(name: str) -> None:
    table = pd.DataFrame(
        {
            "whole": pd.array([1, None, 300], dtype="Int64"),
            "rate": [0.5, 0.25, None],
            "zip": ["00123", "", "x"],
            "day": ["2024-01-31", None, "never"],
        }
    )
    found = there_and_back(name, table, one_by_one=True)
    expected = there_and_back("t.csv", table, one_by_one=True)
    assert found.dtypes.tolist() == [object] * 4
    pd.testing.assert_frame_equal(found, expected)
    assert found["whole"].tolist() == ["1", None, "300"]
