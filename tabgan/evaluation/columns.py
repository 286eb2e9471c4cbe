"""Every column by itself: is it spread, missing and as rich as in the real table?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tabgan.evaluation.bins import by_frequency
from tabgan.evaluation.column_scores import OTHERS, Scores, scores_of
from tabgan.evaluation.features import ComparedColumn, FloatArray, compare, scale_of
from tabgan.evaluation.metric import Family, Measure, Metric
from tabgan.evaluation.profiles import MIN_ROWS
from tabgan.evaluation.resampling import RowGroups, variation
from tabgan.evaluation.tables import Tables
from tabgan.evaluation.texts import counted

MAX_ROWS = 50_000  # of each side
FIGURES = "missing mean std q25 median q75 categories most_frequent most_frequent_share".split()
PATTERNS = 500  # beyond, rare patterns of missing cells are one in the interval


def _measure(key: str, name: str, meaning: str, formula: str, source: str = "") -> Measure:
    """Of one column at a time, whose shares may be nearer than those of other real rows without a row known.

    Columns that are shuffled each by itself have them exactly, and so has a generator that sets them right.
    """
    return Measure(key, name, "fidelity", "higher", 1.0, meaning, formula, source, overfits=False)


SHAPES = _measure(
    "column_shapes",
    "Column shapes",
    "1: every column by itself is spread as in the real table; 0: nothing in common.",
    "mean over all columns of KSComplement (numbers, dates) or TVComplement (categories, where a "
    "missing cell is a category)",
    "SDMetrics, QualityReport",
)
KS = _measure(
    "ks_complement",
    "Numbers and dates (KSComplement)",
    "1: synthetic numbers have the distribution of the real ones.",
    "mean over columns of 1 - max |F_real(x) - F_synthetic(x)|; missing cells left out",
    "SDMetrics, KSComplement; Kolmogorov 1933, Smirnov 1939",
)
TV = _measure(
    "tv_complement",
    "Categories (TVComplement)",
    "1: every category is as frequent as in the real table.",
    "mean over columns of 1 - Σ |p_real - p_synthetic| / 2; missing cells left out",
    "SDMetrics, TVComplement",
)
WASSERSTEIN = Measure(
    "wasserstein",
    "Distance of numbers (Wasserstein / IQR)",
    "fidelity",
    "lower",
    0.0,
    "How far real numbers must be moved to become the synthetic ones, in widths of their middle half.",
    "mean over columns of ∫ |F_real(x) - F_synthetic(x)| dx / IQR of the real rows (a wider range "
    "where the IQR is 0); missing cells left out",
    "Kantorovich 1942; Ramdas, García Trillos & Cuturi 2017",
    overfits=False,
)
MISSING_SHARE = _measure(
    "missing_share_similarity",
    "Missing cells, column by column",
    "1: as many cells are missing in every column as in the real table.",
    "mean of 1 - |share missing in real - in synthetic|, over the columns with a missing cell",
    "SDMetrics, MissingValueSimilarity",
)
MISSING_PATTERN = Measure(
    "missing_pattern_similarity",
    "Missing cells that go together",
    "fidelity",
    "higher",
    1.0,
    "1: the same cells are missing together in a row, as often as in the real table.",
    "1 - total variation distance between the patterns of missing cells of whole rows",
)
CATEGORY_COVERAGE = _measure(
    "category_coverage",
    "Categories that appear",
    "1: every category of the real rows appears among the synthetic ones.",
    "mean over columns of the share of real categories with at least one synthetic row",
    "SDMetrics, CategoryCoverage",
)
RANGE_COVERAGE = _measure(
    "range_coverage",
    "Range that is covered",
    "1: synthetic numbers reach from the smallest to the largest real one.",
    "mean over columns of max(0, 1 - uncovered share of the real range at either end)",
    "SDMetrics, RangeCoverage",
)
MEASURES = (
    *(SHAPES, KS, TV, WASSERSTEIN),
    *(MISSING_SHARE, MISSING_PATTERN, CATEGORY_COVERAGE, RANGE_COVERAGE),
)
NONE_OF = {
    **dict.fromkeys((KS, WASSERSTEIN, RANGE_COVERAGE), "no column holds numbers or dates"),
    **dict.fromkeys((TV, CATEGORY_COVERAGE), "no column holds categories"),
    **dict.fromkeys((MISSING_SHARE, MISSING_PATTERN), "no cell is missing in any table"),
}


def column_metrics(tables: Tables) -> Family:
    """Spread, missing cells and coverage of every column; details "columns".

    At most 50,000 rows of each table. Intervals: random groups of real and of synthetic rows are
    drawn again (`RowGroups`); those of numbers on a grid of 100 bins. A column without a number on
    either side has no Wasserstein distance, which the metric's note counts.
    """
    sides = tables.sides(MAX_ROWS)
    columns = compare(*sides, schema=tables.schema)
    if not columns:
        return Family.undefined(MEASURES, "the tables have no column to compare")
    groups = RowGroups.of(sides, tables.rng("columns"))
    scores = [scores_of(column, groups) for column in columns]
    pattern = _pattern_metric(columns, groups, tables.rng("patterns"))
    metrics = [pattern if m is MISSING_PATTERN else _mean_metric(m, scores, groups) for m in MEASURES]
    return Family(tuple(metrics), {"columns": _details(columns, scores)})


def _mean_metric(measure: Measure, scores: Sequence[dict[str, Scores]], groups: RowGroups) -> Metric:
    found = [score[measure.key] for score in scores if measure.key in score]
    if not found:
        return measure.undefined(NONE_OF.get(measure, "no column can be compared"), rows=groups.rows)
    three = np.array([score.three for score in found])
    is_told = np.isfinite(three).all(axis=1)
    if not is_told.any():
        return measure.undefined("no column has numbers in every table", rows=groups.rows)
    draws = np.mean([score.draws for score, told in zip(found, is_told, strict=True) if told], axis=0)
    left_out = int((~is_told).sum())
    return groups.found(
        measure,
        three[is_told].mean(axis=0),
        draws,
        bounds=(0.0, 1.0) if measure.better == "higher" else (0.0, np.inf),
        note=f"left out: {counted(left_out, 'column')} without a number in one table" if left_out else "",
    )


def _pattern_metric(columns: Sequence[ComparedColumn], groups: RowGroups, rng: np.random.Generator) -> Metric:
    hidden = [np.concatenate(column.is_missing) for column in columns]
    hidden = [cells for cells in hidden if cells.any()]
    if not hidden:
        return MISSING_PATTERN.undefined(NONE_OF[MISSING_PATTERN], rows=groups.rows)
    # A pattern is the sum of random numbers of its columns: equal sums are equal patterns.
    key = np.zeros(sum(groups.sizes), dtype=np.uint64)
    for cells in hidden:
        key += cells * rng.integers(0, 2**64, dtype=np.uint64)
    patterns, counts = np.unique(key, return_counts=True)
    codes = by_frequency(counts)[np.searchsorted(patterns, key)]
    exact = groups.of_sides(codes, len(patterns))
    by_group = groups.by_group(np.minimum(codes, PATTERNS), min(len(patterns), PATTERNS + 1))
    three = [1 - float(variation(exact[0], exact[t])) for t in OTHERS]
    return groups.found(MISSING_PATTERN, three, 1 - variation(*groups.drawn(by_group)))


def _details(columns: Sequence[ComparedColumn], scores: Sequence[dict[str, Scores]]) -> pd.DataFrame:
    """A row a column: its measures, and figures of the real and the synthetic cells."""
    keys = [measure.key for measure in MEASURES if measure is not MISSING_PATTERN]
    rows = []
    for column, found in zip(columns, scores, strict=True):
        row: dict[str, object] = {"column": column.name, "kind": column.kind}
        row |= {key: found[key].three[0] if key in found else None for key in keys}
        row["reference_shape"], row["floor_shape"] = found[SHAPES.key].three[1:]
        real, synthetic = (_figures(column, t) for t in (0, 1))
        for name in FIGURES:
            row |= {f"real_{name}": real.get(name), f"synthetic_{name}": synthetic.get(name)}
        rows.append(row)
    table: pd.DataFrame = pd.DataFrame(rows)
    return table


def _figures(column: ComparedColumn, table: int) -> dict[str, object]:
    """What may be told of the cells of one table: nothing stands for fewer than 5 rows."""
    figures: dict[str, object] = {}
    present = column.cells[table][~column.is_missing[table]]
    n_rows = len(column.cells[table])
    n_missing = n_rows - len(present)
    # A few missing cells are neither told nor, by the share 0, denied.
    if n_missing == 0 or n_missing >= MIN_ROWS:
        figures["missing"] = n_missing / n_rows
    if column.is_numeric:
        return figures | _number_figures(column, np.sort(present))
    counts = np.bincount(present, minlength=1)
    figures["categories"] = int((counts >= MIN_ROWS).sum())
    first = int(counts.argmax())
    # A synthetic table may repeat one that only a few real rows have.
    if counts.max() >= MIN_ROWS and not 0 < int((column.codes[0] == first).sum()) < MIN_ROWS:
        figures["most_frequent"] = column.labels[first]
        figures["most_frequent_share"] = counts.max() / n_rows
    return figures


def _number_figures(column: ComparedColumn, ordered: FloatArray) -> dict[str, object]:
    if len(ordered) < MIN_ROWS:
        return {}
    scale = scale_of(ordered)
    ordered = ordered / scale
    figures = {"mean": float(ordered.mean())}
    for name, share in (("q25", 0.25), ("median", 0.5), ("q75", 0.75)):
        # The mean of five neighbours: no cell of a single row is told.
        first = min(max(round(share * (len(ordered) - 1)) - 2, 0), len(ordered) - MIN_ROWS)
        figures[name] = float(ordered[first : first + MIN_ROWS].mean())
    # Scaled before squaring, which keeps very large numbers finite.
    largest = float(np.abs(ordered).max()) or 1.0
    spread = float((ordered / largest).std()) * largest * scale
    if column.kind == "datetime":
        moments = {name: str(np.datetime64(round(second), "s")) for name, second in figures.items()}
        return {**moments, "std": spread}
    return {**{name: figure * scale for name, figure in figures.items()}, "std": spread}
