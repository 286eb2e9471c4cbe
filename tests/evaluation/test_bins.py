from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabgan.evaluation.bins import binned, cells_of, compact, exact, quantile_edges
from tabgan.evaluation.features import ComparedColumn, compare

FOUR = 4
NUMBERS = st.lists(st.one_of(st.integers(-5, 5).map(float), st.just(np.nan)), min_size=1, max_size=30)


def numbers_of(*sides: list[float]) -> ComparedColumn:
    return ComparedColumn("n", "numeric", numbers=tuple(np.array(side, dtype=float) for side in sides))


def categories_of(*sides: list[str | None]) -> ComparedColumn:
    return compare(*(pd.DataFrame({"c": pd.Series(side, dtype=object)}) for side in sides))[0]


def test_bins_hold_equally_many_real_rows_and_the_outer_ones_are_open() -> None:
    column = numbers_of([0.0, 1, 2, 3], [-9.0, 99.0, np.nan], [4.0, 5, 6, 7], [3.5])
    codes = binned(column, FOUR).codes
    assert codes.tolist() == [1, 1, 2, 2, 1, 4, 0, 3, 3, 4, 4, 2]


def test_synthetic_and_shuffled_rows_do_not_move_the_edges() -> None:
    plain = numbers_of([0.0, 1, 2, 3], [0.0], [4.0, 5, 6, 7], [0.0])
    moved = numbers_of([0.0, 1, 2, 3], [1e9] * 50, [4.0, 5, 6, 7], [-5.0] * 50)
    assert binned(plain, FOUR).codes[:4].tolist() == binned(moved, FOUR).codes[:4].tolist()


def test_a_number_that_fills_a_bin_is_alone_in_it() -> None:
    column = numbers_of([0.0] * 8 + [5.0, 6.0], [-1.0, 0.0, 0.1, 5.0], [0.0], [0.0])
    below, zero, above, _ = binned(column, 10).codes[10:14]
    assert below < zero < above


def test_rare_categories_share_a_code_and_real_rows_alone_say_which_are_rare() -> None:
    column = categories_of(list("aaabbc"), ["c"] * 99 + [None, "new"], list("ab"), list("a"))
    codes = binned(column, FOUR, max_categories=2)
    assert codes.n_codes == 4
    assert codes.codes[:6].tolist() == [1, 1, 1, 2, 2, 3]
    assert codes.codes[-5:].tolist() == [0, 3, 1, 2, 1]


def test_an_empty_column_has_one_bin_beside_missing() -> None:
    column = numbers_of([np.nan], [1.0, np.nan], [np.nan], [np.nan])
    assert binned(column, FOUR).codes.tolist() == [0, 1, 0, 0, 0]


@given(NUMBERS, NUMBERS)
def test_codes_keep_the_order_of_numbers_and_any_unit_gives_the_same(
    real: list[float], synthetic: list[float]
) -> None:
    column = numbers_of(real, synthetic, real[:1], real)
    found = binned(column, FOUR)
    numbers = np.concatenate(column.numbers)
    assert ((found.codes == 0) == np.isnan(numbers)).all()
    assert found.codes.max() < found.n_codes
    order = np.argsort(numbers[~np.isnan(numbers)])
    assert (np.diff(found.codes[~np.isnan(numbers)][order]) >= 0).all()
    scaled = numbers_of(*((side * 1024 + 64).tolist() for side in column.numbers))
    assert (binned(scaled, FOUR).codes == found.codes).all()


@given(NUMBERS)
def test_exact_codes_are_equal_where_cells_are_equal(real: list[float]) -> None:
    codes = exact(numbers_of(real, real, real, real)).codes[: len(real)]
    for a, code in zip(real, codes, strict=True):
        for b, other in zip(real, codes, strict=True):
            assert (code == other) == (a == b or (np.isnan(a) and np.isnan(b)))


def test_very_large_numbers_have_edges() -> None:
    edges = quantile_edges(np.array([-1e308, 1e308, np.finfo(float).max, np.finfo(float).max]), 4)
    assert (np.diff(edges) > 0).all()


@pytest.mark.parametrize("most", [1, 1000])
def test_combined_codes_tell_combinations_apart(most: int) -> None:
    first = binned(categories_of(list("abab"), list("a"), list("a"), list("b")), FOUR)
    second = binned(categories_of(list("xxyy"), list("x"), list("y"), list("y")), FOUR)
    cells, n_cells = compact(*cells_of([first, second]), most)
    assert cells.max() < n_cells
    pairs = list(zip(first.codes, second.codes, strict=True))
    for i, one in enumerate(pairs):
        assert [cells[i] == cell for cell in cells] == [one == other for other in pairs]
