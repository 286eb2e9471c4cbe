from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from tabgan.evaluation import exact_matches, nearest_neighbour_share
from tabgan.evaluation.features import as_numbers


def brute_force_share(train: pd.DataFrame, synthetic: pd.DataFrame, holdout: pd.DataFrame) -> float:
    """The definition, cell by cell: Gower's distance with quantile ranks over the real rows."""
    reference = pd.concat([train, holdout])

    @cache
    def rank(name: str, x: float) -> float:
        values = reference[name].dropna().to_numpy(dtype=float)
        middle = {v: ((values < v).sum() + (values <= v).sum()) / (2 * len(values)) for v in values}
        below = max((v for v in middle if v <= x), default=min(middle))
        above = min((v for v in middle if v >= x), default=max(middle))
        share = (np.clip(x, below, above) - below) / (above - below) if above > below else 0.0
        return float(middle[below] + share * (middle[above] - middle[below]))

    def distance(a: pd.Series, b: pd.Series) -> float:
        total = 0.0
        for name in train.columns:
            if pd.isna(a[name]) or pd.isna(b[name]):
                total += float(pd.isna(a[name]) != pd.isna(b[name]))
            elif pd.api.types.is_numeric_dtype(train[name]):
                total += abs(rank(name, a[name]) - rank(name, b[name]))
            else:
                total += float(a[name] != b[name])
        return total

    share = 0.0
    for _, row in synthetic.iterrows():
        to_train, to_holdout = (min(distance(row, o) for _, o in t.iterrows()) for t in (train, holdout))
        share += 0.5 if abs(to_train - to_holdout) < 1e-6 else float(to_train < to_holdout)
    return share / len(synthetic)


def test_shares_of_tables_worked_out_by_hand() -> None:
    train, holdout = pd.DataFrame({"c": ["x", "y"]}), pd.DataFrame({"c": ["x", "z"]})
    for cell, share in (("y", 1.0), ("z", 0.0), ("x", 0.5), ("new", 0.5)):
        assert nearest_neighbour_share(train, pd.DataFrame({"c": [cell]}), holdout) == share
    numbers = pd.DataFrame({"n": [0.0, 10.0]}), pd.DataFrame({"n": [4.0, 14.0]})
    assert nearest_neighbour_share(numbers[0], pd.DataFrame({"n": [0.1, 9.0, 4.0, 3.9]}), numbers[1]) == 0.5


def test_shares_agree_with_brute_force(
    train: pd.DataFrame, holdout: pd.DataFrame, fresh: pd.DataFrame
) -> None:
    columns = ["age", "job", "pay", "town"]
    tables = [t[columns].iloc[:25] for t in (train, fresh, holdout)]
    assert nearest_neighbour_share(*tables) == pytest.approx(brute_force_share(*tables))


def test_a_fresh_real_sample_is_near_a_half_and_a_copy_near_one(
    train: pd.DataFrame, holdout: pd.DataFrame, fresh: pd.DataFrame
) -> None:
    half = pd.concat([train.iloc[:600], fresh.iloc[:600]])
    shares = [nearest_neighbour_share(train, t, holdout) for t in (fresh, half, train)]
    # One standard deviation of a share of 1,200 rows is .014.
    assert 0.45 < shares[0] < 0.55
    assert shares[0] + 0.15 < shares[1] < shares[2] - 0.15
    assert shares[2] > 0.95


def test_row_order_column_order_names_and_units_do_not_matter(
    train: pd.DataFrame, holdout: pd.DataFrame, fresh: pd.DataFrame
) -> None:
    tables = (train, fresh, holdout)
    expected = nearest_neighbour_share(*tables)
    renamed = {name: f"'{name}'" for name in train}
    for change in (
        lambda t: t.sample(frac=1, random_state=3),
        lambda t: t.iloc[:, ::-1],
        lambda t: t.rename(columns=renamed),
        lambda t: t.assign(age=t["age"] * 365.25, pay=3 - t["pay"], start=t["start"].dt.tz_localize("UTC")),
    ):
        # Two distances that tie on paper may differ in the last digit when columns are added in turn.
        assert nearest_neighbour_share(*map(change, tables)) == pytest.approx(expected, abs=2e-3)


def test_one_outlier_does_not_decide(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    spoiled = holdout.copy()
    spoiled.loc[0, "pay"] = 1e12
    assert nearest_neighbour_share(train, train, spoiled) > 0.95


def test_large_tables_are_judged_on_some_rows_with_equal_figure_for_equal_seed(
    train: pd.DataFrame, holdout: pd.DataFrame, fresh: pd.DataFrame
) -> None:
    shares = {nearest_neighbour_share(train, fresh, holdout, seed=7, max_rows=200) for _ in range(2)}
    assert len(shares) == 1
    assert 0.35 < shares.pop() < 0.65


def test_exact_matches_beside_the_holdout(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    half = pd.concat([train.iloc[:300], train.iloc[:300].assign(age=17)])
    matches = exact_matches(train, half, holdout)
    assert matches.synthetic == 0.5
    assert matches.by_chance < 0.02  # rows without a pay meet now and then
    rows = [set(map(tuple, t[["job", "rich"]].to_numpy())) for t in (train, holdout)]
    coarse = exact_matches(*(t[["job", "rich"]] for t in (train, half, holdout)))
    assert rows[0] == rows[1]
    assert coarse.by_chance == coarse.synthetic == 1.0


def test_missing_cells_match_missing_cells_only() -> None:
    train = pd.DataFrame({"c": [None, "x"], "n": [1.0, np.nan]})
    synthetic = pd.DataFrame({"c": [None, "x", "x", "nan"], "n": [1.0, np.nan, 1.0, 1.0]})
    assert exact_matches(train, synthetic, synthetic).synthetic == 0.5


def test_a_date_matches_itself_in_another_unit() -> None:
    stamps = pd.Series(pd.to_datetime(["2020-02-03 04:05:06", "2021-01-01 00:00:00"]))
    a, b = (
        pd.DataFrame({"t": stamps.astype("datetime64[s]")}),
        pd.DataFrame({"t": stamps.astype("datetime64[us]")}),
    )
    assert exact_matches(a, b, b).synthetic == 1.0
    assert as_numbers(a["t"], "datetime").tolist() == as_numbers(b["t"], "datetime").tolist()
