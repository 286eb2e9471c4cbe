"""Training that stops after any step and goes on ends bit for bit where it would have ended."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.gan.settings import Settings, Teachers, teachers_of
from tabgan.gan.standing import NotWholeError, Pauses, Standing
from tabgan.gan.trained import Trained
from tabgan.gan.training import train
from tests.gan.toys import SMALL, mixture, toy_blocks

TIMINGS = ("seconds", "rows_per_second", "seconds_left")
DROPS = {"generator_dropout": 0.1, "discriminator_dropout": 0.1}
SHORT = replace(SMALL, rounds=2, epochs=12, batch_size=64, warm_up_steps=9, **DROPS)
RECIPES = {
    "default": replace(SHORT, teachers=teachers_of("default", 2)),
    "gan": replace(
        SHORT, teachers=teachers_of("gan", 1), loss="wasserstein-gp", discriminator_steps=2, pac=2
    ),
    "likelihood": replace(SHORT, teachers=teachers_of("likelihood", None)),
    "marginals": replace(SHORT, teachers=Teachers(0.0, 1.0, 5.0)),
    "labels": replace(SHORT, teachers=Teachers(1.0, 1.0), auxiliary=1.0, spectral_norm=True),
}


def learn(config: Settings, n_rows: int, seed: int, pauses: Pauses | None = None) -> Trained:
    torch.manual_seed(seed)
    parents = (None, None, None, None)
    return train(mixture(n_rows, seed), toy_blocks(), config, parents=parents, target=(3,), pauses=pauses)


def stopped_after(n_steps: int, config: Settings, n_rows: int, seed: int) -> tuple[Standing | None, Trained]:
    """Where a run stood after so many questions whether to stop, through JSON; None: it had ended."""
    kept: list[Standing] = []
    n_asked = iter(range(10**9))

    def keep(standing: Standing) -> None:
        facts = json.loads(json.dumps(standing.facts, allow_nan=False))
        kept.append(Standing(facts, {name: part.clone() for name, part in standing.tensors.items()}))

    trained = learn(config, n_rows, seed, Pauses(lambda: next(n_asked) >= n_steps, keep=keep))
    return (kept[0] if kept else None), trained


def same(one: Trained, other: Trained) -> bool:
    told = [
        [{key: value for key, value in record.items() if key not in TIMINGS} for record in run.history]
        for run in (one, other)
    ]
    weights = [
        [*run.generator.state_dict().values(), *run.quick.state_dict().values()] for run in (one, other)
    ]
    are_equal = all(torch.equal(*pair) for pair in zip(*weights, strict=True))
    return are_equal and told[0] == told[1] and one.warnings == other.warnings and one.order == other.order


ANY_STOP = given(
    st.sampled_from(sorted(RECIPES)), st.integers(0, 3), st.integers(0, 90), st.sampled_from([90, 300])
)


@settings(max_examples=2, deadline=None)
@ANY_STOP
def test_a_run_that_was_stopped_after_any_step_ends_as_if_it_had_not_been(name, seed, n_steps, n_rows):
    check_stop(name, seed, n_steps, n_rows)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@ANY_STOP
def test_many_runs_that_were_stopped_end_as_if_they_had_not_been(name, seed, n_steps, n_rows):
    check_stop(name, seed, n_steps, n_rows)


def check_stop(name: str, seed: int, n_steps: int, n_rows: int) -> None:
    config = RECIPES[name]
    standing, trained = stopped_after(n_steps, config, n_rows, seed)
    whole = learn(config, n_rows, seed)
    if standing is None:
        assert trained.stopped == ""
        assert same(trained, whole)
        return
    assert trained.stopped.startswith("Training was interrupted after ")
    assert trained.warnings[-1] == trained.stopped
    again = learn(config, n_rows, seed, Pauses(found=standing))
    assert again.stopped == ""
    assert same(again, whole)


def test_a_run_may_stop_many_times():
    config, found = RECIPES["default"], None
    for _ in range(100):
        n_asked = iter(range(10**9))
        kept: list[Standing] = []

        def keep(standing: Standing, kept: list[Standing] = kept) -> None:
            tensors = {name: part.clone() for name, part in standing.tensors.items()}
            kept.append(Standing(json.loads(json.dumps(standing.facts)), tensors))

        pauses = Pauses(lambda asked=n_asked: next(asked) >= 29, keep=keep, found=found)
        trained = learn(config, 300, 5, pauses)
        if not kept:
            break
        found = kept[0]
    assert found is not None
    assert same(trained, learn(config, 300, 5))


def test_looking_at_a_run_does_not_change_it():
    config = RECIPES["default"]
    watched = learn(config, 90, 1, Pauses(is_due=lambda: True, keep=lambda standing: None))
    assert same(watched, learn(config, 90, 1))


def test_what_is_kept_holds_no_row_and_no_order_of_rows():
    n_rows = 333
    standing, _ = stopped_after(30, RECIPES["default"], n_rows, 0)
    n_trained = n_rows  # tiny: watched by all of its rows
    assert not [name for name, part in standing.tensors.items() if n_trained in part.shape]
    assert {part.dtype for part in standing.tensors.values()} == {torch.float32, torch.uint8}
    dice = {name for name, part in standing.tensors.items() if part.dtype == torch.uint8}
    assert dice == {"dice.cpu", "order.cpu"}


@pytest.mark.parametrize("n_steps", [3, 60])
def test_a_standing_that_does_not_fit_is_refused(n_steps):
    config = RECIPES["default"]
    whole, _ = stopped_after(n_steps, config, 300, 0)
    assert whole is not None
    for name in whole.facts:
        with pytest.raises(NotWholeError):
            learn(config, 300, 0, Pauses(found=Standing(whole.facts | {name: None}, whole.tensors)))
        missing = {key: value for key, value in whole.facts.items() if key != name}
        with pytest.raises(NotWholeError):
            learn(config, 300, 0, Pauses(found=Standing(missing, whole.tensors)))
    for name in list(whole.tensors)[::3]:
        if name.startswith(("sums.", "adam.", "discriminator_adam.")):
            continue  # an optimiser that has not stepped has no moments
        for spoiled in ({}, {name: torch.zeros(2, 3)}):
            tensors = {key: part for key, part in whole.tensors.items() if key != name} | spoiled
            if name == "order.cpu" and not spoiled:
                continue
            with pytest.raises(NotWholeError):
                learn(config, 300, 0, Pauses(found=Standing(whole.facts, tensors)))
