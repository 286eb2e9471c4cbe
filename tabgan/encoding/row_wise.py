"""Cells read one by one: what a cell means depends on itself and the schema, never on other rows.

A pandas column is read as a whole: one missing cell makes floats of whole numbers, one word makes
objects of them. For a promise about single rows that is a leak, since the row that came changes how
all others are read. Here every column becomes one of a fixed type per kind, cell by cell; a cell that
cannot be read as the schema says counts as missing (a number, a date) or as a label nobody declared.
No cell raises an error: an error would tell that there is such a cell.
"""

from __future__ import annotations

import datetime as dt
import decimal
import math
import re
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import pandas as pd

from tabgan.cell_keys import PER_SECOND
from tabgan.cells import MAX_TEXT, Cells, dense
from tabgan.column import Column
from tabgan.dtypes import to_dtype
from tabgan.encoding.coarsening import coarse_cell, coarse_numbers, coarse_ticks
from tabgan.encoding.layout import IntArray
from tabgan.encoding.reading import (
    Numeric,
    is_duration,
    is_whole,
    plain_cell,
    python_scalar,
    unit_of,
    zone_of,
)
from tabgan.encoding.writing import as_table
from tabgan.scalars import is_missing
from tabgan.schema import Schema

_NAT = -(2**63)
_MOST_WHOLE = 2.0**63 - 1024  # the largest float below 2**63
_NO_NUMBERS = (bytes, dt.date, dt.timedelta, np.timedelta64, complex, np.complexfloating)
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(\.\d{1,6})?\d*)?(Z|[+-]\d\d(?::?\d\d)?)?")


class Other:
    """The label of a cell that holds none of the labels in question."""

    def __repr__(self) -> str:
        return "OTHER"


OTHER = Other()


def row_wise_table(df: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """The table as the schema says, each cell read by itself.

    Numbers become float64 (above 2**53 they lose their last digits), durations timedelta64, instants
    datetime64 of local wall time, all in the unit of the column's dtype; labels become objects of the
    declared labels, `OTHER` for any else. Identifiers are not looked at.

    Shape: [rows, columns] -> the same rows, the schema's columns.
    Privacy: a row of the result depends on that row alone.
    """
    columns: dict[Hashable, Cells] = {}
    for column in schema:
        values = _read(df, column)
        columns[column.name] = pd.Series(values, dtype=values.dtype)  # or pandas makes text of objects
    return as_table(columns, len(df))


def _read(df: pd.DataFrame, column: Column) -> Numeric:
    if column.kind == "identifier":
        return np.zeros(len(df), dtype=np.int64)
    cells = dense(df[column.name])
    if column.kind == "datetime":
        ticks, unit = _instants(cells, column), unit_of(column)
        return (ticks if column.step is None else coarse_ticks(ticks, unit, column)).view(f"M8[{unit}]")
    if column.kind != "numeric":
        label, is_coarse = labeller(column), column.step is not None
        return _each(cells, lambda cell: label(coarse_cell(cell, column) if is_coarse else cell), OTHER)
    if is_duration(column):
        return _durations(cells, column).view(f"m8[{unit_of(column)}]")
    numbers = _numbers(cells, column)
    return numbers if column.step is None else coarse_numbers(numbers, column)


def _each(cells: Cells, read: Callable[[Any], Any], otherwise: Any) -> Numeric:
    """Shape: [rows] -> [rows], objects: each cell as `read` has it, `otherwise` where that fails.

    Plain cells are read once; others may be equal and still be written differently.
    """
    known: dict[tuple[type, Any], Any] = {}
    found = np.empty(len(cells), dtype=object)
    for place, cell in enumerate(objects_of(cells)):
        if cell is OTHER:
            found[place] = otherwise
            continue
        if type(cell) not in (str, int, float):
            found[place] = _read_or(read, cell, otherwise)
            continue
        key = (type(cell), cell)
        if key not in known:
            known[key] = _read_or(read, cell, otherwise)
        found[place] = known[key]
    return found


def objects_of(cells: Cells) -> Numeric:
    """The cells as Python objects, `OTHER` where pandas has none: dates beyond the year 9999 in some dtypes.

    Shape: [rows] -> [rows].
    """
    try:
        return cells.astype(object).to_numpy()
    except Exception:  # of any class; all cells together fail for the one
        found = np.empty(len(cells), dtype=object)
        for place in range(len(cells)):
            found[place] = _read_or(cells.iloc.__getitem__, place, OTHER)
        return found


def _read_or(read: Callable[[Any], Any], cell: Any, otherwise: Any) -> Any:
    try:
        return read(cell)
    except Exception:  # of any class: whatever a cell can hold, and all that its own methods may raise
        return otherwise


def _numbers(cells: Cells, column: Column) -> Numeric:
    is_plain = isinstance(cells.dtype, np.dtype) and cells.dtype.kind in "biuf"
    values = (
        cells.to_numpy(dtype=np.float64)
        if is_plain
        else np.array([number_of(cell) for cell in objects_of(cells)], dtype=np.float64)
    )
    values = np.where(np.isfinite(values), values, np.nan)
    if is_whole(column):
        values = np.clip(np.rint(values), -(2.0**63), _MOST_WHOLE)
    return values


def number_of(cell: Any) -> float:
    """The number that a cell is, or that its text writes; NaN for any other cell.

    >>> number_of("1.50"), number_of(3), number_of("many")
    (1.5, 3.0, nan)
    """
    cell = _read_or(plain_cell, cell, None)
    if not pd.api.types.is_scalar(cell) or isinstance(cell, _NO_NUMBERS):
        return math.nan
    return float(_read_or(float, cell, math.nan))


def _instants(cells: Cells, column: Column) -> IntArray:
    """Ticks since 1970 of the local wall time."""
    unit, zone = unit_of(column), zone_of(column)
    if isinstance(cells.dtype, pd.DatetimeTZDtype):
        cells = _read_or(lambda whole: whole.dt.tz_convert(zone).dt.tz_localize(None), cells, cells)
    if isinstance(cells.dtype, np.dtype) and cells.dtype.kind == "M":
        values = cells.to_numpy()
        return _rescaled(values.view(np.int64), np.datetime_data(values.dtype)[0], unit)
    return _ticks(_each(cells, lambda cell: wall_time(cell, zone), None), unit)


def _durations(cells: Cells, column: Column) -> IntArray:
    if isinstance(cells.dtype, np.dtype) and cells.dtype.kind == "m":
        values = cells.to_numpy()
        return _rescaled(values.view(np.int64), np.datetime_data(values.dtype)[0], unit_of(column))
    return _ticks(_each(cells, _duration, None), unit_of(column))


def _ticks(moments: Numeric, unit: str) -> IntArray:
    """Ticks of objects that are np.datetime64, np.timedelta64 or None."""
    found = np.full(len(moments), _NAT, dtype=np.int64)
    for place, moment in enumerate(moments):
        if moment is not None:
            exact = int(moment.view(np.int64)) * PER_SECOND[unit]
            ticks = exact // PER_SECOND[np.datetime_data(moment.dtype)[0]]
            found[place] = ticks if abs(ticks) < 2**63 else _NAT
    return found


def _rescaled(ticks: IntArray, unit: str, wanted: str) -> IntArray:
    """Ticks in another unit, rounded down; missing where there is no room for them."""
    up, down = PER_SECOND[wanted], PER_SECOND[unit]
    if up <= down:
        return np.where(ticks == _NAT, _NAT, ticks // (down // up))
    most = (2**63 - 1) // (up // down)
    fits = (ticks >= -most) & (ticks <= most)
    return np.where(fits, np.where(fits, ticks, 0) * (up // down), _NAT)


def wall_time(cell: Any, zone: str | None) -> Any:
    """The cell as np.datetime64 on the clock of the zone (UTC where there is none); None if it is no date.

    Text is read in ISO form, to the microsecond.
    """
    return _read_or(lambda moment: _on_clock(moment, zone), cell, None)


def _on_clock(cell: Any, zone: str | None) -> Any:
    moment = _of_text(cell) if isinstance(cell, str) else cell
    if isinstance(moment, np.datetime64):
        moment = pd.Timestamp(moment)
    if moment is pd.NaT or not isinstance(moment, dt.date):
        return None
    if getattr(moment, "tzinfo", None) is not None:
        moment = pd.Timestamp(moment).tz_convert(zone or "UTC").tz_localize(None)
    if isinstance(moment, pd.Timestamp):
        return moment.to_datetime64()
    return np.datetime64(moment, "us").astype("M8[us]")


def _of_text(text: str) -> dt.datetime | None:
    found = _ISO.fullmatch(text.strip())
    if found is None:
        return None
    day, clock, fraction, offset = found.groups()
    written = f"{day}T{clock or '00:00'}"
    if fraction:
        written += (":00" if len(clock) == 5 else "") + f"{fraction:0<7}"
    if offset:
        digits = "+0000" if offset == "Z" else f"{offset.replace(':', ''):0<5}"
        written += f"{digits[:3]}:{digits[3:]}"
    return dt.datetime.fromisoformat(written)


def _duration(cell: Any) -> Any:
    if not isinstance(cell, (str, dt.timedelta, np.timedelta64)):
        return None
    span = pd.Timedelta(cell)
    return None if span is pd.NaT else span.to_timedelta64()


def labeller(column: Column) -> Callable[[Any], Any]:
    """A function from a cell to its label: one of the declared, or as the dtype writes it; None = missing.

    A declared 1 is met by 1, 1.0 and "1.0", a declared "1" by "1" and 1; where that leaves a doubt, by
    the cell of its own type first.
    """
    known = column.known_labels
    return _free_label(column) if known is None else _declared_label(known)


def _declared_label(declared: tuple[Any, ...]) -> Callable[[Any], Any]:
    labels = [python_scalar(label) for label in declared]
    typed = {(type(label), label): label for label in reversed(labels)}
    written = {written_form(label): label for label in reversed(labels)}
    numbers = {float(label): label for label in reversed(labels) if isinstance(label, (int, float))}
    truths = {label: label for label in labels if isinstance(label, bool)}

    def read(cell: Any) -> Any:
        cell = plain_cell(cell)
        if is_missing(cell):
            return None
        if not isinstance(cell, Hashable):
            return OTHER
        if (type(cell), cell) in typed:
            return typed[type(cell), cell]
        text = written_form(cell)
        if text in written:
            return written[text]
        if text.lower() in ("true", "false") and truths:
            return truths.get(text.lower() == "true", OTHER)
        return numbers.get(number_of(cell), OTHER)

    return read


def _free_label(column: Column) -> Callable[[Any], Any]:
    kinds, dtype = pd.api.types, to_dtype(column.dtype)
    is_number = column.element in ("int", "float") or (
        kinds.is_numeric_dtype(dtype) and not kinds.is_bool_dtype(dtype)
    )
    is_date = column.element in ("date", "datetime") or kinds.is_datetime64_any_dtype(dtype)
    is_text = (
        column.element == "text"
        or isinstance(dtype, pd.StringDtype)
        or column.dtype in ("str", "utf8[pyarrow]")
    )

    def read(cell: Any) -> Any:
        cell = plain_cell(cell)
        if is_missing(cell):
            return None
        if not isinstance(cell, Hashable):
            return OTHER
        if is_number:
            return _as_number(number_of(cell))
        if is_date:
            return _as_date(wall_time(cell, zone_of(column)), column)
        if not is_text and isinstance(cell, (int, float)) and not isinstance(cell, bool):
            return _as_number(float(cell))
        text = written_form(cell)
        return text if len(text) <= MAX_TEXT and _is_unicode(text) else OTHER

    return read


def _as_number(number: float) -> Any:
    if not math.isfinite(number):
        return OTHER
    return int(number) if number == int(number) else number


def _as_date(instant: Any, column: Column) -> Any:
    if instant is None:
        return OTHER
    moment = pd.Timestamp(instant)
    if column.element == "date":
        return moment.date()
    if column.element == "datetime":
        return moment.to_pydatetime(warn=False)
    return moment.as_unit(unit_of(column))  # that of the cells is up to the whole column


def written_form(cell: Any) -> str:
    """A cell as text, the same for equal numbers of all types.

    >>> written_form(1.0), written_form(True), written_form(" a")
    ('1', 'True', ' a')
    """
    if isinstance(cell, float) and math.isfinite(cell) and cell == int(cell):
        return str(int(cell))
    if isinstance(cell, decimal.Decimal) and cell.is_finite():
        return f"{cell.normalize():f}"
    instant = wall_time(cell, None) if isinstance(cell, dt.date) else None
    return str(cell) if instant is None else pd.Timestamp(instant).isoformat().removesuffix("T00:00:00")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
