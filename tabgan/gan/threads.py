"""How many processor threads the networks use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[int]:
    """Let torch compute in one thread; gives the number that it had and will have again.

    The matrices of a step are so small that a second thread mostly waits: on a busy machine
    it doubles the processor time and gains nothing. Sampling runs parts side by side instead.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield before
    finally:
        torch.set_num_threads(before)
