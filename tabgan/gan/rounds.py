"""Drawing a row in rounds, with gradients through every draw.

The blocks of a table are split into groups; each group is drawn given the groups before
it. Where the generator's head is linear in the sum of a row's vectors, a block also sees those of its group
that were drawn before it, in that sum; what the layers say is of the groups before. Else draws
within a group are independent given the generator's output. What is left only the noise can make agree:
that is what the adversary teaches. As many groups as blocks draw one block at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional as F

from tabgan.gan.blocks import Blocks, Group, group_of
from tabgan.gan.generator import Generator
from tabgan.gan.precision import half_products

LEAST_CHANCE = 1e-30


@dataclass(frozen=True)
class Rounds:
    """Runs of blocks in drawing order, the flat codes of all steps joined, and where they lie in a row.

    `steps`: of each run what is drawn at a time, block by block or all at once.
    """

    runs: tuple[tuple[int, ...], ...]
    steps: tuple[tuple[Group, ...], ...]
    flat: Tensor
    back: Tensor

    def parts(self, values: Tensor) -> Iterator[Tensor]:
        """Those of each step's codes. Taken at once, as gradients of each step would fill a whole table."""
        return iter(values[self.flat].split([len(group.flat) for run in self.steps for group in run]))


def rounds_of(generator: Generator, runs: Sequence[Sequence[int]]) -> Rounds:
    """Rounds that draw these runs of blocks, one after the other."""
    blocks = generator.blocks
    steps = tuple(
        tuple(group_of(blocks, [block]) for block in run) if generator.is_linear else (group_of(blocks, run),)
        for run in runs
    )
    flat = torch.cat([group.flat for run in steps for group in run])
    return Rounds(tuple(map(tuple, runs)), steps, flat, torch.argsort(flat))


def equal_runs(order: Sequence[int], n_rounds: int) -> tuple[tuple[int, ...], ...]:
    """The drawing order in `n_rounds` runs of nearly equal length, or in as many as it has blocks."""
    n_rounds = min(n_rounds, len(order))
    cuts = [round(step * len(order) / max(n_rounds, 1)) for step in range(n_rounds + 1)]
    return tuple(tuple(order[start:stop]) for start, stop in pairwise(cuts))


def drawn_codes(logits: Tensor, layout: Blocks, dice: Tensor | None = None) -> Tensor:
    """One-hot draws from softmax(logits) block by block, with gradients of second order (ReinMax).

    The gradient of an expectation over draws is a sum of differences f(one code) - f(another); here each is
    taken for the mean of the slopes at both ends, which is exact where f is quadratic. The plain
    straight-through estimator takes the slope at one end.
    `dice`: exponential numbers that decide the draws. Shape: [rows, flat codes] -> [rows, flat codes].
    Source: Liu et al. 2023, Bridging Discrete and Backpropagation, algorithm 2, at temperature 1.
    """
    gumbel = -(torch.empty_like(logits).exponential_() if dice is None else dice).log()
    hard = layout.argmax_one_hot(logits.detach() + gumbel)
    chances = layout.softmax(logits)
    middle = (hard + chances.detach()) / 2
    # The middle again, now with the gradients of a softmax that has these values.
    again = layout.softmax((middle.clamp(min=LEAST_CHANCE).log() - logits).detach() + logits)
    slope = 2 * again - chances / 2
    return hard + slope - slope.detach()


@dataclass(frozen=True)
class Draw:
    """A drawn batch. `rows` and `chances` [rows, flat codes]: one-hot, and its probabilities."""

    rows: Tensor
    chances: Tensor


@dataclass(frozen=True)
class Luck:
    """All that is random in a draw.

    Shape: noise of each round [rows, embedding_dim], dice [rows, flat codes] in the order of drawing.
    """

    noise: list[Tensor]
    dice: Tensor

    @classmethod
    def thrown(cls, generator: Generator, rounds: Rounds, n_rows: int) -> Luck:
        """The numbers that a draw of so many rows takes."""
        device = generator.blocks.device
        noise = [torch.randn(n_rows, generator.embedding_dim, device=device) for _ in rounds.runs]
        return cls(noise, torch.empty(n_rows, generator.blocks.n_flat, device=device).exponential_())

    def of(self, rows: slice) -> Luck:
        """That of some of the rows."""
        return Luck([part[rows] for part in self.noise], self.dice[rows])


def draw(
    generator: Generator, codes: Tensor, visible: Tensor, rounds: Rounds, luck: Luck | None = None
) -> Draw:
    """Complete rows from their visible blocks, round by round; by `luck` where it was thrown before.

    Shape: codes, visible [rows, blocks]. A visible block keeps its code.
    """
    luck = luck or Luck.thrown(generator, rounds, len(codes))
    weights, biases = map(rounds.parts, generator.head.layer())
    vectors, hidden = rounds.parts(generator.rows.table()), generator.rows.hidden
    real = generator.blocks.one_hot(codes)
    embedded = generator.rows(codes, visible)
    rows, chances, n_drawn = [], [], 0
    for noise, steps in zip(luck.noise, rounds.steps, strict=True):
        with half_products(codes.device):
            output = generator.trunk(embedded, noise)
        by_layers = output - embedded if len(steps) > 1 else None
        for group in steps:
            if by_layers is not None:
                output = embedded + by_layers
            with half_products(codes.device):
                logits = F.linear(output, next(weights), next(biases)).float()
            is_kept = visible[:, group.blocks]
            spread = group.layout.spread(is_kept)
            dice = luck.dice[:, n_drawn : n_drawn + len(group.flat)]
            n_drawn += len(group.flat)
            drawn = torch.where(spread, real[:, group.flat], drawn_codes(logits, group.layout, dice))
            is_new = (~is_kept).to(drawn.dtype)
            with half_products(codes.device):
                added = (drawn * ~spread) @ next(vectors)
            embedded = embedded + added - is_new @ hidden[group.blocks]
            rows.append(drawn)
            chances.append(torch.where(spread, drawn, group.layout.softmax(logits)))
    return Draw(rows=torch.cat(rows, 1)[:, rounds.back], chances=torch.cat(chances, 1)[:, rounds.back])


@torch.no_grad()
def free_rows(generator: Generator, rounds: Rounds, n_rows: int, at_once: int) -> Tensor:
    """Codes of rows drawn given nothing, so many at a time. Shape: -> int64 [rows, blocks]."""
    parts = []
    for start in range(0, n_rows, at_once):
        shape = (min(at_once, n_rows - start), generator.blocks.n_blocks)
        nothing = torch.zeros(shape, dtype=torch.long, device=generator.blocks.device)
        parts.append(generator.blocks.codes(draw(generator, nothing, nothing.bool(), rounds).rows))
    return torch.cat(parts)
