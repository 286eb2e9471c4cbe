from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan.evaluation.dependencies import dependency_metrics
from tabgan.evaluation.metric import Family
from tabgan.evaluation.tables import Tables


def real_table(n_rows: int = 400, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    town = rng.choice(["Ulm", "Bonn", "Graz", "Linz"], n_rows)
    start = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n_rows), unit="D")
    low = rng.integers(0, 100, n_rows) / 2
    return pd.DataFrame(
        {
            "town": town,
            "country": pd.Series(town).map({"Ulm": "DE", "Bonn": "DE", "Graz": "AT", "Linz": "AT"}),
            "start": start,
            "end": start + pd.to_timedelta(rng.integers(0, 30, n_rows), unit="D"),
            "low": low,
            "high": low + rng.integers(0, 40, n_rows),
            "noise": rng.integers(1000, 1100, n_rows) / 2,
        }
    )


def metrics_of(real: pd.DataFrame, synthetic: pd.DataFrame) -> Family:
    return dependency_metrics(Tables.checked(real, synthetic, real))


def rules_of(found: Family) -> set[tuple[str, str, str]]:
    details = found.details["dependencies"]
    return set(zip(details["rule"], details["first"], details["second"], strict=True))


def test_the_rules_of_a_table_are_found_and_no_others() -> None:
    found = metrics_of(real_table(), real_table(seed=1))
    # noise is above low and high in every row, but could be nowhere else: no rule.
    assert rules_of(found) == {
        ("determines", "town", "country"),
        ("at most", "start", "end"),
        ("at most", "low", "high"),
    }
    assert [metric.value for metric in found.metrics] == [0.0, 0.0]
    assert found["broken_inequalities"].interval == pytest.approx((0, 0.0095), abs=1e-3)


def test_rows_that_break_a_rule_are_counted_once() -> None:
    real, synthetic = real_table(), real_table(seed=1)
    synthetic.loc[:9, "country"] = np.where(synthetic.loc[:9, "country"] == "DE", "AT", "DE")
    synthetic.loc[5:24, "end"] = synthetic.loc[5:24, "start"] - pd.Timedelta(days=1)
    synthetic.loc[20:29, "low"] = synthetic.loc[20:29, "high"] + 1
    found = metrics_of(real, synthetic)
    assert found["broken_dependencies"].value == 10 / 400
    assert found["broken_inequalities"].value == 25 / 400
    details = found.details["dependencies"].set_index("first")
    assert details["broken_rows"].to_dict() == {"start": 20, "low": 10, "town": 10}
    assert details.index[0] == "start"
    assert found["broken_dependencies"].floor == pytest.approx(0.5, abs=0.1)
    assert found["broken_inequalities"].floor == pytest.approx(0.6, abs=0.2)


def test_a_new_value_must_agree_with_itself() -> None:
    real, synthetic = real_table(), real_table(seed=1)
    synthetic.loc[:9, "town"] = "Wien"
    synthetic.loc[:9, "country"] = ["AT"] * 7 + ["DE"] * 3
    assert metrics_of(real, synthetic)["broken_dependencies"].value == 3 / 400


def test_one_exception_in_the_training_rows_is_no_rule() -> None:
    real = real_table()
    real.loc[399, "country"] = "CH"
    real.loc[399, "end"] = pd.Timestamp("2019-01-01")
    assert rules_of(metrics_of(real, real)) == {("at most", "low", "high")}


def test_missing_cells_break_no_inequality_and_are_a_value_of_a_dependency() -> None:
    real, synthetic = real_table(), real_table(seed=1)
    synthetic.loc[:9, ["low", "end"]] = [np.nan, pd.NaT]
    synthetic.loc[:9, "country"] = None
    found = metrics_of(real, synthetic)
    assert found["broken_inequalities"].value == 0.0
    assert found["broken_dependencies"].value == 10 / 400
    details = found.details["dependencies"].set_index("first")
    assert details.loc["low", "synthetic_rows"] == 390


def test_a_nearly_unique_or_nearly_constant_column_makes_no_rule() -> None:
    rng = np.random.default_rng(0)
    n = 300
    real = pd.DataFrame({"unique": rng.normal(size=n), "text": rng.choice(["x", "y"], n), "flat": ["k"] * n})
    found = metrics_of(real, real)
    assert {metric.value for metric in found.metrics} == {None}
    assert found["broken_dependencies"].note == "no column settles another one in all training rows"
    assert list(found.details["dependencies"].columns)[:3] == ["rule", "first", "second"]


def test_equal_columns_settle_each_other_and_are_no_inequality() -> None:
    real = real_table()[["low"]].assign(same=lambda t: t["low"])
    assert rules_of(metrics_of(real, real)) == {("determines", "low", "same"), ("determines", "same", "low")}


def test_no_cell_value_is_told() -> None:
    found = metrics_of(real_table(), real_table(seed=1))
    told = found.details["dependencies"].to_csv() + "".join(metric.note for metric in found.metrics)
    assert not any(value in told for value in ("Ulm", "Bonn", "Graz", "Linz", "2020"))


def test_row_order_names_and_units_do_not_matter() -> None:
    real, synthetic = real_table(), real_table(seed=1)
    synthetic.loc[:19, "high"] = synthetic.loc[:19, "low"] - 1
    expected = [metric.value for metric in metrics_of(real, synthetic).metrics]
    assert expected == [0.0, 20 / 400]
    variants = [
        tuple(t.sample(frac=1, random_state=4) for t in (real, synthetic)),
        tuple(t.iloc[:, ::-1].rename(columns=lambda name: f'"{name}";') for t in (real, synthetic)),
        tuple(t.assign(low=t["low"] * 1024, high=t["high"] * 1024) for t in (real, synthetic)),
    ]
    for pair in variants:
        assert [metric.value for metric in metrics_of(*pair).metrics] == expected
