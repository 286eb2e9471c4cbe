from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from tabgan.gan.blocks import Blocks
from tabgan.gan.tree import NoisyMarginals
from tabgan.privacy.config import PAIRS, SINGLES, TRIPLES, PrivacyConfig
from tabgan.privacy.ledger import Ledger
from tabgan.privacy.rows import PrivateRows
from tabgan.private_marginals import (
    MAX_TRIPLES,
    MarginalPlan,
    _model_rows,
    choices_a_round,
    group_counts,
    n_triples,
    released_marginals,
    star_of,
    triples_of,
)

N_BLOCKS, N_ROWS = 20, 4000
RELATED = [(0, 1), (2, 3), (4, 5), (6, 7), (8, 9)]


def wide() -> torch.Tensor:
    """Twenty blocks of five codes; five pairs of them go together, the others go their own way."""
    torch.manual_seed(0)
    codes = torch.randint(5, (N_ROWS, N_BLOCKS))
    for one, other in RELATED:
        codes[:, other] = torch.where(torch.rand(N_ROWS) < 0.85, codes[:, one], codes[:, other])
    return codes


def released(codes: torch.Tensor, noise: float, *, is_chosen: bool, star=frozenset()):
    rows = PrivateRows(codes, Ledger(1000.0, 1e-2))
    plan = MarginalPlan(
        {SINGLES: 1.0, PAIRS: noise}, len(codes), 10, is_chosen=is_chosen, is_adaptive=False, star=star
    )
    blocks = Blocks([5] * codes.shape[1])
    torch.manual_seed(0)
    return released_marginals(rows, blocks, plan), rows.ledger.entries, blocks


def pair_error(made: torch.Tensor, real: torch.Tensor) -> float:
    edges, sizes = list(itertools.combinations(range(N_BLOCKS), 2)), [5] * N_BLOCKS
    both = zip(group_counts(made, edges, sizes), group_counts(real, edges, sizes), strict=True)
    return float(np.mean([np.abs(a / len(made) - b / len(real)).sum() / 2 for a, b in both]))


def test_chosen_pairs_are_those_that_go_together_and_the_model_is_nearer_than_with_all():
    codes = wide()
    chosen, entries, blocks = released(codes, 16.0, is_chosen=True)
    every, _, _ = released(codes, 16.0, is_chosen=False)
    assert set(RELATED) <= set(chosen.pairs)
    assert len(chosen.pairs) < len(every.pairs) == N_BLOCKS * (N_BLOCKS - 1) / 2
    errors = [pair_error(_model_rows(marginals, blocks), codes) for marginals in (chosen, every)]
    assert errors[0] < 0.8 * errors[1]
    rounds = [entry for entry in entries if entry.mechanism == "exponential"]
    assert [entry.steps for entry in rounds] == choices_a_round(10)
    noise = [pair.sigma for pair in chosen.pairs.values()]
    assert noise == sorted(noise, reverse=True)
    assert noise[0] > noise[-1]


def test_the_star_is_counted_in_any_case_and_first():
    star = star_of([11], [None] * N_BLOCKS)
    assert len(star) == N_BLOCKS - 1
    marginals, entries, _ = released(wide(), 16.0, is_chosen=True, star=star)
    assert star <= set(marginals.pairs)
    assert entries[1].what.startswith(PAIRS)
    assert entries[1].mechanism == "discrete_gaussian"


def test_pairs_of_a_table_of_one_block_are_none():
    marginals, entries, _ = released(wide()[:, :1], 8.0, is_chosen=True)
    assert not marginals.pairs
    assert len(entries) == 1


def test_counts_of_pairs_are_those_of_a_loop():
    codes = wide()[:200, :4]
    for (i, j), found in zip([(0, 1), (3, 2)], group_counts(codes, [(0, 1), (3, 2)], [5] * 4), strict=True):
        wanted = np.zeros((5, 5), dtype=int)
        for row in codes.tolist():
            wanted[row[i], row[j]] += 1
        assert (found.reshape(5, 5) == wanted).all()


@pytest.mark.parametrize(
    ("columns", "rows", "noise", "wanted"),
    [
        (15, 39_000, 7.0, False),
        (15, 39_000, 9.3, False),
        (15, 31_000, 9.3, True),
        (17, 5_771, 3.0, True),
        (60, 10**9, 7.0, True),
        (59, 10**9, 7.0, False),
        (15, None, 9.3, True),
        (15, None, 3.0, False),
    ],
)
def test_pairs_are_chosen_in_wide_tables_and_where_the_noise_of_all_is_too_much(columns, rows, noise, wanted):
    assert PrivacyConfig().chooses_pairs(columns, rows, noise) is wanted


@pytest.mark.parametrize(("target", "pair"), [(5, (5, 4)), (None, None)])
def test_triples_are_of_the_target_its_nearest_block_and_each_that_goes_with_them(target, pair):
    codes = wide()
    rows = PrivateRows(codes, Ledger(1000.0, 1e-2))
    noise = {SINGLES: 1.0, PAIRS: 1.0, TRIPLES: 1.0}
    plan = MarginalPlan(noise, len(codes), 10, is_chosen=False, is_adaptive=False, target=target)
    found = released_marginals(rows, Blocks([5] * N_BLOCKS), plan)
    firsts = {(first, second) for first, second, _ in found.triples}
    assert len(firsts) == 1
    assert firsts == {pair} if pair else tuple(sorted(*firsts)) in RELATED
    assert len(found.triples) == n_triples(N_BLOCKS) == MAX_TRIPLES
    (entry,) = (entry for entry in rows.ledger.entries if entry.what == TRIPLES)
    assert entry.sensitivity == pytest.approx(MAX_TRIPLES**0.5)
    three, released = next(iter(found.triples.items()))
    (exact,) = group_counts(codes, [three], [5] * N_BLOCKS)
    assert np.abs(released.counts.ravel() - exact).max() < 8 * released.sigma


def test_tables_of_fine_levels_are_no_triples_and_two_blocks_make_none():
    nothing = NoisyMarginals(np.ones(400), 1.0, 500.0, {})
    assert triples_of(nothing, Blocks([100, 100, 100]), 0) == []
    assert triples_of(nothing, Blocks([100, 100, 5]), 0) == [(0, 1, 2)]
    assert triples_of(nothing, Blocks([100, 100]), 0) == []
    assert n_triples(2) == 0
