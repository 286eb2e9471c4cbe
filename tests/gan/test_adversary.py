from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tabgan.gan.adversary import Adversary, Batch
from tabgan.gan.batches import Rows
from tabgan.gan.order import two_way_marginals
from tabgan.gan.settings import Settings, Teachers
from tests.gan.toys import SMALL, drawn, mixture, pair_error, play, small_generator, toy_blocks

ORDER = (2, 0, 3, 1)


def adversary_of(settings: Settings, *, target: int | None = None, has_marginals: bool = False) -> Adversary:
    torch.manual_seed(0)
    blocks = toy_blocks()
    table = two_way_marginals(mixture(), blocks) if has_marginals else None
    return Adversary(small_generator(blocks, settings), ORDER, settings, target=target, table_marginals=table)


def weights(network: torch.nn.Module) -> torch.Tensor:
    return torch.cat([weight.detach().flatten() for weight in network.parameters()])


def after(settings: Settings, *, target: int | None = None, n_steps: int = 3) -> tuple[torch.Tensor, ...]:
    """Weights of generator and discriminator after a few steps from the same seed."""
    adversary = adversary_of(settings, target=target)
    rows = Rows(mixture(), 64)
    torch.manual_seed(1)
    for _ in range(n_steps):
        told = adversary.step(rows, teach_generator=True)
    assert all(bool(value.isfinite()) for value in told.values())
    return weights(adversary.generator), weights(adversary.discriminator)


def test_a_step_moves_both_and_tells_both_losses():
    adversary = adversary_of(SMALL)
    before = weights(adversary.generator), weights(adversary.discriminator)
    told = adversary.step(Rows(mixture(), 64), teach_generator=True)
    assert set(told) == {"discriminator", "generator"}
    assert not any(value.requires_grad for value in told.values())
    assert not torch.equal(before[0], weights(adversary.generator))
    assert not torch.equal(before[1], weights(adversary.discriminator))


def test_the_generator_can_be_left_alone():
    adversary = adversary_of(SMALL)
    before = weights(adversary.generator), weights(adversary.discriminator)
    assert set(adversary.step(Rows(mixture(), 64), teach_generator=False)) == {"discriminator"}
    assert torch.equal(before[0], weights(adversary.generator))
    assert not torch.equal(before[1], weights(adversary.discriminator))


def test_the_discriminator_only_learns_from_its_own_loss():
    adversary = adversary_of(SMALL)
    adversary.step(Rows(mixture(), 64), teach_generator=True)
    assert all(weight.requires_grad for weight in adversary.discriminator.parameters())
    adversary.optimizer.zero_grad()
    codes = Rows(mixture(), 64).batch()
    visible = torch.zeros_like(codes, dtype=torch.bool)
    made = adversary.generator.blocks.one_hot(codes)
    adversary.generator_optimizer.zero_grad()
    adversary._teach_discriminator(Batch(codes, ~visible, visible), made)
    assert all(weight.grad is None for weight in adversary.generator.parameters())


def test_the_teachers_that_are_on_are_told_of():
    teachers = Teachers(adversary=1.0, likelihood=1.0, marginals=1.0)
    adversary = adversary_of(replace(SMALL, teachers=teachers, rounds=2), has_marginals=True)
    told = adversary.step(Rows(mixture(), 64), teach_generator=True)
    assert set(told) == {"discriminator", "generator", "likelihood", "marginals"}


def test_the_marginals_teacher_alone_brings_the_pairs_nearer():
    teachers = Teachers(adversary=0.0, likelihood=0.0, marginals=30.0)
    settings = replace(SMALL, teachers=teachers, rounds=4, generator_lr=3e-3, conditional_share=0.0)
    adversary = adversary_of(settings, has_marginals=True)
    rows, real = Rows(mixture(), 128), mixture()
    before = pair_error(drawn(adversary.generator.eval(), n_rounds=4, order=ORDER), real)
    for _ in range(200):
        adversary.step(rows, teach_generator=True)
    adversary.generator.eval()
    assert pair_error(drawn(adversary.generator, n_rounds=4, order=ORDER), real) < 0.3 * before


def test_weights_are_clipped_for_the_first_wasserstein_loss():
    adversary = adversary_of(replace(SMALL, loss="wasserstein"))
    adversary.step(Rows(mixture(), 64), teach_generator=True)
    assert weights(adversary.discriminator).abs().max() <= 0.05
    free = adversary_of(SMALL)
    free.step(Rows(mixture(), 64), teach_generator=True)
    assert weights(free.discriminator).abs().max() > 0.05


@pytest.mark.parametrize(
    "change",
    [
        {"label_smoothing": 0.2},
        {"discriminator_views": False},
        {"discriminator_steps": 3},
        {"pac": 4},
        {"loss": "relativistic", "penalty_weight": 10.0},
        {"spectral_norm": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_an_option_of_the_discriminator_changes_its_training(change):
    plain = replace(SMALL, loss=change.get("loss", SMALL.loss))
    changed = after(replace(SMALL, **change))[1]
    unchanged = after(plain)[1]
    assert changed.shape != unchanged.shape or not torch.allclose(changed, unchanged, atol=1e-5)


def test_feature_matching_brings_mean_features_nearer():
    plain, matched = (
        play(replace(SMALL, feature_matching=weight, discriminator_views=False), 80) for weight in (0.0, 20.0)
    )
    assert not torch.equal(weights(plain.generator), weights(matched.generator))
    codes, view = mixture(1000).long(), torch.ones(1000, 4, dtype=torch.bool)

    def gap(adversary: Adversary) -> float:
        net = adversary.discriminator.eval()
        with torch.no_grad():
            real = net.real_features(codes, view)
            made = net.real_features(drawn(adversary.generator.eval(), 1000), view)
        return float((real.mean(0) - made.mean(0)).square().sum() / real.var(0).sum())

    assert gap(matched) < gap(plain)


def test_the_auxiliary_head_learns_to_name_the_target():
    settings = replace(SMALL, auxiliary=1.0)
    adversary = play(settings, 100, target=0)
    assert adversary.discriminator.label is not None
    codes = mixture(500, seed=3).long()
    others = torch.ones_like(codes, dtype=torch.bool)
    others[:, 0] = False
    net = adversary.discriminator.eval()
    with torch.no_grad():
        named = net.label(net.real_features(codes, others)).argmax(1)
    # Blocks 1 and 2 give the mode away; the commonest label is right in half the rows.
    assert float((named == codes[:, 0]).float().mean()) > 0.9


def test_the_auxiliary_head_cannot_see_the_target():
    adversary = adversary_of(replace(SMALL, auxiliary=1.0), target=1)
    codes, view = mixture(64).long(), torch.ones(64, 4, dtype=torch.bool)
    rows = adversary.blocks.one_hot(codes)
    other = codes.clone()
    other[:, 1] = (other[:, 1] + 1) % 6
    loss = adversary._label_loss(rows, view)
    features = adversary.discriminator.soft_features(
        adversary.blocks.one_hot(other), view & (torch.arange(4) != 1)
    )
    own = adversary.discriminator.label(features).log_softmax(1)
    torch.testing.assert_close(loss, -own[torch.arange(64), codes[:, 1]].mean(), rtol=1e-4, atol=1e-5)


def test_without_a_target_there_is_no_auxiliary_head():
    assert adversary_of(replace(SMALL, auxiliary=1.0)).discriminator.label is None
    assert adversary_of(SMALL, target=0).discriminator.label is None


@pytest.mark.parametrize("batch_size", [64, 3])
@pytest.mark.parametrize(
    "options", [{}, {"auxiliary": 1.0}, {"loss": "wasserstein-gp"}, {"loss": "relativistic"}]
)
def test_packs_are_whole_whatever_the_batch(batch_size, options):
    adversary = adversary_of(replace(SMALL, pac=5, **options), target=0)
    told = adversary.step(Rows(mixture(), batch_size), teach_generator=True)
    assert all(bool(value.isfinite()) for value in told.values())


def test_views_and_conditions_have_their_shares():
    torch.manual_seed(0)
    adversary = adversary_of(replace(SMALL, view_share=(0.5, 1.0), conditional_share=0.4))
    codes = torch.zeros(8000, 4, dtype=torch.long)
    assert adversary._view(codes).float().mean() == pytest.approx(0.75, abs=0.02)
    condition = adversary._condition(codes)
    assert condition.float().mean() == pytest.approx(0.4 * 0.5, abs=0.02)
    # A conditional row shows none of 4 blocks with chance 1 / 5.
    assert condition.any(1).float().mean() == pytest.approx(0.4 * 0.8, abs=0.02)
    whole = adversary_of(replace(SMALL, discriminator_views=False))
    assert whole._view(codes).all()


def test_the_discriminators_rate_falls_to_a_third_only():
    adversary = adversary_of(SMALL)
    adversary.set_learning_rates(0.0)
    assert adversary.generator_optimizer.param_groups[0]["lr"] == 0.0
    assert adversary.optimizer.param_groups[0]["lr"] == pytest.approx(0.3 * SMALL.discriminator_lr)
    adversary.set_learning_rates(1.0)
    assert adversary.generator_optimizer.param_groups[0]["lr"] == SMALL.generator_lr
