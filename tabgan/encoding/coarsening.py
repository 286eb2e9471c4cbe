"""Public coarsening of a column: numbers to steps, dates to a unit of time, text to its first letters.

What is made coarser is the column itself: encoders, releases and the output know nothing finer. Each
cell is made coarse by itself, by what the schema says alone.
"""

from __future__ import annotations

import datetime as dt
import decimal
import math
from typing import Any

import numpy as np
import pandas as pd

from tabgan.cells import Cells
from tabgan.column import Column
from tabgan.encoding.conditions import Condition, ends_of, is_interval, members_of, refusal
from tabgan.encoding.layout import IntArray
from tabgan.encoding.reading import Numeric
from tabgan.schema import Schema

_LOOSE = 1e-9  # 0.3 is three steps of 0.1, whatever floats make of it
_UNITS = {"hour": "h", "day": "D", "month": "M", "year": "Y"}


def coarse_table(df: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """The table, its columns made coarse where the schema says so; the given table stays as it is."""
    found = [column for column in schema if column.step is not None and column.name in df.columns]
    if found:
        df = df.copy(deep=False)
    for column in found:
        df[column.name] = coarse_cells(df[column.name], column)
    return df


def coarse_cells(cells: Cells, column: Column) -> Cells:
    """The cells, each made coarse; dtype and missing cells stay.

    >>> coarse_cells(pd.Series([17, 30]), Column("age", "numeric", policy="generalise", step=10)).tolist()
    [10, 30]
    """
    if column.step is None:
        return cells
    plain = isinstance(cells.dtype, np.dtype)
    if plain and cells.dtype.kind in "iu" and isinstance(column.step, int):
        return cells - cells % column.step
    if plain and cells.dtype.kind in "iuf" and column.kind == "numeric":
        values = coarse_numbers(cells.to_numpy(dtype=np.float64), column)
        return pd.Series(values, cells.index, name=cells.name).astype(cells.dtype)
    if plain and cells.dtype.kind == "M" and column.kind == "datetime":
        moments = cells.to_numpy()
        unit = np.datetime_data(moments.dtype)[0]
        instants = coarse_ticks(moments.view(np.int64), unit, column).view(f"M8[{unit}]")
        found: Cells = pd.Series(instants, cells.index, name=cells.name)
        return found
    both = zip(cells.astype(object), cells.isna(), strict=True)
    made = [cell if is_missing else coarse_cell(cell, column) for cell, is_missing in both]
    coarse: Cells = pd.Series(made, cells.index, object, name=cells.name)  # map would guess a dtype
    return coarse.astype("category" if isinstance(cells.dtype, pd.CategoricalDtype) else cells.dtype)


def coarse_numbers(values: Numeric, column: Column) -> Numeric:
    """Shape: float64 [rows] -> the same: each rounded down to a multiple of the step.

    A number so large that its steps are beyond floats stays as it is.
    """
    step: Any = column.step
    with np.errstate(over="ignore", invalid="ignore"):
        coarse = np.floor(values / step + _LOOSE) * step
        coarse = np.round(coarse, 12) if step < 1 else coarse
    return np.where(np.isfinite(coarse), coarse, values)


def coarse_ticks(ticks: IntArray, unit: str, column: Column) -> IntArray:
    """Ticks since 1970 on the wall clock, rounded down to the unit of time; missing stays."""
    moments = ticks.view(f"M8[{unit}]")
    coarse = moments.astype(f"M8[{_UNITS[str(column.step)]}]").astype(f"M8[{unit}]")
    return np.asarray(coarse.view(np.int64))


def coarse_cell(cell: Any, column: Column) -> Any:
    """One cell made coarse; a cell of another kind stays as it is."""
    step: Any = column.step
    if column.kind == "categorical":
        return cell[:step] if isinstance(cell, str) else cell
    if column.kind == "datetime":
        return _coarse_date(cell, step) if isinstance(cell, dt.date) else cell
    if isinstance(cell, decimal.Decimal) and cell.is_finite():
        exact = decimal.Decimal(str(step))
        return (cell / exact).to_integral_value(decimal.ROUND_FLOOR) * exact
    if isinstance(cell, bool) or not isinstance(cell, (int, float, np.number)) or not math.isfinite(cell):
        return cell
    return type(cell)(coarse_numbers(np.array([cell], dtype=np.float64), column)[0])


def _coarse_date(cell: Any, unit: str) -> Any:
    first = {"year": {"month": 1, "day": 1}, "month": {"day": 1}}.get(unit, {})
    if isinstance(cell, dt.datetime):
        first = {**first, **dict.fromkeys(("minute", "second", "microsecond"), 0)}
        first |= {} if unit == "hour" else {"hour": 0}
        first |= {"nanosecond": 0} if isinstance(cell, pd.Timestamp) else {}
    return cell.replace(**first)


def coarse_condition(condition: Condition, column: Column) -> Condition:
    """The condition as the coarse values can meet it.

    Raises: ConditionError where none of them can.
    """
    if column.step is None or condition is None or column.kind == "categorical":
        return condition
    if not is_interval(condition):
        members = [value for value in members_of(condition, column) if coarse_cell(value, column) == value]
        if not members:
            raise refusal(column, f"it is known only in steps of {column.step}. Ask for one of them")
        return members
    low, high = ends_of(condition, column)
    read = pd.Timestamp if column.kind == "datetime" else lambda end: end
    low, high = (None if end is None else read(end) for end in (low, high))
    if low is not None and coarse_cell(low, column) != low:
        low = _next_step(coarse_cell(low, column), column)
    high = None if high is None else coarse_cell(high, column)
    if low is not None and high is not None and low > high:
        raise refusal(column, f"it is known only in steps of {column.step}, and the condition allows none")
    return low, high


def _next_step(value: Any, column: Column) -> Any:
    if column.kind == "datetime":
        further: dict[str, Any] = {f"{column.step}s": 1}
        return value + pd.DateOffset(**further)
    return value + column.step
