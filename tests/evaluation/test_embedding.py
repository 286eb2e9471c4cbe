from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from tabgan.evaluation.embedding import MAX_WIDTH, column_ranks, embed, own_codes
from tabgan.evaluation.features import ComparedColumn, compare


def test_ranks_are_worked_out_by_hand_and_keep_missing_cells() -> None:
    real = np.array([10.0, 20.0, 20.0, np.nan, 40.0])
    ranks, _ = column_ranks([np.array([5.0, 10.0, 20.0, 30.0, 99.0, np.nan]), real], (1,))
    assert ranks == pytest.approx([1 / 8, 1 / 8, 1 / 2, 11 / 16, 7 / 8, np.nan], nan_ok=True)
    assert (column_ranks([np.array([3.0]), np.array([np.nan])], (1,))[0] == 0.5).all()


def test_units_and_giants_do_not_move_a_rank() -> None:
    numbers = np.random.default_rng(0).normal(size=200)
    for unit in (1e-310, 1e-3, 1e300):
        ranks, in_unit = (column_ranks([cells], (0,))[0] for cells in (numbers, numbers * unit))
        assert in_unit == pytest.approx(ranks, abs=2e-3)


def test_two_categories_are_one_apart_and_two_random_ranks_too() -> None:
    table = pd.DataFrame({"x": ["a", "b", "a"]})
    points = embed(compare(table), (0,))[0]
    assert np.linalg.norm(points[0] - points[1]) == pytest.approx(1)
    assert np.linalg.norm(points[0] - points[2]) == 0
    numbers = pd.DataFrame({"x": np.random.default_rng(0).random(2000)})
    (spread,) = embed(compare(numbers), (0,))
    # As a coin: the mean squared distance of two rows is twice the variance, 1/2.
    assert 2 * spread.var() == pytest.approx(0.5, abs=0.01)


def test_only_real_tables_place_the_axes() -> None:
    real = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": ["a", "b", "a"]})
    synthetic = pd.DataFrame({"x": [9.0, 9.0, 9.0], "y": ["q", "r", "b"]})
    alone, _ = embed(compare(real, real), (0,))
    beside, others = embed(compare(real, synthetic), (0,))
    assert np.array_equal(alone, beside)
    # Two categories that no real row has are the same: nothing is known of either.
    assert np.array_equal(others[0], others[1])
    assert np.linalg.norm(others[0] - others[2]) == pytest.approx(1)


def test_missing_is_a_place_of_its_own() -> None:
    table = pd.DataFrame({"x": [1.0, np.nan, 3.0], "y": ["a", None, "b"]})
    points = embed(compare(table), (0,))[0]
    gaps = np.linalg.norm(points[:, None] - points[None], axis=2)
    assert (gaps[np.triu_indices(3, 1)] > 1).all()


def test_own_codes_are_by_real_frequency() -> None:
    column = ComparedColumn("x", "categorical", codes=(np.array([2, 2, 1, -1]), np.array([0, 0, 0, 1])))
    codes, n_codes = own_codes(column, (0,), most=2)
    # Category 2 first, then one of the two rows alone (missing comes first), then all others.
    assert [list(side) for side in codes] == [[0, 0, 2, 1], [2, 2, 2, 2]]
    assert n_codes == 3


def test_wide_rows_keep_their_distances_when_projected() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({f"c{i}": rng.integers(0, 12, 60).astype(str) for i in range(80)})
    columns = compare(table)
    points = embed(columns, (0,))[0]
    assert points.shape == (60, MAX_WIDTH)
    codes = np.column_stack([column.codes[0] for column in columns])
    exact = np.sqrt((codes[:, None] != codes[None]).sum(axis=2))
    found = np.linalg.norm(points[:, None] - points[None], axis=2)
    above = np.triu_indices(60, 1)
    # One deviation of a projected length is 1 / sqrt(2 x 256) of it.
    assert np.abs(found[above] / exact[above] - 1).max() < 5 / (2 * MAX_WIDTH) ** 0.5
    assert np.array_equal(points, embed(columns, (0,))[0])


def test_no_column_has_no_points() -> None:
    assert embed([], (0,)) == []


def test_a_wide_table_is_projected_in_the_memory_of_a_few_columns() -> None:
    rng = np.random.default_rng(0)
    n_rows, n_columns = 2_000, 60
    table = pd.DataFrame(rng.integers(0, 20, (n_rows, n_columns)).astype(str)).add_prefix("c")
    columns = compare(table)
    tracemalloc.start()
    (points,) = embed(columns, (0,))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert points.shape == (n_rows, MAX_WIDTH)
    # One-hot rows of all columns, the points, and those of one column; not those of every column.
    one_hot = n_rows * n_columns * 21 * 8
    assert peak < 1.5 * one_hot + 4 * points.nbytes < n_columns * points.nbytes
