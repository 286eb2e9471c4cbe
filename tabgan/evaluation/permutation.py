"""What a model predicts once one column after the other is permuted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tabgan.evaluation.features import FloatArray, IntArray

CELLS_AT_ONCE = 2_000_000  # of all permuted rows that are handed to a model in one call


def predict_permuted(
    predict: Callable[[FloatArray], FloatArray],
    rows: FloatArray,
    features: Sequence[slice],
    orders: Sequence[IntArray],
) -> list[FloatArray]:
    """Predictions of the rows, for each feature with its cells in that order.

    Many features go into one call: of a few hundred rows a call costs more than the rows do. Shape
    of `rows`: [rows, columns]; a feature is a slice of columns that are permuted together.
    """
    predicted: list[FloatArray] = []
    n_at_once = max(1, CELLS_AT_ONCE // max(1, rows.size))
    for start in range(0, len(features), n_at_once):
        copies = []
        for feature, order in zip(features[start:][:n_at_once], orders[start:][:n_at_once], strict=True):
            copies.append(rows.copy())
            copies[-1][:, feature] = rows[order, feature]
        predicted += np.split(predict(np.concatenate(copies)), len(copies))
    return predicted
