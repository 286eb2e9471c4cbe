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
from tabgan_cli.tables import CsvStyle, Table

from tabgan.arrow_table import from_arrow
from tabgan.schema import Schema

BLOCK_ROWS = 16_384  # rows that are held as Python values at a time


class ValueColumns:
    """Columns that grow by blocks of rows; a missing cell is None.

    A block is kept as an Arrow array, which takes a tenth of the memory, or as the values themselves
    where they are of no one type. `as_text`: every cell becomes text, by itself.
    """

    def __init__(self, *, as_text: bool = False) -> None:
        self._as_text = as_text
        self._blocks: dict[str, list[pa.Array | list[Any]]] = {}
        self._n_rows = 0

    def append(self, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Add rows that have these columns; the others' cells are missing, here and before."""
        columns = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(names, ())
        for name, values in columns.items():
            if name not in self._blocks:
                self._blocks[name] = [pa.nulls(self._n_rows)] if self._n_rows else []
            cells = [_text(value) for value in values] if self._as_text else list(values)
            self._blocks[name].append(_block(cells))
        for name, blocks in self._blocks.items():
            if name not in columns:
                blocks.append(pa.nulls(len(rows)))
        self._n_rows += len(rows)

    def table(self, schema: Schema | None, *, finds_dates: bool, warnings: Iterable[str] = ()) -> Table:
        """The table; text is read as the schema declares it, or as dates where all of it is ISO dates."""
        declared = {column.name: declared_type(column) for column in schema or ()}
        rows: dict[str, pd.Series[Any]] = {}
        styles: dict[str, str] = {}
        told = list(warnings)
        for name, blocks in self._blocks.items():
            joined = _joined(blocks)
            if isinstance(joined, list):
                rows[name] = pd.Series(joined, dtype=object)
                continue
            if self._as_text:
                rows[name] = pd.Series(joined.cast(pa.string()).to_numpy(), dtype=object)
                continue
            column = _typed(name, joined, declared.get(name), finds_dates=finds_dates)
            rows[name] = column.cells
            if column.style:
                styles[name] = column.style
            if column.warning:
                told.append(column.warning)
        frame = pd.DataFrame(rows, columns=list(self._blocks), index=pd.RangeIndex(self._n_rows))
        return Table(frame, CsvStyle(columns=styles), tuple(told))


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
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
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


def _typed(name: str, cells: pa.ChunkedArray, declared: Declared, *, finds_dates: bool) -> TypedColumn:
    if pa.types.is_string(cells.type):
        if declared not in (None, "text"):
            return type_column(name, cells, declared=declared)
        dates = date_column(name, cells) if declared is None and finds_dates else None
        if dates is not None:
            return dates
    elif pa.types.is_integer(cells.type) and declared in ("text", "number"):
        cells = pc.cast(cells, pa.string() if declared == "text" else pa.float64())
    return TypedColumn(from_arrow(pa.table({name: cells}))[name])
