"""Excel: what a sheet can hold survives, what it cannot is refused, and no text becomes a formula."""

from __future__ import annotations

import datetime as dt
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from tabgan_cli.excel import MAX_COLUMNS, MAX_ROWS
from tabgan_cli.failures import CommandError, Exit
from tabgan_cli.table_file import CsvOptions, read_cells, read_table, table_writer


def sheet(path: Path, *rows: list[Any]) -> Path:
    """A workbook as another program writes it."""
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def refused(path: Path, rows: pd.DataFrame) -> str:
    with pytest.raises(CommandError) as caught, table_writer(path) as write:
        write(rows)
    assert caught.value.code == Exit.DATA
    assert list(path.parent.iterdir()) == []
    return str(caught.value)


def test_sheets_of_other_programs_are_read(tmp_path: Path) -> None:
    moment = dt.datetime(2024, 1, 31, 10, 30)
    path = sheet(
        tmp_path / "a.xlsx",
        ["zip", 2024, "at", "n", "rate", "ok"],
        ["00123", 1, moment, 1, 1, True],
        [None] * 6,
        ["x", 2, moment, 2, 2.5, None],
        [None, None],
    )
    rows = read_table(path).rows
    text = str(pd.Series(["a"]).dtype)
    assert list(rows) == ["zip", "2024", "at", "n", "rate", "ok"]
    assert rows.dtypes.astype(str).tolist() == [
        text,
        "Int64",
        "datetime64[us]",
        "Int64",
        "float64",
        "boolean",
    ]
    assert len(rows) == 3
    assert rows["at"][0] == moment


def test_the_first_sheet_is_read_and_the_others_told_of(tmp_path: Path) -> None:
    path = sheet(tmp_path / "a.xlsx", ["a"], [1])
    book = openpyxl.load_workbook(path)
    book.create_sheet("other").append(["b"])
    book.save(path)
    table = read_table(path)
    assert list(table.rows) == ["a"]
    assert "first of its 2 sheets" in table.warnings[0]
    assert read_table(sheet(path, ["a"], [1])).warnings == ()


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], "no column names"),
        ([["a", None, "c"], [1, 2, 3]], "column 2 has no name"),
        ([["a", "a"], [1, 2]], "'a' \\(2 times\\)"),
        ([["a"], [1], [1, "secret"]], "row 3 has cells beyond the 1 columns"),
    ],
)
def test_odd_sheets_are_one_line(tmp_path: Path, rows: list[list[Any]], told: str) -> None:
    with pytest.raises(CommandError, match=told) as caught:
        read_table(sheet(tmp_path / "a.xlsx", *rows))
    assert "secret" not in str(caught.value)


def test_text_is_never_a_formula_nor_an_error_and_keeps_every_sign(tmp_path: Path) -> None:
    texts = [
        "=1+1",
        "=cmd|' /C calc'!A0",
        "#N/A",
        "'x",
        "00123",
        "1e5",
        " x ",
        "line\nbreak",
        "grün",
        "@a",
        "-1",
    ]
    rows = pd.DataFrame({"=name": texts})
    with table_writer(tmp_path / "a.xlsx") as write:
        write(rows)
    assert read_table(tmp_path / "a.xlsx").rows["=name"].tolist() == texts
    written = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert written is not None
    assert {cell.data_type for row in written.iter_rows() for cell in row} == {"s"}


def test_dates_that_excel_cannot_hold_are_iso_text(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {
            "old": pd.to_datetime(["1848-03-18", "1900-01-01"]),
            "zone": pd.to_datetime(["2024-01-31 10:00:00", "2024-07-31 10:00:00"]).tz_localize("Europe/Rome"),
            "fine": pd.to_datetime(["2024-01-31 10:00:00.123456", "2024-01-31 10:00:00.000001"]),
            "plain": pd.to_datetime(["2024-01-31 10:00:00.123000", "1999-12-31 23:59:59.999000"]),
        }
    )
    with table_writer(tmp_path / "a.xlsx") as write:
        write(rows)
    found = read_table(tmp_path / "a.xlsx").rows
    for name in rows:
        assert (found[name] == rows[name]).all(), name
    written = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert written is not None
    assert [cell.is_date for cell in written[2]] == [False, False, False, True]


def test_what_a_sheet_cannot_hold_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    assert "'n'" in refused(path, pd.DataFrame({"n": [10**15]}))
    assert "infinite" in refused(path, pd.DataFrame({"n": [np.inf]}))
    assert "32,767" in refused(path, pd.DataFrame({"s": ["x" * 40_000]}))
    assert "control characters" in refused(path, pd.DataFrame({"s": ["a\x01"]}))
    assert f"{MAX_COLUMNS:,}" in refused(path, pd.DataFrame(np.zeros((1, MAX_COLUMNS + 1))))
    assert f"{MAX_ROWS:,}" in refused(path, pd.DataFrame({"n": np.zeros(MAX_ROWS + 1)}))


@pytest.mark.parametrize("as_text", [False, True])
def test_a_cell_that_is_no_date_is_not_shown(tmp_path: Path, as_text: bool) -> None:
    """openpyxl warns of it, with the cell; in private mode the others' words stay what they are."""
    told = []
    for place, day in enumerate((45_000, 123_456_789)):
        sheet = openpyxl.Workbook()
        sheet.active.append(["day"])
        sheet.active["A2"].number_format = "yyyy-mm-dd"
        sheet.active["A2"] = day
        sheet.save(path := tmp_path / f"{place}.xlsx")
        with warnings.catch_warnings(record=True) as shown:
            warnings.simplefilter("always")
            found = read_cells(path, CsvOptions()) if as_text else read_table(path)
        assert not shown
        told.append([line.replace(str(path), "") for line in found.warnings])
    assert "#VALUE!" in found.rows["day"].tolist()
    assert (told[0] == told[1]) == as_text
    assert "123" not in str(told)
