"""Where the codes of a table lie: blocks, and how many levels are split over few blocks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
CodeArray = NDArray[np.int16]

ONE_BLOCK = 100
MAX_BLOCK = 256


@dataclass(frozen=True)
class Block:
    """One small-integer field of a row.

    `column`: index of the table's column it belongs to. `size`: number of codes.
    `positions`: place of every code in [0, 1] where codes have an order, NaN for a code
    without place such as "missing"; None where they have none.
    `parent`: index of the block of the same column that is drawn before this one.
    """

    column: int
    size: int
    positions: tuple[float, ...] | None = None
    parent: int | None = None

    def __post_init__(self) -> None:
        if not 2 <= self.size <= MAX_BLOCK:
            raise ValueError(f"Expected 2 <= size <= {MAX_BLOCK}, got size={self.size}.")
        if self.positions is not None and len(self.positions) != self.size:
            raise ValueError(f"Expected {self.size} positions, got {len(self.positions)}.")


@dataclass(frozen=True)
class Layout:
    """All blocks of a table, in the order of the columns of the code matrix.

    >>> Layout((Block(0, 3), Block(1, 2))).sizes
    (3, 2)
    """

    blocks: tuple[Block, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of codes of each block, coarse first."""
        return tuple(block.size for block in self.blocks)

    @property
    def n_codes(self) -> int:
        """Number of codes of all blocks."""
        return sum(self.sizes)

    def of_column(self, column: int) -> tuple[int, ...]:
        """Indices of the blocks of one column, in drawing order."""
        return tuple(index for index, block in enumerate(self.blocks) if block.column == column)


@dataclass(frozen=True)
class Split:
    """Levels 0..n_levels-1 and special codes after them, over 0 to 3 blocks.

    Up to 100 codes share one block. More are written as digits, coarse first; the special
    codes (missing, rare) follow the coarse digits and have fine digits 0. A single code
    needs no block at all.

    >>> Split(1000, 1).sizes
    (33, 32)
    >>> Split(1000, 1).split(np.array([0, 33, 1000])).tolist()
    [[0, 0], [1, 1], [32, 0]]
    """

    n_levels: int
    n_special: int = 0

    @property
    def n_total(self) -> int:
        """Number of levels and special codes."""
        return self.n_levels + self.n_special

    @property
    def depth(self) -> int:
        """Number of blocks."""
        if self.n_total <= 1:
            return 0
        if self.n_total <= ONE_BLOCK:
            return 1
        return 2 if self.n_levels <= ONE_BLOCK**2 else 3

    @property
    def digit(self) -> int:
        """Codes of a block below the coarsest."""
        if self.depth < 2:
            return max(self.n_levels, 1)
        root: float = self.n_levels ** (1 / self.depth)
        return math.ceil(round(root, 9))

    @property
    def n_coarse(self) -> int:
        """Codes of the coarsest block that are not special."""
        per_coarse = int(self.digit ** max(self.depth - 1, 0))
        return -(-self.n_levels // per_coarse)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of codes of each block, coarse first."""
        if self.depth == 0:
            return ()
        return (self.n_coarse + self.n_special, *(self.digit,) * (self.depth - 1))

    def split(self, flat: IntArray) -> CodeArray:
        """Shape: [rows] -> [rows, depth]."""
        codes = np.zeros((len(flat), self.depth), dtype=np.int16)
        if self.depth == 0:
            return codes
        is_special = flat >= self.n_levels
        rest = np.where(is_special, 0, flat)
        for place in range(self.depth - 1, 0, -1):
            rest, codes[:, place] = np.divmod(rest, self.digit)
        codes[:, 0] = np.where(is_special, flat - self.n_levels + self.n_coarse, rest)
        return codes

    def join(self, codes: NDArray[Any]) -> IntArray:
        """Shape: [rows, depth] -> [rows]; digits past the last level mean the last level."""
        if self.depth == 0:
            return np.zeros(len(codes), dtype=np.int64)
        coarse = codes[:, 0].astype(np.int64)
        flat = coarse
        for place in range(1, self.depth):
            flat = flat * self.digit + codes[:, place]
        flat = np.minimum(flat, self.n_levels - 1)
        is_special = coarse >= self.n_coarse
        return np.where(is_special, coarse - self.n_coarse + self.n_levels, flat)

    def spread(self, shares: FloatArray) -> FloatArray:
        """Shape: [n_total] -> sizes; 0 for digits past the last level."""
        if self.depth == 0:
            return np.array(shares.max(initial=0.0))
        grid = np.zeros(self.sizes)
        grid[tuple(self.split(np.arange(self.n_total)).T)] = shares
        return grid

    def positions(self) -> list[tuple[float, ...]]:
        """Places of the codes of every block, for levels that have an order."""
        places = []
        for place, size in enumerate(self.sizes):
            n = self.n_coarse if place == 0 else size
            steps = [index / max(n - 1, 1) for index in range(n)]
            places.append(tuple(steps + [math.nan] * (size - n)))
        return places
