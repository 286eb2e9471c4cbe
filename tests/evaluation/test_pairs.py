from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from tabgan.evaluation import pair_trends, quality, shuffled_columns
from tabgan.evaluation.metric import Family
from tabgan.evaluation.pairs import MEASURES, pair_metrics
from tabgan.evaluation.tables import Tables
from tabgan.schema import Column, Schema


def metrics_of(real: pd.DataFrame, synthetic: pd.DataFrame, schema: Schema | None = None) -> Family:
    """With the real table as holdout too, so that it is not cut in halves."""
    return pair_metrics(Tables.checked(real, synthetic, real, schema=schema))


def test_every_measure_of_a_table_worked_out_by_hand() -> None:
    real = pd.DataFrame({"a": [0.0, 1, 2, 3], "b": [0.0, 1, 2, 9], "c": ["x", "x", "y", "y"]})
    synthetic = pd.DataFrame({"a": [0.0, 1, 2, 3], "b": [9.0, 2, 1, 0], "c": ["x", "y", "x", "y"]})
    schema = Schema((Column("a", "numeric"), Column("b", "numeric"), Column("c", "categorical")))
    found = metrics_of(real, synthetic, schema)
    assert [metric.measure for metric in found.metrics] == list(MEASURES)
    assert found["spearman_similarity"].value == pytest.approx(0.0)
    r = np.corrcoef(real["a"], real["b"])[0, 1]
    assert found["correlation_similarity"].value == pytest.approx(1 - r)
    # Four numbers, four bins: no cell (a, b) is shared, two of four (a, c) are; of (b, c) x has 9 and 1
    # where it had 0 and 1, y has 2 and 0 where it had 2 and 9: two of four.
    assert found["contingency_similarity"].value == pytest.approx((0 + 0.5 + 0.5) / 3)
    # The share of the variance between x and y: 4 of 5 in a, in synthetic rows 1 of 5; in b 25 of 50
    # (means .5 and 5.5 around 3; sum of squares 86 - 36), in synthetic rows 16 of 50 (means 5 and 1).
    etas = (np.sqrt(0.8) - np.sqrt(0.2) + np.sqrt(0.5) - np.sqrt(16 / 50)) / 2
    assert found["correlation_ratio_similarity"].value == pytest.approx(1 - etas)


def test_pair_trends_and_quality_are_what_the_functions_give(
    train: pd.DataFrame, fresh: pd.DataFrame
) -> None:
    for other in (fresh, shuffled_columns(fresh)):
        found, trends = metrics_of(train, other), pair_trends(train, other)
        assert found["pair_trends"].value == pytest.approx(trends.mean, abs=1e-9)
        assert found["quality"].value == pytest.approx(quality(train, other), abs=1e-9)
        details = found.details["pairs"].set_index(["first", "second"])
        assert details["pair_trend"].to_dict() == pytest.approx(trends.scores, abs=1e-9)
        assert details["real"].to_dict() == pytest.approx(trends.real, abs=1e-9)
        assert details["synthetic"].to_dict() == pytest.approx(trends.synthetic, abs=1e-9)
        assert set(details.index[details["is_related"]]) == set(trends.related)


def test_two_way_tables_of_many_categories_are_counted_alike(
    train: pd.DataFrame, fresh: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = metrics_of(train, fresh)
    monkeypatch.setattr("tabgan.evaluation.pairs.DENSE_CELLS", 1)
    found = metrics_of(train, fresh)
    assert found.metrics == expected.metrics
    pd.testing.assert_frame_equal(found.details["pairs"], expected.details["pairs"])


def test_a_copy_is_perfect_and_shuffled_columns_are_at_the_floor(
    train: pd.DataFrame, holdout: pd.DataFrame
) -> None:
    for metric in metrics_of(train, train).metrics:
        assert metric.value == pytest.approx(1.0), metric.key
    found = pair_metrics(Tables.checked(train, shuffled_columns(train, 9), holdout))
    for metric in found.metrics:
        assert metric.value is not None
        assert metric.floor is not None
        assert metric.reference is not None
        assert metric.interval is not None
        assert metric.interval[1] < metric.reference, metric.key
        assert metric.value == pytest.approx(metric.floor, abs=0.02), metric.key


def test_a_fresh_sample_is_like_the_reference(
    train: pd.DataFrame, fresh: pd.DataFrame, holdout: pd.DataFrame
) -> None:
    for metric in pair_metrics(Tables.checked(train, fresh, holdout)).metrics:
        assert metric.interval is not None
        assert metric.reference is not None
        low, high = metric.interval
        assert low - (high - low) < metric.reference < high + (high - low), metric.key


def test_row_order_names_and_units_do_not_matter(train: pd.DataFrame, fresh: pd.DataFrame) -> None:
    other = shuffled_columns(fresh)
    expected = metrics_of(train, other)
    renamed = {name: f"'{name}'\u202e" for name in train}
    variants = {
        "rows": (train.sample(frac=1, random_state=0), other.sample(frac=1, random_state=1)),
        "columns": (train.iloc[:, ::-1], other.iloc[:, [2, 0, 1, 5, 4, 3]]),
        "names": (train.rename(columns=renamed), other.rename(columns=renamed)),
        "units": tuple(t.assign(pay=t["pay"] * 1024 - 512, age=t["age"] * 12) for t in (train, other)),
    }
    for name, pair in variants.items():
        found = metrics_of(*pair)
        for key in expected.keys:
            assert found[key].value == pytest.approx(expected[key].value, abs=1e-6), (name, key)


def test_what_is_not_there_is_undefined_with_a_reason() -> None:
    texts = pd.DataFrame({"a": list("xxyyz"), "b": list("uvuvu")})
    found = metrics_of(texts, texts)
    assert found["correlation_similarity"].note == "there are no two columns of numbers or dates"
    assert "column of categories beside" in found["correlation_ratio_similarity"].note
    assert found["contingency_similarity"].value == 1.0
    assert {metric.value for metric in metrics_of(texts[["a"]], texts[["a"]]).metrics} == {None}


def test_a_wide_table_takes_seconds_and_a_wider_one_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    wide = pd.DataFrame({f"x{i}": rng.normal(size=1000) for i in range(60)})
    wide = pd.concat([wide, wide.iloc[:, :50].gt(0).add_prefix("c")], axis=1)
    start = time.process_time()
    found = pair_metrics(Tables.checked(wide, wide, wide))
    assert time.process_time() - start < 15
    assert len(found.details["pairs"]) == 4950
    assert {metric.note for metric in found.metrics} == {"100 random columns of 110 are looked at"}
