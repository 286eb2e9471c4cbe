"""Pandas columns as plain arrays: whatever dtype the cells have, encoders see numbers.

Numbers are whole (int64) wherever the schema states how many decimals there are, so that no
digit is lost on the way; they are float64 otherwise.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from tabgan.cell_keys import PER_SECOND
from tabgan.cells import Cells, dense
from tabgan.column import Column
from tabgan.dtypes import to_dtype
from tabgan.encoding.layout import BoolArray, IntArray
from tabgan.errors import SchemaError

Numeric: TypeAlias = NDArray[Any]  # int64 or float64

TICKS_PER_DAY = {unit: 86_400 * ticks for unit, ticks in PER_SECOND.items()}
_CLOCKS = (1, 24, 24 * 60, 86_400, 86_400_000, 86_400_000_000)  # of each unit, in a day


@dataclass(frozen=True)
class Part:
    """Which numbers of a column are meant.

    `of`: the value itself, or the day, week, weekday or time of day of a datetime.
    `decimals`: a value counts units of 10**-decimals; None = full floats.
    `step`: durations and times of day count steps of so many ticks.
    """

    of: Literal["value", "day", "week", "weekday", "time"] = "value"
    decimals: int | None = 0
    step: int = 1


@dataclass(frozen=True)
class Numbers:
    """One number a row; where `is_missing` the number means nothing."""

    values: Numeric
    is_missing: BoolArray

    @property
    def present(self) -> Numeric:
        """The numbers of the cells that are not missing."""
        return self.values[~self.is_missing] if self.is_missing.any() else self.values


def most_exact(decimals: int) -> float:
    """Numbers below are exact in units of 10**-decimals, there and back.

    Whole floats are so up to 2**53. With digits after the point a number is up to half a spacing off
    what it is written as, and so is its product with a power of ten.
    """
    return 2.0**53 if decimals == 0 else 2.0**51 / 10.0**decimals


def unit_of(column: Column) -> str:
    """Tick of a datetime or duration column: "s", "ms", "us" or "ns"."""
    if column.dtype.startswith("date32"):
        return "s"
    found = re.search(r"\[(s|ms|us|ns)\b", column.dtype)
    return found[1] if found else "us"


def zone_of(column: Column) -> str | None:
    """Time zone of a datetime column."""
    found = re.search(r"tz=([^\]]+)\]", column.dtype) or re.search(
        r"^datetime64\[\w+, ([^\]]+)\]", column.dtype
    )
    return found[1] if found else None


def is_duration(column: Column) -> bool:
    """Whether the column holds spans of time."""
    return column.dtype.startswith(("timedelta64[", "duration["))


def is_whole(column: Column) -> bool:
    """Whether the column can hold whole numbers only."""
    return pd.api.types.is_integer_dtype(to_dtype(column.dtype)) or column.element == "int"


def clock_steps(unit: str) -> list[int]:
    """Ticks of a day, an hour, a minute and so on, as far as the unit can count them."""
    return [TICKS_PER_DAY[unit] // clock for clock in _CLOCKS if TICKS_PER_DAY[unit] % clock == 0]


def read_numbers(cells: Cells, column: Column, part: Part) -> Numbers:
    """The numbers of a column as `part` counts them.

    Raises: SchemaError when cells are not of the column's kind.
    """
    cells = dense(cells)
    is_missing = cells.isna().to_numpy(dtype=bool)
    with contextlib.suppress(ValueError, TypeError, pa.ArrowInvalid, ArithmeticError):
        if column.kind == "datetime":
            values = _part_of_instants(read_instants(cells, column), unit_of(column), part)
        elif is_duration(column):
            values = _ticks(cells, pa.duration(unit_of(column)), "m8") // part.step
        else:
            values = _values(cells, column, part.decimals)
        if is_missing.any():
            values[is_missing] = 0
        return Numbers(values, is_missing)
    raise _refusal(cells, column)  # outside of the handler: a chained error would quote the cell


def _refusal(cells: Cells, column: Column) -> SchemaError:
    present = cells.dropna()
    if column.kind == "datetime":
        read: Cells = pd.to_datetime(present.astype(str), format="ISO8601", errors="coerce", utc=True)
    else:
        read = pd.to_numeric(present.astype(str), errors="coerce")
    n_bad = int((read.isna() | read.isin([np.inf, -np.inf])).sum())
    what = "dates" if column.kind == "datetime" else "numbers"
    return SchemaError(
        f"Column {column.name!r}: {n_bad or len(present)} of {len(cells)} rows are not {what}. "
        'Declare it kind="categorical" or clean them.'
    )


def _values(cells: Cells, column: Column, decimals: int | None) -> Numeric:
    kinds = pd.api.types
    is_whole = kinds.is_integer_dtype(cells.dtype) or column.element == "int"
    if decimals == 0 and is_whole:
        if str(cells.dtype).lower().startswith("uint64"):
            unsigned: Numeric = np.array(cells.to_numpy(dtype=np.uint64, na_value=0))
            return np.asarray(np.minimum(unsigned, np.uint64(2**63 - 1)).astype(np.int64))
        return np.array(cells.to_numpy(dtype=np.int64, na_value=0))
    if isinstance(cells.dtype, pd.CategoricalDtype):
        cells = cells.astype(object)
    real: Numeric = np.array(cells.to_numpy(dtype=np.float64, na_value=np.nan))
    if np.isinf(real).any():
        raise ValueError("infinite")
    if decimals is None:
        real += 0.0  # -0.0 becomes 0.0
        return real
    with np.errstate(over="ignore"):  # beyond what any level holds; clipped below
        real *= 10.0**decimals
    units = np.nan_to_num(np.rint(real, out=real), copy=False)
    return np.asarray(np.clip(units, -(2.0**63), 2.0**63 - 1024, out=real).astype(np.int64))


def _ticks(cells: Cells, arrow: pa.DataType, kind: str) -> IntArray:
    """Ticks of naive instants or durations, in the unit of the Arrow type."""
    if isinstance(cells.dtype, pd.ArrowDtype):
        array = pa.chunked_array(pa.array(cells.array))
        cells = array.cast(arrow).to_pandas()
    values = cells.to_numpy().astype(f"{kind}[{arrow.unit}]")
    return np.array(values.view(np.int64))


def read_instants(cells: Cells, column: Column, *, is_utc: bool = False) -> IntArray:
    """Ticks since 1970 of the local wall time, or of UTC; missing cells hold any number."""
    unit, zone = unit_of(column), zone_of(column)
    if isinstance(cells.dtype, pd.ArrowDtype) and zone is not None:
        cells = pa.chunked_array(pa.array(cells.array)).cast(pa.timestamp(unit, zone)).to_pandas()
    if isinstance(cells.dtype, pd.CategoricalDtype):
        cells = cells.astype(cells.cat.categories.dtype)
    if cells.dtype == object:
        instants = [np.datetime64("NaT") if pd.isna(cell) else _instant(cell) for cell in cells]
        return np.array(instants, dtype=f"M8[{unit}]").view(np.int64)
    if pd.api.types.is_string_dtype(cells.dtype):
        cells = pd.to_datetime(cells, format="ISO8601")
    if isinstance(cells.dtype, pd.DatetimeTZDtype):
        cells = cells.dt.tz_convert("UTC" if is_utc else zone).dt.tz_localize(None)
    return _ticks(cells, pa.timestamp(unit), "M8")


def _instant(cell: object) -> Any:
    return pd.Timestamp(cell).to_datetime64() if isinstance(cell, str) else cell


def _part_of_instants(ticks: IntArray, unit: str, part: Part) -> IntArray:
    """Day, week (from Mondays), weekday (Monday = 0) or time of day of every instant."""
    per_day = TICKS_PER_DAY[unit]
    if part.of == "time":
        return ticks % per_day // part.step
    days = ticks // per_day
    if part.of == "day":
        return days
    days += 3  # 1970-01-01 was a Thursday
    return days // 7 if part.of == "week" else days % 7


@dataclass(frozen=True)
class Labels:
    """One label a row: `labels[codes]`, -1 where missing; `is_levels`: labels are dtype levels."""

    codes: IntArray
    labels: tuple[Any, ...]
    is_levels: bool


def read_labels(cells: Cells) -> Labels:
    """The distinct labels of a column, with their types, and which row has which."""
    cells = dense(cells)
    if isinstance(cells.dtype, pd.ArrowDtype) and pa.types.is_dictionary(cells.dtype.pyarrow_dtype):
        cells = pd.Series(
            pa.chunked_array(pa.array(cells.array)).combine_chunks().dictionary_decode().to_pandas()
        )
    if isinstance(cells.dtype, pd.CategoricalDtype):
        labels = tuple(python_scalar(label) for label in cells.cat.categories)
        return Labels(cells.cat.codes.to_numpy().astype(np.int64), labels, True)
    try:
        codes, distinct = pd.factorize(cells)
    except TypeError:  # unhashable
        raise SchemaError(
            f"Column {cells.name!r}: some cells are lists or the like. Make them text."
        ) from None
    return Labels(codes.astype(np.int64), tuple(python_scalar(label) for label in distinct), False)


def python_scalar(label: Any) -> Any:
    """A numpy scalar as the Python value it stands for; anything else as it is."""
    return label.item() if isinstance(label, np.generic) and label.dtype.kind in "biufU" else label


def plain_cell(cell: Any) -> Any:
    """A number as Python holds it, a span or instant as pandas does: what else it may be is up to all cells.

    >>> plain_cell(np.complex128(2)), plain_cell(np.longdouble(2.5)), plain_cell(dt.timedelta(days=1))
    (2.0, 2.5, Timedelta('1 days 00:00:00'))
    """
    if isinstance(cell, (complex, np.complexfloating)) and cell.imag == 0:
        cell = cell.real
    if isinstance(cell, np.floating):
        return float(cell)
    if isinstance(cell, (dt.timedelta, np.timedelta64)):
        return pd.Timedelta(cell)
    return pd.Timestamp(cell) if isinstance(cell, np.datetime64) else python_scalar(cell)
