"""What the tests say of a call of the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """What a command leaves in the terminal."""

    code: int
    out: str
    err: str


Call = Callable[..., Outcome]


# The command line, but with a checkpoint at every tenth of a second in place of every minute.
OFTEN = """
from tabgan.checkpoint import Checkpoint
Checkpoint.__init__.__defaults__ = (0.1, False)
from tabgan_cli.app import main
main()
"""
