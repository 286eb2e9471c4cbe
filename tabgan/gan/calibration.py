"""Biases by which drawn rows have the table's own shares of every code.

Each block is drawn given draws, not given real rows as in training, and without the dropout of training:
small errors add up, and the shares of codes drift by about a hundredth. Correcting the biases of the last
layer, block by block in the order in which rows are drawn, takes that drift away and leaves the odds ratios.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

import torch
from torch import Tensor

from tabgan.gan.drawing import Drawer
from tabgan.gan.generator import Generator
from tabgan.gan.order import one_way_marginals

DRAWN, LEAST_DRAWN = 2**15, 2**13  # rows
WORK = 2**20  # codes to draw
FEWEST_DRAWN, PER_ROW = 2**10, 8  # of a small table: more would be finer than its own shares are
PASSES = 6
PRIOR_ROWS = 5.0  # that a code gets on both sides: what is rare is hardly corrected


class Calibrator(Drawer):
    """Draws rows, and before each block corrects its biases. `shares` [flat codes]: those of the table."""

    def __init__(self, generator: Generator, shares: Tensor) -> None:
        super().__init__(generator)
        self.shares = shares

    def chances(self, logits: Tensor, block: int, place: Tensor | None) -> Tensor:
        """The chances of a block's codes, whose mean over the rows is now the table's."""
        codes = self.blocks.slices[block]
        n_rows = len(logits) if place is None else len(place)
        counts = None if place is None else torch.bincount(place, minlength=len(logits)).to(logits.dtype)
        wanted, start = self.shares[codes] * n_rows + PRIOR_ROWS, self.bias[codes].clone()
        for _ in range(PASSES):
            chances = (logits + (self.bias[codes] - start)).softmax(-1)
            made = chances.sum(0) if counts is None else counts @ chances
            # Weights that ran away can give chances that are no numbers: those stay as they are.
            self.bias[codes] += (wanted / (made + PRIOR_ROWS)).log().nan_to_num()
        return (logits + (self.bias[codes] - start)).softmax(-1)


def rows_drawn(n_blocks: int) -> int:
    """By how many rows shares are set right in a table of so many blocks."""
    return min(DRAWN, max(LEAST_DRAWN, WORK // max(1, n_blocks)))


@torch.no_grad()
def calibrate(
    generator: Generator, groups: Sequence[Sequence[int]], table: Tensor, *, has_noise: bool
) -> None:
    """Correct the generator's biases, in place, for rows that are drawn in these groups of blocks.

    Shape: the codes of the table [rows, blocks]. Randomness is torch's global generator.
    """
    blocks = generator.blocks
    n_rows = min(rows_drawn(blocks.n_blocks), max(FEWEST_DRAWN, PER_ROW * len(table)))
    calibrator = Calibrator(generator, one_way_marginals(table, blocks, len(table)))
    codes = torch.zeros(n_rows, blocks.n_blocks, dtype=torch.long, device=blocks.device)
    batch = calibrator.start(codes, torch.zeros_like(codes, dtype=torch.bool))
    for group in groups:
        noise = torch.randn(n_rows, generator.embedding_dim, device=blocks.device) if has_noise else None
        uniforms = torch.rand(codes.shape, device=blocks.device)
        calibrator.fill(batch, group, uniforms, noise=noise)
    generator.head.bias.copy_(torch.where(blocks.is_padding, generator.head.bias, calibrator.bias))


@torch.no_grad()
def calibrated(
    drawer: Drawer,
    groups: Sequence[Sequence[int]],
    shares: Tensor,
    given: tuple[Tensor, Tensor],
    uniforms: Tensor,
) -> Drawer:
    """A drawer with biases corrected for rows of which some blocks are given.

    Shape: shares [flat codes], that such rows are to have; given: codes and which of them are visible, both
    [rows, blocks]; uniforms [rows, blocks].
    """
    calibrator = Calibrator(drawer.generator, shares)
    batch = calibrator.start(*given)
    for group in groups:
        calibrator.fill(batch, group, uniforms)
    corrected = copy(drawer)
    corrected.bias = calibrator.bias
    return corrected
