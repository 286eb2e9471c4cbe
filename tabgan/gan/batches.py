"""Batches of real rows, and the masks that say what of a row is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from tabgan.gan.settings import Settings
from tabgan.gan.standing import Tensors, dice_of, set_dice


class Rows:
    """Encoded rows on the device, as small integers, dealt in batches epoch by epoch.

    Shape: codes int16 [rows, blocks], places int64 [rows that are dealt], all of them where it is
    None: a large table is held once, whichever of its rows are dealt. An epoch deals the rows in random
    order, all but its last, incomplete batch.
    """

    def __init__(self, codes: Tensor, batch_size: int, places: Tensor | None = None) -> None:
        self.codes, self.places = codes, places
        self.n_rows = len(codes) if places is None else len(places)
        self.batch_size = max(1, min(batch_size, self.n_rows))
        self._order = torch.empty(0, dtype=torch.long)
        self._dice: Tensors = {}
        self.next = 0

    @property
    def steps_per_epoch(self) -> int:
        """Number of full batches in the table; at least one."""
        return max(1, self.n_rows // self.batch_size)

    def batch(self) -> Tensor:
        """Shape: -> [batch_size, blocks], int64."""
        if self.next + self.batch_size > len(self._order):
            self._shuffle()
            self.next = 0
        chosen = self._order[self.next : self.next + self.batch_size]
        self.next += self.batch_size
        if self.places is not None:
            chosen = self.places[chosen]
        return self.codes[chosen].long()

    def _shuffle(self) -> None:
        self._dice = dice_of(self.codes.device)
        self._order = torch.randperm(self.n_rows, device=self.codes.device)

    def dice(self) -> Tensors:
        """The dice that the order of this epoch was drawn with; none before the first."""
        return self._dice

    def put(self, dice: Mapping[str, Tensor], next_row: int) -> None:
        """Go on in the epoch of those dice at that place. Takes from the global generators."""
        if dice:
            set_dice(dice, self.codes.device)
            self._shuffle()
        if not 0 <= next_row <= len(self._order):
            raise ValueError("No place in the epoch.")
        self.next = next_row


def random_masks(like: Tensor, low: float = 0.0, high: float = 1.0) -> Tensor:
    """A mask a row: each block is visible with a chance that is drawn for the row.

    Shape: [rows, blocks] -> bool [rows, blocks].
    """
    chance = low + (high - low) * torch.rand(len(like), 1, device=like.device)
    return torch.rand(like.shape, device=like.device) < chance


def prefix_masks(like: Tensor, rank: Tensor) -> Tensor:
    """The first blocks of the drawing order are visible; how many is drawn for the row.

    Shape: [rows, blocks], rank [blocks] (place of each block in the order) -> bool.
    """
    n_visible = torch.randint(len(rank), (len(like), 1), device=like.device)
    return rank < n_visible


def mixed_masks(like: Tensor, rank: Tensor, prefix_share: float) -> Tensor:
    """Prefixes of the drawing order for a share of the rows, random subsets for the others."""
    is_prefix = torch.rand(len(like), 1, device=like.device) < prefix_share
    return torch.where(is_prefix, prefix_masks(like, rank), random_masks(like))


def learning_masks(like: Tensor, rank: Tensor, settings: Settings) -> tuple[Tensor, Tensor]:
    """What is visible of each row, and what of that the layers see: a part for `late_share` of the rows.

    Rows are drawn so: the sum of a row's vectors sees each block at once, the layers see it from the next
    round on. Shape: [rows, blocks], rank [blocks] -> both bool [rows, blocks].
    """
    visible, early = (mixed_masks(like, rank, settings.prefix_share) for _ in range(2))
    is_late = torch.rand(len(like), 1, device=like.device) < settings.late_share
    return visible, visible & (early | ~is_late)


def rank_of(order: Sequence[int], device: torch.device) -> Tensor:
    """Place of each block in the drawing order. Shape: -> [blocks]."""
    rank = torch.empty(len(order), dtype=torch.long, device=device)
    rank[list(order)] = torch.arange(len(order), device=device)
    return rank


def split_validation(codes: Tensor, share: float, max_rows: int) -> tuple[Tensor, Tensor]:
    """Places of the rows to train on, and of those to watch training by; a tiny table is watched by itself.

    Shape: codes [rows, blocks] -> int64 [rows to train on], [rows to watch].
    """
    n_held = min(max_rows, int(len(codes) * share))
    if n_held < 20:
        places = torch.arange(len(codes), device=codes.device)
        return places, places[:max_rows]
    shuffled = torch.randperm(len(codes), device=codes.device)
    return shuffled[n_held:], shuffled[:n_held]
