"""Drawing a row in rounds, with gradients through every draw.

The blocks of a table are split into groups; each group is drawn given the groups before
it. Within a group the draws are independent given the generator's output, so only the noise
can make them agree: that is what the adversary teaches. One group holding every block is the
classical one-shot GAN; as many groups as blocks draw one block at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    """Groups in drawing order, and where their joined flat codes lie in the whole row."""

    groups: tuple[Group, ...]
    back: Tensor


def rounds_of(blocks: Blocks, runs: Sequence[Sequence[int]]) -> Rounds:
    """Rounds that draw these runs of blocks, one after the other."""
    groups = tuple(group_of(blocks, run) for run in runs)
    return Rounds(groups=groups, back=torch.argsort(torch.cat([g.flat for g in groups])))


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
    """All that is random in a draw, group by group: noise [rows, embedding_dim], dice [rows, flat codes]."""

    noise: list[Tensor]
    dice: list[Tensor]

    @classmethod
    def thrown(cls, generator: Generator, rounds: Rounds, n_rows: int) -> Luck:
        """The numbers that a draw of so many rows would take now, in its order."""
        noise, dice, device = [], [], generator.blocks.device
        for group in rounds.groups:
            noise.append(torch.randn(n_rows, generator.embedding_dim, device=device))
            dice.append(torch.empty(n_rows, len(group.flat), device=device).exponential_())
        return cls(noise, dice)

    def of(self, rows: slice) -> Luck:
        """That of some of the rows."""
        return Luck([part[rows] for part in self.noise], [part[rows] for part in self.dice])


def draw(
    generator: Generator, codes: Tensor, visible: Tensor, rounds: Rounds, luck: Luck | None = None
) -> Draw:
    """Complete rows from their visible blocks, group by group; by `luck` where it was thrown before.

    Shape: codes, visible [rows, blocks]. A visible block keeps its code.
    """
    weight, bias = generator.head.layer()
    table, hidden = generator.rows.table(), generator.rows.hidden
    real = generator.blocks.one_hot(codes)
    embedded = generator.rows(codes, visible)
    rows, chances = [], []
    for index, group in enumerate(rounds.groups):
        if luck is None:
            noise = torch.randn(len(codes), generator.embedding_dim, device=codes.device)
        else:
            noise = luck.noise[index]
        with half_products(codes.device):
            output = generator.trunk(embedded, noise)
            logits = F.linear(output, weight[group.flat], bias[group.flat]).float()
        is_kept = visible[:, group.blocks]
        spread = group.layout.spread(is_kept)
        new = drawn_codes(logits, group.layout, None if luck is None else luck.dice[index])
        drawn = torch.where(spread, real[:, group.flat], new)
        is_new = (~is_kept).to(drawn.dtype)
        with half_products(codes.device):
            added = (drawn * ~spread) @ table[group.flat]
        embedded = embedded + added - is_new @ hidden[group.blocks]
        rows.append(drawn)
        chances.append(torch.where(spread, drawn, group.layout.softmax(logits)))
    return Draw(rows=torch.cat(rows, 1)[:, rounds.back], chances=torch.cat(chances, 1)[:, rounds.back])
