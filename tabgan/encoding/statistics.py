"""Who answers what an encoder asks about the rows while it is fitted.

Every question is a count, a histogram or a quantile, so that another object can answer the
same questions with noise. `ExactStatistics` is the only place of `encoding` that looks at rows
while fitting.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pandas as pd

from tabgan.cells import dense
from tabgan.encoding.layout import IntArray
from tabgan.encoding.patterns import Pattern, pattern_of_numbers, pattern_of_text
from tabgan.encoding.reading import (
    Numbers,
    Numeric,
    Part,
    clock_steps,
    most_exact,
    python_scalar,
    read_instants,
    read_labels,
    read_numbers,
    unit_of,
)
from tabgan.schema import Schema

MIN_BIN_ROWS = 8
GROUP_ROWS = 2**20  # of groups whose means are computed at once
COMPARED_CELLS = 2**24  # of the rows by which labels are compared


@dataclass(frozen=True)
class CategoryCounts:
    """Labels that may be told and how many rows hold each; rows of all other labels.

    `levels`: the labels of a pandas category in their order, those of no row among them;
    None for every other dtype. `n_hidden`: how many labels are not told.
    """

    labels: tuple[Any, ...]
    counts: tuple[int, ...]
    n_rest: int
    n_hidden: int
    levels: tuple[Any, ...] | None = None
    levels_dtype: str | None = None


class ColumnStatistics(Protocol):
    """The questions. `min_rows`: nothing told stands for fewer rows."""

    @property
    def min_rows(self) -> int:
        """Nothing told stands for fewer rows."""

    def n_rows(self) -> int:
        """Rows of the table."""

    def group_rows(self, name: Hashable) -> int:
        """Rows of the smallest group of numbers whose mean is worth telling."""

    def missing_count(self, name: Hashable) -> int:
        """Rows whose cell is missing."""

    def category_counts(self, name: Hashable) -> CategoryCounts:
        """Labels held by at least `min_rows` rows, or declared, with their counts."""

    def fits_whole(self, name: Hashable, decimals: int) -> bool:
        """Whether all numbers, in units of 10**-decimals, are whole numbers of 63 bits."""

    def resolution(self, name: Hashable) -> int:
        """Ticks of the coarsest clock unit that nearly all instants or durations are multiples of."""

    def repeated_values(self, name: Hashable, part: Part, *, at_least: int) -> tuple[Numeric, IntArray]:
        """Sorted values held by at least that many rows, and by how many."""

    def group_means(self, name: Hashable, part: Part, *, without: Numeric, n_groups: int) -> Numeric:
        """Means of equal groups of neighbouring sorted values, leaving some values out."""

    def outermost_days(self, name: Hashable) -> tuple[int, int] | None:
        """Means of the first and of the last days of some rows; None where no row may be looked at."""

    def pattern(self, name: Hashable) -> Pattern:
        """The written form that the values of an identifier share."""

    def rows_to_compare(self) -> pd.DataFrame | None:
        """Rows that tell which labels are alike; None where no row may be looked at."""


@dataclass
class ExactStatistics:
    """Answers straight from the rows of a table."""

    df: pd.DataFrame
    schema: Schema
    min_rows: int = 5
    _last: tuple[Any, Numeric, IntArray] | None = field(default=None, repr=False)

    def n_rows(self) -> int:
        """Rows of the table."""
        return len(self.df)

    def group_rows(self, name: Hashable) -> int:  # noqa: ARG002  # the same for all columns
        """Rows of the smallest group of numbers whose mean is worth telling."""
        return max(self.min_rows, MIN_BIN_ROWS)

    def missing_count(self, name: Hashable) -> int:
        """Rows whose cell is missing."""
        return int(self.df[name].isna().sum())

    def category_counts(self, name: Hashable) -> CategoryCounts:
        """Labels held by enough rows, or declared, with their counts."""
        cells, column = dense(self.df[name]), self.schema[name]
        seen = read_labels(cells)
        counts = np.bincount(seen.codes[seen.codes >= 0], minlength=len(seen.labels))
        declared = {(type(label), label) for label in column.known_labels or ()}
        told = [
            (label, int(count))
            for label, count in zip(seen.labels, counts.tolist(), strict=True)
            if count >= max(self.min_rows, 1) or (count > 0 and (type(label), label) in declared)
        ]
        n_rest = int(counts.sum()) - sum(count for _, count in told)
        levels = levels_dtype = None
        if seen.is_levels:
            kept = {(type(label), label) for label, _ in told} | declared
            levels = tuple(
                label
                for label, count in zip(seen.labels, counts.tolist(), strict=True)
                if count == 0 or (type(label), label) in kept
            )
            levels_dtype = str(cells.cat.categories.dtype)
        return CategoryCounts(
            labels=tuple(label for label, _ in told),
            counts=tuple(count for _, count in told),
            n_rest=n_rest,
            n_hidden=int((counts > 0).sum()) - len(told),
            levels=levels,
            levels_dtype=levels_dtype,
        )

    def fits_whole(self, name: Hashable, decimals: int) -> bool:
        """Whether all numbers are exact in units of 10**-decimals."""
        numbers = read_numbers(self.df[name], self.schema[name], Part(decimals=None)).present
        low, high = numbers.min(initial=0.0), numbers.max(initial=0.0)
        return max(-float(low), float(high)) < most_exact(decimals)

    def resolution(self, name: Hashable) -> int:
        """Ticks of the coarsest clock unit that nearly all are multiples of."""
        column = self.schema[name]
        cells = self.df[name].dropna()
        if column.kind == "datetime":
            ticks = read_instants(cells, column)
        else:
            ticks = read_numbers(cells, column, Part()).values
        steps = clock_steps(unit_of(column))
        return next((step for step in steps if int((ticks % step != 0).sum()) < self.min_rows), 1)

    def repeated_values(self, name: Hashable, part: Part, *, at_least: int) -> tuple[Numeric, IntArray]:
        """Sorted values held by enough rows, and by how many."""
        values, counts = self._histogram(name, part)
        is_repeated = counts >= at_least
        return values[is_repeated], counts[is_repeated]

    def group_means(self, name: Hashable, part: Part, *, without: Numeric, n_groups: int) -> Numeric:
        """Means of equal groups of neighbouring sorted values."""
        values, counts = self._histogram(name, part)
        is_left = np.ones(len(values), dtype=bool)
        places = np.minimum(np.searchsorted(values, without), max(len(values) - 1, 0))
        is_left[places[values[places] == without]] = False
        rest = np.repeat(values[is_left], counts[is_left])
        edges = np.linspace(0, len(rest), n_groups, endpoint=False).astype(np.int64)
        edges = np.append(edges, len(rest))
        at_once = max(1, GROUP_ROWS * n_groups // max(len(rest), 1))
        means = []
        for group in range(0, n_groups, at_once):
            own = edges[group : group + at_once + 1]
            means.append(_means(rest[own[0] : own[-1]], np.diff(own)))
        return np.concatenate(means)

    def outermost_days(self, name: Hashable) -> tuple[int, int] | None:
        """Means of the days of the first and of the last `min_rows` rows."""
        size = max(self.min_rows, 1)
        days, counts = self._histogram(name, Part("day"))
        first = np.repeat(days[:size], counts[:size])[:size]
        last = np.repeat(days[-size:], counts[-size:])[-size:]
        low, high = (_means(rows, np.array([len(rows)])).item() for rows in (first, last))
        return int(low), int(high)

    def pattern(self, name: Hashable) -> Pattern:
        """The written form of an identifier."""
        column = self.schema[name]
        cells = dense(self.df[name]).dropna()
        if pd.api.types.is_numeric_dtype(cells.dtype) or column.element in ("int", "float"):
            numbers = read_numbers(cells, column, Part())
            return pattern_of_numbers(numbers.values, column, min_rows=self.min_rows)
        texts = [str(python_scalar(cell)) for cell in cells.head(20_000)]
        return pattern_of_text(texts, min_rows=self.min_rows, has_room=column.personal is not None)

    def rows_to_compare(self) -> pd.DataFrame | None:
        """All rows, or so many of them by lot."""
        n_rows = max(1, COMPARED_CELLS // max(1, self.df.shape[1]))
        return self.df if len(self.df) <= n_rows else self.df.sample(n_rows, random_state=0)

    def _histogram(self, name: Hashable, part: Part) -> tuple[Numeric, IntArray]:
        """Sorted distinct values and their counts; the last one asked for is kept."""
        if self._last is None or self._last[0] != (name, part):
            self._last = None  # so that two of them are never held
            numbers: Numbers = read_numbers(self.df[name], self.schema[name], part)
            self._last = ((name, part), *_counted(numbers.present))
        return self._last[1], self._last[2]


def _counted(values: Numeric) -> tuple[Numeric, IntArray]:
    """The distinct numbers in order, and how often each is there; sorts the given ones."""
    values.sort()
    firsts = np.flatnonzero(np.append(True, values[1:] != values[:-1])[: len(values)])
    return values[firsts], np.diff(firsts, append=len(values))


def _means(values: Numeric, sizes: IntArray) -> Numeric:
    """Means of neighbouring groups of so many sorted numbers each. Shape: [rows], [groups] -> [groups]."""
    starts = np.cumsum(sizes) - sizes
    if values.dtype != np.int64:
        means = np.add.reduceat(values / np.repeat(sizes, sizes), starts)
        # A mean of equal numbers may miss them by a unit in the last place.
        return np.clip(means, values[starts], values[starts + sizes - 1])
    first = values[starts]  # sums of differences to it cannot overflow as sums would
    gaps = (values - np.repeat(first, sizes)).view(np.uint64).astype(np.float64)
    means = np.rint(np.add.reduceat(gaps, starts) / sizes).astype(np.uint64)
    return np.asarray((first.view(np.uint64) + means).view(np.int64))
