"""Drawn rows get the shares that are asked for, and what depends on what stays."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor

from tabgan.gan.blocks import Blocks
from tabgan.gan.calibration import calibrate
from tabgan.gan.drawing import Drawer
from tabgan.gan.generator import Generator
from tabgan.gan.order import one_way_marginals
from tests.gan.toys import mixture, toy_blocks

ALONE = ((2,), (0,), (3,), (1,))
N_ROWS = 40_000


def generator_of(blocks: Blocks) -> Generator:
    """One whose blocks depend on each other and on the noise, and whose shares are anything."""
    generator = Generator(blocks, embedding_dim=4, generator_dim=(16, 12)).eval().requires_grad_(False)
    for part in (generator.rows.identity, generator.head.bias, generator.noise.weight):
        torch.nn.init.normal_(part)
    return generator


def drawn(generator: Generator, groups: tuple[tuple[int, ...], ...], *, has_noise: bool) -> Tensor:
    drawer = Drawer(generator)
    codes = torch.zeros(N_ROWS, generator.blocks.n_blocks, dtype=torch.long)
    batch = drawer.start(codes, codes.bool())
    for group in groups:
        noise = torch.randn(N_ROWS, 4) if has_noise else None
        drawer.fill(batch, group, torch.rand(codes.shape), noise=noise)
    return batch.codes


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("groups", "has_noise"), [(ALONE, False), (((0, 1), (3, 2)), True)])
def test_rows_have_the_shares_of_the_table(groups, has_noise, seed):
    torch.manual_seed(seed)
    blocks = toy_blocks()
    generator, table = generator_of(blocks), mixture(5000)
    wanted = one_way_marginals(table, blocks)
    before = one_way_marginals(drawn(generator, groups, has_noise=has_noise), blocks, N_ROWS)
    calibrate(generator, groups, table, has_noise=has_noise)
    after = one_way_marginals(drawn(generator, groups, has_noise=has_noise), blocks, N_ROWS)
    assert float((before - wanted).abs().sum()) / 2 > 0.3
    assert float((after - wanted).abs().max()) < 0.01


@pytest.mark.parametrize("seed", range(4))
def test_of_few_rows_the_shares_are_met_within_what_so_few_can_tell(seed):
    torch.manual_seed(seed)
    blocks = toy_blocks()
    generator, table = generator_of(blocks), mixture(200)
    wanted = one_way_marginals(table, blocks)
    calibrate(generator, ALONE, table, has_noise=False)
    after = one_way_marginals(drawn(generator, ALONE, has_noise=False), blocks, N_ROWS)
    deviation = (wanted * (1 - wanted) / len(table)).sqrt()
    assert float(((after - wanted).abs() - 0.005).clamp(min=0).sub(1.5 * deviation).max()) <= 0


def test_odds_keep_their_ratios_and_padding_stays_impossible():
    torch.manual_seed(0)
    blocks = Blocks((3, 5, 9, 2))
    generator = generator_of(blocks)
    old = copy.deepcopy(generator)
    calibrate(generator, ALONE, mixture(5000) % 5, has_noise=False)
    rest = {name: weight for name, weight in old.state_dict().items() if name != "head.bias"}
    assert all(torch.equal(weight, generator.state_dict()[name]) for name, weight in rest.items())
    assert torch.equal(old.head.bias[blocks.is_padding], generator.head.bias[blocks.is_padding])
    codes = mixture(200).long() % 5
    moved = generator(codes, codes.bool()) - old(codes, codes.bool())
    torch.testing.assert_close(moved, moved[:1].expand_as(moved), rtol=1e-4, atol=1e-4)


def test_a_code_that_no_row_has_is_hardly_drawn_and_never_impossible():
    torch.manual_seed(0)
    blocks = Blocks((4,))
    generator, table = generator_of(blocks), torch.arange(1000)[:, None] % 2
    calibrate(generator, ((0,),), table, has_noise=False)
    chances = Drawer(generator).bias.softmax(0)
    assert generator.head.bias.isfinite().all()
    made = one_way_marginals(drawn(generator, ((0,),), has_noise=False), blocks, N_ROWS)
    assert float(made[2:].sum()) < 0.001
    assert chances.min() > 0
