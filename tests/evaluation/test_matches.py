from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from tabgan.evaluation.features import IntArray
from tabgan.evaluation.matches import Matches
from tabgan.evaluation.verdict import verdict_of

SKEWED = 1 / np.arange(1.0, 2001)


def drawn(n_rows: int, rng: np.random.Generator, sharpness: float = 1.0) -> IntArray:
    """Rows of a table of 2,000 different ones; the sharper, the more often the frequent ones come."""
    weights = SKEWED**sharpness
    return rng.choice(len(weights), n_rows, p=weights / weights.sum())


def test_shares_worked_out_by_hand() -> None:
    train, holdout = np.array([1, 1, 2, 3]), np.array([1, 4])
    # Of two of four training rows: 1 is among them in 5 of 6 draws, 2 and 3 in half of them.
    found = Matches.of([train, holdout, np.array([1, 2, 2, 4, 9])])
    assert found.found.rate == pytest.approx(3 / 5)
    assert found.ratio == 2
    assert found.excess == pytest.approx(2 * (5 / 6 - 1 + 2 * 0.5 - 1) / 5)
    assert found.by_chance == pytest.approx(3 / 5 + 1 / 15)
    # Of one side alone and there once: 2 and 3, and 4.
    rare = Matches.of([train, holdout, np.array([1, 2, 2, 4, 9])], is_rare=True)
    assert rare.found.rate == pytest.approx(2 / 5)
    assert rare.excess == pytest.approx(2 * (2 * 0.5 - 1) / 5)


def test_tables_of_equal_size_are_simply_looked_up_on_both_sides() -> None:
    rng = np.random.default_rng(0)
    train, holdout, synthetic = (drawn(500, rng) for _ in range(3))
    found = Matches.of([train, holdout, synthetic])
    assert found.found.rate == np.isin(synthetic, train).mean()
    assert found.by_chance == pytest.approx(np.isin(synthetic, holdout).mean())


@pytest.mark.parametrize("sizes", [(600, 600), (1000, 250), (250, 1000), (2000, 100)])
@pytest.mark.parametrize("is_rare", [False, True])
def test_frequent_rows_alone_are_no_leak_whatever_the_sizes(sizes: tuple[int, int], is_rare: bool) -> None:
    said: Counter[str] = Counter()
    excess = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        # Whoever makes the frequent rows more frequent meets more training rows, and more of any others.
        groups = [*(drawn(size, rng) for size in sizes), drawn(400, rng, sharpness=1.5)]
        found = Matches.of(groups, is_rare=is_rare)
        said[verdict_of(found.interval(0.99))] += 1
        excess.append(found.excess)
    assert said["leak"] + said["weak evidence"] <= 2
    assert abs(np.mean(excess)) < 4 * np.std(excess) / 60**0.5


@pytest.mark.parametrize("sizes", [(600, 600), (1000, 250), (250, 1000)])
def test_a_few_copies_among_noise_are_a_leak(sizes: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    train, holdout = (rng.permutation(10**6)[:size] + side * 10**6 for side, size in enumerate(sizes))
    synthetic = np.concatenate([rng.choice(train, 200, replace=False), -1 - np.arange(800)])
    for is_rare in (False, True):
        found = Matches.of([train, holdout, synthetic], is_rare=is_rare)
        assert found.found.rate == pytest.approx(0.2)
        assert found.excess == pytest.approx(0.2)
        assert found.by_chance == pytest.approx(0, abs=1e-9)
        assert verdict_of(found.interval(0.99)) == "leak"


def test_no_match_at_all_calms_where_there_were_rows_enough() -> None:
    train, holdout = np.arange(1000), 1000 + np.arange(250)
    assert verdict_of(Matches.of([train, holdout, 5000 + np.arange(1000)]).interval(0.99)) == "no evidence"
    assert verdict_of(Matches.of([train, holdout, 5000 + np.arange(20)]).interval(0.99)) == "underpowered"


def test_one_row_again_and_again_proves_nothing_by_itself() -> None:
    # Nobody knows how frequent this row is among real ones; of twenty such rows half would be held out.
    train, holdout = np.arange(1000), 1000 + np.arange(1000)
    one, twenty = (np.repeat(train[:kinds], 500 // kinds) for kinds in (1, 20))
    assert verdict_of(Matches.of([train, holdout, one]).interval(0.99)) == "underpowered"
    assert verdict_of(Matches.of([train, holdout, twenty]).interval(0.99)) == "leak"


def test_tables_given_twice_over_say_no_more_than_once() -> None:
    rng = np.random.default_rng(2)
    groups = [drawn(300, rng), drawn(300, rng), drawn(300, rng)]
    once, twice = Matches.of(groups), Matches.of([np.tile(group, 2) for group in groups])
    assert twice.found.independent == once.found.independent
    low, high = once.interval(0.95)
    assert twice.interval(0.95)[0] <= low + 0.01
    assert twice.interval(0.95)[1] >= high - 0.01
