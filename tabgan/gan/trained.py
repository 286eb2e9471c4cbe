"""What training leaves."""

from __future__ import annotations

from dataclasses import dataclass

from tabgan.gan.division import Groups
from tabgan.gan.generator import Generator
from tabgan.gan.rejection import Judge
from tabgan.gan.watch import Record


@dataclass(frozen=True)
class Trained:
    """What training leaves.

    `generator` draws without noise, in the `order`; `quick` draws groups of blocks, with noise; a recipe of
    one phase leaves one generator, which then does both. `runs`: the blocks that `generator` draws at a
    time. `groups`: those that `quick` was taught to draw. `stopped`: how far training was when the world
    outside ended it; nothing where it ended by itself. `is_interrupted`: so, or by a callback. `judge`: who
    says which drawn rows are drawn again.
    """

    generator: Generator
    quick: Generator
    order: tuple[int, ...]
    runs: Groups
    groups: Groups
    history: list[Record]
    warnings: list[str]
    stopped: str = ""
    is_interrupted: bool = False
    judge: Judge | None = None
