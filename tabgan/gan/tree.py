"""Noisy marginals, and rows drawn from the tree of columns that they tell most about.

Everything here is post-processing: it sees released counts, never a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tabgan.gan.blocks import Blocks

FloatArray: TypeAlias = npt.NDArray[np.float64]
Edge: TypeAlias = tuple[int, int]
Triple: TypeAlias = tuple[int, int, int]
Tree: TypeAlias = list[tuple[tuple[int, ...], int]]

FITTING_ROUNDS = 20
TINY = 1e-15


@dataclass(frozen=True)
class NoisyTable:
    """Released counts of the codes of two or three blocks together.

    Shape: counts [codes of the first, codes of the second, ...]. Unit: rows; may be below 0. `sigma`:
    deviation of the noise of one count.
    """

    counts: FloatArray
    sigma: float


@dataclass(frozen=True)
class NoisyMarginals:
    """Released counts of codes and of pairs of codes, and how noisy they are.

    Shape: one_way [flat codes]; `pairs` by the numbers of two blocks, the smaller one first. A pair
    that was not released is taken as independent. `triples`: of three blocks, of which the first two
    are the same in all. `one_sigma`: deviation of the noise of one single count. `n_rows`: the
    released number of rows.
    """

    one_way: FloatArray
    one_sigma: float
    n_rows: float
    pairs: Mapping[Edge, NoisyTable]
    triples: Mapping[Triple, NoisyTable] = field(default_factory=dict)

    @property
    def tables(self) -> dict[tuple[int, ...], NoisyTable]:
        """Pairs and triples by their blocks."""
        return dict([*self.pairs.items(), *self.triples.items()])

    def shares(self, blocks: Blocks) -> list[FloatArray]:
        """The one-way marginal of each block as a distribution: the nearest one. Shape: -> [codes] each."""
        return [nearest_distribution(self.one_way[codes] / self.n_rows) for codes in blocks.slices]

    def pair(self, first: int, second: int, shares: Sequence[FloatArray]) -> FloatArray:
        """The joint distribution of two blocks with these one-way marginals.

        Negative counts are cut, then rows and columns are scaled to their marginals in turn.
        Shape: -> [codes of the first, codes of the second].
        Source: Deming & Stephan 1940 (iterative proportional fitting).
        """
        rows, columns = shares[first], shares[second]
        found = self.pairs.get((min(first, second), max(first, second)))
        if found is None:
            return np.outer(rows, columns) + TINY
        counts = found.counts if first < second else found.counts.T
        return scaled_to(np.maximum(counts / self.n_rows, 0.0), rows, columns)

    def given(self, parents: tuple[int, ...], child: int, shares: Sequence[FloatArray]) -> FloatArray:
        """Chances of a block's codes for every code, or pair of codes, of its parents.

        Shape: -> [codes of the parents, codes of the child].
        """
        if len(parents) == 1:
            table = self.pair(parents[0], child, shares)
        else:
            first, second = parents
            counts = self.triples[first, second, child].counts
            expected = self.pair(first, second, shares)[:, :, None] * shares[child]
            table = (np.maximum(counts / self.n_rows, 0.0) + 1e-6 * expected + TINY).reshape(
                -1, counts.shape[2]
            )
        return np.asarray(table / table.sum(1, keepdims=True))


def scaled_to(table: FloatArray, rows: FloatArray, columns: FloatArray) -> FloatArray:
    """The table with these one-way marginals: rows and columns are scaled to them in turn."""
    table = table + 1e-9 * np.outer(rows, columns) + TINY
    for _ in range(FITTING_ROUNDS):
        table *= (rows / table.sum(1))[:, None]
        table *= columns / np.maximum(table.sum(0), TINY)
        table += TINY
    return np.asarray(table / table.sum())


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


def dependence(marginals: NoisyMarginals, shares: Sequence[FloatArray]) -> FloatArray:
    """Total variation of every pair of blocks from independence; 0 where nothing was released.

    Of raw counts much of it is noise: give smoothed marginals.
    Shape: -> [blocks, blocks], symmetric.
    """
    found = np.zeros((len(shares), len(shares)))
    for i, j in marginals.pairs:
        found[i, j] = found[j, i] = _apart(marginals.pair(i, j, shares))
    return found


def joint_dependence(marginals: NoisyMarginals) -> dict[Triple, float]:
    """Total variation of the last block of every triple from independence of the first two together."""
    return {
        three: _apart(np.maximum(released.counts, TINY).reshape(-1, released.counts.shape[2]))
        for three, released in marginals.triples.items()
    }


def _apart(table: FloatArray) -> float:
    table = table / table.sum()
    return float(np.abs(table - np.outer(table.sum(1), table.sum(0))).sum() / 2)


def spanning_tree(dependences: FloatArray, root: int, joint: Mapping[Triple, float] | None = None) -> Tree:
    """The tree of blocks that depend most on one another, as (parents, child) from the root.

    A child has one parent, or two where a triple (`joint`) says more of it than any block of the tree.
    Source: Chow & Liu 1968; total variation instead of mutual information as in McKenna, Miklau &
    Sheldon 2021 (MST).
    """
    tree: Tree = []
    inside = [root]
    outside = [block for block in range(len(dependences)) if block != root]
    by_child = {child: ((first, second), most) for (first, second, child), most in (joint or {}).items()}
    if joint:
        first, second, _ = next(iter(joint))
        tree, inside = [((first,), second)], [first, second]
        outside = [block for block in range(len(dependences)) if block not in inside]
    while outside:
        among = dependences[np.ix_(inside, outside)]
        parents: list[tuple[int, ...]] = [(inside[place],) for place in among.argmax(0)]
        best = among.max(0)
        for place, child in enumerate(outside):
            both, most = by_child.get(child, ((), -np.inf))
            if most >= best[place]:
                parents[place], best[place] = both, most
        chosen = int(best.argmax())
        tree.append((parents[chosen], outside[chosen]))
        inside.append(outside.pop(chosen))
    return tree


def tree_rows(tree: Tree, marginals: NoisyMarginals, shares: Sequence[FloatArray], n_rows: int) -> Tensor:
    """Rows drawn along the tree, each block given its parents. Shape: -> int64 [rows, blocks].

    Randomness is torch's global generator.
    """
    codes = torch.zeros(n_rows, len(shares), dtype=torch.long)
    root = tree[0][0][0] if tree else 0
    codes[:, root] = torch.multinomial(torch.from_numpy(shares[root]), n_rows, replacement=True)
    for parents, child in tree:
        given = torch.from_numpy(np.cumsum(marginals.given(parents, child, shares), 1))
        place = codes[:, parents[0]]
        for parent in parents[1:]:
            place = place * len(shares[parent]) + codes[:, parent]
        coins = torch.rand(n_rows, 1, dtype=torch.float64)
        drawn = (coins > given[place]).sum(1)
        codes[:, child] = drawn.clamp(max=len(shares[child]) - 1)
    return codes
