from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from tabgan.privacy.discrete_gaussian import upper_tail
from tabgan.privacy.entry import stability_threshold
from tabgan.privacy.mechanisms import (
    discrete_gaussian_counts,
    exponential_choice,
    gaussian_sums,
    noisy_row_count,
    stability_histogram,
)


def test_gaussian_noise_has_the_deviation_of_sensitivity_times_multiplier():
    noisy = gaussian_sums(np.full((100, 500), 1e6), sensitivity=2.0, noise_multiplier=3.5)
    assert noisy.shape == (100, 500)
    assert stats.kstest((noisy.ravel() - 1e6) / 7.0, "norm").pvalue > 1e-6


def test_gaussian_counts_lie_on_a_grid_that_does_not_depend_on_the_count():
    for count in (0.0, 0.1, 12345.678901):
        noisy = gaussian_sums(np.full(1000, count), sensitivity=1.0, noise_multiplier=3.0)
        scaled = noisy * 2.0**19
        assert (scaled == np.rint(scaled)).all()


def test_discrete_noise_has_the_deviation_of_sensitivity_times_multiplier():
    noisy = discrete_gaussian_counts(np.full(100_000, 7), sensitivity=2.0, noise_multiplier=3.5)
    assert noisy.dtype == np.int64
    assert noisy.std() == pytest.approx(7.0, rel=0.02)
    assert noisy.mean() == pytest.approx(7.0, abs=0.15)


def test_noise_is_fresh_whatever_numpy_is_seeded_with():
    drawn = []
    for _ in range(2):
        np.random.seed(0)  # noqa: NPY002
        drawn.append(gaussian_sums(np.zeros(4), sensitivity=1.0, noise_multiplier=1.0))
    assert (drawn[0] != drawn[1]).all()


@pytest.mark.parametrize("multiplier", [0.0, -1.0, math.nan, math.inf])
def test_a_release_without_noise_is_refused(multiplier):
    for mechanism in (gaussian_sums, discrete_gaussian_counts):
        with pytest.raises(ValueError, match="Expected noise_multiplier > 0"):
            mechanism([1], sensitivity=1.0, noise_multiplier=multiplier)
        with pytest.raises(ValueError, match="Expected sensitivity > 0"):
            mechanism([1], sensitivity=multiplier, noise_multiplier=1.0)


def test_a_statistic_that_is_not_a_number_is_refused_and_not_shown():
    for bad in (math.nan, math.inf):
        with pytest.raises(ValueError, match="Expected finite numbers"):
            gaussian_sums([12345.0, bad], sensitivity=1.0, noise_multiplier=1.0)
    with pytest.raises(ValueError, match="Expected whole numbers, got dtype=float64") as caught:
        discrete_gaussian_counts([12345.5], sensitivity=1.0, noise_multiplier=1.0)
    assert "12345" not in str(caught.value)


def test_no_counts_are_no_counts():
    assert gaussian_sums([], sensitivity=1.0, noise_multiplier=1.0).shape == (0,)
    assert discrete_gaussian_counts([], sensitivity=1.0, noise_multiplier=1.0).shape == (0,)
    assert stability_histogram({}, noise_multiplier=1.0, threshold=9) == {}


def test_a_row_count_is_whole_and_at_least_one():
    counts = [noisy_row_count(0, noise_multiplier=5.0) for _ in range(50)]
    assert min(counts) == 1
    assert noisy_row_count(10_000, noise_multiplier=5.0) == pytest.approx(10_000, abs=60)


@pytest.mark.parametrize("noise", [0.5, 3.0, 10.0, 200.0, 3000.0])
@pytest.mark.parametrize("delta", [1e-3, 1e-6, 1e-10])
def test_the_threshold_is_passed_by_one_row_with_probability_at_most_delta(noise, delta):
    threshold = stability_threshold(noise, delta=delta)
    x = np.arange(threshold, threshold + math.ceil(40 * noise) + 2, dtype=float)
    whole = np.arange(-math.ceil(40 * noise) - 2, math.ceil(40 * noise) + 3, dtype=float)
    exact = np.exp(-(x**2) / (2 * noise**2)).sum() / np.exp(-(whole**2) / (2 * noise**2)).sum()
    assert exact <= delta  # 1 + X > t is X >= t
    assert upper_tail(threshold - 1, noise) > delta
    assert threshold == pytest.approx(noise * stats.norm.isf(delta), abs=2.1)


def test_a_label_of_one_row_passes_as_rarely_as_promised():
    delta, n = 0.02, 20_000
    threshold = stability_threshold(4.0, delta=delta)
    passed = stability_histogram(dict.fromkeys(range(n), 1), noise_multiplier=4.0, threshold=threshold)
    exact = upper_tail(threshold, 4.0)
    assert exact <= delta
    assert len(passed) == pytest.approx(n * exact, abs=5 * math.sqrt(n * exact))


def test_labels_come_by_falling_count_and_not_in_the_order_of_the_rows():
    counts = {"rare": 500, "common": 90_000, "middling": 4000, 7: 20_000}
    released = stability_histogram(counts, noise_multiplier=5.0, threshold=100)
    assert list(released) == ["common", 7, "middling", "rare"]
    assert all(count > 100 for count in released.values())


def test_a_label_that_no_row_holds_is_never_looked_at():
    with pytest.raises(ValueError, match="at least one row"):
        stability_histogram({"a": 5, "b": 0}, noise_multiplier=5.0, threshold=20)


def test_the_exponential_mechanism_draws_with_its_probabilities():
    scores, epsilon, sensitivity = np.array([0.0, 1.0, 3.0, -2.0]), 1.2, 0.8
    wanted = np.exp(epsilon * scores / (2 * sensitivity))
    wanted /= wanted.sum()
    n = 20_000
    drawn = [exponential_choice(scores, sensitivity=sensitivity, epsilon=epsilon) for _ in range(n)]
    assert stats.chisquare(np.bincount(drawn, minlength=4), wanted * n).pvalue > 1e-6


def test_the_exponential_mechanism_has_bounded_range():
    """Every log ratio of probabilities on neighbours lies in an interval as long as epsilon."""
    epsilon = 0.9
    scores = np.array([0.0, 2.0, 5.0])
    moved = scores + np.array([1.0, -1.0, 0.5])
    first, second = (np.exp(epsilon * s / 2) / np.exp(epsilon * s / 2).sum() for s in (scores, moved))
    losses = np.log(first / second)
    assert losses.max() - losses.min() <= epsilon + 1e-12
    assert abs(losses).max() <= epsilon


def test_scores_far_apart_or_equal_are_drawn_from():
    assert exponential_choice([-1e6, 0.0, -1e6], sensitivity=1.0, epsilon=1.0) == 1
    assert {exponential_choice([1e6, 1e6], sensitivity=1.0, epsilon=1.0) for _ in range(60)} == {0, 1}
    assert exponential_choice([-700.0], sensitivity=1.0, epsilon=1.0) == 0


def test_bad_scores_are_refused():
    for scores in ([], [[1.0]], [math.nan], [math.inf]):
        with pytest.raises(ValueError, match="Expected"):
            exponential_choice(scores, sensitivity=1.0, epsilon=1.0)
    for epsilon in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match="Expected epsilon"):
            exponential_choice([1.0], sensitivity=1.0, epsilon=epsilon)
