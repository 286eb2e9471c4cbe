"""What a condition on one column means: which numbers or which labels meet it.

A condition is an exact value, a list or set of values, or a tuple (low, high) with both ends
included and None for an open end.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Hashable, Iterable, Set
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from difflib import get_close_matches
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from tabgan.cell_keys import PER_SECOND
from tabgan.column import Column
from tabgan.dtypes import number_dtype
from tabgan.encoding.layout import BoolArray
from tabgan.encoding.reading import Numeric, Part, is_duration, unit_of, zone_of
from tabgan.errors import ConditionError
from tabgan.schema import Schema

Condition: TypeAlias = Any  # a value, a list or set of values, or a tuple (low, high)
Side = Literal["low", "high", "exact"]

_GIANT = 10**300
_COLLECTIONS = (list, Set, range, np.ndarray, pd.Index, pd.Series, pd.api.extensions.ExtensionArray)


@dataclass(frozen=True)
class Limit:
    """A closed interval of numbers, or (`members`, sorted) the only numbers that are allowed."""

    low: float = -math.inf
    high: float = math.inf
    members: tuple[float, ...] | None = None

    def ends(self, kind: type) -> tuple[Any, Any]:
        """Both ends as numbers of the kind, open ends as the outermost number there is."""
        info: Any = np.iinfo(kind) if kind is np.int64 else np.finfo(kind)
        return kind(max(self.low, info.min)), kind(min(self.high, info.max))

    def is_met(self, values: Numeric) -> BoolArray:
        """Shape: [rows] -> [rows]: whether each number meets the limit."""
        if self.members is not None:
            return np.isin(values, np.array(self.members, dtype=values.dtype))
        return np.asarray((values >= self.low) & (values <= self.high))

    def nearest(self, values: Numeric) -> Numeric:
        """Shape: [rows] -> [rows]: the nearest numbers that meet the limit."""
        if self.members is None:
            return np.clip(values, *self.ends(values.dtype.type))
        table: Numeric = np.array(self.members, dtype=values.dtype)
        after = np.clip(np.searchsorted(table, values), 0, len(table) - 1)
        before = np.maximum(after - 1, 0)
        gap_after = np.abs(table[after].astype(float) - values)
        gap_before = np.abs(values - table[before].astype(float))
        return np.where(gap_after < gap_before, table[after], table[before])


def check_names(names: Iterable[Hashable], schema: Schema) -> None:
    """Raise ConditionError for a name that no column of the schema has."""
    for name in names:
        if name not in schema:
            known = ", ".join(map(repr, schema.names[:20]))
            raise ConditionError(f"There is no column {name!r}. Use one of {known}.")


def refusal(column: Column, text: str) -> ConditionError:
    """A ConditionError that names the column."""
    return ConditionError(f"Column {column.name!r}: {text}.")


def is_interval(condition: Condition) -> bool:
    """Whether the condition is a tuple (low, high)."""
    return isinstance(condition, tuple)


def members_of(condition: Condition, column: Column) -> list[Any]:
    """The values of a condition that is no interval. Raises: ConditionError if there is none."""
    if isinstance(condition, np.ndarray):
        condition = condition[()]  # one of no dimension is a value
    members = list(condition) if isinstance(condition, _COLLECTIONS) else [condition]
    if not members:
        raise refusal(column, "the condition allows no value. Give at least one")
    if any(value is None or (pd.api.types.is_scalar(value) and pd.isna(value)) for value in members):
        raise refusal(column, "a condition cannot ask for missing cells")
    return members


def ends_of(condition: Condition, column: Column) -> tuple[Any, Any]:
    """Both ends of an interval. Raises: ConditionError unless there are two."""
    if len(condition) != 2:
        raise refusal(column, "an interval is a tuple (low, high). Use a list for several values")
    return condition[0], condition[1]


def number_limit(condition: Condition, column: Column, part: Part) -> Limit:
    """The condition on a numeric column or duration, as `part` counts its numbers."""
    return _limit(condition, column, lambda value, side: _number(value, column, part, side))


def instant_limits(condition: Condition, column: Column) -> tuple[Limit, Limit]:
    """The condition on a datetime column, in ticks of local wall time and of UTC."""
    wall = _limit(condition, column, lambda value, side: _wall(value, column, side))
    utc = _limit(condition, column, lambda value, side: _utc(value, column, side))
    return wall, utc


def _limit(condition: Condition, column: Column, read: Any) -> Limit:
    if not is_interval(condition):
        members = [read(value, "exact") for value in members_of(condition, column)]
        if None in members:
            raise refusal(column, "the condition names a value that no cell of the column can have")
        return Limit(min(members), max(members), tuple(sorted(set(members))))
    ends = ends_of(condition, column)
    low = -math.inf if ends[0] is None else read(ends[0], "low")
    high = math.inf if ends[1] is None else read(ends[1], "high")
    if low > high:
        raise refusal(column, "the interval of the condition is empty. Give (low, high)")
    return Limit(low, high)


def _number(value: Any, column: Column, part: Part, side: Side) -> float | None:
    """The value in units of the part, rounded inwards; None if it lies between two units."""
    if is_duration(column):
        return _to_ticks(_timedelta(value, column), column, part.step, side)
    is_number = isinstance(value, (int, float, np.number, Decimal))
    if not is_number or isinstance(value, (bool, np.timedelta64)):
        raise refusal(column, f"expected a number in the condition, got {type(value).__name__}")
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, int) and abs(value) > _GIANT:
        raise refusal(column, "expected a number in the condition that a float can hold")
    if not math.isfinite(value):
        raise refusal(column, "expected finite numbers in the condition. Use None for an open end")
    if part.decimals is None:
        return float(value)
    exact = value if isinstance(value, (int, Decimal)) else _digits(value, column)
    scaled = Decimal(exact).scaleb(part.decimals)
    return _rounded(scaled, side)


def _digits(value: float, column: Column) -> str:
    """The number as it is written; where a column has few digits, as its cell of that number is."""
    plain = number_dtype(column.dtype)
    if plain.kind == "f" and abs(value) <= np.finfo(plain).max:
        return str(plain.type(value))
    return repr(value)


def _rounded(scaled: Decimal, side: Side) -> int | None:
    if side == "exact" and scaled != scaled.to_integral_value():
        return None
    mode = ROUND_CEILING if side == "low" else ROUND_FLOOR
    units = int(scaled.to_integral_value(mode))
    return max(-(2**63), min(units, 2**63 - 1))


def _timedelta(value: Any, column: Column) -> Any:
    if not isinstance(value, (str, dt.timedelta, np.timedelta64)):
        raise refusal(column, f"expected a duration in the condition, got {type(value).__name__}")
    return _read(pd.Timedelta, value, column)


def _timestamp(value: Any, column: Column) -> Any:
    if not isinstance(value, (str, dt.date, np.datetime64)):
        raise refusal(column, f"expected a date or ISO text in the condition, got {type(value).__name__}")
    return _read(pd.Timestamp, value, column)


def _read(read: Any, value: Any, column: Column) -> Any:
    try:
        found = read(value)
    except (ValueError, OverflowError):
        raise refusal(column, "the condition cannot be read as a date or duration") from None
    if found is pd.NaT:
        raise refusal(column, "a condition cannot ask for missing cells")
    return found


def _wall(value: Any, column: Column, side: Side) -> int | None:
    stamp, zone = _timestamp(value, column), zone_of(column)
    if stamp.tz is not None:
        stamp = (stamp if zone is None else stamp.tz_convert(zone)).tz_localize(None)
    return _to_ticks(stamp, column, 1, side)


def _utc(value: Any, column: Column, side: Side) -> int | None:
    stamp, zone = _timestamp(value, column), zone_of(column)
    if stamp.tz is None and zone is not None:
        shift = "shift_backward" if side == "high" else "shift_forward"
        stamp = stamp.tz_localize(zone, ambiguous=side != "high", nonexistent=shift)
    if stamp.tz is not None:
        stamp = (stamp if zone is None else stamp.tz_convert("UTC")).tz_localize(None)
    return _to_ticks(stamp, column, 1, side)


def _to_ticks(moment: Any, column: Column, step: int, side: Side) -> int | None:
    """Ticks of a naive Timestamp or Timedelta in the column's unit, rounded inwards."""
    unit = unit_of(column)
    fine = Decimal(int(moment.asm8.view("i8"))) / PER_SECOND[moment.unit]
    return _rounded(fine * PER_SECOND[unit] / step, side)


def label_places(condition: Condition, labels: Iterable[Any], column: Column) -> list[int]:
    """Places of the labels that a condition names.

    Text that names no label may be the written form of one that is no text ("3" for 3).
    Raises: ConditionError when a label is unknown.
    """
    known = list(labels)
    if not known:
        raise refusal(column, "every cell is missing, so no condition can be met")
    if is_interval(condition):
        return _places_between(condition, known, column)
    places = []
    for value in members_of(condition, column):
        found = [place for place, label in enumerate(known) if _is_same(label, value)]
        if not found and isinstance(value, str):
            written = [p for p, label in enumerate(known) if not isinstance(label, str)]
            found = [place for place in written if str(known[place]) == value]
        if not found:
            raise refusal(column, f"the condition names an unknown value. {_known(known, value)}")
        places += found
    return sorted(set(places))


def _is_same(label: Any, value: Any) -> bool:
    is_bool = isinstance(value, (bool, np.bool_))
    return isinstance(label, (bool, np.bool_)) == is_bool and bool(np.all(label == value))


def _places_between(condition: Condition, known: list[Any], column: Column) -> list[int]:
    if not column.ordered:
        raise refusal(
            column, "its categories have no order, so it takes no interval. Use a list of categories"
        )
    low, high = ends_of(condition, column)
    first = 0 if low is None else label_places(low, known, column)[0]
    last = len(known) - 1 if high is None else label_places(high, known, column)[-1]
    if first > last:
        raise refusal(column, "the interval of the condition is empty. Give (low, high)")
    return list(range(first, last + 1))


def _known(known: list[Any], value: Any) -> str:
    """Released values, the nearest in spelling first."""
    near = get_close_matches(str(value)[:100], [str(label) for label in known], n=3, cutoff=0.5)
    known = sorted(known, key=lambda label: str(label) not in near)
    shown = ", ".join(repr(label)[:40] for label in known[:10])
    more = f" and {len(known) - 10} more" if len(known) > 10 else ""
    return f"Use one of {shown}{more}"
