"""Private training, top to bottom: released pairs, then rows under DP-SGD, then the pairs again.

1. The released pairs and triples are smoothed. The generator learns rows drawn from their tree and
   weighted to all of them, by likelihood; then its own rows, weighted again.
2. It learns the private rows by likelihood: Poisson batches, gradients clipped row by row over
   several masks, noise once a step.
3. It learns from an adversary that learns the private rows so, where one is asked for.
4. A pool of rows is drawn from it, weighted to pairs and triples, and learned once more.

The plain private GAN is step 3 alone. Only steps 2 and 3 see rows, and only through `batches`.
Nothing is chosen by a loss of real rows: no early stopping, no learning rate, no record.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from tabgan.gan import losses
from tabgan.gan.batches import mixed_masks, rank_of
from tabgan.gan.blocks import Blocks
from tabgan.gan.clipping import clipped
from tabgan.gan.dp_sgd import NoisySteps, NoisyTeachers, leave_clipped_sum, noisy_optimizer
from tabgan.gan.generator import Generator
from tabgan.gan.order import drawing_order
from tabgan.gan.private_adversary import play_privately
from tabgan.gan.raking import pool_size, raked
from tabgan.gan.rounds import equal_runs, free_rows, rounds_of
from tabgan.gan.settings import PrivateSettings
from tabgan.gan.smoothing import smoothed
from tabgan.gan.trained import Trained
from tabgan.gan.tree import (
    FloatArray,
    NoisyMarginals,
    dependence,
    joint_dependence,
    spanning_tree,
    tree_rows,
)
from tabgan.gan.watch import Average, Callback, Record, cosine

DRAWN_AT_ONCE = 8192
EVERY = 50
LEAST_LR = 0.02  # of the full learning rate


def train_privately(  # noqa: PLR0913  # a run, and those who look on
    marginals: NoisyMarginals,
    teachers: NoisyTeachers,
    blocks: Blocks,
    settings: PrivateSettings,
    *,
    parents: Sequence[int | None],
    target: Sequence[int] = (),
    callbacks: tuple[Callback, ...] = (),
    is_stopped: Callable[[], bool] = lambda: False,
) -> Trained:
    """Train a generator on released marginals and booked batches, those of each teacher if any.

    `is_stopped` is asked before every step and ends training where it stands; batches that were booked
    stay booked, seen or not. Randomness but the noise and the batches is torch's global generator, which
    the caller seeds.
    """
    marginals = smoothed(marginals, blocks)
    shares = marginals.shares(blocks)
    dependences = dependence(marginals, shares)
    information = torch.from_numpy(dependences).float().clamp(min=0)
    order = drawing_order(information, parents, settings.rounds, target)
    generator = _fresh_generator(blocks, settings, shares, marginals.n_rows)
    run = PrivateRun(generator, order, settings, callbacks, is_stopped)
    if marginals.pairs:
        root = target[0] if target else order[0]
        tree = spanning_tree(dependences, root, joint_dependence(marginals))
        n_warm = pool_size(len(marginals.tables), settings.warm_rows)
        rows = tree_rows(tree, marginals, shares, n_warm).to(blocks.device)
        # Twice: most pairs of the first rows are too far off for weights alone.
        run.learn_released(raked(rows, marginals), "tree", settings.warm_steps, settings.warm_lr)
        if not run.stops("pairs", 0):
            rows = torch.cat([rows[: n_warm // 2], run.draw_rows(n_warm - n_warm // 2, len(order))])
            run.learn_released(raked(rows, marginals), "pairs", settings.warm_steps, settings.warm_lr)
    if teachers.likelihood is not None and not run.stops("rows", 0):
        run.learn_rows(teachers.likelihood)
    n_rounds = len(order)
    if teachers.adversary is not None and not run.stops("adversary", 0):
        run.learn_from_adversary(teachers.adversary)
        n_rounds = settings.rounds
    if marginals.pairs and not run.stops("pairs again", 0):
        pool = run.draw_rows(pool_size(len(marginals.tables), settings.pool_rows), n_rounds)
        run.learn_released(raked(pool, marginals), "pairs again", settings.distil_steps, settings.distil_lr)
    generator = _weights_alone(generator, settings)
    warnings = [run.stopped] if run.stopped else []
    alone = tuple((block,) for block in order)  # which may be drawn together is asked of rows
    return Trained(generator, generator, order, alone, (), run.history, warnings, run.stopped)


def _fresh_generator(
    blocks: Blocks, settings: PrivateSettings, shares: Sequence[FloatArray], n_rows: float
) -> Generator:
    """A generator that draws every block by its one-way marginal."""
    generator = _generator(blocks, settings)
    generator.noise.requires_grad_(False)
    flat = torch.zeros(blocks.n_flat, dtype=torch.float64)
    for codes, of_block in zip(blocks.slices, shares, strict=True):
        flat[codes] = torch.from_numpy(of_block)
    with torch.no_grad():
        generator.head.bias.copy_((flat + 1 / (n_rows + 1)).log())
    return generator


def _generator(blocks: Blocks, settings: PrivateSettings) -> Generator:
    dim, dims = settings.embedding_dim, settings.generator_dim
    return Generator(blocks, embedding_dim=dim, generator_dim=dims, dropout=0.0).to(blocks.device)


def _weights_alone(trained: Generator, settings: PrivateSettings) -> Generator:
    """The weights, which are released, in a network that met no row.

    Opacus hangs norms of rows and sums without noise on the parameters that it looks at; there they would
    stay for whoever gets the network, or a pickle of it.
    """
    alone = _generator(trained.blocks, settings)
    alone.load_state_dict(trained.state_dict())
    return alone.eval().requires_grad_(False)


class PrivateRun:
    """One private training run: a generator and what its three parts share."""

    def __init__(
        self,
        generator: Generator,
        order: tuple[int, ...],
        settings: PrivateSettings,
        callbacks: tuple[Callback, ...],
        is_stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self.generator, self.order, self.settings = generator, order, settings
        self.blocks = generator.blocks
        self.rank = rank_of(order, self.blocks.device)
        self.callbacks, self.is_stopped = callbacks, is_stopped
        self.stopped = ""
        self.history: list[Record] = []
        self.start = time.monotonic()

    def learn_released(self, rows: Tensor, phase: str, n_steps: int, lr: float) -> None:
        """Likelihood of rows that were made from released counts. Shape: [rows, blocks]."""
        generator, settings = self.generator.train(), self.settings
        optimizer = torch.optim.Adam(self._parameters(), lr=lr, betas=(0.9, 0.99), fused=True)
        for index in range(n_steps):
            if self.stops(phase, index):
                return
            codes = rows[torch.randint(len(rows), (settings.public_batch_size,), device=rows.device)]
            visible = mixed_masks(codes, self.rank, settings.prefix_share)
            loss = losses.likelihood(generator(codes, visible), codes, visible, self.blocks)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self._parameters(), 1.0)
            optimizer.param_groups[0]["lr"] = lr * cosine(index / n_steps, LEAST_LR)
            optimizer.step()
            self._tell(phase, index + 1, n_steps, lambda: {"likelihood": loss.item()})  # noqa: B023

    def learn_rows(self, steps: NoisySteps) -> None:
        """Likelihood of private rows by DP-SGD; the averaged weights are kept.

        Privacy: one Gaussian mechanism a step on the sum of clipped gradients, as booked.
        """
        settings = self.settings
        rows = clipped(self.generator.train(), settings.max_grad_norm)
        adam = torch.optim.Adam(self._parameters(), lr=settings.lr, betas=(0.9, 0.99), fused=True)
        optimizer = noisy_optimizer(adam, steps, settings.max_grad_norm)
        average = Average(self.generator, settings.ema)
        for index, codes in enumerate(steps.batches):
            if self.stops("rows", index):
                break
            optimizer.zero_grad(set_to_none=True)
            leave_clipped_sum(rows, codes, self.masks_of_rows, self.loss_of_rows)
            optimizer.pre_step()
            if steps.watch is not None:
                steps.watch(self, steps)
            warm_up = min(1.0, (index + 1) / 20)
            adam.param_groups[0]["lr"] = settings.lr * warm_up * cosine(index / settings.steps, LEAST_LR)
            adam.step()
            average.update()
            self._tell("rows", index + 1, settings.steps, dict)
        rows.remove_hooks()
        self.generator.load_state_dict(average.network.state_dict())

    def learn_from_adversary(self, steps: NoisySteps) -> None:
        """The game against a discriminator that learns private rows by DP-SGD.

        Privacy: one Gaussian mechanism a step on the sum of clipped gradients, as booked.
        """
        self.generator.requires_grad_(True)
        n_steps = self.settings.steps

        def tell(step: int, losses_of: Callable[[], Record]) -> None:
            self._tell("adversary", step, n_steps, losses_of)

        def stops(index: int) -> bool:
            return self.stops("adversary", index)

        play_privately(self.generator, self.order, self.settings, steps, tell, stops)
        self.generator.noise.requires_grad_(False)

    def stops(self, phase: str, index: int) -> bool:
        """Whether the world outside ends training before this step. Nothing of a row decides it."""
        if not self.stopped and self.is_stopped():
            told = f"Training was interrupted in its part {phase!r} after {index:,} steps"
            self.stopped = f"{told}; the weights so far are kept, and what was charged stays charged."
        return bool(self.stopped)

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

    def draw_rows(self, n_rows: int, n_rounds: int) -> Tensor:
        """Rows of the generator as it is. Shape: -> int64 [rows, blocks]."""
        self.generator.eval()
        rounds = rounds_of(self.generator, equal_runs(self.order, n_rounds))
        return free_rows(self.generator, rounds, n_rows, DRAWN_AT_ONCE)

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
