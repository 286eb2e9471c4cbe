from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan.evaluation import Evaluation, evaluate
from tabgan.evaluation.control import repeated_rows, unlike_rows
from tabgan.evaluation.detection import C2ST
from tabgan.evaluation.report import render_page
from tabgan.evaluation.tables import Tables
from tests.evaluation.conftest import make_people


def coarse(n_rows: int, seed: int) -> pd.DataFrame:
    """Rows of which most stand in the table twice or more."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({name: rng.choice(list("xyz"), n_rows) for name in "abcd"})


def told(train: pd.DataFrame, holdout: pd.DataFrame | None) -> str:
    return repeated_rows(Tables.checked(train, train, holdout))


@pytest.fixture(scope="module")
def overlapping() -> Evaluation:
    """A copy of the training table, judged by a part of that table."""
    train = make_people(300, 1)[["age", "job", "pay"]]
    return evaluate(train, train, train.head(150))


def test_rows_held_out_that_were_learned_from_are_told() -> None:
    train, fresh = make_people(300, 1), make_people(150, 2)
    assert told(train, fresh) == ""
    assert told(train, None) == ""
    half = pd.concat([train.head(75), fresh.head(75)])
    assert "75 of 150 rows held out stand in the training table, where only 0 of 300" in told(train, half)
    # Cells decide, whatever their type and the order of the columns.
    assert "150 of 150" in told(train, train.tail(150).astype({"age": "float64"}).iloc[:, ::-1])


def test_people_who_are_alike_are_no_overlap() -> None:
    train, holdout = coarse(300, 1), coarse(150, 2)
    assert holdout.merge(train.drop_duplicates()).shape[0] > 100
    assert told(train, holdout) == ""
    assert told(train, train.head(150)) == ""  # nor can one be seen there: as many are alike anyway
    assert "150 of 150" in told(train.drop_duplicates(), train.drop_duplicates().sample(150, replace=True))


def test_no_attack_calms_anybody_where_the_control_was_learned_from(overlapping: Evaluation) -> None:
    (warning,) = overlapping.warnings
    assert "Hold rows out before the fit" in warning
    assert not any(metric.verdict == "no evidence" for metric in overlapping.metrics)
    calmed = [metric for metric in overlapping.metrics if "stand in the training table" in metric.note]
    assert calmed
    assert {metric.verdict for metric in calmed} == {"underpowered"}
    for name in ("inference", "linkability", "singling_out", "column_subsets"):
        assert "no evidence" not in set(overlapping.details(name)["verdict"])


def test_warnings_are_told_wherever_the_figures_are(overlapping: Evaluation) -> None:
    (warning,) = overlapping.warnings
    assert overlapping.to_dict()["warnings"] == [warning]
    assert warning in repr(overlapping)
    assert warning in str(overlapping.summary().caption)
    assert warning in render_page(overlapping)


def test_rows_held_out_of_another_kind_are_told() -> None:
    for auc, rows, is_told in ((0.5, 9_999, False), (0.62, 200, False), (0.62, 4_000, True), (0.9, 60, True)):
        found = unlike_rows(C2ST.found(0.5, reference=auc, rows=rows))
        assert (f"an AUC of {auc:.2f}" in found) == is_told
        assert bool(found) == is_told
    assert unlike_rows(C2ST.undefined("too few rows")) == ""
    people = [make_people(60, seed)[["age", "pay", "start"]] for seed in range(3)]
    people[2]["start"] += pd.Timedelta(days=2_000)
    (warning,) = evaluate(*people).warnings
    assert "Rows held out differ from the training rows" in warning
