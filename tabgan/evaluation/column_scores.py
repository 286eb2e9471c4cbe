"""What the measures of single columns say of one column, and in every draw of rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import wasserstein_distance

from tabgan.evaluation.bins import BinnedColumn, binned
from tabgan.evaluation.features import ComparedColumn, FloatArray, IntArray, scale_of
from tabgan.evaluation.fidelity import ks_complement
from tabgan.evaluation.resampling import ALL_GROUPS, GROUPS, SIDE_STARTS, RowGroups, side_totals, variation

GRID = 100  # bins that the intervals of numbers are computed on
INTERVAL_CATEGORIES = 500  # beyond, rare categories are one in the intervals (not in the values)
FARTHEST = 1e12  # a distance in scales of the real column that means "elsewhere altogether"
OTHERS = (1, 2, 3)  # sides held against the real one: synthetic, reference, floor


@dataclass(frozen=True)
class Scores:
    """What one measure says of one column: of synthetic, reference and floor rows, and its draws."""

    three: tuple[float, ...]
    draws: FloatArray


def shape_draws(column: ComparedColumn, groups: RowGroups) -> FloatArray:
    """The column's shape (see `column_shapes`) in every draw of rows. Shape: [draws]."""
    real, synthetic = groups.drawn(_grid_counts(column, groups)[1])
    if column.is_numeric:
        return _ks(*_below(real, synthetic))
    return 1 - variation(real, synthetic)


def scores_of(column: ComparedColumn, groups: RowGroups) -> dict[str, Scores]:
    """Every measure that applies to the column, by the key of its metric."""
    grid, by_group = _grid_counts(column, groups)
    if column.is_numeric:
        found = _number_scores(column, grid, by_group, groups)
    else:
        found = _category_scores(column, by_group, groups)
    missing = by_group[:, 0], by_group.sum(axis=1)
    shares = np.divide(*(side_totals(part) for part in missing))
    if shares.any():
        hidden, rows = (groups.drawn(part) for part in missing)
        drawn = [part / np.maximum(whole, 1) for part, whole in zip(hidden, rows, strict=True)]
        three = tuple(1 - abs(shares[t] - shares[0]) for t in OTHERS)
        found["missing_share_similarity"] = Scores(three, 1 - np.abs(drawn[0] - drawn[1]))
    return found


def _grid_counts(column: ComparedColumn, groups: RowGroups) -> tuple[BinnedColumn, FloatArray]:
    grid = binned(column, GRID, max_categories=INTERVAL_CATEGORIES)
    return grid, groups.by_group(grid.codes, grid.n_codes)


def _category_scores(column: ComparedColumn, by_group: FloatArray, groups: RowGroups) -> dict[str, Scores]:
    exact = [np.bincount(codes + 1, minlength=len(column.labels) + 1) for codes in column.codes]
    real, synthetic = groups.drawn(by_group)
    present, drawn = [counts[1:] for counts in exact], (real[:, 1:], synthetic[:, 1:])

    def three(score: Callable[[IntArray, IntArray], FloatArray], counts: list[IntArray]) -> tuple[float, ...]:
        return tuple(float(score(counts[0], counts[t])) for t in OTHERS)

    return {
        "column_shapes": Scores(three(_overlap, exact), _overlap(real, synthetic)),
        "tv_complement": Scores(three(_overlap, present), _overlap(*drawn)),
        "category_coverage": Scores(three(_covered, present), _covered(*drawn)),
    }


def _overlap(real: FloatArray | IntArray, other: FloatArray | IntArray) -> FloatArray:
    return 1 - variation(real, other)


def _covered(real: FloatArray | IntArray, other: FloatArray | IntArray) -> FloatArray:
    """Share of the cells with real rows that have others; 1 where there is nothing to cover."""
    there = (real > 0).sum(axis=-1)
    both = ((real > 0) & (other > 0)).sum(axis=-1)
    return np.asarray(np.where(there == 0, 1.0, both / np.maximum(there, 1)))


def _number_scores(
    column: ComparedColumn, grid: BinnedColumn, by_group: FloatArray, groups: RowGroups
) -> dict[str, Scores]:
    scaled, below = _scaled(column), _below(*groups.drawn(by_group))
    ks = Scores(tuple(ks_complement(column.numbers[0], column.numbers[t]) for t in OTHERS), _ks(*below))
    everything = np.concatenate(scaled)
    present = grid.codes > 0
    rows = np.bincount(grid.codes[present], minlength=grid.n_codes)[1:]
    sums = np.bincount(grid.codes[present], everything[present], minlength=grid.n_codes)[1:]
    filled = rows > 0
    steps = np.diff(sums[filled] / rows[filled])
    apart = np.abs(below[0] - below[1])[:, filled][:, :-1]
    moved = Scores(tuple(_wasserstein(scaled[0], scaled[t]) for t in OTHERS), apart @ steps)
    found = {"column_shapes": ks, "ks_complement": ks, "wasserstein": moved}
    if not np.isnan(scaled[0]).all():
        found["range_coverage"] = _range_scores(everything, groups)
    return found


def _below(real: FloatArray, synthetic: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Both distribution functions on the grid, without the missing cells in its first bin."""
    sums = [np.cumsum(counts[:, 1:], axis=1) for counts in (real, synthetic)]
    first, second = (total / np.maximum(total[:, -1:], 1) for total in sums)
    return first, second


def _ks(real: FloatArray, synthetic: FloatArray) -> FloatArray:
    return np.asarray(1 - np.abs(real - synthetic).max(axis=1))


def _scaled(column: ComparedColumn) -> list[FloatArray]:
    """The numbers of every side, shifted and divided so that the middle half of the real ones is 1 wide."""
    pooled = np.concatenate([column.numbers[0], column.numbers[2]])
    pooled = pooled[~np.isnan(pooled)]
    largest = max(map(scale_of, column.numbers))
    centre, width = robust_scale(pooled / largest)
    with np.errstate(over="ignore"):
        return [np.clip((n / largest - centre) / width, -FARTHEST, FARTHEST) for n in column.numbers]


def robust_scale(numbers: FloatArray) -> tuple[float, float]:
    """Median and IQR; where the IQR is 0 the next wider range that is not, 1 for a single value.

    >>> robust_scale(np.array([1.0, 2.0, 3.0, 4.0, 5.0]))
    (3.0, 2.0)
    >>> robust_scale(np.array([0.0] * 9 + [5.0]))
    (0.0, 5.0)
    """
    if len(numbers) == 0:
        return 0.0, 1.0
    ends = np.quantile(numbers, [0.25, 0.75, 0.05, 0.95, 0.01, 0.99], method="nearest")
    widths = [*(ends[1::2] - ends[::2]), numbers.max() - numbers.min(), abs(numbers[0])]
    return float(np.median(numbers)), float(next((width for width in widths if width > 0), 1.0))


def _wasserstein(real: FloatArray, other: FloatArray) -> float:
    real, other = (numbers[~np.isnan(numbers)] for numbers in (real, other))
    if len(real) == 0 or len(other) == 0:
        return 0.0 if len(real) == len(other) else np.nan
    return float(wasserstein_distance(real, other))


def _range_scores(numbers: FloatArray, groups: RowGroups) -> Scores:
    """Needs the ends of each group of rows only: those of a draw are the ends of its groups."""
    present = ~np.isnan(numbers)
    low, high = np.full(ALL_GROUPS, np.inf), np.full(ALL_GROUPS, -np.inf)
    np.minimum.at(low, groups.group[present], numbers[present])
    np.maximum.at(high, groups.group[present], numbers[present])
    lowest, highest = np.minimum.reduceat(low, SIDE_STARTS), np.maximum.reduceat(high, SIDE_STARTS)
    three = tuple(float(_range_covered(lowest[0], highest[0], lowest[t], highest[t])) for t in OTHERS)
    is_drawn, both = groups.draws > 0, (2, 1, GROUPS)  # real and synthetic groups
    lows = np.where(is_drawn, low[: 2 * GROUPS].reshape(both), np.inf).min(axis=2)
    highs = np.where(is_drawn, high[: 2 * GROUPS].reshape(both), -np.inf).max(axis=2)
    return Scores(three, _range_covered(lows[0], highs[0], lows[1], highs[1]))


def _range_covered(
    low: FloatArray | float,
    high: FloatArray | float,
    other_low: FloatArray | float,
    other_high: FloatArray | float,
) -> FloatArray:
    """Share of a range that another one covers; of a single value 1 or 0."""
    wide = np.asarray(high) > np.asarray(low)
    with np.errstate(invalid="ignore", over="ignore"):  # tiny widths; the share is clipped
        overlap = np.minimum(high, other_high) - np.maximum(low, other_low)
        share = np.clip(overlap / np.where(wide, np.subtract(high, low), 1.0), 0, 1)
    holds = (np.asarray(other_low) <= low) & (np.asarray(high) <= other_high)
    return np.nan_to_num(np.where(wide, share, holds))
