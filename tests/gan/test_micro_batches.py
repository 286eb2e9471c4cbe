"""Batches computed in parts are the same step; parts are halved until they fit.

A network that refuses more rows than some number stands in for a device whose memory is full.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tabgan.gan.adversary import Adversary
from tabgan.gan.batches import Rows
from tabgan.gan.generator import Generator
from tabgan.gan.losses import LOSSES
from tabgan.gan.micro_batches import MicroBatches, OutOfMemory
from tabgan.gan.settings import Settings, Teachers, teachers_of
from tabgan.gan.trained import Trained
from tabgan.gan.training import train
from tests.gan.toys import SMALL, mixture, small_generator, toy_blocks

PLAIN = replace(SMALL, teachers=Teachers(1.0, 4.0), rounds=2, batch_size=60, epochs=2)


pytestmark = pytest.mark.usefixtures("in_32_bits")


def full_above(n_rows: int, patch: pytest.MonkeyPatch) -> list[int]:
    """Let every trunk of a generator run out of memory above so many rows; the sizes that it was given."""
    trunk, seen = Generator.trunk, []

    def limited(self: Generator, embedded: Tensor, noise: Tensor | None) -> Tensor:
        seen.append(len(embedded))
        if len(embedded) > n_rows:
            raise OutOfMemory("the memory is full")
        return trunk(self, embedded, noise)

    patch.setattr(Generator, "trunk", limited)
    patch.setattr("tabgan.gan.drawing.NEAR_ROWS", n_rows)
    return seen


def stepped(settings: Settings, n_rows: int | None, target: int | None = None) -> tuple[list[Tensor], dict]:
    """Weights after a step of the game in parts of so many rows, and its losses."""
    torch.manual_seed(0)
    generator = small_generator(toy_blocks(), settings)
    adversary = Adversary(generator, (0, 1, 2, 3), settings, target=target)
    adversary.micro.n_rows = n_rows
    told = adversary.step(Rows(mixture(300), settings.batch_size), teach_generator=True)
    networks = (generator, adversary.discriminator)
    return [weight.detach() for network in networks for weight in network.parameters()], told


@pytest.mark.parametrize("loss", sorted(LOSSES))
@pytest.mark.parametrize("changes", [{}, {"pac": 4, "discriminator_steps": 2}, {"auxiliary": 1.0}])
def test_a_step_in_parts_is_the_whole_step(loss, changes):
    # Adam makes of every gradient a step of one length: where one is nearly none, rounding decides its sign.
    settings = replace(PLAIN, loss=loss, generator_lr=1e-4, discriminator_lr=1e-4, **changes)
    target = 3 if "auxiliary" in changes else None
    whole, told = stepped(settings, None, target)
    for n_rows in (28, 12):
        parts, told_of_parts = stepped(settings, n_rows, target)
        assert told.keys() == told_of_parts.keys()
        for name, value in told.items():
            torch.testing.assert_close(told_of_parts[name], value, rtol=1e-3, atol=1e-5)
        gaps = torch.cat([(one - other).abs().flatten() for one, other in zip(parts, whole, strict=True)])
        assert (gaps > 1e-6).float().mean() < 0.02


def learn(settings: Settings) -> Trained:
    torch.manual_seed(0)
    return train(mixture(300), toy_blocks(), settings, parents=(None,) * 4)


def test_memory_that_runs_out_in_the_likelihood_changes_nothing_but_rounding(monkeypatch):
    settings = replace(PLAIN, teachers=teachers_of("likelihood", None), max_validation_rows=14, epochs=1)
    whole = learn(settings)
    seen = full_above(15, monkeypatch)
    parts = learn(settings)
    assert seen[:5] == [60, 30, 15, 15, 15]
    assert parts.warnings == [
        "Memory ran out: batches were computed in parts of 15 rows. A smaller batch_size is faster."
    ]
    assert [record["likelihood"] for record in parts.history] == pytest.approx(
        [record["likelihood"] for record in whole.history], abs=1e-4
    )
    gaps = [
        (one - other).abs().flatten()
        for one, other in zip(parts.generator.parameters(), whole.generator.parameters(), strict=True)
    ]
    assert (torch.cat(gaps) > 1e-4).float().mean() < 0.02


@pytest.mark.parametrize("changes", [{}, {"pac": 3}, {"loss": "relativistic"}])
def test_memory_that_runs_out_in_the_game_halves_its_parts(monkeypatch, changes):
    seen = full_above(15, monkeypatch)
    trained = learn(
        replace(
            PLAIN,
            teachers=teachers_of("default", 2),
            epochs=1,
            max_validation_rows=14,
            warm_up_steps=2,
            **changes,
        )
    )
    assert max(seen[-20:]) <= 15
    assert {record["phase"] for record in trained.history} == {"likelihood", "adversary"}
    assert [line for line in trained.warnings if line.startswith("Memory ran out")]
    assert all(bool(weight.isfinite().all()) for weight in trained.quick.parameters())


@pytest.mark.parametrize("changes", [{"feature_matching": 1.0}, {"teachers": Teachers(1.0, 1.0, 1.0)}])
def test_what_compares_whole_batches_is_not_parted(monkeypatch, changes):
    full_above(20, monkeypatch)
    with pytest.raises(OutOfMemory):
        learn(replace(PLAIN, max_validation_rows=14, warm_up_steps=0, **changes))


def test_memory_for_not_even_one_row_is_an_error(monkeypatch):
    full_above(0, monkeypatch)
    with pytest.raises(OutOfMemory):
        learn(PLAIN)


def test_parts_cover_the_batch_in_whole_units():
    micro = MicroBatches(unit=4)
    for n_rows in (1, 4, 30):
        assert list(micro.parts(n_rows)) == [slice(0, n_rows)]
    micro.n_rows = 8
    assert [(part.start, part.stop) for part in micro.parts(20)] == [(0, 8), (8, 16), (16, 20)]
    tried = []

    def action() -> str:
        tried.append(micro.n_rows)
        if len(tried) < 2:
            raise OutOfMemory
        return "done"

    assert micro.attempt(20, action) == "done"
    assert tried == [8, 4]
