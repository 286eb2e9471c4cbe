"""Columns of Python values, as JSON lines, Excel and databases hold them, become columns of pandas."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from tabgan_cli.cell_text import Declared, TypedColumn, date_column, type_column
from tabgan_cli.csv_table import declared_type
from tabgan_cli.date_formats import iso_cells
from tabgan_cli.tables import CsvOptions, CsvStyle, Table

from tabgan.arrow_table import from_arrow
from tabgan.schema import Schema

BLOCK_ROWS = 16_384  # rows that are held as Python values at a time


class ValueColumns:
    """Columns that grow by blocks of rows; a missing cell is None.

    A block is kept as an Arrow array, which takes a tenth of the memory, or as the values themselves
    where they are of no one type. `as_text`: every cell becomes text, by itself. Columns that `options`
    leave out may have the same name; their cells are not looked at.
    """

    def __init__(self, options: CsvOptions, *, as_text: bool = False) -> None:
        self._options = options
        self._as_text = as_text
        self._blocks: dict[str, list[pa.Array | list[Any]]] = {}
        self._n_rows = 0

    def append(self, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Add rows that have these columns; the others' cells are missing, here and before."""
        columns = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(names, ())
        for name, values in columns.items():
            if name not in self._blocks:
                self._blocks[name] = [pa.nulls(self._n_rows)] if self._n_rows else []
            if name in self._options.dropped:
                self._blocks[name].append(pa.nulls(len(values)))
                continue
            missing = self._options.missing
            cells = [None if value in missing else value for value in values] if missing else list(values)
            self._blocks[name].append(_block([_text(cell) for cell in cells] if self._as_text else cells))
        for name, blocks in self._blocks.items():
            if name not in columns:
                blocks.append(pa.nulls(len(rows)))
        self._n_rows += len(rows)

    def table(self, schema: Schema | None, *, finds_dates: bool, warnings: Iterable[str] = ()) -> Table:
        """The table; text is read as the schema declares it, or as dates where all of it is dates.

        `finds_dates`: ISO dates, beside the formats that are named.
        """
        declared = {column.name: declared_type(column) for column in schema or ()}
        labels = {c.name for c in schema or () if c.kind in ("categorical", "identifier")}
        rows: dict[str, pd.Series[Any]] = {}
        styles: dict[str, str] = {}
        told = list(warnings)
        for name, blocks in self._blocks.items():
            joined = _joined(blocks)
            if isinstance(joined, list):
                rows[name] = pd.Series(joined, dtype=object)
                continue
            formats = self._options.dates_of(name)
            if self._as_text:
                texts = joined.cast(pa.string())
                texts = texts if name in labels else iso_cells(texts, formats)
                rows[name] = pd.Series(texts.to_numpy(), dtype=object)
                continue
            column = _typed(name, joined, declared.get(name), formats, finds_dates=finds_dates)
            rows[name] = column.cells
            if column.style:
                styles[name] = column.style
            if column.warning:
                told.append(column.warning)
        frame = pd.DataFrame(rows, columns=list(self._blocks), index=pd.RangeIndex(self._n_rows))
        named = self._options
        style = CsvStyle(columns=styles, missing=named.missing, dates=named.dates)
        return Table(frame, style, tuple(told))


def _text(value: Any) -> str | None:
    """A value as CSV has it; an empty text is missing there, and halves of letters become `?`."""
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if value is None or value == "":
        return None
    return str(value).encode("utf-8", "replace").decode("utf-8")


def _block(values: list[Any]) -> pa.Array | list[Any]:
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OverflowError, TypeError):  # infinite decimals too
        return values


def _joined(blocks: list[pa.Array | list[Any]]) -> pa.ChunkedArray | list[Any]:
    """All blocks as one column of one type; the values themselves where there is none."""
    arrays = [block for block in blocks if isinstance(block, pa.Array)]
    if len(arrays) == len(blocks):
        try:
            tables = [pa.table({"cells": array}) for array in arrays] or [pa.table({"cells": pa.nulls(0)})]
            return pa.concat_tables(tables, promote_options="permissive").column("cells")
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            pass
    values: list[Any] = []
    for block in blocks:
        values += block.to_pylist() if isinstance(block, pa.Array) else block
    return values


def _typed(
    name: str, cells: pa.ChunkedArray, declared: Declared, formats: Sequence[str], *, finds_dates: bool
) -> TypedColumn:
    if pa.types.is_string(cells.type):
        if declared not in (None, "text"):
            return type_column(name, cells, declared=declared, dates=formats)
        is_date = declared is None and (finds_dates or formats)
        dates = date_column(name, cells, formats) if is_date else None
        if dates is not None:
            return dates
    elif pa.types.is_integer(cells.type) and declared in ("text", "number"):
        cells = pc.cast(cells, pa.string() if declared == "text" else pa.float64())
    return TypedColumn(from_arrow(pa.table({name: cells}))[name])
