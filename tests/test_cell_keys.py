"""Keys of cells: equal for equal cells of whatever dtype, different for cells that are not equal."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabgan.cell_keys import cell_keys

GIANT = 1_234_567_890_123_456_789
ARROW = [pd.ArrowDtype(pa.int64()), pd.ArrowDtype(pa.decimal128(25, 3))]
DTYPES = ["int64", "uint64", "Int64", "UInt64", "object", "category", *ARROW]
NUMBERS = st.one_of(st.integers(-(2**66), 2**66), st.floats(allow_nan=False), st.decimals(allow_nan=False))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("has_gap", [False, True])
def test_whole_numbers_above_2_to_the_53_keep_every_digit(dtype, has_gap):
    numbers: list[int | None] = [GIANT + place for place in range(20)]
    numbers[3] = None if has_gap and dtype not in ("int64", "uint64") else numbers[3]
    cells = pd.Series(pd.array(numbers, dtype="Int64").astype(object), dtype=object)
    if isinstance(dtype, pd.ArrowDtype):
        cells = pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([pa.array(numbers, pa.int64())])))
    keys = cell_keys(cells.astype(dtype))
    plain = cell_keys(pd.Series([number or 0 for number in numbers]))
    is_there = cells.notna().to_numpy()
    assert len(set(keys[is_there].tolist())) == is_there.sum()
    assert (keys == plain)[is_there].all()


@given(st.lists(NUMBERS))
def test_numbers_of_any_kind_have_equal_keys_where_they_are_equal(numbers):
    keys = [int(cell_keys(pd.Series([number], dtype=object))[0]) for number in numbers]
    for one, key in zip(numbers, keys, strict=True):
        for two, other in zip(numbers, keys, strict=True):
            if type(one) is type(two) or (isinstance(one, int) and abs(one) < 2**63):
                assert (key == other) == (one == two)
    reals = [number for number in numbers if isinstance(number, float)]
    as_objects = [key for number, key in zip(numbers, keys, strict=True) if isinstance(number, float)]
    assert cell_keys(pd.Series(reals, dtype=float)).tolist() == as_objects


def test_a_decimal_is_met_by_the_float_that_is_written_alike():
    exact, real = pd.Series([Decimal("0.10"), Decimal("7")]), pd.Series([0.1, 7.0])
    assert (cell_keys(exact) == cell_keys(real)).all()


@pytest.mark.parametrize("dtype", ["datetime64[s]", "datetime64[ns]", "datetime64[us, UTC]", "object"])
def test_a_date_has_one_key_whatever_its_unit_and_its_neighbours(dtype):
    midnight, noon = pd.Timestamp("2024-05-01"), pd.Timestamp("2024-05-02 12:00")
    together = cell_keys(pd.Series([midnight, noon]).astype("datetime64[us]"))
    cells = pd.Series([midnight, noon])
    cells = cells.dt.tz_localize("UTC") if "UTC" in dtype else cells.astype(dtype)
    assert (cell_keys(cells) == together).all()
    assert cell_keys(cells.iloc[:1])[0] == together[0]  # as text it would have lost its 00:00
    assert cell_keys(pd.Series([dt.date(2024, 5, 1)], dtype=object))[0] == together[0]


def test_nanoseconds_far_dates_and_spans_are_told_apart():
    near = pd.Series(np.array([0, 1, 999, 1_000]).view("M8[ns]"))
    days = ["0001-01-01", "1816-03-29T05:56:08.066277", "9999-12-31"]
    far = pd.Series(np.array(days, dtype="M8[us]"))
    spans = pd.Series(pd.to_timedelta([1, 2, 10**6], unit="s"))
    for cells in (near, far, spans):
        assert len(set(cell_keys(cells).tolist())) == len(cells)
        assert (cell_keys(cells.astype(object)) == cell_keys(cells)).all()


def test_text_and_numbers_that_it_writes_are_different():
    labels = pd.Series(["7", "x", "", "7.0"], dtype=object)
    keys = cell_keys(labels).tolist()
    assert len({*keys, int(cell_keys(pd.Series([7]))[0])}) == 5
    assert cell_keys(labels.astype("category")).tolist() == keys
    assert cell_keys(labels.astype("string")).tolist() == keys
