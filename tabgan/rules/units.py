"""Numbers, durations and dates of several columns on one scale of whole units.

The scale counts units of 10**-resolution: digits after the point of a number, or of a second of a
duration or date (0, 3, 6 or 9). So sums and differences of columns are exact. Numbers without a
fixed number of decimals have the resolution None and stay floats. Whole units that do not fit 64 bits
(the year 9999 in nanoseconds) are cut to the ends of what does: the scale depends on dtypes alone,
never on rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

from tabgan.cells import Cells, dense
from tabgan.column import Column
from tabgan.dtypes import number_dtype, to_dtype
from tabgan.encoding.layout import BoolArray
from tabgan.encoding.reading import (
    Numbers,
    Numeric,
    Part,
    is_duration,
    is_whole,
    read_instants,
    read_numbers,
    unit_of,
    zone_of,
)
from tabgan.encoding.writing import localised, write_instants, write_numbers
from tabgan.errors import SchemaError

Resolution: TypeAlias = int | None
Quantity = Literal["number", "duration", "date"]

DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}
UNITS = {digits: unit for unit, digits in DIGITS.items()}
CLOSE = 1e-9  # relative; floats that differ by less are taken as equal sums
MOST = 2**63 - 1  # and its negative: one less would be a missing date
_NAT = -(2**63)


def quantity_of(column: Column, rule: object) -> Quantity:
    """What the column measures. Raises: SchemaError naming the rule where that is nothing ordered."""
    if column.kind == "datetime":
        return "date"
    if column.kind != "numeric":
        raise SchemaError(
            f"Rule {rule}: column {column.name!r} is {column.kind}, not a number or date. "
            "Declare another kind, or leave the rule out."
        )
    return "duration" if is_duration(column) else "number"


def common_quantity(columns: Sequence[Column], rule: object) -> Quantity:
    """What all columns measure. Raises: SchemaError where they cannot be compared."""
    found = {quantity_of(column, rule) for column in columns}
    zoned = {zone_of(column) is not None for column in columns if column.kind == "datetime"}
    if len(found) > 1 or len(zoned) > 1:
        what = " and ".join(sorted(found)) if len(found) > 1 else "dates with and without a time zone"
        raise SchemaError(f"Rule {rule}: {what} cannot be compared. Convert them to one kind.")
    return found.pop()


def resolution_of(column: Column) -> Resolution:
    """Digits after the point that the column can write; None for floats of any length."""
    if column.kind == "datetime" or is_duration(column):
        return DIGITS[unit_of(column)]
    return 0 if is_whole(column) else column.decimals


def common_resolution(columns: Sequence[Column]) -> Resolution:
    """The finest resolution of the columns; None if one of them has none."""
    found = [resolution_of(column) for column in columns]
    return None if None in found else max(digits for digits in found if digits is not None)


def read_units(cells: Cells, column: Column, resolution: Resolution, *, is_utc: bool = False) -> Numbers:
    """The cells in units of the resolution: int64, cut to what fits, or float64 where it is None.

    Dates count from 1970 on the clock of their zone, or (`is_utc`) in UTC.
    """
    own = resolution_of(column)
    if column.kind == "datetime":
        is_missing = dense(cells).isna().to_numpy(dtype=bool)
        ticks = read_instants(dense(cells), column, is_utc=is_utc)
        numbers = Numbers(np.where(is_missing, 0, ticks), is_missing)
    elif is_duration(column):
        numbers = read_numbers(cells, column, Part())
    elif resolution is None:
        return read_numbers(cells, column, Part(decimals=None))
    elif own is None:
        return read_numbers(cells, column, Part(decimals=resolution))
    else:
        numbers = read_numbers(cells, column, Part(decimals=own))
    if resolution is None or own is None:
        return numbers
    return Numbers(_refined(numbers.values, 10 ** (resolution - own), most_of(column)), numbers.is_missing)


def most_of(column: Column) -> int:
    """What units of the column are cut to, above and below zero, where they become finer."""
    is_time = column.kind == "datetime" or is_duration(column)
    # Numbers with decimals are read as floats, of which this is the last below 2**63.
    return MOST if is_time else 2**63 - 1024


def _refined(values: Numeric, by: int, most: int) -> Numeric:
    """The whole numbers times `by`, at most `most` and at least its negative."""
    if by == 1:
        return values
    is_near = (values <= most // by) & (values >= -(most // by))
    return np.where(is_near, values * by, np.where(values > 0, most, -most))


def plus(one: Numeric, other: Numeric) -> Numeric:
    """The sum; whole numbers are cut to what fits 64 bits."""
    found = one + other
    return found if found.dtype == np.float64 else _cut(found, (other >= 0) == (found >= one), other >= 0)


def minus(one: Numeric, other: Numeric) -> Numeric:
    """The difference; whole numbers are cut to what fits 64 bits."""
    found = one - other
    return found if found.dtype == np.float64 else _cut(found, (one >= other) == (found >= 0), one >= other)


def _cut(found: Numeric, fits: BoolArray, is_high: BoolArray) -> Numeric:
    return np.maximum(np.where(fits, found, np.where(is_high, MOST, -MOST)), -MOST)


Terms: TypeAlias = Sequence[tuple[Cells, Column]]


def net(added: Terms, taken: Terms, resolution: Resolution) -> Numbers:
    """What is left of the sum of some columns when others are taken from it, in units of the resolution.

    Whole units are exact wherever the result fits 64 bits, though terms of it may not.
    """
    terms = [*((1, *term) for term in added), *((-1, *term) for term in taken)]
    owns = [resolution if resolution is None else resolution_of(column) for _, _, column in terms]
    read = [read_units(cells, column, own) for (_, cells, column), own in zip(terms, owns, strict=True)]
    if resolution is None:
        total = np.add.reduce([numbers.values for numbers in read[: len(added)]])
        rest = [numbers.values for numbers in read[len(added) :]]
        return Numbers(total - np.add.reduce(rest) if rest else total, any_missing(read))
    exact, about = np.zeros(1, dtype=np.int64), np.zeros(1)
    for (sign, _, _), own, numbers in zip(terms, owns, read, strict=True):
        by = sign * 10 ** (resolution - (own or 0))
        exact = exact + numbers.values * by  # modulo 2**64
        about = about + numbers.values.astype(np.float64) * by
    return Numbers(_cut(exact, np.abs(exact - about) < 2.0**62, about > 0), any_missing(read))


def is_writable(column: Column) -> bool:
    """Whether cells of the column can be computed: dates written as text have a form of their own."""
    if column.kind != "datetime":
        return True
    if column.dtype == "object":
        return column.element in ("date", "datetime")
    return not pd.api.types.is_string_dtype(to_dtype(column.dtype))


def write_units(numbers: Numbers, column: Column, resolution: Resolution, *, is_utc: bool = False) -> Cells:
    """A column in its own dtype from units of the resolution, which is as fine as the column's or finer.

    What does not fit the dtype is cut to its ends.
    """
    values, own = numbers.values, resolution_of(column)
    if column.kind == "datetime":
        ticks = np.asarray(values // 10 ** ((resolution or 0) - (own or 0)), dtype=np.int64)
        return write_instants(_instants(ticks, column, is_utc), numbers.is_missing, column, has_time=True)
    if resolution is None or own is None:
        real = values if resolution is None else values / 10.0**resolution
        return write_numbers(Numbers(_fitting(real, column), numbers.is_missing), column, Part(decimals=None))
    whole = Numbers(_fitting(values // 10 ** (resolution - own), column), numbers.is_missing)
    return write_numbers(whole, column, Part() if is_duration(column) else Part(decimals=own))


def _instants(ticks: Numeric, column: Column, is_utc: bool) -> pd.DatetimeIndex:
    zone = zone_of(column)
    if not is_utc or zone is None:
        return localised(ticks, column, False)  # the later hour: no date comes before its start
    plain: pd.DatetimeIndex = pd.DatetimeIndex(ticks.view(f"M8[{unit_of(column)}]"))
    return plain.tz_localize("UTC").tz_convert(zone)


def _fitting(values: Numeric, column: Column) -> Numeric:
    """Whole numbers within what the dtype holds."""
    plain = number_dtype(column.dtype)
    if plain.kind in "iu" and values.dtype == np.int64:
        info = np.iinfo(plain)
        return np.clip(values, int(info.min), min(int(info.max), 2**63 - 1))
    arrow = getattr(to_dtype(column.dtype), "pyarrow_dtype", None)
    if arrow is not None and pa.types.is_decimal(arrow) and values.dtype == np.int64:
        most = min(10**arrow.precision - 1, 2**63 - 1)
        return np.clip(values, -most, most)
    return values


def any_missing(numbers: Sequence[Numbers]) -> BoolArray:
    """Rows in which one of several is missing. Shape: -> [rows]."""
    return np.asarray(np.logical_or.reduce([each.is_missing for each in numbers]))


def inner_dtype(quantity: Quantity, resolution: Resolution) -> str:
    """Dtype of a learned difference: whole units, floats, or a duration."""
    if resolution is None:
        return "float64"
    return "Int64" if quantity == "number" else f"timedelta64[{UNITS[resolution]}]"


def inner_cells(numbers: Numbers, dtype: str) -> Cells:
    """Units as a column of that dtype; missing where they are missing."""
    cells: Any
    if dtype == "Int64":
        cells = pd.arrays.IntegerArray(np.asarray(numbers.values, dtype=np.int64), numbers.is_missing)
    elif dtype == "float64":
        cells = np.where(numbers.is_missing, np.nan, numbers.values)
    else:
        cells = np.where(numbers.is_missing, _NAT, numbers.values).view(f"m8[{dtype[12:-1]}]")
    made: Cells = pd.Series(cells)
    return made
