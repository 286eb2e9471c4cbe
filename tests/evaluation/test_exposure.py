from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan.evaluation import exposure as exposure_module
from tabgan.evaluation import membership as membership_module
from tabgan.evaluation.exposure import TOP, exposure_metrics
from tabgan.evaluation.tables import Tables
from tests.evaluation.conftest import make_people

COLUMNS = ["row", "score", "synthetic_distance", "holdout_distance", "is_match"]


def test_the_rows_that_were_copied_head_the_list(
    train: pd.DataFrame, holdout: pd.DataFrame, fresh: pd.DataFrame
) -> None:
    train = train.copy()
    odd = [3, 50, 400, 777, 1199]
    train.loc[odd, "job"] = [f"odd {place}" for place in odd]
    family = exposure_metrics(Tables.checked(train, pd.concat([fresh, train.loc[odd]]), holdout))
    listed = family.details["exposed_rows"]
    assert sorted(listed["row"][: len(odd)]) == odd
    assert listed["is_match"][: len(odd)].all()
    assert listed["score"].is_monotonic_decreasing
    assert list(listed.columns) == COLUMNS
    assert len(listed) == TOP


def test_places_are_those_of_the_table_given_whatever_its_order(
    train: pd.DataFrame, holdout: pd.DataFrame, fresh: pd.DataFrame
) -> None:
    order = np.random.default_rng(0).permutation(len(train))
    one, other = (
        exposure_metrics(Tables.checked(table, fresh, holdout)).details["exposed_rows"]
        for table in (train, train.iloc[order])
    )
    assert list(order[other["row"]]) == list(one["row"])
    assert list(other["score"]) == list(one["score"])


def test_unique_rows_that_are_found_again_by_hand() -> None:
    train = pd.DataFrame({"a": [1, 1, 2, 3, 4, 5], "b": list("xxyzxy")})
    holdout = pd.DataFrame({"a": [5, 6, 7], "b": list("yzx")})
    synthetic = pd.DataFrame({"a": [1, 2, 6, 5], "b": list("xyzy")})
    # (1, x) stands in train twice and (5, y) in both tables.
    metric = exposure_metrics(Tables.checked(train, synthetic, holdout))["matched_rows_share"]
    assert (metric.value, metric.reference, metric.rows) == (1 / 3, 1 / 2, 3)
    assert metric.verdict == "underpowered"


def test_shares_of_a_copy_and_of_a_fresh_sample(
    train: pd.DataFrame, holdout: pd.DataFrame, fresh: pd.DataFrame
) -> None:
    copy, other = (exposure_metrics(Tables.checked(train, table, holdout)) for table in (train, fresh))
    assert copy["matched_rows_share"].value == 1.0
    assert copy["exposed_rows_share"].value > 0.5
    for key in copy.keys:
        assert copy[key].verdict == "leak"
        assert other[key].verdict == "no evidence"
        assert other[key].interval[0] <= other[key].value <= other[key].interval[1]


def test_matches_are_found_among_all_rows_of_a_large_table(
    monkeypatch: pytest.MonkeyPatch, holdout: pd.DataFrame, fresh: pd.DataFrame
) -> None:
    monkeypatch.setattr(membership_module, "CANDIDATE_ROWS", 300)
    monkeypatch.setattr(membership_module, "SYNTHETIC_ROWS", 400)
    monkeypatch.setattr(exposure_module, "MORE_ROWS", 60)
    train = make_people(4000, seed=9)
    train.loc[[11, 3000], "job"] = ["odd", "odder"]
    synthetic = pd.concat([fresh, train.loc[[11, 3000]]])
    listed = exposure_metrics(Tables.checked(train, synthetic, holdout)).details["exposed_rows"]
    assert {11, 3000} <= set(listed["row"][listed["is_match"]])


def test_tiny_tables_give_reasons(train: pd.DataFrame) -> None:
    few = exposure_metrics(Tables.checked(train[:30], train[:30], train[30:60]))
    assert "at least 100" in few["exposed_rows_share"].note
    assert few["matched_rows_share"].verdict == "leak"
    constant = pd.DataFrame({"c": ["x"] * 30})
    assert len(exposure_metrics(Tables.checked(constant, constant, constant)).details["exposed_rows"]) <= 1
