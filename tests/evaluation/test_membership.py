from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabgan.evaluation.distances import row_groups
from tabgan.evaluation.features import compare
from tabgan.evaluation.membership import (
    MEASURES,
    RATES,
    draw_candidates,
    judged,
    log_ratio,
    membership_metrics,
    named_at,
)
from tabgan.evaluation.tables import Tables
from tests.evaluation.conftest import make_people

ALARMS = ("leak", "weak evidence")
AUCS = ("membership_neighbours_auc", "membership_classifier_auc")


def coarse(n_rows: int, seed: int) -> pd.DataFrame:
    """Few different rows: most of them stand in every table, some are rare."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({f"c{i}": rng.geometric(0.5, n_rows).clip(max=6).astype(str) for i in range(4)})


def test_rows_next_to_a_synthetic_row_and_far_from_the_others_score_high() -> None:
    scores = log_ratio(np.array([1.0, 1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0, 1.0]), 1.0)
    assert scores == pytest.approx([math.log(101), 0, 0, -math.log(101)])


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=30),
    st.lists(st.integers(0, 9), min_size=10, max_size=30),
    st.sampled_from([0.1, 0.25, 0.5, 1.0]),
)
def test_named_rows_are_those_above_a_bar_that_few_others_reach(
    members: list[int], others: list[int], rate: float
) -> None:
    allowed = math.floor(len(others) * rate + 1e-9)
    bars = [bar for bar in {*others, 10} if sum(other >= bar for other in others) <= allowed]
    highest = sorted(others, reverse=True)[allowed - 1]
    found = named_at(rate, np.array(members, dtype=float), np.array(others, dtype=float))
    bar = min(bars) if min(bars) == highest else highest + 0.5
    assert found == (sum(m >= bar for m in members), sum(o >= bar for o in others))
    assert found[1] <= allowed


def test_candidates_differ_in_nothing_but_membership() -> None:
    tables = Tables.checked(coarse(900, 1), coarse(500, 2), coarse(700, 3))
    drawn = draw_candidates(tables)
    assert drawn is not None
    given = tables.by_content
    train, held_out, _ = (
        [tuple(row) for row in side.cells.T] for side in (drawn.train, drawn.held_out, drawn.synthetic)
    )
    members, spare = ({train[place] for place in places} for places in (drawn.members, drawn.spare))
    others = {held_out[place] for place in drawn.others}
    references = {held_out[place] for place in drawn.references}
    assert len(members) == len(others) == len(drawn.members) == len(drawn.others) > 5
    assert not others & (references | set(train))
    assert not (members | spare) & set(held_out)
    assert not members & spare
    assert others | references <= set(held_out)
    assert len(held_out) == len(given.holdout)
    # Equal rows fall into one half.
    groups = row_groups(compare(given.holdout))[0]
    assert len(np.unique(groups[drawn.references])) == len(references) == (len(np.unique(groups)) + 1) // 2
    assert 0.5 < drawn.share_left_out < 1


def test_near_copies_are_found_by_both_attacks(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    rng = np.random.default_rng(0)
    moved = train.assign(
        pay=train["pay"] * rng.uniform(0.999, 1.001, len(train)),
        start=train["start"] + pd.to_timedelta(rng.integers(-2, 3, len(train)), unit="D"),
    )
    family = membership_metrics(Tables.checked(train, moved, holdout))
    for key in AUCS:
        assert family[key].value > 0.7
        assert family[key].verdict == "leak"


def test_rates_are_told_only_where_there_are_rows_enough(
    train: pd.DataFrame, holdout: pd.DataFrame, fresh: pd.DataFrame
) -> None:
    family = membership_metrics(Tables.checked(train, fresh, holdout))
    assert family.keys == tuple(measure.key for measure in MEASURES)
    assert family["membership_neighbours_tpr_at_0_1_percent"].value is None
    assert "1,000" in family["membership_neighbours_tpr_at_0_1_percent"].note
    for key in family.keys[0:1] + family.keys[2:5]:
        metric = family[key]
        assert metric.interval is not None
        assert metric.interval[0] <= metric.value <= metric.interval[1]
        assert metric.verdict == ("underpowered" if key in AUCS else "no evidence")
    curves = family.details["membership_roc"]
    assert set(curves["attack"]) == {"neighbours", "classifier"}
    for _, curve in curves.groupby("attack"):
        assert curve["true_positive_rate"].is_monotonic_increasing
        assert curve["true_positive_rate"].iloc[-1] == 1.0


def test_verdicts_of_scores_that_are_known() -> None:
    rng = np.random.default_rng(0)
    measures = list(MEASURES[: 1 + len(RATES)])
    apart = judged(measures, rng.normal(9, 1, 2000), rng.normal(0, 1, 2000), n_tests=8)
    assert [metric.verdict for metric in apart] == ["leak"] * 4
    assert [metric.value for metric in apart] == pytest.approx([1.0] * 4)
    alike = judged(measures, rng.normal(0, 1, 2000), rng.normal(0, 1, 2000), n_tests=8)
    assert [metric.verdict for metric in alike] == ["no evidence"] * 4
    few = judged(measures, rng.normal(0, 1, 30), rng.normal(0, 1, 30), n_tests=8)
    assert few[0].verdict == "underpowered"
    # A few rows that are surely found hardly show in an AUC.
    some = np.where(np.arange(2000) < 160, 9.0, rng.normal(0, 1, 2000))
    auc, first, *_ = judged(measures, some, rng.normal(0, 1, 2000), n_tests=8)
    assert (auc.verdict, first.verdict) == ("weak evidence", "leak")
    assert first.value == pytest.approx(0.08, abs=0.002)


def test_scores_of_few_rows_give_no_more_false_alarms_than_are_allowed() -> None:
    """Of 3,000, 9 may; by DeLong's error alone 20 are, since it shrinks the further an AUC is from .5."""
    rng, measures = np.random.default_rng(0), list(MEASURES[: 1 + len(RATES)])
    scores = rng.normal(size=(3000, 2, 20))
    alarms = [judged(measures, *each, n_tests=8)[0].verdict in ALARMS for each in scores]
    assert sum(alarms) <= 15


@pytest.mark.parametrize(
    ("n_train", "n_holdout"),
    [(300, 300), *(pytest.param(*sizes, marks=pytest.mark.slow) for sizes in ((1500, 300), (200, 900)))],
)
def test_false_alarms_are_rare_whatever_the_sizes(n_train: int, n_holdout: int) -> None:
    alarms = 0
    for seed in range(4):
        for make in (make_people, coarse):
            tables = [make(n, 10 * seed + i) for i, n in enumerate((n_train, 400, n_holdout), start=100)]
            family = membership_metrics(Tables.checked(*tables))
            alarms += any(metric.verdict in ALARMS for metric in family.metrics)
    # At 2.5 % each, 2 of 8 come in 2 % of all cases.
    assert alarms <= 1


def test_rows_that_stand_everywhere_leave_nobody_to_attack() -> None:
    table = pd.DataFrame({"c": ["x", "y"] * 100})
    for metric in membership_metrics(Tables.checked(table, table, table)).metrics:
        assert metric.value is None
        assert metric.verdict == "underpowered"
        assert "one table only" in metric.note


def test_equal_seed_equal_figures(train: pd.DataFrame, holdout: pd.DataFrame, fresh: pd.DataFrame) -> None:
    once, again = (membership_metrics(Tables.checked(train, fresh, holdout, seed=5)) for _ in range(2))
    assert once.metrics == again.metrics
    assert membership_metrics(Tables.checked(train, fresh, holdout, seed=6)).metrics != once.metrics
