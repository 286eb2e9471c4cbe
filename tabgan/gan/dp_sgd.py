"""What every network that learns private rows shares: booked batches, clipped sums, noise, coins.

Rows and networks meet nowhere else. Coins that are thrown for rows (which blocks a row shows) come
from the operating system, and fresh ones for every batch: were they the user's, whoever knows the
seed could tell from the coins of later rows how many came before them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from tabgan.gan.clipping import ClippedRows, LossOfRows
from tabgan.gan.noise import NoisyOptimizer, unseeded


@dataclass(frozen=True)
class NoisySteps:
    """The batches that may be seen, already booked, and the noise that they were booked with.

    `batches` yields int64 [rows, blocks], Poisson-sampled, perhaps empty. `expected_batch_size`
    comes from the released count, never from the rows. `watch` is shown the run after each noise and
    before the step that it goes into: the generator's weights and noisy gradients are released.
    """

    batches: Iterator[Tensor]
    noise_multiplier: float
    expected_batch_size: float
    watch: Callable[[Any, NoisySteps], None] | None = None


@dataclass(frozen=True)
class NoisyTeachers:
    """The steps of each teacher that sees rows; None for one that is off."""

    likelihood: NoisySteps | None = None
    adversary: NoisySteps | None = None


def noisy_optimizer(
    optimizer: torch.optim.Optimizer, steps: NoisySteps, max_grad_norm: float
) -> NoisyOptimizer:
    """Opacus' optimiser: `pre_step` makes of a clipped sum in `grad` the noisy mean."""
    return NoisyOptimizer(
        optimizer,
        noise_multiplier=steps.noise_multiplier,
        max_grad_norm=max_grad_norm,
        expected_batch_size=steps.expected_batch_size,
        loss_reduction="mean",
    )


def leave_clipped_sum(
    rows: ClippedRows, codes: Tensor, visible_of: Callable[[Tensor], Tensor], loss_of: LossOfRows
) -> None:
    """Leave the sum of the rows' clipped gradients in every parameter's `grad`.

    `visible_of(codes)` throws the coins of a batch, `loss_of` is that of `ClippedRows.backward_of`.
    Zero for no rows; a row without a finite loss counts nothing. Shape: codes [rows, blocks].
    Privacy: one row more moves the sum by at most the clip norm, in L2.
    """
    if len(codes):
        with unseeded(codes.device):
            rows.add_up(loss_of, codes, visible_of(codes))
    for part in rows.parameters():
        if part.requires_grad and part.grad is None:
            part.grad = torch.zeros_like(part)
