"""Private mode reads any cell of any column: one that raised or warned would tell that it is there."""

from __future__ import annotations

import datetime as dt
import decimal
import fractions
import warnings

import numpy as np
import pandas as pd
import pytest

from tabgan.encoding.noisy_statistics import fit_encoder
from tabgan.encoding.private_schema import measure_schema, vote_of
from tabgan.encoding.rehearsal import rehearsed_encoder
from tabgan.encoding.row_wise import OTHER, row_wise_table
from tabgan.privacy.ledger import Ledger
from tabgan.privacy.rows import BoundRelease, PrivateRows
from tabgan.schema import Column, Schema

HALF_A_DAY = dt.timedelta(hours=12)
NUMBERS = [
    *(0, -5, 1.5, 1e300, -1.7e308, 5e-324, 2**63, -(2**63), 2**64, 10**400, -(10**400), 10**5000, True),
    *(np.int8(3), np.float16(1.5), np.float32(3e38), 1j, np.complex128(1 + 2j), float("inf")),
    *(decimal.Decimal(text) for text in ("1.5", "NaN", "sNaN", "Infinity", "1E+1000000", "1e-1000000")),
    *(fractions.Fraction(1, 3), fractions.Fraction(10**400)),
]
TEXTS = [
    *(
        "",
        " ",
        "a",
        "1",
        "1e999",
        "9" * 5000,
        "1_000",
        "0x10",
        "nan",
        "\u0663",
        "\ud800",
        "\0",
        "x" * 100_000,
    ),
    *(
        "2024-01-31",
        "0001-01-01",
        "9999-12-31T23:59:59.999999",
        "0000-00-00",
        "2024-02-30",
        "2024-01-31T25:00",
    ),
    *(
        "2024-01-31T10:00+99:99",
        "0001-01-01T00:00+14:00",
        "9999-12-31T23:59-12:00",
        "99999999999 days",
        "P1Y",
    ),
]
MOMENTS = [
    *(pd.Timestamp.max, pd.Timestamp.min, pd.Timestamp("2024", tz="Europe/Paris"), dt.time(1), dt.date.min),
    *(dt.date.max, dt.datetime.max, dt.datetime.max.replace(tzinfo=dt.timezone(-HALF_A_DAY))),
    *(dt.datetime.min.replace(tzinfo=dt.timezone(HALF_A_DAY)), dt.timedelta.max, dt.timedelta.min),
    *(pd.Timedelta.max, pd.Timedelta.min, np.datetime64("NaT"), np.datetime64("300000-01-01")),
    *(np.datetime64(2**62, unit) for unit in ("s", "D", "Y")),
    *(np.timedelta64(2**62, "s"), np.timedelta64(5), np.timedelta64(5, "Y"), np.timedelta64("NaT")),
]
THINGS = [
    *(None, pd.NA, pd.NaT, b"x", (1, [2]), ([],), [1], {"a": 1}, {1}, np.array([1, 2]), np.void(b"a")),
    *(object(), int, pd.Period("2024-01"), pd.Interval(0, 1), slice(1), ..., range(3), len),
]
CELLS = [*NUMBERS, *TEXTS, *MOMENTS, *THINGS]

COLUMNS = {
    "whole": Column("x", "numeric", dtype="int64", minimum=0, maximum=100),
    "whole, unbounded": Column("x", "numeric", dtype="uint64"),
    "decimals": Column("x", "numeric", dtype="float64", decimals=2, minimum=0, maximum=500),
    "half steps": Column(
        "x", "numeric", dtype="float64", minimum=0, maximum=100, policy="generalise", step=0.5
    ),
    "steps of ten": Column(
        "x", "numeric", dtype="int64", minimum=0, maximum=100, policy="generalise", step=10
    ),
    "durations": Column("x", "numeric", dtype="timedelta64[us]"),
    "dates": Column("x", "datetime", dtype="datetime64[us]"),
    "nanoseconds": Column(
        "x", "datetime", dtype="datetime64[ns]", minimum="2020-01-01", maximum="2023-01-01"
    ),
    "dates of a zone": Column("x", "datetime", dtype="datetime64[us, Europe/Paris]"),
    "months": Column("x", "datetime", dtype="datetime64[us]", policy="generalise", step="month"),
    "text": Column("x", "categorical", dtype="str", categories=("1", "a")),
    "two letters": Column("x", "categorical", dtype="str", policy="generalise", step=2),
    "numbered": Column("x", "categorical", dtype="int64", categories=(1, 2)),
    "mixed": Column("x", "categorical", dtype="object", categories=(1, "b")),
    "any text": Column("x", "categorical", dtype="str"),
    "any object": Column("x", "categorical", dtype="object"),
    "any number": Column("x", "categorical", dtype="int64"),
    "any date": Column("x", "categorical", dtype="datetime64[us]"),
    "any category": Column("x", "categorical", dtype="category"),
    "truth": Column("x", "boolean", dtype="bool"),
    "keys": Column("x", "identifier", dtype="str"),
}


def table(cells):
    rows = np.empty(len(cells), dtype=object)
    rows[:] = cells
    return pd.DataFrame({"x": pd.Series(rows, dtype=object)})


@pytest.mark.parametrize("column", COLUMNS.values(), ids=list(COLUMNS))
def test_no_cell_stops_a_fit_or_changes_how_another_is_read(column):
    schema = Schema((column,))
    around = ["1", *CELLS, "2"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = PrivateRows(table(around), Ledger(10_000.0, 1e-2))
        read = rows.map(lambda df: row_wise_table(df, schema))
        fit_encoder(schema, BoundRelease(read, 3.0, delta=1e-6), n_rows=1000)
        encoder = rehearsed_encoder(schema, n_rows=1000, noise={})
        read.map(encoder.encode)
    codes = encoder.encode(row_wise_table(table(around), schema))
    alone = encoder.encode(row_wise_table(table(["1", "2"]), schema))
    assert (codes[[0, -1]] == alone).all()


def test_no_cell_stops_the_vote_on_a_column_that_nobody_declared():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = PrivateRows(table(["1", *CELLS, "2"]), Ledger(10_000.0, 1e-2))
        measure_schema(BoundRelease(rows, 3.0, delta=1e-6), ["x"], None, n_rows=1000)
    assert all(isinstance(vote_of(cell), str) for cell in CELLS)


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York", "Asia/Tokyo"])
@pytest.mark.parametrize("end", [pd.Timestamp.min, pd.Timestamp.max])
def test_the_ends_of_time_are_read_in_any_zone(zone, end):
    cells = pd.Series([pd.Timestamp("2024-01-31"), end]).dt.tz_localize("UTC")
    found = row_wise_table(
        pd.DataFrame({"x": cells}), Schema((Column("x", "datetime", dtype=f"datetime64[us, {zone}]"),))
    )["x"]
    assert found[0] == cells.dt.tz_convert(zone)[0].tz_localize(None)
    assert len(found) == 2


def test_a_number_beyond_all_steps_stays_what_it_is():
    column = COLUMNS["half steps"]
    found = row_wise_table(table([1e300, -1.7e308, 3.7]), Schema((column,)))["x"]
    assert found.tolist() == [1e300, -1.7e308, 3.5]


@pytest.mark.parametrize("name", ["any text", "any object", "any number", "any date"])
def test_what_holds_several_values_is_no_label(name):
    """How pandas writes them down can depend on those of other rows."""
    cells = [[1], {"a": 1}, np.array([1]), np.array([1.0]), {1}]
    assert row_wise_table(table(cells), Schema((COLUMNS[name],)))["x"].tolist() == [OTHER] * len(cells)
