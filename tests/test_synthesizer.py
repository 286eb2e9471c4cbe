from __future__ import annotations

import math
import random

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone

from tabgan import NotFittedError, Schema, SchemaError, TabGAN, infer_schema
from tests.toy_tables import FAST, LIKELIHOOD, SMALL, orders


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return orders(300)


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> TabGAN:
    return TabGAN(target="job", **FAST).fit(table)


# scikit-learn's habits


def test_settings_are_kept_as_they_are_given_and_cloned():
    dims = [8, 9]
    model = TabGAN(target="job", generator_dim=dims, epochs=-3, recipe="no such recipe")
    assert model.get_params()["generator_dim"] is dims
    assert model.get_params()["recipe"] == "no such recipe"
    copy = clone(model)
    assert copy is not model
    assert copy.get_params() == model.get_params()
    assert TabGAN().set_params(epochs=4).epochs == 4
    assert set(vars(model)) == set(model.get_params())


def test_a_fitted_model_clones_to_an_unfitted_one(model):
    copy = clone(model)
    assert not [name for name in vars(copy) if name.endswith("_")]
    with pytest.raises(NotFittedError):
        copy.sample(1)


def test_fit_returns_the_model_and_what_is_learned_ends_in_an_underscore(table):
    model = TabGAN(**LIKELIHOOD)
    assert model.fit(table, None) is model
    learned = set(vars(model)) - set(model.get_params())
    assert {name for name in learned if not name.endswith("_")} <= {"_sampler"}
    assert isinstance(model.schema_, Schema)
    assert isinstance(model.loss_history_, pd.DataFrame)
    assert isinstance(model.warnings_, list)
    assert list(model.schema_.names) == list(table)


@pytest.mark.parametrize(
    "use",
    [
        lambda model: model.sample(3),
        lambda model: model.sample_iter(3),
        lambda model: model.complete(pd.DataFrame()),
        lambda model: model.save("never.tabgan"),
        lambda model: model.summary(),
        lambda model: model.plot_losses(),
    ],
)
def test_nothing_works_before_fitting(use, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFittedError, match="fit or load"):
        use(TabGAN())
    assert not list(tmp_path.iterdir())


def test_the_table_is_left_as_it_was(table):
    given = table.copy(deep=True)
    TabGAN(**LIKELIHOOD).fit(given)
    pd.testing.assert_frame_equal(given, table)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("recipe", "wgan"),
        ("loss", "bce"),
        ("epochs", 0),
        ("epochs", 1.5),
        ("max_seconds", -1.0),
        ("max_seconds", math.nan),
        ("batch_size", 0),
        ("batch_size", "many"),
        ("pac", 1.5),
        ("pac", True),
        ("rounds", 0),
        ("embedding_dim", -1),
        ("discriminator_steps", 0),
        ("generator_dim", ()),
        ("generator_dim", 64),
        ("discriminator_dim", (64, 0)),
        ("generator_lr", 0.0),
        ("discriminator_lr", math.inf),
        ("likelihood_lr", -1e-3),
        ("gradient_clip", 0.0),
        ("label_smoothing", 0.5),
        ("label_smoothing", -0.1),
        ("feature_matching_weight", -1.0),
        ("auxiliary_weight", -1.0),
        ("adversary_weight", -1.0),
        ("likelihood_weight", math.nan),
        ("marginals_weight", math.inf),
        ("min_rows", 0),
        ("min_rows", math.nan),
        ("min_rows", "5"),
        ("max_categories", 1.5),
        ("rare", "drop"),
        ("random_state", -1),
        ("random_state", 1.5),
        ("random_state", 2**63),
        ("device", "abacus"),
        ("device", None),
    ],
)
def test_a_wrong_setting_is_refused_by_name(table, name, value):
    word = "seed" if name == "random_state" else name
    with pytest.raises(ValueError, match=word):
        TabGAN(**{**FAST, name: value}).fit(table)


def test_an_unknown_target_is_refused_before_training(table):
    told = []
    with pytest.raises(SchemaError, match="'salary'"):
        TabGAN(target="salary", callbacks=(told.append,), **FAST).fit(table)
    assert told == []


# What comes out


def test_rows_look_like_the_table(model, table):
    made = model.sample(500, seed=0)
    assert list(made) == list(table)
    assert made.dtypes.equals(table.dtypes)
    assert made.index.equals(pd.RangeIndex(500))
    assert made["nothing"].isna().all()
    assert (made["same"] == 7).all()
    assert set(made["job"].dropna()) <= set(table["job"].dropna())
    assert made["job"].isna().mean() == pytest.approx(0.1, abs=0.08)
    assert list(made["grade"].cat.categories) == ["low", "mid", "high"]
    assert (made["amount"].round(2) == made["amount"]).all()
    assert made["amount"].between(table["amount"].min(), table["amount"].max()).all()


def test_no_rows_have_the_columns_and_dtypes(model, table):
    made = model.sample(0)
    assert made.shape == (0, len(table.columns))
    assert made.dtypes.equals(table.dtypes)
    batches = list(model.sample_iter(0, 10))
    assert [len(batch) for batch in batches] == [0]


@pytest.mark.parametrize(
    ("num_rows", "batch_rows", "named"),
    [(-1, 10, "num_rows"), (10, 0, "batch_rows"), (10, -5, "batch_rows")],
)
def test_numbers_of_rows_below_zero_are_refused(model, num_rows, batch_rows, named):
    with pytest.raises(ValueError, match=named):
        model.sample_iter(num_rows, batch_rows)


@pytest.mark.parametrize("seed", [-1, 2.5, 2**63, True])
def test_seeds_out_of_range_are_refused(model, seed):
    with pytest.raises(ValueError, match="seed"):
        model.sample(3, seed=seed)


def test_the_default_draws_block_by_block_and_trains_the_adversary_for_rounds_alone(table):
    model = TabGAN(**FAST | {"rounds": None}).fit(table)
    assert set(model.loss_history_["phase"]) == {"likelihood"}
    assert model.generator_ is model.quick_generator_
    assert not model.generator_.noise.weight.any()  # which nobody taught
    assert len(model.sample(50, rounds=2)) == 50


@pytest.mark.parametrize("recipe", ["default", "gan", "likelihood"])
def test_every_recipe_learns_and_draws(table, recipe):
    model = TabGAN(recipe=recipe, **FAST).fit(table)
    assert (model.generator_ is model.quick_generator_) == (recipe != "default")
    phases = {"default": {"likelihood", "adversary"}, "gan": {"adversary"}, "likelihood": {"likelihood"}}
    assert set(model.loss_history_["phase"]) == phases[recipe]
    assert all(len(model.sample(50, rounds=rounds)) == 50 for rounds in (None, 1, 2))


@pytest.mark.parametrize(
    "options",
    [
        {"loss": "wasserstein-gp"},
        {"loss": "hinge", "spectral_norm": True, "pac": 2},
        {"label_smoothing": 0.1, "feature_matching_weight": 1.0},
        {"auxiliary_weight": 1.0, "target": "job"},
        {"marginals_weight": 1.0},
        {"discriminator_views": False, "discriminator_steps": 2},
        {"rounds": 2, "generator_dim": [16], "discriminator_dim": np.array([16])},
        {"epochs": None, "max_seconds": 0.2},
    ],
    ids=lambda options: "+".join(options),
)
def test_every_option_can_be_set_and_saved(table, tmp_path, options):
    model = TabGAN(**FAST | options).fit(table)
    model.save(tmp_path / "m.tabgan")
    loaded = TabGAN.load(tmp_path / "m.tabgan")
    pd.testing.assert_frame_equal(loaded.sample(20, seed=1), model.sample(20, seed=1))


def test_a_relation_between_columns_is_learned():
    table = orders(2000)
    model = TabGAN(**SMALL, epochs=60, recipe="likelihood").fit(table)
    wanted = table.groupby("job")["amount"].mean()
    found = model.sample(3000, seed=0).groupby("job")["amount"].mean()
    assert (found - wanted).abs().max() < 12  # the three means lie 30 and 40 apart


# Odd tables


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"a": [3] * 40}),
        pd.DataFrame({"a": [np.nan] * 40}),
        pd.DataFrame({"key": [f"id{place:05d}" for place in range(200)]}),
        pd.DataFrame({"a": [1] * 150, "b": pd.NA, "key": range(150)}),
    ],
    ids=["constant", "all missing", "identifier", "all three"],
)
@pytest.mark.parametrize("recipe", ["default", "gan"])
def test_a_table_with_nothing_to_learn_works(table, recipe, tmp_path):
    model = TabGAN(recipe=recipe, **FAST).fit(table)
    assert model.generator_ is None
    assert model.loss_history_.empty
    made = model.sample(30, seed=1)
    assert made.dtypes.equals(table.dtypes)
    if "a" in table:
        assert made["a"].astype(object).isin(table["a"].tolist()).all() or made["a"].isna().all()
    model.save(tmp_path / "m.tabgan")
    pd.testing.assert_frame_equal(TabGAN.load(tmp_path / "m.tabgan").sample(30, seed=1), made)
    assert len(model.complete(table.head(3))) == 3


@pytest.mark.parametrize("n_rows", [10, 12])
def test_a_handful_of_rows_is_learned_with_a_warning(n_rows):
    model = TabGAN(**FAST).fit(
        pd.DataFrame({"a": ["x", "y", "x", "y", "x", "x"] * 2, "b": [1, 2] * 6})[:n_rows]
    )
    assert any("memorised" in line for line in model.warnings_)
    assert len(model.sample(20)) == 20


@pytest.mark.parametrize("names", [[0, 1], [("a", "b"), ("a", "c")], [pd.Timestamp("2024-01-01"), "b"]])
def test_column_names_of_any_kind_can_be_the_target_and_are_saved(names, tmp_path):
    table = pd.DataFrame({0: [1, 2, 3, 4] * 20, 1: ["x", "y"] * 40})
    table.columns = pd.Index(names, tupleize_cols=False)
    model = TabGAN(target=names[0], **LIKELIHOOD).fit(table)
    model.save(tmp_path / "m.tabgan")
    loaded = TabGAN.load(tmp_path / "m.tabgan")
    assert loaded.target == names[0]
    assert list(loaded.sample(3)) == names


def test_a_declared_schema_wins(table):
    schema = infer_schema(table[["items", "job"]]).to_dict()
    model = TabGAN(schema=schema, discrete_columns=("member",), **LIKELIHOOD).fit(table)
    assert model.schema_["member"].kind in ("boolean", "categorical")
    assert model.sample(5).dtypes.equals(table.dtypes)


# Randomness


def global_states() -> tuple[object, ...]:
    state = np.random.get_state()  # noqa: NPY002  # the legacy state is what is tested
    return torch.random.get_rng_state().tolist(), state[1].tolist(), state[2], random.getstate()


def test_global_random_states_are_left_alone(table, tmp_path):
    before = global_states()
    model = TabGAN(**FAST).fit(table)
    model.sample(20)
    model.complete(table.head(5))
    model.save(tmp_path / "m.tabgan")
    TabGAN.load(tmp_path / "m.tabgan").sample(5)
    assert global_states() == before


def test_without_a_seed_each_fit_is_another(table):
    one, two = (TabGAN(random_state=None, **LIKELIHOOD).fit(table) for _ in range(2))
    assert one.seed_ != two.seed_
    assert one.random_state is None
    assert not torch.equal(one.generator_.head.bias, two.generator_.head.bias)


def test_numpy_numbers_are_settings_too(table, tmp_path):
    options = {
        **LIKELIHOOD,
        "epochs": np.int64(2),
        "random_state": np.int32(3),
        "likelihood_lr": np.float32(1e-3),
    }
    TabGAN(**options).fit(table).save(tmp_path / "m.tabgan")
    assert TabGAN.load(tmp_path / "m.tabgan").get_params()["epochs"] == 2


# Training from outside


def test_callbacks_are_told_and_can_stop(table):
    told: list[dict[str, object]] = []

    def stop(record):
        told.append(record)
        return len(told) == 2

    model = TabGAN(**SMALL, epochs=200, callbacks=(stop,)).fit(table)
    assert len(told) == len(model.loss_history_) == 2
    assert {"phase", "step", "epoch", "validation", "rows_per_second"} <= set(told[0])
    assert len(model.sample(5)) == 5


def test_the_bar_is_drawn_on_stderr_if_asked_for(table, capsys):
    TabGAN(**LIKELIHOOD).fit(table)
    assert capsys.readouterr() == ("", "")
    TabGAN(verbose=True, **LIKELIHOOD).fit(table)
    told = capsys.readouterr()
    assert told.out == ""
    assert "likelihood" in told.err


def test_losses_can_be_plotted(model):
    figure = model.plot_losses()
    assert len(figure.data) >= 3
    assert all(len(line.x) == len(line.y) > 0 for line in figure.data)
    assert "plotly" in figure.to_html(include_plotlyjs=False).lower()


def test_an_auxiliary_classifier_without_a_target_is_refused(table):
    with pytest.raises(ValueError, match="target"):
        TabGAN(auxiliary_weight=1.0).fit(table)
