from __future__ import annotations

import json

import pandas as pd
import pytest

from tabgan.evaluation import Summary, quick_summary, shuffled_columns


@pytest.fixture(scope="module")
def summary(train: pd.DataFrame, fresh: pd.DataFrame, holdout: pd.DataFrame) -> Summary:
    return quick_summary(train, fresh, holdout, target="rich", seed=3)


def test_a_fresh_real_sample_gets_what_the_holdout_gets(summary: Summary) -> None:
    for metric in summary.metrics:
        assert metric.reference is not None
        assert metric.value == pytest.approx(metric.reference, abs=0.06), metric.key


def test_shuffled_columns_get_the_floor(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    found = quick_summary(train, shuffled_columns(train, seed=9), holdout, seed=3)
    for metric in found.metrics:
        if metric.floor is not None:
            assert metric.value == pytest.approx(metric.floor, abs=0.03), metric.key


def test_a_copy_of_the_training_table_looks_bad(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    found = quick_summary(train, train, holdout)
    assert found["nearest_neighbour_share"] > 0.95
    assert found["exact_matches"] == 1.0


def test_rows_are_text_in_the_order_of_the_questions(summary: Summary) -> None:
    rows = summary.rows()
    assert [len(row) for row in rows] == [4] * 7
    assert rows[0][0].startswith("Classifier test")
    assert all(isinstance(cell, str) and cell for row in rows for cell in row)


def test_without_a_target_there_is_no_utility(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    found = quick_summary(train.iloc[:50], holdout.iloc[:50], holdout.iloc[50:99])
    assert "tstr_auc" not in found.to_dict()["metrics"]  # type: ignore[operator]


def test_the_dict_is_json_with_everything_needed_to_read_it(summary: Summary) -> None:
    told = json.loads(json.dumps(summary.to_dict(), allow_nan=False))
    assert told["version"] == 1
    assert told["rows"] == {"train": 1200, "synthetic": 1200, "holdout": 1200}
    assert told["metrics"]["quality"]["value"] == summary["quality"]
    assert {entry["column"] for entry in told["column_shapes"]} == set(summary.shapes.scores)
    assert len(told["pair_trends"]) == 15


def test_equal_seed_equal_summary(
    summary: Summary, train: pd.DataFrame, fresh: pd.DataFrame, holdout: pd.DataFrame
) -> None:
    again = quick_summary(train, fresh, holdout, target="rich", seed=3)
    assert again.to_dict() == summary.to_dict()
