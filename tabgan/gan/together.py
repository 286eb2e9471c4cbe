"""Which blocks may be drawn together: those that tell a trained generator nothing of each other."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from tabgan.gan.drawing import Drawer
from tabgan.gan.order import spaced
from tabgan.gan.precision import half_products

MAX_NATS = 0.004  # that a block may lose, on average, by not seeing the others of its group
MAX_NATS_OF_ROW = 1.0  # ... and in any one row: what is rare may follow all the same
MAX_LOGITS = 2**24


@torch.no_grad()
def independent_runs(
    drawer: Drawer, order: Sequence[int], codes: Tensor, visible: Tensor | None = None
) -> tuple[int, ...]:
    """Lengths of the longest runs of the order whose blocks may be drawn without seeing each other.

    A block joins the run before it where its chances given the blocks up to that run and its chances
    given all blocks before it are nearly the same: their Kullback-Leibler divergence, on the rows given
    here, of which blocks may be `visible` from the start.
    Shape: codes, visible [rows, blocks]; of them fewer rows where blocks are large.
    """
    n_rows = max(1, MAX_LOGITS // max(drawer.blocks.sizes))
    codes = spaced(codes, n_rows).long()
    seen = torch.zeros_like(codes, dtype=torch.bool) if visible is None else spaced(visible, n_rows)
    embedded = drawer.generator.rows(codes, seen)
    lengths: list[int] = []
    before = None  # what the trunk says at the start of the run
    for block in order:
        with half_products(codes.device):
            output = drawer.generator.trunk(embedded, None)
        is_new = ~seen[:, block]
        if before is not None and _is_idle(*(drawer.log_chances(x[is_new], block) for x in (before, output))):
            lengths[-1] += 1
        else:
            lengths.append(1)
            before = output
        embedded = embedded + drawer.steps[drawer.offsets[block] + codes[:, block]] * is_new[:, None]
    return tuple(lengths)


def _is_idle(without: Tensor, given: Tensor) -> bool:
    """Whether what is given in addition hardly changes the chances. Shape: both [rows, codes], logarithms."""
    nats = F.kl_div(without, given, reduction="none", log_target=True).sum(-1)
    return not len(nats) or bool(nats.mean() <= MAX_NATS and nats.max() <= MAX_NATS_OF_ROW)
