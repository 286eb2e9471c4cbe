from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tabgan.errors import SchemaError
from tabgan.evaluation import shuffled_columns, tstr_auc
from tabgan.evaluation.metric import Family
from tabgan.evaluation.models import MODELS
from tabgan.evaluation.tables import Tables
from tabgan.evaluation.targets import Task
from tabgan.evaluation.trials import REAL, SYNTHETIC, TEST, Trial
from tabgan.evaluation.utility import MEASURES, _spearman, is_regression, utility_metrics
from tabgan.schema import Column, Schema


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


def test_a_date_is_predicted_as_the_number_it_is(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    assert is_regression(train, "start")
    assert 0.9 < tstr_auc(train, holdout, "start") <= 1


def test_a_class_never_seen_costs_and_does_not_fail(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    train, holdout = train.head(600), holdout.head(600)
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
    train, holdout = train.head(400), holdout.head(400)
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


def family(tables: Tables) -> Family:
    found = utility_metrics(tables)
    assert found.keys == tuple(measure.key for measure in MEASURES)
    return found


@pytest.fixture(scope="module")
def of_fresh(train: pd.DataFrame, fresh: pd.DataFrame, holdout: pd.DataFrame) -> Family:
    return family(Tables.checked(train, fresh, holdout, target="rich"))


def test_a_fresh_sample_teaches_as_much_as_the_real_rows(of_fresh: Family) -> None:
    for key in ("tstr_auc", "tstr_f1", "tstr_linear", "tstr_extra_trees"):
        found = of_fresh[key]
        assert found.value is not None
        assert found.reference is not None
        assert found.floor is not None
        assert found.interval is not None
        assert abs(found.value - found.reference) < 0.03
        assert found.floor < found.value - 0.2
        assert found.interval[0] <= found.value <= found.interval[1]
    assert of_fresh["tstr_auc"].note == "AUC, target 'rich' (given)"
    assert of_fresh["tstr_rmse"].note == "the target is a class"


def test_the_family_agrees_with_the_function(
    train: pd.DataFrame, fresh: pd.DataFrame, holdout: pd.DataFrame, of_fresh: Family
) -> None:
    expected = tstr_auc(fresh, holdout, "rich"), tstr_auc(train, holdout, "rich")
    found = of_fresh["tstr_auc"]
    assert (found.value, found.reference) == pytest.approx(expected, abs=0.01)


def test_shuffled_columns_teach_nothing(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    train, holdout = train.head(600), holdout.head(600)
    found = family(Tables.checked(train, shuffled_columns(train, 5), holdout, target="rich"))
    for key in ("tstr_auc", "tstr_linear"):  # of five columns any order of importances may come out
        progress = found[key].progress
        assert progress is not None
        assert progress < 0.6


def test_a_number_has_r2_and_an_error_in_its_unit(
    train: pd.DataFrame, fresh: pd.DataFrame, holdout: pd.DataFrame
) -> None:
    errors = []
    for unit in (1.0, 100.0):
        tables = [table.head(400).assign(pay=table["pay"] * unit) for table in (train, fresh, holdout)]
        found = family(Tables.checked(tables[0], tables[1], tables[2], target="pay"))
        score, error = found["tstr_auc"], found["tstr_rmse"]
        assert score.value is not None
        assert error.value is not None
        assert 0.5 < score.value < 1
        assert "R²" in score.note
        assert found["tstr_f1"].note == "the target is a number"
        spread = float(tables[2]["pay"].std(ddof=0))
        assert error.value == pytest.approx(spread * (1 - score.value) ** 0.5, rel=1e-6)
        errors.append(error.value / unit)
    assert errors[0] == pytest.approx(errors[1], rel=0.01)


def test_real_and_synthetic_rows_change_places_and_nothing_else_changes() -> None:
    def many_classes(n_rows: int, seed: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        kind = rng.zipf(1.3, n_rows).clip(max=30)
        return pd.DataFrame({"x": kind + rng.normal(size=n_rows), "y": kind.astype(str)})

    first, second, holdout = (many_classes(60, seed) for seed in range(3))
    schema = Schema([Column("x", "numeric"), Column("y", "categorical")])
    task = Task("y", "categorical", is_number=False, was_given=True)
    trials = [
        Trial.of(task, Tables.checked(train, synthetic, holdout, schema=schema))
        for train, synthetic in ((first, second), (second, first))
    ]
    one, other = (trial.problem for trial in trials if isinstance(trial, Trial))
    for here, there in ((TEST, TEST), (REAL, SYNTHETIC), (SYNTHETIC, REAL)):
        assert np.array_equal(one.truths[here], other.truths[there])
        for model in MODELS:
            assert np.array_equal(one.rows_of(model)[here], other.rows_of(model)[there], equal_nan=True)


def test_the_models_are_listed_with_what_they_learned_from(of_fresh: Family) -> None:
    models = of_fresh.details["utility_models"]
    assert set(models["model"]) == set(MODELS)
    assert set(models["trained_on"]) == {"real", "other real", "synthetic", "shuffled"}
    assert len(models) == 3 + 4 * len(MODELS)
    assert models.notna().all(axis=None)
    assert list(models.columns) == ["model", "trained_on", "rows", "auc", "f1"]
    assert set(models["rows"]) == {1200, 600}


def test_importances_say_which_column_matters(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    train, holdout = train.head(600), holdout.head(600)
    # Synthetic rows in which the town alone tells who is rich.
    noise = shuffled_columns(train, 3)
    wrong = noise.assign(town=np.where(noise["rich"], "North", "South"))
    found = family(Tables.checked(train, wrong, holdout, target="rich"))
    table = found.details["utility_importances"].set_index("column")
    assert table["real"].idxmax() == "pay"
    assert table["synthetic"].idxmax() == "town"
    agreement = found["importance_agreement"]
    assert agreement.value is not None
    assert agreement.reference is not None
    assert agreement.value < agreement.reference


def test_without_a_holdout_half_of_the_rows_is_predicted(train: pd.DataFrame, fresh: pd.DataFrame) -> None:
    found = family(Tables.checked(train.head(400), fresh.head(400), target="rich"))
    assert found["tstr_auc"].rows == 200
    assert "no holdout" in found["tstr_auc"].note


def test_synthetic_rows_of_one_class_score_a_half(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    train, holdout = train.head(400), holdout.head(400)
    found = family(Tables.checked(train, train[train["rich"]], holdout, target="rich"))
    assert found["tstr_auc"].value == 0.5
    assert "all equal" in found["importance_agreement"].note


def test_what_cannot_be_predicted_has_a_reason(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    train, holdout = train.head(300), holdout.head(300)
    for tables, reason in (
        (Tables.checked(train.head(10), train, holdout, target="rich"), "20 rows"),
        (Tables.checked(train, train.assign(rich=None), holdout, target="rich"), "20 rows"),
        (Tables.checked(train, train, holdout[holdout["rich"]], target="rich"), "single value"),
        (Tables.checked(train[["rich"]], train[["rich"]], holdout[["rich"]]), "no two columns"),
    ):
        assert all(metric.value is None and reason in metric.note for metric in family(tables).metrics)
    kept = ["pay", "age", "rich"]
    few = family(Tables.checked(train[kept], train[kept], holdout[kept], target="rich"))
    assert "at least 3 columns" in few["importance_agreement"].note
    assert few["tstr_auc"].value is not None


def test_spearman_is_that_of_scipy() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 5, (8, 3)).astype(float), rng.integers(0, 5, (8, 3)).astype(float)
    expected = [stats.spearmanr(first[:, i], second[:, i]).statistic for i in range(3)]
    assert _spearman(first, second) == pytest.approx(expected)
    assert np.isnan(_spearman(np.zeros((4, 1)), np.arange(4.0)[:, None]))[0]
