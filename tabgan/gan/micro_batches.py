"""A batch that does not fit the memory of the device is learned in parts.

Gradients of the parts are added up, so that a step is the same up to rounding, and up to dropout, which
falls on other places. Only the memory of CUDA says that it is full; none of this was ever run there:
the tests let a network raise the error by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import torch
from torch import Tensor

# torch.OutOfMemoryError is the same class under a name that torch before 2.5 does not have.
OutOfMemory = torch.cuda.OutOfMemoryError
Result = TypeVar("Result")
Told = dict[str, Tensor]


class MicroBatches:
    """How many rows are computed at once: all of a batch, until that has failed; then half, and so on.

    `unit`: rows that may not be parted, as those that a discriminator judges together.
    """

    def __init__(self, unit: int = 1) -> None:
        self.unit = unit
        self.n_rows: int | None = None

    def parts(self, n_rows: int) -> Iterator[slice]:
        """The batch in runs of rows; one run of all where it fits."""
        size = n_rows if self.n_rows is None else min(self.n_rows, n_rows)
        for start in range(0, n_rows, max(size, 1)):
            yield slice(start, min(start + size, n_rows))

    def is_split(self, n_rows: int) -> bool:
        """Whether a batch of so many rows is computed in parts."""
        return self.n_rows is not None and self.n_rows < n_rows

    def attempt(self, n_rows: int, action: Callable[[], Result]) -> Result:
        """What `action` gives, tried again with half the rows at once where memory runs out.

        Raises: the error of the device where not even the fewest rows fit.
        """
        while True:
            try:
                return action()
            except OutOfMemory:
                if not self._halves(n_rows):
                    raise
            # Only here, after the error, nothing holds the tensors of the failed part any longer.
            if torch.cuda.is_available():
                torch.cuda.empty_cache()

    def add_up(self, n_rows: int, begin: Callable[[], object], part: Callable[[slice, float], Told]) -> Told:
        """Call `part(rows, share)` for every part, from `begin()` on; the sum of the losses that it tells.

        `part` adds the gradients of share x the loss of its rows to those there, and tells losses times
        share; `begin` clears them. `share`: of the rows. Raises: as `attempt`.
        """

        def action() -> Told:
            begin()
            told: Told = {}
            for rows in self.parts(n_rows):
                found = part(rows, (rows.stop - rows.start) / n_rows)
                told = {name: told[name] + value if name in told else value for name, value in found.items()}
            return told

        return self.attempt(n_rows, action)

    def _halves(self, n_rows: int) -> bool:
        """Halve the number of rows, in whole units; False where there is nothing left to halve."""
        now = n_rows if self.n_rows is None else min(self.n_rows, n_rows)
        half = now // 2 // self.unit * self.unit
        if not half:
            return False
        self.n_rows = half
        return True
