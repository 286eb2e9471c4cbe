from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tabgan.gan.blocks import Blocks
from tabgan.gan.order import two_way_marginals
from tabgan.gan.tree import (
    NoisyMarginals,
    NoisyTable,
    dependence,
    joint_dependence,
    nearest_distribution,
    spanning_tree,
    tree_rows,
)

BLOCKS = Blocks([2, 3, 4, 2])


def chain(n: int) -> torch.Tensor:
    """Block 1 follows block 0, block 2 follows block 1, block 3 goes its own way."""
    torch.manual_seed(0)
    first = torch.randint(2, (n,))
    second = torch.where(torch.rand(n) < 0.9, first, torch.randint(3, (n,)))
    third = torch.where(torch.rand(n) < 0.8, second, torch.randint(4, (n,)))
    return torch.stack([first, second, third, torch.randint(2, (n,))], 1)


def marginals_of(codes: torch.Tensor, sigma: float = 0.0) -> NoisyMarginals:
    counts = two_way_marginals(codes, BLOCKS, len(codes)).double().numpy() * len(codes)
    rng, where = np.random.default_rng(0), BLOCKS.slices
    pairs = {}
    for i, j in itertools.combinations(range(BLOCKS.n_blocks), 2):
        table = counts[where[i], where[j]]
        pairs[i, j] = NoisyTable(table + rng.normal(0, 1, table.shape) * sigma, max(sigma, 1.0))
    one = np.diag(counts) + rng.normal(0, 1, len(counts)) * sigma
    return NoisyMarginals(one, max(sigma, 1.0), len(codes), pairs)


@settings(deadline=None)
@given(arrays(np.float64, st.integers(1, 8), elements=st.floats(-2, 2)))
def test_the_nearest_distribution_is_one_and_no_other_is_nearer(values: np.ndarray) -> None:
    found = nearest_distribution(values)
    assert (found >= 0).all()
    assert found.sum() == np.float64(1).round(9) or abs(found.sum() - 1) < 1e-9
    rng = np.random.default_rng(0)
    others = rng.dirichlet(np.ones(len(values)), 50)
    assert ((others - values) ** 2).sum(1).min() >= ((found - values) ** 2).sum() - 1e-9


def test_the_tree_joins_the_blocks_that_go_together() -> None:
    marginals = marginals_of(chain(20_000), sigma=30.0)
    tree = spanning_tree(dependence(marginals, marginals.shares(BLOCKS)), root=0)
    assert {frozenset((*parents, child)) for parents, child in tree} >= {frozenset((0, 1)), frozenset((1, 2))}
    assert tree[0][0] == (0,)
    assert sorted(child for _, child in tree) == [1, 2, 3]


def test_rows_of_the_tree_have_the_marginals_of_its_edges() -> None:
    codes = chain(20_000)
    marginals = marginals_of(codes)
    shares = marginals.shares(BLOCKS)
    tree = spanning_tree(dependence(marginals, shares), 3)
    rows = tree_rows(tree, marginals, shares, 40_000)
    made = two_way_marginals(rows, BLOCKS, len(rows))
    real = two_way_marginals(codes, BLOCKS, len(codes))
    where = BLOCKS.slices
    for first, second in ((0, 1), (1, 2)):
        gap = (made - real)[where[first], where[second]].abs().sum() / 2
        assert gap < 0.02


def test_a_child_of_two_parents_is_drawn_given_both() -> None:
    torch.manual_seed(0)
    first, second = torch.randint(2, (20_000,)), torch.randint(3, (20_000,))
    third = (first + second) % 2  # follows from both, and from neither alone
    codes = torch.stack([first, second, third, torch.randint(2, (20_000,))], 1)
    known = marginals_of(codes)
    cells = torch.bincount((first * 3 + second) * 4 + third, minlength=24).double().numpy()
    marginals = replace(known, triples={(0, 1, 2): NoisyTable(cells.reshape(2, 3, 4), 1.0)})
    shares = marginals.shares(BLOCKS)
    tree = spanning_tree(dependence(marginals, shares), 0, joint_dependence(marginals))
    assert ((0, 1), 2) in tree
    rows = tree_rows(tree, marginals, shares, 5000)
    assert ((rows[:, 0] + rows[:, 1]) % 2 == rows[:, 2]).double().mean() > 0.99


def test_noisy_pairs_become_tables_with_their_one_way_marginals() -> None:
    marginals = marginals_of(chain(500), sigma=40.0)
    shares = marginals.shares(BLOCKS)
    table = marginals.pair(1, 2, shares)
    assert (table >= 0).all()
    np.testing.assert_allclose(table.sum(0), shares[2], atol=1e-3)
    np.testing.assert_allclose(table.sum(1), shares[1], atol=1e-3)


def test_a_pair_is_the_same_from_both_sides_and_one_that_was_not_released_is_independent() -> None:
    known = marginals_of(chain(2000), sigma=5.0)
    marginals = NoisyMarginals(known.one_way, known.one_sigma, known.n_rows, {(1, 2): known.pairs[1, 2]})
    shares = marginals.shares(BLOCKS)
    one, other = (marginals.pair(*blocks, shares) for blocks in ((1, 2), (2, 1)))
    np.testing.assert_allclose(one, other.T, atol=2e-3)
    free = marginals.pair(0, 3, shares)
    np.testing.assert_allclose(free, np.outer(shares[0], shares[3]))
    found = dependence(marginals, shares)
    assert found[1, 2] == found[2, 1] > 0.3
    assert np.count_nonzero(found) == 2
