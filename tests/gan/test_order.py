from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import mutual_info_score

from tabgan.gan.blocks import Blocks
from tabgan.gan.order import (
    drawing_order,
    mutual_information,
    one_way_marginals,
    small_first,
    two_way_marginals,
)
from tests.gan.toys import SIZES, mixture, toy_blocks


def test_two_way_marginals_are_counts():
    blocks, codes = toy_blocks(), mixture(5000)  # more than one part
    found = two_way_marginals(codes, blocks)
    offsets = blocks.offsets.tolist()
    for one in range(4):
        for two in range(4):
            table = np.zeros((SIZES[one], SIZES[two]))
            np.add.at(table, (codes[:, one].numpy(), codes[:, two].numpy()), 1 / 5000)
            mine = found[offsets[one] :, offsets[two] :][: SIZES[one], : SIZES[two]]
            np.testing.assert_allclose(mine.numpy(), table, atol=1e-6)
    assert (found[blocks.is_padding] == 0).all()


def test_rows_at_equal_distances_are_counted():
    blocks, codes = toy_blocks(), mixture(300)
    assert torch.equal(two_way_marginals(codes, blocks, 100), two_way_marginals(codes[::3], blocks))


def test_the_order_of_the_rows_hardly_matters():
    blocks, codes = toy_blocks(), mixture(3000)
    in_order = codes[codes[:, 0].sort(stable=True).indices]
    found = two_way_marginals(in_order, blocks, 1000)
    assert (found - two_way_marginals(codes, blocks)).abs().max() < 0.03


def test_mutual_information_is_the_plain_sum_less_its_bias():
    blocks, codes = toy_blocks(), mixture(3000)
    found = mutual_information(two_way_marginals(codes, blocks), blocks, 3000)
    columns = codes.numpy().T
    for one in range(4):
        for two in range(4):
            if one == two:
                continue
            n_cells = len(np.unique(columns[[one, two]], axis=1).T)
            n_values = len(np.unique(columns[one])), len(np.unique(columns[two]))
            bias = (n_cells - sum(n_values) + 1) / 6000
            wanted = max(mutual_info_score(columns[one], columns[two]) - bias, 0.0)
            assert float(found[one, two]) == pytest.approx(wanted, abs=1e-4)


def test_blocks_without_relation_share_nothing_on_average():
    torch.manual_seed(0)
    codes = torch.stack([torch.randint(size, (2000,)) for size in (9, 12, 15)], 1)
    blocks = Blocks((9, 12, 15))
    found = mutual_information(two_way_marginals(codes, blocks), blocks, 2000)
    # Without the correction these would be about 8 * 11 / 4000 = .022 to 11 * 14 / 4000 = .039.
    assert found.fill_diagonal_(0).max() < 0.01


def test_blocks_that_hang_together_are_drawn_in_different_rounds():
    information = torch.zeros(6, 6)
    for one, two in ((0, 1), (2, 3), (4, 5)):
        information[one, two] = information[two, one] = 1.0
    order = drawing_order(information, [None] * 6, 2)
    for run in (order[:3], order[3:]):
        assert len({block // 2 for block in run}) == 3


@given(
    n_blocks=st.integers(1, 12),
    n_rounds=st.integers(1, 15),
    seed=st.integers(0, 10_000),
    data=st.data(),
)
@settings(max_examples=60, deadline=None)
def test_the_order_holds_every_block_once_after_its_parent(n_blocks, n_rounds, seed, data):
    torch.manual_seed(seed)
    is_child = data.draw(st.lists(st.booleans(), min_size=n_blocks, max_size=n_blocks))
    parents = [block - 1 if block and is_child[block] else None for block in range(n_blocks)]
    start = data.draw(st.integers(0, n_blocks))
    while start < n_blocks and parents[start] is not None:  # `last` is the blocks of one whole column
        start += 1
    stop = start + 1
    while stop < n_blocks and parents[stop] is not None:
        stop += 1
    last = tuple(range(start, min(stop, n_blocks)))
    information = torch.rand(n_blocks, n_blocks)
    order = drawing_order(information + information.T, parents, n_rounds, last)
    assert sorted(order) == list(range(n_blocks))
    assert set(order[len(order) - len(last) :]) == set(last)
    for block, parent in enumerate(parents):
        assert parent is None or order.index(parent) < order.index(block)


def test_small_blocks_come_first_in_each_run_and_stay_in_it():
    rng = np.random.default_rng(0)
    sizes = (40, 2, 9, 30, 3, 16)
    codes = torch.from_numpy(np.column_stack([rng.integers(0, size, 4000) for size in sizes]))
    blocks = Blocks(sizes)
    marginals, alone = one_way_marginals(codes, blocks), [None] * 6
    assert small_first(range(6), marginals, blocks, alone, (), 1) == (1, 4, 2, 5, 3, 0)
    assert small_first(range(6), marginals, blocks, alone, (), 2) == (1, 2, 0, 4, 5, 3)
    assert small_first([5, 4, 3, 2, 1, 0], marginals, blocks, alone, (), 2) == (4, 5, 3, 1, 2, 0)
    assert small_first(range(6), marginals, blocks, alone, (1,), 5) == (0, 2, 3, 4, 5, 1)
    assert small_first(range(6), marginals, blocks, [None, 0, *alone[2:]], (), 1)[-1] == 1
