"""Record and replay: what mechanisms were asked on one table, and their answers given again on another."""

from __future__ import annotations

from collections import Counter
from copy import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from tabgan.privacy import rows as rows_module

MECHANISMS = ("discrete_gaussian_counts", "noisy_row_count", "stability_histogram", "exponential_choice")


@dataclass
class Tape:
    """Calls in their order: mechanism, its public arguments, the exact statistic and the noisy answer."""

    calls: list[tuple[str, dict[str, Any], Any, Any]] = field(default_factory=list)

    @property
    def releases(self) -> list[tuple[str, dict[str, Any]]]:
        """What was asked, but for the exact statistics."""
        return [(name, public) for name, public, _, _ in self.calls]


def recorded(monkeypatch: pytest.MonkeyPatch) -> Tape:
    """A tape of the mechanisms that run from now on; with fresh noise."""
    tape = Tape()
    for name in MECHANISMS:
        run = getattr(rows_module, name)

        def mechanism(exact: Any, *, _run: Any = run, _name: str = name, **public: Any) -> Any:
            answer = _run(exact, **public)
            tape.calls.append((_name, public, exact, copy(answer)))  # whoever asked may take from it
            return answer

        monkeypatch.setattr(rows_module, name, mechanism)
    return tape


def replayed(monkeypatch: pytest.MonkeyPatch, first: Tape) -> Tape:
    """A tape of the mechanisms that run from now on; each answers as its like on the first tape."""
    tape = Tape()
    for name in MECHANISMS:

        def mechanism(exact: Any, *, _name: str = name, **public: Any) -> Any:
            name_then, _, _, answer = first.calls[len(tape.calls)]
            assert name_then == _name, "another mechanism runs than before"
            tape.calls.append((_name, public, exact, answer))
            return copy(answer)

        monkeypatch.setattr(rows_module, name, mechanism)
    return tape


def distances(first: Tape, second: Tape) -> list[tuple[float, float]]:
    """Distance of the exact statistics of each call, and the sensitivity it was declared with.

    In L2; of scores, the distance of the one that moves most.
    """
    found = []
    for (name, public, exact, _), (_, _, other, _) in zip(first.calls, second.calls, strict=True):
        if isinstance(exact, dict):
            gap = Counter(exact)
            gap.subtract(other)
            change = np.array(list(gap.values()), dtype=np.float64)
        else:
            change = np.asarray(exact, dtype=np.float64) - np.asarray(other, dtype=np.float64)
        order = np.inf if name == "exponential_choice" else 2
        found.append((float(np.linalg.norm(change.ravel(), order)), float(public.get("sensitivity", 1.0))))
    return found
