from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from tabgan.evaluation.intervals import auc_interval, bootstrap, clopper_pearson, delong, normal, wilson


@pytest.mark.parametrize("confidence", [0.95, 0.9995])
def test_intervals_of_proportions_are_those_of_scipy(confidence: float) -> None:
    for successes, trials in ((0, 7), (7, 7), (1, 1), (3, 40), (999, 100_000)):
        test = stats.binomtest(successes, trials)
        for interval, method in ((wilson, "wilson"), (clopper_pearson, "exact")):
            expected = test.proportion_ci(confidence, method=method)
            assert interval(successes, trials, confidence) == pytest.approx((expected.low, expected.high))
    assert wilson(0, 0) == clopper_pearson(0, 0) == (0.0, 1.0)


def test_delong_is_the_variance_of_the_placements() -> None:
    rng = np.random.default_rng(0)
    positives, negatives = rng.integers(0, 9, 30) + 1.0, rng.integers(0, 9, 40) + 0.0
    wins = (positives[:, None] > negatives) + 0.5 * (positives[:, None] == negatives)
    value, error = delong(positives, negatives)
    truth = np.repeat([1, 0], [30, 40])
    assert value == pytest.approx(roc_auc_score(truth, np.concatenate([positives, negatives])))
    expected = np.var(wins.mean(axis=1), ddof=1) / 30 + np.var(wins.mean(axis=0), ddof=1) / 40
    assert error == pytest.approx(expected**0.5)


def test_the_interval_of_an_auc_covers_the_truth() -> None:
    rng = np.random.default_rng(0)
    truth = 0.7602  # of two normal distributions 1 apart: the normal law at 1 / sqrt(2)
    hits = []
    for _ in range(300):
        low, high = auc_interval(rng.normal(size=40) + 1, rng.normal(size=40))
        hits.append(low <= truth <= high)
    assert 0.9 < np.mean(hits) < 0.99


def test_a_perfect_auc_is_not_surely_perfect() -> None:
    low, high = auc_interval(np.arange(5.0) + 10, np.arange(8.0))
    assert (low, high) == clopper_pearson(5, 5)
    assert low < 0.5
    assert auc_interval(np.arange(5.0), np.arange(8.0) + 10)[0] == 0
    assert auc_interval(np.array([1.0]), np.array([0.0, 2.0])) == (0.0, 1.0)


def test_bootstrap_of_a_mean_has_its_standard_error() -> None:
    rows = np.random.default_rng(0).normal(size=400)
    low, high = bootstrap(
        float(rows.mean()), lambda rng: float(rng.choice(rows, 400).mean()), np.random.default_rng(1), n=400
    )
    assert (high - low) / 2 == pytest.approx(1.96 * rows.std() / 20, rel=0.15)


def test_giants_have_an_interval() -> None:
    low, high = normal(1e307, np.array([0.9e307, 1.1e307, 1e307]))
    assert 0 < low < 1e307 < high < np.inf
