"""Watching training: averaged weights, the best of them, and what to warn of."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from tabgan.gan.blocks import Blocks
from tabgan.gan.generator import Generator

Record = dict[str, float | int | str]
Callback = Callable[[Record], object]

COLLAPSE_SHARE = 0.5
COOL_RATE = 0.3  # of the learning rate, from which it falls
COOL_SHARE, LEAST_COOL = 0.5, 100  # steps: of those before
COMMON_ROWS = 5
DIVERGED = "Training diverged (a loss was no longer finite); the last good weights are kept."


def cosine(progress: float, least: float = 0.01) -> float:
    """The learning rate as a share of the full one: half a cosine, from 1 to the least."""
    return least + (1 - least) * 0.5 * (1 + math.cos(math.pi * progress))


class Average:
    """Exponential moving average of a network's weights, as a network of its own.

    Source: Yazici et al. 2019, The Unusual Effectiveness of Averaging in GAN Training.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self._source = network
        self._decay = decay
        self.n_updates = 0

    @torch.no_grad()
    def update(self) -> None:
        """Take one step of the source network into the average."""
        self.n_updates += 1
        decay = min(self._decay, self.n_updates / (self.n_updates + 9))
        torch._foreach_lerp_(list(self.network.parameters()), list(self._source.parameters()), 1 - decay)

    def put(self, weights: Mapping[str, Tensor]) -> None:
        """Let the source and the average both go on from these weights."""
        for network in (self._source, self.network):
            network.load_state_dict(weights)


@dataclass
class Watch:
    """The history of a training run, the best weights so far, and the reasons to stop.

    `validation` falls as the model gets better; what it measures is the phase's own affair.
    `cooling`: the step at which a plateau was seen, and how many smaller steps from the best weights end the
    phase.
    """

    patience: int
    callbacks: tuple[Callback, ...] = ()
    history: list[Record] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    best: float = math.inf
    best_weights: dict[str, Tensor] | None = None
    is_interrupted: bool = False
    cooling: tuple[int, int] | None = None
    _n_worse: int = 0

    def start_phase(self, network: nn.Module) -> None:
        """Forget the best of the phase before; what the phase starts from is the best so far."""
        self.best, self._n_worse, self.best_weights = math.inf, 0, weights_of(network)
        self.cooling = None

    def best_generator(self, network: Generator) -> Generator:
        """A copy of the network with the best weights of this phase, finite ones always."""
        best = copy.deepcopy(network).eval().requires_grad_(False)
        if self.best_weights is not None:
            best.load_state_dict(self.best_weights)
        return best

    def lr_share(self, step: int) -> float:
        """What the learning rate of a step is multiplied by: less and less from a plateau on."""
        if self.cooling is None:
            return 1.0
        start, n_steps = self.cooling
        return COOL_RATE * cosine(min(1.0, (step - start) / n_steps))

    def report(self, record: Record, network: nn.Module, *, keeps_last: bool = False) -> bool:
        """Note one epoch; keep its weights if they are the best, or (`keeps_last`) in any case.

        Returns whether to stop. More than `patience` reports without a better one, unless the last are kept,
        ask for smaller steps from the best weights (`cooling`); when those are done, the phase is.
        A callback that returns True stops this phase and those to come. Weights or a validation
        that are not finite are not kept and stop the phase.
        """
        value = float(record["validation"])
        if not math.isfinite(value) or not _are_finite(network):
            self.warn(DIVERGED)
            return True
        self.history.append(record)
        if value < self.best or keeps_last:
            self.best, self._n_worse = value, 0
            self.best_weights = weights_of(network)
        else:
            self._n_worse += 1
        step = int(record["step"])
        if self.cooling is None and self._n_worse > self.patience:
            self.cooling = (step, max(LEAST_COOL, int(step * COOL_SHARE)))
        for callback in self.callbacks:
            self.is_interrupted |= callback(dict(record)) is True
        return self.is_interrupted or (self.cooling is not None and step >= sum(self.cooling))

    def facts(self) -> dict[str, Any]:
        """All but the best weights, as strict JSON."""
        return {
            "history": list(self.history),
            "warnings": list(self.warnings),
            "best": self.best if math.isfinite(self.best) else None,
            "n_worse": self._n_worse,
            "cooling": self.cooling,
        }

    def put(self, facts: Mapping[str, Any], best_weights: Mapping[str, Tensor]) -> None:
        """Go on from what `facts` told. Raises: KeyError, TypeError or ValueError."""
        self.history = [dict(record) for record in facts["history"]]
        self.warnings = [str(line) for line in facts["warnings"]]
        self.best = math.inf if facts["best"] is None else float(facts["best"])
        self._n_worse, cooling = int(facts["n_worse"]), facts["cooling"]
        self.cooling = None if cooling is None else (int(cooling[0]), max(1, int(cooling[1])))
        assert self.best_weights is not None
        if {name: part.shape for name, part in best_weights.items()} != {
            name: part.shape for name, part in self.best_weights.items()
        }:
            raise ValueError("Best weights of another shape.")
        self.best_weights = {name: part.to(self.best_weights[name]) for name, part in best_weights.items()}

    def has_diverged(self, losses: Mapping[str, float]) -> bool:
        """Whether a loss is no longer a number; says so once."""
        if all(math.isfinite(value) for value in losses.values()):
            return False
        self.warn(DIVERGED)
        return True

    def warn(self, text: str) -> None:
        """Keep a warning for the caller, once."""
        if text not in self.warnings:
            self.warnings.append(text)

    def check_collapse(self, made: Tensor, real: Tensor, blocks: Blocks) -> Record:
        """Distinct rows and category coverage of made rows, as shares of those of real rows.

        Shape: codes [rows, blocks], as many made as real. Warns below half. Coverage counts codes
        that so many real rows have that as many rows of a good model hardly miss them.
        """
        distinct = len(made.unique(dim=0)) / len(real.unique(dim=0))
        counts = [
            torch.bincount(blocks.flat_index(rows).flatten(), minlength=blocks.n_flat)
            for rows in (real, made)
        ]
        seen = counts[0] >= min(COMMON_ROWS, len(real))
        coverage = float((counts[1] > 0)[seen].float().mean()) if seen.any() else 1.0
        if distinct < COLLAPSE_SHARE or coverage < COLLAPSE_SHARE:
            self.warn(
                f"Mode collapse: generated rows have {distinct:.0%} of the distinct rows and "
                f"{coverage:.0%} of the common codes of as many real rows. "
                'Train longer, or with recipe="default".'
            )
        return {"distinct": round(distinct, 4), "coverage": round(coverage, 4)}

    def n_epochs(self) -> float:
        """Epochs of all phases together."""
        last = {record["phase"]: float(record["epoch"]) for record in self.history}
        return sum(last.values())


def _are_finite(network: nn.Module) -> bool:
    return all(bool(weight.isfinite().all()) for weight in network.state_dict().values())


def weights_of(network: nn.Module) -> dict[str, Tensor]:
    """A copy of a network's weights."""
    return {name: weight.detach().clone() for name, weight in network.state_dict().items()}
