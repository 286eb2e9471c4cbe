"""Noise on sums of clipped gradients, from the operating system.

torch's generator on a processor takes 32 bits of its seed: whoever knows the other rows could try all
noises that it can make. So each step draws from `os.urandom`, and there is no state to keep.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from opacus.optimizers import DPOptimizerFastGradientClipping

from tabgan.privacy.mechanisms import gaussian_sums


class NoisyOptimizer(DPOptimizerFastGradientClipping):  # type: ignore[misc]  # Opacus has no types
    """Opacus' optimizer of clipped sums, with noise of deviation noise_multiplier times max_grad_norm."""

    def add_noise(self) -> None:
        """Set every parameter's `grad` to its sum plus fresh noise, added in double precision."""
        scale = {"sensitivity": self.max_grad_norm, "noise_multiplier": self.noise_multiplier}
        for part in self.params:
            part.grad = torch.from_numpy(gaussian_sums(part.summed_grad.cpu().numpy(), **scale)).to(part)


@contextmanager
def unseeded(device: torch.device) -> Iterator[None]:
    """Global generators of torch, seeded by the operating system, and put back afterwards.

    For a step that sees rows. How many numbers it takes follows from the size of its batch: with the
    user's seed, which the model file tells, it would show in everything drawn later, and a row would
    shift the masks of those after it.
    """
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(secrets.randbits(63))
        yield
