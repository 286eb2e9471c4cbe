from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from tabgan.privacy.one_run import lower_bound, p_value


def test_without_delta_it_is_the_bound_of_clopper_and_pearson():
    for guesses, correct in ((100, 90), (1000, 560), (50, 50)):
        share = stats.binomtest(correct, guesses).proportion_ci(0.90, method="exact").low
        exact = math.log(share / (1 - share))
        assert lower_bound(1000, guesses, correct, delta=0.0) == pytest.approx(max(exact, 0.0), abs=1e-4)


def test_randomised_response_is_never_said_to_be_worse_than_it_is():
    """The mechanism that the theorem is tight for: each coin told right with probability e/(1 + e)."""
    rng, epsilon, n = np.random.default_rng(0), 1.0, 400
    told = rng.binomial(n, 1 / (1 + math.exp(-epsilon)), size=2000)
    bounds = {k: lower_bound(n, n, k, delta=0.0) for k in set(told.tolist())}
    too_high = np.mean([bounds[k] > epsilon for k in told.tolist()])
    assert too_high <= 0.05 + 4 * math.sqrt(0.05 / 2000)
    assert np.mean([bounds[k] for k in told.tolist()]) > 0.7


def test_the_bound_rises_with_right_guesses_and_falls_with_delta_and_confidence():
    rising = [lower_bound(500, 200, k, delta=1e-5) for k in range(100, 201, 10)]
    assert rising == sorted(rising)
    assert rising[0] == 0.0 < rising[-1]
    assert lower_bound(500, 200, 180, delta=1e-3) < lower_bound(500, 200, 180, delta=0.0)
    assert lower_bound(500, 200, 180, delta=0.0, confidence=0.999) < lower_bound(500, 200, 180, delta=0.0)


def test_a_coin_fallen_right_with_probability_delta_is_paid_for():
    """A mechanism that tells all coins with probability delta keeps (0, delta): nothing may be refuted."""
    assert p_value(100, 100, 100, epsilon=0.0, delta=0.01) >= 0.01


@pytest.mark.parametrize("counts", [(10, 11, 0), (10, 5, 6), (10, 5, -1)])
def test_impossible_guesses_are_refused(counts):
    with pytest.raises(ValueError, match="Expected 0 <= correct"):
        p_value(*counts, epsilon=1.0, delta=0.0)
