"""Are training rows repeated: exact matches and nearest neighbours, beside rows held out.

A screen, not evidence of privacy: a bad value is a leak, a good one proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from tabgan.evaluation.distances import NEIGHBOUR_ROWS, TIE, row_groups
from tabgan.evaluation.features import ComparedColumn, FloatArray, IntArray, compare, content_columns
from tabgan.evaluation.intervals import CONFIDENCE, bonferroni, wilson
from tabgan.evaluation.matches import Matches
from tabgan.evaluation.metric import Family, Interval, Measure, Metric, Verdict
from tabgan.evaluation.neighbours import Points, nearest, points
from tabgan.evaluation.risk import NO_COLUMN, NO_HOLDOUT
from tabgan.evaluation.tables import Tables
from tabgan.evaluation.verdict import verdict_of

SUBSETS = 6
RATIO_TIE = 1e-4
TOO_MANY_TIES = 0.5  # with more rows near both sides alike, a leak would not be seen
MIN_COLUMNS = 3  # of two, a subset is a single column, whose values everybody shares
SCREEN = "Screen, not evidence of privacy: "
TESTS = 5  # measures with a verdict

NEIGHBOUR_NOTE = "Equal distances count half; equal numbers of training and held-out rows."

MEASURES: tuple[Measure, ...] = (
    Measure(
        "exact_matches",
        "Rows found in the training table",
        "privacy",
        "lower",
        0.0,
        SCREEN + "share of synthetic rows that stand, cell for cell, in the training table. In a table with "
        "few or coarse columns they stand among held-out rows too, by chance: that is the reference, and "
        "only more than it is a leak.",
        "synthetic rows equal to a training row / synthetic rows; reference: the same rows, looked up among "
        "as many held-out rows",
    ),
    Measure(
        "unique_exact_matches",
        "Rows found that are unique in the training table",
        "privacy",
        "lower",
        0.0,
        SCREEN + "share of synthetic rows equal to a training row that no other real row is equal to. Rows "
        "of one person alone are met by chance far more rarely than common ones; how often, says the "
        "reference.",
        "synthetic rows equal to a row that is found in the training table alone, as rarely as the rarest / "
        "synthetic rows; reference: the same of as many held-out rows",
    ),
    Measure(
        "nearest_neighbour_share",
        "Nearer to training rows (DCR)",
        "privacy",
        "lower",
        0.5,
        SCREEN + "share of synthetic rows nearer to a training row than to a held-out row. .5 is that of "
        "rows made without looking at single training rows.",
        "P(distance to train < distance to holdout) + P(equal) / 2. " + NEIGHBOUR_NOTE,
        "Platzer & Reutterer 2021, Holdout-based empirical assessment",
    ),
    Measure(
        "neighbour_ratio_share",
        "Clinging to one training row (NNDR)",
        "privacy",
        "lower",
        0.5,
        SCREEN + "share of synthetic rows that lie closer to one single training row, measured by the next, "
        "than to one single held-out row. .5 is that of rows made without looking at single rows.",
        "NNDR = distance to the nearest / to the second nearest of all distinct rows; "
        "P(NNDR in train < NNDR in holdout) + P(equal) / 2. " + NEIGHBOUR_NOTE,
        "Zhao et al. 2021, CTAB-GAN",
    ),
    Measure(
        "neighbour_ties",
        "As near to a held-out row",
        "privacy",
        "lower",
        None,
        SCREEN + "share of synthetic rows equally far from training and held-out rows. The distances of "
        "these rows say nothing; near 1, in tables of few categories, they say nothing at all.",
        "P(distance to train = distance to holdout)",
    ),
    Measure(
        "worst_subset_share",
        "Nearer to training rows in some columns",
        "privacy",
        "lower",
        0.5,
        SCREEN + "the worst share of synthetic rows nearer to a training row than to a held-out row when "
        "only some columns are looked at: rows may be copied in part.",
        f"nearest_neighbour_share in up to {SUBSETS} random halves of the columns; the one whose corrected "
        "interval begins highest among rows that are not ties",
    ),
)
EXACT, UNIQUE, NEAREST, RATIO, TIES, SUBSET = MEASURES


@dataclass(frozen=True)
class Duel:
    """For every synthetic row, which real side it clings to: 1 train, 0 holdout, .5 neither.

    `groups` tells which real row won it: synthetic rows won by one real row stand or fall with it
    and are counted as one in every interval.
    """

    wins: FloatArray
    groups: IntArray

    @property
    def share(self) -> float:
        """Share won by training rows; ties count half."""
        return float(self.wins.mean())

    @property
    def ties(self) -> float:
        """Share of synthetic rows won by neither side."""
        return float((self.wins == 0.5).mean())

    def interval(self, level: float = CONFIDENCE) -> Interval:
        """Interval of `share`: that of the rows won by a side, at the middle for the others."""
        low, high = self.untied(level)
        rest, half = 1 - self.ties, self.ties / 2
        return rest * low + half, rest * high + half

    def verdict(self, level: float) -> Verdict:
        """From the rows won by a side alone (a sign test): ties must not hide a leak.

        Where these are too few to judge, from all rows, unless most of them are ties.
        """
        low, high = self.untied(level)
        found = verdict_of((2 * low - 1, 2 * high - 1))
        if found != "underpowered" or self.ties > TOO_MANY_TIES:
            return found
        low, high = self.interval(level)
        return verdict_of((2 * low - 1, 2 * high - 1))

    def untied(self, level: float) -> Interval:
        """Interval of the share won by training rows among the rows won by a side."""
        is_untied = self.wins != 0.5
        sizes = np.unique(self.groups[is_untied], return_counts=True)[1]
        if len(sizes) == 0:
            return 0.0, 1.0
        # Kish 1965: clusters of these sizes weigh as much as so many single rows.
        n_rows = max(1, round(float(sizes.sum() ** 2 / (sizes**2).sum())))
        return wilson(round(float(self.wins[is_untied].mean()) * n_rows), n_rows, level)


def memorisation_metrics(tables: Tables) -> Family:
    """Exact matches on all rows; nearest neighbours on at most 10,000 rows of each table.

    Intervals: Wilson's, for neighbours with the synthetic rows won by one real row counted as one.
    Verdicts are corrected for their number (Bonferroni) and compare with the holdout: matches by the
    different rows found on one side only (`Matches`), neighbours by the rows that are not equally
    near to both sides.
    Details "column_subsets": a row a subset of columns.
    """
    if tables.holdout is None:
        return Family.undefined(MEASURES, NO_HOLDOUT, verdict="underpowered")
    given = tables.by_content
    assert given.holdout is not None
    columns = compare(given.train, given.holdout, given.synthetic, schema=given.schema)
    if not columns:
        return Family.undefined(MEASURES, NO_COLUMN, verdict="underpowered")
    columns = content_columns(columns)
    groups = row_groups(columns)
    rng = tables.rng("memorisation")
    exact = Family(tuple(_matches(measure, groups) for measure in (EXACT, UNIQUE)))
    sides = _draw(columns, groups, rng)
    return Family.join([exact, _neighbours(sides), _subsets(sides, columns, rng)])


def _matches(measure: Measure, groups: Sequence[IntArray]) -> Metric:
    matches = Matches.of(groups, is_rare=measure is UNIQUE)
    notes = [f"different rows that are found: {matches.n_found:,}"] if matches.n_found else []
    if matches.ratio > 1:
        notes.append(
            f"{matches.ratio:.3g} times as many training rows as held out: the reference is scaled to them"
        )
    return measure.found(
        matches.found.rate,
        reference=matches.by_chance,
        interval=wilson(*matches.found.independent),
        rows=matches.found.trials,
        verdict=verdict_of(matches.interval(bonferroni(TESTS))),
        note="; ".join(notes),
    )


def _draw(
    columns: Sequence[ComparedColumn], groups: Sequence[IntArray], rng: np.random.Generator
) -> tuple[Points, Points, Points]:
    """Distinct training and held-out rows in equal numbers, and synthetic rows."""
    train, holdout, synthetic = groups
    n_rows = min(len(train), len(holdout), NEIGHBOUR_ROWS)
    sides = []
    for group in (train, holdout):
        drawn = rng.permutation(len(group))[:n_rows]
        sides.append(drawn[np.unique(group[drawn], return_index=True)[1]])
    n_distinct = min(map(len, sides))
    places = [np.sort(rng.permutation(np.sort(side))[:n_distinct]) for side in sides]
    places.append(np.sort(rng.permutation(len(synthetic))[:NEIGHBOUR_ROWS]))
    drawn_columns = [column.rows(places) for column in columns]
    first, second, third = points(drawn_columns, reference=(0, 1))
    return first, second, third


def _neighbours(sides: tuple[Points, Points, Points]) -> Family:
    train, holdout, synthetic = sides
    k = min(2, len(train))
    in_train, in_holdout = nearest(synthetic, train, k), nearest(synthetic, holdout, k)
    by_distance = _duel(in_train, in_holdout)
    metrics = [_judged(NEAREST, by_distance)]
    if k == 2:
        metrics.append(_judged(RATIO, _duel(_by_ratio(*in_train), _by_ratio(*in_holdout), RATIO_TIE)))
    else:
        reason = "it needs two different training rows and two held-out rows"
        metrics.append(RATIO.undefined(reason, verdict="underpowered"))
    n_rows = len(synthetic)
    ties = round(by_distance.ties * n_rows)
    metrics.append(TIES.found(by_distance.ties, interval=wilson(ties, n_rows), rows=n_rows))
    return Family(tuple(metrics))


def _subsets(
    sides: tuple[Points, Points, Points], columns: Sequence[ComparedColumn], rng: np.random.Generator
) -> Family:
    if len(columns) < MIN_COLUMNS:
        return Family.undefined([SUBSET], f"it needs at least {MIN_COLUMNS} columns")
    subsets = _draw_subsets(len(columns), rng)
    level = bonferroni(len(subsets))
    strict = bonferroni(TESTS, level)
    duels = []
    for subset in subsets:
        train, holdout, synthetic = (side.columns(subset) for side in sides)
        duels.append(_duel(nearest(synthetic, train), nearest(synthetic, holdout)))
    rows = [
        {
            "columns": ", ".join(sorted(str(columns[column].name) for column in subset)),
            "share": duel.share,
            "low": duel.interval(level)[0],
            "high": duel.interval(level)[1],
            "ties": duel.ties,
            "verdict": duel.verdict(strict),
        }
        for subset, duel in zip(subsets, duels, strict=True)
    ]
    worst = max(duels, key=lambda duel: (duel.untied(level)[0], duel.share))
    note = f"the worst of {len(subsets)} subsets of columns; its interval is corrected for their number"
    metric = SUBSET.found(
        worst.share,
        reference=0.5,
        interval=worst.interval(level),
        rows=len(worst.wins),
        verdict=worst.verdict(strict),
        note=note,
    )
    return Family((metric,), {"column_subsets": pd.DataFrame(rows)})


def _draw_subsets(n_columns: int, rng: np.random.Generator) -> list[tuple[int, ...]]:
    """Random different halves of the columns, of two columns or more."""
    size = max(2, n_columns // 2)
    if n_columns <= 5:
        whole = list(combinations(range(n_columns), size))
        return [whole[place] for place in np.sort(rng.permutation(len(whole))[:SUBSETS])]
    drawn = {tuple(sorted(map(int, rng.permutation(n_columns)[:size]))) for _ in range(SUBSETS)}
    return sorted(drawn)


def _duel(train: tuple[FloatArray, IntArray], holdout: tuple[FloatArray, IntArray], tie: float = TIE) -> Duel:
    """Of distances to and places of the nearest rows of both sides. Shape: [rows, 1 or more] each."""
    gap = holdout[0][:, 0] - train[0][:, 0]
    wins = np.where(gap > tie, 1.0, np.where(gap < -tie, 0.0, 0.5))
    return Duel(wins, np.where(wins == 0.0, -1 - holdout[1][:, 0], train[1][:, 0]))


def _by_ratio(distances: FloatArray, places: IntArray) -> tuple[FloatArray, IntArray]:
    """Distance to the nearest over distance to the second, 1 where both are 0; the places as they are."""
    first, second = distances.T
    return np.divide(first, second, out=np.ones(len(first)), where=second > 0)[:, None], places


def _judged(measure: Measure, duel: Duel) -> Metric:
    return measure.found(
        duel.share,
        reference=0.5,
        interval=duel.interval(),
        rows=len(duel.wins),
        verdict=duel.verdict(bonferroni(TESTS)),
        note=f"{duel.ties:.1%} are equally near to both sides" if measure is NEAREST else "",
    )
