"""Public grids: number axes cut into cells before anyone looks, and what noisy counts of the cells tell.

A cell is a single value or an interval. Everything after the counts is arithmetic on released numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy import special

from tabgan.encoding.layout import BoolArray, FloatArray, IntArray
from tabgan.encoding.levels import MAX_LEVELS
from tabgan.encoding.reading import Numeric
from tabgan.privacy.quantiles import noisy_quantiles

MAX_SINGLES = 512  # a public domain of so many values is counted value by value
MAX_SPIKES = 2**20  # and one of so many once more, for values that many rows hold
FEW_VALUES = 32  # every value of so small a public domain is told: it is public
FEWEST_CELLS, MOST_CELLS = 128, 2048
SURE = 4.0  # deviations of the noise that a count must have to be more than noise
FALSE_ALARM = 0.05  # chance that noise alone makes a value of a grid look repeated
TAILS = 4
LEVEL_DEVIATIONS, LEAST_LEVELS = 30.0, 16
_FINEST = 2.0**-40  # of the largest bound: the smallest logarithmic cell of an axis of floats


@dataclass(frozen=True)
class Grid:
    """Neighbouring cells of a number axis: each starts in `starts` and ends before the next, or at `last`.

    Whole numbers are int64, others float64.
    """

    starts: Numeric
    last: Any

    @classmethod
    def between(
        cls, low: Any, high: Any, *, is_whole: bool, n_cells: int = MOST_CELLS, singles: Sequence[Any] = ()
    ) -> Grid:
        """Cells between public bounds: every whole number where they are few, else equal and logarithmic.

        Logarithmic cells, half of the `n_cells`, keep a long axis fine near zero, whatever the bounds.
        Both bounds and the `singles` between them are cells of their own.

        >>> Grid.between(0, 5, is_whole=True).starts
        array([0, 1, 2, 3, 4, 5])
        """
        kind: Any = np.int64 if is_whole else np.float64
        if is_whole and int(high) - int(low) < MAX_SINGLES:
            return cls.singles(low, high)
        axis = (low, high, is_whole, n_cells // 2)
        edges = {_number(edge, is_whole) for edge in (*_equal(*axis), *_logarithmic(*axis))}
        for single in (low, high, *singles):
            edges |= {_number(single, is_whole), _after(single, is_whole)}
        inside = sorted(edge for edge in edges if low <= edge <= high)
        return cls(np.array(inside, dtype=kind), kind(high))

    @classmethod
    def singles(cls, low: Any, high: Any) -> Grid:
        """A cell for every whole number."""
        return cls(np.arange(int(low), int(high) + 1, dtype=np.int64), np.int64(high))

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def ends(self) -> Numeric:
        """Largest number of each cell."""
        if self.starts.dtype == np.int64:
            before = self.starts[1:] - 1
        else:
            before = np.nextafter(self.starts[1:], -np.inf)
        return np.append(before, self.last)

    @cached_property
    def is_single(self) -> BoolArray:
        """Shape: [cells]: whether the cell is one value."""
        return np.asarray(self.starts == self.ends)

    def cells(self, values: Numeric) -> IntArray:
        """Shape: [rows] -> [rows]; numbers beyond the grid lie in its outermost cells."""
        return np.clip(np.searchsorted(self.starts, values, side="right") - 1, 0, len(self) - 1)


def cells_worth_asking(n_rows: int, deviation: float) -> int:
    """Cells of a grid on which the noise still leaves something to see: as many rows a cell as deviations.

    Of neighbouring cells that tell nothing each, the sum is noisier than one wide cell would have been.
    """
    return int(np.clip(n_rows / max(deviation, 1.0), FEWEST_CELLS, MOST_CELLS))


def levels_worth_telling(n_rows: int, deviation: float) -> int:
    """Levels of a number of which each holds thirty deviations of the noise on a pair of codes.

    Finer ones would be drowned where two columns meet, and every code makes more noise to learn from.

    >>> levels_worth_telling(43_152, 55.0)
    26
    """
    return int(np.clip(n_rows / (LEVEL_DEVIATIONS * deviation), LEAST_LEVELS, MAX_LEVELS))


def _equal(low: Any, high: Any, is_whole: bool, n_cells: int) -> list[Any]:
    if is_whole:
        return [low + (high - low) * place // n_cells for place in range(n_cells)]
    return [low * (1 - share) + high * share for share in np.arange(n_cells) / n_cells]


def _logarithmic(low: Any, high: Any, is_whole: bool, n_cells: int) -> list[Any]:
    largest = max(abs(low), abs(high))
    smallest = 1.0 if is_whole else largest * _FINEST
    if not 0.0 < smallest < largest:
        return []
    sizes = np.geomspace(smallest, largest, n_cells).tolist()
    return [*sizes, *(-size for size in sizes)]


def _number(value: Any, is_whole: bool) -> Any:
    return int(value) if is_whole else float(value)


def _after(value: Any, is_whole: bool) -> Any:
    return int(value) + 1 if is_whole else float(np.nextafter(value, np.inf))


@dataclass(frozen=True)
class NoisyAxis:
    """A grid and the released counts of its cells.

    `deviation`: of the noise on each. `n_rows`: whose cell is not missing. `spikes`: the same rows
    counted once more, value by value. Unit: rows.
    """

    grid: Grid
    counts: IntArray
    deviation: float
    n_rows: int
    spikes: NoisyAxis | None = None

    def repeated(self, at_least: int) -> tuple[Numeric, IntArray]:
        """Values held by so many rows, surely so, and by how many; all values of a small public domain."""
        if self.grid.is_single.all() and len(self.grid) <= FEW_VALUES:
            return self.grid.starts, np.maximum(self.counts, max(self.n_rows // len(self.grid) + 1, at_least))
        if self.spikes is not None:
            return self.spikes.repeated(at_least)
        level = self.deviation * max(SURE, -float(special.ndtri(FALSE_ALARM / len(self.grid))))
        is_told = self.grid.is_single & (self.counts >= max(at_least, level, 1))
        return self.grid.starts[is_told], self.counts[is_told]

    def group_means(self, *, without: Numeric, n_groups: int) -> Numeric:
        """Middles of equal groups of neighbouring rows, leaving some values out, and the ends of them all.

        Beyond the outermost cells that surely hold rows a few groups more follow, each twice as wide as
        the one before: rows lie there, too few to be seen.

        Shape: -> at most [n_groups + 2 + 2 TAILS], or [1] where nothing more than noise is left.
        """
        starts, ends = self.grid.starts, self.grid.ends
        counts = self._left(without)
        level = SURE * self.deviation
        first, stop = len(counts) - _end(counts[::-1], level), _end(counts, level)
        if first >= stop:
            n_rest = self.n_rows - (self.counts - counts).sum()
            if len(without) and n_rest <= level * np.sqrt(len(without)):
                return without[:1]
            first, stop = 0, len(counts)  # somewhere there are rows
        is_whole = starts.dtype == np.int64
        edges = np.append(starts[first:stop], ends[stop - 1] + int(is_whole)).astype(np.float64)
        shares = np.array([0.0, *((np.arange(n_groups) + 0.5) / n_groups), 1.0])
        found = _with_tails(noisy_quantiles(edges, counts[first:stop], shares))
        if is_whole:
            found = np.clip(np.floor(found), -(2.0**63), 2.0**63 - 1024).astype(np.int64)
        return np.unique(np.clip(found, starts[0], ends[-1]))

    def _left(self, without: Numeric) -> FloatArray:
        """Counts of the cells without the rows that hold these values."""
        counts = self.counts.astype(np.float64)
        cells = self.grid.cells(without)
        if self.spikes is not None:
            told = self.spikes.counts[self.spikes.grid.cells(without)]
            counts -= np.bincount(cells, weights=told, minlength=len(counts))
        counts[cells[self.grid.is_single[cells]]] = 0.0
        return counts

    def with_spikes(self, spikes: NoisyAxis | PublicAxis) -> NoisyAxis:
        """The axis and what is known of its repeated values."""
        return replace(self, spikes=spikes if isinstance(spikes, NoisyAxis) else None)

    def merged(self, values: IntArray, grid: Grid) -> NoisyAxis:
        """The axis on a coarser grid; `values`: what each cell is called there."""
        places = grid.cells(values)
        counts = np.bincount(places, weights=self.counts, minlength=len(grid)).astype(np.int64)
        most = np.bincount(places, minlength=1).max()
        return NoisyAxis(grid, counts, self.deviation * float(np.sqrt(most)), self.n_rows)

    def picked(self, places: IntArray, grid: Grid) -> NoisyAxis:
        """The axis on other cells, one for each of the cells at these places."""
        return NoisyAxis(grid, self.counts[places], self.deviation, self.n_rows)


@dataclass(frozen=True)
class PublicAxis:
    """A grid of whose cells nothing was released: rows are taken to lie evenly between its ends."""

    grid: Grid
    n_rows: int

    def repeated(self, at_least: int) -> tuple[Numeric, IntArray]:
        """All values where they are few, none otherwise."""
        each = self.n_rows // len(self.grid) + 1
        if not self.grid.is_single.all() or (each <= at_least and len(self.grid) > FEW_VALUES):
            return self.grid.starts[:0], np.zeros(0, dtype=np.int64)
        return self.grid.starts, np.full(len(self.grid), max(each, at_least), dtype=np.int64)

    def group_means(self, *, without: Numeric, n_groups: int) -> Numeric:
        """Evenly spread numbers and both ends. Shape: -> [n_groups + 2], or [1] where all are left out."""
        if len(without) == len(self.grid):
            return without[:1]
        first, width = self.grid.starts[0], float(self.grid.last) - float(self.grid.starts[0])
        shares = np.array([0.0, *((np.arange(n_groups) + 0.5) / n_groups), 1.0])
        found = (
            first + np.rint(shares * width).astype(np.int64)
            if first.dtype == np.int64
            else first + shares * width
        )
        return np.asarray(np.clip(found, first, self.grid.last))

    def with_spikes(self, spikes: NoisyAxis | PublicAxis) -> PublicAxis:  # noqa: ARG002
        """None are known."""
        return self

    def merged(self, values: IntArray, grid: Grid) -> PublicAxis:  # noqa: ARG002
        """Evenly spread on the other grid as well."""
        return PublicAxis(grid, self.n_rows)

    def picked(self, places: IntArray, grid: Grid) -> PublicAxis:  # noqa: ARG002
        """Evenly spread on the other grid as well."""
        return PublicAxis(grid, self.n_rows)


def _with_tails(places: FloatArray) -> FloatArray:
    """Sorted places and TAILS more at each end, at widening distances."""
    steps = 2.0 ** np.arange(1, TAILS + 1) - 1.0
    before, after = places[1] - places[0], places[-1] - places[-2]
    return np.concatenate([(places[0] - before * steps)[::-1], places, places[-1] + after * steps])


def _end(counts: FloatArray, level: float) -> int:
    """Number of cells up to the last that holds more than noise; `level` is what one cell must pass.

    What no single cell shows, two, four or more neighbours may: they are looked at together.
    """
    stop, size = 0, 1
    while size <= len(counts) - stop:
        n_blocks = (len(counts) - stop) // size
        sums = counts[stop : stop + n_blocks * size].reshape(n_blocks, size).sum(axis=1)
        seen = np.flatnonzero(sums > max(level * np.sqrt(size), 0.5))
        stop += 0 if not len(seen) else (int(seen[-1]) + 1) * size
        size *= 2
    return stop
