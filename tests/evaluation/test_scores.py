from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.metrics import (
    average_precision_score,
    f1_score,
    r2_score,
    roc_auc_score,
    root_mean_squared_error,
)

from tabgan.evaluation.scores import Truth, resampled_auc, resampled_average_precision


def truth_of(cells: list[float], *, is_number: bool) -> Truth:
    return Truth.of(np.array(cells, dtype=np.float64), np.random.default_rng(0), is_number=is_number)


@settings(max_examples=60, deadline=None)
@given(
    arrays.arrays(np.int64, st.integers(2, 30), elements=st.integers(0, 6)),
    st.integers(0, 2**31),
)
def test_weights_are_repeated_rows(scores: npt.NDArray[np.int64], seed: int) -> None:
    rng = np.random.default_rng(seed)
    is_positive = rng.random(len(scores)) < 0.5
    weights = rng.integers(0, 3, (4, len(scores)))
    found = resampled_auc(is_positive, scores, weights.astype(np.float64))
    precision = resampled_average_precision(is_positive, scores, weights.astype(np.float64))
    for row, auc, average in zip(weights, found, precision, strict=True):
        repeated, truth = np.repeat(scores, row), np.repeat(is_positive, row)
        if len(np.unique(truth)) == 2:
            assert auc == pytest.approx(roc_auc_score(truth, repeated))
            assert average == pytest.approx(average_precision_score(truth, repeated))
        else:
            assert auc == 0.5


def test_scores_of_numbers_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    cells, guess = rng.normal(5, 2, 100), rng.normal(5, 2, 100)
    truth = truth_of(list(cells), is_number=True)
    assert truth.score(guess)[0] == pytest.approx(r2_score(cells, guess))
    assert truth.rmse(guess)[0] == pytest.approx(root_mean_squared_error(cells, guess))
    drawn = truth.weights[3].astype(np.int64)
    repeated = np.repeat(cells, drawn), np.repeat(guess, drawn)
    assert truth.r2(guess)[3] == pytest.approx(r2_score(*repeated))
    assert truth.rmse(guess)[3] == pytest.approx(root_mean_squared_error(*repeated))


@pytest.mark.parametrize("unit", [1e-300, 1.0, 1e307])
def test_r2_has_no_unit(unit: float) -> None:
    cells, guess = np.array([0.0, 1.0, 2.0, 5.0]), np.array([0.5, 1.0, 2.0, 4.0])
    found = truth_of(list(cells * unit), is_number=True).r2(guess * unit)
    assert found[0] == pytest.approx(r2_score(cells, guess))
    assert np.isfinite(found).all()


def test_a_giant_guess_is_finitely_bad() -> None:
    found = truth_of([1.0, 2.0, 3.0], is_number=True).r2(np.array([1.0, 2.0, 1e308]))
    assert np.isfinite(found).all()
    assert found[0] < -1e9


def test_scores_of_classes_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    cells = rng.integers(0, 3, 90).astype(np.float64)
    probability = rng.dirichlet([1, 1, 1], 90)
    truth = truth_of(list(cells), is_number=False)
    aucs = [roc_auc_score(cells == code, probability[:, code]) for code in range(3)]
    assert truth.score(probability)[0] == pytest.approx(np.mean(aucs))
    named = probability.argmax(axis=1)
    assert truth.f1(probability)[0] == pytest.approx(f1_score(cells, named, average="macro"))
    drawn = truth.weights[7].astype(np.int64)
    repeated = np.repeat(cells, drawn), np.repeat(named, drawn)
    assert truth.f1(probability)[7] == pytest.approx(f1_score(*repeated, average="macro"))
    expected = average_precision_score(cells == 2, probability[:, 2])
    assert truth.average_precision(probability[:, 2], 2)[0] == pytest.approx(expected)


def test_the_first_row_of_weights_is_the_rows_as_they_are() -> None:
    truth = truth_of([0.0, 1.0] * 50, is_number=False)
    assert (truth.weights[0] == 1).all()
    assert truth.weights[1:].mean() == pytest.approx(1, abs=0.05)
    assert truth.rows(10).weights.shape == (101, 10)
