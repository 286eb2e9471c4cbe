"""Which training rows are exposed most: those that synthetic rows lie next to and real ones do not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabgan.evaluation.distances import row_groups
from tabgan.evaluation.features import FloatArray, IntArray, compare, content_columns
from tabgan.evaluation.intervals import bonferroni, difference, wilson
from tabgan.evaluation.membership import MIN_ROWS, Candidates, draw_candidates, log_ratio, named_at
from tabgan.evaluation.metric import Family, Measure, Metric
from tabgan.evaluation.neighbours import Points, nearest
from tabgan.evaluation.risk import NO_COLUMN, NO_HOLDOUT, Trials
from tabgan.evaluation.tables import Tables
from tabgan.evaluation.verdict import verdict_of

MORE_ROWS = 10_000  # training rows that are looked at besides those drawn as candidates
TOP = 25
RATE = 0.01
DISTANCES = ("synthetic_distance", "holdout_distance")

MEASURES: tuple[Measure, ...] = (
    Measure(
        "matched_rows_share",
        "Unique training rows found among synthetic rows",
        "privacy",
        "lower",
        0.0,
        "Share of the training rows unlike any other real row that are in the synthetic table too. "
        "Held-out rows do so by chance in a table with few or coarse columns; only more than that is a leak.",
        "training rows found once in train and holdout together (or as rarely as the rarest) and equal to a "
        "synthetic row / such training rows",
    ),
    Measure(
        "exposed_rows_share",
        "Training rows more exposed than held-out rows",
        "privacy",
        "lower",
        RATE,
        "Share of the training rows with a score above that of all but 1 % of the held-out rows. A row is "
        "exposed when a synthetic row lies next to it where real rows are far. By chance it is 1 %.",
        "score: log (distance to the nearest of half the held-out rows / to the nearest synthetic row); "
        "share of training rows above the 99 % quantile of the other half",
        "van Breugel et al. 2023, Membership inference attacks against synthetic data",
    ),
)
MATCHED, EXPOSED = MEASURES


def exposure_metrics(tables: Tables) -> Family:
    """How many training rows are exposed, and in the details which, by their places alone.

    Details "exposed_rows": the 25 rows with the highest scores, most exposed first: `row` is the
    place in `tables.train`, `is_match` whether an equal synthetic row exists. Some row is always
    the most exposed; whether any is exposed too much, the metrics tell. All rows are searched for
    matches; for distances, at most 20,000 training rows (those with a match before others), 40,000
    synthetic and 10,000 held-out rows. Intervals: Wilson's; verdicts corrected for both tests.
    """
    if tables.holdout is None:
        return Family.undefined(MEASURES, NO_HOLDOUT, verdict="underpowered")
    given = tables.by_content
    assert given.holdout is not None
    drawn = draw_candidates(tables)
    if drawn is None:
        return Family.undefined(MEASURES, NO_COLUMN, verdict="underpowered")
    columns = content_columns(compare(given.train, given.holdout, given.synthetic, schema=given.schema))
    groups = row_groups(columns)
    is_match = np.isin(groups[0], groups[2])
    places = _places(drawn, groups[0], is_match, tables.rng("exposure"))
    scored = _distances(drawn.train.rows(places), drawn)
    is_candidate = np.isin(places, np.concatenate([drawn.members, drawn.spare]))
    metrics = (_matched(groups), _exposed(scored[is_candidate], drawn))
    listed = _listed(scored, tables.train_order[places], is_match[places])
    return Family(metrics, {"exposed_rows": listed})


def _places(
    drawn: Candidates, in_train: IntArray, is_match: npt.NDArray[np.bool_], rng: np.random.Generator
) -> IntArray:
    """Places of different training rows: the candidates, then rows with a match, then any."""
    chosen = np.concatenate([drawn.members, drawn.spare])
    firsts = np.unique(in_train, return_index=True)[1]
    rest = rng.permutation(np.sort(firsts[~np.isin(in_train[firsts], in_train[chosen])]))
    rest = rest[np.argsort(~is_match[rest], kind="stable")][:MORE_ROWS]
    return np.sort(np.concatenate([chosen, rest]))


def _distances(rows: Points, drawn: Candidates) -> pd.DataFrame:
    """Distances of rows to the synthetic rows and to the held-out rows the attacker knows."""
    sides = (drawn.synthetic, drawn.held_out.rows(drawn.references))
    found = [nearest(rows, side)[0][:, 0] for side in sides]
    table: pd.DataFrame = pd.DataFrame(dict(zip(DISTANCES, found, strict=True)))
    return table


def _scores(distances: pd.DataFrame, scale: float) -> FloatArray:
    to_synthetic, to_holdout = (distances[name].to_numpy() for name in DISTANCES)
    return log_ratio(to_holdout, to_synthetic, scale)


def _listed(distances: pd.DataFrame, rows: IntArray, is_match: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """The rows with the highest scores; a match counts although it may not have been drawn."""
    listed = distances.assign(row=rows, is_match=is_match)
    listed.loc[is_match, "synthetic_distance"] = 0.0
    listed["score"] = _scores(listed, float(listed["holdout_distance"].median()))
    top = np.argsort(-listed["score"].to_numpy(), kind="stable")[:TOP]
    ordered: pd.DataFrame = listed.iloc[top][["row", "score", *DISTANCES, "is_match"]].reset_index(drop=True)
    return ordered


def _matched(groups: list[IntArray]) -> Metric:
    train, holdout, synthetic = groups
    # Rare in both tables together: a row that is unique in the larger one is the rarer kind.
    found, counts = np.unique(np.concatenate([train, holdout]), return_counts=True)
    rarest = found[counts == counts.min()]
    sides = [_matches(np.intersect1d(side, rarest), synthetic) for side in (train, holdout)]
    return MATCHED.found(
        sides[0].rate,
        reference=sides[1].rate,
        interval=wilson(*sides[0].independent),
        rows=sides[0].trials,
        verdict=verdict_of(difference(sides[0].independent, sides[1].independent, bonferroni(len(MEASURES)))),
    )


def _matches(rows: IntArray, synthetic: IntArray) -> Trials:
    return Trials(int(np.isin(rows, synthetic).sum()), len(rows))


def _exposed(distances: pd.DataFrame, drawn: Candidates) -> Metric:
    n_rows = len(distances)
    if len(drawn.others) < max(MIN_ROWS, round(1 / RATE)):
        reason = f"it needs at least {round(1 / RATE):,} held-out rows that stand in one table only"
        return EXPOSED.undefined(reason, rows=n_rows, verdict="underpowered")
    control = _distances(drawn.held_out.rows(drawn.others), drawn)
    scale = float(control["holdout_distance"].median())
    named, wrong = named_at(RATE, _scores(distances, scale), _scores(control, scale))
    return EXPOSED.found(
        named / n_rows,
        reference=RATE,
        interval=wilson(named, n_rows),
        rows=n_rows,
        verdict=verdict_of(difference((named, n_rows), (wrong, len(control)), bonferroni(len(MEASURES)))),
    )
