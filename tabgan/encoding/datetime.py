"""Datetime columns: week, weekday and time of day are blocks of their own.

Everything is local wall time, so that weekends and office hours keep their meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from tabgan.cells import Cells
from tabgan.column import Column
from tabgan.encoding.conditions import Condition, Limit, instant_limits, refusal
from tabgan.encoding.layout import BoolArray, CodeArray, FloatArray, IntArray, Split
from tabgan.encoding.levels import MAX_ATOMS, NEARLY_ALL, Levels
from tabgan.encoding.numeric import too_few
from tabgan.encoding.reading import TICKS_PER_DAY, Part, read_numbers, unit_of, zone_of
from tabgan.encoding.statistics import ColumnStatistics
from tabgan.encoding.writing import localised, write_instants

MAX_DATE_LEVELS = 512
MAX_TIME_LEVELS = 96
FEW_DAYS = 31
DENSE = 0.5  # share of the days between first and last that have rows
_MONDAY = 3  # days from 1969-12-29, a Monday, to 1970-01-01


@dataclass(frozen=True)
class Axis:
    """One part of the datetime and its levels."""

    part: Part
    levels: Levels


@dataclass(frozen=True)
class DatetimeEncoder:
    """Codes of a datetime column: date (weeks and weekdays, or days), then time of day.

    `step`: ticks of the clock unit the times are multiples of.
    `days`: first and last day since 1970 of the first and last week; None where these are whole.
    """

    column: Column
    axes: tuple[Axis, ...]
    step: int
    has_missing: bool
    days: tuple[int, int] | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def fit(cls, column: Column, statistics: ColumnStatistics) -> DatetimeEncoder:
        """Ask for the resolution, then for the values and quantiles of each part."""
        n_missing = statistics.missing_count(column.name)
        n_rows = statistics.n_rows() - n_missing
        per_day = TICKS_PER_DAY[unit_of(column)]
        step = statistics.resolution(column.name) if n_rows else per_day
        parts = _date_parts(column, statistics, n_rows)
        if step < per_day:
            parts = (*parts, (Part("time", step=step), MAX_TIME_LEVELS))
        axes = tuple(
            Axis(part, _levels(column, statistics, part, n_rows=n_rows, most=most)) for part, most in parts
        )
        is_empty = any(len(axis.levels) == 0 for axis in axes)
        notes = (too_few(column, statistics.min_rows),) if is_empty and n_rows else ()
        days = None if is_empty else _days(column, statistics, axes[0])
        return cls(column, () if is_empty else axes, step, n_missing > 0 or is_empty, days, notes)

    @cached_property
    def splits(self) -> tuple[Split, ...]:
        """How each axis is written; missing belongs to the first."""
        if not self.axes:
            return (Split(0, 1),)
        return tuple(
            Split(len(axis.levels), int(self.has_missing and place == 0))
            for place, axis in enumerate(self.axes)
        )

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of codes of each block, coarse first."""
        return tuple(size for split in self.splits for size in split.sizes)

    def positions(self) -> list[tuple[float, ...] | None]:
        """Places in [0, 1] of the codes of each block; None where they have no order."""
        if not self.axes:
            return []
        places: list[tuple[float, ...] | None] = []
        for axis, split in zip(self.axes, self.splits, strict=True):
            is_cyclic = axis.part.of == "weekday"
            places += [None] * split.depth if is_cyclic else split.positions()
        return places

    def encode(self, cells: Cells) -> tuple[CodeArray, int]:
        """Codes of the cells, and how many of them lie outside of what was learned."""
        codes, n_foreign = [], 0
        for place, (axis, split) in enumerate(zip(self.axes, self.splits, strict=False)):
            numbers = read_numbers(cells, self.column, axis.part)
            low, high = axis.levels.low.min(), axis.levels.high.max()
            is_out = (numbers.values < low) | (numbers.values > high)
            flat = axis.levels.encode(numbers.values)
            missing = len(axis.levels) if split.n_special else 0
            flat = np.where(numbers.is_missing, missing, flat)
            is_out = np.where(numbers.is_missing, not self.has_missing, is_out)
            n_foreign += int(is_out.sum()) if place == 0 else 0
            codes.append(split.split(flat))
        if not codes:
            return np.zeros((len(cells), 0), dtype=np.int16), int(cells.notna().sum())
        return np.concatenate(codes, axis=1), n_foreign

    def decode(
        self,
        codes: CodeArray,
        rng: np.random.Generator,
        *,
        condition: Condition = None,
        first_row: int = 0,
    ) -> Cells:
        """A column of the output dtype; `condition` holds in every row that is not missing."""
        del first_row
        flats = self._join(codes)
        if not self.axes:
            nothing = np.zeros(len(codes), dtype=np.int64)
            instants = localised(nothing, self.column, True)
            return self._write(instants, np.ones(len(codes), dtype=bool))
        is_missing = flats[0] >= len(self.axes[0].levels)
        flats[0] = np.where(is_missing, 0, flats[0])
        limit, utc = Limit(), Limit()
        if condition is None and (self.column.minimum or self.column.maximum):
            condition = (self.column.minimum, self.column.maximum)
        if condition is not None:
            limit, utc = instant_limits(condition, self.column)
        ticks = self._ticks(flats, rng, limit)
        instants = localised(ticks, self.column, rng.random(len(ticks)) < 0.5)
        if condition is not None:
            instants = self._within(instants, utc)
        return self._write(instants, is_missing)

    def _write(self, instants: pd.DatetimeIndex, is_missing: BoolArray) -> Cells:
        has_time = self.step < TICKS_PER_DAY[unit_of(self.column)]
        return write_instants(instants, is_missing, self.column, has_time=has_time)

    def _join(self, codes: CodeArray) -> list[IntArray]:
        flats, start = [], 0
        for split in self.splits:
            flats.append(split.join(codes[:, start : start + split.depth]))
            start += split.depth
        return flats

    def _within(self, instants: pd.DatetimeIndex, utc: Limit) -> pd.DatetimeIndex:
        """Last guard: clip in UTC, or take the nearest member."""
        zone, unit = zone_of(self.column), unit_of(self.column)
        plain = instants if zone is None else instants.tz_convert("UTC").tz_localize(None)
        ticks = utc.nearest(plain.to_numpy().astype(f"M8[{unit}]").view(np.int64))
        clipped: pd.DatetimeIndex = pd.DatetimeIndex(ticks.view(f"M8[{unit}]"))
        if zone is not None:
            clipped = clipped.tz_localize("UTC").tz_convert(zone)
        return clipped

    def _ticks(self, flats: list[IntArray], rng: np.random.Generator, limit: Limit) -> IntArray:
        """Wall ticks drawn coarse to fine, every part within what the limit leaves it."""
        nowhere = np.zeros_like(flats[0])
        clock = flats[-1] if self.has_time else nowhere
        first, last = self._times[0][clock], self._times[1][clock]
        shift = self._shifts[flats[1] if self._is_weekly else nowhere]
        window = self._window(limit)
        low, high = self._dates(window, shift + first, shift + last)
        dates = self.axes[0].levels.decode(flats[0], rng, low=low, high=high)
        ticks = self._within_days(dates * self._width + shift)
        if self.has_time:
            low, high = -((ticks - window[0]) // self.step), (window[1] - ticks) // self.step
            levels = self.axes[-1].levels
            ticks = ticks + levels.decode(clock, rng, low=low, high=high) * self.step
        return ticks

    def _within_days(self, ticks: IntArray) -> IntArray:
        """Days of the first and last week on which there are no rows, a week further in."""
        if self.days is None:
            return ticks
        per_day = TICKS_PER_DAY[unit_of(self.column)]
        low, high = self.days[0] * per_day, self.days[1] * per_day
        return np.where(ticks < low, ticks + self._width, np.where(ticks > high, ticks - self._width, ticks))

    @property
    def _is_weekly(self) -> bool:
        return self.axes[0].part.of == "week"

    @property
    def has_time(self) -> bool:
        """Whether there are times of day, beside dates."""
        return bool(self.axes) and self.axes[-1].part.of == "time"

    @property
    def _width(self) -> int:
        """Ticks from one date level's unit (day or week) to the next."""
        return TICKS_PER_DAY[unit_of(self.column)] * (7 if self._is_weekly else 1)

    @cached_property
    def _shifts(self) -> IntArray:
        """Ticks from the start of week 0's Thursday to each weekday; 0 where dates are days."""
        if not self._is_weekly:
            return np.zeros(1, dtype=np.int64)
        weekdays = self.axes[1].levels.low
        return np.asarray((weekdays - _MONDAY) * TICKS_PER_DAY[unit_of(self.column)])

    @cached_property
    def _times(self) -> tuple[IntArray, IntArray]:
        """First and last tick of the day of every time level."""
        if not self.has_time:
            return np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
        levels = self.axes[-1].levels
        return levels.low * self.step, levels.high * self.step

    def _window(self, limit: Limit) -> tuple[int, int]:
        """The limit as ticks no further out than what was learned, so that sums cannot overflow."""
        dates = self.axes[0].levels
        first = int(dates.low.min()) * self._width + int(self._shifts.min())
        last = int(dates.high.max()) * self._width + int(self._shifts.max())
        if self.days is not None:
            per_day = TICKS_PER_DAY[unit_of(self.column)]
            first, last = max(first, self.days[0] * per_day), min(last, self.days[1] * per_day)
        last += int(self._times[1].max())
        low, high = map(int, limit.ends(np.int64))
        return min(max(low, first), last + 1), max(min(high, last), first - 1)

    def _dates(self, window: tuple[int, int], first: IntArray, last: IntArray) -> tuple[Any, Any]:
        """First and last date unit for which some tick between `first` and `last` is in the window."""
        return -((last - window[0]) // self._width), (window[1] - first) // self._width

    def allowed(self, condition: Condition) -> FloatArray:
        """Shape: -> sizes. Raises: ConditionError when no date that was learned meets it."""
        if not self.axes:
            raise refusal(self.column, "every cell is missing, so no condition can be met")
        limit, _ = instant_limits(condition, self.column)
        spans = [limit]
        if limit.members is not None:
            spans = [Limit(member, member) for member in limit.members]
        shares = [self._shares_within(span) for span in spans]
        if not all(share.any() for share in shares):
            raise refusal(
                self.column,
                f"no learned date meets the condition, or one of its dates. {self._told()}",
            )
        return self._spread(np.minimum(np.add.reduce(shares), 1.0))

    def _told(self) -> str:
        low, high = self._window(Limit())
        ends = np.array([low, high]).view(f"M8[{unit_of(self.column)}]")
        return f"Dates run from {str(ends[0])[:10]} to {str(ends[1])[:10]}"

    def _shares_within(self, limit: Limit) -> FloatArray:
        """Shape: -> [dates, weekdays, times]: of how many dates of the levels some instant is within."""
        low, high = self._window(limit)
        window = -(-low // self.step) * self.step, high // self.step * self.step
        if window[0] > window[1]:
            return np.zeros((len(self.axes[0].levels), len(self._shifts), len(self._times[0])))
        first = self._shifts[:, None] + self._times[0][None, :]
        last = self._shifts[:, None] + self._times[1][None, :]
        earliest, latest = self._dates(window, first, last)
        dates = self.axes[0].levels
        since, until = dates.low[:, None, None], dates.high[:, None, None]
        n_within = 1 + np.minimum(latest[None], until) - np.maximum(earliest[None], since)
        return np.asarray(np.maximum(n_within, 0) / (1 + until - since))

    def _spread(self, shares: FloatArray) -> FloatArray:
        """Shape: [dates, weekdays, times] -> sizes."""
        grid = np.zeros(self.sizes)
        axes = [0, *([1] if self._is_weekly else []), *([2] if self.has_time else [])]
        digits = []
        places = np.nonzero(shares)
        for axis, split in zip(axes, self.splits, strict=True):
            digits += list(split.split(places[axis]).T)
        if not digits:
            return np.array(1.0)
        grid[tuple(digits)] = shares[places]
        return grid

    def to_dict(self) -> dict[str, Any]:
        """State as strict JSON."""
        axes = [
            {"of": axis.part.of, "step": axis.part.step, "levels": axis.levels.to_dict()}
            for axis in self.axes
        ]
        days = None if self.days is None else list(self.days)
        told = {"step": self.step, "has_missing": self.has_missing, "days": days}
        return {"kind": "datetime", "axes": axes, **told}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any], column: Column) -> DatetimeEncoder:
        """What `to_dict` wrote. Raises: ValueError for parts that make no datetime."""
        axes = tuple(
            Axis(Part(axis["of"], step=int(axis["step"])), Levels.from_dict(axis["levels"]))
            for axis in state["axes"]
        )
        of = [axis.part.of for axis in axes]
        if of not in ([], ["day"], ["day", "time"], ["week", "weekday"], ["week", "weekday", "time"]):
            raise ValueError("Expected days, or weeks and weekdays, then the time of day.")
        steps = [int(state["step"]), *(axis.part.step for axis in axes)]
        if min(steps) < 1 or not all(axis.levels for axis in axes):
            raise ValueError("Expected steps > 0 and levels on every axis.")
        days = state.get("days")  # a file of an earlier version tells none
        if days is not None:
            low, high = map(int, days)
            if of[:1] != ["week"] or high - low < 6:
                raise ValueError("Expected every weekday among the days, or no days.")
            days = low, high
        return cls(column, axes, int(state["step"]), bool(state["has_missing"]), days)


def _date_parts(column: Column, statistics: ColumnStatistics, n_rows: int) -> tuple[tuple[Part, int], ...]:
    """Days where few days hold all rows (month ends, one fair), else weeks and weekdays."""
    days, counts = statistics.repeated_values(column.name, Part("day"), at_least=statistics.min_rows)
    if len(days) and len(days) <= MAX_ATOMS and counts.sum() >= NEARLY_ALL * n_rows:
        span = int(days[-1]) - int(days[0]) + 1
        if len(days) <= FEW_DAYS or len(days) < DENSE * span:
            return ((Part("day"), MAX_DATE_LEVELS),)
    return (Part("week"), MAX_DATE_LEVELS), (Part("weekday"), 7)


def _days(column: Column, statistics: ColumnStatistics, dates: Axis) -> tuple[int, int] | None:
    """First and last day, within the first and last week; None if some weekday would not be left."""
    ends = statistics.outermost_days(column.name) if dates.part.of == "week" else None
    if ends is None:
        return None
    mondays = (int(week) * 7 - _MONDAY for week in (dates.levels.low.min(), dates.levels.high.max()))
    low, high = (min(max(end, monday), monday + 6) for end, monday in zip(ends, mondays, strict=True))
    return (low, high) if high - low >= 6 else None


def _levels(column: Column, statistics: ColumnStatistics, part: Part, *, n_rows: int, most: int) -> Levels:
    levels = Levels.fit(statistics, column.name, part, n_rows=n_rows, max_levels=most)
    if part.of != "weekday" or not len(levels):
        return levels
    # Weekdays are public: where none is held by enough rows, all seven are possible.
    kept = tuple(edge for edge in levels.edges if len(edge) == 1)
    return Levels(kept or tuple((day,) for day in range(7)), True)
