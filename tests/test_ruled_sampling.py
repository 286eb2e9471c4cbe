"""Every row that is made keeps every rule: drawn freely, under conditions, completed, after save and load."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import torch

from tabgan import (
    Column,
    ConditionError,
    ConstraintError,
    Custom,
    FixedCombinations,
    Increments,
    Inequality,
    NotNull,
    OneHot,
    PrivacyConfig,
    Schema,
    SchemaError,
    Sum,
    TabGAN,
    Unique,
)
from tabgan.encoding.noisy_statistics import fit_encoder
from tabgan.gan.settings import PrivateSettings
from tabgan.privacy.ledger import Ledger
from tabgan.privacy.rows import BoundRelease, PrivateRows
from tabgan.private_learning import learn_privately
from tabgan.private_reading import Budget
from tabgan.rule import Rule
from tabgan.rules.checks import broken_rows
from tabgan.rules.public import public_reduction, reduced_rows
from tests.privacy.replaying import distances, recorded, replayed
from tests.rules.tables import PARIS, RULES, deals
from tests.toy_tables import LIKELIHOOD

EVEN = Custom("even cents", ("gross",), lambda table: (table["gross"] * 100).round() % 2 == 0)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return deals()


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> TabGAN:
    return TabGAN(rules=RULES, **LIKELIHOOD).fit(table)


def assert_kept(made: pd.DataFrame, model: TabGAN, table: pd.DataFrame) -> None:
    for rule in model.schema_.rules:
        assert not broken_rows(rule, made, model.schema_).any(), str(rule)
    pairs = zip(made["city"], made["country"].astype(str), strict=True)
    assert set(pairs) <= set(zip(table["city"], table["country"].astype(str), strict=True))


CONDITIONS = [
    {},
    {"country": "NO"},
    {"gross": (200.0, 400.0)},
    {"gross": 345.67},
    {"closed": (pd.Timestamp("2024-06-01", tz=PARIS), pd.Timestamp("2024-07-01", tz=PARIS))},
    {"boxes": (13, 40)},
    {"boxes": [24, 36], "is_new": 1},
    {"most": (1, 2), "least": (-1, None), "likely": (None, 1.5)},
    {"opened": (pd.Timestamp("2024-10-27", tz=PARIS), None), "city": ["Rome", "Bari"], "net": (1, 500)},
]


@pytest.mark.parametrize("rounds", [None, 2])
@pytest.mark.parametrize("conditions", CONDITIONS, ids=lambda c: "+".join(c) or "none")
def test_rows_keep_rules_and_conditions(model, table, conditions, rounds):
    made = model.sample(80, conditions=conditions, rounds=rounds, seed=3)
    assert len(made) == 80
    assert made.dtypes.equals(table.dtypes)
    assert_kept(made, model, table)
    for name, condition in conditions.items():
        if isinstance(condition, tuple):
            low, high = condition
            assert low is None or (made[name] >= low).all()
            assert high is None or (made[name] <= high).all()
        else:
            assert made[name].isin(condition if isinstance(condition, list) else [condition]).all()


@pytest.mark.parametrize(
    "conditions",
    [{"country": "SE"}, {"city": "Oslo", "country": "IT"}, {"boxes": 13}, {"gross": "much"}, {"nobody": 1}],
    ids=str,
)
def test_a_condition_that_the_rules_rule_out_is_refused(model, conditions):
    with pytest.raises(ConditionError):
        model.sample_iter(10, conditions=conditions)


def test_counts_shares_and_tables_of_conditions_keep_the_rules(model, table):
    made = model.sample(60, counts={"country": {"NO": 13}}, conditions={"gross": (100, 700)}, seed=2)
    assert (made["country"] == "NO").sum() == 13
    assert made["gross"].between(100, 700).all()
    assert_kept(made, model, table)
    halves = model.sample(60, shares={"city": {"Rome": 0.5}}, seed=2)
    assert (halves["city"] == "Rome").sum() == 30
    assert_kept(halves, model, table)
    wanted = pd.DataFrame({"city": ["Rome", None, "Moss"], "gross": [300.25, 300.5, None]})
    rows = model.sample(conditions=wanted, seed=2)
    assert rows.dtypes.equals(table.dtypes)
    assert rows["city"][[0, 2]].tolist() == ["Rome", "Moss"]
    assert rows["gross"][:2].tolist() == [300.25, 300.5]
    assert_kept(rows, model, table)


def test_rows_are_the_same_for_a_seed_whatever_the_batch_and_after_the_file(model, tmp_path):
    whole = model.sample(300, seed=9)
    batches = pd.concat(model.sample_iter(300, 70, seed=9), ignore_index=True)
    pd.testing.assert_frame_equal(batches, whole)
    model.save(tmp_path / "deals.tabgan")
    again = TabGAN.load(tmp_path / "deals.tabgan")
    assert again.schema_.rules == RULES
    pd.testing.assert_frame_equal(again.sample(300, seed=9), whole)
    assert model.sample(0).dtypes.equals(whole.dtypes)


@pytest.mark.parametrize("rounds", [None, 2])
def test_completed_rows_keep_rules_and_what_is_given(model, table, rounds):
    rng = np.random.default_rng(1)
    given = table.drop(columns="fee").head(25)
    is_gap = pd.DataFrame(rng.random(given.shape) < 0.5, columns=given.columns)
    is_gap["line"] = is_gap["number"]  # a key is given or made as a whole
    given = given.mask(is_gap)
    done = model.complete(given, rounds=rounds, seed=1)
    assert list(done) == list(table)
    assert not done.isna().any(axis=None)
    assert_kept(done, model, table)
    for name in given:
        is_given = given[name].notna()
        assert (done[name][is_given] == given[name][is_given]).all()


@pytest.mark.parametrize("seeds", [range(1), pytest.param(range(1, 12), marks=pytest.mark.slow)])
def test_a_row_that_must_be_mended_still_finds_a_key_of_its_own(model, table, seeds):
    """Few rows keep all rules unmended, and every mended one may meet a key that is taken."""
    rng = np.random.default_rng(1)
    given = table.drop(columns="fee").head(60)
    is_gap = pd.DataFrame(rng.random(given.shape) < 0.5, columns=given.columns)
    is_gap["line"] = is_gap["number"]
    for seed in seeds:
        assert len(model.complete(given.mask(is_gap), seed=seed)) == 60


def test_given_rows_that_break_a_rule_are_refused_with_their_number(model):
    given = pd.DataFrame({"least": [1.0, 3.0], "likely": [2.0, 2.0], "most": [None, 4.0]})
    with pytest.raises(ConstraintError, match=r"Range.*1 of 2 given rows"):
        model.complete(given)


def test_a_combination_that_nothing_completes_is_an_error(model):
    with pytest.raises(
        ConstraintError, match=r"FixedCombinations.*only 1 of 2 .* Leave out the other rows, "
    ):
        model.complete(pd.DataFrame({"city": ["Atlantis", "Rome"]}), seed=1)


def test_the_only_missing_part_of_a_sum_is_what_is_left(model):
    done = model.complete(pd.DataFrame({"net": [10.0], "tax": [2.5], "gross": [13.0]}), seed=1)
    assert float(done["fee"][0]) == 0.5


def test_keys_run_out_exactly_and_an_error_comes_before_that():
    pairs = [pair for pair in itertools.product(range(6), "abcd") if pair[0] % 4 != "abcd".index(pair[1])]
    table = pd.DataFrame(pairs, columns=["row", "place"]).sample(frac=1, random_state=0)
    table = pd.concat([table.assign(block=block) for block in range(9)], ignore_index=True)
    rules = [Unique(("row", "place", "block"))]
    model = TabGAN(rules=rules, discrete_columns=["row"], **LIKELIHOOD).fit(table)
    made = model.sample(6 * 4 * 9, seed=1)
    assert not made.duplicated().any()
    assert made.dtypes.equals(table.dtypes)
    some = model.sample(24, conditions={"block": 3}, seed=1)
    assert not some.duplicated().any()
    assert (some["block"] == 3).all()
    with pytest.raises(ConstraintError, match="216 different keys"):
        model.sample_iter(217)
    with pytest.raises(ConstraintError, match="Unique"):
        model.sample(25, conditions={"block": 3}, seed=1)


def test_a_predicate_rejects_rows_and_is_given_again_after_loading(table, tmp_path):
    real = table[EVEN.predicate(table)].reset_index(drop=True)
    model = TabGAN(rules=[*RULES, EVEN], **LIKELIHOOD).fit(real)
    made = model.sample(100, seed=1)
    assert EVEN.predicate(made).all()
    assert_kept(made, model, table)
    model.save(tmp_path / "even.tabgan")
    with pytest.raises(ConstraintError, match="even cents"):
        TabGAN.load(tmp_path / "even.tabgan")
    again = TabGAN.load(tmp_path / "even.tabgan", predicates={EVEN.name: EVEN.predicate})
    pd.testing.assert_frame_equal(again.sample(100, seed=1), made)
    never = Custom("never", ("net",), lambda rows: pd.Series(False, index=rows.index))
    with pytest.raises(ConstraintError, match=r"never.*of \d+ rows break it"):
        TabGAN(rules=[never], **LIKELIHOOD).fit(table)
    again.reduction_.schema.__dict__["rules"] = (Custom("never", ("net",), never.predicate),)
    with pytest.raises(ConstraintError, match=r"never.*only 0 of 5 rows"):
        again.sample(5)


def test_broken_rows_are_dropped_when_that_is_asked_for(table):
    dirty = table.copy()
    dirty.loc[:8, "gross"] += 1
    with pytest.raises(ConstraintError, match="7 of 400 rows"):
        TabGAN(rules=RULES, **LIKELIHOOD).fit(dirty)
    model = TabGAN(rules=RULES, broken_rows="drop", **LIKELIHOOD).fit(dirty)
    assert any("7 rows break it" in line for line in model.warnings_)
    assert_kept(model.sample(50, seed=0), model, table)


def test_the_target_may_be_part_of_a_rule(table):
    model = TabGAN(rules=RULES, target="country", **LIKELIHOOD).fit(table)
    assert_kept(model.sample(30, seed=0), model, table)


# Private mode: rules are public, rows that break them stay unseen.

PUBLIC = Schema(
    (
        Column("net", "numeric", dtype="float64", decimals=2, minimum=0, maximum=900),
        Column("tax", "numeric", dtype="float64", decimals=2, minimum=0, maximum=90),
        Column("gross", "numeric", dtype="float64", decimals=2, minimum=0, maximum=990),
        Column("least", "numeric", dtype="int64", minimum=0, maximum=99),
        Column("most", "numeric", dtype="int64", minimum=0, maximum=99),
        Column("boxes", "numeric", dtype="int64", minimum=0, maximum=360),
        Column("city", "categorical", dtype="str", categories=("Oslo", "Rome")),
        Column("country", "categorical", dtype="str", categories=("NO", "IT")),
        Column("is_a", "numeric", dtype="int64", minimum=0, maximum=1),
        Column("is_b", "numeric", dtype="int64", minimum=0, maximum=1),
    ),
    (
        Sum(("net", "tax"), "gross"),
        Inequality("least", "most"),
        Increments("boxes", 12),
        FixedCombinations(("city", "country")),
        OneHot(("is_a", "is_b")),
        NotNull(("net",)),
    ),
)


def private_table(n_rows: int = 500) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    net, tax, is_a = (
        rng.integers(0, 90_000, n_rows),
        rng.integers(0, 9_000, n_rows),
        rng.integers(0, 2, n_rows),
    )
    least, is_oslo = rng.integers(0, 50, n_rows), rng.random(n_rows) < 0.5
    return pd.DataFrame(
        {
            "net": net / 100,
            "tax": tax / 100,
            "gross": (net + tax) / 100,
            "least": least,
            "most": least + rng.integers(0, 40, n_rows),
            "boxes": rng.integers(0, 30, n_rows) * 12,
            "city": np.where(is_oslo, "Oslo", "Rome"),
            "country": np.where(is_oslo, "NO", "IT"),
            "is_a": is_a,
            "is_b": 1 - is_a,
        }
    )


def breaking() -> pd.DataFrame:
    """One row that breaks every rule."""
    row = private_table(1)
    return row.assign(net=np.nan, gross=5.0, least=90, most=3, boxes=7, country="XX", is_a=4)


def test_a_row_that_breaks_every_rule_changes_no_release_by_more_than_its_share(monkeypatch):
    reduction = public_reduction(PUBLIC)

    def read(table: pd.DataFrame) -> object:
        rows = PrivateRows(table, Ledger(1000.0, 1e-5)).map(lambda rows: reduced_rows(rows, reduction))
        return fit_encoder(reduction.inner, BoundRelease(rows, 3.0, 1e-6), n_rows=500)

    first = recorded(monkeypatch)
    one = read(private_table())
    second = replayed(monkeypatch, first)
    two = read(pd.concat([private_table(), breaking()], ignore_index=True))
    assert one.to_dict() == two.to_dict()
    assert second.releases == first.releases
    for distance, sensitivity in distances(first, second):
        assert distance <= sensitivity * (1 + 1e-9)


def test_rows_are_reduced_one_by_one():
    reduction = public_reduction(PUBLIC)
    table = pd.concat([private_table(20), breaking()], ignore_index=True)
    whole = reduced_rows(table, reduction)
    for row in range(len(table)):
        alone = reduced_rows(table.iloc[[row]], reduction)
        pd.testing.assert_frame_equal(alone, whole.iloc[[row]].reset_index(drop=True))


def test_private_rows_keep_the_rules_and_nobody_hears_of_those_that_break_them():
    table = pd.concat([private_table(), breaking()], ignore_index=True)
    budget = Budget(50.0, 1e-5, 1.0, PrivacyConfig(n_rows=500, steps=2, masks=1))
    settings = PrivateSettings(
        generator_dim=(8,), masks=1, steps=2, warm_steps=2, distil_steps=2, warm_rows=200, pool_rows=200
    )
    learned = learn_privately(
        table, PUBLIC, budget, settings=settings, target="gross", device=torch.device("cpu")
    )
    assert not any("break" in line for line in learned.notes)
    model = TabGAN(generator_dim=(8,))
    model._keep(learned, seed=0)
    made = model.sample(200, seed=0)
    assert list(made.dtypes) == [pd.Series(dtype=column.dtype).dtype for column in PUBLIC]
    for rule in PUBLIC.rules:
        assert not broken_rows(rule, made, model.schema_).any(), str(rule)
    assert set(zip(made["city"], made["country"], strict=True)) <= {("Oslo", "NO"), ("Rome", "IT")}


@pytest.mark.parametrize("rule", [Inequality("least", "most"), FixedCombinations(("least", "most"))], ids=str)
def test_in_private_mode_the_columns_of_a_rule_are_declared(rule: Rule):
    with pytest.raises(SchemaError, match="declare column 'least'"):
        TabGAN(rules=[rule], epsilon=1.0, delta=1e-5).fit(private_table(100))


def test_parts_that_compete_for_the_same_keys_share_none():
    """The key is of other columns than the one whose values are counted, and nearly used up."""
    pairs = pd.DataFrame(itertools.product(range(12), "abcd"), columns=["row", "place"])
    table = pairs.assign(side=["left", "right"] * 24).sample(frac=6, replace=True, random_state=0)
    table = table.drop_duplicates(["row", "place"]).reset_index(drop=True)
    model = TabGAN(rules=[Unique(("row", "place"))], min_rows=1, **LIKELIHOOD).fit(table)
    n_keys = len(table)
    made = model.sample(n_keys, counts={"side": {"left": n_keys // 2}}, seed=1)
    assert not made.duplicated(["row", "place"]).any()
    assert (made["side"] == "left").sum() == n_keys // 2
    streamed = pd.concat(model.sample_iter(n_keys, 7, shares={"side": {"left": 0.5, "right": 0.5}}, seed=2))
    assert not streamed.duplicated(["row", "place"]).any()
