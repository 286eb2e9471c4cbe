"""JSON lines: an object a line, its entries the columns; one that is lacking or null is missing."""

from __future__ import annotations

import io
import itertools
import json
import math
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
from tabgan_cli.cell_text import is_moment, write_column
from tabgan_cli.cell_values import BLOCK_ROWS, ValueColumns
from tabgan_cli.csv_rows import checked_lines
from tabgan_cli.failures import CommandError, Exit
from tabgan_cli.packing import open_packed, open_unpacked
from tabgan_cli.places import Place
from tabgan_cli.tables import CsvOptions, CsvStyle, Table, WriteRows, with_text_names

from tabgan.schema import Schema


def read_json_lines(
    place: Place, options: CsvOptions, schema: Schema | None, *, as_text: bool = False
) -> Table:
    """The table in a file of JSON lines; JSON has no dates, so ISO text is read as such.

    `as_text`: for private mode, where no row may decide what columns there are: the schema does.

    Raises: CommandError naming the line that is no object, or where private mode lacks a schema.
    """
    columns = ValueColumns(options, as_text=as_text)
    public = _declared_names(place, schema, options.dropped) if as_text else []
    columns.append(public, [])
    try:
        with (
            open_unpacked(place) as handle,
            io.TextIOWrapper(handle, encoding="utf-8-sig", newline="\n") as text,
        ):
            records = _records(place, checked_lines(place, text))
            while block := list(itertools.islice(records, BLOCK_ROWS)):
                names = public or list(dict.fromkeys(itertools.chain.from_iterable(block)))
                columns.append(names, [[record.get(name) for name in names] for record in block])
    except UnicodeError:
        raise CommandError(Exit.DATA, f"{place} is not UTF-8 text, as JSON is.") from None
    return columns.table(schema, finds_dates=True)


def _declared_names(place: Place, schema: Schema | None, dropped: tuple[str, ...]) -> list[Any]:
    if schema is None or not schema.names:
        told = "JSON lines have no header, and in private mode the rows may not replace one"
        raise CommandError(Exit.DATA, f"{place}: {told}. Declare the columns with --schema, or use CSV.")
    return list(dict.fromkeys((*schema.names, *dropped)))


def _records(place: Place, lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line, object_pairs_hook=_object, parse_int=_whole)
        except (ValueError, RecursionError) as error:
            told = str(error) if isinstance(error, _RepeatedNameError) else "it is not JSON"
            raise CommandError(Exit.DATA, f"{place}, line {number}: {told}.") from None
        if not isinstance(record, dict):
            cure = 'Write one object per row, such as {"age": 31, "job": "nurse"}'
            raise CommandError(Exit.DATA, f"{place}, line {number} is not a JSON object. {cure}.")
        yield record


def _whole(digits: str) -> int | float:
    """A whole number; one of more digits than Python reads (4,300) is beyond every float as well."""
    try:
        return int(digits)
    except ValueError:
        return float(digits)


class _RepeatedNameError(ValueError):
    """An object names an entry twice."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise _RepeatedNameError("a name occurs twice in the object")
    return record


def json_lines_writer(handle: BinaryIO, stack: ExitStack, place: Place, style: CsvStyle) -> WriteRows:
    """A function that appends rows as JSON lines; whole numbers, decimals and floats keep every digit."""
    packed = stack.enter_context(open_packed(handle, place.packing))
    styles = dict(style.columns)

    def write(rows: pd.DataFrame) -> None:
        rows = with_text_names(rows)
        columns = []
        for position, name in enumerate(rows.columns):
            cells = rows.iloc[:, position]
            if is_moment(cells.dtype):
                cells, styles[name] = write_column(cells, styles.get(name, ""))
            key = json.dumps(name, ensure_ascii=False)
            columns.append([f"{key}: {text}" for text in _cells_as_json(name, cells)])
        lines = (f"{{{', '.join(cells)}}}\n" for cells in zip(*columns, strict=True))
        packed.write("".join(lines).encode("utf-8"))

    return write


def _cells_as_json(name: str, cells: pd.Series[Any]) -> list[str]:
    is_missing = cells.isna().tolist()
    try:
        return [
            "null" if missing else _as_json(cell)
            for missing, cell in zip(is_missing, cells.tolist(), strict=True)
        ]
    except OverflowError:
        raise CommandError(
            Exit.DATA,
            f"Column {name!r}: some rows are infinite, which JSON cannot hold. Write CSV or Parquet.",
        ) from None


def _as_json(cell: Any) -> str:
    """A cell that is not missing. Raises: OverflowError where it is infinite."""
    if isinstance(cell, str):
        return json.dumps(cell, ensure_ascii=False)
    if isinstance(cell, (bool, np.bool_)):
        return "true" if cell else "false"
    if isinstance(cell, (int, np.integer)):
        return str(cell)
    if isinstance(cell, (float, np.floating, Decimal)):
        if math.isinf(cell):
            raise OverflowError
        return str(cell) if isinstance(cell, Decimal) else repr(float(cell))
    return json.dumps(str(cell), ensure_ascii=False)
