from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan import ConditionError, SchemaError, TabGAN
from tabgan.sampling import PART_ROWS, ROW_BLOCK, block_generator
from tests.toy_tables import FAST, learned_pair, orders


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return orders()


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> TabGAN:
    return TabGAN(**FAST).fit(table)


@pytest.fixture(scope="module")
def wide() -> TabGAN:
    """Two numeric columns of two blocks each that hang together, learned well enough to test shares."""
    model = learned_pair()
    assert [block.column for block in model.encoder_.layout.blocks] == [0, 0, 1, 1, 2]
    return model


def holds(table: pd.DataFrame, name: str, condition: object) -> bool:
    cells = table[name]
    if not isinstance(condition, tuple):
        return bool(cells.isin(condition if isinstance(condition, list | set) else [condition]).all())
    low, high = condition
    return (low is None or bool((cells >= low).all())) and (high is None or bool((cells <= high).all()))


CONDITIONS = [
    {"job": "nurse"},
    {"job": ["nurse", "smith"]},
    {"job": {"clerk"}},
    {"amount": (30.0, 31.5)},
    {"amount": (None, 20)},
    {"amount": (88.5, None)},
    {"items": (7, 19)},
    {"items": 12},
    {"items": [3, 5, 58]},
    {"grade": ("mid", None)},
    {"grade": "low"},
    {"member": True},
    {"at": (pd.Timestamp("2023-03-05 10:00"), pd.Timestamp("2023-03-20 18:30"))},
    {"at": (pd.Timestamp("2023-11-01"), None)},
    {"same": 7},
    {"amount": (40, 60), "items": (10, 40), "job": ["clerk", "nurse"], "member": False},
    {"amount": (15.25, 15.75), "at": (None, pd.Timestamp("2023-02-01")), "grade": ("low", "mid")},
]


@pytest.mark.parametrize("rounds", [None, 2])
@pytest.mark.parametrize("conditions", CONDITIONS, ids=lambda c: "+".join(c))
def test_a_condition_holds_in_every_row(model, conditions, rounds):
    made = model.sample(300, conditions=conditions, rounds=rounds, seed=1)
    assert len(made) == 300
    for name, condition in conditions.items():
        assert made[name].notna().all()
        assert holds(made, name, condition)


@given(low=st.floats(0, 110), span=st.floats(0, 40), seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_any_interval_that_is_not_refused_holds(model, low, span, seed):
    try:
        made = model.sample(40, conditions={"amount": (low, low + span)}, seed=seed)
    except ConditionError:
        return
    assert made["amount"].between(low, low + span).all()


@pytest.mark.parametrize(
    "conditions",
    [
        {"unknown": 1},
        {"job": "astronaut"},
        {"job": []},
        {"job": None},
        {"amount": "much"},
        {"amount": (60, 40)},
        {"amount": (1, 2, 3)},
        {"amount": (float("nan"), 3)},
        {"amount": (1e9, 2e9)},
        {"items": 2.5},
        {"grade": ("high", "low")},
        {"at": "no date"},
        {"nothing": 3},
        {"job": "nurse", "unknown": 1},
    ],
    ids=str,
)
def test_a_condition_that_cannot_be_met_is_refused_before_sampling(model, conditions):
    with pytest.raises(ConditionError, match=r"(?i)column"):
        model.sample_iter(10**12, conditions=conditions)


def test_no_rows_are_asked_for_under_conditions(model, table):
    made = model.sample(0, conditions={"amount": (20, 60), "job": ["clerk", "nurse"]})
    assert made.shape == (0, len(table.columns))
    assert made.dtypes.equals(table.dtypes)


def chain_shares(model: TabGAN, conditions: dict[str, object]) -> dict[tuple[int, ...], float]:
    """Share of each allowed combination of codes by brute force: the chain rule, then renormalised."""
    sampler = model._fitted_sampler()
    plan = sampler.plan(conditions, None)
    drawer = sampler.exact
    assert drawer is not None
    sizes, offsets = drawer.blocks.sizes, drawer.blocks.offsets.tolist()
    combos = torch.tensor(list(itertools.product(*(range(sizes[block]) for block in plan.alone))))
    codes, visible = torch.zeros(len(combos), len(sizes), dtype=torch.long), torch.zeros(1, len(sizes)).bool()
    codes[:, list(plan.alone)] = combos
    for block, code in plan.known.items():
        codes[:, block], visible[:, block] = code, True
    share = torch.ones(len(combos), dtype=torch.float64)
    for block in plan.alone:
        with torch.no_grad():
            logits = drawer.generator(codes, visible.expand(len(codes), -1))
        own = logits[:, offsets[block] : offsets[block] + sizes[block]].softmax(1)
        share *= own.gather(1, codes[:, block : block + 1])[:, 0].double()
        visible[:, block] = True
    for restriction in {id(r): r for r in plan.restrictions.values()}.values():
        share *= restriction.shares[tuple(codes[:, block] for block in restriction.blocks)]
    share /= share.sum()
    return {tuple(row): float(s) for row, s in zip(combos.tolist(), share, strict=True) if s > 0}


@pytest.fixture(
    scope="module",
    params=[{"x": (80, 110)}, {"x": (1, 298)}, {"x": (60, 90), "z": [0, 2]}, {"z": [0, 2]}],
    ids=lambda c: "+".join(f"{k}{v}" for k, v in c.items()),
)
def restricted(request, wide):
    """Conditions, and the shares of the model under them."""
    return request.param, chain_shares(wide, request.param)


@pytest.mark.parametrize("n_rows", [60, 6000])
def test_restricted_blocks_have_the_shares_of_the_model(wide, restricted, n_rows):
    conditions, wanted = restricted
    sampler = wide._fitted_sampler()
    plan = sampler.plan(conditions, None)
    found: Counter[tuple[int, ...]] = Counter()
    n_total = 0
    for index in range(max(1, 6000 // n_rows)):
        rng = block_generator(5, index)
        drawn = sampler._draw(plan, *sampler._given([plan], [n_rows], rng), rng)
        found.update(map(tuple, drawn[:, list(plan.alone)].tolist()))
        n_total += n_rows
    assert set(found) <= set(wanted)
    # Joint shares in groups of neighbouring combinations, so that each has hundreds of rows.
    names = sorted(wanted)
    groups = np.array_split(np.arange(len(names)), min(8, len(names)))
    for group in groups:
        share = sum(wanted[names[place]] for place in group)
        got = sum(found[names[place]] for place in group) / n_total
        # Resampled rows repeat: twice the standard error of independent rows.
        assert got == pytest.approx(share, abs=5 * 2 * np.sqrt(share * (1 - share) / n_total) + 1e-3)


def test_an_interval_that_ends_within_a_bin_gets_a_part_of_its_rows(model, table):
    """Else all rows of the bin would be squeezed into what the interval leaves of it."""
    encoder = model.encoder_.encoders[0]
    bins = [
        (low, high) for low, high in zip(encoder.levels.low, encoder.levels.high, strict=True) if low < high
    ]
    (low, border), (_, end) = max(itertools.pairwise(bins), key=lambda pair: pair[1][1] - pair[1][0])
    high = border + 0.1 * (end - border)
    free = model.sample(30_000, seed=1)["amount"] * 100  # hundredths, as levels have them
    kept = free[free.between(low, high)]
    made = model.sample(3_000, conditions={"amount": (low / 100, high / 100)}, seed=2)["amount"] * 100
    assert len(kept) > 300
    assert (made > border).mean() == pytest.approx((kept > border).mean(), abs=0.06)


def test_restricted_rows_are_those_that_rejection_would_keep(wide):
    conditions = {"x": (54, 132), "y": (66, 213)}
    free = wide.sample(60_000, seed=3)
    kept = free[free["x"].between(54, 132) & free["y"].between(66, 213)]
    made = wide.sample(len(kept), conditions=conditions, seed=4)
    assert all(holds(made, name, condition) for name, condition in conditions.items())
    for name, edges in (("x", np.linspace(53.5, 132.5, 9)), ("y", np.linspace(65.5, 213.5, 9))):
        one, two = (np.histogram(rows[name], edges)[0] / len(rows) for rows in (kept, made))
        # What is left is the model's own: drawn in another order, it is not quite the same.
        assert np.abs(one - two).sum() / 2 < 0.08
    assert np.corrcoef(made["x"], made["y"])[0, 1] == pytest.approx(
        np.corrcoef(kept["x"], kept["y"])[0, 1], abs=0.1
    )
    assert (made["z"].value_counts(normalize=True) - 1 / 3).abs().max() < 0.08


@pytest.mark.parametrize("rounds", [None, 1, 2, 50])
def test_rounds_are_all_possible(model, table, rounds):
    made = model.sample(200, rounds=rounds, seed=0)
    assert made.dtypes.equals(table.dtypes)
    assert len(made) == 200


@pytest.mark.parametrize("rounds", [None, 2])
@pytest.mark.parametrize("batch_rows", [1, 7, 100, 250, 251])
def test_the_same_seed_gives_the_same_rows_whatever_the_batch(model, batch_rows, rounds):
    whole = model.sample(250, rounds=rounds, seed=9)
    batches = list(model.sample_iter(250, batch_rows, rounds=rounds, seed=9))
    assert {len(batch) for batch in batches[:-1]} <= {batch_rows}
    assert 0 < len(batches[-1]) <= batch_rows
    pd.testing.assert_frame_equal(pd.concat(batches, ignore_index=True), whole)
    for batch in batches:
        assert batch.index.equals(pd.RangeIndex(len(batch)))


def test_rows_beyond_one_block_are_the_same_too_and_fresh(wide):
    n_rows = ROW_BLOCK + 1500
    whole = wide.sample(n_rows, conditions={"z": 1}, seed=2)
    batches = list(wide.sample_iter(n_rows, 30_000, conditions={"z": 1}, seed=2))
    assert [len(batch) for batch in batches] == [30_000, 30_000, n_rows - 60_000]
    pd.testing.assert_frame_equal(pd.concat(batches, ignore_index=True), whole)
    assert whole["key"].is_unique
    assert not whole["x"][:1500].equals(whole["x"][ROW_BLOCK:].reset_index(drop=True))


def test_seeds_differ_and_blocks_of_rows_do(model):
    one, two = model.sample(60, seed=1), model.sample(60, seed=2)
    assert not one["amount"].equals(two["amount"])
    first, second = (block_generator(1, index).random(4) for index in (0, 1))
    assert not np.array_equal(first, second)
    assert np.array_equal(first, block_generator(1, 0).random(4))


def test_no_seed_takes_a_new_one_and_keeps_it(model):
    one = model.sample(60)
    seed = model.sample_seed_
    two = model.sample(60)
    assert not one["amount"].equals(two["amount"])
    pd.testing.assert_frame_equal(model.sample(60, seed=seed), one)


def test_parts_do_not_show(wide):
    made = wide.sample(PART_ROWS + 10, seed=1)
    assert not made[:10].equals(made[PART_ROWS:].reset_index(drop=True))


def test_identifiers_are_fresh_and_unique_over_batches(model, table):
    made = pd.concat(model.sample_iter(1000, 300, seed=1))
    assert made["key"].is_unique
    assert made["key"].str.fullmatch(r"K-\d+").all()


def holes(table: pd.DataFrame) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    cells = table.drop(columns=["nothing"]).astype(object)
    return cells.mask(rng.random(cells.shape) < 0.4).astype(
        {name: dtype for name, dtype in table.dtypes.items() if name in ("items", "job", "grade", "at")}
    )


@pytest.mark.parametrize("rounds", [None, 1, 3])
def test_completing_fills_every_gap_and_keeps_every_given_cell(model, table, rounds):
    given = holes(table).set_index(pd.Index(range(1000, 1000 + len(table)), name="row"))
    before = given.copy(deep=True)
    done = model.complete(given, rounds=rounds, seed=1)
    pd.testing.assert_frame_equal(given, before)
    assert done.index.equals(given.index)
    assert list(done) == list(table)
    assert not done.drop(columns="nothing").isna().any(axis=None)
    for name in given:
        was_given = given[name].notna()
        assert (done[name][was_given] == given[name][was_given]).all()


def test_what_is_complete_comes_back_as_it_was(model):
    given = orders(50, seed=7).dropna(axis="columns").drop(columns=["key"])
    done = model.complete(given, seed=1)
    pd.testing.assert_frame_equal(done[list(given)], given)


@pytest.mark.parametrize(
    "given",
    [
        pd.DataFrame({"amount": [20.0, np.nan], "job": [np.nan, np.nan]}),
        pd.DataFrame({"at": [np.nan] * 3, "items": [None, None, 4]}),
        pd.DataFrame({"grade": pd.Categorical(["low", None] * 20)}),
        pd.DataFrame({"grade": [None, "high"] * 20}),
        pd.DataFrame({"items": [1.0, np.nan]}),
        pd.DataFrame({"member": [True, None]}),
        pd.DataFrame({"items": pd.array([2, None], dtype="Int8")}),
        pd.DataFrame({"at": ["2023-05-01", None]}),
        pd.DataFrame({"same": [None, 7]}),
        pd.DataFrame(index=range(3)),
        orders(3).drop(columns=["amount", "key", "same"])[["job", "at"]],
    ],
    ids=lambda given: "+".join(f"{n}:{d}" for n, d in given.dtypes.items()) or "no columns",
)
def test_rows_of_other_dtypes_are_completed(model, table, given):
    done = model.complete(given, seed=1)
    assert list(done) == list(table)
    assert len(done) == len(given)
    assert not done.drop(columns="nothing").isna().any(axis=None)


def test_what_is_given_shapes_what_is_filled(wide):
    given = pd.DataFrame({"x": np.repeat(np.arange(120, 180), 20)})
    with_x, without = wide.complete(given, seed=1)["y"], wide.sample(1200, seed=1)["y"]
    assert with_x.between(60, 240).mean() > without.between(60, 240).mean() + 0.1


def test_no_rows_are_completed_to_no_rows(model, table):
    done = model.complete(table.head(0))
    assert done.shape == (0, len(table.columns))


def test_rows_with_unknown_or_doubled_columns_are_refused(model):
    with pytest.raises(SchemaError, match="extra"):
        model.complete(pd.DataFrame({"amount": [1.0], "extra": [2]}))
    with pytest.raises(SchemaError, match="share a name"):
        model.complete(pd.DataFrame([[1.0, 2.0]], columns=["amount", "amount"]))


def test_completion_is_the_same_for_a_seed(model, table):
    given = holes(table).head(40)
    one, again, other = (model.complete(given, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, again)
    assert not one.equals(other)
