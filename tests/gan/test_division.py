from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
import torch

from tabgan.gan.blocks import Blocks
from tabgan.gan.division import MAX_STARTS, divided, losses_in_turn
from tests.gan.toys import mixture, small_generator, toy_blocks

ORDER = (2, 0, 3, 1)


def cuts_of(order, n_rounds):
    """Every way to cut an order into so many runs."""
    for marks in product([False, True], repeat=len(order) - 1):
        if sum(marks) == n_rounds - 1:
            cuts = [0, *(place + 1 for place, is_cut in enumerate(marks) if is_cut), len(order)]
            yield tuple(tuple(order[start:stop]) for start, stop in pairwise(cuts))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n_rounds", [1, 2, 3, 4, 5, 9])
def test_no_cut_of_the_order_loses_less(seed, n_rounds):
    order = (3, 0, 4, 1, 2)
    losses = np.triu(np.random.default_rng(seed).random((5, 5))) + np.tril(np.full((5, 5), np.inf), -1)

    def total(runs) -> float:
        starts = np.cumsum([0, *map(len, runs)])
        return sum(losses[start, start:stop].sum() for start, stop in pairwise(starts))

    groups = divided(losses, order, n_rounds)
    assert len(groups) == min(n_rounds, 5)
    assert [block for group in groups for block in group] == list(order)
    assert total(groups) == pytest.approx(min(map(total, cuts_of(order, len(groups)))))


def test_losses_are_the_cross_entropy_of_a_generator_worked_out_code_by_code():
    torch.manual_seed(0)
    blocks, codes = toy_blocks(), mixture(50).long()
    generator = small_generator(blocks).eval()
    torch.nn.init.normal_(generator.rows.identity)
    found = losses_in_turn(generator, codes, ORDER)
    for start, place in product(range(4), repeat=2):
        if place < start:
            assert found[start, place] == np.inf
            continue
        visible, early = (torch.zeros(4, dtype=torch.bool) for _ in range(2))
        visible[list(ORDER[:place])], early[list(ORDER[:start])] = True, True
        with torch.no_grad():
            logits = generator(codes, visible.expand_as(codes), early=early.expand_as(codes))
        block = ORDER[place]
        own = blocks.softmax(logits)[:, int(blocks.offsets[block]) :]
        wanted = -np.mean([float(own[row, codes[row, block]].log()) for row in range(50)])
        assert found[start, place] == pytest.approx(wanted, rel=1e-2)  # products may be in bfloat16


def test_a_long_order_is_cut_at_some_places_only():
    n = 2 * MAX_STARTS + 3
    generator = small_generator(Blocks((2,) * n)).eval()
    losses = losses_in_turn(generator, torch.zeros(5, n, dtype=torch.int16), range(n))
    is_start = np.isfinite(losses.diagonal())
    assert is_start[0]
    assert is_start.sum() <= MAX_STARTS
    for n_rounds in (1, 2, n):
        groups = divided(losses, range(n), n_rounds)
        assert [block for group in groups for block in group] == list(range(n))
        assert len(groups) == min(n_rounds, is_start.sum())
