"""Logits of the blocks of a group, for which the layers are asked once.

Where no norm comes before the head, logits are linear in the sum of a row's vectors and in what the layers
make of it. What a code adds to the sum then adds a fixed number to each logit: a block
sees the blocks of its group that were drawn before it through a table of these, at the cost of one addition.
What the layers say stays as it was at the start of the group.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor


@dataclass(frozen=True)
class Apart:
    """Blocks that do not see each other. `output`: what the trunk says of distinct rows, in parts.

    `place` [rows]: which of the distinct rows each row is, None where every row stands for itself.
    """

    output: Sequence[Tensor]
    place: Tensor | None
    logits_of: Callable[[Tensor, int], Tensor]

    def of(self, block: int) -> tuple[Tensor, Tensor | None]:
        """Logits of a block's codes [distinct rows, size], and which of them each row has."""
        return torch.cat([self.logits_of(part, block) for part in self.output]), self.place

    def see(self, block: int, drawn: Tensor, is_new: Tensor) -> None:
        """What was drawn of a block changes nothing for the others."""


class InTurn:
    """Blocks that see those before them.

    Shape: `logits` [distinct rows, codes of the group], as the group starts; `place` as above; `steps` and
    `weight` [codes of the group, width]: what a code adds to the sum of a row, and what the head makes of it.
    """

    def __init__(
        self,
        group: Sequence[int],
        sizes: Sequence[int],
        logits: Tensor,
        place: Tensor | None,
        steps: Tensor,
        weight: Tensor,
    ) -> None:
        ends = list(accumulate(sizes, initial=0))
        self._codes = {block: slice(*ends[index : index + 2]) for index, block in enumerate(group)}
        self._logits, self._place, self._steps, self._weight = logits, place, steps, weight

    def of(self, block: int) -> tuple[Tensor, Tensor | None]:
        """Logits of a block's codes [distinct rows, size], and which of them each row has."""
        return self._logits[:, self._codes[block]], self._place

    def see(self, block: int, drawn: Tensor, is_new: Tensor) -> None:
        """Let the blocks after this one see what was drawn of it, where that is new. Shape: both [rows]."""
        codes = self._codes[block]
        later = slice(codes.stop, None)
        if codes.stop == len(self._weight):
            return
        if self._place is not None:
            self._logits, self._place = self._logits.index_select(0, self._place), None
        added = (self._steps[codes] @ self._weight[later].T).index_select(0, drawn)
        self._logits[:, later] += added * is_new[:, None]
