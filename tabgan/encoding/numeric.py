"""Numeric columns and durations: one sorted axis of levels, and a code for missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tabgan.cells import Cells
from tabgan.column import Column
from tabgan.encoding.conditions import Condition, number_limit, refusal
from tabgan.encoding.layout import CodeArray, FloatArray, Split
from tabgan.encoding.levels import MAX_LEVELS, Levels
from tabgan.encoding.reading import Numbers, Part, is_duration, is_whole, read_numbers
from tabgan.encoding.statistics import ColumnStatistics
from tabgan.encoding.writing import write_numbers


@dataclass(frozen=True)
class NumericEncoder:
    """Codes of a numeric column: atoms and quantile bins, coarse and fine when there are many."""

    column: Column
    part: Part
    levels: Levels
    has_missing: bool
    notes: tuple[str, ...] = ()

    @classmethod
    def fit(
        cls, column: Column, statistics: ColumnStatistics, *, max_levels: int = MAX_LEVELS
    ) -> NumericEncoder:
        """Ask for the repeated values and the quantiles of one column."""
        n_missing = statistics.missing_count(column.name)
        n_rows = statistics.n_rows() - n_missing
        part = _part(column, statistics)
        levels = Levels.fit(statistics, column.name, part, n_rows=n_rows, max_levels=max_levels)
        is_bounded = column.minimum is not None or column.maximum is not None
        if is_bounded and not is_duration(column):
            bounds = number_limit((column.minimum, column.maximum), column, part)
            levels = levels.clipped(*bounds.ends(levels.dtype))
        is_empty = len(levels) == 0
        notes = (too_few(column, statistics.min_rows),) if is_empty and n_rows else ()
        return cls(column, part, levels, n_missing > 0 or is_empty, notes)

    @cached_property
    def split(self) -> Split:
        """How the codes are written as blocks."""
        return Split(len(self.levels), int(self.has_missing))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of codes of each block, coarse first."""
        return self.split.sizes

    def positions(self) -> list[tuple[float, ...] | None]:
        """Places in [0, 1] of the codes of each block; None where they have no order."""
        return [*self.split.positions()]

    def encode(self, cells: Cells) -> tuple[CodeArray, int]:
        """Codes of the cells, and how many of them were no value of any level."""
        numbers = read_numbers(cells, self.column, self.part)
        if len(self.levels) == 0:
            return self.split.split(np.zeros(len(cells), np.int64)), int((~numbers.is_missing).sum())
        flat = self.levels.encode(numbers.values)
        is_out = (numbers.values < self.levels.low[flat]) | (numbers.values > self.levels.high[flat])
        n_foreign = int((is_out & ~numbers.is_missing).sum())
        if self.has_missing:
            flat = np.where(numbers.is_missing, len(self.levels), flat)
        else:
            n_foreign += int(numbers.is_missing.sum())
        return self.split.split(flat), n_foreign

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
        flat = self.split.join(codes)
        if len(self.levels) == 0:
            nothing = np.zeros(len(codes), self.levels.dtype)
            return write_numbers(Numbers(nothing, np.ones(len(codes), bool)), self.column, self.part)
        is_missing = flat >= len(self.levels)
        flat = np.where(is_missing, 0, flat)
        if condition is None:
            values = self.levels.decode(flat, rng)
        else:
            limit = number_limit(condition, self.column, self.part)
            low, high = (np.full(len(flat), end) for end in limit.ends(self.levels.dtype))
            values = limit.nearest(self.levels.decode(flat, rng, low=low, high=high))
        return write_numbers(Numbers(values, is_missing), self.column, self.part)

    def allowed(self, condition: Condition) -> FloatArray:
        """Shape: -> sizes. Raises: ConditionError when no level meets the condition."""
        if len(self.levels) == 0:
            raise refusal(self.column, "every cell is missing, so no condition can be met")
        limit = number_limit(condition, self.column, self.part)
        shares = self.levels.shares_within(limit)
        is_met = shares.any() if limit.members is None else self.levels.holds(limit.members).all()
        if not is_met:
            raise refusal(
                self.column,
                "no learned value meets the condition, or one of its values. "
                f"Values run from {self._written(0)} to {self._written(-1)}",
            )
        return self.split.spread(np.append(shares, [0.0] * int(self.has_missing)))

    def _written(self, place: int) -> Any:
        end = self.levels.low[:1] if place == 0 else np.array([self.levels.high.max()])
        numbers = Numbers(end.copy(), np.zeros(1, bool))
        return write_numbers(numbers, self.column, self.part).iloc[0]

    def to_dict(self) -> dict[str, Any]:
        """State as strict JSON."""
        return {
            "kind": "numeric",
            "decimals": self.part.decimals,
            "step": self.part.step,
            "levels": self.levels.to_dict(),
            "has_missing": self.has_missing,
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any], column: Column) -> NumericEncoder:
        """What `to_dict` wrote. Raises: ValueError for a step that is none."""
        part = Part(decimals=state["decimals"], step=int(state["step"]))
        if part.step < 1:
            raise ValueError("Expected step > 0.")
        return cls(column, part, Levels.from_dict(state["levels"]), bool(state["has_missing"]))


def _part(column: Column, statistics: ColumnStatistics) -> Part:
    """What the numbers of the column count: ticks, whole units of its decimals, or plain floats."""
    if is_duration(column):
        return Part(step=statistics.resolution(column.name))
    if is_whole(column):
        return Part(decimals=0)
    is_fixed = column.decimals is not None and statistics.fits_whole(column.name, column.decimals)
    return Part(decimals=column.decimals if is_fixed else None)


def too_few(column: Column, min_rows: int) -> str:
    """The note on a column of which nothing may be told."""
    return (
        f"Column {column.name!r}: fewer than {min_rows} rows have a value, so all its cells come out missing."
    )
