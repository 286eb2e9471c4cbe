from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
import torch

from tabgan.gan.blocks import Blocks
from tabgan.gan.division import Groups, Losses, divided
from tests.gan.toys import mixture, small_generator, toy_blocks

ORDER = (2, 0, 3, 1)
FREE = (None, None, None, None)


class TableOfLosses(Losses):
    """Losses from a rule in place of a generator's."""

    def __init__(self, n_blocks: int, seed: int) -> None:
        self.n_blocks, self.dice = n_blocks, np.random.default_rng(seed)
        self.known = {}

    def given(self, visible):
        """Random, but less the more is visible."""
        key = frozenset(visible)
        if key not in self.known:
            self.known[key] = self.dice.random(self.n_blocks) / (1 + len(key))
        return self.known[key]


def total(losses: Losses, groups: Groups) -> float:
    """What the groups lose, block by block."""
    seen, nats = set(), 0.0
    for group in groups:
        nats += sum(float(losses.given(seen)[block]) for block in group)
        seen |= set(group)
    return nats


def all_divisions(n_blocks: int, n_rounds: int):
    for places in product(range(n_rounds), repeat=n_blocks):
        if set(places) == set(range(n_rounds)):
            yield tuple(
                tuple(block for block in range(n_blocks) if places[block] == place)
                for place in range(n_rounds)
            )


def cuts_of(order, n_rounds):
    """Every way to cut an order into so many runs."""
    for marks in product([False, True], repeat=len(order) - 1):
        if sum(marks) == n_rounds - 1:
            cuts = [0, *(place + 1 for place, is_cut in enumerate(marks) if is_cut), len(order)]
            yield tuple(tuple(order[start:stop]) for start, stop in pairwise(cuts))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n_rounds", [1, 2, 3, 4, 5, 9])
def test_divisions_are_no_worse_than_any_cut_of_the_order_and_no_move_betters_them(seed, n_rounds):
    losses, order = TableOfLosses(5, seed), (3, 0, 4, 1, 2)
    groups = divided(losses, order, n_rounds, parents=(None,) * 5)
    n_groups = min(n_rounds, 5)
    assert len(groups) == n_groups
    assert sorted(block for group in groups for block in group) == [0, 1, 2, 3, 4]
    found = total(losses, groups)
    assert found <= min(total(losses, cut) for cut in cuts_of(order, n_groups)) + 1e-9
    place = {block: index for index, group in enumerate(groups) for block in group}
    for other in all_divisions(5, n_groups):
        new = {block: index for index, group in enumerate(other) for block in group}
        moved = [block for block in place if place[block] != new[block]]
        if len(moved) == 1 and abs(place[moved[0]] - new[moved[0]]) == 1:
            assert found <= total(losses, other) + 1e-3


@pytest.mark.parametrize("seed", range(5))
def test_no_block_comes_before_its_parent_and_the_last_stay(seed):
    losses, order, parents = TableOfLosses(6, seed), (0, 1, 2, 3, 4, 5), (None, 0, None, 2, 3, None)
    for n_rounds in (2, 3, 4):
        groups = divided(losses, order, n_rounds, parents, last=(5,))
        place = {block: index for index, group in enumerate(groups) for block in group}
        assert all(parent is None or place[parent] <= place[block] for block, parent in enumerate(parents))
        assert 5 in groups[-1]


def test_losses_are_the_cross_entropy_of_a_generator_worked_out_code_by_code():
    torch.manual_seed(0)
    blocks, codes = toy_blocks(), mixture(50).long()
    generator = small_generator(blocks).eval()
    torch.nn.init.normal_(generator.rows.identity)
    found = Losses(generator, codes).given({0, 2})
    visible = torch.tensor([True, False, True, False]).expand_as(codes)
    with torch.no_grad():
        chances = blocks.softmax(generator(codes, visible))
    for block in (1, 3):
        own = chances[:, int(blocks.offsets[block]) :]
        wanted = -np.mean([float(own[row, codes[row, block]].log()) for row in range(50)])
        assert found[block] == pytest.approx(wanted, rel=1e-2)  # products may be in bfloat16


def test_a_wide_table_is_judged_by_fewer_rows():
    generator = small_generator(Blocks((4000,) * 3)).eval()
    assert len(Losses(generator, torch.zeros(3000, 3)).codes) == 349
