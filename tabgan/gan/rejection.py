"""Rows that a discriminator takes for made ones are drawn again: rejection sampling.

A discriminator at its best tells, for every row, how much likelier it is in the table than among the rows
that are drawn. Keeping drawn rows in proportion to that ratio mends what the generator cannot say by
itself, at the cost of drawing more than once. It is taught after the generator, which it does not teach.
Source: Azadi et al. 2019, Discriminator Rejection Sampling.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tabgan.gan import losses
from tabgan.gan.batches import Rows, random_masks
from tabgan.gan.blocks import Blocks
from tabgan.gan.calibration import PRIOR_ROWS, rows_drawn
from tabgan.gan.discriminator import Discriminator
from tabgan.gan.drawing import Drawer
from tabgan.gan.order import one_way_marginals
from tabgan.gan.phase import Clock
from tabgan.gan.precision import half_products
from tabgan.gan.settings import Settings
from tabgan.gan.watch import Average, Record, cosine, weights_of

MADE_ROWS, MADE_CODES = 2**17, 2**26  # drawn to learn from, at most
MADE_PER_ROW, LEAST_MADE = 4, 2**14
DRAWING_SHARE = 0.3  # of the seconds
HELD_OUT = 8  # one row in so many is not learned from, and tells when to stop
PART_ROWS, NEAR_ROWS = 8_192, 1_024
EVERY, WARM_UP, PATIENCE = 50, 50, 1_000  # steps
WHOLE_SHARE = 0.5  # of the rows
LOSS = losses.LOSSES["non-saturating"].discriminator
SURELY_KEPT = 0.9  # quantile of the ratio from which on every row is kept
PASSES = 5


class Judge(nn.Module):
    """How likely each drawn row is to be kept.

    `offsets` [flat codes] are added to the scores of rows, one a block, so that kept rows have the shares of
    the table; from `bound` on, a score keeps its row for sure.
    """

    offsets: Tensor
    bound: Tensor

    def __init__(self, discriminator: Discriminator) -> None:
        super().__init__()
        self.discriminator = discriminator
        blocks = discriminator.rows.blocks
        self.register_buffer("offsets", torch.zeros(blocks.n_flat, device=blocks.device))
        self.register_buffer("bound", torch.zeros((), device=blocks.device))

    @torch.no_grad()
    def scores(self, codes: Tensor) -> Tensor:
        """Logarithms of how much likelier rows are in the table. Shape: [rows, blocks] -> [rows]."""
        net = self.discriminator
        places = net.rows.blocks.flat_index(codes)
        with half_products(codes.device):
            vectors = net.rows.table()
            sums = (F.embedding_bag(part, vectors, mode="sum") for part in places.split(NEAR_ROWS))
            scores = torch.cat([net.score(net.features(part))[:, 0] for part in sums]).float()
        told: Tensor = scores + self.offsets[places].sum(1)
        return told

    def chances(self, codes: Tensor) -> Tensor:
        """Chance that a drawn row is kept. Shape: [rows, blocks] -> [rows], from 0 to 1."""
        return (self.scores(codes) - self.bound).clamp(max=0.0).exp()


@dataclass(frozen=True)
class Lesson:
    """Who drew the rows that are judged, in which groups of blocks, and how long teaching may take.

    `is_stopped`: whether the world outside wants an end; `callbacks` get a record every so many steps, and
    end the lesson by returning True. Unit: `seconds` of wall time.
    """

    drawer: Drawer
    groups: Sequence[Sequence[int]]
    n_steps: int
    seconds: float = math.inf
    is_stopped: Callable[[], bool] = bool
    callbacks: Sequence[Callable[[Record], object]] = ()


def taught_judge(codes: Tensor, lesson: Lesson, settings: Settings, history: list[Record]) -> Judge | None:
    """A judge of the rows that are drawn as `lesson` says; None where it tells them no better than chance.

    Shape: the codes of the table, int16 [rows, blocks]. Randomness is torch's global generator.
    """
    clock, blocks = Clock(lesson.n_steps, time.monotonic(), lesson.seconds), lesson.drawer.blocks
    shuffled = torch.randperm(len(codes), device=codes.device)
    held_out, learned = shuffled[: len(codes) // HELD_OUT], shuffled[len(codes) // HELD_OUT :]
    most = min(MADE_ROWS, MADE_CODES // blocks.n_blocks)
    made = drawn(lesson, min(most, max(LEAST_MADE, MADE_PER_ROW * len(codes))), clock)
    judging = drawn(lesson, rows_drawn(blocks.n_blocks), clock)
    rows = Rows(codes, settings.batch_size, learned), Rows(made, settings.batch_size)
    teacher = _Teacher(blocks, settings, rows, clock)
    is_ended = not len(held_out)
    while not is_ended and teacher.goes_on() and not lesson.is_stopped():
        teacher.step()
        if teacher.n_steps % EVERY == 0:
            history.append(teacher.report(codes[held_out], judging))
            for callback in lesson.callbacks:
                is_ended |= callback(dict(history[-1])) is True
    if teacher.best is None:
        return None
    teacher.net.load_state_dict(teacher.best)
    judge = Judge(teacher.net.eval().requires_grad_(False))
    _set_right(judge, judging, one_way_marginals(codes, blocks, len(codes)))
    return judge


@torch.no_grad()
def drawn(lesson: Lesson, n_rows: int, clock: Clock | None = None) -> Tensor:
    """Rows drawn freely; no more than the first part of them when too much time has passed.

    Shape: -> int16 [rows, blocks].
    """
    drawer, device, parts = lesson.drawer, lesson.drawer.blocks.device, []
    for start in range(0, n_rows, PART_ROWS):
        if start and clock is not None and clock.progress(0) > DRAWING_SHARE:
            break
        shape = min(PART_ROWS, n_rows - start), drawer.blocks.n_blocks
        batch = drawer.start(
            torch.zeros(shape, dtype=torch.long, device=device),
            torch.zeros(shape, dtype=torch.bool, device=device),
        )
        for group in lesson.groups:
            noise = None
            if drawer.hears_noise:
                noise = torch.randn(shape[0], drawer.generator.embedding_dim, device=device)
            drawer.fill(batch, group, torch.rand(shape, device=device), noise=noise)
        parts.append(batch.codes.short())
    return torch.cat(parts)


class _Teacher:
    """The discriminator's training against rows that no longer change; the best average is kept."""

    def __init__(self, blocks: Blocks, settings: Settings, rows: tuple[Rows, Rows], clock: Clock) -> None:
        widths, dropout = settings.discriminator_dim, settings.judge_dropout
        self.net = Discriminator(blocks, discriminator_dim=widths, dropout=dropout).to(blocks.device)
        self.settings, self.rows, self.clock = settings, rows, clock
        self.average = Average(self.net, settings.ema)
        self.optimizer = torch.optim.Adam(
            self.net.parameters(), lr=settings.judge_lr, betas=(0.5, 0.99), fused=True
        )
        self.best: dict[str, Tensor] | None = None
        self.best_nats, self.best_step = 2 * math.log(2), 0  # what chance gets
        self.n_steps, self.sum = 0, torch.zeros((), device=blocks.device)

    def goes_on(self) -> bool:
        """Whether there are steps left, and hope."""
        return self.clock.progress(self.n_steps) < 1 and self.n_steps < self.best_step + PATIENCE

    def step(self) -> None:
        """Half of the rows are seen whole, as they will be judged; views of the others forbid to memorise."""
        real, made = (rows.batch() for rows in self.rows)
        n_rows = min(len(real), len(made))
        is_whole = torch.rand(n_rows, 1, device=real.device) < WHOLE_SHARE
        view = random_masks(real[:n_rows], *self.settings.view_share) | is_whole
        share = min(1.0, (self.n_steps + 1) / WARM_UP) * cosine(self.clock.progress(self.n_steps))
        self.optimizer.param_groups[0]["lr"] = self.settings.judge_lr * share
        self.net.train()
        with half_products(real.device):
            scores = [
                self.net.score(self.net.real_features(codes[:n_rows], view))[:, 0].float()
                for codes in (real, made)
            ]
        loss = LOSS(*scores)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.average.update()
        self.sum += loss.detach()
        self.n_steps += 1

    def report(self, real: Tensor, made: Tensor) -> Record:
        """Judge rows not learned from by the average; it is kept if it is the best. Shape: [rows, blocks]."""
        network = self.average.network
        assert isinstance(network, Discriminator)
        nats = float(LOSS(*map(Judge(network).scores, (real, made))))
        if nats < self.best_nats:
            self.best, self.best_nats, self.best_step = weights_of(network), nats, self.n_steps
        mean, self.sum = float(self.sum) / EVERY, torch.zeros_like(self.sum)
        seconds, progress = time.monotonic() - self.clock.start, self.clock.progress(self.n_steps)
        return {
            "phase": "rejection",
            "step": self.n_steps,
            "epoch": round(self.n_steps / self.rows[0].steps_per_epoch, 2),
            "discriminator": round(mean, 5),
            "validation": round(nats, 5),
            "seconds": round(seconds, 2),
            "rows_per_second": round(self.n_steps * self.rows[0].batch_size / seconds),
            "progress": round(progress, 4),
            "seconds_left": round(seconds * (1 - progress) / progress, 1),
        }


@torch.no_grad()
def _set_right(judge: Judge, made: Tensor, shares: Tensor) -> None:
    """Set the bound, and offsets by which kept rows have the shares of the table.

    Blocks are set right in turn, several times over. Shape: made [rows, blocks], shares [flat codes].
    Source: Deming & Stephan 1940 (iterative proportional fitting).
    """
    blocks: Blocks = judge.discriminator.rows.blocks
    scores = judge.scores(made)
    for _ in range(PASSES):
        judge.bound.copy_(scores.quantile(SURELY_KEPT))
        for block, of_rows in enumerate(made.long().T):
            codes = blocks.slices[block]
            kept = (scores - judge.bound).clamp(max=0.0).exp()
            counts = torch.bincount(of_rows, kept, blocks.sizes[block])
            wanted = shares[codes] * counts.sum() + PRIOR_ROWS
            added = (wanted / (counts + PRIOR_ROWS)).log()
            judge.offsets[codes] += added
            scores += added[of_rows]
