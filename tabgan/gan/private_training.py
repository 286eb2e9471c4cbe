"""Private training, top to bottom: released pairs, then rows under DP-SGD, then the pairs again.

1. The generator learns rows drawn from the tree of the released marginals and weighted to all
   released pairs, by likelihood; then its own rows, weighted again.
2. It learns the private rows by likelihood: Poisson batches, gradients clipped row by row over
   several masks, noise once a step.
3. A pool of rows is drawn from it, weighted to the released pairs, and learned once more.

Only step 2 sees rows, and only through `batches`. Nothing is chosen by a loss of real rows: no
early stopping, no learning rate, no record.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tabgan.gan import losses
from tabgan.gan.batches import mixed_masks, rank_of
from tabgan.gan.blocks import Blocks
from tabgan.gan.clipping import ClippedRows, clipped
from tabgan.gan.generator import Generator
from tabgan.gan.noise import NoisyOptimizer, unseeded
from tabgan.gan.order import drawing_order
from tabgan.gan.raking import pool_size, raked
from tabgan.gan.rounds import draw, rounds_of
from tabgan.gan.settings import PrivateSettings
from tabgan.gan.training import Trained
from tabgan.gan.tree import NoisyMarginals, dependence, spanning_tree, tree_rows
from tabgan.gan.watch import Average, Callback, Record

DRAWN_AT_ONCE = 8192
EVERY = 50


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
    watch: Callable[[PrivateRun, NoisySteps], None] | None = None


def train_privately(
    marginals: NoisyMarginals,
    steps: NoisySteps,
    blocks: Blocks,
    settings: PrivateSettings,
    *,
    parents: Sequence[int | None],
    target: Sequence[int] = (),
    callbacks: tuple[Callback, ...] = (),
) -> Trained:
    """Train a generator on released marginals and booked batches.

    Randomness but the noise and the batches is torch's global generator, which the caller seeds.
    """
    shares = marginals.shares(blocks)
    dependences = dependence(marginals, shares, blocks)
    information = torch.from_numpy(dependences).float().clamp(min=0)
    order = drawing_order(information, parents, settings.rounds, target)
    root = target[0] if target else order[0]
    tree = spanning_tree(dependences, root)
    generator = Generator(
        blocks, embedding_dim=settings.embedding_dim, generator_dim=settings.generator_dim, dropout=0.0
    ).to(blocks.device)
    generator.noise.requires_grad_(False)
    with torch.no_grad():
        floor = 1 / (marginals.n_rows + 1)
        generator.head.bias.copy_((torch.from_numpy(shares) + floor).log())
    run = PrivateRun(generator, order, settings, callbacks)
    n_warm, n_last = (pool_size(blocks, most) for most in (settings.warm_rows, settings.pool_rows))
    rows = tree_rows(tree, marginals, shares, blocks, n_warm).to(blocks.device)
    # Twice: most pairs of the first rows are too far off for weights alone.
    run.learn_released(raked(rows, marginals, blocks), "tree", settings.warm_steps, settings.warm_lr)
    rows = raked(run.draw_rows(n_warm), marginals, blocks)
    run.learn_released(rows, "pairs", settings.warm_steps, settings.warm_lr)
    run.learn_rows(steps)
    rows = raked(run.draw_rows(n_last), marginals, blocks)
    run.learn_released(rows, "pairs again", settings.distil_steps, settings.distil_lr)
    generator.eval().requires_grad_(False)
    return Trained(generator, generator, order, run.history, [])


class PrivateRun:
    """One private training run: a generator and what its three parts share."""

    def __init__(
        self,
        generator: Generator,
        order: tuple[int, ...],
        settings: PrivateSettings,
        callbacks: tuple[Callback, ...],
    ) -> None:
        self.generator, self.order, self.settings = generator, order, settings
        self.blocks = generator.blocks
        self.rank = rank_of(order, self.blocks.device)
        self.callbacks = callbacks
        self.history: list[Record] = []
        self.start = time.monotonic()

    def learn_released(self, rows: Tensor, phase: str, n_steps: int, lr: float) -> None:
        """Likelihood of rows that were made from released counts. Shape: [rows, blocks]."""
        generator, settings = self.generator.train(), self.settings
        optimizer = torch.optim.Adam(self._parameters(), lr=lr, betas=(0.9, 0.99))
        for index in range(n_steps):
            codes = rows[torch.randint(len(rows), (settings.public_batch_size,), device=rows.device)]
            visible = mixed_masks(codes, self.rank, settings.prefix_share)
            loss = losses.likelihood(generator(codes, visible), codes, visible, self.blocks)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self._parameters(), 1.0)
            optimizer.param_groups[0]["lr"] = lr * _cosine(index / n_steps)
            optimizer.step()
            self._tell(phase, index + 1, n_steps, lambda: {"likelihood": loss.item()})  # noqa: B023

    def learn_rows(self, steps: NoisySteps) -> None:
        """Likelihood of private rows by DP-SGD; the averaged weights are kept.

        Privacy: one Gaussian mechanism a step on the sum of clipped gradients, as booked.
        """
        settings = self.settings
        rows = clipped(self.generator.train(), settings.max_grad_norm)
        adam = torch.optim.Adam(self._parameters(), lr=settings.lr, betas=(0.9, 0.99))
        optimizer = NoisyOptimizer(
            adam,
            noise_multiplier=steps.noise_multiplier,
            max_grad_norm=settings.max_grad_norm,
            expected_batch_size=steps.expected_batch_size,
            loss_reduction="mean",
        )
        average = Average(self.generator, settings.ema)
        for index, codes in enumerate(steps.batches):
            optimizer.zero_grad(set_to_none=True)
            with unseeded(self.blocks.device):
                self._sum_of_clipped_gradients(rows, codes)
            optimizer.pre_step()
            if steps.watch is not None:
                steps.watch(self, steps)
            warm_up = min(1.0, (index + 1) / 20)
            adam.param_groups[0]["lr"] = settings.lr * warm_up * _cosine(index / settings.steps)
            adam.step()
            average.update()
            self._tell("rows", index + 1, settings.steps, dict)
        rows.remove_hooks()
        self.generator.load_state_dict(average.network.state_dict())

    def _sum_of_clipped_gradients(self, rows: ClippedRows, codes: Tensor) -> None:
        """Leave it in every parameter's `grad`; zero for no rows and for rows whose gradient is no number."""
        rows.backward_of(self.loss_of_rows, codes, self.masks_of_rows(codes))
        for part in self._parameters():
            if part.grad is None:
                part.grad = torch.zeros_like(part)

    def masks_of_rows(self, codes: Tensor) -> Tensor:
        """Shape: -> bool [rows, masks, blocks]."""
        n_masks, share = self.settings.masks, self.settings.prefix_share
        return torch.stack([mixed_masks(codes, self.rank, share) for _ in range(n_masks)], 1)

    def loss_of_rows(self, network: nn.Module, codes: Tensor, visible: Tensor) -> Tensor:
        """Mean over masks of the cross-entropy of hidden blocks. Shape: -> [rows]. Unit: nats."""
        return self.loss_of_logits(network(codes[:, None].expand_as(visible), visible), codes, visible)

    def loss_of_logits(self, logits: Tensor, codes: Tensor, visible: Tensor) -> Tensor:
        """The same, of logits [rows, masks, flat codes]."""
        n_masks = visible.shape[1]
        is_hidden = (~visible).flatten(0, 1).to(logits.dtype)
        repeated = codes.repeat_interleave(n_masks, 0)
        nats = losses.block_losses(logits.flatten(0, 1), repeated, self.blocks) * is_hidden
        per_view = nats.sum(1) / is_hidden.sum(1).clamp(min=1)
        return per_view.view(-1, n_masks).mean(1)

    @torch.no_grad()
    def draw_rows(self, n_rows: int) -> Tensor:
        """Rows of the generator as it is, one block at a time. Shape: -> int64 [rows, blocks]."""
        self.generator.eval()
        one_by_one = rounds_of(self.blocks, self.order, len(self.order))
        parts = []
        for start in range(0, n_rows, DRAWN_AT_ONCE):
            shape = (min(DRAWN_AT_ONCE, n_rows - start), self.blocks.n_blocks)
            nothing = torch.zeros(shape, dtype=torch.long, device=self.blocks.device)
            drawn = draw(self.generator, nothing, nothing.bool(), one_by_one)
            parts.append(self.blocks.codes(drawn.rows))
        return torch.cat(parts)

    def _parameters(self) -> list[nn.Parameter]:
        return [part for part in self.generator.parameters() if part.requires_grad]

    def _tell(self, phase: str, step: int, n_steps: int, losses_of: Callable[[], Record]) -> None:
        """One line of the history now and then; of real rows it tells how many steps, no more."""
        if step % EVERY and step != n_steps:
            return
        seconds = time.monotonic() - self.start
        record: Record = {"phase": phase, "step": step, "epoch": step, **losses_of()}
        left = seconds * (n_steps - step) / step if phase == "rows" else 0.0
        record |= {
            "seconds": round(seconds, 2),
            "progress": round(step / n_steps, 4),
            "seconds_left": round(left),
        }
        self.history.append(record)
        for callback in self.callbacks:
            callback(record)


def _cosine(progress: float) -> float:
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress))
