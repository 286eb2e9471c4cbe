"""The audit: under its claim as things are, above it with noise or clipping broken."""

from __future__ import annotations

import functools
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tabgan import Inequality, audit, private_learning
from tabgan.auditing import NOTE, Audit, judged
from tabgan.canaries import canary_rows
from tabgan.gan.settings import PrivateSettings
from tabgan.privacy.config import PrivacyConfig
from tabgan.schema import Column, Schema
from tests.privacy import mutants

LABELS = [tuple("abcdefghijklmnop") for _ in range(7)]  # so many pairs that canaries share few
SCHEMA = Schema(
    (
        Column("age", "numeric", dtype="int64", minimum=17, maximum=90),
        *(
            Column(f"c{place}", "categorical", dtype="str", categories=labels)
            for place, labels in enumerate(LABELS)
        ),
    )
)


def table(n_rows: int = 150) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": rng.integers(17, 91, n_rows),
            **{f"c{place}": rng.choice(labels, n_rows) for place, labels in enumerate(LABELS)},
        }
    )


def audited(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Audit:
    """Half a thousand canaries, fifteen steps, little time before and after them."""
    short = functools.partial(PrivateSettings, warm_steps=5, distil_steps=5, warm_rows=300, pool_rows=300)
    monkeypatch.setattr(private_learning, "PrivateSettings", short)
    chosen: dict[str, Any] = {
        "schema": SCHEMA,
        "epsilon": 0.5,
        "delta": 1e-6,
        "n_canaries": 500,
        "generator_dim": (32, 32),
        "privacy": PrivacyConfig(steps=15, sample_rate=0.3),
    }
    return audit(table().assign(most=99) if "rules" in changes else table(), **chosen | changes)


def test_invariant_15_as_things_are_the_bound_is_under_the_claim(monkeypatch):
    found = audited(monkeypatch)
    assert found.lower_bound <= found.spent <= found.epsilon == 0.5
    assert found.ceiling > 4 * found.epsilon
    assert found.standing == "not refuted"


def test_invariant_15_a_tenth_of_the_noise_is_shown_to_break_the_claim(monkeypatch):
    mutants.tenth_of_release_noise(monkeypatch)
    mutants.tenth_of_training_noise(monkeypatch)
    mostly_pairs = PrivacyConfig(steps=5, sample_rate=0.3, pairs_share=0.8, triples_share=0.0)
    found = audited(monkeypatch, epsilon=2.0, n_canaries=400, privacy=mostly_pairs)
    assert found.epsilon < found.lower_bound <= found.ceiling
    assert found.standing == "broken"


def test_invariant_15_gradients_that_are_not_clipped_are_shown_to_break_the_claim(monkeypatch):
    mutants.no_clipping(monkeypatch)
    # A number of rows that is measured with so little budget is now and then none.
    config = PrivacyConfig(steps=25, sample_rate=1.0, n_rows=len(table()) + 250)
    found = audited(monkeypatch, max_grad_norm=0.02, epsilon=0.2, privacy=config)
    assert found.lower_bound > found.epsilon
    assert dict(found.facts())["claimed"] == "epsilon 0.2 at delta 1e-06"
    best = max(found.attacks, key=lambda attack: attack.lower_bound)
    assert "gradients" in best.name


def test_a_claim_that_no_attack_could_refute_is_underpowered(monkeypatch):
    found = audited(monkeypatch, epsilon=20.0, n_canaries=40)
    assert found.ceiling < 20.0
    assert found.standing == "underpowered"
    told = json.loads(json.dumps(found.to_dict()))
    assert told["standing"] == "underpowered"
    assert told["note"] == NOTE
    assert "underpowered" in str(found)


def test_perfect_scores_reach_the_ceiling_and_random_ones_show_nothing():
    rng = np.random.default_rng(0)
    is_in = rng.random(400) < 0.5
    perfect, ceiling = judged({"x": is_in.astype(float)}, is_in, delta=1e-6, confidence=0.95)
    # As many guesses "in" as "out": with fewer canaries in than out the last guesses are wrong.
    assert 0.6 * ceiling < max(attack.lower_bound for attack in perfect) <= ceiling
    random, _ = judged({"x": rng.random(400)}, is_in, delta=1e-6, confidence=0.95)
    assert max(attack.lower_bound for attack in random) < 0.5


def test_canaries_have_the_cells_and_dtypes_of_the_table():
    df = table(50).assign(gap=pd.array([1, None] * 25, dtype="Int64"))
    made = canary_rows(df, 200, np.random.default_rng(0))
    assert made.dtypes.equals(df.dtypes)
    assert len(made) == 200
    for name in df:
        assert set(made[name].dropna()) <= set(df[name].dropna())
    assert made["gap"].isna().mean() > 0.3


@pytest.mark.parametrize("wrong", [{"n_canaries": 3}, {"confidence": 1.0}, {"epsilon": 0.0}])
def test_what_cannot_be_audited_is_refused(wrong):
    with pytest.raises(ValueError, match=f"Expected .*{next(iter(wrong))}"):
        audit(table(), **{"schema": SCHEMA, "epsilon": 1.0, **wrong})


def test_rules_are_audited_and_a_single_one_needs_no_list(monkeypatch):
    dates = Schema((*SCHEMA.columns, Column("most", "numeric", dtype="int64", minimum=17, maximum=99)))
    config = PrivacyConfig(steps=2, sample_rate=0.3)
    rules = Inequality("age", "most")
    found = audited(monkeypatch, schema=dates, rules=rules, n_canaries=40, privacy=config)
    assert found.n_canaries == 40
