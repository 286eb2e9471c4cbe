"""Rows weighted so that together they have the released marginals."""

from __future__ import annotations

import torch
from torch import Tensor

from tabgan.gan.tree import NoisyMarginals

STEPS = 200
LEARNING_RATE = 0.02
WORK = 12_000_000  # pairs of codes, over all rows of a pool
FEWEST = 20_000


def pool_size(n_pairs: int, at_most: int) -> int:
    """Rows of a pool that can be raked to so many pairs of blocks in reasonable time."""
    return min(at_most, max(FEWEST, WORK // max(1, n_pairs)))


def raked(pool: Tensor, marginals: NoisyMarginals, n_steps: int = STEPS) -> Tensor:
    """As many rows, drawn from the pool by weights that bring its pairs to the released ones.

    The weights are those nearest to equal ones (Kullback-Leibler, `n_rows` rows' worth) for which
    the squared error of the pairs, in variances of their noise, is least: log-weights are a sum
    over a row's pairs of codes, found through the dual, which is smooth and convex.
    Shape: int64 [rows, blocks] -> the same. Privacy: post-processing of released counts.
    Source: Deville & Särndal 1992 (calibration); the squared penalty allows for noise.
    """
    if not marginals.pairs:
        return pool
    chances = weights(pool, marginals, n_steps).cumsum(0)
    # A cumulative sum instead of torch.multinomial, which takes no more than 2**24 categories.
    coins = torch.rand(len(pool), dtype=torch.float64, device=pool.device) * chances[-1]
    return pool[torch.searchsorted(chances, coins).clamp(max=len(pool) - 1)]


def weights(pool: Tensor, marginals: NoisyMarginals, n_steps: int = STEPS) -> Tensor:
    """The weight of every row of the pool. Shape: int64 [rows, blocks] -> float64 [rows], of sum 1."""
    cells, wanted, stiffness = _cells_of_pairs(pool, marginals)
    flat = cells.flatten()
    dual = torch.zeros_like(wanted).requires_grad_(True)
    optimizer = torch.optim.Adam([dual], lr=LEARNING_RATE)
    for _ in range(n_steps):
        chances = _chances(dual, cells).float().expand(len(cells), -1).flatten()
        made = torch.zeros_like(wanted).index_add_(0, flat, chances)
        # Of logsumexp(log-weights) - <dual, wanted> + stiffness / 2 |dual|², by hand.
        dual.grad = made - wanted + stiffness * dual.detach()
        optimizer.step()
    return _chances(dual, cells)


def _chances(dual: Tensor, cells: Tensor) -> Tensor:
    """Shape: [cells of all pairs], [pairs of blocks, rows] -> [rows]."""
    return dual.detach()[cells].sum(0).double().softmax(0)


def _cells_of_pairs(pool: Tensor, marginals: NoisyMarginals) -> tuple[Tensor, Tensor, Tensor]:
    """Where each row's pairs lie in one vector of all cells, the wanted share of each, its stiffness.

    Shape: -> int32 [pairs, rows], [cells], [cells].
    """
    n_rows, start = marginals.n_rows, 0
    cells, wanted, stiffness = [], [], []
    for (i, j), released in marginals.pairs.items():
        cells.append((start + pool[:, i] * released.counts.shape[1] + pool[:, j]).int())
        start += released.counts.size
        wanted.append(torch.from_numpy(released.counts.ravel() / n_rows))
        stiffness.append(torch.full((released.counts.size,), released.sigma**2 / n_rows))
    place, dtype = pool.device, torch.float32
    return torch.stack(cells), torch.cat(wanted).to(place, dtype), torch.cat(stiffness).to(place, dtype)
