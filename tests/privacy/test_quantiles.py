from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabgan.privacy.mechanisms import discrete_gaussian_counts
from tabgan.privacy.quantiles import (
    log_edges,
    monotone_cumulative,
    noisy_bounds,
    noisy_quantiles,
)

SIGMA = 10.0


def released(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), bins=edges)
    return discrete_gaussian_counts(counts, sensitivity=1.0, noise_multiplier=SIGMA)


def test_a_log_grid_is_symmetric_and_rising():
    edges = log_edges()
    assert (np.diff(edges) > 0).all()
    assert (edges == -edges[::-1]).all()
    assert edges[-1] == 2.0**40


def test_bounds_hold_nearly_all_rows_and_are_not_much_wider():
    values = np.random.default_rng(0).lognormal(5.0, 0.5, 20_000)
    edges = log_edges()
    bounds = noisy_bounds(edges, released(values, edges), sigma=SIGMA, false_alarm=1e-9)
    assert bounds is not None
    low, high = bounds
    assert ((values >= low) & (values <= high)).mean() > 0.995
    assert 16.0 <= low < high <= 1024.0


def test_a_column_without_rows_has_no_bounds():
    edges = log_edges()
    noise = released(np.zeros(0), edges)
    assert noisy_bounds(edges, noise, sigma=SIGMA, false_alarm=1e-12) is None


def test_quantiles_are_close_to_the_exact_ones():
    values = np.random.default_rng(1).normal(50.0, 10.0, 20_000)
    edges = np.linspace(0.0, 100.0, 201)
    shares = np.linspace(0.05, 0.95, 19)
    found = noisy_quantiles(edges, released(values, edges), shares)
    np.testing.assert_allclose(found, np.quantile(values, shares), atol=3.0)  # 7 deviations of the noise


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=40))
def test_cumulative_counts_rise_from_0_to_the_total(counts):
    cumulative = monotone_cumulative(counts)
    assert (np.diff(cumulative) >= 0).all()
    assert (cumulative >= 0).all()
    assert cumulative[-1] == max(sum(counts), 0)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40))
def test_counts_without_noise_stay_as_they_are(counts):
    assert (monotone_cumulative(counts) == np.cumsum(counts)).all()


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=40))
def test_quantiles_rise_and_stay_on_the_grid(counts):
    edges = np.linspace(-1.0, 1.0, len(counts) + 1)
    found = noisy_quantiles(edges, counts, np.linspace(0, 1, 21))
    assert (np.diff(found) >= 0).all()
    assert found[0] >= -1.0
    assert found[-1] <= 1.0


def test_grids_and_shares_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="Expected 0 < smallest"):
        log_edges(smallest=0.0)
    with pytest.raises(ValueError, match="Expected one more edge"):
        noisy_quantiles(np.array([0.0, 1.0]), [1, 2], [0.5])
    with pytest.raises(ValueError, match="Expected probabilities"):
        noisy_quantiles(np.array([0.0, 1.0]), [1], [1.5])
