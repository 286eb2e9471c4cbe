"""Dividing the drawing order into rounds: as few as lose little, or as many as are asked for.

The layers are asked once a round. On top of what they said at its start each block of the round sees the
blocks before it in the sum of a row's vectors; what the layers would have made of them is lost. How much
is the Kullback-Leibler divergence of the block's chances as it is drawn from those given all blocks before
it; added up over the blocks, that of rows drawn in rounds from rows drawn block by block. It is made small
over all cuts of the order, by dynamic programming.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice, pairwise
from typing import NamedTuple

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from tabgan.gan.drawing import Drawer
from tabgan.gan.order import spaced

MAX_NATS, LEAST_BLOCKS = 0.002, 25  # that a row may lose for each block, on average, if of so many
MAX_NATS_GIVEN = MAX_NATS / 4  # where something is asked of the rows: no bias makes up for what is lost
FEW_DISTINCT = 0.5  # of the rows, up to which a round costs little
FEW_ROWS, MANY_ROWS = 15_000, 60_000  # a model of more is nearer to its table, and may lose less
MAX_NATS_OF_ROW = 1.0  # that a block may lose in any one row: what is rare may follow all the same
MAX_CODES = 512  # of a round: logits of all of them are kept for the rows that are drawn at a time
MAX_STARTS = 64  # of so many rounds as are asked for, in an order of more blocks: at equal distances
MAX_ROWS, MAX_NUMBERS, MAX_ASKED = 4_096, 2**24, 2**20  # what is kept of rows; rows times blocks
RAN_AWAY = 1e9

Groups = tuple[tuple[int, ...], ...]
Floats = NDArray[np.float64]


class Lost(NamedTuple):
    """What each block loses in a round, by where in the order the round starts and how far on the block is.

    Shape: both [places of the start, blocks of a round]; infinite where there is no such round.
    Unit: nats, a mean over rows, and the most of any row.
    """

    mean: Floats
    worst: Floats


def few_rounds(
    drawer: Drawer,
    order: Sequence[int],
    codes: Tensor,
    visible: Tensor | None = None,
    *,
    max_nats: float,
) -> Groups:
    """The order in as few rounds as lose no more than `max_nats` for each block.

    Shape: codes, visible [rows, blocks]: rows such as are drawn, and which of their blocks are there before.
    """
    lost = nats_lost(drawer, order, codes, visible, max_codes=MAX_CODES)
    allowed = np.where(lost.worst <= MAX_NATS_OF_ROW, lost.mean, np.inf)
    most = max_nats * max(LEAST_BLOCKS, len(order))
    return next((in_runs(order, runs) for nats, runs in _cheapest(allowed) if nats <= most), ())


def few_rounds_given(drawer: Drawer, order: Sequence[int], codes: Tensor, visible: Tensor) -> Groups:
    """The order in few rounds where something is asked of the rows, for which nothing was calibrated.

    As long as many rows are alike a round costs little, since the layers are asked once for all of them:
    each block gets one of its own. Shape: as above.
    """
    seen, n_alone = torch.where(visible, codes, -1), 0
    while codes.device.type == "cpu" and n_alone < len(order):
        if len(seen.unique(dim=0)) > FEW_DISTINCT * len(seen):
            break
        seen[:, order[n_alone]] = codes[:, order[n_alone]]
        n_alone += 1
    alone = in_runs(order[:n_alone], [1] * n_alone)
    return alone + few_rounds(drawer, order[n_alone:], codes, seen >= 0, max_nats=MAX_NATS_GIVEN)


def nats_allowed(n_rows: int) -> float:
    """What a row may lose for each block by few rounds where so many rows were learned.

    It falls with one over their number, as the divergence of a learned model from its table does; of many
    rows a model keeps an error that more rows do not mend.
    """
    return MAX_NATS * FEW_ROWS / min(max(FEW_ROWS, n_rows), MANY_ROWS)


def rounds_asked_for(drawer: Drawer, order: Sequence[int], codes: Tensor, n_rounds: int) -> Groups:
    """The order in `n_rounds` rounds, or in as many as can be, that lose least.

    Shape: codes [rows, blocks].
    """
    every = max(1, -(-len(order) // MAX_STARTS))
    lost = nats_lost(drawer, order, codes, every=every).mean
    n_rounds = max(1, min(n_rounds, len(order[::every])))
    return next((in_runs(order, runs) for _nats, runs in islice(_cheapest(lost), n_rounds - 1, None)), ())


def in_runs(order: Sequence[int], lengths: Sequence[int]) -> Groups:
    """The drawing order in runs of these lengths."""
    return tuple(tuple(order[start:stop]) for start, stop in pairwise(accumulate(lengths, initial=0)))


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
    generator, n = drawer.generator, len(order)
    ends = [0, *accumulate(drawer.blocks.sizes[block] for block in order)]
    reach = [start + _reach(ends, start, max_codes) for start in range(n)]
    longest = max((stop - start for start, stop in enumerate(reach)), default=0)
    lost = Lost(np.full((n, longest), np.inf), np.full((n, longest), np.inf))
    width = generator.rows.hidden.shape[1] * -(-max(1, longest) // every)
    codes = spaced(codes, max(1, min(MAX_ROWS, MAX_NUMBERS // width, MAX_ASKED // max(1, n)))).long()
    seen = torch.zeros_like(codes, dtype=torch.bool) if visible is None else spaced(visible, len(codes))
    embedded, layers = generator.rows(codes, seen), dict[int, Tensor]()
    for place, block in enumerate(order):
        output = drawer.output(embedded)
        shown, is_new = embedded if generator.is_linear else torch.zeros_like(embedded), ~seen[:, block]
        layers = {start: one for start, one in layers.items() if place < reach[start]}
        if place % every == 0:
            layers[place] = (output - shown).float()
        own = drawer.blocks.slices[block]
        weight = drawer.weight[own]
        logits = drawer.logits(shown, block) + torch.stack([one @ weight.T for one in layers.values()])
        chances = drawer.log_chances(output, block).expand_as(logits)
        nats = F.kl_div(logits.log_softmax(-1), chances, reduction="none", log_target=True).sum(-1) * is_new
        nats = nats.nan_to_num(nan=RAN_AWAY)  # of weights that ran away: each block is asked for alone
        starts = np.fromiter(layers, dtype=np.intp)
        lost.mean[starts, place - starts] = nats.mean(1).cpu()
        lost.worst[starts, place - starts] = nats.amax(1).cpu()
        embedded = embedded + drawer.steps[own][codes[:, block]] * is_new[:, None]
    lost.mean[::every, :1] = lost.worst[::every, :1] = 0.0
    return lost


def _reach(ends: list[int], start: int, max_codes: int | None) -> int:
    """How many blocks a round may hold that starts at a place; `ends`: of the codes of each block."""
    if max_codes is None:
        return len(ends) - 1 - start
    return max(1, bisect_right(ends, ends[start] + max_codes) - 1 - start)


def _cheapest(lost: Floats) -> Iterator[tuple[float, list[int]]]:
    """The cuts of the order into one run, two, ... that lose least: how much, and the lengths of the runs.

    Shape: lost [places of the start, blocks of a run].
    """
    (n, longest), lost = lost.shape, lost.cumsum(1)
    cost = np.full((n + 1, longest), np.inf)  # of a run, by where it stops and how long it is
    for length in range(1, longest + 1):
        cost[length:, length - 1] = lost[: n + 1 - length, length - 1]
    least, lengths = np.r_[0.0, np.full(n, np.inf)], list[NDArray[np.intp]]()
    for _ in range(n):
        before = sliding_window_view(np.r_[np.full(longest, np.inf), least[:-1]], longest)[:, ::-1]
        total = before + cost
        lengths.append(total.argmin(1) + 1)
        least = total.min(1)
        stop, runs = n, list[int]()
        for length_at in reversed(lengths):
            runs.append(int(length_at[stop]))
            stop = max(0, stop - runs[-1])
        yield float(least[n]), runs[::-1]
