from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabgan.encoding.layout import MAX_BLOCK, Block, Layout, Split


@given(st.integers(0, 30_000), st.integers(0, 2), st.integers(0, 2**32 - 1))
def test_codes_joined_again_are_the_levels_that_were_split(n_levels, n_special, seed):
    split = Split(n_levels, n_special)
    if split.n_total == 0:
        return
    flat = np.random.default_rng(seed).integers(0, split.n_total, 50)
    codes = split.split(flat)
    assert codes.shape == (50, split.depth)
    assert codes.dtype == np.int16
    for place, size in enumerate(split.sizes):
        assert 2 <= size <= MAX_BLOCK
        assert 0 <= codes[:, place].min() <= codes[:, place].max() < size
    expected = flat if split.depth else np.zeros(50)
    np.testing.assert_array_equal(split.join(codes), expected)


@pytest.mark.parametrize(
    ("n_levels", "n_special", "sizes"),
    [
        (0, 1, ()),
        (1, 0, ()),
        (1, 1, (2,)),
        (99, 1, (100,)),
        (100, 1, (11, 10)),
        (1024, 0, (32, 32)),
        (10_000, 0, (100, 100)),
        (10_001, 2, (23, 22, 22)),
    ],
)
def test_few_codes_share_a_block_and_many_are_split(n_levels, n_special, sizes):
    assert Split(n_levels, n_special).sizes == sizes


def test_digits_past_the_last_level_mean_the_last_level():
    split = Split(150, 1)  # digits of 13: the last coarse code has 7 levels
    assert split.join(np.array([[11, 12]])).tolist() == [149]
    assert split.join(np.array([[12, 5]])).tolist() == [150]


def test_allowed_levels_spread_over_the_blocks_and_nothing_else_is_allowed():
    split = Split(150, 1)
    is_allowed = np.zeros(151, dtype=bool)
    is_allowed[[0, 149]] = True
    grid = split.spread(is_allowed)
    assert grid.shape == split.sizes
    assert np.argwhere(grid).tolist() == [[0, 0], [11, 6]]


def test_missing_has_no_place_in_the_order():
    (places,) = Split(3, 1).positions()
    assert places[:3] == (0.0, 0.5, 1.0)
    assert math.isnan(places[3])


@pytest.mark.parametrize("size", [0, 1, 257])
def test_a_block_of_too_few_or_too_many_codes_is_refused(size):
    with pytest.raises(ValueError, match="size"):
        Block(0, size)


def test_a_block_needs_a_place_for_every_code():
    with pytest.raises(ValueError, match="Expected 3 positions"):
        Block(0, 3, (0.0, 1.0))


def test_a_layout_knows_the_sizes_and_the_columns_of_its_blocks():
    layout = Layout((Block(0, 3, (0.0, 1.0, math.nan)), Block(1, 2), Block(1, 4, None, 1)))
    assert layout.sizes == (3, 2, 4)
    assert layout.n_codes == 9
    assert layout.of_column(1) == (1, 2)
