"""Logits of the blocks of a group, for which the layers are asked once.

Where no norm comes before the head, logits are linear in the sum of a row's vectors and in what the layers
make of it. What a code adds to the sum then adds a fixed number to each logit: a block sees the blocks of its
group that were drawn before it through a table of these, at the cost of one addition. What the layers say
stays as it was at the start of the group.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor
from torch.nn import functional as F


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
        self._drawn: list[Tensor] = []  # of the blocks so far, as places among the codes of the group
        self._is_new: list[Tensor] = []

    def of(self, block: int) -> tuple[Tensor, Tensor | None]:
        """Logits of a block's codes [distinct rows, size], and which of them each row has."""
        codes = self._codes[block]
        start = self._logits[:, codes]
        if not self._drawn:
            return start, self._place
        added = self._steps[: codes.start] @ self._weight[codes].T
        is_new = torch.stack(self._is_new, 1)
        weights = None if bool(is_new.all()) else is_new.to(added.dtype)
        seen = F.embedding_bag(torch.stack(self._drawn, 1), added, mode="sum", per_sample_weights=weights)
        return seen.add_(start if self._place is None else start.index_select(0, self._place)), None

    def see(self, block: int, drawn: Tensor, is_new: Tensor) -> None:
        """Let the blocks after this one see what was drawn of it, where that is new. Shape: both [rows]."""
        self._drawn.append(drawn + self._codes[block].start)
        self._is_new.append(is_new)
