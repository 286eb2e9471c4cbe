from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan.evaluation import shuffled_columns
from tabgan.evaluation.embedding import embed
from tabgan.evaluation.features import compare
from tabgan.evaluation.manifold import FITTED, MEASURES, _neighbourhoods, manifold_metrics
from tabgan.evaluation.metric import Family
from tabgan.evaluation.tables import Tables
from tests.evaluation.conftest import make_people


def family(train: pd.DataFrame, synthetic: pd.DataFrame, holdout: pd.DataFrame | None) -> Family:
    return manifold_metrics(Tables.checked(train, synthetic, holdout))


@pytest.fixture(scope="module")
def train() -> pd.DataFrame:
    return make_people(700, seed=1)


@pytest.fixture(scope="module")
def holdout() -> pd.DataFrame:
    return make_people(700, seed=2)


@pytest.fixture(scope="module")
def fresh() -> pd.DataFrame:
    return make_people(700, seed=3)


@pytest.fixture(scope="module")
def of_fresh(train: pd.DataFrame, fresh: pd.DataFrame, holdout: pd.DataFrame) -> Family:
    return family(train, fresh, holdout)


def test_a_fresh_sample_is_like_the_holdout(of_fresh: Family) -> None:
    assert of_fresh.keys == tuple(measure.key for measure in MEASURES)
    for metric in of_fresh.metrics:
        assert metric.value is not None
        assert metric.reference is not None
        assert metric.interval is not None
        assert metric.interval[0] <= metric.value <= metric.interval[1]
        half = (metric.interval[1] - metric.interval[0]) / 2
        # Both are random: their difference has a deviation of √2 / 1.96 half-widths.
        assert abs(metric.value - metric.reference) < 3 * half, metric.key


def test_fresh_rows_of_one_column_of_numbers_are_no_nearer_than_the_holdout() -> None:
    gaps = []
    for seed in range(6):
        numbers = np.random.default_rng(seed).normal(size=(3, 150))
        tables = Tables.checked(*(pd.DataFrame({"a": side}) for side in numbers))
        sides = tables.sides(150)
        encoded = embed(compare(*sides, schema=tables.schema), FITTED)
        for metric in _neighbourhoods(tables, sides, encoded):
            assert not (metric.key in ("authenticity", "beta_recall") and metric.is_too_good)
            if metric.key == "authenticity":
                gaps.append(metric.value - metric.reference)
    # A share of .05 among 150 rows has a deviation of .018, the mean of 6 differences one of .01.
    assert abs(np.mean(gaps)) < 0.03


def test_shuffled_columns_lie_elsewhere(train: pd.DataFrame, holdout: pd.DataFrame, of_fresh: Family) -> None:
    found = family(train, shuffled_columns(train, 9), holdout)
    for metric in found.metrics:
        assert metric.value is not None
        assert metric.floor is not None
        progress, fresh = metric.progress, of_fresh[metric.key].progress
        if progress is not None and fresh is not None:
            assert progress < 0.3 < 0.6 < fresh, metric.key
    assert "p = 0.005" in found["mmd"].note
    assert not any(metric.is_too_good for metric in found.metrics)


def test_a_copy_is_too_good(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    found = family(train, train.sample(frac=1, random_state=0), holdout)
    assert found["authenticity"].value == pytest.approx(0, abs=0.01)
    assert found["authenticity"].is_too_good
    assert found["beta_recall"].is_too_good
    assert found["coverage"].value == 1


def test_authenticity_falls_with_the_copied_share(
    train: pd.DataFrame, fresh: pd.DataFrame, holdout: pd.DataFrame
) -> None:
    columns = ["age", "pay"]
    values = []
    for share in (0.0, 0.5, 1.0):
        n_copied = int(share * 300)
        synthetic = pd.concat([train.head(n_copied), fresh.head(300 - n_copied)]).reset_index(drop=True)
        value = family(train.head(600)[columns], synthetic[columns], holdout.head(600)[columns])[
            "authenticity"
        ].value
        assert value is not None
        values.append(value)
    assert values[0] > values[1] + 0.1
    assert values[1] > values[2] + 0.1


def test_a_single_repeated_row_covers_nothing(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    found = family(train, pd.concat([train.head(1)] * 300).reset_index(drop=True), holdout)
    coverage, score = found["coverage"].value, found["inception_score"].value
    assert coverage is not None
    assert coverage < 0.05
    assert score == pytest.approx(1)  # every row has the same class


def test_the_inception_score_names_its_target(train: pd.DataFrame, of_fresh: Family) -> None:
    assert of_fresh["inception_score"].note == "target 'rich' (chosen: the last column that others predict)"
    given = manifold_metrics(Tables.checked(train, train, target="pay"))["inception_score"]
    assert given.note == "target 'pay' (given)"
    assert given.value is not None
    assert 1.3 < given.value < 5  # a number in five classes
    noise = pd.DataFrame(np.random.default_rng(0).normal(size=(300, 2)), columns=list("ab"))
    assert "no column can be predicted" in family(noise, noise, None)["inception_score"].note


def test_order_of_rows_and_names_do_not_matter(
    train: pd.DataFrame, fresh: pd.DataFrame, holdout: pd.DataFrame, of_fresh: Family
) -> None:
    renamed = {name: f"{name} 'x' \"y\"" for name in train}
    tables = [t.sample(frac=1, random_state=0).rename(columns=renamed) for t in (train, fresh, holdout)]
    again = family(tables[0], tables[1], tables[2])
    for metric in again.metrics:
        assert metric.value == pytest.approx(of_fresh[metric.key].value, abs=1e-9), metric.key


def test_few_rows_and_no_columns_have_a_reason(train: pd.DataFrame) -> None:
    numbered = pd.DataFrame({"id": [f"a{i:06}" for i in range(200)]})
    for table, reason in ((train.head(6), "7 rows"), (numbered, "no column")):
        found = family(table, table, table)
        assert all(metric.value is None and reason in metric.note for metric in found.metrics)


def test_all_equal_rows_do_not_fail() -> None:
    table = pd.DataFrame({"a": ["x"] * 40, "b": [1.0] * 40})
    found = family(table, table, table)
    assert found["density"].value == pytest.approx(8)  # all 40 spheres around each row, over 5
    assert found["coverage"].value == 1
    assert found["authenticity"].value == 0.5
    assert found["frechet_distance"].value == 0
