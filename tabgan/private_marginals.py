"""Noisy marginals: counts of single codes, of pairs, and of triples with the target.

All pairs are counted, or those worth their noise.

In a wide table the noise of all pairs drowns each of them. There the pairs with the target and those
of a column's own codes come first; then, round by round, the exponential mechanism chooses the
pairs that a model of what is known so far gets most wrong, and they are counted. Each round has as
much of the budget and half as many pairs as the one before, so noise falls as the errors that are
left do.

Pairs alone do not say how a target follows from several columns at once. So the target and the block
that goes with it most are counted together with each of the blocks that go with either.

Source: McKenna, Mullins, Sheldon & Miklau 2022, AIM, algorithm 1 (score, annealing); Liu, Vietri & Wu
2021, Iterative Methods for Private Synthetic Data (several choices a round).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabgan.gan.blocks import Blocks
from tabgan.gan.raking import raked
from tabgan.gan.smoothing import smoothed
from tabgan.gan.tree import (
    Edge,
    NoisyMarginals,
    NoisyTable,
    Triple,
    dependence,
    spanning_tree,
    tree_rows,
)
from tabgan.privacy.accounting import exponential_epsilon
from tabgan.privacy.config import PAIRS, SINGLES, TRIPLES
from tabgan.privacy.entry import Entry
from tabgan.privacy.rows import PrivateRows

Group = TypeVar("Group", Edge, Triple)

STAR_SHARE, CHOICE_SHARE = 0.2, 0.1  # of the budget of pairs; the rest counts what was chosen
N_ROUNDS = 4
PAIRS_A_COLUMN = 2
MODEL_ROWS = 20_000
MODEL_STEPS = 60
STAR = f"{PAIRS}, of the target and within columns"
MAX_CANDIDATES = 10_000  # pairs that a round looks at
MAX_TRIPLES = 12
MAX_TRIPLE_CELLS = 2**18


@dataclass(frozen=True)
class MarginalPlan:
    """What of the marginals is counted; public facts only.

    `noise`: multiplier of each release by its text. `n_rows`: the released number of rows.
    `n_columns`: of the table. `is_chosen`: pairs are chosen instead of counted all. `is_adaptive`:
    as in the ledger. `star`: pairs of blocks that are counted in any case. `target`: the first block of
    the column that the table is about; None where there is none.
    """

    noise: Mapping[str, float]
    n_rows: int
    n_columns: int
    is_chosen: bool
    is_adaptive: bool
    star: frozenset[Edge] = frozenset()
    target: int | None = None


def star_of(target: Sequence[int], parents: Sequence[int | None]) -> frozenset[Edge]:
    """Pairs of every block with those of the target, and of a column's own blocks.

    >>> sorted(star_of([2], [None, 0, None]))
    [(0, 1), (0, 2), (1, 2)]
    """
    with_target = {(min(one, other), max(one, other)) for one in target for other in range(len(parents))}
    within = {(parent, block) for block, parent in enumerate(parents) if parent is not None}
    return frozenset(edge for edge in with_target | within if edge[0] != edge[1])


def released_marginals(codes: PrivateRows, blocks: Blocks, plan: MarginalPlan) -> NoisyMarginals:
    """Counts of single codes, and of pairs and triples where their noise is planned.

    Privacy: a row has one code in every block, one pair in every two of them and one triple in every
        three, so that L2 sensitivity is the root of the number of blocks, of pairs, of triples.
    """
    sensitivity = math.sqrt(blocks.n_blocks)
    singles = codes.counts(
        lambda rows: single_counts(rows, blocks),
        what=SINGLES,
        shape=blocks.n_flat,
        noise_multiplier=plan.noise[SINGLES],
        sensitivity=sensitivity,
        adaptive=plan.is_adaptive,
    )
    one_sigma = plan.noise[SINGLES] * sensitivity
    marginals = NoisyMarginals(singles.astype(np.float64), one_sigma, float(plan.n_rows), {})
    if PAIRS not in plan.noise or blocks.n_blocks < 2:
        return marginals
    asked = _Pairs(codes, blocks, plan)
    if not plan.is_chosen:
        every = list(itertools.combinations(range(blocks.n_blocks), 2))
        marginals = replace(marginals, pairs=asked.counted(every, PAIRS, plan.noise[PAIRS]))
    else:
        marginals = asked.chosen(marginals)
    return asked.with_triples(marginals) if TRIPLES in plan.noise else marginals


@dataclass(frozen=True)
class _Pairs:
    """Looks at the pairs of blocks of private rows."""

    codes: PrivateRows
    blocks: Blocks
    plan: MarginalPlan

    def counted(self, groups: Sequence[Group], what: str, noise_multiplier: float) -> dict[Group, NoisyTable]:
        """Counts of these pairs or triples, in one release."""
        sizes = self.blocks.sizes
        shapes = [tuple(sizes[block] for block in group) for group in groups]
        ends = np.cumsum([math.prod(shape) for shape in shapes])
        sensitivity = math.sqrt(len(groups))
        counts = self.codes.counts(
            lambda rows: np.concatenate(list(group_counts(rows, groups, sizes))),
            what=what,
            shape=int(ends[-1]),
            noise_multiplier=noise_multiplier,
            sensitivity=sensitivity,
            adaptive=self.plan.is_adaptive,
        )
        tables = np.split(counts.astype(np.float64), ends[:-1])
        sigma = noise_multiplier * sensitivity
        return {
            group: NoisyTable(table.reshape(shape), sigma)
            for group, table, shape in zip(groups, tables, shapes, strict=True)
        }

    def with_triples(self, marginals: NoisyMarginals) -> NoisyMarginals:
        """The target and what goes with it most, together with each block that goes with either."""
        triples = triples_of(smoothed(marginals, self.blocks), self.blocks, self.plan.target)
        if not triples:
            return marginals
        return replace(marginals, triples=self.counted(triples, TRIPLES, self.plan.noise[TRIPLES]))

    def chosen(self, marginals: NoisyMarginals) -> NoisyMarginals:
        """The star, then rounds of choices; together they cost what all pairs would.

        Privacy: the budget of all pairs, in squared shifts of Gaussian privacy, is cut up by public
            shares. Every choice moves by at most 1 a row: a row is in one cell of a pair.
        """
        noise = self.plan.noise[PAIRS]
        if self.plan.star:
            star = self.counted(sorted(self.plan.star), STAR, star_noise(noise))
            marginals = replace(marginals, pairs=star)
        for a_round in choice_rounds(noise, self.plan.n_columns):
            edges = self._choice(marginals, a_round)
            if not edges:
                break
            found = self.counted(edges, a_round.counts, a_round.noise)
            marginals = replace(marginals, pairs={**marginals.pairs, **found})
        return marginals

    def _choice(self, marginals: NoisyMarginals, a_round: ChoiceRound) -> list[Edge]:
        """Pairs that the model gets wrong by more than the noise of counting them."""
        sizes, n_rows = self.blocks.sizes, marginals.n_rows
        left = [
            edge
            for edge in itertools.combinations(range(self.blocks.n_blocks), 2)
            if edge not in marginals.pairs
        ]
        if not left:
            return []
        if len(left) > MAX_CANDIDATES:
            some = torch.randperm(len(left))[:MAX_CANDIDATES].sort().values
            left = [left[place] for place in some.tolist()]
        model = _model_rows(marginals, self.blocks)
        share = n_rows / len(model)

        def errors(rows: Tensor) -> NDArray[np.float64]:
            both = zip(group_counts(rows, left, sizes), group_counts(model, left, sizes), strict=True)
            return np.array([np.abs(real - share * made).sum() for real, made in both])

        cells = np.array([sizes[i] * sizes[j] for i, j in left])
        by_noise = math.sqrt(2 / math.pi) * a_round.noise * math.sqrt(a_round.n_choices) * cells
        places = self.codes.choices(
            lambda rows: errors(rows) - by_noise,
            what=a_round.choice,
            sensitivity=1.0,
            epsilon=a_round.epsilon,
            n_choices=min(a_round.n_choices, len(left)),
            adaptive=self.plan.is_adaptive,
        )
        return sorted(left[place] for place in places)


@dataclass(frozen=True)
class ChoiceRound:
    """One round: so many choices of this epsilon each, then counts with this noise multiplier."""

    choice: str
    counts: str
    n_choices: int
    epsilon: float
    noise: float


def choice_rounds(noise_of_pairs: float, n_columns: int) -> list[ChoiceRound]:
    """The rounds that, with the star, cost what all pairs would under that noise multiplier."""
    budget, sizes = noise_of_pairs**-2, choices_a_round(n_columns)
    epsilon = exponential_epsilon(math.sqrt(CHOICE_SHARE * budget / sum(sizes)))
    noise = noise_of_pairs * math.sqrt(len(sizes) / (1 - STAR_SHARE - CHOICE_SHARE))
    whats = [f"{PAIRS}, round {number} of {len(sizes)}" for number in range(1, len(sizes) + 1)]
    return [
        ChoiceRound(f"{what}: which pairs", f"{what}: counts", size, epsilon, noise)
        for what, size in zip(whats, sizes, strict=True)
    ]


def star_noise(noise_of_pairs: float) -> float:
    """Noise multiplier of the pairs that are counted before any is chosen."""
    return noise_of_pairs / math.sqrt(STAR_SHARE)


def chosen_entries(pairs: Entry, n_columns: int, n_blocks: int, n_star: int) -> list[Entry]:
    """What the ledger will hold instead of the entry of all pairs, where pairs are chosen."""
    noise = star_noise(pairs.noise_multiplier)
    star = replace(pairs, what=STAR, noise_multiplier=noise, sensitivity=math.sqrt(max(1, n_star)))
    found = [star] if n_star else []
    left = n_blocks * (n_blocks - 1) // 2 - n_star
    for a_round in choice_rounds(pairs.noise_multiplier, n_columns):
        n_choices = min(a_round.n_choices, left)
        if not n_choices:
            break
        left -= n_choices
        choice = Entry(
            what=a_round.choice,
            mechanism="exponential",
            epsilon=a_round.epsilon,
            steps=n_choices,
            adaptive=pairs.adaptive,
        )
        sensitivity = math.sqrt(n_choices)
        counts = replace(pairs, what=a_round.counts, noise_multiplier=a_round.noise, sensitivity=sensitivity)
        found += [choice, counts]
    return found


def deviation_of_pairs(noise_multiplier: float, n_columns: int, *, is_chosen: bool) -> float:
    """Deviation of the noise on a pair of codes: of all columns, or of those that are chosen first."""
    if not is_chosen:
        return noise_multiplier * math.sqrt(max(1, n_columns * (n_columns - 1) / 2))
    share = (1 - STAR_SHARE - CHOICE_SHARE) / N_ROUNDS
    return noise_multiplier * math.sqrt(choices_a_round(n_columns)[0] / share)


def deviation_on_codes(noise: Mapping[str, float], n_columns: int, *, is_chosen: bool) -> float:
    """Deviation of the noise on a pair of codes of two columns; where no pairs are counted, on a code."""
    if PAIRS not in noise:
        return noise[SINGLES] * math.sqrt(n_columns)
    return deviation_of_pairs(noise[PAIRS], n_columns, is_chosen=is_chosen)


def choices_a_round(n_columns: int) -> list[int]:
    """How many pairs each round chooses: half as many as the one before.

    >>> choices_a_round(60)
    [60, 30, 15, 8]
    """
    first = PAIRS_A_COLUMN * n_columns / 2
    return [max(1, round(first / 2**place)) for place in range(N_ROUNDS)]


def _model_rows(marginals: NoisyMarginals, blocks: Blocks) -> Tensor:
    """Rows with the marginals released so far. Shape: -> int64 [rows, blocks]."""
    marginals = smoothed(marginals, blocks)
    shares = marginals.shares(blocks)
    tree = spanning_tree(dependence(marginals, shares), 0)
    rows = tree_rows(tree, marginals, shares, MODEL_ROWS)
    return raked(rows.to(blocks.device), marginals, MODEL_STEPS)


def triples_of(marginals: NoisyMarginals, blocks: Blocks, target: int | None) -> list[Triple]:
    """Which triples are counted: the target, its nearest block, and each block that goes most with either.

    Without a target the block that goes most with all others is in its place. By released numbers alone.
    """
    if blocks.n_blocks < 3:
        return []
    near = dependence(marginals, marginals.shares(blocks))
    first = int(near.sum(1).argmax()) if target is None else target
    others = [block for block in range(blocks.n_blocks) if block != first]
    second = max(others, key=lambda block: near[first, block])
    others.remove(second)
    others.sort(key=lambda block: -max(near[first, block], near[second, block]))
    cells = blocks.sizes[first] * blocks.sizes[second]
    small = [block for block in others if cells * blocks.sizes[block] <= MAX_TRIPLE_CELLS]
    return [(first, second, block) for block in small[:MAX_TRIPLES]]


def n_triples(n_blocks: int) -> int:
    """How many triples are counted, unless levels are so fine that their tables are left out."""
    return min(MAX_TRIPLES, max(0, n_blocks - 2))


def single_counts(codes: Tensor, blocks: Blocks) -> NDArray[np.int64]:
    """Rows with each code. Shape: [rows, blocks] -> [flat codes]."""
    counts = np.zeros(blocks.n_flat, dtype=np.int64)
    for place, where in enumerate(blocks.slices):
        counts[where] = torch.bincount(codes[:, place].long(), minlength=blocks.sizes[place]).cpu().numpy()
    return counts


def group_counts(
    codes: Tensor, groups: Sequence[tuple[int, ...]], sizes: Sequence[int]
) -> Iterator[NDArray[np.int64]]:
    """Rows with each pair, or triple, of codes of each group of blocks, one table after the other.

    Shape: [rows, blocks] -> [product of the numbers of codes], flattened.
    """
    columns = codes.T.int().contiguous()
    for group in groups:
        cells = torch.zeros_like(columns[0])
        for block in group:
            cells = cells * sizes[block] + columns[block]
        yield torch.bincount(cells, minlength=math.prod(sizes[block] for block in group)).cpu().numpy()
