from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special, stats

from tabgan.privacy import discrete_gaussian as module
from tabgan.privacy.discrete_gaussian import discrete_gaussian, gaussian_shift, normaliser, upper_tail


def masses(sigma: float, reach: int) -> np.ndarray:
    x = np.arange(-reach, reach + 1)
    weights = np.exp(-(x**2) / (2 * sigma**2))
    return weights / weights.sum()


def p_value(drawn: np.ndarray, sigma: float) -> float:
    """Chi-square of the draws, both tails gathered where fewer than 20 are expected."""
    reach = math.ceil(20 * sigma) + 2
    expected = masses(sigma, reach) * len(drawn)
    edge = np.flatnonzero(expected >= 20)[0]
    last = 2 * reach - edge
    seen = np.bincount(np.clip(drawn + reach, edge, last) - edge, minlength=last - edge + 1)
    wanted = expected[edge : last + 1].copy()
    wanted[0] += expected[:edge].sum()
    wanted[-1] += expected[last + 1 :].sum()
    return float(stats.chisquare(seen, wanted).pvalue)


@pytest.mark.parametrize("sigma", [0.3, 0.5, 1.0, 2.7, 31.4, 400.0])
def test_draws_follow_the_distribution(sigma):
    assert p_value(discrete_gaussian(100_000, sigma), sigma) > 1e-6


@pytest.mark.parametrize("bits", [1, 3, 8])
def test_draws_that_the_first_bits_leave_open_follow_it_too(bits):
    assert p_value(discrete_gaussian(3000, 2.0, word_bits=bits), 2.0) > 1e-6


def test_the_steps_are_those_of_the_distribution_function():
    steps = module._steps(3.0, 64).astype(np.float64) / 2.0**64
    half = len(steps) // 2
    np.testing.assert_allclose(steps[:-1], np.cumsum(masses(3.0, half))[:-1], atol=1e-14)
    assert len(steps) % 2 == 1


def test_tails_are_sums_of_the_masses():
    for sigma in (0.4, 1.0, 7.3, 90.0):
        cumulative = np.cumsum(masses(sigma, math.ceil(40 * sigma))[::-1])[::-1]
        centre = len(cumulative) // 2
        for m in (-3, 0, 1, 2, round(3 * sigma) + 1, round(6 * sigma) + 1):
            if m <= centre:
                assert upper_tail(m, sigma) == pytest.approx(cumulative[centre + m], rel=1e-6)
                assert upper_tail(m, sigma) >= cumulative[centre + m] * (1 - 1e-12)


def test_the_tail_of_much_noise_is_bounded_from_above():
    x = np.arange(6000, 80_000)
    exact = float(np.exp(-(x**2) / (2 * 1500.0**2)).sum() / normaliser(1500.0))
    assert exact <= upper_tail(6000, 1500.0) <= exact * 1.01


def test_the_shift_dominates_every_knot_of_the_trade_off():
    """Brute force of what `gaussian_shift` rests on: y(m) - y(m - 1) is largest at m = 1."""
    for sigma in (0.15, 0.2, 0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 3.1, 5.0, 10.0, 40.0):
        reach = math.ceil(30 * sigma * sigma + 60 * sigma + 30)
        logs = -(np.arange(reach + math.ceil(40 * sigma) + 40) ** 2) / (2 * sigma**2)
        tails = np.logaddexp.accumulate(logs[::-1])[::-1] - math.log(normaliser(sigma))
        y = -special.ndtri_exp(tails[1:reach])  # P(X >= m) for m = 1, 2, ...
        steps = np.concatenate([[2 * y[0]], np.diff(y)])
        assert steps.argmax() == 0
        assert steps.max() <= gaussian_shift(sigma) * (1 + 1e-13)
        assert gaussian_shift(sigma) <= steps.max() * (1 + 1 / (12 * sigma**2))


def test_the_shift_dominates_the_hockey_stick_divergence():
    """Sums over whole numbers against the closed form of the normal pair."""
    for sigma in (0.5, 1.0, 4.0):
        p = masses(sigma, math.ceil(40 * sigma))
        mu = gaussian_shift(sigma)
        for epsilon in np.linspace(0.0, 4 / sigma, 40):
            exact = np.maximum(p - np.exp(epsilon) * np.roll(p, 1), 0.0)[1:].sum()
            normal = special.ndtr(mu / 2 - epsilon / mu) - np.exp(epsilon) * special.ndtr(
                -mu / 2 - epsilon / mu
            )
            assert exact <= normal + 1e-14


@pytest.mark.parametrize("sigma", [0.0, -1.0, math.nan, math.inf, 20_001.0])
def test_noise_out_of_range_is_refused(sigma):
    with pytest.raises(ValueError, match="Expected 0 < sigma"):
        discrete_gaussian(3, sigma)
