"""A number of 64 bits for every cell, by which equal cells are found: no whole number becomes a float."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

Cells: TypeAlias = "pd.Series[Any]"
KeyArray: TypeAlias = npt.NDArray[np.uint64]

PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_LEAST, _MOST = -(2**63), 2**64


def cell_keys(cells: Cells) -> KeyArray:
    """Keys of the cells: equal where cells are, of whatever dtype. A missing cell has any key.

    Whole numbers of 64 bits and instants are their own keys, so that different ones never share one; of
    other cells two share one by chance, in one of 10 million columns of a million different cells.

    Shape: -> [rows].

    >>> whole = cell_keys(pd.Series([2**60, 2**60 + 1, 7]))
    >>> len(set(whole.tolist())), bool(whole[2] == cell_keys(pd.Series([7.0]))[0])
    (3, True)
    """
    if isinstance(cells.dtype, pd.SparseDtype):
        cells = cells.astype(cells.dtype.subtype)
    kinds = pd.api.types
    if isinstance(cells.dtype, pd.CategoricalDtype):
        return _of_objects(cells)
    if kinds.is_bool_dtype(cells.dtype) or kinds.is_integer_dtype(cells.dtype):
        is_unsigned = str(cells.dtype).lower().startswith("uint")
        whole = cells.to_numpy(dtype=np.uint64 if is_unsigned else np.int64, na_value=0)
        return whole.astype(np.uint64)
    if kinds.is_float_dtype(cells.dtype):
        return _of_floats(cells.to_numpy(dtype=np.float64, na_value=np.nan))
    if isinstance(cells.dtype, pd.DatetimeTZDtype):
        cells = cells.dt.tz_convert("UTC").dt.tz_localize(None)
    if isinstance(cells.dtype, np.dtype) and cells.dtype.kind in "mM":
        return tick_keys(cells.to_numpy())
    return _of_objects(cells)


def tick_keys(ticks: npt.NDArray[Any]) -> KeyArray:
    """Keys of np.datetime64 or np.timedelta64 cells, the same whatever their unit."""
    by = 10**9 // PER_SECOND[np.datetime_data(ticks.dtype)[0]]
    # Nanoseconds modulo 2**64: whole microseconds meet again after 73,000 years only.
    keys: KeyArray = ticks.view(np.int64).astype(np.uint64) * np.uint64(by)
    return keys


def _of_floats(real: npt.NDArray[np.float64]) -> KeyArray:
    keys = pd.util.hash_array(real + 0.0)  # -0.0 becomes 0.0
    with np.errstate(invalid="ignore"):  # NumPy 1 warns of comparing what is missing
        is_whole = (np.floor(real) == real) & (real >= _LEAST) & (real < _MOST)
    is_low = is_whole & (real < 2.0**63)
    keys[is_low] = real[is_low].astype(np.int64).astype(np.uint64)
    keys[is_whole & ~is_low] = real[is_whole & ~is_low].astype(np.uint64)
    return keys


def _of_objects(cells: Cells) -> KeyArray:
    codes, distinct = pd.factorize(cells)
    told = [_told(cell) for cell in distinct]
    keys = np.zeros(len(told) + 1, dtype=np.uint64)  # the last one is that of missing cells
    for kind, keys_of in ((int, _of_whole), (float, _of_reals), (str, _of_texts)):
        places = [place for place, cell in enumerate(told) if type(cell) is kind]
        keys[places] = keys_of([told[place] for place in places])
    return keys[codes]


def _of_whole(whole: Sequence[Any]) -> KeyArray:
    return np.array(whole, dtype=np.uint64)


def _of_reals(real: Sequence[Any]) -> KeyArray:
    return _of_floats(np.array(real, dtype=np.float64))


def _of_texts(texts: Sequence[Any]) -> KeyArray:
    return pd.util.hash_array(np.array(texts, dtype=object), categorize=False)


def _told(cell: Any) -> int | float | str:
    """The cell as an int from 0 to 2**64 - 1, else as a float, else as text; the same for equal cells."""
    if isinstance(cell, (dt.date, np.datetime64)):
        return int(tick_keys(np.array([pd.Timestamp(cell).to_datetime64()]))[0])
    if isinstance(cell, (dt.timedelta, np.timedelta64)):
        return int(tick_keys(np.array([pd.Timedelta(cell).to_timedelta64()]))[0])
    if isinstance(cell, np.generic):
        cell = cell.item()
    if isinstance(cell, float):
        return float(cell)
    if isinstance(cell, int):
        cell = decimal.Decimal(cell)
    return _told_of_decimal(cell) if isinstance(cell, decimal.Decimal) and cell.is_finite() else str(cell)


def _told_of_decimal(number: decimal.Decimal) -> int | float | str:
    if _LEAST <= number < _MOST and number == int(number):
        return int(number) % 2**64
    # What a float writes shares the key of that float: Decimal("0.1") is met by 0.1.
    if abs(number) < 10**300 and decimal.Decimal(repr(float(number))) == number:
        return float(number)
    return "/".join(map(hex, number.as_integer_ratio()))
