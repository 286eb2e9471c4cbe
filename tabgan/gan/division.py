"""Dividing the drawing order into rounds: as few as lose little, or as many as are asked for.

The layers are asked once a round. On top of what they said at its start each block of the round sees the
blocks before it in the sum of a row's vectors; what the layers would have made of them is lost. How much
is the Kullback-Leibler divergence of the block's chances as it is drawn from those given all blocks before
it; added up over the blocks, that of rows drawn in rounds from rows drawn block by block. It is made small
over all cuts of the order, by dynamic programming.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, islice, pairwise
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from tabgan.gan.drawing import Drawer
from tabgan.gan.order import spaced
from tabgan.gan.precision import half_products

MAX_NATS, LEAST_BLOCKS = 0.002, 25  # that a row may lose for each block, on average, if of so many
MAX_NATS_OF_ROW = 1.0  # that a block may lose in any one row: what is rare may follow all the same
MAX_CODES = 512  # of a round: logits of all of them are kept for the rows that are drawn at a time
MAX_STARTS = 64  # of so many rounds as are asked for, in an order of more blocks: at equal distances
MAX_ROWS, MAX_NUMBERS = 4_096, 2**24
RAN_AWAY = 1e9

Groups = tuple[tuple[int, ...], ...]
Floats = NDArray[np.float64]


class Lost(NamedTuple):
    """What each block loses in a round that starts at each place of the order.

    Shape: both [places of the start, of the block]; infinite before the start and where there is no such
    round. Unit: nats, a mean over rows, and the most of any row.
    """

    mean: Floats
    worst: Floats


def few_rounds(drawer: Drawer, order: Sequence[int], codes: Tensor, visible: Tensor | None = None) -> Groups:
    """The order in as few rounds as lose no more than `MAX_NATS` for each block.

    Shape: codes, visible [rows, blocks]: rows such as are drawn, and which of their blocks are there before.
    """
    lost = nats_lost(drawer, order, codes, visible, max_codes=MAX_CODES)
    allowed = np.where(lost.worst <= MAX_NATS_OF_ROW, lost.mean, np.inf)
    most = MAX_NATS * max(LEAST_BLOCKS, len(order))
    return next((in_runs(order, runs) for nats, runs in _cheapest(allowed) if nats <= most), ())


def rounds_asked_for(drawer: Drawer, order: Sequence[int], codes: Tensor, n_rounds: int) -> Groups:
    """The order in `n_rounds` rounds, or in as many as can be, that lose least.

    Shape: codes [rows, blocks].
    """
    lost = nats_lost(drawer, order, codes, every=-(-len(order) // MAX_STARTS)).mean
    n_rounds = max(1, min(n_rounds, int(np.isfinite(lost.diagonal()).sum())))
    return next((in_runs(order, runs) for _nats, runs in islice(_cheapest(lost), n_rounds - 1, None)), ())


def in_runs(order: Sequence[int], lengths: Sequence[int]) -> Groups:
    """The drawing order in runs of these lengths."""
    return tuple(tuple(order[start:stop]) for start, stop in pairwise(accumulate(lengths, initial=0)))


class Said(NamedTuple):
    """What a generator says of rows, for every place of the order, given all blocks before it.

    Shape: `layers` [rows, width], what they add to the sum; logits by the sum alone, and logarithms of the
    chances by both [rows, codes]; `is_new` [rows], whether the row has yet to draw the block.
    """

    layers: list[Tensor]
    by_sum: list[Tensor]
    chances: list[Tensor]
    is_new: list[Tensor]


@torch.no_grad()
def nats_lost(
    drawer: Drawer,
    order: Sequence[int],
    codes: Tensor,
    visible: Tensor | None = None,
    *,
    max_codes: int | None = None,
    every: int = 1,
) -> Lost:
    """What is lost in rounds of at most `max_codes` codes that start at `every` so many places.

    Shape: codes, visible [rows, blocks], of them fewer where rows are wide.
    """
    n, sizes = len(order), [drawer.blocks.sizes[block] for block in order]
    said = _said(drawer, order, codes, visible)
    lost = Lost(np.full((n, n), np.inf), np.full((n, n), np.inf))
    for start in range(0, n, every):
        ends = accumulate(sizes[start:])
        stop = start + max(1, n if max_codes is None else sum(end <= max_codes for end in ends))
        own = torch.cat([drawer.codes[drawer.codes_of(block)] for block in order[start:stop]])
        by_layers = said.layers[start].float() @ drawer.weight[own].T
        for place, logits in enumerate(by_layers.split(sizes[start:stop], 1), start):
            drawn = (said.by_sum[place] + logits).log_softmax(-1)
            nats = F.kl_div(drawn, said.chances[place], reduction="none", log_target=True).sum(-1)
            nats = (nats * said.is_new[place]).nan_to_num(nan=RAN_AWAY)
            lost.mean[start, place], lost.worst[start, place] = nats.mean(), nats.max()
        lost.mean[start, start] = lost.worst[start, start] = 0.0
    return lost


def _said(drawer: Drawer, order: Sequence[int], codes: Tensor, visible: Tensor | None) -> Said:
    generator, said = drawer.generator, Said([], [], [], [])
    width = max(1, len(order) * generator.rows.hidden.shape[1], drawer.blocks.n_flat)
    codes = spaced(codes, max(1, min(MAX_ROWS, MAX_NUMBERS // width))).long()
    seen = torch.zeros_like(codes, dtype=torch.bool) if visible is None else spaced(visible, len(codes))
    embedded = generator.rows(codes, seen)
    for block in order:
        with half_products(codes.device):
            output = generator.trunk(embedded, None)
        shown = embedded if generator.is_linear else torch.zeros_like(embedded)
        is_new = ~seen[:, block]
        for part, value in zip(
            said,
            (output - shown, drawer.logits(shown, block), drawer.log_chances(output, block), is_new),
            strict=True,
        ):
            part.append(value)
        embedded = embedded + drawer.steps[drawer.offsets[block] + codes[:, block]] * is_new[:, None]
    return said


def _cheapest(lost: Floats) -> Iterator[tuple[float, list[int]]]:
    """The cuts of the order into one run, two, ... that lose least: how much, and the lengths of the runs.

    Shape: lost [places of the start, of the block].
    """
    n = len(lost)
    cost = np.full((n, n + 1), np.inf)  # of a run from one place to another
    for start in range(n):
        cost[start, start + 1 :] = lost[start, start:].cumsum()
    least, cuts = np.r_[0.0, np.full(n, np.inf)], list[NDArray[np.intp]]()
    for _ in range(n):
        total = least[:n, None] + cost
        cuts.append(total.argmin(0))
        least = total.min(0)
        stops = [n]
        for before in reversed(cuts):
            stops.append(int(before[stops[-1]]))
        yield float(least[n]), [stop - start for start, stop in pairwise(reversed(stops))]
