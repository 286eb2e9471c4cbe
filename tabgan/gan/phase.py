"""One phase of training: how long it lasts, how far it is, and how that is kept and found again."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from tabgan.gan.batches import Rows
from tabgan.gan.standing import Parts, Standing, below, whole_or_error
from tabgan.gan.watch import Average, Watch


@dataclass(frozen=True)
class Clock:
    """How far a phase is, by steps or by time, whichever ends first."""

    n_steps: int
    start: float
    seconds: float

    def progress(self, step: int) -> float:
        """Share of the phase that is done, 1 at its end."""
        share = step / max(1, self.n_steps)
        if math.isfinite(self.seconds):
            share = max(share, (time.monotonic() - self.start) / max(self.seconds, 1e-9))
        return min(1.0, share)

    def facts(self) -> dict[str, Any]:
        """Strict JSON; seconds that have passed in place of a moment."""
        seconds = self.seconds if math.isfinite(self.seconds) else None
        return {"n_steps": self.n_steps, "passed": time.monotonic() - self.start, "seconds": seconds}

    @classmethod
    def of_facts(cls, facts: dict[str, Any]) -> Clock:
        """The clock that `facts` told of, going on now."""
        seconds = math.inf if facts["seconds"] is None else float(facts["seconds"])
        return cls(int(facts["n_steps"]), time.monotonic() - float(facts["passed"]), seconds)


@dataclass
class Phase:
    """A phase and how far it is.

    `index`: steps done; `since`: those after the last report, whose losses are added up in `sums`;
    `n_warm`: steps before the first, of the discriminator alone.
    """

    name: str
    clock: Clock
    parts: Parts
    average: Average
    index: int = 0
    since: int = 0
    n_warm: int = 0
    sums: dict[str, Tensor] = field(default_factory=dict)

    def count(self, told: dict[str, Tensor]) -> None:
        """Note a step and its losses."""
        self.sums = {name: value + self.sums.get(name, 0.0) for name, value in told.items()}
        self.index, self.since = self.index + 1, self.since + 1

    def means(self) -> dict[str, float]:
        """Each loss, a mean over the steps since the last report."""
        return {name: float(total) / self.since for name, total in self.sums.items()}

    def standing(self, data: Rows, watch: Watch, passed: float) -> Standing:
        """Where training stands, between two steps. Unit: `passed` seconds of the whole run."""
        facts = {
            "phase": self.name,
            "clock": self.clock.facts(),
            "index": self.index,
            "since": self.since,
            "n_warm": self.n_warm,
            "n_averaged": self.average.n_updates,
            "next_row": data.next,
            "passed": passed,
            "watch": watch.facts(),
        }
        tensors = self.parts.tensors(data.codes.device)
        for name, parts in (("sums", self.sums), ("order", data.dice()), ("best", watch.best_weights or {})):
            tensors |= {f"{name}.{key}": part for key, part in parts.items()}
        return Standing(facts, tensors)

    def put(self, found: Standing, data: Rows, watch: Watch) -> float:
        """Go on from what `standing` told. Returns the seconds that had passed. Raises: NotWholeError."""
        facts, tensors, device = found.facts, found.tensors, data.codes.device
        with whole_or_error():
            if facts["phase"] != self.name:
                raise ValueError("Another phase.")
            self.clock = Clock.of_facts(facts["clock"])
            self.index, self.since, self.n_warm = (int(facts[key]) for key in ("index", "since", "n_warm"))
            self.average.n_updates = int(facts["n_averaged"])
            if min(self.index, self.since, self.n_warm, self.average.n_updates) < 0:
                raise ValueError("Fewer steps than none.")
            self.sums = {name: part.to(device) for name, part in below("sums", tensors).items()}
            watch.put(facts["watch"], below("best", tensors))
            data.put(below("order", tensors), int(facts["next_row"]))
            self.parts.put(tensors, device)
            return float(facts["passed"])
