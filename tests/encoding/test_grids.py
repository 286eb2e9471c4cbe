from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabgan.encoding.grids import TAILS, Grid, NoisyAxis, PublicAxis, cells_worth_asking


def axis(counts, *, deviation=0.0, low=0, spikes=None):
    grid = Grid.singles(low, low + len(counts) - 1)
    return NoisyAxis(grid, np.array(counts), deviation, int(np.sum(counts)), spikes)


@given(
    low=st.integers(-(2**62), 2**62),
    width=st.integers(0, 2**62 - 1),
    values=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1),
)
def test_every_whole_number_lies_in_the_cell_that_holds_it(low, width, values):
    grid = Grid.between(low, low + width, is_whole=True, n_cells=200, singles=(0,))
    inside = np.clip(np.array(values, dtype=np.int64), low, low + width)
    cells = grid.cells(inside)
    assert (grid.starts[cells] <= inside).all()
    assert (inside <= grid.ends[cells]).all()
    assert (np.diff(grid.starts) > 0).all()


@given(
    low=st.floats(-1e300, 1e300),
    width=st.floats(1e-3, 1e300),
    shares=st.lists(st.floats(0, 1), min_size=1),
)
def test_every_float_lies_in_the_cell_that_holds_it(low, width, shares):
    grid = Grid.between(low, low + width, is_whole=False, n_cells=200, singles=(0,))
    inside = np.clip(low + np.array(shares) * width, low, low + width)
    cells = grid.cells(inside)
    assert (grid.starts[cells] <= inside).all()
    assert (inside <= grid.ends[cells]).all()


def test_bounds_and_zero_are_cells_of_their_own():
    for is_whole in (True, False):
        grid = Grid.between(-1000, 99_999, is_whole=is_whole, singles=(0,))
        assert set(grid.starts[grid.is_single].tolist()) >= {-1000, 0, 99_999}


def test_a_long_axis_stays_fine_near_zero():
    grid = Grid.between(0, 10**9, is_whole=True)
    assert (grid.ends - grid.starts)[grid.starts < 100].max() <= 3


def test_noisier_answers_get_fewer_cells():
    assert cells_worth_asking(39_000, 150.0) == 260
    assert cells_worth_asking(39_000, 1.0) == 2048
    assert cells_worth_asking(100, 150.0) == 128


def test_repeated_values_are_those_well_above_the_noise():
    counts = [0] * 200
    counts[3], counts[5], counts[9] = 100, 30, 45
    values, told = axis(counts, deviation=10.0).repeated(5)
    assert (values.tolist(), told.tolist()) == ([3, 9], [100, 45])


def test_all_values_of_a_small_public_domain_are_told():
    values, told = axis([1000, -3, 0, 40], deviation=10.0).repeated(5)
    assert values.tolist() == [0, 1, 2, 3]
    assert told.sum() >= 1037


def test_group_means_worked_out_by_hand():
    counts = np.zeros(300, dtype=np.int64)
    counts[100:140] = 10
    means = axis(counts).group_means(without=np.array([], dtype=np.int64), n_groups=2)
    assert means[TAILS:-TAILS].tolist() == [100, 110, 130, 140]
    assert (np.diff(means) > 0).all()


def test_atoms_are_left_out_of_the_groups():
    counts = np.zeros(300, dtype=np.int64)
    counts[100:140], counts[0] = 10, 5000
    means = axis(counts).group_means(without=np.array([0]), n_groups=2)
    assert means[TAILS:-TAILS].tolist() == [100, 110, 130, 140]


def test_spikes_are_taken_off_the_cells_they_lie_in():
    grid = Grid.between(0, 9999, is_whole=True, n_cells=100)
    counts = np.full(len(grid), 10)
    counts[grid.cells(np.array([5001]))] += 7000
    single = np.zeros(10_000, dtype=np.int64)
    single[5001] = 7000
    spikes = NoisyAxis(Grid.singles(0, 9999), single, 1.0, 8000)
    both = NoisyAxis(grid, counts, 1.0, 8000).with_spikes(spikes)
    values, told = both.repeated(5)
    assert (values.tolist(), told.tolist()) == ([5001], [7000])
    means = both.group_means(without=values, n_groups=10)
    assert ((means > 4990) & (means < 5010)).sum() <= 1


def test_nothing_left_but_noise_is_one_value():
    noise = np.array([5, -7, 3, 12] * 50)
    noise[0] = 5000
    assert NoisyAxis(Grid.singles(0, 199), noise, 10.0, 5010).group_means(
        without=np.array([0]), n_groups=4
    ).tolist() == [0]


def test_rows_that_must_be_somewhere_are_spread_over_the_axis():
    noise = np.array([5, -7, 3, 12] * 50)
    noise[0] = 5000
    means = NoisyAxis(Grid.singles(0, 199), noise, 10.0, 5200).group_means(without=np.array([0]), n_groups=4)
    assert len(means) > 2


@pytest.mark.parametrize("deviation", [20.0, 60.0])
def test_groups_follow_the_rows_under_noise(deviation):
    rng = np.random.default_rng(0)
    rows = np.clip(rng.normal(50_000, 5_000, 40_000), 0, 999_999).astype(np.int64)
    grid = Grid.between(0, 999_999, is_whole=True, n_cells=cells_worth_asking(40_000, deviation))
    counts = np.bincount(grid.cells(rows), minlength=len(grid))
    noisy = counts + np.rint(rng.normal(0, deviation, len(counts))).astype(np.int64)
    means = NoisyAxis(grid, noisy, deviation, 40_000).group_means(without=np.array([], np.int64), n_groups=20)
    groups = np.histogram(rows, means)[0][TAILS + 1 : -TAILS - 1]
    assert 0.4 * 2000 < np.median(groups) < 2 * 2000
    assert np.quantile(rows, 0.01) > means[0]
    assert 30_000 < means[1 + TAILS] < means[-2 - TAILS] < 80_000


def test_merged_cells_add_up_and_so_does_their_noise():
    merged = axis([1, 2, 3, 4, 5, 6], deviation=2.0).merged(np.arange(6) // 3, Grid.singles(0, 1))
    assert merged.counts.tolist() == [6, 15]
    assert merged.deviation == pytest.approx(2 * 3**0.5)


def test_public_axes_are_even():
    few = PublicAxis(Grid.singles(0, 9), 1000)
    values, counts = few.repeated(5)
    assert (values.tolist(), counts.tolist()) == (list(range(10)), [101] * 10)
    many = PublicAxis(Grid.between(0, 10**6, is_whole=True), 1000)
    assert len(many.repeated(5)[0]) == 0
    assert many.group_means(without=np.array([], np.int64), n_groups=2).tolist() == [
        0,
        250_000,
        750_000,
        10**6,
    ]
