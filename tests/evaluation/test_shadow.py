from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan.errors import SchemaError
from tabgan.evaluation.features import shuffled_columns
from tabgan.evaluation.shadow import _calibrated, shadow_membership


def a_third_copied(table: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([table.iloc[::3], shuffled_columns(table)], ignore_index=True)


def test_who_copies_is_found_who_draws_columns_is_not(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    copied, partly, independent = (
        shadow_membership(synthesizer, train, holdout, max_rows=800)
        for synthesizer in (lambda table: table, a_third_copied, shuffled_columns)
    )
    assert [metric.verdict for metric in copied.metrics] == ["leak", "leak"]
    assert copied["shadow_auc"].value > 0.95
    assert partly["shadow_auc"].verdict == "leak"
    assert 0.55 < partly["shadow_auc"].value < 0.8
    assert [metric.verdict for metric in independent.metrics] == ["no evidence", "no evidence"]
    for family in (copied, partly, independent):
        for metric in family.metrics:
            assert metric.interval is not None
            assert metric.interval[0] <= metric.value <= metric.interval[1]
        assert len(family.details["shadow_models"]) == 8


def test_a_score_is_held_against_the_other_models_with_and_without_the_row() -> None:
    closeness = np.array([[5.0], [3.0], [1.0], [2.0]])
    is_in = np.array([[True], [True], [False], [False]])
    # With the row: 3 | 5; without it: 1 and 2, or the other one of both.
    expected = [[5 - (3 + 1.5) / 2], [3 - (5 + 1.5) / 2], [1 - (4 + 2) / 2], [2 - (4 + 1) / 2]]
    assert _calibrated(closeness, is_in) == pytest.approx(np.array(expected))


def test_every_model_is_fitted_to_half_of_the_pool_and_the_result_repeats(
    train: pd.DataFrame, holdout: pd.DataFrame
) -> None:
    seen: list[pd.DataFrame] = []

    def synthesizer(table: pd.DataFrame) -> pd.DataFrame:
        seen.append(table)
        return shuffled_columns(table)

    once, again = (
        shadow_membership(synthesizer, train, holdout, n_models=4, max_rows=400, seed=3) for _ in range(2)
    )
    assert once.metrics == again.metrics
    assert sum(map(len, seen[:4])) == 4 * 200
    assert list(seen[0].columns) == list(train.columns)


def test_what_cannot_be_asked(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    for n_models in (2, 5):
        with pytest.raises(ValueError, match="even n_models >= 4"):
            shadow_membership(shuffled_columns, train, holdout, n_models=n_models)
    with pytest.raises(SchemaError, match="'pay' is not in a table"):
        shadow_membership(lambda table: table.drop(columns="pay"), train, holdout, max_rows=400)
    for metric in shadow_membership(shuffled_columns, train[:50], holdout[:50]).metrics:
        assert metric.verdict == "underpowered"
        assert "at least 100" in metric.note
