from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan.evaluation import shuffled_columns
from tabgan.evaluation.marginals import MEASURES, equivalent_share, marginal_metrics, random_subsets
from tabgan.evaluation.tables import Tables

TABLES = {
    "real": pd.DataFrame({"a": list("xxyy"), "b": list("uvuv"), "c": list("kkkk")}),
    "synthetic": pd.DataFrame({"a": list("xxyy"), "b": list("uuvv"), "c": list("kkkk")}),
}


def population(n_rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    a = rng.normal(size=n_rows)
    b = a + rng.normal(size=n_rows)
    return pd.DataFrame(
        {"a": a, "b": b, "c": a > 0.5, "d": np.where(b > 0, "x", "y"), "e": rng.normal(size=n_rows)}
    )


def test_the_scores_of_a_table_worked_out_by_hand() -> None:
    real, synthetic = TABLES["real"], TABLES["synthetic"]
    found = marginal_metrics(Tables.checked(real, synthetic, real))
    assert [metric.measure for metric in found.metrics] == list(MEASURES)
    # (a, b): two of four rows elsewhere; (a, c) and (b, c) equal. (a, b, c): two of four.
    assert found["two_way_marginals"].value == pytest.approx(1000 * (0.5 + 1 + 1) / 3)
    assert found["three_way_marginals"].value == pytest.approx(500)
    assert found["two_way_subsample_equivalent"].note == "there are fewer than 10 real rows to sample from"


@pytest.mark.parametrize("share", [0.5, 0.1, 0.02])
def test_a_random_sample_of_the_real_rows_is_as_accurate_as_it_is(share: float) -> None:
    real = population(20_000, 0)
    sample = real.sample(frac=share, random_state=1)
    found = marginal_metrics(Tables.checked(real, sample, population(20_000, 2)))
    for key in ("two_way_subsample_equivalent", "three_way_subsample_equivalent"):
        assert found[key].value == pytest.approx(100 * share, rel=0.25)
        assert found[key].interval is not None


def test_fresh_rows_are_as_accurate_as_the_theory_says() -> None:
    # n fresh rows against N vary by 1/n + 1/N, m of the N rows by 1/m - 1/N: with n = N, m is a third.
    found = marginal_metrics(Tables.checked(*(population(10_000, seed) for seed in range(3))))
    for metric in found.metrics:
        if "subsample" in metric.key:
            assert metric.reference == pytest.approx(100 / 3, rel=0.2)
            assert metric.value == pytest.approx(100 / 3, rel=0.2)


def test_a_copy_is_perfect_and_shuffled_columns_are_far_off() -> None:
    real, holdout = population(4000, 0), population(4000, 1)
    copy = marginal_metrics(Tables.checked(real, real, holdout))
    assert [metric.value for metric in copy.metrics] == pytest.approx([1000, 100, 1000, 100])
    assert all(metric.is_too_good for metric in copy.metrics)
    shuffled = marginal_metrics(Tables.checked(real, shuffled_columns(real, 3), holdout))
    for metric in shuffled.metrics:
        assert metric.interval is not None
        assert metric.reference is not None
        assert metric.interval[1] < metric.reference
        assert metric.value == pytest.approx(metric.floor, rel=0.2)


def test_too_few_columns_are_undefined_with_a_reason() -> None:
    one = marginal_metrics(Tables.checked(TABLES["real"][["a"]], TABLES["real"][["a"]]))
    assert {metric.note for metric in one.metrics} == {
        "the tables have fewer than 2 columns to compare",
        "the tables have fewer than 3 columns to compare",
    }


def test_random_subsets_are_different_groups_of_different_columns() -> None:
    found = random_subsets(40, 3, 100, np.random.default_rng(0))
    assert len(set(found)) == 100
    assert all(a < b < c < 40 for a, b, c in found)


def test_an_error_beyond_the_smallest_sample_counts_as_that_sample() -> None:
    shares, errors = np.array([0.5, 0.01]), np.array([0.1, 0.5])
    assert equivalent_share(np.array([2.0, 0.0]), shares, errors) == pytest.approx([0.01, 1.0])
    falling = equivalent_share(np.linspace(0, 1, 50), shares, errors)
    assert (np.diff(falling) <= 0).all()
