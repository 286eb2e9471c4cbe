from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan.evaluation.metric import Family
from tabgan.evaluation.standing import standing
from tabgan.evaluation.tables import Tables
from tabgan.evaluation.variety import MEASURES, SUBGROUP_ROWS, variety_metrics
from tabgan.schema import Column, Schema


def metrics_of(real: pd.DataFrame, synthetic: pd.DataFrame, holdout: pd.DataFrame | None = None) -> Family:
    return variety_metrics(Tables.checked(real, synthetic, real if holdout is None else holdout))


def test_rows_are_different_where_any_cell_is() -> None:
    real = pd.DataFrame({"a": [1.5, 1.5, np.nan, np.nan], "b": ["x", "x", None, "x"]})
    found = metrics_of(real, pd.DataFrame({"a": [0.5, 0.5, 0.5, 0.5], "b": ["x", "x", "x", "y"]}))
    assert [metric.measure for metric in found.metrics] == list(MEASURES)
    assert found["distinct_rows"].value == 0.5
    assert found["distinct_rows"].reference == 0.75


def test_a_few_synthetic_rows_are_not_said_to_be_as_rich_as_the_real_ones() -> None:
    real = pd.DataFrame({"a": np.arange(60.0)})
    one, enough = (metrics_of(real, real.head(n), real.head(30))["distinct_rows"] for n in (1, 5))
    assert (standing(one), standing(enough)) == ("underpowered", "like real rows")


def test_more_distinct_rows_than_real_ones_are_no_sign_of_copying() -> None:
    real = pd.DataFrame({"a": np.repeat(np.arange(200.0), 2)})
    found = metrics_of(real, pd.DataFrame({"a": np.arange(400.0) + 0.5}))
    assert found["distinct_rows"].value == 1.0
    assert not found["distinct_rows"].is_too_good


def test_forgotten_combinations_are_counted() -> None:
    rng = np.random.default_rng(0)
    real = pd.DataFrame({name: rng.choice(["x", "y"], 800) for name in "abc"})
    forgot = real[~((real["a"] == "x") & (real["b"] == "y"))]
    found = metrics_of(real, forgot, real)
    # Eight combinations of about 100 rows; two of them are gone.
    assert found["mode_coverage"].value == pytest.approx(6 / 8)
    assert found["mode_coverage"].note == "8 combinations"
    assert metrics_of(real, real)["mode_coverage"].value == 1.0


def test_rare_combinations_do_not_count() -> None:
    real = pd.DataFrame({"a": ["x"] * 95 + ["y"] * 5})
    assert metrics_of(real, pd.DataFrame({"a": ["x"] * 100}))["mode_coverage"].value == 1.0
    few = metrics_of(real[:5], real[:5])["mode_coverage"]
    assert few.value is None
    assert few.note == "no combination is frequent enough to be missed"


def test_the_worst_subgroup_is_found_and_named(
    train: pd.DataFrame, fresh: pd.DataFrame, holdout: pd.DataFrame
) -> None:
    rng = np.random.default_rng(0)
    spoiled = fresh.copy()
    nurses = np.flatnonzero(spoiled["job"] == "nurse")
    # The nurses' rows get the cells of others: every column by itself hardly changes.
    others = rng.permutation(len(spoiled))[: len(nurses)]
    for name in ("age", "pay", "start", "rich", "town"):
        spoiled.loc[nurses, name] = spoiled[name].to_numpy()[others]
    whole, broken = (metrics_of(train, table, holdout) for table in (fresh, spoiled))
    worst = broken.details["subgroups"].iloc[0]
    assert (worst["column"], worst["category"]) == ("job", "nurse")
    assert worst["similarity"] == pytest.approx(broken["worst_subgroup"].value)
    assert worst["real_rows"] == (train["job"] == "nurse").sum()
    assert broken["worst_subgroup"].interval is not None
    assert broken["worst_subgroup"].interval[1] < (broken["worst_subgroup"].reference or 0)
    assert whole["worst_subgroup"].value == pytest.approx(whole["worst_subgroup"].reference, abs=0.05)


def test_a_subgroup_that_is_gone_has_nothing_in_common(train: pd.DataFrame, fresh: pd.DataFrame) -> None:
    found = metrics_of(train, fresh[fresh["job"] != "cook"])
    assert found["worst_subgroup"].value == 0.0
    assert found["worst_subgroup"].interval == (0.0, 0.0)
    assert found.details["subgroups"].iloc[0]["category"] == "cook"


def test_the_similarity_of_a_subgroup_worked_out_by_hand() -> None:
    n = SUBGROUP_ROWS
    real = pd.DataFrame({"g": ["x"] * n + ["y"] * n, "h": (["u"] * 50 + ["v"] * 50) * 2})
    synthetic = pd.DataFrame(
        {"g": ["x"] * n + ["y"] * n, "h": (["u"] * 80 + ["v"] * 20) + ["u"] * 50 + ["v"] * 50}
    )
    details = metrics_of(real, synthetic).details["subgroups"].set_index(["column", "category"])
    assert details.loc[("g", "x"), "similarity"] == pytest.approx(0.7)
    assert details.loc[("g", "y"), "similarity"] == pytest.approx(1.0)
    # u: half x before, 80 of 130 now.
    assert details.loc[("h", "u"), "similarity"] == pytest.approx(1 - (80 / 130 - 0.5))


def test_no_small_subgroup_is_named_and_missing_is_none() -> None:
    n = SUBGROUP_ROWS
    real = pd.DataFrame(
        {"g": ["x"] * n + ["y"] * (n - 1) + [None] * n, "h": list("uvw") * (n - 1) + ["u", "v"]}
    )
    schema = Schema((Column("g", "categorical"), Column("h", "categorical")))
    found = variety_metrics(Tables.checked(real, real, real, schema=schema))
    details = found.details["subgroups"]
    assert set(details.loc[details["column"] == "g", "category"]) == {"x"}
    small = variety_metrics(Tables.checked(real[:9], real[:9], real[:9], schema=schema))
    assert small["worst_subgroup"].value is None
    assert len(small.details["subgroups"]) == 0
