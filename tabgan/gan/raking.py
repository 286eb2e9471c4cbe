"""Rows weighted so that together they have the released marginals."""

from __future__ import annotations

import torch
from torch import Tensor

from tabgan.gan.tree import NoisyMarginals

STEPS = 200
LEARNING_RATE = 0.02
# A pool is a guess, not rows of the table: its weight against what was released, as a share of them.
POOL_WEIGHT = 1 / 9
WORK = 12_000_000  # pairs of codes, over all rows of a pool
FEWEST = 20_000


def pool_size(n_tables: int, at_most: int) -> int:
    """Rows of a pool that can be raked to so many pairs and triples of blocks in reasonable time."""
    return min(at_most, max(FEWEST, WORK // max(1, n_tables)))


def raked(pool: Tensor, marginals: NoisyMarginals, n_steps: int = STEPS) -> Tensor:
    """As many rows, drawn from the pool by weights that bring its pairs to the released ones.

    The weights are those nearest to equal ones (Kullback-Leibler, a share of `n_rows` rows' worth) for
    which the squared error of pairs and triples, in variances of their noise, is least: log-weights
    are a sum over a row's pairs and triples of codes, found through the dual, smooth and convex.
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
    cells, wanted, stiffness = _cells_of_tables(pool, marginals)
    flat = cells.flatten()
    dual = torch.zeros_like(wanted).requires_grad_(True)
    optimizer = torch.optim.Adam([dual], lr=LEARNING_RATE, fused=True)
    for _ in range(n_steps):
        chances = _chances(dual, cells).float().expand(len(cells), -1).flatten()
        made = torch.zeros_like(wanted).index_add_(0, flat, chances)
        # Of logsumexp(log-weights) - <dual, wanted> + stiffness / 2 |dual|², by hand.
        dual.grad = made - wanted + stiffness * dual.detach()
        optimizer.step()
    return _chances(dual, cells)


def _chances(dual: Tensor, cells: Tensor) -> Tensor:
    """Shape: [cells of all tables], [tables, rows] -> [rows]."""
    return dual.detach()[cells].sum(0).double().softmax(0)


def _cells_of_tables(pool: Tensor, marginals: NoisyMarginals) -> tuple[Tensor, Tensor, Tensor]:
    """Where each row's pairs and triples lie in one vector of all cells, the wanted shares, the stiffness.

    Shape: -> int32 [tables, rows], [cells], [cells].
    """
    n_rows, start = marginals.n_rows, 0
    cells, wanted, stiffness = [], [], []
    for of, released in marginals.tables.items():
        place = torch.zeros_like(pool[:, 0])
        for block, size in zip(of, released.counts.shape, strict=True):
            place = place * size + pool[:, block]
        cells.append((start + place).int())
        start += released.counts.size
        wanted.append(torch.from_numpy(released.counts.ravel() / n_rows))
        stiffness.append(torch.full((released.counts.size,), POOL_WEIGHT * released.sigma**2 / n_rows))
    device, dtype = pool.device, torch.float32
    return torch.stack(cells), torch.cat(wanted).to(device, dtype), torch.cat(stiffness).to(device, dtype)
