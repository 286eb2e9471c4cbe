"""Is the synthetic table as rich as the real one: different rows, frequent combinations, every subgroup?"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabgan.evaluation.bins import BinnedColumn, binned, cells_of, compact, exact
from tabgan.evaluation.features import ComparedColumn, FloatArray, IntArray, compare
from tabgan.evaluation.intervals import wilson
from tabgan.evaluation.marginals import random_subsets
from tabgan.evaluation.metric import Family, Measure, Metric
from tabgan.evaluation.resampling import MIN_ROWS, RowGroups, side_totals, variation
from tabgan.evaluation.tables import Tables
from tabgan.evaluation.texts import counted

MAX_ROWS = 40_000  # of each side
BINS = 10
MAX_CATEGORIES = 30  # a column's others are one category
TRIPLES = 50
FREQUENT = 10  # rows that as many real rows would hold: absent from a real sample once in 22,000
DENSE_CELLS = 4_000
SUBGROUP_CATEGORIES = 20  # a column with more has no subgroups
SUBGROUP_ROWS = 100  # real rows a subgroup needs; also keeps every name told off single persons
SUBGROUP_REFERENCE = 25  # and rows of the reference
SUBGROUP_COLUMNS = 20
OTHER_COLUMNS = 50

DISTINCT = Measure(
    "distinct_rows",
    "Distinct rows",
    "fidelity",
    "nearer",
    None,
    "Share of different rows; real rows are repeated as often as the reference says.",
    "different rows / rows",
    overfits=False,
)
MODES = Measure(
    "mode_coverage",
    "Frequent combinations that appear",
    "fidelity",
    "higher",
    1.0,
    "1: every frequent combination of three real columns appears; less: the generator forgot some.",
    "share of the combinations of three columns (numbers in ten bins) that should hold 10 rows or more "
    "and hold at least one, over 50 random groups of columns",
    overfits=False,
)
SUBGROUP = Measure(
    "worst_subgroup",
    "Worst subgroup",
    "fidelity",
    "higher",
    1.0,
    "1: within every category the other columns are spread as in the real table; this is the worst one.",
    "min over categories of the mean over the other columns of 1 - total variation within the category "
    "(numbers in ten bins)",
)
MEASURES = (DISTINCT, MODES, SUBGROUP)


@dataclass(frozen=True)
class Subgroups:
    """The categories of one column that are held against the real ones.

    Shape: rows [4 sides, categories], similarity [synthetic, reference and floor, categories, other
    columns], in draws [draws, categories].
    """

    name: Hashable
    labels: list[object]
    rows: IntArray
    others: list[Hashable]
    similarity: FloatArray
    drawn: FloatArray


def variety_metrics(tables: Tables) -> Family:
    """Different rows, frequent combinations and the worst subgroup; details "subgroups".

    At most 40,000 rows of each table. Subgroups are the categories with 100 real rows or more of
    columns with at most 20 categories (20 such columns, the target first; 50 other columns).
    Intervals: of distinct rows Wilson's, of the rows that
    are the only ones of their kind (a jackknife); else random groups of rows are
    drawn again (`RowGroups`), of the worst subgroup for this one subgroup.
    """
    sides = tables.sides(MAX_ROWS)
    columns = compare(*sides, schema=tables.schema)
    if not columns:
        return Family.undefined(MEASURES, "the tables have no column to compare")
    rng = tables.rng("variety")
    groups = RowGroups.of(sides, rng)
    few = [binned(column, BINS, max_categories=MAX_CATEGORIES) for column in columns]
    subgroups = _subgroups(columns, few, groups, tables.target, rng)
    metrics = (_distinct(columns, groups, rng), _modes(few, groups, rng), _worst(subgroups, groups))
    return Family(metrics, {"subgroups": _details(subgroups)})


def _distinct(columns: Sequence[ComparedColumn], groups: RowGroups, rng: np.random.Generator) -> Metric:
    # A row is the sum of random numbers of its cells: equal sums are equal rows.
    rows = np.zeros(sum(groups.sizes), dtype=np.uint64)
    for column in columns:
        found = exact(column)
        rows += rng.integers(0, 2**64, found.n_codes, dtype=np.uint64)[found.codes]
    counts = [np.unique(part, return_counts=True)[1] for part in np.split(rows, np.cumsum(groups.sizes)[:-1])]
    three = [len(counts[t]) / groups.sizes[t] for t in (1, 2, 3)]
    # Leaving a row out changes the number of different rows only where it is the only one of its kind.
    alone = int((counts[1] == 1).sum())
    low, high = (end - alone / groups.rows for end in wilson(alone, groups.rows))
    is_told = groups.rows >= MIN_ROWS
    interval = (max(three[0] + low, 0.0), min(three[0] + high, 1.0)) if is_told else None
    return DISTINCT.of_three(three, interval=interval, rows=groups.rows)


def _modes(columns: Sequence[BinnedColumn], groups: RowGroups, rng: np.random.Generator) -> Metric:
    covered, drawn = np.zeros(3), np.zeros(len(groups.draws[0]))
    n_frequent = 0
    for subset in random_subsets(len(columns), min(3, len(columns)), TRIPLES, rng):
        cells, n_cells = compact(*cells_of([columns[i] for i in subset]), DENSE_CELLS)
        by_group = groups.by_group(cells, n_cells)
        counts = side_totals(by_group)
        frequent = counts[0] * groups.rows >= FREQUENT * groups.sizes[0]
        n_frequent += int(frequent.sum())
        covered += (counts[1:, frequent] > 0).sum(axis=1)
        drawn += (groups.drawn(by_group[:, frequent])[1] > 0).sum(axis=1)
    if n_frequent == 0:
        return MODES.undefined("no combination is frequent enough to be missed", rows=groups.rows)
    return groups.found(
        MODES, covered / n_frequent, drawn / n_frequent, note=counted(n_frequent, "combination")
    )


def _subgroups(
    columns: Sequence[ComparedColumn],
    few: Sequence[BinnedColumn],
    groups: RowGroups,
    target: Hashable | None,
    rng: np.random.Generator,
) -> list[Subgroups]:
    """Of every column with few categories those with enough rows, beside all other columns."""
    if len(columns) < 2:
        return []
    places = [
        i
        for i in map(int, rng.permutation(len(columns)))
        if not columns[i].is_numeric and len(columns[i].labels) <= SUBGROUP_CATEGORIES
    ]
    places = sorted(places, key=lambda i: columns[i].name != target)[:SUBGROUP_COLUMNS]
    found = []
    for i in sorted(places):
        counts = groups.of_sides(few[i].codes, few[i].n_codes)
        is_kept = (counts[0] >= SUBGROUP_ROWS) & (counts[2] >= SUBGROUP_REFERENCE)
        is_kept[0] = False
        if is_kept.any():
            others = [j for j in map(int, rng.permutation(len(columns))) if j != i][:OTHER_COLUMNS]
            found.append(
                _held_against(columns[i], (few[i], [few[j] for j in sorted(others)]), is_kept, groups)
            )
    return found


def _held_against(
    column: ComparedColumn,
    codes: tuple[BinnedColumn, list[BinnedColumn]],
    is_kept: npt.NDArray[np.bool_],
    groups: RowGroups,
) -> Subgroups:
    own, others = codes
    kept = np.flatnonzero(is_kept)
    similarity, drawn = np.zeros((3, len(kept), len(others))), np.zeros((len(groups.draws[0]), len(kept)))
    for n, other in enumerate(others):
        by_group = groups.by_group(*cells_of([own, other])).reshape(-1, own.n_codes, other.n_codes)[:, kept]
        counts = side_totals(by_group)
        similarity[:, :, n] = 1 - variation(counts[0], counts[1:])
        drawn += (1 - variation(*groups.drawn(by_group))) / len(others)
    rows = groups.of_sides(own.codes, own.n_codes)[:, kept]
    # A missing cell has code 0, so that labels begin at 1.
    labels = [column.labels[code - 1] for code in kept]
    return Subgroups(column.name, labels, rows, [other.name for other in others], similarity, drawn)


def _worst(subgroups: Sequence[Subgroups], groups: RowGroups) -> Metric:
    if not subgroups:
        return SUBGROUP.undefined(
            f"no column of few categories has one with {SUBGROUP_ROWS} real rows beside other columns",
            rows=groups.rows,
        )
    means = np.concatenate([one.similarity.mean(axis=2) for one in subgroups], axis=1)
    drawn = np.concatenate([one.drawn for one in subgroups], axis=1)
    note = f"of {counted(means.shape[1], 'subgroup')}"
    return groups.found(SUBGROUP, means.min(axis=1), drawn[:, means[0].argmin()], note=note)


def _details(subgroups: Sequence[Subgroups]) -> pd.DataFrame:
    """A row a subgroup, the worst first, with the column that is farthest off in it."""
    rows: list[dict[str, Any]] = [
        {
            "column": one.name,
            "category": label,
            "real_rows": int(one.rows[0, n]),
            "synthetic_rows": int(one.rows[1, n]),
            "similarity": float(one.similarity[0, n].mean()),
            "reference_similarity": float(one.similarity[1, n].mean()),
            "worst_column": one.others[int(one.similarity[0, n].argmin())],
            "worst_similarity": float(one.similarity[0, n].min()),
        }
        for one in subgroups
        for n, label in enumerate(one.labels)
    ]
    names = (
        "column category real_rows synthetic_rows similarity reference_similarity worst_column "
        "worst_similarity"
    ).split()
    rows = sorted(rows, key=lambda row: row["similarity"])
    table: pd.DataFrame = pd.DataFrame(rows, columns=names)
    return table
