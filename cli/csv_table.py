"""CSV files as tables: columns of the right type, written in the style they were read in."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from tabgan_cli.cell_text import Declared, decimal_mark, type_column, ungrouped, with_points, write_column
from tabgan_cli.csv_rows import CsvText, read_csv_text, separator_of_header
from tabgan_cli.date_formats import iso_cells
from tabgan_cli.failures import CommandError, Exit
from tabgan_cli.formula_guard import guarded, guarded_column
from tabgan_cli.packing import open_packed
from tabgan_cli.places import Place
from tabgan_cli.tables import CsvOptions, CsvStyle, Table, WriteRows, with_text_names

from tabgan.schema import Column, Schema

_TEXT_DTYPES = ("str", "string", "utf8", "large_string")


def read_csv(place: Place, options: CsvOptions, schema: Schema | None) -> Table:
    """The table in a CSV file; columns that the schema declares are read as it says."""
    text = read_csv_text(
        place,
        separator=options.separator,
        usual_separator=options.usual.separator,
        encoding=options.encoding,
        dropped=options.dropped,
    )
    decimal = options.decimal or _found_decimal(text, options)
    declared = {column.name: declared_type(column) for column in schema or ()}
    rows: dict[str, pd.Series[Any]] = {}
    styles: dict[str, str] = {}
    warnings = _doubts(text.names)
    for name, cells in zip(text.names, text.columns, strict=True):
        if name in options.dropped:
            rows[name] = pd.Series([None] * len(cells), dtype=object)
            continue
        column = type_column(
            name,
            cells,
            decimal=decimal,
            thousands=options.thousands,
            missing=options.missing,
            declared=declared.get(name),
            dates=options.dates_of(name),
        )
        rows[name] = column.cells
        if column.style:
            styles[name] = column.style
        if column.warning:
            warnings.append(column.warning)
    style = _style(text.separator, decimal, styles, options)
    return Table(pd.DataFrame(rows, columns=list(rows)), style, tuple(warnings))


def read_csv_cells(place: Place, options: CsvOptions, schema: Schema | None) -> Table:
    """The cells of a CSV file as text, missing where they are empty or as `options` say.

    Nothing is found by looking at rows: the separator is that of the header, the decimal mark the one named.
    """
    separator = options.separator or separator_of_header(place, options.encoding)
    text = read_csv_text(
        place,
        separator=separator,
        encoding=options.encoding,
        dropped=options.dropped,
        row_by_row=True,
    )
    _check_decimal(separator, text.names, options, schema)
    is_text = {c.name for c in schema or () if c.kind in ("categorical", "identifier")}
    missing = pa.array(["", *options.missing], pa.string())
    rows: dict[str, pd.Series[Any]] = {}
    for name, cells in zip(text.names, text.columns, strict=True):
        present = pc.if_else(pc.is_in(cells, missing), None, cells)
        if name not in is_text:
            present = ungrouped(present, options.thousands)
            present = with_points(present) if options.decimal == "," else present
            present = iso_cells(present, options.dates)
        rows[name] = pd.Series(present.to_numpy(), dtype=object)
    style = _style(separator, options.decimal or ".", {}, options)
    return Table(pd.DataFrame(rows, columns=list(rows)), style, tuple(_doubts(text.names)))


def _check_decimal(separator: str, names: Sequence[str], options: CsvOptions, schema: Schema | None) -> None:
    """Raise CommandError where the header speaks for decimal commas and nobody says whether there are any.

    Read with the wrong sign, all numbers would count as missing, and the budget would be spent on that.
    """
    if separator != ";" or options.decimal is not None:
        return
    without = {column.name for column in schema or () if column.kind != "numeric" or column.decimals == 0}
    if {*names} - without - {*options.dropped}:
        raise CommandError(
            Exit.USAGE,
            "With --epsilon no row may decide whether numbers have a decimal comma, as they often do beside "
            "the separator ';'. Pass --decimal ',' or --decimal '.'.",
        )


def _style(separator: str, decimal: str, columns: dict[str, str], named: CsvOptions) -> CsvStyle:
    return CsvStyle(
        separator, decimal, columns, named.encoding, named.missing, named.dates, thousands=named.thousands
    )


def _found_decimal(text: CsvText, options: CsvOptions) -> str:
    """The mark of all columns of numbers that have one; the usual one where they have none or both."""
    marks = {decimal_mark(cells, options.missing, options.thousands) for cells in text.columns} - {""}
    return marks.pop() if len(marks) == 1 else options.usual.decimal


def _doubts(names: Sequence[str]) -> list[str]:
    """What to ask of a header; without one the first row would name the columns, in private mode too."""
    if len(names) > 1 and all(map(_is_number, names)):
        return ["All column names are numbers: is the header line missing?"]
    return []


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def declared_type(column: Column) -> Declared:
    """How text of this column is to be read; None: by its looks."""
    if column.kind == "datetime":
        return "datetime"
    if not column.dtype:
        return "whole" if column.kind == "numeric" else None
    if column.dtype.startswith(_TEXT_DTYPES) or (column.dtype == "object" and column.element == "text"):
        return "text"
    dtype = column.dtype.lower().removesuffix("[pyarrow]")
    if dtype.startswith(("int", "uint")) or column.element == "int":
        return "whole"
    is_number = dtype.startswith(("float", "double", "decimal", "halffloat"))
    return "number" if is_number or column.element in ("float", "decimal") else None


def csv_writer(
    handle: BinaryIO, stack: ExitStack, place: Place, style: CsvStyle, *, guards_formulas: bool
) -> WriteRows:
    """A function that appends rows as CSV, under a header."""
    separator = "\t" if place.is_tabbed else style.separator
    packed = stack.enter_context(open_packed(handle, place.packing))
    styles = dict(style.columns)
    is_first = True

    def write(rows: pd.DataFrame) -> None:
        nonlocal is_first
        rows = with_text_names(rows)
        written: dict[int, pd.Series[Any]] = {}
        for place, name in enumerate(rows.columns):
            cells = rows.iloc[:, place]
            cells = guarded_column(cells) if guards_formulas else cells
            written[place], styles[name] = write_column(
                cells, styles.get(name, ""), style.decimal, style.thousands
            )
        text = pd.DataFrame(written, index=rows.index)
        text.columns = rows.columns.map(guarded) if guards_formulas and len(rows.columns) else rows.columns
        buffer = io.StringIO()
        text.to_csv(
            buffer, index=False, header=is_first, sep=separator, decimal=style.decimal, lineterminator="\n"
        )
        packed.write(buffer.getvalue().encode("utf-8"))
        is_first = False

    return write
