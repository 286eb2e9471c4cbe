"""Invariant 2 where one cell more makes pandas hold all others in another dtype."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tabgan.encoding.noisy_statistics import label_texts
from tabgan.encoding.private_schema import vote_of
from tabgan.encoding.row_wise import objects_of, row_wise_table
from tabgan.schema import Column, Schema

DAYS = pd.ArrowDtype(pa.date32())
# Far beyond the year 9999, the last of Python's dates.
FAR = pd.Series(np.array([2**58], "M8[us]")).dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo")
FAR_DAY = pd.Series(pa.array([2**30], pa.int32()).cast(pa.date32()), dtype=DAYS)

INSTANTS = pd.Series(np.arange("2020-01-01T00", "2020-01-01T05", dtype="M8[h]")).astype("M8[s]")
CELLS: dict[str, list[Any]] = {
    "whole numbers": [1, 2, 2, 0],
    "instants": INSTANTS.tolist(),
    "Python's instants": [dt.datetime(2020, 1, 1, 1), dt.datetime(2020, 1, 2)],
    "numpy's instants": [np.datetime64("2020-01-01T01"), np.datetime64("2020-01-02")],
    "Python's spans": [dt.timedelta(hours=1), dt.timedelta(days=1)],
    "numpy's spans": [np.timedelta64(1, "h"), np.timedelta64(1, "D")],
}
ODD: dict[str, Any] = {
    "complex": 3j,
    "long": np.longdouble(2.5),
    "float": 2.5,
    "text": "many",
    "finer": pd.Timestamp("2021-03-04 05:06:07.000000008"),
    "equal, in another unit": INSTANTS[1].as_unit("ns"),
}
RETYPED = {
    f"{odd} before {name}": (pd.Series(cells), pd.Series([ODD[odd], *cells]))
    for name, cells in CELLS.items()
    for odd in ODD
}
for name, cells, odd in (
    ("finer column", INSTANTS, pd.Series([ODD["finer"]])),
    ("far instant", INSTANTS.dt.tz_localize("Asia/Tokyo"), FAR),
    ("far day", INSTANTS.dt.date.astype(DAYS), FAR_DAY),
):
    RETYPED[name] = (cells, pd.concat([odd, cells]))
COLUMNS = (
    Column("x", "numeric", dtype="float64"),
    Column("x", "numeric", dtype="timedelta64[us]"),
    Column("x", "datetime", dtype="datetime64[us]"),
    Column("x", "categorical", dtype="datetime64[us]"),
    Column("x", "categorical", dtype="str"),
    Column("x", "categorical", dtype="object", categories=("1", 2)),
)


@pytest.mark.parametrize("name", RETYPED)
def test_invariant_2_a_cell_that_changes_the_dtype_changes_how_no_other_cell_is_read(name):
    cells, more = RETYPED[name]
    votes, votes_of_more = ([vote_of(cell) for cell in objects_of(column)] for column in (cells, more))
    assert votes_of_more[1:] == votes
    for column in COLUMNS:
        then, now = (row_wise_table(pd.DataFrame({"x": x}), Schema((column,)))["x"] for x in (cells, more))
        pd.testing.assert_series_equal(now[1:].reset_index(drop=True), then)
        if column.kind == "categorical":
            assert label_texts(now)[1:] == label_texts(then)
