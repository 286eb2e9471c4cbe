from __future__ import annotations

import numpy as np
import pytest

from tabgan.gan.blocks import Blocks
from tabgan.gan.smoothing import level_places, smoothed, without_interaction
from tabgan.gan.tree import NoisyMarginals, NoisyTable

N_LEVELS, N_ROWS = 24, 20_000
ORDER = tuple(np.linspace(0, 1, N_LEVELS).tolist())
BLOCKS = Blocks([N_LEVELS, N_LEVELS, 4], [ORDER, ORDER, None])


def table_of(correlation: float) -> np.ndarray:
    """Two numbers and a category: share of each cell. Shape: [levels, levels, 4]."""
    place = np.linspace(-2, 2, N_LEVELS)
    x, y = place[:, None], place[None, :]
    two = np.exp(-(x**2 - 2 * correlation * x * y + y**2) / (2 * (1 - correlation**2)))
    of_three = 1 / (1 + np.exp(-4 * np.arange(-1.5, 2) * (y - x)[..., None]))
    three = two[..., None] * of_three
    return np.asarray(three / three.sum())


def released(shares: np.ndarray, sigma: float, seed: int = 0) -> NoisyMarginals:
    rng = np.random.default_rng(seed)

    def noisy(counts: np.ndarray) -> NoisyTable:
        return NoisyTable(counts + rng.normal(0, sigma, counts.shape), sigma)

    counts, where = shares * N_ROWS, BLOCKS.slices
    one_way = np.zeros(BLOCKS.n_flat)
    for block, others in enumerate(((1, 2), (0, 2), (0, 1))):
        one_way[where[block]] = counts.sum(others)
    pairs = {(i, j): noisy(counts.sum(3 - i - j)) for i, j in ((0, 1), (0, 2), (1, 2))}
    return NoisyMarginals(one_way, sigma, N_ROWS, pairs, {(0, 1, 2): noisy(counts)})


def error(table: np.ndarray, shares: np.ndarray) -> float:
    return float(np.abs(table / N_ROWS - shares).sum() / 2)


@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_smooth_tables_are_nearer_to_the_truth_than_noisy_ones(correlation: float) -> None:
    shares = table_of(correlation)
    raw = released(shares, sigma=40.0)
    found = smoothed(raw, BLOCKS)
    pair = shares.sum(2)
    assert error(found.pairs[0, 1].counts, pair) < 0.4 * error(np.maximum(raw.pairs[0, 1].counts, 0), pair)
    three = (0, 1, 2)
    assert error(found.triples[three].counts, shares) < 0.4 * error(raw.triples[three].counts, shares)
    assert found.pairs[0, 1].counts.min() >= 0
    assert found.pairs[0, 1].counts.sum() == pytest.approx(N_ROWS)


def test_what_no_noise_hides_is_left_as_it_is() -> None:
    shares = table_of(0.9)
    rng = np.random.default_rng(0)
    shares *= rng.uniform(0.2, 1.8, shares.shape)  # nothing smooth about it
    shares /= shares.sum()
    found = smoothed(released(shares, sigma=0.1), BLOCKS)
    for three, of in found.triples.items():
        assert error(of.counts, shares) < 0.01, three


def test_the_error_it_tells_is_about_the_error_there_is() -> None:
    shares = table_of(0.9)
    for seed in range(3):
        found = smoothed(released(shares, 40.0, seed), BLOCKS).pairs[0, 1]
        real = float(np.sqrt(np.square(found.counts - shares.sum(2) * N_ROWS).mean()))
        assert 0.3 * real < found.sigma < 3 * real + 0.15 * 40.0


def test_a_triple_that_follows_from_its_pairs_is_what_they_say() -> None:
    two = table_of(0.5).sum(2)
    given = np.random.default_rng(0).dirichlet(np.ones(4), N_LEVELS)  # of the second block alone
    shares = two[:, :, None] * given[None]
    marginals = released(shares, 1e-9)
    ones = marginals.shares(BLOCKS)
    found = without_interaction(marginals, (0, 1, 2), ones)
    np.testing.assert_allclose(found, shares, atol=1e-5)


def test_codes_without_place_are_no_neighbours() -> None:
    blocks = Blocks([3, 2, 4], [(0.0, 1.0, float("nan")), None, (0.0, 0.3, 0.6, 1.0)])
    first, second, third = level_places(blocks)
    assert second is None
    assert first is not None
    assert third is not None
    np.testing.assert_array_equal(first, [0, 1, np.nan])
    np.testing.assert_array_equal(third, [0, 1, 2, 3])
