from __future__ import annotations

import numpy as np
import pytest
from scipy import linalg

from tabgan.evaluation.samples import frechet_distance, inception_score, maximum_mean_discrepancy


def test_frechet_distance_is_that_of_the_matrix_root() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(60, 4)), rng.normal(size=(80, 4)) @ rng.normal(size=(4, 4)) + 1
    covariances = [np.cov(side, rowvar=False) for side in (first, second)]
    root = linalg.sqrtm(covariances[0] @ covariances[1]).real
    shift = first.mean(axis=0) - second.mean(axis=0)
    expected = shift @ shift + np.trace(covariances[0] + covariances[1] - 2 * root)
    assert frechet_distance(first, second) == pytest.approx(expected)
    assert frechet_distance(second, first) == pytest.approx(expected)


def test_frechet_distance_of_a_sample_to_itself_is_zero_even_without_full_rank() -> None:
    rows = np.random.default_rng(0).normal(size=(10, 3)) @ np.ones((3, 20))
    assert frechet_distance(rows, rows) == pytest.approx(0, abs=1e-6)


def test_inception_score_worked_out_by_hand() -> None:
    # One row is surely of the first class, one is undecided: the mean is (3/4, 1/4).
    probability = np.array([[1.0, 0.0], [0.5, 0.5]])
    divergences = [np.log(4 / 3), 0.5 * np.log(2 / 3) + 0.5 * np.log(2)]
    assert inception_score(probability) == pytest.approx(np.exp(np.mean(divergences)))


def test_mmd_is_that_of_the_double_sum() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(12, 2)), rng.normal(size=(12, 2)) + 1
    pooled = np.concatenate([first, second])
    squared = ((pooled[:, None] - pooled[None]) ** 2).sum(axis=2)
    kernel = np.exp(-squared / (2 * np.median(squared[np.triu_indices(24, 1)])))
    total = 0.0
    for i in range(12):
        for j in range(12):
            if i != j:
                total += (kernel[i, j] + kernel[12 + i, 12 + j]) / (12 * 11)
            total -= 2 * kernel[i, 12 + j] / 144
    assert maximum_mean_discrepancy(first, second, rng).value == pytest.approx(total)


def test_the_p_value_of_equal_samples_is_uniform_and_that_of_others_small() -> None:
    rng = np.random.default_rng(0)
    p_values = [
        maximum_mean_discrepancy(rng.normal(size=(40, 2)), rng.normal(size=(40, 2)), rng).p_value
        for _ in range(60)
    ]
    assert 0.35 < np.mean(p_values) < 0.65
    assert np.mean(np.array(p_values) < 0.1) < 0.25
    found = maximum_mean_discrepancy(rng.normal(size=(80, 2)), rng.normal(size=(80, 2)) + 1, rng)
    assert found.p_value == pytest.approx(1 / 201)
    assert abs(found.draws.mean() - found.value) < 3 * found.draws.std()


def test_equal_rows_are_no_division_by_zero() -> None:
    rows = np.zeros((5, 2))
    found = maximum_mean_discrepancy(rows, rows, np.random.default_rng(0))
    assert found.value == pytest.approx(0)
    assert found.p_value == 1
