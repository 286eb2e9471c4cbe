"""Text that writes something else is recognised, and the call that is told converts it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from tabgan.inference import infer_column
from tabgan.oddities import oddities
from tabgan.schema import infer_schema
from tabgan.written import Written, written_as

N = 200
MOMENTS = pd.Series(pd.date_range("2021-03-05 07:08:09", periods=N, freq="37h"))
CLOCK = MOMENTS - MOMENTS.dt.normalize()
AMOUNTS = pd.Series([(place * 37 % 5000) - 900.25 for place in range(N)])


def converted(written: Written, cells: pd.Series[Any]) -> list[pd.Series[Any]]:
    """The column as each of the calls makes it."""
    return [eval(call.format("cells"), {"pd": pd, "cells": cells}) for call in written.calls]


@pytest.mark.parametrize(
    "form",
    [
        "%m/%d/%Y",
        "%d/%m/%Y",
        "%d.%m.%Y",
        "%d-%m-%Y",
        "%m/%d/%y",
        "%d.%m.%y",
        "%Y/%m/%d",
        "%d %b %Y",
        "%d-%b-%y",
        "%B %d, %Y",
        "%d/%m/%Y %H:%M",
        "%d.%m.%Y %H:%M:%S",
        "%m/%d/%Y, %I:%M:%S %p",
        "%Y-%m-%d",
        "%Y-%m-%d %H:%M",
    ],
)
def test_dates_of_usual_forms_are_recognised_and_converted(form: str) -> None:
    cells = MOMENTS.dt.strftime(form)
    found = written_as(cells)
    assert found is not None
    assert found.what == "dates"
    (column,) = converted(found, cells)
    assert column.dt.strftime(form).equals(cells)
    assert (column.dt.normalize() == MOMENTS.dt.normalize()).all()


def test_days_and_months_without_zeros_are_dates_and_doubtful_ones_are_told_both_ways() -> None:
    found = written_as(pd.Series([f"{moment.month}/{moment.day}/{moment.year}" for moment in MOMENTS]))
    assert found == Written("dates", ('pd.to_datetime({}, format="%m/%d/%Y")',), ("%m/%d/%Y",))
    found = written_as(pd.Series(["01/02/2022", "11/12/2022"]))
    assert found is not None
    assert len(found.calls) == 2
    assert "if the month is first" in found.cure("x")


@pytest.mark.parametrize(
    "cells",
    [
        CLOCK.map(lambda time: str(time)[-8:]),
        (CLOCK.dt.floor("min")).map(lambda time: str(time)[-8:-3]),
        CLOCK.map(str),
        pd.Series(pd.to_timedelta(range(N), unit="D")).astype(str),
    ],
)
def test_times_and_durations_are_recognised_and_converted(cells: pd.Series[Any]) -> None:
    found = written_as(cells)
    assert found is not None
    (column,) = converted(found, cells)
    assert column.notna().all()
    assert column.dtype.kind == "m"


@pytest.mark.parametrize(
    "form",
    ["{:.2f}", "{:,.2f}", "${:,.2f}", "€ {:.2f}", "{:.2f}%", "{:.2f} £", "{:,.2f} kg", "{:.2f}m", "comma"],
)
def test_numbers_with_their_signs_are_recognised_and_converted(form: str) -> None:
    texts = [form.format(amount) for amount in AMOUNTS]
    if form == "comma":
        texts = [f"{amount:,.2f} €".translate(str.maketrans(",.", ".,")) for amount in AMOUNTS]
    found = written_as(pd.Series(texts))
    assert found is not None
    assert found.what == "numbers"
    assert found.thousands == ("," if form == "{:,.2f}" else "")
    assert converted(found, pd.Series(texts))[0].tolist() == AMOUNTS.tolist()


@pytest.mark.parametrize("unit", ["", " €", " km"])
def test_a_point_before_three_digits_from_a_thousand_on_stands_between_thousands(unit: str) -> None:
    amounts = [place * 37 for place in range(N)]
    texts = pd.Series([f"{amount:,}{unit}".replace(",", ".") for amount in amounts])
    found = written_as(texts)
    assert found is not None
    assert found.thousands == ("" if unit else ".")
    assert converted(found, texts)[0].tolist() == amounts
    texts = pd.Series([f"{amount / 1000:.3f}{unit}" for amount in amounts])
    found = written_as(texts)
    assert found is not None
    assert converted(found, texts)[0].tolist() == [amount / 1000 for amount in amounts]


@pytest.mark.parametrize(
    "texts",
    [
        [f"{place * 450 + 501:05d}" for place in range(N)],  # postcodes
        [str(10_000 + place) for place in range(N)],
        [f"3.{place % 12}.{place}" for place in range(N)],  # versions
        [f"3.{place % 12 + 1}.{place % 28 + 10}" for place in range(N)],
        [f"10.0.0.{place}" for place in range(N)],
        [f"00{place}.5" for place in range(N)],
        [f"{place} {'kg' if place % 2 else 'g'}" for place in range(N)],
        [f"row {place}" for place in range(N)],
        [f"{10_000 + place}X" for place in range(N)],
        ["1.50", "2.00", "10.25"] * 50,
        ["31/02/2022", "01/02/2022"],
        ["01/02/2022", "soon"],
        ["10:30", "10:30:10"],
        ["12/25/2022"] * N + ["25/12/2022"],
        ["text"],
        [],
    ],
)
def test_codes_and_text_are_left_alone(texts: list[str]) -> None:
    assert written_as(pd.Series(texts, dtype=object)) is None


def test_cells_beyond_those_first_looked_at_decide_too() -> None:
    assert written_as(pd.Series([*MOMENTS.dt.strftime("%m/%d/%Y"), "soon"])) is None
    assert written_as(pd.Series([*MOMENTS.dt.strftime("%m/%d/%Y"), 3], dtype=object)) is None


@pytest.mark.parametrize("n_different", [N, 150, 20])
def test_reason_and_warning_name_the_call_whatever_the_kind(n_different: int) -> None:
    cells = pd.Series([*MOMENTS.dt.strftime("%m/%d/%Y")[:n_different]] * (N // n_different) * 5)[:N]
    table = pd.DataFrame({"day": cells})
    call = """pd.to_datetime(df['day'], format="%m/%d/%Y")"""
    assert call in infer_column("day", cells).reason
    (line,) = oddities(table, infer_schema(table))  # also where values are made up
    assert line.startswith("Column 'day': dates written as text")
    assert ("are made up" in line) == (infer_column("day", cells).kind == "identifier")
    assert call in line
    assert not any(
        "written as text" in line for line in oddities(table, infer_schema(table), declared=["day"])
    )
    assert "dates of birth" in infer_column("date_of_birth", cells).reason
