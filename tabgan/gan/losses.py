"""What each teacher says, as numbers to make small.

Adversarial losses come as a pair of functions of scores: the discriminator's, which sees real
and made scores, and the generator's. Scores are [rows]; every loss is a mean, in nats where
it is a likelihood.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from tabgan.gan.blocks import Blocks
from tabgan.gan.discriminator import Discriminator

ScoreLoss = Callable[[Tensor, Tensor], Tensor]
RowLoss = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class AdversarialLoss:
    """One family: `discriminator(real, made)` and `generator(real, made)` -> scalar.

    `clip`: weights of the discriminator are clipped to this after each step (0: never).
    `penalty`: "wgan-gp" (gradient norm 1 between real and made), "r1r2" (gradient norm 0 at
    real and made rows) or "" (none).
    `of_rows`: the discriminator's loss of each real and of each made score by itself; None where a
    real row's loss depends on another row, which rules out clipping row by row.
    """

    discriminator: ScoreLoss
    generator: ScoreLoss
    clip: float = 0.0
    penalty: str = ""
    of_rows: tuple[RowLoss, RowLoss] | None = None


def _separate(
    real_loss: RowLoss, made_loss: RowLoss, generator: RowLoss, clip: float = 0.0
) -> AdversarialLoss:
    """A family in which every row is judged by itself."""
    return AdversarialLoss(
        discriminator=lambda real, made: real_loss(real).mean() + made_loss(made).mean(),
        generator=lambda _, made: generator(made).mean(),
        clip=clip,
        of_rows=(real_loss, made_loss),
    )


def _is_real(score: Tensor) -> Tensor:
    """Minus the logarithm of the chance that the row is real."""
    return F.softplus(-score)


def _is_made(score: Tensor) -> Tensor:
    return F.softplus(score)


LOSSES: dict[str, AdversarialLoss] = {
    # Goodfellow et al. 2014, equation 1: the generator makes log(1 - D(made)) small.
    "minimax": _separate(_is_real, _is_made, lambda made: -F.softplus(made)),
    # Goodfellow et al. 2014, section 3: the generator makes log D(made) large.
    "non-saturating": _separate(_is_real, _is_made, _is_real),
    # Mao et al. 2017, equation 9 (a = 0, b = c = 1).
    "least-squares": _separate(
        lambda real: (real - 1) ** 2 / 2, lambda made: made**2 / 2, lambda made: (made - 1) ** 2 / 2
    ),
    # Lim & Ye 2017, section 2.
    "hinge": _separate(lambda real: F.relu(1 - real), lambda made: F.relu(1 + made), lambda made: -made),
    # Arjovsky et al. 2017, algorithm 1.
    "wasserstein": _separate(lambda real: -real, lambda made: made, lambda made: -made, clip=0.05),
    # Gulrajani et al. 2017, equation 3.
    "wasserstein-gp": AdversarialLoss(
        lambda real, made: made.mean() - real.mean(), lambda _, made: -made.mean(), penalty="wgan-gp"
    ),
    # Huang et al. 2024 (R3GAN), equations 2 and 3: each made row against one real row.
    "relativistic": AdversarialLoss(
        lambda real, made: F.softplus(made - real).mean(),
        lambda real, made: F.softplus(real - made).mean(),
        penalty="r1r2",
    ),
}


def smoothed(loss: ScoreLoss, smoothing: float) -> ScoreLoss:
    """One-sided label smoothing: real rows count as real only to 1 - `smoothing`.

    Source: Salimans et al. 2016, section 3.4. The share `smoothing` of real rows' loss is
    that of made rows with the same score; made rows count in full.
    """
    if not smoothing:
        return loss

    def blended(real: Tensor, made: Tensor) -> Tensor:
        # What is detached adds to the number that is told, not to the gradient.
        as_made = loss(made.detach(), real) + loss(real.detach(), made)
        return (1 - smoothing) * loss(real, made) + smoothing * as_made

    return blended


def likelihood(logits: Tensor, codes: Tensor, visible: Tensor, blocks: Blocks) -> Tensor:
    """Cross-entropy of a row's hidden blocks, averaged over them, then over rows.

    Shape: logits [rows, flat codes], codes and visible [rows, blocks] -> scalar. Unit: nats.
    """
    is_hidden = (~visible).to(logits.dtype)
    losses = block_losses(logits, codes, blocks) * is_hidden
    return (losses.sum(1) / is_hidden.sum(1).clamp(min=1)).mean()


def block_losses(logits: Tensor, codes: Tensor, blocks: Blocks) -> Tensor:
    """Shape: -> [rows, blocks]: cross-entropy of every block, in nats."""
    parts = [
        F.nll_loss(
            view.log_softmax(-1).flatten(0, 1), codes[:, list(bucket.blocks)].flatten(), reduction="none"
        )
        for view, bucket in zip(blocks.views(logits), blocks.buckets, strict=True)
    ]
    joined = torch.cat([part.unflatten(0, (len(codes), -1)) for part in parts], 1)
    return torch.empty_like(joined).index_copy(1, blocks.bucket_order, joined)


def marginals(rows: Tensor, chances: Tensor, group: Tensor, block: Tensor) -> Tensor:
    """One- and two-way marginals of a batch, from the generator's probabilities.

    Two blocks of one group are independent given what came before, so their joint chance is
    the product of chances; for blocks of different groups the earlier one is a draw, which the
    later one's chances know. Two codes of one block never meet.
    Shape: rows, chances [rows, flat codes], group and block [flat codes] (number of the round
    and of the block that a code belongs to) -> [flat, flat]; the diagonal holds the one-way
    marginals.
    """
    n_rows = len(rows)
    within = chances.T @ chances / n_rows
    across = rows.T @ chances / n_rows
    across = torch.where(group[:, None] < group, across, across.T)
    two_way = torch.where(group[:, None] == group, within, across)
    return two_way.masked_fill(block[:, None] == block, 0.0) + torch.diag(chances.mean(0))


def marginal_error(made: Tensor, real: Tensor, n_pairs: int) -> Tensor:
    """Squared error between two matrices of marginals, summed over cells, a mean over pairs."""
    return ((made - real) ** 2).sum() / n_pairs


def input_gradients(discriminator: Discriminator, rows: Tensor, view: Tensor) -> tuple[Tensor, Tensor]:
    """Scores, and each row's gradient of its score: [rows, flat codes]."""
    rows = rows.detach().requires_grad_(True)
    scores = discriminator(rows, view)
    gradient: Tensor = torch.autograd.grad(scores.sum(), rows, create_graph=True)[0]
    return scores, gradient


def gradient_penalty(
    kind: str, discriminator: Discriminator, real: Tensor, made: Tensor, view: Tensor
) -> Tensor:
    """The penalty named by `kind` on one batch of flat rows; a scalar to be weighted.

    Rows that are judged together are one point: they share a place between real and made, and the
    gradient of their score has one norm.
    """
    if kind == "wgan-gp":
        pac = discriminator.pac
        share = torch.rand(len(real) // pac, 1, device=real.device).repeat_interleave(pac, 0)
        _, gradient = input_gradients(discriminator, real.lerp(made, share), view)
        norms: Tensor = gradient.reshape(len(real) // pac, -1).norm(dim=1)
        return ((norms - 1) ** 2).mean()
    _, at_real = input_gradients(discriminator, real, view)
    _, at_made = input_gradients(discriminator, made, view)
    both: Tensor = at_real.square().sum(1).mean() + at_made.square().sum(1).mean()
    return both / 2
