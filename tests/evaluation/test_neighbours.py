from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.evaluation import neighbours
from tabgan.evaluation.features import MISSING, ComparedColumn, compare
from tabgan.evaluation.neighbours import GRID, Points, column_distances, distances, nearest, points
from tests.evaluation.conftest import make_people


def brute_force(query: Points, others: Points) -> np.ndarray:
    """The definition, cell by cell."""
    total = np.zeros((len(query), len(others)))
    for column, is_code in enumerate(query.is_code):
        for i, a in enumerate(query.cells[column].tolist()):
            for j, b in enumerate(others.cells[column].tolist()):
                if is_code or MISSING in (a, b):
                    total[i, j] += a != b
                else:
                    total[i, j] += abs(a - b) / query.unit
    return total


def number(*tables: list[float]) -> ComparedColumn:
    return ComparedColumn("n", "numeric", numbers=tuple(np.array(t, dtype=float) for t in tables))


def test_ranks_worked_out_by_hand() -> None:
    one, other = points([number([0, 10, 10, 20], [-5, 5, 15, 99, np.nan])], reference=(0,))
    # 0 stands on rank 1/8, both tens on 1/2, 20 on 7/8; outside of them a rank stays at the end.
    assert (one.cells[0] / GRID).tolist() == [0.125, 0.5, 0.5, 0.875]
    assert other.cells[0].tolist() == [GRID // 8, GRID * 5 // 16, GRID * 11 // 16, GRID * 7 // 8, MISSING]


def test_distances_worked_out_by_hand() -> None:
    towns = ComparedColumn("town", "categorical", codes=(np.array([0, MISSING]), np.array([0, 1, MISSING])))
    query, others = points([number([0, np.nan], [0, 1, np.nan]), towns], reference=(0, 1))
    # Of the numbers 0, 0, 1 the ranks are 1/3 and 5/6.
    expected = np.array([[0, 1.5, 2], [2, 2, 0]])
    assert distances(query, others) / query.unit == pytest.approx(expected, abs=1e-6)
    found = nearest(query, others, k=2)
    assert found[0] == pytest.approx(np.array([[0, 1.5], [0, 2]]), abs=1e-6)
    assert found[1].tolist() == [[0, 1], [2, 0]]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 12), st.integers(1, 4))
def test_agrees_with_brute_force(seed: int, n_rows: int, n_others: int, n_columns: int) -> None:
    rng = np.random.default_rng(seed)
    columns = []
    for _ in range(n_columns):
        if rng.random() < 0.5:
            sides = [
                rng.choice([-3.0, 0.0, 1.5, 1e6, np.nan, *rng.normal(size=3)], n) for n in (n_rows, n_others)
            ]
            columns.append(ComparedColumn("n", "numeric", numbers=tuple(sides)))
        else:
            top = rng.choice([3, 400])
            codes = [rng.integers(MISSING, top, n) for n in (n_rows, n_others)]
            columns.append(ComparedColumn("c", "categorical", codes=tuple(codes)))
    query, others = points(columns, reference=(0, 1))
    expected = brute_force(query, others)
    assert distances(query, others) / query.unit == pytest.approx(expected)
    parts = sum(column_distances(query, others, c) for c in range(n_columns))
    assert (parts == distances(query, others)).all()
    k = min(3, n_others)
    found, places = nearest(query, others, k)
    # The exact distances, to tell ties; the first of equals comes first.
    order = np.argsort(distances(query, others), axis=1, kind="stable")[:, :k]
    assert places.tolist() == order.tolist()
    assert found == pytest.approx(np.take_along_axis(expected, order, axis=1))


def test_many_rows_are_looked_at_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = compare(make_people(90, seed=1), make_people(70, seed=2))
    whole = nearest(*points(columns, reference=(0, 1)), k=3)
    monkeypatch.setattr(neighbours, "CHUNK_CELLS", 7 * 70)
    for one, other in zip(whole, nearest(*points(columns, reference=(0, 1)), k=3), strict=True):
        assert (one == other).all()


def test_units_and_the_order_of_columns_do_not_matter() -> None:
    first, second = make_people(150, seed=1), make_people(150, seed=2)
    found = nearest(*points(compare(first, second), reference=(0, 1)), k=2)

    def changed(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(age=table["age"] * 365.25 + 7, pay=3 - table["pay"] / 7).iloc[:, ::-1]

    again = nearest(*points(compare(changed(first), changed(second)), reference=(0, 1)), k=2)
    assert (found[0] == again[0]).all()
    assert (found[1] == again[1]).all()


def test_a_thousand_columns_do_not_overflow() -> None:
    columns = [ComparedColumn(i, "numeric", numbers=(np.array([0.0, 1.0]),) * 2) for i in range(5000)]
    columns[7] = ComparedColumn(7, "boolean", codes=(np.array([0, 1]),) * 2)
    query, others = points(columns, reference=(0,))
    # Half a rank apart in every number, 1 apart in the code.
    expected = (4999 * 0.5 + 1) * (1 - np.eye(2))
    assert distances(query, others) / query.unit == pytest.approx(expected)


def test_odd_columns_have_finite_places() -> None:
    odd = [
        number([np.nan, np.nan], [1.0, np.nan]),
        number([1e308, -1e308], [0.0, 1e307]),
        number([1e-310, 2e-310], [1.5e-310, 0.0]),
        number([7.0, 7.0], [8.0, 6.0]),
    ]
    for table in points(odd, reference=(0,)):
        assert table.cells.min() >= MISSING
        assert table.cells.max() <= GRID
    assert points([], reference=(0,)) == []
