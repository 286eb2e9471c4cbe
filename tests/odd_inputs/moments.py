"""Rows 24 to 26 and 28: dates of every unit, zone and age, and spans of time."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd

from tests.odd_inputs.tiny import N_ROWS, beside, learned, refused, repeated, warned


def row_24_units_of_dates(tmp_path: Path) -> None:
    moments = pd.Series(pd.date_range("2020-01-01", periods=N_ROWS, freq="7h"))
    for unit in ("s", "ms", "us", "ns"):
        _, rows = learned(beside(moments.astype(f"datetime64[{unit}]")), tmp_path)
        assert rows["odd"].min() >= pd.Timestamp("2019-12-20")
    for cells in (moments.astype(object), pd.Series(moments.dt.date, dtype=object)):
        _, rows = learned(beside(cells), tmp_path)
        assert isinstance(rows["odd"][0], dt.date)


def row_25_time_zones(tmp_path: Path) -> None:
    # Every hour around the night in which clocks go forward, and the one in which they go back.
    for start in ("2024-03-30", "2024-10-26"):
        moments = pd.date_range(start, periods=N_ROWS, freq="20min", tz="Europe/Berlin")
        _, rows = learned(beside(pd.Series(moments)), tmp_path)
        local = rows["odd"].dt.tz_localize(None)
        assert not ((local >= "2024-03-31 02:00") & (local < "2024-03-31 03:00")).any()
    fixed = pd.date_range("2024", periods=N_ROWS, tz=dt.timezone(dt.timedelta(hours=3)))
    learned(beside(pd.Series(fixed)), tmp_path)
    stamps = [pd.Timestamp("2024", tz="UTC"), pd.Timestamp("2024", tz="Asia/Tokyo"), pd.Timestamp("2024")]
    refused(beside(repeated(*stamps, dtype=object)), "'odd'", "80 of 120 rows", "utc=True")
    file_zone = pd.date_range("2024", periods=N_ROWS, tz="dateutil/Europe/Berlin")
    refused(beside(pd.Series(file_zone)), "'odd'", "tz_convert")


def row_26_dates_long_past_and_far_ahead(tmp_path: Path) -> None:
    days = ["1500-01-01", "3000-05-05", "2020-02-02"]
    cells = pd.Series(np.array(days * 40, dtype="M8[s]"))
    _, rows = learned(beside(cells), tmp_path)
    assert set(rows["odd"]) <= set(cells)
    for dates in (
        [dt.date(1500, 1, 1), dt.date(9999, 12, 31)],
        [dt.datetime(1, 1, 1), dt.datetime(2020, 1, 1)],
    ):
        _, rows = learned(beside(repeated(*dates, dtype=object)), tmp_path)
        assert set(rows["odd"]) <= set(dates)


def row_28_spans_periods_intervals_sparse(tmp_path: Path) -> None:
    spans = pd.Series(pd.to_timedelta(np.arange(N_ROWS) % 7, unit="h"))
    for unit in ("s", "ns"):
        _, rows = learned(beside(spans.astype(f"timedelta64[{unit}]")), tmp_path)
        assert set(rows["odd"]) <= set(spans)
    refused(beside(pd.Series(pd.period_range("2020", periods=N_ROWS, freq="D"))), "'odd'", "to_timestamp")
    refused(beside(pd.Series(pd.interval_range(0, N_ROWS))), "'odd'", "one end")
    sparse = pd.Series(pd.arrays.SparseArray(np.arange(N_ROWS) % 3.0))
    model, rows = learned(beside(sparse), tmp_path)
    warned(model, "'odd'", "sparse", "dense")
    assert set(rows["odd"]) <= {0.0, 1.0, 2.0}
