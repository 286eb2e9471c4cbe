"""Dividing the drawing order into few rounds such that little is lost by asking the layers but once a round.

A generator that completes rows says how likely real ones are when they are drawn in rounds: minus the
logarithm is the sum over blocks of the cross-entropy by what the layers say of the rounds before, on top of
a sum that shows all blocks before. That is made small over all cuts of the order, by dynamic programming.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from tabgan.gan.drawing import Drawer
from tabgan.gan.generator import Generator
from tabgan.gan.order import spaced
from tabgan.gan.precision import half_products

MAX_ROWS, MAX_LOGITS = 2_048, 2**22
MAX_STARTS = 64  # of rounds, in an order of more blocks: at equal distances

Groups = tuple[tuple[int, ...], ...]
Floats = NDArray[np.float64]


@torch.no_grad()
def losses_in_turn(generator: Generator, codes: Tensor, order: Sequence[int]) -> Floats:
    """What each block loses in a round that starts at each place of the order.

    Shape: codes [rows, blocks], of them fewer where rows are wide -> [places of the start, of the block];
    infinite before the start, and where no round may start. Unit: nats, a mean over rows.
    """
    drawer, n = Drawer(generator), len(order)
    n_rows = max(1, min(MAX_ROWS, MAX_LOGITS // generator.blocks.n_flat))
    codes = spaced(codes, n_rows).long()
    losses = np.full((n, n), np.inf)
    embedded = generator.rows(codes, torch.zeros_like(codes, dtype=torch.bool))
    sums = [embedded]
    for block in order:
        sums.append(sums[-1] + drawer.steps[drawer.offsets[block] + codes[:, block]])
    for start in range(0, n, -(-n // MAX_STARTS)):
        with half_products(codes.device):
            by_layers = generator.trunk(sums[start], None) - sums[start]
        for place in range(start, n):
            block = order[place]
            logits = drawer.logits(sums[place] + by_layers, block)
            losses[start, place] = F.cross_entropy(logits, codes[:, block])
    return losses


def divided(losses: Floats, order: Sequence[int], n_rounds: int) -> Groups:
    """The order in `n_rounds` runs, or in as many as can be, with the least sum of losses.

    Shape: losses [places of the start, places of the block].
    """
    n, n_rounds = len(order), max(1, min(n_rounds, int(np.isfinite(losses.diagonal()).sum())))
    cost = np.full((n, n + 1), np.inf)  # of a run from one place to another
    for start in np.flatnonzero(np.isfinite(losses.diagonal())):
        cost[start, start + 1 :] = losses[start, start:].cumsum()
    least, cuts = np.r_[0.0, np.full(n, np.inf)], []
    for _ in range(n_rounds):
        total = least[:n, None] + cost
        cuts.append(total.argmin(0))
        least = total.min(0)
    stops = [n]
    for before in reversed(cuts):
        stops.append(int(before[stops[-1]]))
    stops.reverse()
    return tuple(tuple(order[start:stop]) for start, stop in pairwise(stops))
