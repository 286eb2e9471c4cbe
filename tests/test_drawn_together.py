"""Which blocks are drawn in which round: as taught, as asked, or together where nothing is lost."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

from tabgan import Custom, TabGAN
from tabgan.gan.drawing import Drawer
from tabgan.sampling import MANY_ROWS
from tests.toy_tables import FAST, LIKELIHOOD, learned_pair, orders


@pytest.fixture(scope="module")
def model() -> TabGAN:
    return TabGAN(**FAST).fit(orders())


@pytest.fixture(scope="module")
def wide() -> TabGAN:
    return learned_pair()


def test_rows_are_drawn_in_the_rounds_that_were_taught_or_else_in_runs_of_the_order(model):
    sampler, everything = model._fitted_sampler(), set(model.order_)
    taught = sampler.plan(None, len(model.groups_))
    assert taught.has_noise
    assert taught.groups == model.groups_
    other = sampler.plan(None, len(model.groups_) + 1)
    assert len(other.groups) == len(model.groups_) + 1
    alone = sampler.plan(None, None)
    assert not alone.has_noise
    assert [len(group) for group in alone.groups] == list(model.runs_)
    for plan in (taught, other, alone):
        assert sorted(block for group in plan.groups for block in group) == sorted(everything)


def test_rows_are_drawn_in_the_rounds_that_were_fitted_for(tmp_path):
    model = TabGAN(**FAST | {"rounds": 1}).fit(orders(300))
    model.save(tmp_path / "m.tabgan")
    rows = model.sample(40, seed=1)
    for again in (model, TabGAN.load(tmp_path / "m.tabgan")):
        pd.testing.assert_frame_equal(again.sample(40, rounds=1, seed=1), rows)
    assert not rows.equals(model.sample(40, rounds=99, seed=1))


def test_the_one_round_recipe_draws_in_one_round():
    model = TabGAN(**FAST | {"recipe": "gan", "rounds": None}).fit(orders(300))
    pd.testing.assert_frame_equal(model.sample(40, seed=1), model.sample(40, rounds=1, seed=1))
    assert not model.sample(40, seed=1).equals(model.sample(40, rounds=6, seed=1))


def test_under_a_condition_each_free_block_sees_all_before_it_unless_rounds_are_asked_for(model):
    sampler = model._fitted_sampler()
    plan = sampler.plan({"job": "nurse"}, None)
    assert not plan.has_noise
    assert {len(group) for group in plan.groups} == {1}
    (job,) = plan.known
    taught = sampler.plan({"job": "nurse"}, len(model.groups_))
    left = [tuple(block for block in group if block != job) for group in model.groups_]
    assert taught.groups == tuple(group for group in left if group)


@pytest.mark.parametrize("rounds", [0, -1, 1.5, "2"])
def test_rounds_that_are_no_number_of_rounds_are_refused(model, rounds):
    for ask in (model.sample, model.complete):
        with pytest.raises(ValueError, match=f"Expected rounds.*{rounds!r}"):
            ask(orders(5) if ask == model.complete else 5, rounds=rounds)


NAMES = ("amount", "items", "job", "member", "at")


def shares_of_column(cells: pd.Series) -> pd.Series:
    """How often each value falls, numbers and times in ten parts."""
    if cells.name in ("amount", "items", "at"):
        ends = {"amount": (0, 110), "items": (0, 60), "at": (1672531200, 1707091200)}[str(cells.name)]
        numbers = cells.astype("int64") / 1e6 if cells.name == "at" else cells.astype(float)
        cells = pd.cut(numbers, np.linspace(*ends, 11))
    return cells.astype(str).value_counts(normalize=True)


def shares_of(table: pd.DataFrame) -> pd.Series:
    """How often x, y and z fall together, in coarse cells."""
    return (table[["x", "y"]] // 30).assign(z=table["z"]).value_counts(normalize=True)


def test_rows_under_a_condition_are_like_freely_drawn_rows_that_meet_it(monkeypatch):
    model = TabGAN(**LIKELIHOOD | {"rounds": None}).fit(orders(3000))
    free = model.sample(120_000, seed=5)
    wanted = {name: shares_of_column(free.loc[free["grade"] == "low", name]) for name in NAMES}

    def gap(**asked) -> float:
        rows = model.sample(20_000, **asked, seed=6)
        rows = rows[rows["grade"] == "low"]
        assert len(rows) in (20_000, 10_000)
        gaps = [shares_of_column(rows[name]).sub(wanted[name], fill_value=0).abs().sum() for name in NAMES]
        return float(np.mean(gaps)) / 2

    alone, half = {"conditions": {"grade": "low"}}, {"shares": {"grade": {"low": 0.5, "high": 0.5}}}
    right = max(gap(**alone), gap(**half))
    again = pickle.loads(pickle.dumps(model))
    assert "pool" in vars(model._sampler)
    assert "pool" not in vars(again._sampler)
    pd.testing.assert_frame_equal(again.sample(2_000, **alone, seed=6), model.sample(2_000, **alone, seed=6))
    monkeypatch.setattr("tabgan.sampling.RIGHT_ROWS", 10**9)
    drifted = min(gap(**alone), gap(**half))
    assert right < 0.02
    assert right < drifted / 3


@pytest.mark.parametrize("asked", ["conditions", "shares", "gaps"])
def test_many_rows_under_conditions_are_drawn_in_fewer_rounds_and_as_they_would_be_alone(
    wide, monkeypatch, asked
):
    n_rows, sizes = MANY_ROWS + 1000, []
    fill = Drawer.fill
    monkeypatch.setattr(
        Drawer,
        "fill",
        lambda self, batch, group, *a, **k: sizes.append(len(group)) or fill(self, batch, group, *a, **k),
    )
    given = pd.DataFrame({"x": np.arange(n_rows) % 300, "z": np.where(np.arange(n_rows) % 2, 1, None)})

    def made() -> pd.DataFrame:
        if asked == "gaps":
            return wide.complete(given, seed=3)
        if asked == "shares":  # none of many rows by itself
            thirds = {(0, 50): 0.3, (100, 150): 0.3, (200, 250): 0.3, (251, 299): 0.1}
            return wide.sample(n_rows, shares={"x": thirds}, seed=3)
        return wide.sample(n_rows, conditions={"x": (0, 200)}, seed=3)

    together = made()
    assert max(sizes) > 1  # z hangs together with nothing
    sizes.clear()
    monkeypatch.setattr("tabgan.sampling.MANY_ROWS", 10**9)
    alone = made()
    assert max(sizes) == 1
    assert shares_of(together).sub(shares_of(alone), fill_value=0).abs().sum() / 2 < 0.05
    if asked == "conditions":
        assert together["x"].between(0, 200).all()


def test_what_is_drawn_again_for_one_part_is_not_drawn_as_another_part_was():
    """A predicate sees every candidate: none of those tables repeats the draws of another."""
    rng = np.random.default_rng(0)
    one = rng.choice(list("abcdefgh"), 600)
    table = pd.DataFrame({"sex": rng.choice(["F", "M"], 600), "one": one, "two": one})
    seen: list[np.ndarray] = []

    def same(rows: pd.DataFrame) -> pd.Series:
        seen.append(rows["one"].to_numpy())
        return rows["one"] == rows["two"]

    model = TabGAN(**LIKELIHOOD, rules=[Custom("same", ("one", "two"), same)]).fit(table)
    seen.clear()
    model.sample(counts={"sex": {"F": 200, "M": 200}}, seed=3)
    assert len(seen) > 2  # most candidates were rejected
    for place, drawn in enumerate(seen):
        for other in seen[:place]:
            n_rows = min(len(drawn), len(other))
            assert (drawn[:n_rows] == other[:n_rows]).mean() < 0.35
