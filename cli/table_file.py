"""Tables in and out: the place tells the format."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from tabgan_cli.arrow_file import arrow_writer, read_arrow_file
from tabgan_cli.csv_table import csv_writer, read_csv, read_csv_cells
from tabgan_cli.excel import excel_writer, read_excel
from tabgan_cli.json_lines import json_lines_writer, read_json_lines
from tabgan_cli.places import Place
from tabgan_cli.tables import CsvOptions, CsvStyle, Table, WriteRows

from tabgan.schema import Schema
from tabgan.whole_file import whole_file


def read_table(
    path: Path | Place, options: CsvOptions | None = None, *, schema: Schema | None = None
) -> Table:
    """The table at a place. Columns of text that the schema declares are read as it says.

    Raises: CommandError for what is no whole table, OSError where it cannot be read.
    """
    place, options = Place.of(path), options or CsvOptions()
    if place.format == "csv":
        return read_csv(place, options, schema)
    if place.format in ("parquet", "arrow"):
        return read_arrow_file(place)
    return _read_values(place, options, schema, as_text=False)


def read_cells(path: Path | Place, options: CsvOptions, *, schema: Schema | None = None) -> Table:
    """The table at a place, each row by itself: what is said of one row does not depend on the others.

    Cells stay text, or become it, missing where they are empty; Parquet and Arrow have types of their own.
    """
    place = Place.of(path)
    if place.format == "csv":
        return read_csv_cells(place, options, schema)
    if place.format in ("parquet", "arrow"):
        return read_arrow_file(place)
    return _read_values(place, options, schema, as_text=True)


def _read_values(place: Place, options: CsvOptions, schema: Schema | None, *, as_text: bool) -> Table:
    if place.format == "json lines":
        return read_json_lines(place, options, schema, as_text=as_text)
    if place.format == "excel":
        return read_excel(place, options, schema, as_text=as_text)
    from tabgan_cli.sql_table import read_sql

    return read_sql(place, options, schema, as_text=as_text)


@contextmanager
def table_writer(
    path: Path | Place,
    style: CsvStyle | None = None,
    *,
    guards_formulas: bool = True,
    replaces: bool = True,
) -> Iterator[WriteRows]:
    """A function that appends rows to a table which is there, whole, at the end of the block, or not at all.

    Write at least once, an empty table where there are no rows. What goes to standard output cannot be
    taken back. `replaces`: may a table of a database be there already?
    """
    place = Place.of(path)
    kind = place.format
    with ExitStack() as stack:
        if kind == "database":
            from tabgan_cli.sql_table import sql_writer

            yield stack.enter_context(sql_writer(place, replaces=replaces))
            return
        opened = _standard_output() if place.is_standard else whole_file(place.path)
        handle = stack.enter_context(opened)
        if kind == "csv":
            yield csv_writer(handle, stack, place, style or CsvStyle(), guards_formulas=guards_formulas)
        elif kind == "json lines":
            yield json_lines_writer(handle, stack, place, style or CsvStyle())
        elif kind == "excel":
            yield excel_writer(handle, stack, place)
        else:
            yield arrow_writer(handle, stack, place)


@contextmanager
def _standard_output() -> Iterator[BinaryIO]:
    """Standard output as bytes. A full disk behind it is named; a closed pipe is the reader's to close."""
    try:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, "standard output") from None
