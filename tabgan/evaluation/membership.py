"""Membership inference: can one tell who was in the training table?

The attacker holds the synthetic table and real rows that nobody was trained on. A person is taken
for a member where the synthetic rows lie denser around that person's row than real rows do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import ExtraTreesClassifier

from tabgan.evaluation.distances import row_groups
from tabgan.evaluation.features import FloatArray, IntArray, compare, content_columns, draw_rows
from tabgan.evaluation.intervals import (
    around,
    bonferroni,
    chance_error,
    clopper_pearson,
    delong,
    difference,
)
from tabgan.evaluation.metric import Family, Measure, Metric
from tabgan.evaluation.neighbours import Points, nearest, points
from tabgan.evaluation.risk import NO_COLUMN, NO_HOLDOUT
from tabgan.evaluation.tables import Tables
from tabgan.evaluation.verdict import verdict_of

CANDIDATE_ROWS = 10_000  # training rows, and held-out rows for both candidates and references
SYNTHETIC_ROWS = 40_000
MIN_ROWS = 20  # candidates of a kind; below, an AUC says nothing
TREES = 100
RATES = {"0.1": 0.001, "1": 0.01, "10": 0.1}
SMOOTH = 0.01
TIE_BREAK = 1e-9  # even a leaf of a million rows weighs less than the vote of one tree

SOURCE = "van Breugel et al. 2023, Membership inference attacks against synthetic data (DOMIAS)"
ATTACKS = {
    "neighbours": "nearest neighbours",
    "classifier": "a forest of trees",
}
SCORES = {
    "neighbours": "log (distance to the nearest reference row / distance to the nearest synthetic row)",
    "classifier": "P(synthetic | row) of extremely randomised trees, synthetic rows against reference rows",
}


def _measures(attack: str) -> list[Measure]:
    """The AUC of an attack, and its true positive rate at each false positive rate."""
    auc = Measure(
        f"membership_{attack}_auc",
        f"Membership by {ATTACKS[attack]}: AUC",
        "privacy",
        "nearer",
        0.5,
        "How well an attacker with other real rows tells training rows from rows held out, by where "
        "synthetic rows lie denser than real ones. .5 is guessing, 1 always right.",
        f"AUC of {SCORES[attack]}",
        SOURCE,
    )
    return [auc] + [
        Measure(
            f"membership_{attack}_tpr_at_{label.replace('.', '_')}_percent",
            f"Membership by {ATTACKS[attack]}: found at {label} % false alarms",
            "privacy",
            "lower",
            rate,
            f"Share of training rows the attack names when it may be wrong about {100 * rate:g} % of the "
            "others. Few people who are named with certainty weigh more than many who are guessed. "
            f"Chance names {100 * rate:g} %.",
            "share of members scored at least as high as the k-th highest non-member, k = rate * non-members",
            "Carlini et al. 2022, Membership inference attacks from first principles",
        )
        for label, rate in RATES.items()
    ]


MEASURES: tuple[Measure, ...] = tuple(measure for attack in ATTACKS for measure in _measures(attack))


@dataclass(frozen=True)
class Candidates:
    """Rows to attack in equal numbers, by their places, and the rows the attacker holds.

    `members` are places in the training table, `others` and `references` places in `held_out`.
    `spare` are training rows that could be members too. `share_left_out` of the candidates stood
    in more than one of the tables.
    """

    train: Points
    held_out: Points
    synthetic: Points
    members: IntArray
    spare: IntArray
    others: IntArray
    references: IntArray
    share_left_out: float


def membership_metrics(tables: Tables) -> Family:
    """Density-ratio attacks with nearest neighbours and with trees that learn rows by heart.

    Half of the held-out rows (at most 10,000 are drawn) are the attacker's reference, the other
    half the non-members, beside as many training rows. Equal rows fall into one half, and a row
    that stands on both sides is no candidate: whoever owns it cannot be told. The trees learn
    synthetic (at most 40,000 rows) from reference rows; no candidate is among the latter.
    Intervals: DeLong for an AUC, Clopper-Pearson for a rate. Verdicts are corrected for all tests
    (Bonferroni): 2 AUC - 1 above 0, and found rows above false alarms (Newcombe).
    """
    if tables.holdout is None:
        return Family.undefined(MEASURES, NO_HOLDOUT, verdict="underpowered")
    candidates = draw_candidates(tables)
    if candidates is None:
        return Family.undefined(MEASURES, NO_COLUMN, verdict="underpowered")
    n_rows = len(candidates.members)
    if n_rows < MIN_ROWS:
        reason = f"it needs {MIN_ROWS} training rows and as many held-out rows that stand in one table only"
        return Family.undefined(MEASURES, reason, rows=2 * n_rows, verdict="underpowered")
    near = [
        _neighbourhood(rows, candidates)
        for rows in (candidates.train.rows(candidates.members), candidates.held_out.rows(candidates.others))
    ]
    scale = float(np.median(np.concatenate([one.to_reference for one in near])))
    by_neighbours = [log_ratio(one.to_reference, one.to_synthetic, scale) for one in near]
    scores = {
        "neighbours": (by_neighbours[0], by_neighbours[1]),
        "classifier": _by_trees(candidates, near[0], near[1], tables.rng("membership trees")),
    }
    found: list[Metric] = []
    left_out = f"{candidates.share_left_out:.1%}"
    note = (
        "" if left_out == "0.0%" else f"{left_out} of the rows drawn stand in more than one table: left out"
    )
    for attack, (members, others) in scores.items():
        measures = [measure for measure in MEASURES if measure.key.startswith(f"membership_{attack}_")]
        found += judged(measures, members, others, n_tests=len(MEASURES), note=note)
    return Family(tuple(found), {"membership_roc": _curves(scores)})


def judged(
    measures: list[Measure], members: FloatArray, others: FloatArray, *, n_tests: int, note: str = ""
) -> list[Metric]:
    """AUC and found rows at each false positive rate, of the scores of both kinds of candidate."""
    n_rows = len(members) + len(others)
    level = bonferroni(n_tests)
    auc, error = delong(members, others)
    doubt = max(error, chance_error(len(members), len(others)))  # that of few rows shrinks with their AUC
    excess = around(2 * auc - 1, 2 * doubt, confidence=level, bounds=(-1.0, 1.0))
    metrics = [
        measures[0].found(
            auc,
            reference=0.5,
            interval=around(auc, error, bounds=(0.0, 1.0)),
            rows=n_rows,
            verdict=verdict_of(excess),
            note=note,
        )
    ]
    for measure, rate in zip(measures[1:], RATES.values(), strict=True):
        # A tenth of a row cannot be a false alarm.
        if len(others) * rate < 1 - 1e-9:
            reason = f"it needs at least {round(1 / rate):,} held-out candidates"
            metrics.append(measure.undefined(reason, rows=n_rows))
            continue
        named, wrong = named_at(rate, members, others)
        excess = difference((named, len(members)), (wrong, len(others)), level)
        metrics.append(
            measure.found(
                named / len(members),
                reference=rate,
                interval=clopper_pearson(named, len(members)),
                rows=n_rows,
                verdict=verdict_of(excess),
                note=note,
            )
        )
    return metrics


def named_at(rate: float, members: FloatArray, others: FloatArray) -> tuple[int, int]:
    """Members and others with a score that at most this share of the others reaches.

    >>> named_at(0.25, np.array([9.0, 5.0, 3.0, 1.0]), np.array([4.0, 2.0, 1.0, 0.0]))
    (2, 1)
    """
    allowed = int(len(others) * rate + 1e-9)
    highest = np.sort(others)[::-1]
    bar = highest[allowed - 1]
    if int((others >= bar).sum()) <= allowed:
        return int((members >= bar).sum()), int((others >= bar).sum())
    return int((members > bar).sum()), int((others > bar).sum())


def draw_candidates(tables: Tables) -> Candidates | None:
    """Members, non-members and reference rows that nothing but membership tells apart.

    As many training rows as held-out rows are drawn. A candidate stands in no other table, nor
    among the training rows not drawn, so that under no leak both kinds are spread alike whatever
    the number of rows or of duplicates. None where no column can be compared.
    """
    given = tables.by_content
    assert given.holdout is not None
    rng = tables.rng("membership")
    n_rows = min(len(given.train), len(given.holdout), CANDIDATE_ROWS)
    held_out = draw_rows(given.holdout, n_rows, rng)
    synthetic = draw_rows(given.synthetic, SYNTHETIC_ROWS, rng)
    columns = content_columns(compare(given.train, held_out, synthetic, schema=given.schema))
    if not columns:
        return None
    in_train, in_held_out, _ = row_groups(columns)
    drawn = np.sort(rng.choice(len(in_train), n_rows, replace=False))
    not_drawn = np.setdiff1d(np.arange(len(in_train)), drawn)
    firsts = np.sort(np.unique(in_held_out, return_index=True)[1])
    mine = in_held_out[rng.permutation(firsts)[: (len(firsts) + 1) // 2]]
    is_reference = np.isin(in_held_out, mine)
    members = _candidates(in_train, drawn, np.concatenate([in_held_out, in_train[not_drawn]]))
    others = _candidates(in_held_out, np.flatnonzero(~is_reference), in_train)
    n_each = min(len(members), len(others))
    n_distinct = len(np.unique(in_train[drawn])) + len(firsts) - len(mine)
    train, held, new = points(columns, reference=(0, 1))
    members = rng.permutation(members)
    return Candidates(
        train=train,
        held_out=held,
        synthetic=new,
        members=np.sort(members[:n_each]),
        spare=np.sort(members[n_each:]),
        others=np.sort(rng.permutation(others)[:n_each]),
        references=np.flatnonzero(is_reference),
        share_left_out=1 - (len(members) + len(others)) / n_distinct,
    )


def log_ratio(to_reference: FloatArray, to_synthetic: FloatArray, scale: float) -> FloatArray:
    """How much nearer the synthetic row is than the reference row; 0 where both are as near.

    `scale` is a usual distance to a reference row; a hundredth of it counts as next to nothing.
    """
    smooth = SMOOTH * (scale or 1.0)
    return np.log((to_reference + smooth) / (to_synthetic + smooth))


def _candidates(groups: IntArray, places: IntArray, elsewhere: IntArray) -> IntArray:
    """The first place of every distinct row among these that stands nowhere else."""
    firsts = places[np.sort(np.unique(groups[places], return_index=True)[1])]
    return firsts[~np.isin(groups[firsts], elsewhere)]


@dataclass(frozen=True)
class _Neighbourhood:
    """Candidates, how far their nearest neighbours are, and which synthetic row is nearest."""

    rows: Points
    to_reference: FloatArray
    to_synthetic: FloatArray
    synthetic: IntArray


def _neighbourhood(rows: Points, drawn: Candidates) -> _Neighbourhood:
    to_synthetic, places = nearest(rows, drawn.synthetic)
    to_reference, _ = nearest(rows, drawn.held_out.rows(drawn.references))
    return _Neighbourhood(rows, to_reference[:, 0], to_synthetic[:, 0], places[:, 0])


def _by_trees(
    drawn: Candidates, members: _Neighbourhood, others: _Neighbourhood, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    # The synthetic rows that matter, about as many as reference rows: with all of them most
    # candidates would be called synthetic for certain.
    near = drawn.synthetic.rows(np.union1d(members.synthetic, others.synthetic))
    references = drawn.held_out.rows(drawn.references)
    # Grown to the last row and without resampling: trees that average would not know a copy again.
    model = ExtraTreesClassifier(
        TREES, max_features=1, class_weight="balanced", random_state=int(rng.integers(2**31))
    )
    rows = np.concatenate([_matrix(near), _matrix(references)])
    model.fit(rows, np.repeat([1, 0], [len(near), len(references)]))

    def score(rows: npt.NDArray[np.float32]) -> FloatArray:
        leaves = model.apply(rows)
        sizes = [tree.tree_.n_node_samples[leaf] for tree, leaf in zip(model, leaves.T, strict=True)]
        chance: FloatArray = model.predict_proba(rows)[:, 1]
        # Among rows that all trees call synthetic, a copy is the one with leaves of its own.
        ordered: FloatArray = chance - TIE_BREAK * np.mean(sizes, axis=0)
        return ordered

    return score(_matrix(members.rows)), score(_matrix(others.rows))


def _matrix(rows: Points) -> npt.NDArray[np.float32]:
    """Ranks and codes for trees, a missing cell (-1) below all others. Shape: [rows, columns]."""
    matrix: npt.NDArray[np.float32] = rows.cells.T.astype(np.float32)
    return matrix


def _curves(scores: Mapping[str, tuple[FloatArray, FloatArray]]) -> pd.DataFrame:
    """Found rows over false alarms, at rates that are even on a logarithmic axis."""
    frames = []
    for attack, (members, others) in scores.items():
        rates = np.geomspace(1 / len(others), 1.0, 50)
        found = [named_at(rate, members, others)[0] / len(members) for rate in rates[:-1]] + [1.0]
        frames.append(
            pd.DataFrame({"attack": attack, "false_positive_rate": rates, "true_positive_rate": found})
        )
    curves: pd.DataFrame = pd.concat(frames, ignore_index=True)
    return curves
