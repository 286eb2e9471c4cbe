"""Rows cut into random groups, and halves of the groups drawn: intervals at the price of a few counts.

A bootstrap of rows would count every table a hundred times. Groups are counted once, and the counts
of a random half of them, doubled, are a draw: sums vary as in a bootstrap of rows. Halves, and not
groups drawn with replacement, because every draw then holds as many different rows: the distance
between two samples grows where rows repeat.
Source: McCarthy 1969, Pseudo-replication: half samples; Wolter 2007, chapters 2 and 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tabgan.evaluation.features import FloatArray, IntArray
from tabgan.evaluation.intervals import BOOTSTRAPS, normal
from tabgan.evaluation.metric import Interval, Measure, Metric
from tabgan.evaluation.tables import Sides

GROUPS = 40  # of the real rows, and of the synthetic ones
ALL_GROUPS = 2 * GROUPS + 2  # with the reference and the floor, a group each
SIDE_STARTS = (0, GROUPS, 2 * GROUPS, 2 * GROUPS + 1)  # the first group of each side
MIN_ROWS = 5  # of either side; fewer rows show no spread


@dataclass(frozen=True)
class RowGroups:
    """The rows of four sides one after the other, which group each is in, and the draws of groups.

    Real rows are in groups 0 to 39, synthetic rows in groups 40 to 79; reference and floor are one
    group each, as only the value has an interval. `draws` holds the weight of each real and
    each synthetic group in each draw. Shape: group [rows of all sides], draws [2, draws, 40].
    """

    sizes: tuple[int, ...]
    group: IntArray
    draws: FloatArray

    @classmethod
    def of(cls, sides: Sides, rng: np.random.Generator) -> RowGroups:
        """Groups of equal size (of one row, and some empty, where there are fewer rows)."""
        sizes = tuple(len(side) for side in sides)
        groups = [offset + rng.permutation(sizes[t]) % GROUPS for t, offset in ((0, 0), (1, GROUPS))]
        groups += [np.full(sizes[t], 2 * GROUPS + t - 2) for t in (2, 3)]
        draws = np.zeros((2, BOOTSTRAPS, GROUPS))
        for t in (0, 1):
            filled = min(GROUPS, sizes[t])
            half = max(filled // 2, 1)
            order = np.argsort(rng.random((BOOTSTRAPS, filled)), axis=1)
            draws[t, :, :filled] = np.where(order < half, filled / half, 0.0)
        return cls(sizes, np.concatenate(groups).astype(np.int64), draws)

    @property
    def side(self) -> IntArray:
        """Side of every row: 0 real, 1 synthetic, 2 reference, 3 floor."""
        return np.repeat(np.arange(4), self.sizes)

    @property
    def rows(self) -> int:
        """Synthetic rows that are looked at."""
        return self.sizes[1]

    def of_sides(self, cells: IntArray, n_cells: int) -> IntArray:
        """Rows of every side in every cell. Shape: [rows of all sides] -> [4, cells]."""
        counts = np.bincount(self.side * n_cells + cells, minlength=4 * n_cells)
        return counts.reshape(4, n_cells)

    def by_group(self, cells: IntArray, n_cells: int) -> FloatArray:
        """Rows by group and cell. Shape: [rows of all sides] -> [82, cells]."""
        counts = np.bincount(self.group * n_cells + cells, minlength=ALL_GROUPS * n_cells)
        return counts.reshape(ALL_GROUPS, n_cells).astype(np.float64)

    def drawn(self, by_group: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Sums of the real and of the synthetic groups drawn. Shape: [82, …] -> two of [draws, …]."""
        real, synthetic = (
            np.tensordot(self.draws[t], by_group[t * GROUPS : (t + 1) * GROUPS], axes=1) for t in (0, 1)
        )
        return real, synthetic

    def found(
        self,
        measure: Measure,
        three: Sequence[float] | FloatArray,
        draws: FloatArray,
        *,
        bounds: Interval = (0.0, 1.0),
        note: str = "",
    ) -> Metric:
        """The metric whose value, reference and floor these are, its interval from the draws."""
        is_told = min(self.sizes[:2]) >= MIN_ROWS
        interval = normal(float(three[0]), draws, bounds=bounds) if is_told else None
        return measure.of_three(three, interval=interval, rows=self.rows, note=note)


def side_totals(by_group: FloatArray) -> FloatArray:
    """Sums over the groups of every side. Shape: [82, …] -> [4, …]."""
    return np.add.reduceat(by_group, SIDE_STARTS, axis=0)


def variation(real: FloatArray | IntArray, other: FloatArray | IntArray) -> FloatArray:
    """Total variation distance along the last axis of counts; 0 of none and none, 1 of some and none.

    >>> variation(np.array([2, 2, 0]), np.array([[3, 0, 1], [1, 1, 0]]))
    array([0.5, 0. ])
    """
    totals = real.sum(axis=-1, keepdims=True), other.sum(axis=-1, keepdims=True)
    shares = [counts / np.maximum(total, 1) for counts, total in zip((real, other), totals, strict=True)]
    distance = np.abs(shares[0] - shares[1]).sum(axis=-1) / 2
    # A side without rows has no shares: half of the other side's sum is missing above.
    is_one_empty = ((totals[0] == 0) != (totals[1] == 0))[..., 0]
    return np.asarray(np.where(is_one_empty, 1.0, distance))
