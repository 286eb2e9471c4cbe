from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan.encoding.noisy_columns import (
    Asker,
    has_few_values,
    has_spikes,
    measure_dates,
    measure_numbers,
    planned_of,
)
from tabgan.schema import Column, Schema
from tests.encoding.releases import Counting


def purposes(column):
    return [what.split(" rows by ")[1] for what in planned_of(column)]


@pytest.mark.parametrize(
    ("column", "asked"),
    [
        (Column("x", "identifier", dtype="str"), []),
        (Column("x", "boolean", dtype="bool"), ["declared categories"]),
        (Column("x", "categorical", dtype="str", categories=("a",)), ["declared categories"]),
        (Column("x", "categorical", dtype="str"), ["labels"]),
        (Column("x", "numeric", dtype="int64", minimum=0, maximum=9), ["values"]),
        (Column("x", "numeric", dtype="int64", minimum=0, maximum=99_999), ["values", "single values"]),
        (Column("x", "numeric", dtype="float64", minimum=0, maximum=99_999), ["values"]),
        (Column("x", "numeric", dtype="int64", minimum=0), ["rough bounds", "values"]),
        (Column("x", "numeric", dtype="timedelta64[s]"), ["clock units", "rough bounds", "values"]),
        (
            Column("x", "datetime", dtype="datetime64[s]"),
            "rough bounds,dates,weekdays,clock units,times of day".split(","),
        ),
        (
            Column("x", "datetime", dtype="date32[day][pyarrow]", minimum="2020-01-01", maximum="2020-12-31"),
            ["dates", "weekdays"],
        ),
    ],
)
def test_the_looks_at_a_column_follow_from_its_schema(column, asked):
    assert purposes(column) == asked


def test_spikes_are_looked_for_where_values_are_many_but_not_too_many():
    def numbers(maximum, **facts):
        return Column("x", "numeric", dtype="float64", minimum=0, maximum=maximum, **facts)

    assert not has_spikes(numbers(500, decimals=0))
    assert has_spikes(numbers(5000, decimals=0))
    assert has_spikes(numbers(50, decimals=2))
    assert not has_spikes(numbers(10**9, decimals=0))
    assert not has_spikes(numbers(5000))
    assert has_few_values(numbers(31, decimals=0))
    assert not has_few_values(numbers(32, decimals=0))


def measured(cells, column, *, measure=measure_numbers, **noise):
    df = pd.DataFrame({"x": cells})
    release = Counting(df, Schema((column,)), **noise)
    return measure(column, Asker(release, column, len(df)))


def test_bounds_that_nobody_declared_are_those_of_the_powers_that_hold_rows():
    cells = [17, 90] * 500 + [10**6]
    found = measured(cells, Column("x", "numeric", dtype="int64"), claimed=10.0)
    grid = found.axes["value"].grid
    assert (grid.starts[0], grid.last) == (16, 128)


def test_bounds_stay_within_the_dtype():
    found = measured([100] * 1000, Column("x", "numeric", dtype="int8"), claimed=10.0)
    assert found.axes["value"].grid.last == 127
    found = measured([0] * 1000, Column("x", "numeric", dtype="uint8"), claimed=10.0)
    assert found.axes["value"].grid.starts[0] == 0


def test_a_declared_end_is_kept():
    found = measured([40] * 1000, Column("x", "numeric", dtype="int64", minimum=17), claimed=10.0)
    assert (found.axes["value"].grid.starts[0], found.axes["value"].grid.last) == (17, 64)


def test_nothing_but_noise_has_bounds_all_the_same():
    found = measured([40, 50], Column("x", "numeric", dtype="float64"), claimed=10.0)
    assert len(found.axes["value"].grid) > 1


def test_missing_cells_are_counted_unless_they_may_be_noise():
    column = Column("x", "numeric", dtype="float64", minimum=0, maximum=10)
    cells = [1.0] * 1000 + [np.nan] * 30
    assert measured(cells, column, claimed=5.0).n_missing == 30
    assert measured(cells, column, claimed=10.0).n_missing == 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2020-01-01", 86_400),
        ("2020-01-01 10:00", 3600),
        ("2020-01-01 10:10", 60),
        ("2020-01-01 10:10:10", 1),
    ],
)
@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_the_resolution_is_the_coarsest_unit_nearly_all_rows_fit(text, seconds, unit):
    column = Column("x", "datetime", dtype=f"datetime64[{unit}]", minimum="2020-01-01", maximum="2020-12-31")
    per_second = {"s": 1, "us": 10**6, "ns": 10**9}[unit]
    cells = [pd.Timestamp("2020-01-01")] * 100 + [pd.Timestamp(text)] * 100
    assert measured(cells, column, measure=measure_dates, claimed=5.0).step == seconds * per_second
    few = cells[:100] + [pd.Timestamp(text)] * 10
    assert measured(few, column, measure=measure_dates, claimed=5.0).step == 86_400 * per_second


def test_parts_of_a_date_are_counted_by_hand():
    column = Column("x", "datetime", dtype="datetime64[us]", minimum="2024-01-01", maximum="2024-07-31")
    cells = [pd.Timestamp("2024-01-01 06:30")] * 50 + [pd.Timestamp("2024-01-07 06:30")] * 60
    found = measured(cells, column, measure=measure_dates, claimed=1.0)
    weekdays, counts = found.axes["weekday"].repeated(5)
    assert dict(zip(weekdays.tolist(), found.axes["weekday"].counts.tolist(), strict=True))[0] == 50
    days, counts = found.axes["day"].repeated(5)
    first = int(np.datetime64("2024-01-01").view(np.int64))
    assert (days.tolist(), counts.tolist()) == ([first, first + 6], [50, 60])
    weeks, counts = found.axes["week"].repeated(5)
    assert (weeks.tolist(), counts[counts > 90].tolist()) == (found.axes["week"].grid.starts.tolist(), [110])
    times, counts = found.axes["time"].repeated(5)
    assert (times.tolist(), counts.tolist()) == ([13], [110]) if found.step == 1800 * 10**6 else True
    assert counts.max() == 110


def test_long_spans_are_counted_in_weeks():
    column = Column("x", "datetime", dtype="datetime64[us]", minimum="1900-01-01", maximum="2020-12-31")
    found = measured([pd.Timestamp("1950-06-01")] * 100, column, measure=measure_dates, claimed=1.0)
    assert "day" not in found.axes
    assert found.axes["week"].counts.sum() == 100


def test_dates_that_nobody_bounded_run_over_the_years_that_hold_rows():
    column = Column("x", "datetime", dtype="datetime64[us]")
    cells = (
        [pd.Timestamp("2019-03-01")] * 100 + [pd.Timestamp("2020-03-01")] * 100 + [pd.Timestamp("1800-01-01")]
    )
    found = measured(cells, column, measure=measure_dates, claimed=5.0)
    grid = found.axes["week"].grid
    first, last = np.array(["2019-01-01", "2020-12-31"], "M8[D]").view(np.int64)
    assert (grid.starts[0], grid.last) == ((first + 3) // 7, (last + 3) // 7)


def test_durations_are_counted_in_their_clock_unit():
    column = Column("x", "numeric", dtype="timedelta64[us]")
    cells = pd.Series(pd.to_timedelta([30, 60, 90] * 200, unit="min"))
    found = measured(cells, column, claimed=5.0)
    assert found.step == 60 * 10**6
    values, _ = found.axes["value"].repeated(5)
    assert set(values.tolist()) >= {30, 60, 90}
