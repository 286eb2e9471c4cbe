"""The order in which blocks are drawn: dependent blocks in different rounds."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from tabgan.gan.blocks import Blocks

MAX_ROWS = 20_000
AT_ONCE = 65_536  # rows


def spaced(codes: Tensor, max_rows: int) -> Tensor:
    """So many rows at most, at equal distances: the first ones of a sorted table would be no sample."""
    if len(codes) <= max_rows:
        return codes
    return codes[torch.arange(max_rows, device=codes.device) * len(codes) // max_rows]


def one_way_marginals(codes: Tensor, blocks: Blocks, max_rows: int = MAX_ROWS) -> Tensor:
    """Share of rows with each code. Shape: codes [rows, blocks] -> [flat codes]. Uses `max_rows` of them."""
    codes = spaced(codes, max_rows)
    counts = torch.zeros(blocks.n_flat, dtype=torch.int64, device=codes.device)
    for part in codes.split(AT_ONCE):
        counts += torch.bincount(blocks.flat_index(part).flatten(), minlength=blocks.n_flat)
    return counts.float() / len(codes)


def two_way_marginals(codes: Tensor, blocks: Blocks, max_rows: int = MAX_ROWS) -> Tensor:
    """Share of rows with each pair of codes; the diagonal holds the one-way marginals.

    Shape: codes [rows, blocks] -> [flat codes, flat codes]. Uses `max_rows` of the rows.
    """
    codes = spaced(codes, max_rows)
    total = torch.zeros(blocks.n_flat, blocks.n_flat, device=codes.device)
    for part in codes.split(4096):
        rows = blocks.one_hot(part)
        total.addmm_(rows.T, rows)
    return total / len(codes)


def mutual_information(marginals: Tensor, blocks: Blocks, n_rows: int) -> Tensor:
    """Mutual information of every pair of blocks, less its expected value for no relation.

    Shape: [flat codes, flat codes] -> [blocks, blocks], not negative. Unit: nats.
    Source: Miller 1955 for the bias, (non-empty cells - 1) / (2 n) degrees of freedom.
    """
    one_way = marginals.diagonal()
    product = one_way[:, None] * one_way
    is_met = marginals > 0
    terms = torch.where(is_met, marginals * (marginals / product.clamp(min=1e-30)).log(), 0.0)
    member = torch.zeros(blocks.n_flat, blocks.n_blocks, device=marginals.device)
    member[torch.arange(blocks.n_flat), blocks.block_of] = 1.0
    information = member.T @ terms @ member
    cells = member.T @ is_met.float() @ member
    values = member.T @ (one_way > 0).float()
    bias = (cells - values[:, None] - values + 1) / (2 * n_rows)
    return (information - bias).clamp(min=0.0)


def small_first(
    order: Sequence[int],
    marginals: Tensor,
    blocks: Blocks,
    parents: Sequence[int | None],
    last: Sequence[int],
    n_runs: int,
) -> tuple[int, ...]:
    """The order with each of its `n_runs` runs sorted: blocks of little entropy first.

    Rows that begin alike are then drawn at the cost of one for longer (`Drawer`); blocks that share
    much stay in different runs, without which wide tables come out less faithful. `last` and parents
    as in `drawing_order`. Shape: one-way marginals [flat codes].
    """
    terms = torch.special.entr(marginals.double())
    nothing = torch.zeros(blocks.n_blocks, dtype=terms.dtype, device=terms.device)
    entropy = nothing.index_add(0, blocks.block_of, terms).tolist()
    free = [block for block in order if block not in set(last)]
    cuts = [round(step * len(free) / n_runs) for step in range(n_runs + 1)]
    runs = [
        sorted(free[start:stop], key=lambda block: (entropy[block], block)) for start, stop in pairwise(cuts)
    ]
    return _parents_first([*(block for run in runs for block in run), *last], parents)


def drawing_order(
    information: Tensor,
    parents: Sequence[int | None],
    n_rounds: int,
    last: Sequence[int] = (),
) -> tuple[int, ...]:
    """Blocks in drawing order, such that `n_rounds` runs of it hold little shared information.

    Greedy: the blocks that share most come first and each takes the run where it shares least.
    The blocks in `last` are drawn last, given all others: a target is then as well predicted
    by the made rows as the model can. A block never comes before its parent.
    """
    n_blocks = len(parents)
    n_rounds = max(1, min(n_rounds, n_blocks))
    cuts = [round(step * n_blocks / n_rounds) for step in range(n_rounds + 1)]
    capacity = [stop - start for start, stop in pairwise(cuts)]
    shared = information.fill_diagonal_(0.0).cpu().numpy()
    in_all = [float(np.cumsum(row, dtype=np.float64)[-1]) for row in shared]
    costs = np.zeros((n_blocks, n_rounds))  # what each block shares with those of each run
    runs: list[list[int]] = [[] for _ in range(n_rounds)]
    for block in sorted(range(n_blocks), key=lambda b: (-in_all[b], b)):
        open_runs = [run for run in range(n_rounds) if len(runs[run]) < capacity[run]]
        chosen = min(open_runs, key=lambda run: (costs[block, run], len(runs[run]), run))
        runs[chosen].append(block)
        costs[:, chosen] += shared[:, block]
    is_last = set(last)
    order = [block for run in runs for block in run if block not in is_last]
    return _parents_first([*order, *last], parents)


def _parents_first(order: list[int], parents: Sequence[int | None]) -> tuple[int, ...]:
    """The blocks of one column trade places among themselves until each follows its parent."""
    while True:  # every trade leaves fewer blocks of a column before one they should follow
        place = {block: index for index, block in enumerate(order)}
        for block, parent in enumerate(parents):
            if parent is not None and place[parent] > place[block]:
                order[place[parent]], order[place[block]] = block, parent
                break
        else:
            return tuple(order)
