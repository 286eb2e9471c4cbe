from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan.errors import SchemaError
from tabgan.evaluation import shuffled_columns, tstr_auc
from tabgan.evaluation.utility import is_regression


def test_real_rows_teach_and_shuffled_ones_do_not(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    features = ["age", "job", "town", "rich"]
    learned = tstr_auc(train[features], holdout[features], "rich")
    assert 0.8 < learned < 1
    assert tstr_auc(shuffled_columns(train[features]), holdout[features], "rich") < 0.6


def test_several_classes_are_averaged_one_against_the_rest() -> None:
    # x tells class 0 from the others and nothing else: AUC 1, and .75 for each of the other two.
    table = pd.DataFrame({"x": np.tile([0.0, 1.0, 1.0], 200), "y": np.tile(["p", "q", "r"], 200)})
    assert tstr_auc(table, table, "y") == pytest.approx((1 + 0.75 + 0.75) / 3)


def test_a_number_with_many_values_is_scored_by_r2(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    assert is_regression(train, "pay")
    assert not is_regression(train, "rich")
    assert 0.5 < tstr_auc(train, holdout, "pay") < 1
    assert tstr_auc(shuffled_columns(train), holdout, "pay") < 0.2


def test_a_class_never_seen_costs_and_does_not_fail(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    lacking = train[train["job"] != "teacher"]
    assert 0 < tstr_auc(lacking, holdout, "job") < tstr_auc(train, holdout, "job")


def test_a_class_of_a_single_row_does_not_fail(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    rows = pd.concat([train] * 9).reset_index(drop=True)  # enough for early stopping, which splits classes
    rows.loc[0, "job"] = "pilot"
    assert 0.5 < tstr_auc(rows, holdout, "job") < 1


def test_a_single_class_teaches_nothing(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    assert tstr_auc(train[train["rich"]], holdout, "rich") == 0.5


def test_features_without_values_teach_nothing(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    columns = ["rich", "pay", "town"]
    empty = train[columns].assign(pay=np.nan, town=None)
    assert tstr_auc(empty, holdout[columns], "rich") == 0.5
    assert tstr_auc(empty[["pay", "rich"]], holdout[["pay", "rich"]], "pay") == 0.0


def test_rows_without_a_target_are_left_out(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    assert train["town"].isna().any()
    complete = (t[t["town"].notna()].reset_index(drop=True) for t in (train, holdout))
    assert tstr_auc(train, holdout, "town") == tstr_auc(*complete, "town")


def test_a_wrong_target_is_named(train: pd.DataFrame) -> None:
    with pytest.raises(SchemaError, match="'nope'"):
        tstr_auc(train, train, "nope")
    with pytest.raises(SchemaError, match="no other column"):
        tstr_auc(train[["rich"]], train[["rich"]], "rich")
    with pytest.raises(SchemaError, match="every row"):
        tstr_auc(train, train.assign(town=None), "town")
