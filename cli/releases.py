"""The releases of a ledger or a plan as rows to print: what, how, with which noise, at what cost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tabgan.privacy.entry import Entry

HEADS = ("release", "mechanism", "noise", "epsilon alone")


def rows_of(entries: Iterable[Entry], delta: float) -> list[tuple[str, ...]]:
    """A row a release. Its epsilon is what it would cost alone; together they cost less than the sum."""
    from tabgan.privacy.accounting import epsilon_of, rounded_up

    entries = list(entries)
    alone = [epsilon_of([entry], delta).epsilon for entry in entries]
    return [
        (entry.what, mechanism_of(entry), noise_of(entry), rounded_up(cost))
        for entry, cost in zip(entries, alone, strict=True)
    ]


def mechanism_of(entry: Entry) -> str:
    """The mechanism in words, with the rate and number of its steps or choices and its own delta."""
    words = entry.mechanism.replace("_", " ")
    if entry.mechanism == "exponential":
        words += f", {entry.steps:,} choice{'s' * (entry.steps > 1)}"
    elif entry.steps > 1 or entry.sample_rate < 1:
        words += f", {entry.steps:,} steps on {entry.sample_rate:.2%} of the rows each"
    if entry.delta:
        words += f", delta {entry.delta:.2g}"
    return words


def noise_of(entry: Entry) -> str:
    """Deviation of the noise: on a count in rows, on a sum of gradients in clip norms."""
    if entry.mechanism == "exponential":
        return f"epsilon {entry.epsilon:.3g} each"
    if entry.sample_rate < 1:
        return f"± {entry.noise_multiplier:.3g} clip norms"
    return f"± {entry.sigma:,.3g} rows"
