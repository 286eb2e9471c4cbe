"""Counts, shares and tables of conditions: exact numbers, every cell kept, the model's proportions else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tabgan import Column, ConditionError, Schema, TabGAN
from tabgan.request import _shared
from tests.toy_tables import SMALL, orders


@pytest.fixture(scope="module")
def model() -> TabGAN:
    return TabGAN(recipe="likelihood", epochs=25, **SMALL).fit(orders(1_500))


def test_shares_are_met_to_the_row(model: TabGAN) -> None:
    made = model.sample(1_001, shares={"job": {"smith": 0.5, "nurse": 0.1}}, seed=1)
    counts = made["job"].value_counts()
    assert len(made) == 1_001
    assert counts["smith"] + counts["nurse"] in (600, 601)
    assert (counts["smith"] in (500, 501), counts["nurse"] in (100, 101)) == (True, True)
    assert counts["clerk"] == 1_001 - counts["smith"] - counts["nurse"]  # the rest; nothing is missing
    assert (made.dtypes == model.sample(2).dtypes).all()
    assert made["key"].is_unique
    assert made.equals(model.sample(1_001, shares={"job": {"smith": 0.5, "nurse": 0.1}}, seed=1))
    halves = made["job"].iloc[:500].value_counts(), made["job"].iloc[500:].value_counts()
    assert abs(halves[0]["smith"] - halves[1]["smith"]) < 80  # mixed, not one after the other


def test_counts_take_values_and_intervals(model: TabGAN) -> None:
    made = model.sample(counts={"items": {(0, 9): 30, (10, 19): 0, 40: 7}}, seed=1)
    assert len(made) == 37
    assert (made["items"].between(0, 9).sum(), (made["items"] == 40).sum()) == (30, 7)
    made = model.sample(60, counts={"member": {True: 50}}, conditions={"grade": ["low", "mid"]}, seed=1)
    assert made["member"].sum() == 50
    assert made["grade"].isin(["low", "mid"]).all()
    with_text = model.sample(9, counts={"member": {"True": 4}}, seed=2)  # as conditions take it
    assert with_text["member"].sum() == 4


def test_counts_and_shares_may_be_series(model: TabGAN) -> None:
    wanted = pd.Series({"smith": 0.25, "nurse": 0.5})
    made = model.sample(40, shares={"job": wanted}, seed=1)
    assert made.equals(model.sample(40, shares={"job": wanted.to_dict()}, seed=1))
    counts = orders(90)["job"].value_counts()
    assert model.sample(counts={"job": counts}, seed=1)["job"].value_counts().to_dict() == counts.to_dict()


def test_rare_labels_are_asked_for_by_their_token() -> None:
    jobs = ["smith"] * 60 + ["nurse"] * 40 + [f"rare {number}" for number in range(20)]
    model = TabGAN(recipe="likelihood", epochs=1, rare="token", **SMALL)
    model.fit(pd.DataFrame({"job": jobs, "n": range(120)}), schema=Schema((Column("job", "categorical"),)))
    made = model.sample(20, counts={"job": {"other": 5}}, seed=1)["job"]
    assert ((made == "other").sum(), len(made)) == (5, 20)
    rest = model.sample(20, counts={"job": {"smith": 5, "nurse": 5}}, seed=1)["job"]
    assert (rest == "other").sum() == 10
    assert model.sample(conditions=pd.DataFrame({"job": ["other", "smith"]}))["job"].tolist() == [
        "other",
        "smith",
    ]


def test_shares_of_anything_add_up() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        shares = rng.dirichlet(np.full(rng.integers(1, 9), 0.3)) * rng.choice([1.0, 0.6])
        num_rows = int(rng.integers(0, 500))
        of_values = _shared({"a": dict(enumerate(shares))}, num_rows)["a"]
        counts = np.array(list(of_values.values()))
        assert counts.sum() == round(shares.sum() * num_rows)
        assert (np.abs(counts - shares * num_rows) < 1).all()


def test_pieces_are_the_rows_of_one_table(model: TabGAN, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tabgan.parts.ROW_BLOCK", 100)
    shares = {"job": {"smith": 0.5, "nurse": 0.25}}
    whole = model.sample(501, shares=shares, seed=3)
    pieces = list(model.sample_iter(501, 64, shares=shares, seed=3))
    assert [len(piece) for piece in pieces] == [64] * 7 + [53]
    assert pd.concat(pieces, ignore_index=True)["job"].equals(whole["job"])
    assert whole["key"].is_unique
    assert (whole["job"] == "smith").sum() in (250, 251)


def test_values_with_no_rows_change_nothing(model: TabGAN) -> None:
    one = model.sample(50, conditions={"job": "smith"}, seed=4)
    assert model.sample(counts={"job": {"nurse": 0, "smith": 50}}, seed=4).equals(one)


def test_one_row_is_made_for_each_row_of_conditions(model: TabGAN) -> None:
    given = pd.DataFrame(
        {
            "items": [3, None, 17, None] * 50,
            "job": ["smith", "clerk", None, "nurse"] * 50,
            "at": ["2023-03-04 05:06", None, "2023-07-01", None] * 50,
            "key": ["mine", None, None, None] * 50,
        },
        index=range(1_000, 1_200),
    )
    made = model.sample(conditions=given, seed=1)
    like = model.sample(2)
    assert (list(made.columns), len(made)) == (list(like.columns), 200)
    assert (made.dtypes == like.dtypes).all()
    for name in ("items", "job", "key"):
        is_given = given[name].notna().to_numpy()
        assert (made.loc[is_given, name] == given.loc[is_given, name].to_numpy()).all()
    is_given = given["at"].notna().to_numpy()
    asked = pd.to_datetime(given.loc[is_given, "at"], format="ISO8601").to_numpy()
    assert (made.loc[is_given, "at"].to_numpy() == asked).all()
    assert made["items"].isna().any()  # as the model has it; `complete` would fill it
    assert made.equals(model.sample(conditions=given, seed=1))


def test_a_table_of_conditions_draws_what_a_condition_draws(model: TabGAN) -> None:
    """Metamorphic: the same value in every row, or once for all rows."""
    for job in ("clerk", "smith"):
        by_table = model.sample(conditions=pd.DataFrame({"job": [job] * 1_500}), seed=1)["amount"]
        at_once = model.sample(1_500, conditions={"job": job}, seed=2)["amount"]
        error = np.hypot(by_table.std(), at_once.std()) / np.sqrt(1_500)
        assert abs(by_table.mean() - at_once.mean()) < 4 * error


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda m: m.sample(9, shares={"job": {"pilot": 0.5}}), "'job'.*Use one of"),
        (lambda m: m.sample(9, shares={"work": {"pilot": 0.5}}), "'work'"),
        (lambda m: m.sample(9, shares={"job": {"smith": 0.9, "clerk": 0.3}}), "more than 1"),
        (lambda m: m.sample(9, shares={"job": {"smith": -0.1}}), "'job'"),
        (lambda m: m.sample(9, shares={"job": {"smith": "0.5"}}), "shares from 0 to 1"),
        (lambda m: m.sample(9, shares={"job": {}}), "no value"),
        (lambda m: m.sample(9, shares={"job": pd.Series([0.1, 0.2], ["smith", "smith"])}), "given twice"),
        (lambda m: m.sample(9, shares={"amount": {(0, 20): 0.5}}), "intervals for all"),
        (lambda m: m.sample(9, shares={"member": {True: 0.5, False: 0.2}}), "every value is given"),
        (lambda m: m.sample(9, shares={"job": {"smith": 1}, "grade": {"low": 1}}), "one column"),
        (lambda m: m.sample(9, shares={"key": {"a": 1}}), "made up, so it takes no condition"),
        (lambda m: m.sample(9, counts={"job": {"smith": 10}}), "more than 9"),
        (lambda m: m.sample(counts={"job": {"smith": 1.5}}), "whole numbers"),
        (lambda m: m.sample(counts={"job": {"smith": pd.NA}}), "whole numbers"),
        (lambda m: m.sample(counts={"job": {"smith": None}}), "whole numbers"),
        (lambda m: m.sample(9, counts={"job": {"smith": 1}}, shares={"job": {"smith": 1}}), "one of them"),
        (lambda m: m.sample(9, counts={"job": {"smith": 1}}, conditions={"job": "clerk"}), "Give it once"),
        (lambda m: m.sample(conditions=pd.DataFrame({"job": ["pilot"]})), "'job'.*Use one of"),
        (lambda m: m.sample(conditions=pd.DataFrame({"job": [["smith"], ["nurse"]]})), "'job'.*lists"),
        (lambda m: m.sample(conditions=pd.DataFrame({"work": ["pilot"]})), "'work'"),
        (lambda m: m.sample(conditions=pd.DataFrame({"items": [3.5]})), "'items'"),
        (lambda m: m.sample(conditions=pd.DataFrame({"items": [3, 9_999]})), "'items'.*run from"),
        (lambda m: m.sample(conditions=pd.DataFrame({"amount": [3.0, "many"]})), "'amount'.*not float64"),
        (lambda m: m.sample(conditions=pd.DataFrame({"at": ["soon"]})), "'at'.*not datetime"),
        (lambda m: m.sample(3, conditions=pd.DataFrame({"job": ["smith"]})), "combined with num_rows"),
    ],
)
def test_what_cannot_be_met_is_refused_before_sampling(
    model: TabGAN, ask: Callable[[TabGAN], Any], told: str
) -> None:
    with pytest.raises(ConditionError, match=told):
        ask(model)


MARCH = pd.Timestamp("2023-03-01")


@pytest.mark.parametrize(
    "counts",
    [
        {"items": {(0, 10): 5, (5, 15): 5}},
        {"items": {(0, 10): 5, (10, 20): 5}},  # 10 is in both
        {"items": {(0, 40): 5, (10, 12): 0, (30, 31): 2}},
        {"items": {(None, 9): 5, 7: 5}},
        {"items": {frozenset([1, 2, 3]): 5, 3.0: 5}},
        {"items": {3: 5, frozenset([3]): 5}},
        {"amount": {(0.0, 20.0): 5, (20.0, 60.0): 5}},
        {"at": {("2023-01-01", "2023-03-01"): 5, (MARCH, None): 5}},
        {"at": {("2023-01-01", "2023-06-01"): 5, (MARCH, "2023-04-01"): 5}},
        {"job": {"smith": 5, frozenset(["smith", "nurse"]): 5}},
        {"member": {True: 5, "True": 5}},
        {"grade": {("low", "mid"): 5, ("mid", "high"): 5}},
    ],
)
def test_what_overlaps_is_refused_for_no_number_of_it_could_be_met(model: TabGAN, counts: Any) -> None:
    (name,) = counts
    with pytest.raises(ConditionError, match=f"'{name}': the given values or intervals overlap"):
        model.sample(counts=counts)
    shares = {name: dict.fromkeys(counts[name], 0.1)}
    with pytest.raises(ConditionError, match="overlap"):
        model.sample(100, shares=shares)


def test_neighbours_that_share_nothing_are_met_to_the_row(model: TabGAN) -> None:
    made = model.sample(counts={"items": {(10, 19): 6, 9: 3, (0, 8): 4}}, seed=1)
    assert [int(made["items"].between(*ends).sum()) for ends in ((10, 19), (9, 9), (0, 8))] == [6, 3, 4]
    before = MARCH - pd.Timedelta(1, "us")
    made = model.sample(counts={"at": {(None, before): 4, (MARCH, None): 6}}, seed=1)
    assert (int((made["at"] < MARCH).sum()), int((made["at"] >= MARCH).sum())) == (4, 6)


def test_a_number_of_rows_is_needed(model: TabGAN) -> None:
    with pytest.raises(ValueError, match="num_rows"):
        model.sample()
    assert len(model.sample(counts={"job": {"smith": 0}})) == 0
    assert len(model.sample(conditions=pd.DataFrame({"job": []}))) == 0
