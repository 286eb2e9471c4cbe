"""Rows weighted so that together they have the released marginals."""

from __future__ import annotations

import torch
from torch import Tensor

from tabgan.gan.blocks import Blocks
from tabgan.gan.tree import NoisyMarginals

STEPS = 200
LEARNING_RATE = 0.02
WORK = 12_000_000  # pairs of codes, over all rows of a pool
FEWEST = 20_000


def pool_size(blocks: Blocks, at_most: int) -> int:
    """Rows of a pool that can be raked in reasonable time."""
    n_pairs = max(1, blocks.n_blocks * (blocks.n_blocks - 1) // 2)
    return min(at_most, max(FEWEST, WORK // n_pairs))


def raked(pool: Tensor, marginals: NoisyMarginals, blocks: Blocks) -> Tensor:
    """As many rows, drawn from the pool by weights that bring its pairs to the released ones.

    The weights are those nearest to equal ones (Kullback-Leibler, `n_rows` rows' worth) for which
    the squared error of the pairs, in variances of their noise, is least: log-weights are a sum
    over a row's pairs of codes, found through the dual, which is smooth and convex.
    Shape: int64 [rows, blocks] -> the same. Privacy: post-processing of released counts.
    Source: Deville & Särndal 1992 (calibration); the squared penalty allows for noise.
    """
    chances = weights(pool, marginals, blocks).cumsum(0)
    # A cumulative sum instead of torch.multinomial, which takes no more than 2**24 categories.
    coins = torch.rand(len(pool), dtype=torch.float64, device=pool.device) * chances[-1]
    return pool[torch.searchsorted(chances, coins).clamp(max=len(pool) - 1)]


def weights(pool: Tensor, marginals: NoisyMarginals, blocks: Blocks, n_steps: int = STEPS) -> Tensor:
    """The weight of every row of the pool. Shape: int64 [rows, blocks] -> float64 [rows], of sum 1."""
    cells = _cells(pool, blocks)
    is_code = ~blocks.is_padding
    is_counted = (blocks.block_of[:, None] < blocks.block_of) & is_code & is_code[:, None]
    shares = torch.as_tensor(marginals.two_way / marginals.n_rows, dtype=torch.float32, device=pool.device)
    wanted = (shares * is_counted).flatten()
    stiffness = marginals.two_sigma**2 / marginals.n_rows
    dual = torch.zeros_like(wanted).requires_grad_(True)
    optimizer = torch.optim.Adam([dual], lr=LEARNING_RATE)
    n_cells = cells.shape[1]
    for _ in range(n_steps):
        chances = _chances(dual, cells)
        made = torch.bincount(
            cells.flatten(), chances.float().repeat_interleave(n_cells), minlength=len(wanted)
        )
        # Of logsumexp(log-weights) - <dual, wanted> + stiffness / 2 |dual|², by hand.
        dual.grad = made - wanted + stiffness * dual.detach()
        optimizer.step()
    return _chances(dual, cells)


def _chances(dual: Tensor, cells: Tensor) -> Tensor:
    """Shape: [cells of the two-way table], [rows, pairs of blocks] -> [rows]."""
    return dual.detach()[cells].sum(1).double().softmax(0)


def _cells(pool: Tensor, blocks: Blocks) -> Tensor:
    """Where each pair of a row's codes lies in the flat two-way table. Shape: -> [rows, pairs of blocks]."""
    places = blocks.flat_index(pool)
    first, second = torch.triu_indices(blocks.n_blocks, blocks.n_blocks, 1, device=pool.device)
    return places[:, first] * blocks.n_flat + places[:, second]
