"""Permuted features, many a call, give what one call for each gives."""

import numpy as np
import pytest

from tabgan.evaluation import permutation
from tabgan.evaluation.permutation import predict_permuted


@pytest.mark.parametrize("cells_at_once", [1, 250, 10_000])
def test_many_features_a_call_are_as_one_call_each(
    monkeypatch: pytest.MonkeyPatch, cells_at_once: int
) -> None:
    monkeypatch.setattr(permutation, "CELLS_AT_ONCE", cells_at_once)
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(20, 5))
    before = rows.copy()
    features = [slice(0, 1), slice(1, 4), slice(4, 5)]
    orders = [rng.permutation(20) for _ in features]
    weights = rng.normal(size=5)
    calls = []

    def predict(asked: np.ndarray) -> np.ndarray:
        calls.append(len(asked))
        return asked @ weights

    found = predict_permuted(predict, rows, features, orders)
    for feature, order, predicted in zip(features, orders, found, strict=True):
        wanted = before.copy()
        wanted[:, feature] = before[order][:, feature]
        np.testing.assert_allclose(predicted, wanted @ weights)
    assert np.array_equal(rows, before)
    assert len(calls) == {1: 3, 250: 2, 10_000: 1}[cells_at_once]


def test_no_feature_asks_nothing() -> None:
    assert predict_permuted(lambda rows: rows[:, 0], np.ones((3, 2)), [], []) == []
