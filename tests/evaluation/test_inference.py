from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan.evaluation.attack_rows import HOLDOUT, TRAIN, attack_rows
from tabgan.evaluation.features import ComparedColumn
from tabgan.evaluation.inference import inference_metrics, nearest_without, right_guesses, tolerance
from tabgan.evaluation.neighbours import distances
from tabgan.evaluation.tables import Tables
from tests.evaluation.conftest import make_people


def number(train: list[float], synthetic: list[float], holdout: list[float]) -> ComparedColumn:
    sides = (np.array(side, dtype=float) for side in (train, synthetic, holdout))
    return ComparedColumn("n", "numeric", numbers=tuple(sides))


def test_guesses_worked_out_by_hand() -> None:
    # Of -40 .. 40 the median is 0 and the interquartile range 40: 2 may be missed, far out more.
    column = number([-40.0, -20.0, 0.0, 20.0, 40.0], [-42.0, -22.5, 1.9, np.nan, 37.9], [np.nan])
    assert right_guesses(column, TRAIN, np.arange(5)).tolist() == [True, False, True, False, False]
    # A negative guess is right only where it is near: far below the truth it is wrong.
    assert not right_guesses(column, TRAIN, np.array([1, 0, 0, 0, 0])).any()


def test_missing_is_guessed_right_by_missing_alone() -> None:
    column = number([np.nan, np.nan, 1.0], [np.nan, 1.0], [2.0])
    assert right_guesses(column, TRAIN, np.array([0, 1, 0])).tolist() == [True, False, False]
    codes = ComparedColumn(
        "c", "categorical", codes=(np.array([-1, -1, 0]), np.array([-1, 0]), np.array([0]))
    )
    assert right_guesses(codes, TRAIN, np.array([0, 1, 0])).tolist() == [True, False, False]
    assert right_guesses(codes, HOLDOUT, np.array([1])).tolist() == [True]


def test_a_number_that_most_rows_have_is_guessed_by_itself_alone() -> None:
    column = number([0.0] * 9 + [1000.0], [0.0, 1.0, 990.0], [0.0])
    assert right_guesses(column, TRAIN, np.array([0] * 8 + [1, 2])).tolist() == [True] * 8 + [False, True]


def test_giant_numbers_do_not_overflow() -> None:
    column = number([-1.7e308, 1.7e308, 0.0], [1.7e308, -1.7e308, 0.0], [1e308])
    assert right_guesses(column, TRAIN, np.array([1, 0, 2])).all()
    assert not right_guesses(column, TRAIN, np.array([0, 1, 0])).any()


def test_the_tolerance_has_no_unit() -> None:
    real = np.random.default_rng(0).normal(20, 5, 101)
    truth = real[:10]
    assert tolerance(truth * 1.8 + 32, real * 1.8 + 32) == pytest.approx(1.8 * tolerance(truth, real))
    assert tolerance(truth, np.zeros(0)).tolist() == [0.0] * 10


def test_neighbours_do_not_look_at_the_secret() -> None:
    rows = attack_rows(Tables.checked(*(make_people(60, seed) for seed in (1, 2, 3))), lambda *sizes: 1.0)
    train, synthetic, _ = rows.points()
    everything = list(range(len(rows.columns)))
    found = nearest_without(train, synthetic, everything)
    for secret in everything:
        known = [column for column in everything if column != secret]
        expected = distances(train.columns(known), synthetic.columns(known)).argmin(axis=1)
        assert found[secret].tolist() == expected.tolist()


def test_only_the_secret_that_leaks_leaks() -> None:
    def table(seed: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        known = rng.normal(size=(600, 2))
        return pd.DataFrame({"a": known[:, 0], "b": known[:, 1], "ill": rng.choice(["yes", "no"], 600)})

    train, holdout, fresh = table(1), table(2), table(3)
    # Everything is noised but the secret, which stays with its row.
    leaking = train.assign(a=train["a"] + 1e-3 * fresh["a"], b=train["b"] + 1e-3 * fresh["b"])
    family = inference_metrics(Tables.checked(train, leaking, holdout))
    verdicts = family.details["inference"].set_index("column")["verdict"]
    assert verdicts["ill"] == "leak"
    assert family["inference"].verdict == "leak"
    torn = leaking.assign(ill=fresh["ill"])
    verdicts = (
        inference_metrics(Tables.checked(train, torn, holdout))
        .details["inference"]
        .set_index("column")["verdict"]
    )
    assert verdicts["ill"] in ("no evidence", "underpowered")


def test_every_column_that_differs_is_a_secret() -> None:
    tables = [make_people(100, seed).assign(same=1, none=None) for seed in (1, 2, 3)]
    family = inference_metrics(Tables.checked(*tables))
    assert set(family.details["inference"]["column"]) == {"age", "job", "pay", "town", "start", "rich"}
    assert "worst of 6 columns as the secret" in family["inference"].note


def test_a_single_column_has_no_secret_that_others_tell() -> None:
    tables = [make_people(100, seed)[["pay"]] for seed in (1, 2, 3)]
    metric = inference_metrics(Tables.checked(*tables))["inference"]
    assert metric.value is None
    assert "another column" in metric.note
