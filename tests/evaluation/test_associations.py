from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from tabgan.evaluation.associations import (
    Moments,
    correlation_ratio_sums,
    correlation_ratios,
    moments_by_group,
    ranked,
    standardised,
)
from tabgan.evaluation.bins import binned
from tabgan.evaluation.features import FloatArray, compare
from tabgan.evaluation.resampling import RowGroups, side_totals
from tabgan.evaluation.tables import Sides


def correlations_of(sides: Sides, *, by_rank: bool = False) -> FloatArray:
    columns = compare(*sides)
    values = ranked(columns) if by_rank else standardised(columns)
    found = moments_by_group(values, RowGroups.of(sides, np.random.default_rng(0)))
    parts = (found.rows, found.sums, found.squares, found.products)
    return Moments(*map(side_totals, parts)).correlations()


def sides_of(*frames: pd.DataFrame) -> Sides:
    return Sides(*frames)


def table(seed: int, n_rows: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    a = rng.normal(size=n_rows)
    holes = rng.random((2, n_rows)) < 0.2
    return pd.DataFrame(
        {
            "a": a * 1e9 + 1e12,
            "b": np.where(holes[0], np.nan, a + rng.normal(size=n_rows)),
            "c": np.where(holes[1], np.nan, np.exp(3 * rng.normal(size=n_rows))),
        }
    )


def test_correlations_are_those_of_pandas_also_where_cells_are_missing() -> None:
    sides = sides_of(*(table(seed) for seed in range(4)))
    for found, side in zip(correlations_of(sides), sides, strict=True):
        assert found == pytest.approx(side.corr().to_numpy(), abs=1e-9)


def test_rank_correlations_are_those_of_scipy() -> None:
    sides = sides_of(*(table(seed)[["a", "b", "c"]].dropna() for seed in range(4)))
    for found, side in zip(correlations_of(sides, by_rank=True), sides, strict=True):
        assert found == pytest.approx(spearmanr(side).statistic, abs=1e-9)


def test_a_constant_column_has_no_correlation_and_giants_do_not_overflow() -> None:
    flat = pd.DataFrame({"a": [7.1] * 4, "b": [1e308, -1e308, 5e307, 0.5], "c": [1.5, 2.0, 3.0, 9.0]})
    shifted = flat.assign(a=7.1 + 1e-3)
    found = correlations_of(sides_of(flat, shifted, flat, flat))
    assert (found[:, 0, 1:] == 0).all()
    assert np.isfinite(found).all()
    assert found[0, 1, 2] != 0


def test_the_correlation_ratio_worked_out_by_hand_and_by_its_definition() -> None:
    rng = np.random.default_rng(2)
    one = pd.DataFrame({"c": list("xxyy"), "n": [1.0, 3.0, 5.0, 7.0]})
    big = pd.DataFrame({"c": rng.choice(["x", "y", None], 200), "n": rng.normal(size=200)})
    big.loc[big["c"] == "x", "n"] += 1
    big.loc[:20, "n"] = np.nan
    sides = sides_of(one, big, one.assign(n=4.0), one.assign(c="x"))
    category, number = compare(*sides)
    groups = RowGroups.of(sides, np.random.default_rng(0))
    sums = correlation_ratio_sums(standardised([number]), binned(category, 10), groups)
    found = correlation_ratios(side_totals(sums))[:, 0]
    # Between: 4 × 2²; within: 4 × 1².
    assert found[0] == pytest.approx(np.sqrt(16 / 20))
    told = big.dropna(subset="n").assign(c=big["c"].fillna("none"))
    centre = told["n"].mean()
    between = told.groupby("c")["n"].apply(lambda n: len(n) * (n.mean() - centre) ** 2).sum()
    assert found[1] == pytest.approx(np.sqrt(between / ((told["n"] - centre) ** 2).sum()))
    assert found[2:] == pytest.approx([0, 0])
