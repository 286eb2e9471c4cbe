"""Noisy marginals, and rows drawn from the tree of columns that they tell most about.

Everything here is post-processing: it sees released counts, never a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tabgan.gan.blocks import Blocks

FloatArray: TypeAlias = npt.NDArray[np.float64]
Edge: TypeAlias = tuple[int, int]

FITTING_ROUNDS = 20
TINY = 1e-15


@dataclass(frozen=True)
class NoisyPair:
    """Released counts of the pairs of codes of two blocks.

    Shape: counts [codes of the first, codes of the second]. Unit: rows; may be below 0. `sigma`:
    deviation of the noise of one count.
    """

    counts: FloatArray
    sigma: float


@dataclass(frozen=True)
class NoisyMarginals:
    """Released counts of codes and of pairs of codes, and how noisy they are.

    Shape: one_way [flat codes]; `pairs` by the numbers of two blocks, the smaller one first. A pair
    that was not released is taken as independent. `one_sigma`: deviation of the noise of one
    single count. `n_rows`: the released number of rows.
    """

    one_way: FloatArray
    one_sigma: float
    n_rows: float
    pairs: Mapping[Edge, NoisyPair]

    def shares(self, blocks: Blocks) -> FloatArray:
        """The one-way marginals as distributions: the nearest ones. Shape: -> [flat codes]."""
        shares = np.zeros(blocks.n_flat)
        for codes in slices(blocks):
            shares[codes] = nearest_distribution(self.one_way[codes] / self.n_rows)
        return shares

    def pair(self, first: int, second: int, shares: FloatArray, where: list[slice]) -> FloatArray:
        """The joint distribution of two blocks with these one-way marginals.

        Negative counts are cut, then rows and columns are scaled to their marginals in turn.
        Shape: -> [codes of the first, codes of the second].
        Source: Deming & Stephan 1940 (iterative proportional fitting).
        """
        rows, columns = shares[where[first]], shares[where[second]]
        found = self.pairs.get((min(first, second), max(first, second)))
        if found is None:
            return np.outer(rows, columns) + TINY
        counts = found.counts if first < second else found.counts.T
        table = np.maximum(counts / self.n_rows, 0.0)
        table += 1e-9 * np.outer(rows, columns) + TINY
        for _ in range(FITTING_ROUNDS):
            table *= (rows / table.sum(1))[:, None]
            table *= columns / np.maximum(table.sum(0), TINY)
            table += TINY
        return np.asarray(table / table.sum())


def slices(blocks: Blocks) -> list[slice]:
    """Where each block's codes lie in a flat vector."""
    return [
        slice(start, start + size) for start, size in zip(blocks.offsets.tolist(), blocks.sizes, strict=True)
    ]


def nearest_distribution(values: FloatArray) -> FloatArray:
    """The distribution with the least squared distance to these values.

    Source: Duchi et al. 2008, figure 1 (projection onto the simplex).

    >>> nearest_distribution(np.array([0.5, 0.7, -0.1]))
    array([0.4, 0.6, 0. ])
    """
    falling = np.sort(values)[::-1]
    excess = (np.cumsum(falling) - 1) / np.arange(1, len(values) + 1)
    last = np.flatnonzero(falling > excess)[-1]
    return np.asarray(np.maximum(values - excess[last], 0.0))


def dependence(marginals: NoisyMarginals, shares: FloatArray, blocks: Blocks) -> FloatArray:
    """Total variation of every pair of blocks from independence, less what noise alone would show.

    Shape: -> [blocks, blocks], symmetric; below 0 where nothing is seen above the noise, 0 where
    nothing was released. Without the correction wide tables would be chosen for their noise.
    """
    where = slices(blocks)
    found = np.zeros((blocks.n_blocks, blocks.n_blocks))
    for (i, j), released in marginals.pairs.items():
        table = marginals.pair(i, j, shares, where)
        apart = np.abs(table - np.outer(table.sum(1), table.sum(0))).sum() / 2
        # Half the mean of |noise| (.8 sigma) of every cell, a fifth less for what is cut at 0.
        by_noise = 0.32 * table.size * released.sigma / marginals.n_rows
        found[i, j] = found[j, i] = apart - by_noise
    return found


def spanning_tree(dependences: FloatArray, root: int) -> list[Edge]:
    """The tree of blocks that depend most on one another, as (parent, child) from the root.

    Source: Chow & Liu 1968; total variation instead of mutual information as in McKenna, Miklau &
    Sheldon 2021 (MST).
    """
    tree: list[Edge] = []
    inside = [root]
    outside = [block for block in range(len(dependences)) if block != root]
    while outside:
        among = dependences[np.ix_(inside, outside)]
        parent, child = np.unravel_index(int(among.argmax()), among.shape)
        tree.append((inside[parent], outside[child]))
        inside.append(outside.pop(int(child)))
    return tree


def tree_rows(
    tree: list[Edge], marginals: NoisyMarginals, shares: FloatArray, blocks: Blocks, n_rows: int
) -> Tensor:
    """Rows drawn along the tree, each block given its parent. Shape: -> int64 [rows, blocks].

    Randomness is torch's global generator.
    """
    where = slices(blocks)
    codes = torch.zeros(n_rows, blocks.n_blocks, dtype=torch.long)
    root = tree[0][0] if tree else 0
    codes[:, root] = torch.multinomial(torch.from_numpy(shares[where[root]]), n_rows, replacement=True)
    for parent, child in tree:
        table = marginals.pair(parent, child, shares, where)
        given = torch.from_numpy(np.cumsum(table / table.sum(1, keepdims=True), 1))
        coins = torch.rand(n_rows, 1, dtype=torch.float64)
        drawn = (coins > given[codes[:, parent]]).sum(1)
        codes[:, child] = drawn.clamp(max=blocks.sizes[child] - 1)
    return codes
