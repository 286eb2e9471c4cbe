"""Invariants of a whole private fit, on neighbouring tables with every mechanism's answer frozen."""

from __future__ import annotations

import datetime as dt
import io
import json
import pickle
import zipfile
from typing import Any

import numpy as np
import pytest
import torch

from tabgan import TabGAN
from tabgan.errors import BudgetExceededError
from tabgan.model_file import read_model
from tabgan.privacy.accounting import default_delta, with_room
from tabgan.privacy.config import COUNT, PAIRS, ROWS, SINGLES, TRIPLES, PrivacyConfig
from tabgan.privacy.ledger import verdict
from tests.privacy import checks
from tests.privacy.fits import (
    CONFIG,
    MAX_GRAD_NORM,
    N_ROWS,
    SCHEMA,
    Fit,
    fit,
    recorded_fit,
    records,
    replayed_fit,
)
from tests.privacy.replaying import distances

ODD_ROWS: dict[str, dict[str, Any]] = {
    "the same again": {},
    "an outlier": {"age": 10**6, "price": 1e300},
    "a new category": {"job": "spy", "member": "perhaps"},
    "missing cells": {"age": None, "price": float("nan"), "job": None},
    "a float among whole numbers": {"age": 30.5},
    "text among numbers": {"age": "oops", "price": dt.date(2020, 1, 1)},
}


def neighbours() -> Any:
    rows = records()
    for place in (0, 77, N_ROWS - 1):
        yield pytest.param(rows[:place] + rows[place + 1 :], place, id=f"no row {place}")
    for name, odd in ODD_ROWS.items():
        place = 0 if len(name) % 2 else N_ROWS
        yield pytest.param([*rows[:place], {**rows[7], **odd}, *rows[place:]], place, id=name)


NEIGHBOURS = list(neighbours())


@pytest.fixture(scope="module", params=["declared", "nothing declared"])
def first(request: Any, tmp_path_factory: Any) -> tuple[Fit, Any]:
    schema = SCHEMA if request.param == "declared" else None
    return recorded_fit(tmp_path_factory.mktemp("first"), schema), schema


@pytest.mark.parametrize(("rows", "place"), NEIGHBOURS)
def test_invariants_02_03_and_09_of_a_whole_fit(first, rows, place, tmp_path):
    then, schema = first
    checks.check_replay(then, replayed_fit(tmp_path, rows, place, then, schema))


def test_invariant_03_what_is_asked_of_rows_moves_as_far_as_declared_and_no_less(first, tmp_path):
    """The bounds are met, so that a smaller one would be caught."""
    then, schema = first
    rows = records()
    now = replayed_fit(tmp_path, [*rows, rows[3]], N_ROWS, then, schema)
    met = dict(
        zip(
            [entry.what for entry in then.model.ledger_.entries], distances(then.tape, now.tape), strict=False
        )
    )
    # Nothing declared is adaptive: then the released number of rows decides that pairs are chosen.
    counts = [what for what in met if what.startswith(PAIRS) and not what.endswith(": which pairs")]
    assert len(counts) == (1 if schema else 2)
    for what in (SINGLES, *counts, TRIPLES):
        distance, sensitivity = met[what]
        assert distance == pytest.approx(sensitivity)
    for before, after in zip(then.training.sums, now.training.sums, strict=True):
        moved = np.sqrt(
            sum(float((b - a).double().square().sum()) for a, b in zip(before, after, strict=True))
        )
        assert 0 < moved <= MAX_GRAD_NORM * (1 + 1e-4)


def test_invariant_04_a_declared_schema_leaves_nothing_of_a_row_in_the_encoder():
    """The encoder's levels may follow noisy counts; its bounds, labels and codes may not leave the schema."""
    rows = records()
    rows[5] |= {"job": "Zaphod", "age": 12_345, "price": 123_456.78}
    told = json.dumps(fit(rows).encoder_.to_dict())
    assert "Zaphod" not in told
    assert "12345" not in told.replace("123456", "")


@pytest.mark.parametrize("schema", [SCHEMA, None], ids=["declared", "nothing declared"])
def test_invariant_05_no_canary_is_in_the_model_file(schema, tmp_path):
    checks.check_file_holds_no_canary(schema, tmp_path)


def test_invariant_05_no_sum_without_noise_and_no_norm_of_a_row_is_in_a_pickle(first):
    """Opacus leaves both at the parameters that it looks at."""
    then, _ = first
    pickled = pickle.dumps(then.model)
    sums = [part.cpu().numpy() for step in then.training.sums for part in step if part.count_nonzero() > 4]
    assert len(sums) > CONFIG.steps
    assert not [part.shape for part in sums if part.tobytes() in pickled]
    network = pickle.loads(pickled).generator_
    assert all(part.grad is None and not vars(part) for part in network.parameters())
    known = vars(type(network.head)(network.blocks, 8)).keys()
    assert vars(network.head).keys() == known


def test_invariant_05_the_size_of_the_file_does_not_depend_on_the_rows(first, tmp_path):
    then, schema = first
    other = replayed_fit(tmp_path, records()[1:], 0, then, schema)
    assert len(other.file) == len(then.file)
    for name, tensor in read_model(tmp_path / "model.tabgan").tensors.items():
        assert N_ROWS not in tensor.shape, name
        assert N_ROWS - 1 not in tensor.shape, name


def test_invariant_08_one_step_one_batch_one_noise(first):
    then, _ = first
    (entry,) = [entry for entry in then.model.ledger_.entries if entry.what == ROWS]
    assert entry.steps == CONFIG.steps == len(then.training.places) == len(then.training.sums)
    assert [one["step"] for one in then.told if one["phase"] == "rows"] == [CONFIG.steps]
    assert entry.sample_rate == CONFIG.sample_rate


def test_invariant_09_the_normaliser_is_the_released_count_times_the_rate(first):
    then, _ = first
    for noise, clip, normaliser in then.training.public:
        (entry,) = [entry for entry in then.model.ledger_.entries if entry.what == ROWS]
        assert normaliser == pytest.approx(then.model.n_rows_ * CONFIG.sample_rate)
        assert (noise, clip) == (entry.noise_multiplier, entry.sensitivity)


def test_invariant_11_one_seed_two_noises():
    checks.check_noise_is_fresh()


def test_invariant_11_no_state_of_a_generator_is_in_the_file(first, tmp_path):
    then, _ = first
    with zipfile.ZipFile(io.BytesIO(then.file)) as content:
        manifest = json.loads(content.read("manifest.json"))
    words = json.dumps(manifest).lower()
    assert not {"rng", "generator_state", "entropy", "nonce"} & set(words.replace('"', " ").split())
    assert manifest["seed"] == 5  # the user's, which fixes no noise


def test_invariant_12_the_spend_is_recomputed_from_the_model_file_alone(tmp_path):
    """As anybody can who reads JSON from a zip and asks the accountant: no model, no table."""
    model, path = fit(records()), tmp_path / "model.tabgan"
    model.save(path)
    with zipfile.ZipFile(path) as content:
        found = verdict(json.loads(content.read("manifest.json"))["ledger"])
    assert found.holds
    assert found.recomputed.epsilon == pytest.approx(model.privacy_spent_.epsilon)
    assert found.recomputed.epsilon <= 500.0


def test_invariant_12_every_look_is_in_the_ledger(first):
    then, _ = first
    checks.check_every_look_is_booked(then)


def test_invariant_12_an_entry_struck_from_the_file_lowers_epsilon(first):
    then, _ = first
    claim = then.model.ledger_.to_dict()
    total = verdict(claim).recomputed
    for place in range(len(claim["entries"])):
        less = verdict({**claim, "entries": claim["entries"][:place] + claim["entries"][place + 1 :]})
        assert less.recomputed.epsilon < total.epsilon


def test_invariant_12_a_budget_too_small_for_any_plan_runs_nothing(monkeypatch):
    ran = []
    monkeypatch.setattr("tabgan.privacy.rows._length", lambda rows: ran.append(1))
    with pytest.raises(BudgetExceededError):
        fit(records(), epsilon=1e-7)
    assert not ran


def test_invariant_14_delta_follows_the_released_count_and_is_below_one_in_it():
    model = fit(records(), delta=None, epsilon=50.0)
    (count,) = [entry for entry in model.ledger_.entries if entry.what == COUNT]
    assert model.ledger_.delta == default_delta(with_room(model.n_rows_, count.sigma)) < 1 / model.n_rows_
    with pytest.raises(ValueError, match="Expected 0 < delta < 1 /"):
        fit(records(), delta=0.5)


def test_invariant_14_a_label_of_one_row_is_not_told_and_its_delta_is_charged(tmp_path):
    model = fit(records(), None)
    labels = [entry for entry in model.ledger_.entries if entry.mechanism == "stability_histogram"]
    assert len(labels) == 4
    assert 0 < sum(entry.delta for entry in labels) <= CONFIG.label_delta * model.ledger_.delta * (1 + 1e-9)
    checks.check_lone_labels_are_not_told()


def test_a_public_number_of_rows_is_not_asked_for():
    model = fit(records(), privacy=PrivacyConfig(n_rows=N_ROWS, steps=2, sample_rate=0.1))
    assert [entry.what for entry in model.ledger_.entries if "Number" in entry.what] == []
    assert isinstance(model, TabGAN)
    assert all(torch.isfinite(part).all() for part in model.generator_.parameters())
