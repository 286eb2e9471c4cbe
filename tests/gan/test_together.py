from __future__ import annotations

from dataclasses import replace
from itertools import accumulate, pairwise

import pytest
import torch

from tabgan.gan.blocks import Blocks
from tabgan.gan.drawing import Drawer
from tabgan.gan.generator import Generator
from tabgan.gan.settings import Teachers
from tabgan.gan.together import MAX_NATS, MAX_NATS_OF_ROW, joint_runs
from tabgan.gan.training import train
from tests.gan.toys import SMALL, mixture, toy_blocks

ORDER = (2, 0, 3, 1)


def generator_of(blocks: Blocks, scale: float, *, final_norm: bool = True) -> Generator:
    """One whose blocks tell each other the more, the larger the scale."""
    generator = Generator(blocks, embedding_dim=4, generator_dim=(16, 12), final_norm=final_norm).eval()
    with torch.no_grad():
        for part in (generator.rows.identity, generator.rows.order):
            part.mul_(scale)
    return generator


def nats(generator: Generator, codes: torch.Tensor, seen: tuple[int, ...], more: tuple[int, ...], block: int):
    """What every row's chances of a block lose if the layers do not see `more`, worked out code by code.

    With a norm before the head the sum does not show it either. Shape: -> [rows].
    """
    sums, heads = [], []
    for known in (seen, (*seen, *more)):
        visible = torch.zeros(codes.shape, dtype=torch.bool)
        visible[:, list(known)] = True
        with torch.no_grad():
            sums.append(generator.rows(codes, visible))
            heads.append(generator.trunk(sums[-1], None))
    if not isinstance(generator.norm, torch.nn.LayerNorm):
        heads[0] += sums[1] - sums[0]
    with torch.no_grad():
        soft = [generator.blocks.softmax(generator.head(head)).double() for head in heads]
    start = int(generator.blocks.offsets[block])
    chances = [one[:, start : start + generator.blocks.sizes[block]] for one in soft]
    return (chances[1] * (chances[1] / chances[0]).log()).sum(1)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("scale", [0.0, 0.03, 0.1, 0.3, 1.0])
@pytest.mark.parametrize("final_norm", [False, True])
def test_a_run_goes_on_exactly_as_long_as_its_blocks_tell_little_of_the_next(seed, scale, final_norm):
    torch.manual_seed(seed)
    generator, codes = generator_of(toy_blocks(), scale, final_norm=final_norm), mixture(300).long()
    runs = joint_runs(Drawer(generator), ORDER, codes)
    cuts = [0, *accumulate(runs)]
    assert cuts[-1] == len(ORDER)
    for start, stop in pairwise(cuts):
        for place in range(start + 1, min(stop + 1, len(ORDER))):
            lost = nats(generator, codes, ORDER[:start], ORDER[start:place], ORDER[place])
            is_little = lost.mean() <= MAX_NATS and lost.max() <= MAX_NATS_OF_ROW
            assert bool(is_little) == (place < stop)


def test_both_ends_are_among_the_random_generators():
    torch.manual_seed(0)
    codes = mixture(300).long()
    assert joint_runs(Drawer(generator_of(toy_blocks(), 0.0)), ORDER, codes) == (4,)
    assert joint_runs(Drawer(generator_of(toy_blocks(), 3.0)), ORDER, codes) == (1, 1, 1, 1)


def test_a_rare_code_on_which_another_block_depends_keeps_them_apart():
    torch.manual_seed(0)
    generator = generator_of(Blocks((2, 2)), 0.0)
    with torch.no_grad():
        place = torch.nn.functional.normalize(torch.randn(16), dim=0)
        generator.rows.identity[1], generator.head.identity[3] = 10 * place, 2 * place
        generator.head.bias[2] = 4.0  # the other code is rare, but for rows with the rare code
    codes = torch.zeros(5000, 2, dtype=torch.long)
    assert joint_runs(Drawer(generator), (0, 1), codes) == (2,)
    codes[77, 0] = 1
    assert nats(generator, codes, (), (0,), 1).mean() < MAX_NATS
    assert joint_runs(Drawer(generator), (0, 1), codes) == (1, 1)


def test_training_parts_what_hangs_together_and_joins_what_does_not():
    """Each of blocks 0, 1 and 2 tells the mode, on which the two others follow; the rest are coins."""
    torch.manual_seed(0)
    codes = torch.cat([mixture(12_000), torch.randint(0, 2, (12_000, 3)).to(torch.int16)], 1)
    settings = replace(SMALL, teachers=Teachers(adversary=0.0), rounds=None, epochs=20)
    trained = train(codes, Blocks((3, 6, 9, 2, 2, 2, 2)), settings, parents=(None,) * 7)
    cuts = [0, *accumulate(trained.runs)]
    groups = [set(trained.order[start:stop]) for start, stop in pairwise(cuts)]
    first = next(group & {0, 1, 2} for group in groups if group & {0, 1, 2})
    assert len(first) == 1
    assert len(groups) <= 3
