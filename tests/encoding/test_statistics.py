from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.encoding.reading import Part, most_exact
from tabgan.encoding.statistics import ExactStatistics
from tabgan.encoding.table import TableEncoder
from tabgan.schema import infer_schema


def exact(cells, *, min_rows=5):
    df = pd.DataFrame({"x": cells})
    return ExactStatistics(df, infer_schema(df), min_rows)


def test_labels_below_min_rows_are_counted_together_and_not_told():
    told = exact(["a"] * 10 + ["b"] * 5 + ["c"] * 4 + [None]).category_counts("x")
    assert dict(zip(told.labels, told.counts, strict=True)) == {"a": 10, "b": 5}
    assert (told.n_rest, told.n_hidden) == (4, 1)
    assert told.levels is None


def test_levels_of_a_category_are_told_unless_few_rows_hold_them():
    cells = pd.Categorical(["a"] * 10 + ["c"] * 2, categories=["z", "c", "a"])
    assert exact(cells).category_counts("x").levels == ("z", "a")


def test_group_means_worked_out_by_hand():
    statistics = exact(np.array([0.0, 1.0, 2.0, 3.0, 9.0, 9.0, 9.0, 50.0]))
    means = statistics.group_means("x", Part(decimals=None), without=np.array([9.0]), n_groups=2)
    assert means.tolist() == pytest.approx([0.5, (2 + 3 + 50) / 3])


def test_means_of_large_whole_numbers_do_not_overflow():
    statistics = exact(np.array([2**62 + 1, 2**62 + 3, 2**62 + 5, -(2**62), -(2**62) - 2, -(2**62) - 4]))
    means = statistics.group_means("x", Part(), without=np.array([], dtype=np.int64), n_groups=2)
    assert means.tolist() == [-(2**62) - 2, 2**62 + 3]


@pytest.mark.parametrize("is_whole", [True, False])
def test_means_computed_in_pieces_are_those_of_all_groups_at_once(monkeypatch, is_whole):
    drawn = np.random.default_rng(0).gamma(2.0, 1e3, 5_003)
    statistics = exact(drawn.astype(np.int64) if is_whole else drawn)
    part = Part() if is_whole else Part(decimals=None)
    without, _ = statistics.repeated_values("x", part, at_least=4)
    whole = statistics.group_means("x", part, without=without, n_groups=97)
    assert len(without) == 0 or is_whole
    for rows in (1, 100, 1_000):
        monkeypatch.setattr("tabgan.encoding.statistics.GROUP_ROWS", rows)
        assert np.array_equal(statistics.group_means("x", part, without=without, n_groups=97), whole)


@settings(deadline=None)
@given(st.lists(st.integers(-3, 3), min_size=1), st.integers(1, 4))
def test_repeated_values_are_those_that_numpy_counts(numbers, at_least):
    values, counts = np.unique(np.array(numbers), return_counts=True)
    told = exact(np.array(numbers)).repeated_values("x", Part(), at_least=at_least)
    assert np.array_equal(told[0], values[counts >= at_least])
    assert np.array_equal(told[1], counts[counts >= at_least])


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2020-01-01", 86_400),
        ("2020-01-01 10:00", 3600),
        ("2020-01-01 10:10", 60),
        ("2020-01-01 10:10:10", 1),
    ],
)
def test_the_resolution_is_the_coarsest_unit_nearly_all_rows_fit(text, seconds):
    cells = pd.Series([pd.Timestamp("2020-01-01")] * 50 + [pd.Timestamp(text)] * 50).astype("datetime64[us]")
    assert exact(cells).resolution("x") == seconds * 10**6
    rare = pd.Series([pd.Timestamp("2020-01-01")] * 50 + [pd.Timestamp(text)] * 4).astype("datetime64[us]")
    assert exact(rare).resolution("x") == 86_400 * 10**6


def test_parts_of_a_datetime_count_mondays_first():
    statistics = exact(pd.Series([pd.Timestamp("2024-01-01 06:30")] * 5 + [pd.Timestamp("2024-01-07")] * 5))
    weekdays, counts = statistics.repeated_values("x", Part("weekday"), at_least=1)
    assert (weekdays.tolist(), counts.tolist()) == ([0, 6], [5, 5])
    weeks, _ = statistics.repeated_values("x", Part("week"), at_least=1)
    assert len(weeks) == 1


def test_one_huge_value_takes_the_column_off_the_exact_path():
    assert exact([1.25, 2.5] * 10).fits_whole("x", 2)
    assert not exact([1.25, 2.5, 1e300] * 10).fits_whole("x", 2)


@pytest.mark.parametrize("value", [512.0276689705681, -8.97931238470235e-05, 2.0**53 - 1, 1234567890.125])
def test_a_repeated_number_of_any_number_of_digits_comes_back_to_the_last_bit(value):
    df = pd.DataFrame({"x": [value] * 10})
    encoder = TableEncoder.fit(df)
    assert encoder.decode(encoder.encode(df), rng=np.random.default_rng(0))["x"].tolist() == [value] * 10


@given(st.integers(1, 16), st.integers(-(2**53), 2**53))
def test_numbers_below_the_most_exact_come_back_from_their_units(decimals, unit):
    value = unit / 10.0**decimals
    if abs(value) < most_exact(decimals):
        assert np.rint(value * 10.0**decimals) / 10.0**decimals == value
