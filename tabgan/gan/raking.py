"""Rows weighted so that together they have the released marginals."""

from __future__ import annotations

import torch
from torch import Tensor

from tabgan.gan.blocks import Blocks
from tabgan.gan.tree import NoisyMarginals

STEPS = 200
LEARNING_RATE = 0.02
WORK = 1e10  # multiplications a step that a pool may cost
FEWEST = 20_000


def pool_size(blocks: Blocks, at_most: int) -> int:
    """Rows of a pool that can be raked in reasonable time."""
    return min(at_most, max(FEWEST, int(WORK / max(blocks.n_flat, 1) ** 2)))


def raked(pool: Tensor, marginals: NoisyMarginals, blocks: Blocks) -> Tensor:
    """As many rows, drawn from the pool by weights that bring its pairs to the released ones.

    The weights are those nearest to equal ones (Kullback-Leibler, `n_rows` rows' worth) for which
    the squared error of the pairs, in variances of their noise, is least: log-weights are a sum
    over a row's pairs of codes, found through the dual, which is smooth and convex.
    Shape: int64 [rows, blocks] -> the same. Privacy: post-processing of released counts.
    Source: Deville & Särndal 1992 (calibration); the squared penalty allows for noise.
    """
    is_code = ~blocks.is_padding
    counted = (blocks.block_of[:, None] != blocks.block_of) & is_code & is_code[:, None]
    wanted = torch.as_tensor(marginals.two_way / marginals.n_rows, dtype=torch.float32, device=pool.device)
    stiffness = marginals.two_sigma**2 / marginals.n_rows
    rows = blocks.one_hot(pool)
    dual = torch.zeros(blocks.n_flat, blocks.n_flat, device=pool.device, requires_grad=True)
    optimizer = torch.optim.Adam([dual], lr=LEARNING_RATE)
    for _ in range(STEPS):
        pairs = (dual + dual.T) / 2 * counted
        log_weights = ((rows @ pairs) * rows).sum(1)
        gap = torch.logsumexp(log_weights, 0) - (pairs * wanted).sum()
        objective = gap + stiffness / 2 * pairs.square().sum()
        optimizer.zero_grad()
        objective.backward()
        optimizer.step()
    # A cumulative sum instead of torch.multinomial, which takes no more than 2**24 categories.
    chances = log_weights.detach().double().softmax(0).cumsum(0)
    coins = torch.rand(len(pool), dtype=torch.float64, device=pool.device)
    return pool[torch.searchsorted(chances, coins).clamp(max=len(pool) - 1)]
