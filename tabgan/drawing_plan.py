"""What is drawn, in which order, and by whom; a batch of rows filled by it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabgan.gan.division import Groups
from tabgan.gan.drawing import Batch, Drawer, Restriction

CELLS = 4


@dataclass(frozen=True)
class Plan:
    """What is drawn and in which order.

    `known`: block → its only allowed code. `alone`: restricted blocks with a choice, drawn one
    at a time before the `groups` of the others. `has_noise`: whether the generator was taught to
    make a group agree by noise. `drawer`: one whose shares were set right for the restrictions.
    """

    known: dict[int, int]
    alone: tuple[int, ...]
    groups: Groups
    restrictions: dict[int, Restriction] = field(default_factory=dict)
    has_noise: bool = False
    drawer: Drawer | None = None


def begin(drawer: Drawer, codes: NDArray[np.int16], visible: NDArray[np.bool_]) -> Batch:
    """Rows of which the visible blocks are given. Shape: both [rows, blocks]."""
    device = drawer.blocks.device
    return drawer.start(
        torch.from_numpy(codes.astype(np.int64)).to(device), torch.from_numpy(visible).to(device)
    )


def alike_together(
    codes: NDArray[np.int16], visible: NDArray[np.bool_], uniforms: NDArray[np.float32], plan: Plan
) -> NDArray[np.intp]:
    """An order of rows in which those that start with the same codes are near, to share their sums.

    Rows are sorted by the codes that are there; then, since a code rises with its uniform number, roughly by
    that of the block drawn first, and by that of the second. Shape: all [rows, blocks] -> [rows].
    """
    first, *others = (block for group in plan.groups for block in group)
    second = others[0] if others else first
    seen = np.where(visible, codes, np.int16(-1)).T
    differing = [of_block for of_block in seen if (of_block != of_block[:1]).any()]
    return np.lexsort((uniforms[:, second], np.floor(uniforms[:, first] * CELLS), *differing))


def noises_of(
    drawer: Drawer, plan: Plan, like: NDArray[Any], rng: np.random.Generator | None
) -> list[Tensor | None]:
    """Noise for every group of the plan; none without `rng`. Shape: each [rows, embedding_dim]."""
    if rng is None:
        return [None] * len(plan.groups)
    shape = (len(like), drawer.generator.embedding_dim)
    return [torch.from_numpy(rng.standard_normal(shape, dtype=np.float32)) for _ in plan.groups]


def fill_groups(
    drawer: Drawer, batch: Batch, plan: Plan, uniforms: Tensor, noises: Sequence[Tensor | None]
) -> None:
    """Draw every group of the plan in turn."""
    device = drawer.blocks.device
    uniforms = uniforms.to(device)
    for group, noise in zip(plan.groups, noises, strict=True):
        on_device = None if noise is None else noise.to(device)
        drawer.fill(batch, group, uniforms, noise=on_device, restrictions=plan.restrictions)


def only_codes(restriction: Restriction) -> Iterator[tuple[int, int]]:
    """Blocks of a column for which the restriction leaves one code."""
    for dim, block in enumerate(restriction.blocks):
        others = [other for other in range(restriction.shares.dim()) if other != dim]
        possible = (restriction.shares > 0).any(dim=others) if others else restriction.shares > 0
        if int(possible.sum()) == 1:
            yield block, int(possible.to(torch.uint8).argmax())
