"""Every two columns together: do they go with each other as in the real table?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabgan.evaluation.associations import (
    Moments,
    correlation_ratio_sums,
    correlation_ratios,
    moments_by_group,
    ranked,
    standardised,
)
from tabgan.evaluation.bins import BinnedColumn, binned, cells_of, compact
from tabgan.evaluation.column_scores import OTHERS, shape_draws
from tabgan.evaluation.features import ComparedColumn, FloatArray, IntArray, compare
from tabgan.evaluation.fidelity import (
    RELATED_R,
    RELATED_V,
    column_shape,
    cramers_v,
    equal_width_codes,
)
from tabgan.evaluation.metric import Family, Measure, Metric
from tabgan.evaluation.resampling import RowGroups, side_totals, variation
from tabgan.evaluation.tables import Tables

MAX_ROWS = 40_000  # of each side
MAX_COLUMNS = 100  # 4,950 pairs; of a wider table, so many columns drawn at random
BINS = 10
MAX_CATEGORIES = 50  # for the correlation ratio and in intervals; the others are one category
INTERVAL_PAIRS = 300  # pairs whose two-way tables are drawn again
DENSE_CELLS = 200_000


def _measure(key: str, name: str, meaning: str, formula: str, source: str) -> Measure:
    return Measure(key, name, "fidelity", "higher", 1.0, meaning, formula, source)


CORRELATION = _measure(
    "correlation_similarity",
    "Correlations (Pearson)",
    "1: every two numeric columns have the correlation they have in the real table.",
    "mean over pairs of numeric columns of 1 - |r_real - r_synthetic| / 2, rows where both are there",
    "SDMetrics, CorrelationSimilarity",
)
SPEARMAN = _measure(
    "spearman_similarity",
    "Rank correlations (Spearman)",
    "1: every two numeric columns rise and fall together as in the real table, along any curve.",
    "as for Pearson, of the ranks within each table",
    "SDMetrics, CorrelationSimilarity; Spearman 1904",
)
CONTINGENCY = _measure(
    "contingency_similarity",
    "Two-way tables of all pairs",
    "1: every combination of two columns is as frequent as in the real table.",
    "mean over all pairs of 1 - total variation of the two-way tables; numbers in ten bins of equally "
    "many real rows, missing a category",
    "SDMetrics, ContingencySimilarity (its bins for numbers are of equal width)",
)
RATIO = _measure(
    "correlation_ratio_similarity",
    "Categories with numbers (correlation ratio)",
    "1: categories tell as much about numbers as in the real table.",
    "mean over pairs (category, number) of 1 - |η_real - η_synthetic|",
    "Pearson 1905; Fisher 1925",
)
TRENDS = _measure(
    "pair_trends",
    "Pair trends",
    "1: related columns go together as in the real table.",
    "mean over the pairs related in the real table (|r| > .5 or Cramér's V > .3; all if none is) of "
    "correlation similarity, or of the two-way tables with numbers in ten bins of equal width",
    "SDMetrics, QualityReport",
)
QUALITY = _measure(
    "quality",
    "Quality",
    "Mean of column shapes and pair trends; forgiving, so read the classifier test first.",
    "(column shapes + pair trends) / 2",
    "SDMetrics, QualityReport",
)
MEASURES = (CONTINGENCY, CORRELATION, SPEARMAN, RATIO, TRENDS, QUALITY)


@dataclass(frozen=True)
class PairScores:
    """Scores of synthetic, reference and floor rows, pair by pair, and how related the pairs are.

    `corrected` is the strength without what chance adds to Cramér's V. Shape: three [3, pairs],
    strength and corrected (real and synthetic) [2, pairs].
    """

    pairs: list[tuple[int, int]]
    contingency: FloatArray
    trends: FloatArray
    strength: FloatArray
    corrected: FloatArray
    is_related: npt.NDArray[np.bool_]

    def counted(self) -> IntArray:
        """Places of the pairs that `pair_trends` is the mean of: those related in the real table."""
        return np.flatnonzero(self.is_related if self.is_related.any() else np.ones_like(self.is_related))


@dataclass(frozen=True)
class Numbers:
    """Correlations of the numeric columns. Shape: by side [4, n, n], in draws two of [draws, n, n]."""

    place: dict[int, int]
    values: FloatArray
    by_side: FloatArray
    drawn: tuple[FloatArray, FloatArray]

    def pair(self, i: int, j: int) -> tuple[FloatArray, tuple[FloatArray, FloatArray]]:
        """Correlation of columns i and j in the four sides, and in every draw of rows."""
        a, b = self.place[i], self.place[j]
        return self.by_side[:, a, b], (self.drawn[0][:, a, b], self.drawn[1][:, a, b])


def pair_metrics(tables: Tables) -> Family:
    """Similarity of all pairs of columns, by several measures; details "pairs".

    At most 40,000 rows of each table, and 100 columns, drawn at random from more. Intervals: random
    groups of real and of synthetic rows are drawn again (`RowGroups`); for two-way tables those of
    300 random pairs, with at most 50 categories a column.
    """
    sides = tables.sides(MAX_ROWS)
    columns = compare(*sides, schema=tables.schema)
    if len(columns) < 2:
        return Family.undefined(MEASURES, "the tables have fewer than two columns to compare")
    rng = tables.rng("pairs")
    is_cut = len(columns) > MAX_COLUMNS
    note = f"{MAX_COLUMNS} random columns of {len(columns)} are looked at" if is_cut else ""
    columns = [columns[i] for i in np.sort(rng.permutation(len(columns))[:MAX_COLUMNS])]
    groups = RowGroups.of(sides, rng)
    linear, ranks = (_correlations(columns, groups, by_rank=by_rank) for by_rank in (False, True))
    scores = _pair_scores(columns, groups, linear)
    few, few_wide = _both_bins(columns, MAX_CATEGORIES)
    ratios = _ratio_scores(columns, few, groups, linear)
    metrics: tuple[Metric, ...] = (
        _contingency_metric(few, groups, scores, rng),
        _correlation_metric(CORRELATION, linear, groups),
        _correlation_metric(SPEARMAN, ranks, groups),
        _ratio_metric(ratios, groups),
        *_trend_metrics((columns, few_wide), groups, scores, linear, rng),
    )
    if note:
        metrics = tuple(replace(metric, note=metric.note or note) for metric in metrics)
    return Family(metrics, {"pairs": _details(columns, scores, ranks, ratios)})


def _correlations(columns: Sequence[ComparedColumn], groups: RowGroups, *, by_rank: bool) -> Numbers:
    place = {i: n for n, i in enumerate(i for i, column in enumerate(columns) if column.is_numeric)}
    numeric = [columns[i] for i in place]
    if not numeric:
        none = np.zeros((4, 0, 0))
        return Numbers(place, np.zeros((sum(groups.sizes), 0)), none, (none, none))
    values = ranked(numeric) if by_rank else standardised(numeric)
    found = moments_by_group(values, groups)
    parts = (found.rows, found.sums, found.squares, found.products)
    drawn = [groups.drawn(part) for part in parts]
    real, synthetic = (Moments(*(part[t] for part in drawn)).correlations() for t in (0, 1))
    return Numbers(place, values, Moments(*map(side_totals, parts)).correlations(), (real, synthetic))


def _correlation_metric(measure: Measure, numbers: Numbers, groups: RowGroups) -> Metric:
    upper = np.triu_indices(len(numbers.place), k=1)
    if not len(upper[0]):
        return measure.undefined("there are no two columns of numbers or dates", rows=groups.rows)
    matrices = numbers.by_side[:, upper[0], upper[1]]
    three = 1 - np.abs(matrices[1:] - matrices[0]).mean(axis=1) / 2
    drawn = [side[:, upper[0], upper[1]] for side in numbers.drawn]
    return groups.found(measure, three, 1 - np.abs(drawn[0] - drawn[1]).mean(axis=1) / 2)


def _pair_scores(columns: Sequence[ComparedColumn], groups: RowGroups, linear: Numbers) -> PairScores:
    fine, wide = _both_bins(columns, None)
    pairs = list(combinations(range(len(columns)), 2))
    contingency, trends = np.empty((3, len(pairs))), np.empty((3, len(pairs)))
    strength, is_related = np.empty((2, len(pairs))), np.zeros(len(pairs), dtype=np.bool_)
    corrected = np.empty_like(strength)
    for n, (i, j) in enumerate(pairs):
        counts, _ = _two_way(fine[i], fine[j], groups)
        contingency[:, n] = 1 - variation(counts[0], counts[1:])
        if columns[i].is_numeric and columns[j].is_numeric:
            r, _ = linear.pair(i, j)
            trends[:, n] = 1 - np.abs(r[1:] - r[0]) / 2
            strength[:, n], threshold = r[:2], RELATED_R
            corrected[:, n] = r[:2]
        else:
            counts, cells = _two_way(wide[i], wide[j], groups)
            trends[:, n] = 1 - variation(counts[0], counts[1:])
            strength[:, n] = [cramers_v(cells, counts[t]) for t in (0, 1)]
            corrected[:, n] = [cramers_v(cells, counts[t], is_corrected=True) for t in (0, 1)]
            threshold = RELATED_V
        is_related[n] = abs(strength[0, n]) > threshold
    return PairScores(pairs, contingency, trends, strength, corrected, is_related)


def _both_bins(
    columns: Sequence[ComparedColumn], max_categories: int | None
) -> tuple[list[BinnedColumn], list[BinnedColumn]]:
    """Columns with numbers in bins of equally many rows, and in bins of equal width."""
    fine = [binned(column, BINS, max_categories=max_categories) for column in columns]
    wide = list(fine)
    for i, column in enumerate(columns):
        if column.is_numeric:
            codes = np.concatenate(equal_width_codes(column))
            wide[i] = BinnedColumn(column.name, codes, int(codes.max()) + 1)
    return fine, wide


def _two_way(
    first: BinnedColumn, second: BinnedColumn, groups: RowGroups
) -> tuple[IntArray, tuple[IntArray, IntArray]]:
    """Rows of every side in the cells that have any, and the codes of both columns in those cells."""
    cells, n_cells = cells_of([first, second])
    few, n_few = compact(cells, n_cells, DENSE_CELLS)
    counts = groups.of_sides(few, n_few)
    filled = np.flatnonzero(counts.any(axis=0))
    where = filled if n_few == n_cells else np.unique(cells)
    return counts[:, filled], (where // second.n_codes, where % second.n_codes)


def _drawn_similarity(first: BinnedColumn, second: BinnedColumn, groups: RowGroups) -> FloatArray:
    return 1 - variation(*groups.drawn(groups.by_group(*cells_of([first, second]))))


def _some(places: IntArray, rng: np.random.Generator) -> IntArray:
    return np.sort(rng.permutation(places)[:INTERVAL_PAIRS])


def _contingency_metric(
    few: Sequence[BinnedColumn], groups: RowGroups, scores: PairScores, rng: np.random.Generator
) -> Metric:
    some = [scores.pairs[n] for n in _some(np.arange(len(scores.pairs)), rng)]
    draws = np.mean([_drawn_similarity(few[i], few[j], groups) for i, j in some], axis=0)
    return groups.found(CONTINGENCY, scores.contingency.mean(axis=1), draws)


def _trend_metrics(
    both: tuple[Sequence[ComparedColumn], Sequence[BinnedColumn]],
    groups: RowGroups,
    scores: PairScores,
    linear: Numbers,
    rng: np.random.Generator,
) -> tuple[Metric, Metric]:
    columns, wide = both
    counted = scores.counted()
    drawn = []
    for i, j in (scores.pairs[n] for n in _some(counted, rng)):
        if columns[i].is_numeric and columns[j].is_numeric:
            _, (real, synthetic) = linear.pair(i, j)
            drawn.append(1 - np.abs(real - synthetic) / 2)
        else:
            drawn.append(_drawn_similarity(wide[i], wide[j], groups))
    trends, trend_draws = scores.trends[:, counted].mean(axis=1), np.mean(drawn, axis=0)
    shapes = np.array([[column_shape(column, t) for column in columns] for t in OTHERS]).mean(axis=1)
    shape_of_draws = np.mean([shape_draws(column, groups) for column in columns], axis=0)
    note = "" if scores.is_related.any() else "no two columns are related in the real table: all count"
    return (
        groups.found(TRENDS, trends, trend_draws, note=note),
        groups.found(QUALITY, (shapes + trends) / 2, (shape_of_draws + trend_draws) / 2),
    )


def _ratio_scores(
    columns: Sequence[ComparedColumn], few: Sequence[BinnedColumn], groups: RowGroups, linear: Numbers
) -> dict[tuple[int, int], tuple[FloatArray, FloatArray]]:
    """Eta of every (category, number) in the four sides, and its similarity in every draw."""
    found = {}
    if not linear.place:
        return {}
    for i, column in enumerate(columns):
        if column.is_numeric:
            continue
        sums = correlation_ratio_sums(linear.values, few[i], groups)
        by_side = correlation_ratios(side_totals(sums))
        real, synthetic = map(correlation_ratios, groups.drawn(sums))
        for j, place in linear.place.items():
            found[i, j] = by_side[:, place], 1 - np.abs(real - synthetic)[:, place]
    return found


def _ratio_metric(ratios: dict[tuple[int, int], tuple[FloatArray, FloatArray]], groups: RowGroups) -> Metric:
    if not ratios:
        return RATIO.undefined("there is no column of categories beside one of numbers", rows=groups.rows)
    etas = np.array([eta for eta, _ in ratios.values()])
    three = 1 - np.abs(etas[:, 1:] - etas[:, :1]).mean(axis=0)
    return groups.found(RATIO, three, np.mean([draws for _, draws in ratios.values()], axis=0))


def _details(
    columns: Sequence[ComparedColumn],
    scores: PairScores,
    ranks: Numbers,
    ratios: dict[tuple[int, int], tuple[FloatArray, FloatArray]],
) -> pd.DataFrame:
    """A row a pair: `real` and `synthetic` are r of two numbers, Cramér's V of any other pair.

    `real_corrected` and `synthetic_corrected` are without what chance adds to V.
    """
    rows = []
    for n, (i, j) in enumerate(scores.pairs):
        are_numbers = columns[i].is_numeric and columns[j].is_numeric
        eta = ratios.get((i, j), ratios.get((j, i), (None, None)))[0]
        rank = ranks.pair(i, j)[0] if are_numbers else None
        rows.append(
            {
                "first": columns[i].name,
                "second": columns[j].name,
                "association": "pearson" if are_numbers else "cramers_v",
                "real": scores.strength[0, n],
                "synthetic": scores.strength[1, n],
                "real_corrected": scores.corrected[0, n],
                "synthetic_corrected": scores.corrected[1, n],
                "is_related": bool(scores.is_related[n]),
                "pair_trend": scores.trends[0, n],
                "reference_pair_trend": scores.trends[1, n],
                "contingency_similarity": scores.contingency[0, n],
                "reference_contingency": scores.contingency[1, n],
                "real_spearman": None if rank is None else rank[0],
                "synthetic_spearman": None if rank is None else rank[1],
                "real_correlation_ratio": None if eta is None else eta[0],
                "synthetic_correlation_ratio": None if eta is None else eta[1],
            }
        )
    table: pd.DataFrame = pd.DataFrame(rows)
    return table
