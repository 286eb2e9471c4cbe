"""Counts of two and three columns at once: how far off, and what random sample would be as far off?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb

import numpy as np

from tabgan.evaluation.bins import BinnedColumn, binned, cells_of, compact
from tabgan.evaluation.features import FloatArray, IntArray, compare
from tabgan.evaluation.metric import Family, Measure, Metric
from tabgan.evaluation.resampling import RowGroups, variation
from tabgan.evaluation.tables import Tables
from tabgan.evaluation.texts import counted

MAX_ROWS = 40_000  # of each side
SUBSETS = 100  # groups of columns of either size
INTERVAL_SUBSETS = 30  # of them, for the intervals
BINS = 10
MAX_CATEGORIES = 30  # a column's others are one category
DENSE_CELLS = 4_000
PERFECT = 1000.0
REPEATS = 5  # random samples of each size
FEWEST = 5  # rows of the smallest random sample to compare with


def _measures(word: str) -> tuple[Measure, Measure]:
    """Of groups of two or three columns: the score, and the sample that errs as much."""
    name, source = f"{word.capitalize()}-way marginals", "NIST 2018, k-marginal score; SDNist"
    score = Measure(
        f"{word}_way_marginals",
        f"{name} (NIST score)",
        "fidelity",
        "higher",
        PERFECT,
        "1000: the counts of these columns together are those of the real table; 0: nothing in common.",
        "1000 × (1 - mean total variation) over 100 random groups of columns (all if fewer); numbers "
        "in ten bins of equally many real rows",
        source,
    )
    sample = Measure(
        f"{word}_way_subsample_equivalent",
        f"{name}: as a sample of (%)",
        "fidelity",
        "higher",
        100.0,
        "As accurate as a random sample of this many percent of the real rows; fresh real rows do not "
        "reach 100 either.",
        "the share of the real rows whose random samples reach the same score (interpolated)",
        source,
    )
    return score, sample


MEASURES = (*_measures("two"), *_measures("three"))


def marginal_metrics(tables: Tables) -> Family:
    """Error of random two- and three-way marginals, and the random sample that errs as much.

    At most 40,000 rows of each table; 100 groups of two and 100 of three columns, drawn at random
    from more. Intervals: random groups of real and of synthetic rows are drawn again (`RowGroups`)
    for 30 groups of columns; which columns are taken is held fixed.
    """
    sides = tables.sides(MAX_ROWS)
    columns = [
        binned(column, BINS, max_categories=MAX_CATEGORIES)
        for column in compare(*sides, schema=tables.schema)
    ]
    rng = tables.rng("marginals")
    groups = RowGroups.of(sides, rng)
    metrics: list[Metric] = []
    for size, measures in ((2, MEASURES[:2]), (3, MEASURES[2:])):
        if len(columns) < size:
            reason = f"the tables have fewer than {size} columns to compare"
            metrics += Family.undefined(measures, reason).metrics
            continue
        metrics += _scored(measures, columns, random_subsets(len(columns), size, SUBSETS, rng), groups, rng)
    return Family(tuple(metrics))


def random_subsets(n: int, size: int, most: int, rng: np.random.Generator) -> list[tuple[int, ...]]:
    """At most so many different groups of `size` of the numbers 0 to n - 1, in order.

    >>> random_subsets(3, 2, 10, np.random.default_rng(0))
    [(0, 1), (0, 2), (1, 2)]
    """
    if comb(n, size) <= most:
        return list(combinations(range(n), size))
    found: set[tuple[int, ...]] = set()
    while len(found) < most:
        found.add(tuple(sorted(map(int, rng.choice(n, size, replace=False)))))
    return sorted(found)


def _scored(
    measures: Sequence[Measure],
    columns: Sequence[BinnedColumn],
    subsets: list[tuple[int, ...]],
    groups: RowGroups,
    rng: np.random.Generator,
) -> list[Metric]:
    repeats = [_levels(groups.sizes[0], rng) for _ in range(REPEATS)]
    errors, curve, draws = [], [], []
    told = set(map(int, rng.permutation(len(subsets))[:INTERVAL_SUBSETS]))
    for n, subset in enumerate(subsets):
        cells, n_cells = compact(*cells_of([columns[i] for i in subset]), DENSE_CELLS)
        counts = groups.of_sides(cells, n_cells)
        errors.append(variation(counts[0], counts[1:]))
        real = cells[: groups.sizes[0]]
        curve += [variation(counts[0], _sample_counts(real, n_cells, levels)) for levels in repeats]
        if n in told:
            draws.append(variation(*groups.drawn(groups.by_group(cells, n_cells))))
    error, drawn = np.mean(errors, axis=0), np.mean(draws, axis=0)
    three, scores, bounds = PERFECT * (1 - error), PERFECT * (1 - drawn), (0.0, PERFECT)
    note = f"{counted(len(subsets), 'group')} of columns"
    return [
        groups.found(measures[0], three, scores, bounds=bounds, note=note),
        # Drawing rows twice adds an error of its own: only the spread of the draws counts.
        _equivalent(measures[1], (error, drawn - drawn.mean() + error[0]), np.mean(curve, axis=0), groups),
    ]


def _equivalent(
    measure: Measure, errors: tuple[FloatArray, FloatArray], curve: FloatArray, groups: RowGroups
) -> Metric:
    shares = _shares(groups.sizes[0])
    if not len(shares):
        return measure.undefined(
            f"there are fewer than {2 * FEWEST} real rows to sample from", rows=groups.rows
        )
    three, drawn = (100 * equivalent_share(error, shares, curve) for error in errors)
    return groups.found(measure, three, drawn, bounds=(0.0, 100.0))


def equivalent_share(error: FloatArray, shares: FloatArray, errors: FloatArray) -> FloatArray:
    """Share of the real rows whose random sample has this error, between those that were tried.

    A sample of share s errs by about √(1/s - 1) times a constant: that is what is interpolated.
    An error beyond that of the smallest sample counts as that sample.

    >>> equivalent_share(np.array([0.0, 0.1, 0.9]), np.array([0.5, 0.1]), np.array([0.1, 0.3])).round(3)
    array([1. , 0.5, 0.1])
    """
    known = np.concatenate([[0.0], np.maximum.accumulate(errors)])
    spread = np.concatenate([[0.0], np.sqrt(1 / shares - 1)])
    return np.asarray(1 / (1 + np.interp(error, known, spread) ** 2))


def _shares(n_rows: int) -> FloatArray:
    """Shares of the random samples: halves, and the root between them, down to 5 rows."""
    shares = 2.0 ** -np.arange(1, 40, 0.5)
    return shares[shares * n_rows >= FEWEST]


def _levels(n_rows: int, rng: np.random.Generator) -> IntArray:
    """For every real row how many of the random samples hold it; a larger one holds the smaller ones."""
    sizes = np.round(_shares(n_rows) * n_rows)
    return np.asarray((sizes > rng.permutation(n_rows)[:, None]).sum(axis=1))


def _sample_counts(cells: IntArray, n_cells: int, levels: IntArray) -> IntArray:
    """Rows of every random sample in every cell, the largest sample first. Shape: -> [samples, cells]."""
    n_samples = len(_shares(len(cells)))
    counts = np.bincount(levels * n_cells + cells, minlength=(n_samples + 1) * n_cells)
    at_least = counts.reshape(n_samples + 1, n_cells)[::-1].cumsum(axis=0)[::-1]
    return np.asarray(at_least[1:])
