from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from scipy import stats
from torch import Tensor, nn

from tabgan.gan.dp_sgd import NoisySteps, leave_clipped_sum
from tabgan.gan.losses import LOSSES
from tabgan.gan.private_adversary import PrivateAdversary, play_privately
from tabgan.gan.settings import PrivateSettings
from tests.gan.toys import drawn, mixture, pair_error, shuffled, small_generator, toy_blocks

# Where a test looks past the hooks, torch says that they fire without anything to do.
pytestmark = pytest.mark.filterwarnings("ignore:Full backward hook is firing")

SMALL = PrivateSettings(rounds=1, masks=2, discriminator_dim=(48, 48))


def adversary(
    settings: PrivateSettings = SMALL, *, noise: float = 1.0, batch: float = 40.0
) -> PrivateAdversary:
    torch.manual_seed(0)
    steps = NoisySteps(iter(()), noise, batch)
    return PrivateAdversary(small_generator(toy_blocks(), final_norm=True), (0, 1, 2, 3), settings, steps)


def rows(n: int) -> Tensor:
    return mixture(n).long()


def real_loss(game: PrivateAdversary, codes: Tensor) -> Tensor:
    return game._real_loss(game.rows, codes, game._views_of(codes))


def clipped_sum(game: PrivateAdversary, codes: Tensor) -> Tensor:
    game.optimizer.zero_grad(set_to_none=True)
    leave_clipped_sum(game.rows, codes, game._views_of, game._real_loss)
    return torch.cat([part.grad.flatten() for part in game.optimizer.params])


@pytest.mark.parametrize("loss", [name for name, loss in LOSSES.items() if loss.of_rows])
def test_the_sum_is_that_of_rows_clipped_in_batches_of_one(loss: str) -> None:
    game = adversary(
        replace(SMALL, loss=loss, discriminator_views=False, label_smoothing=0.1, max_grad_norm=0.3)
    )
    codes = rows(6)
    wanted = torch.zeros(())
    for row in codes.split(1):
        game.rows.disable_hooks()
        (alone,) = real_loss(game, row)
        parts = torch.autograd.grad(alone, game.optimizer.params)
        game.rows.enable_hooks()
        gradient = torch.cat([part.flatten() for part in parts])
        assert gradient.norm() > 0
        wanted = wanted + gradient * (0.3 / (gradient.norm() + 1e-6)).clamp(max=1.0)
        assert clipped_sum(game, row).norm() <= 0.3 * (1 + 1e-6)
    torch.testing.assert_close(clipped_sum(game, codes), wanted, rtol=1e-4, atol=1e-6)


def test_a_row_more_moves_the_sum_by_no_more_than_the_clip_norm() -> None:
    game = adversary(replace(SMALL, discriminator_views=False, max_grad_norm=0.1))
    codes = rows(30)
    for place in (0, 17, 29):
        less = torch.cat([codes[:place], codes[place + 1 :]])
        moved = clipped_sum(game, codes) - clipped_sum(game, less)
        assert 0.09 < moved.norm() <= 0.1 * (1 + 1e-4)


def test_a_real_rows_loss_depends_on_no_other_row() -> None:
    game = adversary(replace(SMALL, discriminator_views=False))
    game.rows.disable_hooks()
    codes = rows(8)
    other = codes.clone()
    other[3] = (codes[3] + 1) % torch.tensor([3, 6, 9, 2])
    one, two = real_loss(game, codes), real_loss(game, other)
    kept = torch.arange(8) != 3
    torch.testing.assert_close(one[kept], two[kept], rtol=0, atol=1e-7)
    assert (one[3] - two[3]).abs() > 1e-4


def test_a_row_without_a_finite_loss_counts_nothing() -> None:
    game = adversary(replace(SMALL, discriminator_views=False))
    codes = rows(5)
    spoilt = torch.tensor([1.0, float("nan"), 1.0, float("inf"), 1.0])

    def loss_of(network: nn.Module, some: Tensor, view: Tensor) -> Tensor:
        return game._real_loss(network, some, view) * (spoilt if len(some) == 5 else 1.0)

    leave_clipped_sum(game.rows, codes, game._views_of, loss_of)
    found = torch.cat([part.grad.flatten() for part in game.optimizer.params])
    torch.testing.assert_close(found, clipped_sum(game, codes[[0, 2, 4]]))


def test_an_empty_batch_steps_with_noise_of_the_booked_deviation() -> None:
    game = adversary(replace(SMALL, max_grad_norm=0.5), noise=3.0, batch=40.0)
    leave_clipped_sum(game.rows, rows(1)[:0], game._views_of, game._real_loss)
    game.optimizer.pre_step()
    noise = torch.cat([part.grad.flatten() for part in game.optimizer.params]).double()
    assert stats.kstest(noise.numpy(), "norm", args=(0, 3.0 * 0.5 / 40.0)).pvalue > 1e-4
    before = [part.clone() for part in game.optimizer.params]
    game.teach_discriminator(rows(1)[:0])
    assert all((old != new).any() for old, new in zip(before, game.optimizer.params, strict=True))


def test_the_generators_step_leaves_the_discriminator_and_its_hooks_alone() -> None:
    game = adversary()
    game.teach_discriminator(rows(40))
    before = [part.clone() for part in game.discriminator.parameters()]
    left = [len(getattr(module, "activations", ())) for module in game.discriminator.modules()]
    generator = [part.clone() for part in game.generator.parameters()]
    for part in game.discriminator.parameters():
        part.grad = None
    game.teach_generator()
    assert all(map(torch.equal, before, game.discriminator.parameters()))
    assert all(part.grad is None for part in game.discriminator.parameters())
    assert left == [len(getattr(module, "activations", ())) for module in game.discriminator.modules()]
    assert not all(map(torch.equal, generator, game.generator.parameters()))


def test_what_is_drawn_does_not_follow_from_how_many_rows_were_seen() -> None:
    made = []
    for n in (3, 31):
        game = adversary(replace(SMALL, label_smoothing=0.0))
        torch.manual_seed(5)
        leave_clipped_sum(game.rows, rows(n), game._views_of, game._real_loss)
        with torch.no_grad():
            made.append(game._drawn())
    assert torch.equal(*made)


@pytest.mark.slow
def test_a_toy_mixture_is_learned_through_the_noise() -> None:
    real, by_itself = mixture(), pair_error(shuffled(mixture()), mixture())
    generator = small_generator(toy_blocks(), final_norm=True)
    with torch.no_grad():
        generator.head.bias.copy_((toy_blocks().one_hot(real).mean(0) + 1e-3).log())
    torch.manual_seed(0)
    batches = (real[torch.rand(len(real)) < 0.1].long() for _ in range(400))
    told: list[int] = []
    play_privately(
        generator, (0, 1, 2, 3), SMALL, NoisySteps(batches, 0.5, 200.0), lambda step, _: told.append(step)
    )
    assert told == list(range(1, 401))
    assert pair_error(drawn(generator.eval()), real) < 0.8 * by_itself
