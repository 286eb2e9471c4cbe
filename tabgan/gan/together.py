"""Which blocks may be drawn together: those of which a trained generator's layers say the same all along."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import torch
from torch import Tensor
from torch.nn import functional as F

from tabgan.gan.drawing import Drawer
from tabgan.gan.order import spaced
from tabgan.gan.precision import half_products

MAX_NATS = 0.004  # that a block may lose, on average, by what the layers do not see of its group
MAX_NATS_OF_ROW = 1.0  # ... and in any one row: what is rare may follow all the same
MAX_CODES = 512  # of a run: logits of all of them are kept for the rows that are drawn at a time
MAX_LOGITS = 2**24


@torch.no_grad()
def joint_runs(
    drawer: Drawer, order: Sequence[int], codes: Tensor, visible: Tensor | None = None
) -> tuple[int, ...]:
    """Lengths of the longest runs of the order that may be drawn as one group.

    A block joins the run before it where its chances as `Drawer.fill` would draw it and its chances
    given all blocks before it are nearly the same: their Kullback-Leibler divergence, on the rows given
    here, of which blocks may be `visible` from the start.
    Shape: codes, visible [rows, blocks]; of them fewer rows where blocks are large.
    """
    sizes = drawer.blocks.sizes
    n_rows = max(1, MAX_LOGITS // max(sizes))
    codes = spaced(codes, n_rows).long()
    seen = torch.zeros_like(codes, dtype=torch.bool) if visible is None else spaced(visible, n_rows)
    embedded = drawer.generator.rows(codes, seen)
    lengths: list[int] = []
    n_codes, by_layers = 0, embedded  # of the run, at its start
    for block in order:
        with half_products(codes.device):
            output = drawer.generator.trunk(embedded, None)
        sum_seen = embedded if drawer.generator.is_linear else torch.zeros_like(embedded)
        is_new, n_codes = ~seen[:, block], n_codes + sizes[block]
        drawn, wanted = (drawer.log_chances(x[is_new], block) for x in (sum_seen + by_layers, output))
        if lengths and n_codes <= MAX_CODES and _is_idle(drawn, wanted):
            lengths[-1] += 1
        else:
            lengths.append(1)
            n_codes, by_layers = sizes[block], output - sum_seen
        embedded = embedded + drawer.steps[drawer.offsets[block] + codes[:, block]] * is_new[:, None]
    return tuple(lengths)


def in_runs(order: Sequence[int], lengths: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """The drawing order in runs of these lengths."""
    stops = accumulate(lengths)
    return tuple(tuple(order[stop - n : stop]) for n, stop in zip(lengths, stops, strict=True))


def _is_idle(without: Tensor, given: Tensor) -> bool:
    """Whether what is given in addition hardly changes the chances. Shape: both [rows, codes], logarithms."""
    nats = F.kl_div(without, given, reduction="none", log_target=True).sum(-1)
    return not len(nats) or bool(nats.mean() <= MAX_NATS and nats.max() <= MAX_NATS_OF_ROW)
