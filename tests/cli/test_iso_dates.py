"""Dates in CSV files: recognised, and written as they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tabgan_cli.iso_dates import DateStyle, read_dates, write_dates

from tabgan import TabGAN
from tests.cli.calling import Call

STYLES = [
    "0000-00-00",
    "0000-00-00 00:00",
    "0000-00-00T00:00",
    "0000-00-00 00:00:00",
    "0000-00-00T00:00:00Z",
    "0000-00-00T00:00:00+02:00",
    "0000-00-00 00:00:00-0530",
    "0000-00-00T00:00:00+09",
    "0000-00-00T00:00:00.0",
    "0000-00-00 00:00:00.000",
    "0000-00-00T00:00:00.000000Z",
    "0000-00-00T00:00:00.000000000",
]


@pytest.mark.parametrize("text", STYLES)
def test_a_style_is_its_own_text(text: str) -> None:
    assert str(DateStyle.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "0000", "%.2f", "true|false", "0000-00-00Z", "0000-00-00 00", "2024-01-01"]
)
def test_other_texts_are_no_style(text: str) -> None:
    assert DateStyle.parse(text) is None


def cells_in(style: str) -> list[str]:
    """Cells of this style that need all of its digits."""
    whole = "2024-03-31T01:59:58.123456789"
    zone = DateStyle.parse(style).zone  # type: ignore[union-attr]
    length = len(style) - len(zone)
    cells = [whole[:length].replace("T", style[10:11] or "T") + zone]
    return [
        *cells,
        *(cell.replace("2024", "1969") for cell in cells),
        *(c.replace("2024", "2199") for c in cells),
    ]


@pytest.mark.parametrize("style", STYLES)
def test_dates_are_written_as_they_were_read(style: str) -> None:
    texts = cells_in(style)
    found = read_dates(pa.array(texts))
    assert found is not None
    moments, read = found
    assert str(read) == style
    column: pd.Series[object] = moments.to_pandas()
    assert column.dtype.kind == "M"
    written, used = write_dates(pd.concat([column, pd.Series([pd.NaT])]).astype(column.dtype), read)
    assert written == [*texts, None]
    assert used == read


@given(st.lists(st.datetimes(min_value=pd.Timestamp("0001-01-02").to_pydatetime()), min_size=1))
def test_what_python_writes_is_read_exactly(moments: list[object]) -> None:
    texts = [str(moment) for moment in moments]  # the fraction is left out where it is zero
    found = read_dates(pa.array(texts))
    lengths = {len(text) for text in texts}
    assert found is not None or lengths == set()
    if found is not None:
        assert found[0].to_pylist() == moments


@pytest.mark.parametrize(
    "texts",
    [
        ["2024-01-01", "2024-01-01 10:00"],
        ["2024-01-01T10:00", "2024-01-01 10:00"],
        ["2024-01-01 10:00", "2024-01-01 10:00:00"],
        ["2024-02-31"],
        ["2024-13-01"],
        ["2024-01-01 25:00"],
        ["2024-01-01T10:00Z", "2024-01-01T10:00"],
        ["01.02.2024"],
        ["2024-1-1"],
        ["2024-01-01", "soon"],
        [],
    ],
)
def test_other_texts_are_not_taken_for_dates(texts: list[str]) -> None:
    assert read_dates(pa.array(texts, pa.string())) is None


def test_cells_of_several_offsets_become_utc() -> None:
    found = read_dates(pa.array(["2024-01-01T10:00:00+01:00", "2024-07-01T10:00:00+02:00"]))
    assert found is not None
    written, _ = write_dates(found[0].to_pandas(), found[1])
    assert written == ["2024-01-01T09:00:00Z", "2024-07-01T08:00:00Z"]


@pytest.mark.parametrize(
    ("dtype", "cells", "expected"),
    [
        ("datetime64[ns]", ["2024-01-01"], ["2024-01-01 00:00:00"]),  # the next batch may hold other times
        ("datetime64[ns]", ["2024-01-01 10:00", None], ["2024-01-01 10:00:00", None]),
        ("datetime64[us]", ["2024-01-01 10:00:00.5"], ["2024-01-01 10:00:00.5"]),
        ("datetime64[s, Europe/Paris]", ["2024-07-01 10:00"], ["2024-07-01T08:00:00Z"]),
        ("datetime64[s, UTC]", ["2024-07-01"], ["2024-07-01T00:00:00Z"]),
        ("date32[day][pyarrow]", ["2024-01-01", None], ["2024-01-01", None]),
        ("timestamp[us][pyarrow]", ["2024-01-01 10:00"], ["2024-01-01 10:00:00"]),
    ],
)
def test_dates_of_no_known_style_are_written_without_loss(
    dtype: str, cells: list[str | None], expected: list[str | None]
) -> None:
    column = pd.Series(pd.to_datetime(pd.Series(cells), format="ISO8601"))
    if "," in dtype:
        column = column.dt.tz_localize(dtype.split(", ")[1][:-1])
    column = column.astype(dtype)  # type: ignore[call-overload]
    assert write_dates(column, None)[0] == expected


def test_a_style_too_coarse_for_a_cell_becomes_finer() -> None:
    column = pd.Series(pd.to_datetime(["2024-01-01 10:30:00.25"]))
    written, used = write_dates(column, DateStyle.parse("0000-00-00"))
    assert written == ["2024-01-01 10:30:00.25"]
    assert str(used) == "0000-00-00 00:00:00.00"


def test_dates_are_days_where_the_model_knows_no_time_of_day_and_seconds_elsewhere(
    call: Call, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, 400), unit="D")
    times = days + pd.to_timedelta(np.where(rng.random(400) < 0.1, rng.integers(0, 24, 400), 0), unit="h")
    table = pd.DataFrame({"day": days, "time": times}).astype("datetime64[s]")
    table.to_parquet(tmp_path / "t.parquet")
    TabGAN(epochs=1).fit(table).save(tmp_path / "python.tabgan")
    assert call("run", tmp_path / "t.parquet", "-o", tmp_path / "run.csv", "--max-seconds", 2).code == 0
    for seed in range(3):
        model, made = tmp_path / "python.tabgan", tmp_path / f"{seed}.csv"
        assert call("sample", model, "-n", 40, "-o", made, "--seed", seed).code == 0
    for path in tmp_path.glob("*.csv"):
        cells = pd.read_csv(path, dtype=str)
        assert set(cells["day"].str.len()) == {10}, path.name
        assert set(cells["time"].str.len()) == {19}, path.name
