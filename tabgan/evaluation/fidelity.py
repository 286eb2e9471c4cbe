"""How close a synthetic table is to a real one, column by column and pair by pair."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd

from tabgan.evaluation.features import ComparedColumn, FloatArray, IntArray, compare, scale_of
from tabgan.evaluation.resampling import variation
from tabgan.schema import Schema

PAIR_BINS = 10
DENSE_CELLS = 1_000_000  # cells of a two-way table that are counted one by one
RELATED_R = 0.5
RELATED_V = 0.3


@dataclass(frozen=True)
class ColumnShapes:
    """Similarity of every column by itself; 1 is equal, 0 nothing in common."""

    scores: dict[Hashable, float]

    @property
    def mean(self) -> float:
        """Mean over the columns; 1 for a table without a column to compare."""
        return _mean(list(self.scores.values()))


@dataclass(frozen=True)
class PairTrends:
    """Similarity of every pair of columns (1 is equal) and how related the real columns are.

    `real` and `synthetic` hold the association in each table: Pearson's r of two numeric columns,
    Cramér's V of any other pair.
    """

    scores: dict[tuple[Hashable, Hashable], float]
    real: dict[tuple[Hashable, Hashable], float]
    synthetic: dict[tuple[Hashable, Hashable], float]
    related: frozenset[tuple[Hashable, Hashable]]

    @property
    def mean(self) -> float:
        """Mean over the pairs related in the real table: |r| > .5 or V > .3; all pairs if none is.

        Unrelated pairs are easy and would hide the others. Source: SDMetrics' QualityReport 0.32.
        """
        scores = [score for pair, score in self.scores.items() if pair in self.related]
        return _mean(scores or list(self.scores.values()))

    @property
    def mean_all(self) -> float:
        """Mean over all pairs, also those that are unrelated in the real table."""
        return _mean(list(self.scores.values()))


def column_shapes(
    real: pd.DataFrame, synthetic: pd.DataFrame, *, schema: Schema | None = None
) -> ColumnShapes:
    """1 - Kolmogorov-Smirnov distance (numbers, dates) or 1 - total variation (categories).

    Missing numbers are left out, a missing category counts as a category. Identifiers have no
    shape. Source: SDMetrics' KSComplement and TVComplement (which leaves missing out).

    >>> real = pd.DataFrame({"a": ["x", "x", "y", "y"]})
    >>> column_shapes(real, pd.DataFrame({"a": ["x", "x", "x", "y"]})).mean
    0.75
    """
    columns = compare(real, synthetic, schema=schema)
    return ColumnShapes({column.name: column_shape(column, 1) for column in columns})


def pair_trends(real: pd.DataFrame, synthetic: pd.DataFrame, *, schema: Schema | None = None) -> PairTrends:
    """Similarity of the joint behaviour of every two columns.

    Two numeric columns: 1 - |r_real - r_synthetic| / 2 with Pearson's r. With a category on either
    side: 1 - total variation distance of the two-way tables, numbers cut into ten bins of equal
    width over the real range, missing a category. A constant column has r = 0.
    Source: SDMetrics' CorrelationSimilarity and ContingencySimilarity.
    """
    columns = compare(real, synthetic, schema=schema)
    binned = [equal_width_codes(column) for column in columns]
    trends = PairTrends({}, {}, {}, frozenset())
    related = set()
    for i, j in combinations(range(len(columns)), 2):
        a, b = columns[i], columns[j]
        pair = (a.name, b.name)
        if a.is_numeric and b.is_numeric:
            strength = [_pearson(a.numbers[t], b.numbers[t]) for t in (0, 1)]
            trends.scores[pair] = 1.0 - abs(strength[0] - strength[1]) / 2
            threshold = RELATED_R
        else:
            found = two_way_counts(binned[i], binned[j])
            strength = [cramers_v(found[0], counts) for counts in found[1:]]
            trends.scores[pair] = 1.0 - float(variation(found[1], found[2]))
            threshold = RELATED_V
        trends.real[pair], trends.synthetic[pair] = strength
        if abs(strength[0]) > threshold:
            related.add(pair)
    return replace(trends, related=frozenset(related))


def quality(real: pd.DataFrame, synthetic: pd.DataFrame, *, schema: Schema | None = None) -> float:
    """Mean of the mean column shape and the mean pair trend.

    Hardly tells good from bad (independently shuffled columns get .88 on Adult): read it beside
    `c2st_auc`. Source: SDMetrics' QualityReport.
    """
    shapes = column_shapes(real, synthetic, schema=schema)
    return (shapes.mean + pair_trends(real, synthetic, schema=schema).mean) / 2


def ks_complement(real: FloatArray, synthetic: FloatArray) -> float:
    """1 - the largest distance between the distribution functions of two samples; NaN left out.

    >>> ks_complement(np.array([1.0, 2, 3, 4]), np.array([1.0, 2, 9, 9]))
    0.5
    """
    real, synthetic = (numbers[~np.isnan(numbers)] for numbers in (real, synthetic))
    if len(real) == 0 or len(synthetic) == 0:
        return float(len(real) == len(synthetic))
    # Both distribution functions at every value; scipy's ks_2samp adds a p-value nobody reads here.
    values = np.concatenate([real, synthetic])
    below = [np.searchsorted(np.sort(side), values, "right") / len(side) for side in (real, synthetic)]
    return 1.0 - float(np.abs(below[0] - below[1]).max())


def _mean(scores: list[float]) -> float:
    return float(np.mean(scores)) if scores else 1.0


def column_shape(column: ComparedColumn, other: int) -> float:
    """1 - distance of the column in table `other` from the first one; as `column_shapes` has it."""
    if column.is_numeric:
        return ks_complement(column.numbers[0], column.numbers[other])
    n_codes = len(column.labels) + 1
    counts = [np.bincount(column.codes[t] + 1, minlength=n_codes) for t in (0, other)]
    return 1.0 - float(variation(counts[0], counts[1]))


def _pearson(a: FloatArray, b: FloatArray) -> float:
    both = ~(np.isnan(a) | np.isnan(b))
    if not both.any():
        return 0.0
    a, b = a[both], b[both]
    if a.min() == a.max() or b.min() == b.max():
        return 0.0
    # Scaled before squaring, which keeps very large numbers finite.
    a, b = a / np.abs(a).max(), b / np.abs(b).max()
    a, b = a - a.mean(), b - b.mean()
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def two_way_counts(
    first: tuple[IntArray, ...], second: tuple[IntArray, ...]
) -> tuple[tuple[IntArray, IntArray], IntArray, IntArray]:
    """The cells of a two-way table that are not empty in both tables, and the rows in each.

    Cells are (code of the first column, code of the second). Never a full table in memory when
    both columns have thousands of categories.
    """
    height, width = (max(int(codes.max()) for codes in column) + 1 for column in (first, second))
    cells = [first[t] * width + second[t] for t in (0, 1)]
    if height * width <= DENSE_CELLS:
        counts = [np.bincount(one, minlength=height * width) for one in cells]
        found = np.flatnonzero(counts[0] + counts[1])
        return (found // width, found % width), counts[0][found], counts[1][found]
    found, inverse = np.unique(np.concatenate(cells), return_inverse=True)
    sides = np.split(inverse, [len(cells[0])])
    real, synthetic = (np.bincount(side, minlength=len(found)) for side in sides)
    return (found // width, found % width), real, synthetic


def cramers_v(cells: tuple[IntArray, IntArray], counts: IntArray, *, is_corrected: bool = False) -> float:
    """Cramér's V of a two-way table given by its cells and their rows; 0 for a constant column.

    V of few rows and many categories is far above 0 by chance alone; corrected for that, tables of
    different size can be compared. Source of the correction: Bergsma 2013.
    """
    rows, columns = (np.bincount(side, counts) for side in cells)
    sizes = np.array([np.count_nonzero(rows), np.count_nonzero(columns)])
    smaller = float(sizes.min() - 1)
    if smaller < 1:
        return 0.0
    filled = counts > 0
    expected = rows[cells[0][filled]] * columns[cells[1][filled]]
    phi2 = float((counts[filled] ** 2.0 / expected).sum()) - 1.0
    if is_corrected:
        n_others = float(counts.sum()) - 1
        phi2 -= float(np.prod(sizes - 1)) / n_others
        smaller = float((sizes - (sizes - 1) ** 2 / n_others).min()) - 1
    return float(np.sqrt(phi2 / smaller)) if phi2 > 0 and smaller > 0 else 0.0


def equal_width_codes(column: ComparedColumn) -> tuple[IntArray, ...]:
    """Codes of every table: categories, or ten bins of the real range; a missing cell has code 0."""
    if not column.is_numeric:
        return tuple(codes + 1 for codes in column.codes)
    real = column.numbers[0][~np.isnan(column.numbers[0])]
    scale = scale_of(real)
    edges = _inner_edges(real / scale)
    return tuple(
        np.where(np.isnan(numbers), 0, np.digitize(numbers / scale, edges) + 1).astype(np.int64)
        for numbers in column.numbers
    )


def _inner_edges(real: FloatArray) -> FloatArray:
    """Between ten bins of equal width; the outer bins are open. As np.histogram_bin_edges has them."""
    if len(real) == 0:
        return np.zeros(0)
    low, high = float(real.min()), float(real.max())
    # A range too narrow for ten numbers in it counts as one number.
    if (high - low) / PAIR_BINS <= 4 * max(np.spacing(low), np.spacing(high)):
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, PAIR_BINS + 1)[1:-1]
