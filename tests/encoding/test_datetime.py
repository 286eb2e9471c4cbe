from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan.encoding import TableEncoder
from tabgan.errors import ConditionError
from tabgan.schema import Column, Schema

RNG = np.random.default_rng(0)


def fit(cells, **options):
    table = pd.DataFrame({"x": cells})
    return TableEncoder.fit(table, **options), table


def back(encoder, table, **options):
    return encoder.decode(encoder.encode(table), rng=np.random.default_rng(1), **options)["x"]


def stamps(n, *, days=730, unit="min", start="2022-01-03"):
    per_day = {"min": 1440, "s": 86_400, "h": 24, "D": 1}[unit]
    return pd.Series(pd.Timestamp(start) + pd.to_timedelta(RNG.integers(0, days * per_day, n), unit=unit))


def any_codes(encoder, n=5000, seed=0):
    """Codes drawn freely in every block, as an untrained model may."""
    rng = np.random.default_rng(seed)
    return np.stack([rng.integers(0, size, n) for size in encoder.layout.sizes], axis=1).astype(np.int16)


def test_weekdays_come_back_exactly():
    encoder, table = fit(stamps(3000))
    out = back(encoder, table)
    np.testing.assert_array_equal(out.dt.day_of_week, table["x"].dt.day_of_week)
    assert (out - table["x"]).abs().max() < pd.Timedelta(days=7)


def test_office_hours_stay_office_hours():
    days = stamps(3000, unit="D")
    cells = days + pd.to_timedelta(RNG.integers(9 * 60, 17 * 60, 3000), unit="min")
    cells = cells[cells.dt.day_of_week < 5].reset_index(drop=True)
    encoder, _table = fit(cells)
    out = encoder.decode(any_codes(encoder), rng=np.random.default_rng(0))["x"]
    assert out.dt.hour.between(9, 16).all()
    assert (out.dt.day_of_week < 5).all()
    assert (out == out.dt.floor("min")).all()


def test_dates_without_time_stay_without_time():
    encoder, table = fit(stamps(3000, unit="D"))
    assert (back(encoder, table) == back(encoder, table).dt.normalize()).all()
    assert [block.positions is None for block in encoder.layout.blocks][-1]  # weekdays have no order


def test_month_starts_stay_month_starts():
    months = pd.Series(pd.date_range("2015-01-01", "2022-12-01", freq="MS"))
    encoder, _table = fit(months.sample(2000, replace=True, random_state=0).reset_index(drop=True))
    out = encoder.decode(any_codes(encoder), rng=np.random.default_rng(0))["x"]
    assert (out.dt.day == 1).all()


def test_one_day_of_events_is_a_time_of_day():
    encoder, table = fit(stamps(2000, days=1, unit="s"))
    assert len(encoder.layout.blocks) == 1
    assert (back(encoder, table) - table["x"]).abs().max() < pd.Timedelta(hours=1)


def test_a_single_odd_second_does_not_change_the_resolution():
    cells = stamps(1000, unit="h")
    cells[3] += pd.Timedelta(seconds=17)
    encoder, table = fit(cells)
    out = back(encoder, table)
    assert (out == out.dt.floor("h")).all()


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York", "Australia/Lord_Howe"])
def test_no_local_time_is_made_that_the_clock_skips(zone):
    cells = stamps(4000, days=730, unit="min").dt.tz_localize("UTC").dt.tz_convert(zone)
    encoder, _table = fit(cells)
    out = encoder.decode(any_codes(encoder, 20_000), rng=np.random.default_rng(0))["x"]
    wall = out.dt.tz_localize(None)
    round_trip = wall.dt.tz_localize(zone, ambiguous="NaT", nonexistent="raise").dropna()
    assert len(round_trip) > 19_000
    assert out.dtype == cells.dtype


@pytest.mark.parametrize("day", ["2022-03-27", "2022-10-30"])
def test_days_on_which_the_clock_changes_have_no_gap_in_the_output(day):
    minutes = RNG.integers(0, 23 * 60, 3000)
    start = pd.Timestamp(day, tz="Europe/Paris")
    cells = pd.Series(start + pd.to_timedelta(minutes, unit="min"))
    encoder, _ = fit(cells)
    out = encoder.decode(any_codes(encoder), rng=np.random.default_rng(0))["x"]
    assert out.notna().all()
    assert (out.dt.strftime("%Y-%m-%d") == day).all()
    late = (day, f"{day} 02:30")
    codes = np.argwhere(encoder.allowed("x", late)).astype(np.int16)
    within = encoder.decode(np.repeat(codes, 50, axis=0), rng=RNG, limits={"x": late})["x"]
    assert (within <= pd.Timestamp(f"{day} 03:00").tz_localize("Europe/Paris")).all()


CONDITIONS = [
    ("2022-03-05 10:17", "2022-03-05 18:40"),
    ("2022-12-30", "2023-01-02"),
    ("2023-06-01", None),
    (None, "2022-01-20 12:00"),
    ["2022-05-05 10:10", "2023-01-01 12:00"],
    pd.Timestamp("2022-07-14 12:30"),
]


@pytest.mark.parametrize("zone", [None, "Europe/Paris"])
@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
def test_every_row_drawn_from_allowed_codes_meets_the_condition(zone, condition):
    cells = stamps(4000)
    if zone:
        cells = cells.dt.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    encoder, _ = fit(cells.mask(RNG.random(4000) < 0.05))
    allowed = encoder.allowed("x", condition)
    assert allowed.shape == encoder.layout.sizes
    codes = np.argwhere(allowed).astype(np.int16)
    assert len(codes)
    out = encoder.decode(codes, rng=np.random.default_rng(0), limits={"x": condition})["x"]
    assert out.notna().all()

    def local(text):
        return pd.Timestamp(text).tz_localize(zone)

    if isinstance(condition, tuple):
        low, high = condition
        assert low is None or (out >= local(low)).all()
        assert high is None or (out <= local(high)).all()
    else:
        members = condition if isinstance(condition, list) else [condition]
        assert set(out) == {local(text) for text in members}


def test_allowed_codes_are_exactly_those_of_the_rows_inside():
    encoder, table = fit(stamps(3000))
    low, high = "2022-06-01 09:00", "2022-06-20 17:30"
    codes = encoder.encode(table)
    allowed = encoder.allowed("x", (low, high))
    inside = table["x"].between(low, high).to_numpy()
    assert inside.any()
    assert allowed[tuple(codes[inside].T)].all()
    is_far = ~table["x"].between(
        pd.Timestamp(low) - pd.Timedelta(days=15), pd.Timestamp(high) + pd.Timedelta(days=15)
    )
    assert not allowed[tuple(codes[is_far.to_numpy()].T)].any()


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        (("2031-01-01", None), "no learned date"),
        (("2022-06-02", "2022-06-01"), "interval of the condition is empty"),
        (pd.NaT, "missing"),
        (["2022-06-02 12:00", "2031-01-01 12:00"], "or one of its dates. Dates run from 2022-01-0"),
        ("soon", "cannot be read"),
        (17, "expected a date"),
        (pd.Timestamp("2022-06-01 12:00:01"), "no learned date"),  # minutes were learned
        ([], "allows no value"),
        (("2022-01-01", "2022-02-01", "2022-03-01"), "an interval is a tuple"),
    ],
)
def test_conditions_that_cannot_be_met_name_the_column(condition, told):
    encoder, _ = fit(stamps(2000))
    with pytest.raises(ConditionError, match=f"Column 'x': .*{told}"):
        encoder.allowed("x", condition)


def test_declared_bounds_hold_in_every_row():
    cells = stamps(2000, unit="D")
    schema = Schema((Column("x", "datetime", str(cells.dtype), minimum="2022-02-01", maximum="2022-11-30"),))
    encoder, _ = fit(cells, schema=schema)
    out = encoder.decode(any_codes(encoder), rng=np.random.default_rng(0))["x"]
    assert out.between("2022-02-01", "2022-11-30").all()


@pytest.mark.parametrize("unit", ["D", "min"])
@pytest.mark.parametrize("zone", [None, "Europe/Paris"])
def test_no_date_lies_before_the_first_or_after_the_last(unit, zone):
    """From a Saturday to a Monday: the other days of both weeks have no rows."""
    cells = stamps(4000, unit=unit, days=367, start="2022-01-01").dt.tz_localize(
        zone, ambiguous=True, nonexistent="shift_forward"
    )
    encoder, _ = fit(cells)
    codes = any_codes(encoder)
    again = TableEncoder.from_dict(encoder.to_dict())
    for each in (encoder, again):
        out = each.decode(codes, rng=np.random.default_rng(0))["x"]
        assert (out.dt.normalize().min(), out.dt.normalize().max()) == (
            cells.min().normalize(),
            cells.max().normalize(),
        )
        np.testing.assert_array_equal(out.dt.day_of_week, codes[:, -1 if unit == "D" else -2])
        for condition in (("2021-12-28", "2021-12-31 23:59"), ("2023-01-03", None)):
            with pytest.raises(ConditionError, match="run from 2022-01-01 to 2023-01-02"):
                each.allowed("x", condition)


@pytest.mark.parametrize("n_rows", [20, 30, 90])
@pytest.mark.parametrize("step", [1, 3, 10, 50])
def test_few_dates_far_apart_stay_within_the_real_ones(n_rows, step):
    cells = pd.Series(pd.date_range("2022-01-05", periods=n_rows, freq=f"{step}D"))
    encoder, _ = fit(cells)
    out = encoder.decode(any_codes(encoder), rng=np.random.default_rng(0))["x"]
    week = pd.Timedelta(days=7)
    assert out.between(cells.min() - week, cells.max() + week).all()
    if n_rows * step > 60:
        assert out.between(cells.min(), cells.max()).all()


def test_too_few_dates_come_out_missing_with_a_warning():
    encoder, table = fit(stamps(100).where(np.arange(100) < 3))
    assert back(encoder, table).isna().all()
    assert "fewer than 5 rows" in encoder.warnings[0]


def test_rare_weekdays_are_not_drawn():
    cells = stamps(2000, unit="D", days=2000)
    cells = cells[cells.dt.day_of_week < 5]
    cells = pd.concat([cells, pd.Series(pd.to_datetime(["2022-01-08"] * 2))], ignore_index=True)
    encoder, _ = fit(cells)
    out = encoder.decode(any_codes(encoder), rng=np.random.default_rng(0))["x"]
    assert set(out.dt.day_of_week) == {0, 1, 2, 3, 4}
