"""Freely drawn rows, which say what rows that meet conditions are like.

Rows that are drawn given some blocks take other ways through the network than those whose shares were set
right, so that their shares drift. The freely drawn rows that meet the conditions have the shares to keep to.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from tabgan.gan.blocks import Blocks
from tabgan.gan.drawing import Restriction


class Shares(NamedTuple):
    """`of_codes` [flat codes]: shares among as good as `n_rows` rows."""

    of_codes: Tensor
    n_rows: float


def shares_under(restrictions: Iterable[Restriction], pool: Tensor, blocks: Blocks) -> Shares | None:
    """The shares of every code among the rows of a pool that meet the restrictions; None where none does.

    A row counts by the share of what its codes stand for that is asked for. Shape: pool [rows, blocks].
    Source of `n_rows`: Kish 1965, Survey Sampling (effective sample size).
    """
    weights = torch.ones(len(pool), dtype=torch.float64, device=pool.device)
    for restriction in restrictions:
        weights *= restriction.shares[tuple(pool[:, block] for block in restriction.blocks)]
    total = weights.sum()
    if not total > 0:
        return None
    places = blocks.flat_index(pool).flatten()
    counts = torch.bincount(places, weights.repeat_interleave(blocks.n_blocks), minlength=blocks.n_flat)
    return Shares((counts / total).float(), float(total**2 / weights.square().sum()))
