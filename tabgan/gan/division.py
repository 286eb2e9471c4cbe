"""Dividing blocks into few rounds such that little is lost by not seeing the others of a round.

Blocks of one round are drawn each by what the rounds before tell. A generator that completes rows from any
visible blocks says how likely real rows then are: minus the logarithm is the sum over blocks of the
cross-entropy given the rounds before. That is made small, first over all cuts of a drawing order, then by
moving single blocks to the next round or the one before.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabgan.gan.generator import Generator
from tabgan.gan.losses import block_losses
from tabgan.gan.order import spaced
from tabgan.gan.precision import half_products

MAX_ROWS, MAX_LOGITS = 2_048, 2**22
SWEEPS = 3
LEAST_GAIN = 1e-4  # nats, for a move

Groups = tuple[tuple[int, ...], ...]
Floats = NDArray[np.float64]


class Losses:
    """How badly a generator tells each block from visible ones, on these rows.

    Shape: codes [rows, blocks]; of them fewer where rows are wide.
    """

    def __init__(self, generator: Generator, codes: Tensor) -> None:
        n_rows = max(1, min(MAX_ROWS, MAX_LOGITS // generator.blocks.n_flat))
        self.generator, self.codes = generator, spaced(codes, n_rows).long()

    @torch.no_grad()
    def given(self, visible: Set[int]) -> Floats:
        """Mean cross-entropy. Shape: -> [blocks]. Unit: nats; that of a visible block means nothing."""
        blocks = self.generator.blocks
        is_seen = torch.zeros(blocks.n_blocks, dtype=torch.bool, device=blocks.device)
        is_seen[list(visible)] = True
        with half_products(blocks.device):
            logits = self.generator(self.codes, is_seen.expand_as(self.codes))
            losses: Floats = block_losses(logits, self.codes, blocks).double().mean(0).cpu().numpy()
        return losses


def divided(
    losses: Losses,
    order: Sequence[int],
    n_rounds: int,
    parents: Sequence[int | None],
    last: Sequence[int] = (),
) -> Groups:
    """Blocks in `n_rounds` groups, in the order in which these are drawn.

    No block comes in a round before its parent's; those in `last` stay in the last one.
    """
    n_rounds = max(1, min(n_rounds, len(order)))
    groups: list[Set[int]] = [set(group) for group in _best_cuts(losses, order, n_rounds)]
    seen = [losses.given(set().union(*groups[:place])) for place in range(n_rounds)]
    for _ in range(SWEEPS):
        moved = [_moved(losses, groups, seen, block, parents) for block in order if block not in set(last)]
        if not any(moved):
            break
    rank = {block: place for place, block in enumerate(order)}
    return tuple(tuple(sorted(group, key=rank.__getitem__)) for group in groups)


def _best_cuts(losses: Losses, order: Sequence[int], n_rounds: int) -> list[Sequence[int]]:
    """The cuts of the order with the least sum of losses, by dynamic programming."""
    n = len(order)
    given = np.stack([losses.given(set(order[:start])) for start in range(n)])[:, list(order)]
    until = np.concatenate([np.zeros((n, 1)), given.cumsum(1)], axis=1)
    cost = until - until.diagonal()[:n, None]  # of a run from one place to another
    cost[np.tril_indices(n, 0, n + 1)] = np.inf
    least, cuts = np.r_[0.0, np.full(n, np.inf)], []
    for _ in range(n_rounds):
        total = least[:n, None] + cost
        cuts.append(total.argmin(0))
        least = total.min(0)
    stops = [n]
    for before in reversed(cuts):
        stops.append(int(before[stops[-1]]))
    stops.reverse()
    return [order[start:stop] for start, stop in pairwise(stops)]


def _moved(
    losses: Losses,
    groups: list[Set[int]],
    seen: list[Floats],
    block: int,
    parents: Sequence[int | None],
) -> bool:
    """Move a block one round on or back where that makes the sum smaller; in place."""
    place = next(index for index, group in enumerate(groups) if block in group)
    children = {child for child, parent in enumerate(parents) if parent == block}
    for early, family in ((place, children), (place - 1, {parents[block]})):
        late = early + 1
        if len(groups[place]) == 1 or early < 0 or late == len(groups) or groups[place] & family:
            continue
        changed = groups[early] ^ {block}, groups[late] ^ {block}
        given = losses.given(set().union(*groups[:early], changed[0]))
        now = _sum(seen[early], groups[early]) + _sum(seen[late], groups[late])
        if _sum(seen[early], changed[0]) + _sum(given, changed[1]) < now - LEAST_GAIN:
            groups[early], groups[late] = changed
            seen[late] = given
            return True
    return False


def _sum(losses: Floats, group: Set[int]) -> float:
    return float(losses[list(group)].sum())
