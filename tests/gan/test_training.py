from __future__ import annotations

import math
import time
from dataclasses import replace

import pytest
import torch

from tabgan.gan.blocks import Blocks
from tabgan.gan.settings import RECIPES, Settings, Teachers, teachers_of
from tabgan.gan.trained import Trained
from tabgan.gan.training import Clock, train
from tests.gan.toys import SMALL, drawn, mixture, pair_error, shuffled, toy_blocks

TEACHERS = {recipe: teachers_of(recipe, 2) for recipe in RECIPES}
PARENTS = (None, None, None, None)
SHORT = replace(SMALL, rounds=2, epochs=8, likelihood_lr=3e-3)


FEW = 300  # rows, where what is learned of them is not looked at


def learn(settings: Settings, *, n_rows: int = 1500, seed: int = 0, **options) -> Trained:
    torch.manual_seed(seed)
    options = {"parents": PARENTS} | options
    return train(mixture(n_rows), toy_blocks(), settings, **options)


def with_recipe(name: str, **changes) -> Settings:
    return replace(SHORT, teachers=TEACHERS[name], **changes)


def are_finite(trained: Trained) -> bool:
    networks = (trained.generator, trained.quick)
    return all(bool(w.isfinite().all()) for net in networks for w in net.state_dict().values())


@pytest.fixture(scope="module")
def by_likelihood() -> Trained:
    return learn(with_recipe("likelihood", epochs=40))


def phases(trained: Trained) -> set[object]:
    return {record["phase"] for record in trained.history}


def test_each_recipe_has_its_phases_and_generators():
    for name, wanted in (
        ("default", {"likelihood", "adversary"}),
        ("gan", {"adversary"}),
        ("likelihood", {"likelihood"}),
    ):
        trained = learn(with_recipe(name, epochs=2), n_rows=FEW)
        assert phases(trained) == wanted
        assert (trained.quick is trained.generator) == (name != "default")
        assert sorted(trained.order) == [0, 1, 2, 3]
        assert are_finite(trained)
        assert not trained.generator.training
        assert not any(weight.requires_grad for weight in trained.quick.parameters())


def test_rounds_that_are_asked_for_have_their_groups_in_every_recipe():
    for name in RECIPES:
        trained = learn(with_recipe(name, epochs=2), n_rows=FEW)
        assert len(trained.groups) == 2
        assert sorted(block for group in trained.groups for block in group) == [0, 1, 2, 3]
    assert learn(with_recipe("likelihood", epochs=2, rounds=None), n_rows=FEW).groups == ()


def test_blocks_that_hang_together_are_drawn_in_different_rounds(by_likelihood):
    """Given one of blocks 0, 1 and 2, which all follow the mode, the others are independent."""
    first = set(by_likelihood.groups[0]) & {0, 1, 2}
    assert len(first) == 1


def test_likelihood_learns_the_table(by_likelihood):
    trained = by_likelihood
    real = mixture(1500)
    assert pair_error(drawn(trained.generator, n_rounds=4), real) < 0.5 * pair_error(shuffled(real), real)
    losses = [float(record["likelihood"]) for record in trained.history]
    assert losses[-1] < losses[0]


def test_marginals_alone_learn_pairs_without_a_discriminator():
    settings = replace(
        SHORT, teachers=Teachers(0.0, 0.0, 100.0), rounds=1, epochs=None, scratch_steps=400, generator_lr=3e-3
    )
    trained, real = learn(settings), mixture(1500)
    assert phases(trained) == {"marginals"}
    assert all("discriminator" not in record for record in trained.history)
    assert pair_error(drawn(trained.quick), real) < 0.5 * pair_error(shuffled(real), real)


def test_the_output_starts_at_the_tables_one_way_marginals():
    trained = learn(with_recipe("gan", epochs=1, generator_lr=1e-12))
    wanted = torch.bincount(mixture(1500)[:, 0].long(), minlength=3) / 1500
    made = torch.bincount(drawn(trained.generator, 8000)[:, 0], minlength=3) / 8000
    # Far from certain: an untrained head still adds its own.
    assert (made - wanted).abs().max() < 0.25


def test_a_target_is_drawn_last_and_parents_come_first():
    trained = learn(with_recipe("likelihood", epochs=1), parents=(None, None, 1, None), target=(1, 2))
    assert trained.order[-2:] == (1, 2)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    first, again, other = (
        learn(with_recipe("default", epochs=1), n_rows=FEW, seed=seed) for seed in (0, 0, 1)
    )
    for name, weight in first.quick.state_dict().items():
        assert torch.equal(weight, again.quick.state_dict()[name])
    assert not torch.equal(first.quick.head.bias, other.quick.head.bias)


def test_history_counts_steps_and_goes_forward():
    trained = learn(with_recipe("default"), n_rows=FEW)
    for phase in ("likelihood", "adversary"):
        steps = [int(record["step"]) for record in trained.history if record["phase"] == phase]
        assert steps == sorted(set(steps))
        last = [record for record in trained.history if record["phase"] == phase][-1]
        assert last["progress"] == 1.0
        assert last["seconds_left"] == 0.0
    assert all(math.isfinite(float(record["validation"])) for record in trained.history)


def test_a_callback_that_returns_true_ends_training_at_once():
    records = []

    def stop(record):
        records.append(record)
        return True

    trained = learn(with_recipe("default", epochs=50), callbacks=(stop,))
    assert len(trained.history) == len(records) == 1
    assert phases(trained) == {"likelihood"}
    assert are_finite(trained)


def test_a_callback_that_returns_something_else_does_not():
    full = len(learn(with_recipe("likelihood"), n_rows=FEW).history)
    assert len(learn(with_recipe("likelihood"), n_rows=FEW, callbacks=(lambda record: 1,)).history) == full


@pytest.mark.parametrize(("n_rows", "n_steps"), [(160, 10), (1500, 3 * 22), (3000, 100)])
def test_likelihood_takes_more_steps_of_more_rows_within_its_bounds(n_rows, n_steps):
    settings = with_recipe(
        "likelihood",
        epochs=None,
        patience=10**6,
        batch_size=64,
        likelihood_steps=10,
        likelihood_epochs=3,
        most_likelihood_steps=100,
    )
    assert learn(settings, n_rows=n_rows).history[-1]["step"] == n_steps


def test_max_seconds_takes_fewer_steps_than_no_bound():
    def steps(**bounds):
        return sum(int(r["step"]) for r in learn(with_recipe("likelihood", **bounds)).history[-1:])

    assert 0 < steps(epochs=None, max_seconds=0.03, patience=10**6) < steps(epochs=20, patience=10**6)


def test_patience_ends_a_phase_that_no_longer_improves():
    settings = with_recipe("likelihood", epochs=400, patience=1, likelihood_lr=3e-2)
    history = learn(settings).history
    assert history[-1]["epoch"] < 400
    assert history[-1]["progress"] == 1.0
    assert history[-1]["validation"] < history[-6]["validation"]


@pytest.mark.parametrize(
    ("recipe", "changes"),
    [
        ("likelihood", {"likelihood_lr": 1e6}),
        ("likelihood", {"likelihood_lr": 1e38, "gradient_clip": 1e38}),
        ("gan", {"generator_lr": 1e38, "gradient_clip": 1e38}),
        ("gan", {"discriminator_lr": 1e38}),
        ("default", {"generator_lr": 1e38, "gradient_clip": 1e38}),
    ],
)
def test_training_that_runs_away_leaves_finite_weights(recipe, changes):
    trained = learn(with_recipe(recipe, **changes), n_rows=FEW)
    assert are_finite(trained)
    assert all(math.isfinite(float(record["validation"])) for record in trained.history)
    made = drawn(trained.quick, 50)
    assert (made < torch.tensor((3, 6, 9, 2))).all()
    if 1e38 in changes.values():
        assert [line for line in trained.warnings if "diverged" in line]


def test_a_second_phase_that_runs_away_leaves_what_the_first_learned():
    trained = learn(with_recipe("default", generator_lr=1e38, gradient_clip=1e38), n_rows=FEW)
    for name, weight in trained.generator.state_dict().items():
        # Biases are corrected for how each is drawn.
        assert name == "head.bias" or torch.equal(weight, trained.quick.state_dict()[name])


@pytest.mark.parametrize("n_rows", [1, 2, 7])
def test_a_handful_of_rows_is_enough_to_run(n_rows):
    trained = learn(with_recipe("default", epochs=1), n_rows=n_rows)
    assert are_finite(trained)


def test_one_block_is_enough_to_run():
    torch.manual_seed(0)
    trained = train(mixture(200)[:, :1], Blocks((3,)), with_recipe("default", epochs=1), parents=(None,))
    assert trained.order == (0,)


def test_a_clock_ends_by_steps_or_time_whichever_is_first():
    five_seconds_ago = time.monotonic() - 5
    assert Clock(10, five_seconds_ago, math.inf).progress(5) == 0.5
    assert Clock(10, five_seconds_ago, 1e6).progress(8) == 0.8
    assert 0.5 <= Clock(10, five_seconds_ago, 10.0).progress(1) < 1.0
    assert Clock(10, five_seconds_ago, 1.0).progress(1) == 1.0
