from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.encoding.conditions import Limit
from tabgan.encoding.levels import Levels
from tabgan.encoding.reading import Part
from tabgan.encoding.statistics import ExactStatistics
from tabgan.schema import Column, Schema


def levels_of(values, *, decimals=None, min_rows=5, max_levels=1024):
    dtype = "float64" if decimals is None else "int64"
    df = pd.DataFrame({"x": np.array(values, dtype=dtype)})
    schema = Schema((Column("x", "numeric", dtype, decimals=decimals),))
    statistics = ExactStatistics(df, schema, min_rows)
    return Levels.fit(statistics, "x", Part(decimals=decimals), n_rows=len(df), max_levels=max_levels)


def test_values_held_by_enough_rows_are_atoms_and_come_back_exactly():
    values = [0.1] * 50 + [0.3] * 20 + [2.5] * 5
    levels = levels_of(values)
    assert levels.edges == ((0.1,), (0.3,), (2.5,))
    codes = levels.encode(np.array(values))
    np.testing.assert_array_equal(levels.decode(codes, np.random.default_rng(0)), values)


def test_bins_end_at_means_of_groups_worked_out_by_hand():
    # 16 distinct values, 2 bins of 8 rows; means 3.5 and 11.5, border midway.
    assert levels_of(np.arange(16.0)).edges == ((3.5, 7.5), (7.5, 11.5))


def test_whole_bins_are_closed_and_do_not_overlap():
    levels = levels_of(np.arange(160) * 7, decimals=0)
    assert (levels.low[1:] == levels.high[:-1] + 1).all()


def test_a_rare_value_goes_to_the_nearest_level():
    levels = levels_of([17] * 50 + [18] * 50 + [90] * 50 + [16, 60, 91], decimals=0)
    assert levels.edges == ((17,), (18,), (90,))
    assert levels.encode(np.array([16, 60, 91, -(2**62)])).tolist() == [0, 2, 2, 0]


def test_a_few_rows_beside_many_repeated_ones_get_few_bins():
    rng = np.random.default_rng(0)
    values = np.concatenate([np.repeat(np.arange(50), 200), rng.integers(100, 10**6, 60)])
    levels = levels_of(values, decimals=0)
    assert (levels.low < levels.high).sum() <= 7


@pytest.mark.parametrize("decimals", [None, 0])
@given(seed=st.integers(0, 10**6), scale=st.sampled_from([1e-3, 1.0, 1e6, 1e15]))
@settings(max_examples=25, deadline=None)
def test_every_drawn_value_lies_in_its_level(decimals, seed, scale):
    rng = np.random.default_rng(seed)
    values = rng.standard_t(2, 300) * scale
    values[:100] = np.round(values[:100] / scale) * scale
    values = np.rint(values).astype(np.int64) if decimals == 0 else values
    levels = levels_of(values, decimals=decimals)
    codes = levels.encode(values)
    drawn = levels.decode(codes, rng)
    assert drawn.dtype == levels.dtype
    assert (drawn >= levels.low[codes]).all()
    assert (drawn <= levels.high[codes]).all()
    is_atom = np.isin(values, levels.low[levels.low == levels.high])
    np.testing.assert_array_equal(drawn[is_atom], values[is_atom])


@given(seed=st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_no_edge_stands_for_fewer_rows_than_asked(seed):
    """Rows up to any edge: none, or at least half a group on either side (edges lie at or midway means)."""
    rng = np.random.default_rng(seed)
    values = np.sort(rng.normal(size=200))
    edges = sorted({place for edge in levels_of(values, min_rows=10).edges for place in edge})
    assert edges[0] >= values[:10].mean() - 1e-12
    assert edges[-1] <= values[-10:].mean() + 1e-12
    assert not np.isin(edges, values).any()


def test_numbers_at_the_ends_of_float64_and_int64_do_not_overflow():
    rng = np.random.default_rng(0)
    huge = rng.uniform(-1, 1, 400) * 1.7e308
    levels = levels_of(huge)
    assert np.isfinite(levels.decode(levels.encode(huge), rng)).all()
    wide = rng.integers(-(2**63), 2**63 - 1, 400)
    levels = levels_of(wide, decimals=0)
    codes = levels.encode(wide)
    drawn = levels.decode(codes, rng)
    assert ((drawn >= levels.low[codes]) & (drawn <= levels.high[codes])).all()


def test_neighbouring_whole_numbers_beyond_2_to_53_stay_apart():
    values = 2**60 + np.repeat(np.arange(30), 10)
    levels = levels_of(values, decimals=0)
    codes = levels.encode(values)
    np.testing.assert_array_equal(levels.decode(codes, np.random.default_rng(0)), values)


def test_a_draw_follows_the_shape_of_the_values_inside_a_bin():
    values = np.random.default_rng(0).exponential(size=4000)
    levels = levels_of(values, max_levels=8)
    codes = levels.encode(values)
    drawn = levels.decode(codes, np.random.default_rng(1))
    quantiles = np.linspace(0.02, 0.98, 49)
    assert np.abs(np.quantile(drawn, quantiles) / np.quantile(values, quantiles) - 1).max() < 0.05


def test_limits_narrow_the_draw_to_part_of_a_bin():
    levels = levels_of(np.arange(1600), decimals=0, max_levels=10)
    low, high = np.full(500, 5), np.full(500, 9)
    drawn = levels.decode(np.zeros(500, dtype=int), np.random.default_rng(0), low=low, high=high)
    assert set(drawn) == {5, 6, 7, 8, 9}


def test_allowed_levels_are_those_that_meet_the_interval_or_a_member():
    levels = Levels(((0,), (1, 5, 9), (10, 20)), is_whole=True)
    assert levels.shares_within(Limit(low=1, high=9)).tolist() == [0, 1, 0]
    assert levels.shares_within(Limit(low=5, high=10)).tolist() == pytest.approx([0, (1 / 5 + 1) / 2, 1 / 11])
    assert levels.shares_within(Limit(members=(0, 12, 15))).tolist() == pytest.approx([1, 0, 2 / 11])
    assert levels.shares_within(Limit(low=21)).tolist() == [0, 0, 0]


@pytest.mark.parametrize("decimals", [0, None])
@given(ends=st.tuples(st.floats(-30, 130), st.floats(-30, 130)))
def test_shares_are_those_of_what_is_drawn(decimals, ends):
    rng = np.random.default_rng(5)
    numbers = np.concatenate([rng.exponential(20, 900), np.full(100, 7.0)])
    levels = levels_of(np.rint(numbers) if decimals == 0 else numbers, decimals=decimals, max_levels=6)
    low, high = sorted(ends) if decimals is None else sorted(map(round, ends))
    codes = np.repeat(np.arange(len(levels)), 4000)
    drawn = levels.decode(codes, rng).reshape(len(levels), -1)
    shares = levels.shares_within(Limit(low=low, high=high))
    assert np.abs(((drawn >= low) & (drawn <= high)).mean(1) - shares).max() < 0.05


@pytest.mark.parametrize(
    ("limit", "is_met"),
    [
        (Limit(low=20.0, high=20.0), [False, True, True]),
        (Limit(members=(20.0, 3.0)), [True, True, True]),
        (Limit(low=1e300), [False, False, True]),
    ],
)
def test_a_level_that_can_meet_a_limit_has_a_share(limit, is_met):
    shares = Levels(((3.0,), (10.0, 20.0), (20.0, 1.7e308)), is_whole=False).shares_within(limit)
    assert (shares > 0).tolist() == is_met
    assert (shares <= 1).all()


def test_what_is_left_of_a_bin_keeps_its_shape():
    """Of numbers that crowd at one end of a bin as many are drawn there under a limit as without it."""
    levels = Levels(((0.0, 1.0, 100.0),), is_whole=False)
    codes = np.zeros(20_000, dtype=int)
    low, high = np.full(20_000, 0.5), np.full(20_000, 50.0)
    drawn = levels.decode(codes, np.random.default_rng(0), low=low, high=high)
    free = levels.decode(np.zeros(80_000, dtype=int), np.random.default_rng(1))
    free = free[(free >= 0.5) & (free <= 50.0)]
    assert (drawn < 1.0).mean() == pytest.approx((free < 1.0).mean(), abs=0.02)


def test_declared_bounds_cut_levels():
    levels = Levels(((0,), (1, 5, 9), (10, 20)), is_whole=True).clipped(2, 10)
    assert levels.edges == ((2,), (2, 5, 9), (10,))


@pytest.mark.parametrize("decimals", [None, 0])
@given(seed=st.integers(0, 10**6), n_values=st.integers(200, 4_000), skew=st.floats(0.3, 4))
@settings(max_examples=30, deadline=None)
def test_levels_of_any_column_are_read_again(decimals, seed, n_values, skew):
    """Values that lie close and are held often make bins whose inner edges meet."""
    places = np.random.default_rng(seed).random(40_000) ** skew * n_values
    levels = levels_of(np.floor(places), decimals=decimals)
    assert Levels.from_dict(levels.to_dict()) == levels


@pytest.mark.parametrize("edges", [[[1, 0]], [[1, 3, 2, 5]], [[]], [[2, 2]], [[5], [1, 2]]])
def test_levels_that_no_table_has_are_refused(edges):
    with pytest.raises(ValueError, match="Expected"):
        Levels.from_dict({"edges": edges, "is_whole": True})
