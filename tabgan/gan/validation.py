"""What held-out rows say of a generator while it is trained."""

from __future__ import annotations

import torch
from torch import Tensor

from tabgan.gan import losses
from tabgan.gan.generator import Generator
from tabgan.gan.merging import Merging
from tabgan.gan.precision import half_products

LOGITS_AT_ONCE = 2**26


@torch.no_grad()
def held_out_nats(network: Generator, codes: Tensor, visible: Tensor, early: Tensor) -> float:
    """Nats a row of the hidden blocks. Shape: codes, visible, early (as the generator's) [rows, blocks]."""
    n_rows = max(1, LOGITS_AT_ONCE // network.blocks.n_flat)
    parts = zip(codes.split(n_rows), visible.split(n_rows), early.split(n_rows), strict=True)
    with half_products(codes.device):
        nats = [
            (losses.block_losses(network(part, seen, early=first), part, network.blocks) * ~seen).sum(1)
            for part, seen, first in parts
        ]
    return float(torch.cat(nats).mean())


def marginal_gap(made: Tensor, real: Tensor, merging: Merging) -> float:
    """Mean total variation of two-way marginals. Shape: codes [rows, blocks], as many made as real."""
    gap = merging.pairs(made, len(made)) - merging.pairs(real, len(made))
    return float(gap.abs().sum() / 2 / merging.blocks.n_blocks**2)
