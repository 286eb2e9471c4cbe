from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from tabgan.gan import losses
from tabgan.gan.discriminator import Discriminator
from tabgan.gan.losses import LOSSES, smoothed
from tabgan.gan.rounds import Draw, draw, equal_runs, rounds_of
from tests.gan.toys import SMALL, mixture, pair_error, play, shuffled, small_generator, toy_blocks
from tests.gan.toys import drawn as drawn_codes

N_STEPS = 400
# They differ from the rest in a formula only, or in a penalty that has tests of its own.
ALIKE = ("relativistic", "minimax", "least-squares", "hinge", "wasserstein", "wasserstein-gp")


def scores(n_rows=64):
    torch.manual_seed(0)
    return torch.randn(n_rows, requires_grad=True), torch.randn(n_rows, requires_grad=True)


def discriminator(pac=1):
    torch.manual_seed(0)
    return Discriminator(toy_blocks(), discriminator_dim=(12, 8), dropout=0.0, pac=pac)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in ALIKE else ()) for name in LOSSES]
)
def test_every_adversarial_loss_trains_a_toy_mixture(name):
    # Three modes, all blocks drawn at once: only noise can make the blocks agree.
    torch.manual_seed(0)
    real, by_itself = mixture(), pair_error(shuffled(mixture()), mixture())
    assert by_itself > 0.3
    adversary = play(replace(SMALL, loss=name, generator_lr=1e-3), N_STEPS)
    made = drawn_codes(adversary.generator.eval())
    assert pair_error(made, real) < 0.75 * by_itself
    assert set(made[:, 0].tolist()) == {0, 1, 2}


def test_losses_are_the_textbooks_formulas():
    real, made = (score.detach() for score in scores())
    d_real, d_made = real.sigmoid(), made.sigmoid()
    log_loss = -d_real.log().mean() - (1 - d_made).log().mean()
    wanted = {
        "minimax": (log_loss, (1 - d_made).log().mean()),
        "non-saturating": (log_loss, -d_made.log().mean()),
        "least-squares": (
            (real - 1).pow(2).mean() / 2 + made.pow(2).mean() / 2,
            (made - 1).pow(2).mean() / 2,
        ),
        "hinge": ((1 - real).clamp(min=0).mean() + (1 + made).clamp(min=0).mean(), -made.mean()),
        "wasserstein": (made.mean() - real.mean(), -made.mean()),
        "wasserstein-gp": (made.mean() - real.mean(), -made.mean()),
        "relativistic": (-(real - made).sigmoid().log().mean(), -(made - real).sigmoid().log().mean()),
    }
    assert set(wanted) == set(LOSSES)
    for name, (of_discriminator, of_generator) in wanted.items():
        torch.testing.assert_close(LOSSES[name].discriminator(real, made), of_discriminator)
        torch.testing.assert_close(LOSSES[name].generator(real, made), of_generator)


@pytest.mark.parametrize("name", LOSSES)
def test_the_two_sides_pull_made_scores_apart(name):
    real, made = scores()
    of_discriminator = torch.autograd.grad(LOSSES[name].discriminator(real, made), made)[0]
    of_generator = torch.autograd.grad(LOSSES[name].generator(real, made), made)[0]
    is_low = made.detach() < 1
    assert (of_discriminator[is_low & (made > 0)] > 0).all()
    assert (of_generator[is_low] < 0).all()


@pytest.mark.parametrize("smoothing", [0.1, 0.3])
def test_label_smoothing_is_cross_entropy_with_real_labels_below_one(smoothing):
    real, made = scores()
    told = smoothed(LOSSES["non-saturating"].discriminator, smoothing)(real, made)
    wanted = F.binary_cross_entropy_with_logits(real, torch.full_like(real, 1 - smoothing))
    wanted = wanted + F.binary_cross_entropy_with_logits(made, torch.zeros_like(made))
    for mine, oracle in zip(
        torch.autograd.grad(told, (real, made)), torch.autograd.grad(wanted, (real, made)), strict=True
    ):
        torch.testing.assert_close(mine, oracle)


def test_label_smoothing_of_least_squares_lowers_the_target():
    real, made = scores()
    told = smoothed(LOSSES["least-squares"].discriminator, 0.2)(real, made)
    wanted = ((real - 0.8) ** 2).mean() / 2 + (made**2).mean() / 2
    for mine, oracle in zip(
        torch.autograd.grad(told, (real, made)), torch.autograd.grad(wanted, (real, made)), strict=True
    ):
        torch.testing.assert_close(mine, oracle)


def test_no_smoothing_is_the_loss_itself():
    loss = LOSSES["hinge"].discriminator
    assert smoothed(loss, 0.0) is loss


def test_likelihood_is_the_cross_entropy_of_hidden_blocks():
    torch.manual_seed(0)
    blocks, codes = toy_blocks(), mixture(40).long()
    logits = torch.randn(40, blocks.n_flat).masked_fill(blocks.is_padding, -1e4)
    visible = torch.rand(codes.shape) < 0.5
    visible[0] = True  # a row with nothing to say
    parts = []
    for block, offset in enumerate(blocks.offsets.tolist()):
        own = logits[:, offset : offset + blocks.sizes[block]]
        parts.append(F.cross_entropy(own, codes[:, block], reduction="none"))
    each = torch.stack(parts, 1)
    torch.testing.assert_close(losses.block_losses(logits, codes, blocks), each, rtol=1e-4, atol=1e-5)
    rows = [0.0 if visible[row].all() else float(each[row][~visible[row]].mean()) for row in range(40)]
    found = float(losses.likelihood(logits, codes, visible, blocks))
    assert found == pytest.approx(sum(rows) / 40, rel=1e-4)


def test_a_row_moves_its_own_likelihood_alone():
    torch.manual_seed(0)
    blocks, codes = toy_blocks(), mixture(6).long()
    visible = torch.rand(codes.shape) < 0.5
    visible[:, 0] = False
    logits = torch.randn(6, blocks.n_flat, requires_grad=True)
    each = (losses.block_losses(logits, codes, blocks) * ~visible).sum(1)
    for row in range(6):
        moved = torch.autograd.grad(each[row], logits, retain_graph=True)[0].abs().sum(1) > 0
        assert moved.tolist() == [other == row for other in range(6)]


def group_of_code(generator, order, n_rounds):
    blocks = generator.blocks
    group = torch.empty(blocks.n_flat, dtype=torch.long)
    steps = rounds_of(generator, equal_runs(order, n_rounds)).steps
    for number, part in enumerate(part for step in steps for part in step):
        for block in part.blocks.tolist():
            group[blocks.block_of == block] = number
    return group


@pytest.mark.parametrize("n_rounds", [1, 2, 4])
@pytest.mark.parametrize("final_norm", [False, True])
def test_expected_marginals_are_what_counting_many_drawn_rows_finds(n_rounds, final_norm):
    torch.manual_seed(0)
    blocks, order = toy_blocks(), (2, 0, 3, 1)
    generator = small_generator(blocks, final_norm=final_norm).eval()
    torch.nn.init.normal_(generator.head.identity, std=1.0 if final_norm else 0.2)  # far from independent
    torch.nn.init.normal_(generator.rows.identity, std=3.0)
    nothing = torch.zeros(40_000, 4, dtype=torch.long)
    with torch.no_grad():
        made = draw(generator, nothing, nothing.bool(), rounds_of(generator, equal_runs(order, n_rounds)))
    counted = made.rows.T @ made.rows / len(nothing)
    found = losses.marginals(
        made.rows, made.chances, group_of_code(generator, order, n_rounds), blocks.block_of
    )
    torch.testing.assert_close(found, found.T)
    # Each cell of both is a mean over 40,000 rows: five standard errors at most.
    assert (found - counted).abs().max() < 5 * math.sqrt(0.25 / 40_000)
    if n_rounds > 1 or not final_norm:
        # Were the blocks independent, the test would say little.
        one_way = counted.diagonal()
        other = blocks.block_of[:, None] != blocks.block_of
        assert ((counted - one_way[:, None] * one_way).abs() * other).max() > 0.03


def test_marginals_of_certain_rows_are_counts():
    blocks, codes = toy_blocks(), mixture(200)
    rows = blocks.one_hot(codes)
    made = Draw(rows=rows, chances=rows)
    found = losses.marginals(
        made.rows, made.chances, torch.zeros(blocks.n_flat, dtype=torch.long), blocks.block_of
    )
    for one in range(blocks.n_flat):
        for two in range(blocks.n_flat):
            assert float(found[one, two]) == pytest.approx(float((rows[:, one] * rows[:, two]).mean()))
    assert float(losses.marginal_error(found, found, 16)) == 0.0
    assert float(losses.marginal_error(found + 0.5, found, 16)) == pytest.approx(blocks.n_flat**2 / 64)


def test_input_gradients_are_finite_differences():
    net = discriminator().double()
    net.rows.blocks.features = net.rows.blocks.features.double()
    rows = toy_blocks().one_hot(mixture(3)).double()
    view = torch.ones(3, 4, dtype=torch.bool)
    found, gradient = losses.input_gradients(net, rows, view)
    for flat in range(rows.shape[1]):
        moved = rows.clone()
        moved[:, flat] += 1e-6
        slope = (net(moved, view) - found) / 1e-6
        torch.testing.assert_close(gradient[:, flat], slope, rtol=1e-3, atol=1e-4)


def test_gradient_penalties_are_what_their_papers_say():
    net, view = discriminator(), torch.ones(30, 4, dtype=torch.bool)
    blocks = toy_blocks()
    real, made = blocks.one_hot(mixture(30)), blocks.one_hot(mixture(30, seed=1))
    at_real, at_made = (losses.input_gradients(net, rows, view)[1] for rows in (real, made))
    wanted = (at_real.square().sum(1).mean() + at_made.square().sum(1).mean()) / 2
    torch.testing.assert_close(losses.gradient_penalty("r1r2", net, real, made, view), wanted)
    torch.manual_seed(1)
    found = losses.gradient_penalty("wgan-gp", net, real, made, view)
    torch.manual_seed(1)
    share = torch.rand(30, 1)
    _, between = losses.input_gradients(net, (1 - share) * real + share * made, view)
    torch.testing.assert_close(found, ((between.norm(dim=1) - 1) ** 2).mean())
    found.backward()
    assert net.score.weight.grad is not None


def test_the_gradient_of_a_score_has_one_norm_however_many_rows_it_judges():
    pac, n_packs = 5, 6
    net, view = discriminator(pac), torch.ones(pac * n_packs, 4, dtype=torch.bool)
    blocks = toy_blocks()
    real, made = blocks.one_hot(mixture(pac * n_packs)), blocks.one_hot(mixture(pac * n_packs, seed=1))
    torch.manual_seed(1)
    found = losses.gradient_penalty("wgan-gp", net, real, made, view)
    torch.manual_seed(1)
    norms = []
    for pack, share in enumerate(torch.rand(n_packs, 1)):
        rows = slice(pack * pac, (pack + 1) * pac)
        between = (1 - share) * real[rows] + share * made[rows]
        norms.append(losses.input_gradients(net, between, view[rows])[1].norm())
    torch.testing.assert_close(found, ((torch.stack(norms) - 1) ** 2).mean())
