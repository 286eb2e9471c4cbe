from __future__ import annotations

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tabgan.encoding.row_wise import OTHER, labeller, number_of, row_wise_table, wall_time, written_form
from tabgan.schema import Column, Schema


def read(cells, column):
    df = pd.DataFrame({"x": cells})
    return row_wise_table(df, Schema((column,)))["x"]


WHOLE = Column("x", "numeric", dtype="int64")


@pytest.mark.parametrize(
    "cells",
    [
        [1, 2, 30],
        [1.0, 2.0, 30.0],
        ["1", "2.0", " 30 "],
        [1, "2", decimal.Decimal(30)],
        pd.array([1, 2, 30], dtype="Int64"),
        pd.array([1, 2, 30], dtype=pd.ArrowDtype(pa.int8())),
        pd.Categorical([1, 2, 30]),
        pd.arrays.SparseArray([1, 2, 30]),
        np.array([1, 2, 30], dtype=np.float32),
    ],
)
def test_numbers_read_the_same_whatever_the_dtype(cells):
    assert read(cells, WHOLE).tolist() == [1.0, 2.0, 30.0]


@pytest.mark.parametrize(
    "cell", [None, np.nan, pd.NA, "many", "", "inf", float("inf"), [1], dt.date(2020, 1, 1)]
)
def test_what_is_no_number_is_missing_and_raises_nothing(cell):
    assert read(pd.Series([1, cell], dtype=object), WHOLE).isna().tolist() == [False, True]


def test_numbers_beyond_64_bits_are_cut_for_whole_columns_only():
    assert read([10.0**30], WHOLE).tolist() == [2.0**63 - 1024]
    assert read([10.0**30], Column("x", "numeric", dtype="float64")).tolist() == [10.0**30]


MINUTE = "2024-02-29T10:30:00"


@pytest.mark.parametrize(
    "cells",
    [
        pd.Series([pd.Timestamp(MINUTE)]).astype("datetime64[ns]"),
        pd.Series([pd.Timestamp(MINUTE)]).astype("datetime64[s]"),
        pd.Series([MINUTE]),
        pd.Series([MINUTE.replace("T", " ")]),
        pd.Series(["2024-02-29 10:30"]),
        pd.Series(["2024-02-29T11:30+01:00"]),
        pd.Series(["2024-02-29T10:30:00.000Z"]),
        pd.Series([dt.datetime(2024, 2, 29, 10, 30)], dtype=object),
        pd.Series([np.datetime64(MINUTE)], dtype=object),
        pd.Series([pd.Timestamp("2024-02-29 11:30", tz="Europe/Paris")]),
        pd.Series([pd.Timestamp("2024-02-29 11:30", tz="Europe/Paris")], dtype=object),
        pd.Series([pd.Timestamp(MINUTE)], dtype=pd.ArrowDtype(pa.timestamp("us"))),
    ],
)
@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_instants_read_the_same_whatever_the_dtype(cells, unit):
    column = Column("x", "datetime", dtype=f"datetime64[{unit}]")
    assert read(cells, column).tolist() == [pd.Timestamp(MINUTE)]


def test_instants_are_on_the_clock_of_the_zone():
    column = Column("x", "datetime", dtype="datetime64[us, Europe/Paris]")
    aware = pd.Series([pd.Timestamp("2024-06-01 10:00", tz="UTC")])
    for cells in (aware, aware.astype(object), pd.Series(["2024-06-01T10:00Z"])):
        assert read(cells, column).tolist() == [pd.Timestamp("2024-06-01 12:00")]


@pytest.mark.parametrize(
    "cell", ["now", "today", "May 3", "2024-13-01", 3, "", None, pd.NaT, "20240229", [1]]
)
def test_what_is_no_iso_date_is_missing(cell):
    assert wall_time(cell, None) is None


def test_dates_that_a_unit_has_no_room_for_are_missing():
    column = Column("x", "datetime", dtype="datetime64[ns]")
    for cells in (
        pd.Series([pd.Timestamp("3000-01-01")]).astype("datetime64[s]"),
        pd.Series(["3000-01-01"]),
        pd.Series([dt.date(3000, 1, 1)], dtype=object),
    ):
        assert read(cells, column).isna().tolist() == [True]


def test_durations_read_the_same_whatever_the_dtype():
    column = Column("x", "numeric", dtype="timedelta64[us]")
    spans = pd.Series([pd.Timedelta("90 minutes"), pd.NaT])
    for cells in (
        spans,
        spans.astype("timedelta64[s]"),
        spans.astype(object),
        pd.Series(["01:30:00", "soon"]),
    ):
        found = read(cells, column)
        assert found.isna().tolist() == [False, True]
        assert found[0] == pd.Timedelta("90 minutes")


@pytest.mark.parametrize(
    ("declared", "cell", "label"),
    [
        ((1, 2), 1.0, 1),
        ((1, 2), "1", 1),
        ((1, 2), "1.0", 1),
        ((1, 2), np.int8(2), 2),
        ((1, 2), 3, OTHER),
        ((1, 2), True, 1),
        (("1", "2"), 1, "1"),
        (("1", "2"), 1.0, "1"),
        (("a", "b"), "a ", OTHER),
        (("a", "b"), None, None),
        (("a", "b"), pd.NA, None),
        ((1, "1"), 1, 1),
        ((1, "1"), "1", "1"),
        ((0.5,), "0.5", 0.5),
        ((0.5,), decimal.Decimal("0.50"), 0.5),
        (("True", "no"), True, "True"),
        (("a",), ["a"], OTHER),
        ((dt.date(2020, 1, 1),), "2020-01-01", dt.date(2020, 1, 1)),
    ],
)
def test_declared_labels_are_met_by_every_way_to_write_them(declared, cell, label):
    found = labeller(Column("x", "categorical", dtype="object", categories=declared))(cell)
    assert found is label or (found == label and type(found) is type(label))


@pytest.mark.parametrize("cell", [True, np.True_, "True", "true", 1, 1.0])
def test_truth_is_written_in_many_ways(cell):
    assert labeller(Column("x", "boolean", dtype="bool"))(cell) is True


@pytest.mark.parametrize(
    ("dtype", "cell", "label"),
    [
        ("int64", "3", 3),
        ("int64", 3.0, 3),
        ("int64", "three", OTHER),
        ("str", 3, "3"),
        ("str", 3.0, "3"),
        ("str", "3.0", "3.0"),
        ("category", 3.0, 3),
        ("category", "3", "3"),
        ("category", True, "True"),
        ("datetime64[us]", "2020-01-01", pd.Timestamp("2020-01-01")),
        ("object", "\ud800", OTHER),
    ],
)
def test_free_labels_are_written_as_the_dtype_writes_them(dtype, cell, label):
    found = labeller(Column("x", "categorical", dtype=dtype))(cell)
    assert found is label or (found == label and type(found) is type(label))


def test_equal_cells_that_are_written_differently_do_not_speak_for_each_other():
    column = Column("x", "categorical", dtype="object")
    assert read(pd.Series([True, 1, "1"], dtype=object), column).tolist() == ["True", 1, "1"]
    assert read(pd.Series([1, True, "1"], dtype=object), column).tolist() == [1, "True", "1"]


def test_identifiers_are_not_looked_at():
    assert read(["a", None], Column("x", "identifier", dtype="str")).tolist() == [0, 0]


def test_names_stay_what_they_are():
    df = pd.DataFrame([[1, 2]], columns=pd.Index([("a", 1), np.nan], tupleize_cols=False))
    schema = Schema((Column(("a", 1), "numeric", dtype="int64"), Column(np.nan, "numeric", dtype="int64")))
    assert list(row_wise_table(df, schema).columns) == list(df.columns)


@pytest.mark.parametrize("cells", [["a", "b"], ["a", None], [None, None], ["z", "a"]])
def test_dtypes_are_those_of_the_kind_whatever_the_cells(cells):
    column = Column("x", "categorical", dtype="str", categories=("a", "b"))
    assert read(cells, column).dtype == np.dtype(object)
    assert read(["a", None], column).tolist() == ["a", None]


def test_an_empty_table_is_read():
    assert row_wise_table(pd.DataFrame({"x": []}), Schema((WHOLE,))).shape == (0, 1)


def test_written_forms():
    assert [written_form(cell) for cell in (1, 1.0, 0.5, -0.0, True, decimal.Decimal("1.50"))] == [
        "1",
        "1",
        "0.5",
        "0",
        "True",
        "1.5",
    ]
    assert np.isnan(number_of(b"1"))
