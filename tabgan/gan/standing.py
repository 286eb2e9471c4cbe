"""Where training stands: all that must come back for it to go on as if it had never stopped.

Weights, moments, averages, dice and counters; no rows, and no order of rows either: the order of an
epoch is drawn again from the dice that it was drawn with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

Tensors = dict[str, Tensor]


class NotWholeError(Exception):
    """What was kept of a training run does not fit it."""


@dataclass(frozen=True)
class Standing:
    """One moment of a training run: `facts` is strict JSON, `tensors` finite numbers by name."""

    facts: dict[str, Any]
    tensors: Tensors


def _never() -> bool:
    return False


def _forget(_: Standing) -> None:
    """Keep nothing."""


@dataclass
class Pauses:
    """What the world outside wants of a training run between two steps.

    `is_stopped`: to stop now. `is_due`: to tell where it stands, which `keep` then gets, as it does before
    a stop. `found`: where to begin instead of at the beginning.
    """

    is_stopped: Callable[[], bool] = _never
    is_due: Callable[[], bool] = _never
    keep: Callable[[Standing], None] = _forget
    found: Standing | None = None


@dataclass
class Parts:
    """What of a phase changes from step to step, by name."""

    networks: dict[str, nn.Module]
    optimizers: dict[str, torch.optim.Optimizer]

    def tensors(self, device: torch.device) -> Tensors:
        """Everything as tensors; those of networks are the ones in use, not copies."""
        told = {f"dice.{name}": state for name, state in dice_of(device).items()}
        for name, network in self.networks.items():
            told |= {f"{name}.{key}": weight for key, weight in network.state_dict().items()}
        for name, optimizer in self.optimizers.items():
            for index, moments in optimizer.state_dict()["state"].items():
                told |= {f"{name}.{index}.{key}": moment for key, moment in moments.items()}
        return told

    def put(self, tensors: Mapping[str, Tensor], device: torch.device) -> None:
        """Set every part to what `tensors` told, the dice last. Raises: NotWholeError."""
        with whole_or_error():
            for name, network in self.networks.items():
                network.load_state_dict(below(name, tensors))
            for name, optimizer in self.optimizers.items():
                _put_moments(optimizer, below(name, tensors))
            set_dice(below("dice", tensors), device)


def _put_moments(optimizer: torch.optim.Optimizer, moments: Tensors) -> None:
    state: dict[int, Tensors] = {}
    for name, moment in moments.items():
        place, _, key = name.partition(".")
        state.setdefault(int(place), {})[key] = moment
    parts = [part for group in optimizer.param_groups for part in group["params"]]
    for index, part in enumerate(parts):
        shapes = {moment.shape for moment in state.get(index, {}).values()}
        if not shapes <= {part.shape, torch.Size()}:
            raise ValueError("Moments of another shape.")
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})


@contextmanager
def whole_or_error() -> Iterator[None]:
    """What goes wrong with numbers that were kept is told as NotWholeError."""
    try:
        yield
    except (ArithmeticError, LookupError, TypeError, ValueError, RuntimeError) as error:
        raise NotWholeError(str(error)) from error


def below(name: str, tensors: Mapping[str, Tensor]) -> Tensors:
    """The tensors whose names begin with `name` and a dot, without both."""
    prefix = f"{name}."
    return {key.removeprefix(prefix): part for key, part in tensors.items() if key.startswith(prefix)}


def dice_of(device: torch.device) -> Tensors:
    """The states of torch's global generators that a run on the device draws from."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    if device.type == "mps":
        states["mps"] = torch.mps.get_rng_state()
    return states


def set_dice(states: Mapping[str, Tensor], device: torch.device) -> None:
    """Go on drawing as from the moment of `dice_of`. Raises: KeyError, TypeError or RuntimeError."""
    torch.set_rng_state(states["cpu"].cpu())
    if device.type == "cuda":
        torch.cuda.set_rng_state(states["cuda"].cpu(), device)
    if device.type == "mps":
        torch.mps.set_rng_state(states["mps"].cpu())
