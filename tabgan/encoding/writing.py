"""Plain arrays as pandas columns of the output dtype, missing cells written as they were."""

from __future__ import annotations

import decimal
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from tabgan.cells import Cells
from tabgan.column import Column
from tabgan.dtypes import to_dtype
from tabgan.encoding.layout import BoolArray, IntArray
from tabgan.encoding.reading import Numbers, Numeric, Part, is_duration, most_exact, unit_of, zone_of

MISSING = {"nan": np.nan, "none": None, "na": pd.NA, "nat": pd.NaT, None: np.nan}


def as_table(columns: Mapping[Hashable, Cells], n_rows: int) -> pd.DataFrame:
    """Columns of so many rows, numbered from 0, as a table; their names stay what they are, tuples too."""
    table: pd.DataFrame = pd.DataFrame(dict(enumerate(columns.values())), pd.RangeIndex(n_rows), copy=False)
    table.columns = pd.Index(list(columns), tupleize_cols=False)
    return table


def write_numbers(numbers: Numbers, column: Column, part: Part) -> Cells:
    """A column in its output dtype from whole or real numbers."""
    values, is_missing = numbers.values, numbers.is_missing
    if is_duration(column):
        ticks = (values * part.step).view(f"m8[{unit_of(column)}]")
        return _finish(np.where(is_missing, np.timedelta64("NaT"), ticks), column)
    if column.element == "decimal" or "decimal" in column.dtype:
        return _write_decimals(numbers, column, part.decimals)
    if part.decimals is None and column.decimals is not None:
        values = _rounded(values, column.decimals)
    elif part.decimals:
        values = values / 10.0**part.decimals
    dtype = to_dtype(column.dtype)
    if isinstance(dtype, np.dtype) and dtype.kind in "iuf":
        cast = _narrow(values, dtype)
        if dtype.kind == "f" and is_missing.any():
            cast[is_missing] = np.nan
        return _series(cast)
    if isinstance(dtype, pd.ArrowDtype):
        array = pa.chunked_array([pa.array(values, mask=is_missing).cast(dtype.pyarrow_dtype, safe=False)])
        return _arrow(array)
    if dtype == np.dtype(object):
        return _write_objects([_element(cell, column) for cell in values.tolist()], is_missing, column)
    masked = _series(values).astype(to_dtype(_masked(values))).mask(is_missing, pd.NA)
    return _series(masked.astype(dtype))


def _rounded(values: Numeric, decimals: int) -> Numeric:
    """Rounded where a float still has that many decimals."""
    is_fine = np.abs(values) < most_exact(decimals)
    return np.where(is_fine, np.round(np.where(is_fine, values, 0.0), decimals), values)


def _narrow(values: Numeric, dtype: np.dtype[Any]) -> Numeric:
    """Cast to the output's numbers; a float that is too small or large stays finite."""
    if dtype.kind != "f":
        return values.astype(dtype)
    limits = np.finfo(dtype)
    return np.clip(values, float(limits.min), float(limits.max)).astype(dtype)


def _masked(values: Numeric) -> str:
    return {"i": "Int64", "u": "UInt64", "f": "Float64"}[values.dtype.kind]


def _element(cell: Any, column: Column) -> Any:
    return float(cell) if column.element == "float" else cell


def _write_decimals(numbers: Numbers, column: Column, decimals: int | None) -> Cells:
    numbers_told = numbers.values.tolist()
    if decimals is None:
        cells = [_quantized(cell, column.decimals) for cell in numbers_told]
    else:
        cells = [decimal.Decimal(cell).scaleb(-decimals) for cell in numbers_told]
    if column.dtype == "object":
        return _write_objects(cells, numbers.is_missing, column)
    arrow = to_dtype(column.dtype).pyarrow_dtype  # type: ignore[union-attr]
    array = pa.chunked_array([pa.array(cells, type=arrow, mask=numbers.is_missing)])
    return _arrow(array)


def _quantized(cell: float, decimals: int | None) -> decimal.Decimal:
    exact = decimal.Decimal(repr(cell))
    if decimals is None:
        return exact
    with decimal.localcontext() as context:
        context.prec = 400  # enough for every float64
        return exact.quantize(decimal.Decimal(1).scaleb(-decimals))


def _write_objects(cells: list[Any], is_missing: BoolArray, column: Column) -> Cells:
    objects = np.empty(len(cells), dtype=object)
    objects[:] = cells
    objects[is_missing] = MISSING[column.missing]
    return _series(objects, dtype=object)


def localised(ticks: IntArray, column: Column, is_first: BoolArray | bool) -> pd.DatetimeIndex:
    """Instants of local wall times; a time the clock skips becomes the next that exists.

    `is_first` tells which of the two hours is meant where the clock went back.
    """
    instants: pd.DatetimeIndex = pd.DatetimeIndex(ticks.view(f"M8[{unit_of(column)}]"))
    zone = zone_of(column)
    if zone is None:
        return instants
    ambiguous = np.broadcast_to(np.asarray(is_first), len(ticks)).copy()
    local: pd.DatetimeIndex = instants.tz_localize(zone, ambiguous=ambiguous, nonexistent="shift_forward")
    return local


def write_instants(
    instants: pd.DatetimeIndex, is_missing: BoolArray, column: Column, *, has_time: bool
) -> Cells:
    """A datetime column in its output dtype; `has_time`: text shows the time of day."""
    if column.element == "date":
        return _write_objects(list(instants.date), is_missing, column)
    if column.element == "datetime":
        cells = [stamp.to_pydatetime(warn=False) for stamp in instants]
        return _write_objects(cells, is_missing, column)
    series = pd.Series(instants).mask(is_missing)
    if column.dtype == "object" or pd.api.types.is_string_dtype(to_dtype(column.dtype)):
        text = series.dt.strftime("%Y-%m-%d %H:%M:%S" if has_time else "%Y-%m-%d")
        written = _write_objects(text.tolist(), is_missing, column)
        return written if column.dtype == "object" else _finish(written, column)
    return _finish(series, column)


def _series(values: Any, dtype: Any = None) -> Cells:
    cells: Cells = pd.Series(values, dtype=dtype)
    return cells


def _arrow(array: Any) -> Cells:
    return _series(pd.arrays.ArrowExtensionArray(array))


def _finish(values: Any, column: Column) -> Cells:
    series = _series(values)
    dtype = to_dtype(column.dtype)
    return series if series.dtype == dtype else _series(series.astype(dtype))


def write_levels(
    codes: IntArray, labels: Sequence[Any], levels: Sequence[Any], levels_dtype: str | None, column: Column
) -> Cells:
    """As `write_labels`, a pandas category of these levels, among which are the labels."""
    place = {(type(level), level): index for index, level in enumerate(levels)}
    table = np.array([*(place[type(label), label] for label in labels), -1], dtype=np.int64)
    index = pd.Index(list(levels), dtype=levels_dtype)
    return _series(pd.Categorical.from_codes(table[codes], categories=index, ordered=column.ordered))


def write_labels(codes: IntArray, labels: tuple[Any, ...], column: Column) -> Cells:
    """A column in its output dtype from places in `labels`, -1 where missing."""
    dtype = to_dtype(column.dtype)
    if dtype == np.dtype(object):
        table = np.empty(len(labels) + 1, dtype=object)
        table[:-1] = labels
        table[-1] = MISSING[column.missing]
        return _series(table[codes], dtype=object)
    if isinstance(dtype, np.dtype):
        tail: list[Any] = [np.nan] if (codes < 0).any() else []
        plain = np.array([*labels, *tail]) if tail or dtype.kind in "Mm" else np.array(labels, dtype)
        return _series(_series(plain[codes]).astype(dtype))
    if isinstance(dtype, pd.ArrowDtype):
        values = pa.array(list(labels), from_pandas=True)
        if pa.types.is_dictionary(dtype.pyarrow_dtype):
            indices = pa.array(codes, mask=codes < 0).cast(dtype.pyarrow_dtype.index_type)
            array: Any = pa.DictionaryArray.from_arrays(indices, values.cast(dtype.pyarrow_dtype.value_type))
            array = array.cast(dtype.pyarrow_dtype)
        else:
            array = values.cast(dtype.pyarrow_dtype).take(pa.array(codes, mask=codes < 0))
        return _arrow(pa.chunked_array([array]))
    extension: Any = pd.array(list(labels), dtype=dtype)  # type: ignore[call-overload]
    return _series(extension.take(codes, allow_fill=True))
