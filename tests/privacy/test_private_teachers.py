"""Record and replay of whole private fits: with every noisy answer frozen, a row more changes nothing."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
import torch
from opacus.optimizers import DPOptimizerFastGradientClipping

from tabgan import TabGAN
from tabgan.gan.settings import PrivateSettings
from tabgan.privacy.config import ADVERSARY, PAIRS, ROWS, SINGLES, PrivacyConfig
from tabgan.private_learning import Budget, learn_privately
from tabgan.schema import Column, Schema
from tests.privacy.replaying import distances, recorded, replayed

SCHEMA = Schema(
    (
        Column("age", "numeric", dtype="int64", minimum=0, maximum=50, policy="generalise", step=5),
        Column("job", "categorical", dtype="str", categories=("clerk", "nurse", "smith"), policy="private"),
        Column("city", "categorical", dtype="str", categories=("Oslo", "Rome"), policy="public"),
        Column("rich", "boolean", dtype="bool", share=0.1),
    )
)
SMALL = PrivateSettings(
    embedding_dim=4,
    generator_dim=(12, 12),
    discriminator_dim=(12, 12),
    masks=2,
    steps=4,
    rounds=2,
    warm_steps=3,
    distil_steps=3,
    warm_rows=300,
    pool_rows=300,
)
ALONE = PrivacyConfig(steps=4, masks=2).adversary_alone()
ALL = PrivacyConfig(steps=4, masks=2, adversary_share=0.5, pairs="chosen")


def table(n=300):
    rng = np.random.default_rng(0)
    job = rng.integers(0, 3, n)
    return pd.DataFrame(
        {
            "age": 10 * job + rng.integers(0, 9, n),
            "job": np.array(["clerk", "nurse", "smith"])[job],
            "city": np.where(rng.random(n) < 0.3, "Oslo", "Rome"),
            "rich": job > 1,
        }
    )


def fitted(df, config, target="rich"):
    torch.manual_seed(0)
    budget = Budget(3.0, 1e-4, 1.0, config)
    return learn_privately(
        df, SCHEMA, budget, settings=SMALL, target=target, device=torch.device("cpu"), callbacks=()
    )


def frozen_gradients(monkeypatch, answers=None):
    """Noisy gradients of every step: kept, or given again in their order."""
    kept = []
    run = DPOptimizerFastGradientClipping.pre_step

    def pre_step(self, closure=None):
        if answers is None:
            run(self, closure)
        else:
            for part, gradient in zip(self.params, answers[len(kept)], strict=True):
                part.grad = gradient.clone()
        kept.append([part.grad.clone() for part in self.params])
        return True

    monkeypatch.setattr(DPOptimizerFastGradientClipping, "pre_step", pre_step)
    return kept


ODD = pd.DataFrame({"age": [10**6], "job": ["spy"], "city": [None], "rich": [True]}, dtype=object)
NEIGHBOURS = {
    "no first row": lambda df: df.iloc[1:],
    "no last row": lambda df: df.iloc[:-1],
    "an odd row": lambda df: pd.concat([df.astype(object), ODD], ignore_index=True),
}


@pytest.fixture(scope="module", params=[ALONE, ALL], ids=["the adversary alone", "all teachers"])
def first(request):
    """A fit with fresh noise, and every answer that it got."""
    with pytest.MonkeyPatch.context() as patch:
        tape, gradients = recorded(patch), frozen_gradients(patch)
        return request.param, fitted(table(), request.param), tape, gradients


@pytest.mark.parametrize("neighbour", NEIGHBOURS)
def test_invariants_2_and_3_with_frozen_answers_a_row_more_changes_nothing(monkeypatch, first, neighbour):
    config, one, tape, gradients = first
    with monkeypatch.context() as patch:
        again, same = replayed(patch, tape), frozen_gradients(patch, gradients)
        two = fitted(NEIGHBOURS[neighbour](table()), config)
    assert again.releases == tape.releases
    assert len(same) == len(gradients)
    for moved, sensitivity in distances(tape, again):
        assert moved <= sensitivity * (1 + 1e-9)
    assert one.ledger.entries == two.ledger.entries
    assert json.dumps(one.encoder.to_dict()) == json.dumps(two.encoder.to_dict())
    for network, other in ((one.trained.generator, two.trained.generator),):
        weights, others = network.state_dict(), other.state_dict()
        assert all(torch.equal(weights[name], others[name]) for name in weights)
    assert json.dumps(_untimed(one)) == json.dumps(_untimed(two))


def _untimed(model):
    return [{k: v for k, v in record.items() if "seconds" not in k} for record in model.trained.history]


def test_each_teacher_is_booked_when_it_is_on_and_only_then():
    texts = {entry.what for entry in fitted(table(), ALONE).ledger.entries}
    assert ADVERSARY in texts
    assert SINGLES in texts
    assert not any(text in (ROWS, PAIRS) or text.startswith(PAIRS) for text in texts)
    model = fitted(table(), ALL)
    entries = {entry.what: entry for entry in model.ledger.entries}
    assert {ADVERSARY, ROWS} <= set(entries)
    assert entries[ADVERSARY].steps == entries[ROWS].steps == 4
    assert entries[f"{PAIRS}, round 1 of 4: which pairs"].mechanism == "exponential"
    assert model.ledger.spent.epsilon <= 3.0
    # A public column is not asked about by itself, and a share of its own means less noise.
    assert not any("'city'" in text for text in entries)
    own, shared = (
        entries[f"Column {name!r}: rows by {what}"]
        for name, what in (("rich", "declared categories"), ("job", "declared categories"))
    )
    assert own.noise_multiplier < shared.noise_multiplier


def test_the_budget_of_pairs_is_spent_the_same_whether_all_are_counted_or_some_chosen():
    spent = [
        fitted(table(), dataclasses.replace(ALL, pairs=pairs)).ledger.spent.epsilon
        for pairs in ("all", "chosen")
    ]
    assert spent[1] <= spent[0] * (1 + 1e-6)


@pytest.mark.parametrize(
    "change",
    [
        {"loss": "relativistic"},
        {"loss": "wasserstein-gp"},
        {"pac": 2},
        {"spectral_norm": True},
        {"feature_matching_weight": 0.1},
        {"auxiliary_weight": 0.1},
    ],
)
def test_an_adversary_that_mixes_rows_is_refused_before_the_table_is_read(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        TabGAN(epsilon=1.0, recipe="gan", target="rich", **change).fit(table())


def test_the_plain_private_gan_is_fitted_saved_and_drawn(tmp_path):
    config = PrivacyConfig(steps=3, masks=1)
    model = TabGAN(SCHEMA, epsilon=3.0, recipe="gan", generator_dim=(8, 8), privacy=config).fit(table())
    model.save(tmp_path / "gan.tabgan")
    loaded = TabGAN.load(tmp_path / "gan.tabgan")
    made = loaded.sample(40, seed=0)
    pd.testing.assert_frame_equal(made, model.sample(40, seed=0))
    assert (made["age"] % 5 == 0).all()
