"""Which cells of a column meet a condition or lie within bounds."""

from __future__ import annotations

from typing import Any

import numpy as np

from tabgan.cells import Cells
from tabgan.column import Column
from tabgan.encoding.conditions import Limit, instant_limits, label_places, number_limit
from tabgan.encoding.layout import BoolArray
from tabgan.encoding.reading import Part, is_duration, read_labels
from tabgan.rules.units import Resolution, most_of, read_units, resolution_of


def limit_of(column: Column, condition: Any) -> Limit:
    """The condition in units of the column's resolution, of a date in UTC. Raises: ConditionError."""
    if column.kind == "datetime":
        return instant_limits(condition, column)[1]
    if is_duration(column):
        return number_limit(condition, column, Part())
    return number_limit(condition, column, Part(decimals=resolution_of(column)))


def meets(cells: Cells, column: Column, condition: Any) -> BoolArray:
    """Whether each cell meets the condition; a missing one never does. Raises: ConditionError."""
    if column.kind in ("numeric", "datetime"):
        numbers = read_units(cells, column, resolution_of(column), is_utc=True)
        return limit_of(column, condition).is_met(numbers.values) & ~numbers.is_missing
    seen = read_labels(cells)
    wanted = np.zeros(len(seen.labels) + 1, dtype=bool)
    wanted[label_places(condition, seen.labels, column)] = True
    return wanted[seen.codes]


def scaled(limit: Limit, column: Column, resolution: Resolution) -> Limit:
    """A limit in units of the column, in units of a resolution as fine or finer; None: plain numbers."""
    own = resolution_of(column)
    by: float = finer(column, resolution)
    if resolution is None and own is not None:
        by = 10.0**-own
    ends, most = (limit.low, limit.high, *(limit.members or ())), most_of(column)
    low, high, *members = (_scaled(end, by, most) for end in ends)
    return Limit(low, high, None if limit.members is None else tuple(members))


def _scaled(end: float, by: float, most: int) -> float:
    """The end times `by`, cut as the cells are where it is whole and becomes finer."""
    is_cut = by > 1 and isinstance(end, int)
    return max(-most, min(end * by, most)) if is_cut else end * by


def finer(column: Column, resolution: Resolution) -> int:
    """Units of the resolution in one of the column's own."""
    own = resolution_of(column)
    return 1 if resolution is None or own is None else int(10 ** (resolution - own))
