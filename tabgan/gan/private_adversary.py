"""The adversary of private mode: a discriminator that learns real rows by DP-SGD.

The gradient of a real row is clipped and the sum gets noise. Made rows are clipped alike, so that
the two sides stay in balance, but need no noise: they are drawn by a generator that has met rows only
through the noisy discriminator, and their number is public. Nothing is drawn given a real row. The
generator's step sees made rows and the discriminator, no real row.

Source: Xie et al. 2018, Differentially Private Generative Adversarial Network, algorithm 1;
Bie, Kamath & Zhang 2023, Private GANs, Revisited (several noisy steps of the discriminator for each
of the generator).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from tabgan.gan import losses
from tabgan.gan.batches import random_masks
from tabgan.gan.clipping import clipped
from tabgan.gan.discriminator import Discriminator
from tabgan.gan.dp_sgd import NoisySteps, leave_clipped_sum, noisy_optimizer
from tabgan.gan.generator import Generator
from tabgan.gan.rounds import draw, equal_runs, rounds_of
from tabgan.gan.settings import PrivateSettings
from tabgan.gan.watch import Average, Record

Tell = Callable[[int, Callable[[], Record]], None]


class PrivateAdversary:
    """The game under DP-SGD: a discriminator, its noisy steps, and the generator's step against it."""

    def __init__(
        self, generator: Generator, order: Sequence[int], settings: PrivateSettings, steps: NoisySteps
    ) -> None:
        self.generator, self.blocks, self.settings = generator, generator.blocks, settings
        self.loss = losses.LOSSES[settings.loss]
        self.rounds = rounds_of(generator, equal_runs(order, settings.rounds))
        self.n_made = max(1, round(steps.expected_batch_size))
        # No dropout: noise regularises enough, and no coin of a made row may follow a real one.
        self.discriminator = Discriminator(
            self.blocks, discriminator_dim=settings.discriminator_dim, dropout=0.0
        ).to(self.blocks.device)
        # The codes' own vectors do for a bias, and Opacus has no norms for one without a layer.
        self.discriminator.bias.requires_grad_(False)
        self.rows = clipped(self.discriminator, settings.max_grad_norm)
        learned = [part for part in self.discriminator.parameters() if part.requires_grad]
        self.adam = torch.optim.Adam(learned, lr=settings.discriminator_lr, betas=(0.5, 0.99), fused=True)
        self.optimizer = noisy_optimizer(self.adam, steps, settings.max_grad_norm)
        self.generator_optimizer = torch.optim.Adam(
            generator.parameters(), lr=settings.generator_lr, betas=(0.5, 0.99), fused=True
        )

    def teach_discriminator(self, codes: Tensor) -> None:
        """One noisy step. Shape: int64 [rows, blocks], a Poisson batch, perhaps empty.

        Privacy: one Gaussian mechanism on the sum of the rows' clipped gradients, as booked.
        """
        self.generator.eval()
        with torch.no_grad():
            made = self.blocks.codes(self._drawn())
            view = self._views(len(made))
        self.rows.enable_hooks()
        self.optimizer.zero_grad(set_to_none=True)
        self.rows.add_up(self._made_loss, made, view)
        of_made = [part.grad for part in self.optimizer.params]
        self.optimizer.zero_grad(set_to_none=True)
        leave_clipped_sum(self.rows, codes, self._views_of, self._real_loss)
        self.optimizer.pre_step()
        for part, gradient in zip(self.optimizer.params, of_made, strict=True):
            if gradient is not None:
                part.grad += gradient / self.n_made
        self.adam.step()
        self.rows.disable_hooks()
        if self.loss.clip:
            with torch.no_grad():
                for weight in self.discriminator.parameters():
                    weight.clamp_(-self.loss.clip, self.loss.clip)

    def teach_generator(self) -> Tensor:
        """One step against the discriminator as it is; no real row is looked at. Returns its loss."""
        self.discriminator.requires_grad_(False)
        made = self._drawn()
        view = self._views(len(made))[:, 0]
        scores = self.discriminator(made, view)
        loss = self.loss.generator(scores, scores)
        self.generator_optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.generator.parameters(), 1.0)
        self.generator_optimizer.step()
        self.discriminator.requires_grad_(True)
        self.discriminator.bias.requires_grad_(False)
        return loss.detach()

    def _drawn(self) -> Tensor:
        """Rows of the generator, given nothing. Shape: -> [made rows, flat codes]."""
        shape = (self.n_made, self.blocks.n_blocks)
        nothing = torch.zeros(shape, dtype=torch.long, device=self.blocks.device)
        return draw(self.generator, nothing, nothing.bool(), self.rounds).rows

    def _views(self, n_rows: int) -> Tensor:
        """Several views of every row. Shape: -> bool [rows, masks, blocks]."""
        n_masks = self.settings.masks
        blocks = torch.ones(
            n_rows * n_masks, self.blocks.n_blocks, dtype=torch.bool, device=self.blocks.device
        )
        if self.settings.discriminator_views:
            blocks = random_masks(blocks, *self.settings.view_share)
        return blocks.view(n_rows, n_masks, -1)

    def _views_of(self, codes: Tensor) -> Tensor:
        return self._views(len(codes))

    def _real_loss(self, _: nn.Module, codes: Tensor, view: Tensor) -> Tensor:
        """Each real row's loss, a mean over its views. Shape: [rows, blocks] -> [rows]."""
        assert self.loss.of_rows is not None
        of_real, of_made = self.loss.of_rows
        scores = self._scores(codes, view)
        smoothing = self.settings.label_smoothing
        loss = (1 - smoothing) * of_real(scores) + smoothing * of_made(scores)
        return torch.mean(loss, 1)

    def _made_loss(self, _: nn.Module, codes: Tensor, view: Tensor) -> Tensor:
        assert self.loss.of_rows is not None
        return torch.mean(self.loss.of_rows[1](self._scores(codes, view)), 1)

    def _scores(self, codes: Tensor, view: Tensor) -> Tensor:
        """Shape: [rows, blocks], [rows, masks, blocks] -> [rows, masks]."""
        net = self.discriminator
        repeated = codes[:, None].expand(-1, view.shape[1], -1)
        scores: Tensor = net.score(net.real_features(repeated, view))[..., 0]
        return scores


def play_privately(
    generator: Generator,
    order: Sequence[int],
    settings: PrivateSettings,
    steps: NoisySteps,
    tell: Tell,
    stops: Callable[[int], bool] = lambda _: False,
) -> None:
    """Teach the generator by a private adversary; its averaged weights are kept.

    `tell` gets the number of each noisy step and a function that gives the generator's loss; `stops` is
    asked before every step whether to end here.
    """
    adversary = PrivateAdversary(generator, order, settings, steps)
    average = Average(generator, settings.adversary_ema)
    for index, codes in enumerate(steps.batches):
        if stops(index):
            break
        adversary.teach_discriminator(codes)
        if (index + 1) % settings.discriminator_steps:
            continue
        for _ in range(settings.generator_steps):
            loss = adversary.teach_generator()
        average.update()
        tell(index + 1, lambda: {"generator": loss.item()})  # noqa: B023
    adversary.rows.remove_hooks()
    generator.load_state_dict(average.network.state_dict())
