"""Noisy marginals: counts of single codes, and of pairs of codes; all pairs, or those worth their noise.

In a wide table the noise of all pairs drowns each of them. There the pairs with the target and those
of a column's own codes come first; then, round by round, the exponential mechanism chooses the
pairs that a model of what is known so far gets most wrong, and they are counted. Each round has as
much of the budget and half as many pairs as the one before, so noise falls as the errors that are
left do.

Source: McKenna, Mullins, Sheldon & Miklau 2022, AIM, algorithm 1 (score, annealing); Liu, Vietri & Wu
2021, Iterative Methods for Private Synthetic Data (several choices a round).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabgan.gan.blocks import Blocks
from tabgan.gan.raking import raked
from tabgan.gan.tree import Edge, NoisyMarginals, NoisyPair, dependence, slices, spanning_tree, tree_rows
from tabgan.privacy.accounting import exponential_epsilon
from tabgan.privacy.config import PAIRS, SINGLES
from tabgan.privacy.entry import Entry
from tabgan.privacy.rows import PrivateRows

STAR_SHARE, CHOICE_SHARE = 0.2, 0.1  # of the budget of pairs; the rest counts what was chosen
N_ROUNDS = 4
PAIRS_A_COLUMN = 2
MODEL_ROWS = 20_000
MODEL_STEPS = 60
STAR = f"{PAIRS}, of the target and within columns"
MAX_CANDIDATES = 10_000  # pairs that a round looks at


@dataclass(frozen=True)
class MarginalPlan:
    """What of the marginals is counted; public facts only.

    `noise`: multiplier of each release by its text. `n_rows`: the released number of rows.
    `n_columns`: of the table. `is_chosen`: pairs are chosen instead of counted all. `is_adaptive`:
    as in the ledger. `star`: pairs of blocks that are counted in any case.
    """

    noise: Mapping[str, float]
    n_rows: int
    n_columns: int
    is_chosen: bool
    is_adaptive: bool
    star: frozenset[Edge] = frozenset()


def star_of(target: Sequence[int], parents: Sequence[int | None]) -> frozenset[Edge]:
    """Pairs of every block with those of the target, and of a column's own blocks.

    >>> sorted(star_of([2], [None, 0, None]))
    [(0, 1), (0, 2), (1, 2)]
    """
    with_target = {(min(one, other), max(one, other)) for one in target for other in range(len(parents))}
    within = {(parent, block) for block, parent in enumerate(parents) if parent is not None}
    return frozenset(edge for edge in with_target | within if edge[0] != edge[1])


def released_marginals(codes: PrivateRows, blocks: Blocks, plan: MarginalPlan) -> NoisyMarginals:
    """Counts of single codes, and of pairs where their noise is planned.

    Privacy: a row has one code in every block and one pair in every two of them, so that L2
        sensitivity is the root of the number of blocks, and of pairs of blocks.
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
        return replace(marginals, pairs=asked.counted(every, PAIRS, plan.noise[PAIRS]))
    return asked.chosen(marginals)


@dataclass(frozen=True)
class _Pairs:
    """Looks at the pairs of blocks of private rows."""

    codes: PrivateRows
    blocks: Blocks
    plan: MarginalPlan

    def counted(self, edges: Sequence[Edge], what: str, noise_multiplier: float) -> dict[Edge, NoisyPair]:
        """Counts of these pairs, in one release."""
        sizes = self.blocks.sizes
        shapes = [(sizes[i], sizes[j]) for i, j in edges]
        ends = np.cumsum([rows * columns for rows, columns in shapes])
        sensitivity = math.sqrt(len(edges))
        counts = self.codes.counts(
            lambda rows: np.concatenate(list(pair_counts(rows, edges, sizes))),
            what=what,
            shape=int(ends[-1]),
            noise_multiplier=noise_multiplier,
            sensitivity=sensitivity,
            adaptive=self.plan.is_adaptive,
        )
        tables = np.split(counts.astype(np.float64), ends[:-1])
        sigma = noise_multiplier * sensitivity
        return {
            edge: NoisyPair(table.reshape(shape), sigma)
            for edge, table, shape in zip(edges, tables, shapes, strict=True)
        }

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
            both = zip(pair_counts(rows, left, sizes), pair_counts(model, left, sizes), strict=True)
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
    shares = marginals.shares(blocks)
    tree = spanning_tree(dependence(marginals, shares, blocks), 0)
    rows = tree_rows(tree, marginals, shares, blocks, MODEL_ROWS)
    return raked(rows.to(blocks.device), marginals, MODEL_STEPS)


def single_counts(codes: Tensor, blocks: Blocks) -> NDArray[np.int64]:
    """Rows with each code. Shape: [rows, blocks] -> [flat codes]."""
    counts = np.zeros(blocks.n_flat, dtype=np.int64)
    for place, (where, size) in enumerate(zip(slices(blocks), blocks.sizes, strict=True)):
        counts[where] = torch.bincount(codes[:, place].long(), minlength=size).cpu().numpy()
    return counts


def pair_counts(codes: Tensor, edges: Sequence[Edge], sizes: Sequence[int]) -> Iterator[NDArray[np.int64]]:
    """Rows with each pair of codes of each two blocks, one table after the other.

    Shape: [rows, blocks] -> [codes of the first times codes of the second], flattened.
    """
    columns = codes.T.int().contiguous()
    for i, j in edges:
        cells = columns[i] * sizes[j] + columns[j]
        yield torch.bincount(cells, minlength=sizes[i] * sizes[j]).cpu().numpy()
