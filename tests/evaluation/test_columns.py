from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import wasserstein_distance

from tabgan.evaluation import column_shapes, shuffled_columns
from tabgan.evaluation.column_scores import robust_scale
from tabgan.evaluation.columns import MEASURES, column_metrics
from tabgan.evaluation.metric import Family
from tabgan.evaluation.tables import Tables
from tabgan.schema import Column, Schema

SCHEMA = Schema((Column("n", "numeric"), Column("c", "categorical")))


def metrics_of(real: pd.DataFrame, synthetic: pd.DataFrame, schema: Schema | None = None) -> Family:
    """With the real table as holdout too, so that it is not cut in halves."""
    return column_metrics(Tables.checked(real, synthetic, real, schema=schema))


def test_every_measure_of_a_table_worked_out_by_hand() -> None:
    real = pd.DataFrame({"n": [0.0, 1, 2, 3, 4, np.nan], "c": ["x", "x", "y", "y", None, "z"]})
    synthetic = pd.DataFrame({"n": [1.0, 1, 2, 3, np.nan, np.nan], "c": ["x", "y", "y", "y", None, None]})
    found = metrics_of(real, synthetic, SCHEMA)
    # n: 0 of 4 synthetic numbers lie at or below 0, 1 of 5 real ones; at 1 it is 2/4 against 2/5;
    # at 2 3/4 and 3/5, at 3 all and 4/5. The largest distance is 1/5.
    assert found["ks_complement"].value == pytest.approx(0.8)
    # c without missing: real 2/5, 2/5, 1/5 against 1/4, 3/4, 0.
    assert found["tv_complement"].value == pytest.approx(1 - 0.35)
    # With missing: real 2, 2, 1, 1 of 6 against 1, 3, 0, 2 of 6.
    assert found["column_shapes"].value == pytest.approx((0.8 + 1 - 2 / 6) / 2)
    # The distances at 0, 1, 2 and 3, one apart, are .2, .1, .15 and .2. The IQR of 0 to 4 is 2.
    assert found["wasserstein"].value == pytest.approx((0.2 + 0.1 + 0.15 + 0.2) / 2)
    assert found["missing_share_similarity"].value == pytest.approx(1 - 1 / 6)
    # Patterns: real 4 rows with both, one without n, one without c; synthetic 4 with both, two with none.
    assert found["missing_pattern_similarity"].value == pytest.approx(1 - 2 / 6)
    assert found["category_coverage"].value == pytest.approx(2 / 3)
    assert found["range_coverage"].value == pytest.approx(0.5)


def test_a_copy_is_perfect_and_metrics_come_in_the_order_of_the_measures(train: pd.DataFrame) -> None:
    found = metrics_of(train, train)
    assert [metric.measure for metric in found.metrics] == list(MEASURES)
    for metric in found.metrics:
        assert metric.value == pytest.approx(metric.measure.perfect)


def test_a_fresh_sample_is_like_the_reference_and_another_population_is_not(
    train: pd.DataFrame, fresh: pd.DataFrame, holdout: pd.DataFrame
) -> None:
    found = column_metrics(Tables.checked(train, fresh, holdout))
    for metric in found.metrics:
        assert metric.value is not None
        assert metric.reference is not None
        assert metric.interval is not None
        width = metric.interval[1] - metric.interval[0]
        assert abs(metric.value - metric.reference) < max(2 * width, 0.02), metric.key
    spoiled = fresh.assign(pay=fresh["pay"] * 2, job="cook", town=fresh["town"].fillna("West"))
    worse = column_metrics(Tables.checked(train, spoiled, holdout))
    for metric in worse.metrics:
        if metric.key != "range_coverage":
            assert metric.interval is not None
            high, low = (metric.reference or 0.0), (metric.reference or 0.0)
            is_lower = metric.measure.better == "lower"
            assert metric.interval[0] > high if is_lower else metric.interval[1] < low, metric.key


def test_shapes_and_distances_agree_with_other_code(train: pd.DataFrame, fresh: pd.DataFrame) -> None:
    other = shuffled_columns(fresh)
    found = metrics_of(train, other)
    shapes = column_shapes(train, other)
    assert found["column_shapes"].value == pytest.approx(shapes.mean, abs=1e-12)
    details = found.details["columns"].set_index("column")
    assert details["column_shapes"].to_dict() == pytest.approx(shapes.scores)
    pay = [table["pay"].dropna() for table in (train, other)]
    low, high = np.quantile(np.repeat(pay[0], 2), [0.25, 0.75], method="nearest")
    assert details.loc["pay", "wasserstein"] == pytest.approx(wasserstein_distance(*pay) / (high - low))


def test_row_order_names_and_units_do_not_matter(train: pd.DataFrame, fresh: pd.DataFrame) -> None:
    expected = metrics_of(train, fresh)
    renamed = {name: f"'{name}'\u202e" for name in train}
    variants = {
        "rows": (train.sample(frac=1, random_state=0), fresh.sample(frac=1, random_state=1)),
        "names": (train.rename(columns=renamed), fresh.rename(columns=renamed)),
        "units": tuple(t.assign(pay=t["pay"] * 1024 - 512, age=t["age"] * 12) for t in (train, fresh)),
    }
    for name, pair in variants.items():
        found = metrics_of(*pair)
        for key in expected.keys:
            assert found[key].value == pytest.approx(expected[key].value), (name, key)


def test_what_is_not_there_is_undefined_with_a_reason() -> None:
    texts = pd.DataFrame({"c": list("xxyyz")})
    found = metrics_of(texts, texts)
    assert found["ks_complement"].value is None
    assert found["ks_complement"].note == "no column holds numbers or dates"
    assert found["missing_share_similarity"].note == "no cell is missing in any table"
    numbers = pd.DataFrame({"n": [1.0, 2.0, 4.0]})
    assert metrics_of(numbers, numbers)["tv_complement"].note == "no column holds categories"
    only_id = Schema((Column("c", "identifier"),))
    assert {m.value for m in metrics_of(texts, texts, only_id).metrics} == {None}


def test_a_column_without_synthetic_numbers_is_the_worst_and_counted_in_the_note() -> None:
    real = pd.DataFrame({"n": [1.0, 2, 3, 4, 5], "m": [1.0, 2, 3, 4, 5]})
    schema = Schema((Column("n", "numeric"), Column("m", "numeric")))
    found = metrics_of(real, real.assign(m=np.nan), schema)
    assert found["ks_complement"].value == 0.5
    assert found["range_coverage"].value == 0.5
    assert found["wasserstein"].value == 0.0
    assert found["wasserstein"].note.startswith("left out: 1 column without a number")


def test_no_figure_of_the_details_stands_for_fewer_than_five_rows() -> None:
    n = 60
    rare = [np.nan] * 2 + [1000.0 + i for i in range(n - 2)]
    real = pd.DataFrame(
        {"n": rare, "c": ["alone"] + ["x"] * 4 + ["y"] * (n - 5), "u": [f"t{i}" for i in range(n)]}
    )
    schema = Schema((Column("n", "numeric"), Column("c", "categorical"), Column("u", "categorical")))
    details = metrics_of(real, real, schema).details["columns"].set_index("column")
    assert pd.isna(details.loc["n", "real_missing"])
    assert details.loc["n", "real_median"] == np.mean([1000.0 + i for i in range(26, 31)])
    assert details.loc["c", "real_categories"] == 1
    assert details.loc["c", "real_most_frequent"] == "y"
    assert pd.isna(details.loc["u", "real_most_frequent"])
    few = metrics_of(real[:6], real[:6], schema).details["columns"].set_index("column")
    assert pd.isna(few.loc["n", "real_mean"])


def test_dates_are_told_as_dates(train: pd.DataFrame) -> None:
    details = metrics_of(train, train).details["columns"].set_index("column")
    assert str(details.loc["start", "real_median"]).startswith("2022-")


@pytest.mark.parametrize(
    ("numbers", "width"),
    [([5.0], 5.0), ([0.0], 1.0), ([0.0] * 8 + [1.0, 3.0], 3.0), ([0.0] * 999 + [7.0], 7.0)],
)
def test_the_scale_is_never_zero(numbers: list[float], width: float) -> None:
    assert robust_scale(np.array(numbers))[1] == width


def test_giants_stay_finite() -> None:
    real = pd.DataFrame({"n": [1e308, -1e308, 0.0, 1.0, 2.0, 5.0]})
    found = metrics_of(real, pd.DataFrame({"n": [1e308] * 6}))
    assert all(np.isfinite(metric.value) for metric in found.metrics if metric.value is not None)
