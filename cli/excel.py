"""Excel: the first sheet of an .xlsx file, its first row the names of the columns."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pandas as pd
from tabgan_cli.cell_text import is_moment
from tabgan_cli.cell_values import BLOCK_ROWS, ValueColumns
from tabgan_cli.csv_rows import refuse_repeated
from tabgan_cli.failures import CommandError, Exit
from tabgan_cli.iso_dates import write_dates
from tabgan_cli.places import Place
from tabgan_cli.tables import CsvOptions, Table, WriteRows, with_text_names

from tabgan.schema import Schema

if TYPE_CHECKING:
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

# What a sheet holds at most. Source: Microsoft, Excel specifications and limits.
MAX_ROWS, MAX_COLUMNS, MAX_TEXT, MAX_DIGITS = 1_048_575, 16_384, 32_767, 15  # beside the row of names
_FIRST_YEAR = 1900
_NO_ROWS = (  # told of every sheet, since whether there are any is private
    "empty rows of the sheet are left out, like blank lines of a CSV: with --epsilon no later row may decide "
    "whether they belong to the table."
)


def read_excel(place: Place, options: CsvOptions, schema: Schema | None, *, as_text: bool = False) -> Table:
    """The table in the first sheet; formulas count as the values they had when the file was saved.

    Raises: CommandError for a file that is none of Excel's, or a column without a name.
    """
    with place.open() as handle, _hearing() as heard:
        sheet, told = _first_sheet(place, handle)
        rows = iter(sheet)
        names = _names(place, next(rows, ()))
        refuse_repeated(place, names, options.dropped)
        columns = ValueColumns(options, as_text=as_text)
        columns.append(names, [])
        filled = _without_empty(_cut(place, rows, len(names)), row_by_row=as_text)
        while block := list(itertools.islice(filled, BLOCK_ROWS)):
            columns.append(names, block)
    if as_text:
        told.append(f"{place}: {_NO_ROWS}")
    elif "date" in heard:
        told.append(f"{place}: some cells have the format of a date and hold none. They are read as #VALUE!.")
    return columns.table(schema, finds_dates=True, warnings=told)


@contextmanager
def _hearing() -> Iterator[set[str]]:
    """The words of openpyxl's warnings, which nobody is shown: where a cell is no date they quote it."""
    heard: set[str] = set()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, *_, **__: heard.update(str(message).split())
        yield heard


def _first_sheet(place: Place, handle: BinaryIO) -> tuple[Iterator[tuple[Any, ...]], list[str]]:
    import openpyxl

    try:
        book = openpyxl.load_workbook(handle, read_only=True, data_only=True)
        sheet = book.worksheets[0]
    except Exception:  # whatever zip, XML and openpyxl say of a damaged file
        raise _unreadable(place) from None
    n_others = len(book.worksheets) - 1
    sheet.reset_dimensions()  # programs write wrong ones
    told = f"{place}: only the first of its {n_others + 1} sheets is read." if n_others else ""
    return _rows(place, sheet), [told] if told else []


def _rows(place: Place, sheet: Any) -> Iterator[tuple[Any, ...]]:
    rows = sheet.iter_rows(values_only=True)
    while True:
        try:
            row = next(rows, None)
        except Exception:
            raise _unreadable(place) from None
        if row is None:
            return
        yield row


def _unreadable(place: Place) -> CommandError:
    return CommandError(Exit.DATA, f"{place} is not a readable Excel file (.xlsx).")


def _names(place: Place, row: Sequence[Any]) -> list[str]:
    names = list(row)
    while names and names[-1] is None:
        names.pop()
    if not names:
        raise CommandError(Exit.DATA, f"{place} is empty: its first row has no column names.")
    if None in names:
        number = names.index(None) + 1
        raise CommandError(Exit.DATA, f"{place}: column {number} has no name in the first row. Give it one.")
    return [str(name) for name in names]


def _cut(place: Place, rows: Iterator[Sequence[Any]], n_columns: int) -> Iterator[list[Any]]:
    """Rows of as many cells as there are names."""
    for number, row in enumerate(rows, 2):
        if any(cell is not None for cell in row[n_columns:]):
            cells = f"has cells beyond the {n_columns} columns named in the first row. Name their columns too"
            raise CommandError(Exit.DATA, f"{place}, row {number} {cells}.")
        yield [*row[:n_columns], *[None] * (n_columns - len(row))]


def _without_empty(rows: Iterator[list[Any]], *, row_by_row: bool) -> Iterator[list[Any]]:
    """Empty rows count only where a row with a cell follows: programs leave them at the end.

    `row_by_row`: what a row is may not depend on another one, so that none of them counts.
    """
    empty: list[list[Any]] = []
    for row in rows:
        if all(cell is None for cell in row):
            if not row_by_row:
                empty.append(row)
            continue
        yield from empty
        empty.clear()
        yield row


def excel_writer(handle: BinaryIO, stack: ExitStack, place: Place) -> WriteRows:
    """A function that appends rows to a sheet. Text stays text, even where it looks like a formula."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet: WriteOnlyWorksheet = book.create_sheet("Sheet1")
    n_rows = -1  # no names yet
    # On an error the sheet is closed unsaved: openpyxl keeps its rows in a file of its own.
    stack.push(lambda kind, _error, _trace: book.save(handle) if kind is None else sheet.close())

    def write(rows: pd.DataFrame) -> None:
        nonlocal n_rows
        rows = with_text_names(rows)
        if n_rows < 0:
            check_size(place, 0, rows.shape[1])
            sheet.append([_text_cell(sheet, name, "the names") for name in rows.columns])
            n_rows = 0
        n_rows += len(rows)
        check_size(place, n_rows, rows.shape[1])
        columns = [_cells(sheet, str(name), rows.iloc[:, i]) for i, name in enumerate(rows.columns)]
        for row in zip(*columns, strict=True):
            sheet.append(row)

    return write


def check_size(place: Place, n_rows: int, n_columns: int = 0) -> None:
    """Raise CommandError for a table that no sheet can hold."""
    if n_rows > MAX_ROWS or n_columns > MAX_COLUMNS:
        limits = f"{MAX_ROWS:,} rows and {MAX_COLUMNS:,} columns"
        raise CommandError(Exit.DATA, f"{place}: an Excel sheet holds {limits}. Write CSV or Parquet.")


def _cells(sheet: WriteOnlyWorksheet, name: str, cells: pd.Series[Any]) -> list[Any]:
    if is_moment(cells.dtype) and not _fits_excel(cells):
        cells = pd.Series(write_dates(cells, None)[0], dtype=object)
    is_missing = cells.isna().tolist()
    column = f"column {name!r}"
    return [
        None if missing else _cell(sheet, cell, column)
        for missing, cell in zip(is_missing, cells.tolist(), strict=True)
    ]


def _fits_excel(cells: pd.Series[Any]) -> bool:
    """Excel's dates know no zone, no year before 1900, and thousandths of a second at the finest."""
    if isinstance(cells.dtype, pd.ArrowDtype):
        cells = cells.astype("datetime64[us]")
    if isinstance(cells.dtype, pd.DatetimeTZDtype):
        return False
    moments = cells.dropna()
    return bool((moments.dt.year >= _FIRST_YEAR).all() and (moments == moments.dt.floor("ms")).all())


def _cell(sheet: WriteOnlyWorksheet, cell: Any, column: str) -> Any:
    if isinstance(cell, (bool, np.bool_)):
        return bool(cell)
    if isinstance(cell, (int, np.integer)):
        if abs(int(cell)) >= 10**MAX_DIGITS:
            told = f"Some rows of {column} have more than the {MAX_DIGITS} digits of Excel's numbers"
            raise CommandError(Exit.DATA, f"{told}. Write CSV or Parquet.")
        return int(cell)
    if isinstance(cell, (float, np.floating, Decimal)):
        if math.isinf(cell):
            raise CommandError(Exit.DATA, f"Some rows of {column} are infinite, which Excel cannot hold.")
        return cell if isinstance(cell, Decimal) else float(cell)
    if isinstance(cell, pd.Timestamp):
        return cell.to_pydatetime()
    if isinstance(cell, dt.date):
        return cell
    return _text_cell(sheet, str(cell), column)


def _text_cell(sheet: WriteOnlyWorksheet, text: str, column: str) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.utils.exceptions import IllegalCharacterError

    if len(text) > MAX_TEXT:
        raise CommandError(
            Exit.DATA, f"Some text of {column} is longer than Excel's {MAX_TEXT:,} characters."
        )
    try:
        cell = WriteOnlyCell(sheet, text)
    except IllegalCharacterError:
        told = f"Some text of {column} holds control characters, which Excel cannot hold"
        raise CommandError(Exit.DATA, f"{told}. Write CSV or Parquet.") from None
    if cell.data_type != "s":  # "=1+1" and "#N/A" would be a formula and an error
        cell.data_type = "s"
        cell.quotePrefix = True
    return cell
