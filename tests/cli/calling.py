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


def ok(call: Call, *arguments: object) -> Outcome:
    told = call(*arguments)
    assert told.code == 0, told.err
    return told
