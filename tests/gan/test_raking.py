from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from tabgan.gan.blocks import Blocks
from tabgan.gan.raking import pool_size, raked, weights
from tabgan.gan.tree import NoisyMarginals, NoisyTable

BLOCKS = Blocks([2, 5, 3])


def rows(n: int, tilt: float) -> Tensor:
    """Rows whose last block follows from the first; `tilt` moves all blocks but the second."""
    generator = torch.Generator().manual_seed(0)
    first = (torch.rand(n, generator=generator) < tilt).long()
    second = torch.randint(5, (n,), generator=generator)
    third = first + (torch.rand(n, generator=generator) < 0.2).long()
    return torch.stack([first, second, third], 1)


def marginals(codes: Tensor, sigma: float) -> NoisyMarginals:
    one_hot = BLOCKS.one_hot(codes).double()
    two_way, where = (one_hot.T @ one_hot).numpy(), BLOCKS.slices
    pairs = {(i, j): NoisyTable(two_way[where[i], where[j]], sigma) for i, j in ((0, 1), (0, 2), (1, 2))}
    return NoisyMarginals(one_hot.sum(0).numpy(), sigma, float(len(codes)), pairs)


def share_of_ones(codes: Tensor) -> float:
    return float(codes[:, 0].double().mean())


def test_rows_are_weighted_to_the_released_pairs() -> None:
    pool, wanted = rows(4000, 0.3), rows(8000, 0.6)
    by_weight = weights(pool, marginals(wanted, 5.0))
    assert by_weight.sum() == pytest.approx(1.0)
    one_hot = BLOCKS.one_hot(pool).double()
    made = (one_hot.T * by_weight) @ one_hot
    real = BLOCKS.one_hot(wanted).double()
    target = real.T @ real / 8000
    is_pair = BLOCKS.block_of[:, None] != BLOCKS.block_of
    assert float((made - target)[is_pair].abs().max()) < 0.01
    assert share_of_ones(raked(pool, marginals(wanted, 5.0))) == pytest.approx(0.6, abs=0.03)


def test_noise_keeps_the_weights_from_being_believed() -> None:
    pool, wanted = rows(4000, 0.3), rows(8000, 0.6)
    shares = [
        float((weights(pool, marginals(wanted, sigma)) * pool[:, 0]).sum()) for sigma in (5.0, 300.0, 1e5)
    ]
    assert shares[0] > shares[1] > shares[2]
    assert shares[2] == pytest.approx(share_of_ones(pool), abs=0.01)


def test_a_pool_that_agrees_is_left_as_it_is() -> None:
    pool = rows(4000, 0.3)
    by_weight = weights(pool, marginals(pool, 20.0))
    assert float(by_weight.max() / by_weight.min()) < 1.02


def test_without_pairs_the_pool_stays_as_it_is() -> None:
    pool = rows(100, 0.3)
    assert raked(pool, NoisyMarginals(np.zeros(BLOCKS.n_flat), 1.0, 100.0, {})) is pool


def test_a_pool_of_many_pairs_is_smaller() -> None:
    assert pool_size(105, 100_000) == 100_000
    assert pool_size(1431, 100_000) == 20_000
    assert pool_size(3, 500) == 500


def test_rows_are_weighted_to_triples_as_well() -> None:
    pool, wanted = rows(4000, 0.3), rows(8000, 0.6)
    cells = torch.bincount((wanted[:, 0] * 5 + wanted[:, 1]) * 3 + wanted[:, 2], minlength=30)
    triple = NoisyTable(cells.double().numpy().reshape(2, 5, 3), 5.0)
    pairs = {(1, 2): marginals(wanted, 5000.0).pairs[1, 2]}
    known = NoisyMarginals(np.zeros(BLOCKS.n_flat), 5.0, 8000.0, pairs, {(0, 1, 2): triple})
    assert share_of_ones(raked(pool, known)) == pytest.approx(0.6, abs=0.03)
