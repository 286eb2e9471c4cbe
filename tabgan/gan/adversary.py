"""One step of the game: the discriminator learns to tell, then the generator learns from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tabgan.gan import losses
from tabgan.gan.batches import Rows, learning_masks, random_masks, rank_of
from tabgan.gan.blocks import Blocks
from tabgan.gan.discriminator import Discriminator
from tabgan.gan.generator import Generator
from tabgan.gan.micro_batches import MicroBatches, Told
from tabgan.gan.precision import half_products
from tabgan.gan.rounds import Draw, Luck, Rounds, draw, equal_runs, rounds_of
from tabgan.gan.settings import Settings
from tabgan.gan.standing import Parts

WHOLE = 2**62  # rows: no batch has as many, so it is never parted


@dataclass
class Batch:
    """Real rows of a step, what is shown of them, and what made rows are given of them.

    Shape: codes, view, condition [rows, blocks]. In parts: `luck`, by which the same rows are made twice,
    and `masks`, what the likelihood shows; else `made`, with its gradients.
    """

    codes: Tensor
    view: Tensor
    condition: Tensor
    luck: Luck | None = None
    masks: tuple[Tensor, Tensor] | None = None
    made: Draw | None = None


class Adversary:
    """The discriminator with its optimiser, and the generator's step against it.

    `target`: block that the auxiliary classifier names, or None. `table_marginals` [flat, flat]
    is what the marginals teacher compares with, or None when it is off.
    """

    def __init__(
        self,
        generator: Generator,
        order: tuple[int, ...],
        settings: Settings,
        *,
        target: int | None = None,
        table_marginals: Tensor | None = None,
    ) -> None:
        self.generator, self.blocks, self.settings = generator, generator.blocks, settings
        self.target = target if settings.auxiliary else None
        self.loss = losses.LOSSES[settings.loss]
        self.discriminator_loss = losses.smoothed(self.loss.discriminator, settings.label_smoothing)
        # These two compare whole batches: half of one has another loss.
        is_joint = settings.feature_matching > 0 or table_marginals is not None
        self.micro = MicroBatches(WHOLE if is_joint else settings.pac)
        self.draw_in(equal_runs(order, settings.rounds or len(order)))
        self.discriminator = Discriminator(
            self.blocks,
            discriminator_dim=settings.discriminator_dim,
            dropout=settings.discriminator_dropout,
            pac=settings.pac,
            n_labels=0 if self.target is None else self.blocks.sizes[self.target],
            spectral_norm=settings.spectral_norm,
        ).to(self.blocks.device)
        self.optimizer = torch.optim.Adam(
            self.discriminator.parameters(), lr=settings.discriminator_lr, betas=(0.5, 0.99), fused=True
        )
        self.generator_optimizer = torch.optim.Adam(
            generator.parameters(), lr=settings.generator_lr, betas=(0.5, 0.99), fused=True
        )
        self.table_marginals = table_marginals

    def draw_in(self, runs: Sequence[Sequence[int]]) -> None:
        """Play for rows that are drawn in these runs of blocks."""
        self.runs = tuple(map(tuple, runs))
        self.rounds = rounds_of(self.generator, self.runs)
        self.rank = rank_of([block for run in self.runs for block in run], self.blocks.device)
        self._group_of_code = _group_of_code(self.blocks, self.rounds)

    def parts(self, others: dict[str, nn.Module]) -> Parts:
        """What the game changes from step to step; `others` are networks that are kept beside it."""
        networks = {"generator": self.generator, "discriminator": self.discriminator, **others}
        return Parts(networks, {"adam": self.generator_optimizer, "discriminator_adam": self.optimizer})

    def set_learning_rates(self, share: float) -> None:
        """Both rates as a share of their settings; the discriminator's falls to a third only."""
        self.generator_optimizer.param_groups[0]["lr"] = self.settings.generator_lr * share
        self.optimizer.param_groups[0]["lr"] = self.settings.discriminator_lr * (0.3 + 0.7 * share)

    def step(self, data: Rows, *, teach_generator: bool) -> dict[str, Tensor]:
        """Discriminator steps, then (`teach_generator`) one step of the generator.

        Returns the losses, detached, still on the device.
        """
        # Dropout in the drawing would be one more thing by which made rows are told.
        self.generator.eval()
        told: dict[str, Tensor] = {}
        for last in reversed(range(self.settings.discriminator_steps)):
            codes = self._whole_packs(data.batch())
            batch = Batch(codes, self._view(codes), self._condition(codes))
            with torch.set_grad_enabled(teach_generator and not last):
                made = self.micro.attempt(len(codes), lambda: self._made(batch))  # noqa: B023
            if self.settings.teachers.adversary:
                told |= self._teach_discriminator(batch, made.rows.detach())
        if teach_generator:
            batch.made = None if batch.luck else made
            del made
            told |= self._teach_generator(batch)
        return told

    def _made(self, batch: Batch) -> Draw:
        """Rows made beside the real ones; in parts without gradients, which are drawn once more for them."""
        codes, condition = batch.codes, batch.condition
        if not self.micro.is_split(len(codes)):
            return draw(self.generator, codes, condition, self.rounds)
        batch.luck = Luck.thrown(self.generator, self.rounds, len(codes))
        with torch.no_grad():
            made = [self._made_again(batch, rows) for rows in self.micro.parts(len(codes))]
        parts = ([part.rows for part in made], [part.chances for part in made])
        return Draw(torch.cat(parts[0]), torch.cat(parts[1]))

    def _made_again(self, batch: Batch, rows: slice) -> Draw:
        assert batch.luck is not None
        codes, condition = batch.codes[rows], batch.condition[rows]
        return draw(self.generator, codes, condition, self.rounds, batch.luck.of(rows))

    def _whole_packs(self, codes: Tensor) -> Tensor:
        pac = self.settings.pac
        n_rows = max(len(codes) // pac, 1) * pac
        return codes[torch.arange(n_rows, device=codes.device) % len(codes)]

    def _condition(self, codes: Tensor) -> Tensor:
        """Nothing visible for most rows, a random subset of blocks for the others."""
        share = self.settings.conditional_share
        is_conditional = torch.rand(len(codes), 1, device=codes.device) < share
        return random_masks(codes) & is_conditional

    def _view(self, codes: Tensor) -> Tensor:
        if not self.settings.discriminator_views:
            return torch.ones_like(codes, dtype=torch.bool)
        return random_masks(codes, *self.settings.view_share)

    def _teach_discriminator(self, batch: Batch, made: Tensor) -> Told:
        """One step. Shape: made [rows, flat codes]."""
        net = self.discriminator

        def part(rows: slice, share: float) -> Told:
            loss, total = self._discriminator_losses(batch.codes[rows], made[rows], batch.view[rows])
            (share * total).backward()
            return {"discriminator": share * loss.detach()}

        told = self.micro.add_up(len(made), self.optimizer.zero_grad, part)
        self.optimizer.step()
        if self.loss.clip:
            with torch.no_grad():
                for weight in net.parameters():
                    weight.clamp_(-self.loss.clip, self.loss.clip)
        return told

    def _discriminator_losses(self, codes: Tensor, made: Tensor, view: Tensor) -> tuple[Tensor, Tensor]:
        """What it says of real and made rows, and the same with penalties."""
        net, settings = self.discriminator, self.settings
        with half_products(codes.device):
            real_scores = net.score(net.real_features(codes, view))[:, 0].float()
            made_scores = net(made, view)
        loss = self.discriminator_loss(real_scores, made_scores)
        total = loss
        if self.loss.penalty:
            real = self.blocks.one_hot(codes)
            penalty = losses.gradient_penalty(self.loss.penalty, net, real, made, view)
            total = total + settings.penalty_weight * penalty
        if self.target is not None:
            total = total + settings.auxiliary * self._label_loss(self.blocks.one_hot(codes), view)
        return loss, total

    def _teach_generator(self, batch: Batch) -> Told:
        n_rows = len(batch.codes)

        def begin() -> None:
            self.generator_optimizer.zero_grad()
            if self.micro.is_split(n_rows):
                batch.made = None
                batch.luck = batch.luck or Luck.thrown(self.generator, self.rounds, n_rows)
                batch.masks = learning_masks(batch.codes, self.rank, self.settings)

        def part(rows: slice, share: float) -> Told:
            self.generator.eval()
            made = self._made_again(batch, rows) if batch.made is None else batch.made
            total, told = self._generator_losses(batch, rows, made)
            (share * total).backward()
            return {name: share * value for name, value in told.items()}

        told = self.micro.add_up(n_rows, begin, part)
        nn.utils.clip_grad_norm_(self.generator.parameters(), self.settings.gradient_clip)
        self.generator_optimizer.step()
        return told

    def _generator_losses(self, batch: Batch, rows: slice, made: Draw) -> tuple[Tensor, Told]:
        """The teachers' losses of some rows, weighted and by name."""
        teachers = self.settings.teachers
        codes, view = batch.codes[rows], batch.view[rows]
        total = torch.zeros((), device=codes.device)
        told = {}
        if teachers.adversary:
            self.discriminator.requires_grad_(False)
            try:
                adversarial = self._adversarial_loss(codes, made, view)
            finally:
                self.discriminator.requires_grad_(True)
            total = teachers.adversary * adversarial
            told["generator"] = adversarial.detach()
        if teachers.likelihood:
            self.generator.train()
            seen, early = (
                learning_masks(codes, self.rank, self.settings)
                if batch.masks is None
                else [one[rows] for one in batch.masks]
            )
            with half_products(codes.device):
                logits = self.generator(codes, seen, early=early)
            nats = losses.likelihood(logits, codes, seen, self.blocks)
            total = total + teachers.likelihood * nats
            told["likelihood"] = nats.detach()
        if self.table_marginals is not None:
            now = losses.marginals(made.rows, made.chances, self._group_of_code, self.blocks.block_of)
            n_pairs = self.blocks.n_blocks**2
            error = losses.marginal_error(now, self.table_marginals, n_pairs)
            total = total + teachers.marginals * error
            told["marginals"] = error.detach()
        return total, told

    def _adversarial_loss(self, codes: Tensor, made: Draw, view: Tensor) -> Tensor:
        net, settings = self.discriminator, self.settings
        with half_products(codes.device):
            features = net.soft_features(made.rows, view)
            made_scores = net.score(features)[:, 0].float()
            with torch.no_grad():
                real_features = net.real_features(codes, view)
                real_scores = net.score(real_features)[:, 0].float()
        loss = self.loss.generator(real_scores, made_scores)
        if settings.feature_matching:
            gap = features.mean(0) - real_features.mean(0)
            loss = loss + settings.feature_matching * gap.square().sum()
        if self.target is not None:
            loss = loss + settings.auxiliary * self._label_loss(made.rows, view)
        return loss

    def _label_loss(self, rows: Tensor, view: Tensor) -> Tensor:
        """Cross-entropy of the target block's code, told from the other blocks in view."""
        assert self.target is not None
        assert self.discriminator.label is not None
        labels = rows[:, self.blocks.slices[self.target]]
        others = view.clone()
        others[:, self.target] = False
        logits = self.discriminator.label(self.discriminator.soft_features(rows, others))
        if self.settings.pac > 1:
            labels = labels.unflatten(0, (-1, self.settings.pac)).mean(1)
        return -(labels * F.log_softmax(logits, -1)).sum(-1).mean()


def _group_of_code(blocks: Blocks, rounds: Rounds) -> Tensor:
    """In which step of the drawing each flat code is drawn. Shape: -> [flat codes]."""
    group_of_block = torch.empty(blocks.n_blocks, dtype=torch.long, device=blocks.device)
    for index, group in enumerate(group for steps in rounds.steps for group in steps):
        group_of_block[group.blocks] = index
    return group_of_block[blocks.block_of]
