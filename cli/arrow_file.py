"""Parquet and Arrow (Feather) files as tables, and back in batches."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from tabgan_cli.failures import CommandError, Exit
from tabgan_cli.places import Place
from tabgan_cli.tables import Table, WriteRows, with_text_names

from tabgan.arrow_table import from_arrow


def read_arrow_file(place: Place) -> Table:
    """The table in a Parquet or an Arrow file; an index of pandas is left out."""
    name = "Parquet" if place.format == "parquet" else "Arrow"
    with place.open() as handle:
        try:
            arrow = _parquet(handle) if name == "Parquet" else _arrow(handle)
        except (pa.ArrowException, OSError) as error:
            if isinstance(error, OSError) and error.errno:
                raise
            raise CommandError(Exit.DATA, f"{place} is not a readable {name} file.") from None
    rows = from_arrow(arrow)
    has_index = not (isinstance(rows.index, pd.RangeIndex) and rows.index.name is None)
    warning = f"{place}: its index is left out. Make it a column to learn it."
    return Table(rows.reset_index(drop=True), warnings=(warning,) if has_index else ())


def _parquet(handle: BinaryIO) -> pa.Table:
    # A ParquetFile, for a plain path would make columns of folders called like "year=2024".
    with pq.ParquetFile(handle) as file:
        return file.read()


def _arrow(handle: BinaryIO) -> pa.Table:
    """The rows of a file (Feather's second version is one) or of a stream."""
    try:
        arrow = pa.ipc.open_file(handle).read_all()
    except pa.ArrowInvalid:
        handle.seek(0)
        arrow = pa.ipc.open_stream(handle).read_all()
    # Offsets are believed unless they are checked, and a damaged file has wrong ones.
    arrow.validate(full=True)
    return arrow


def arrow_writer(handle: BinaryIO, stack: ExitStack, place: Place) -> WriteRows:
    """A function that appends rows to a Parquet or an Arrow file."""
    writers: list[Any] = []

    def write(rows: pd.DataFrame) -> None:
        rows = with_text_names(rows)
        schema = writers[0][1] if writers else arrow_schema(rows)
        # In one thread: a second one whose start is interrupted would outlive Python and abort.
        table = pa.Table.from_pandas(rows, schema=schema, preserve_index=False, nthreads=1)
        if not writers:
            writers.append((stack.enter_context(_opened(handle, schema, place)), schema))
        writers[0][0].write_table(table)

    return write


def _opened(handle: BinaryIO, schema: pa.Schema, place: Place) -> Any:
    if place.format == "parquet":
        return pq.ParquetWriter(handle, schema)
    # Labels that only later rows hold are sent again: a file cannot replace them, but it can add some.
    packing = "lz4" if place.text.lower().endswith(".feather") else None
    options = pa.ipc.IpcWriteOptions(compression=packing, emit_dictionary_deltas=True)
    return pa.ipc.new_file(handle, schema, options=options)


def arrow_schema(rows: pd.DataFrame) -> pa.Schema:
    """Schema of the first rows; a column that holds nothing yet is text."""
    schema = pa.Schema.from_pandas(rows, preserve_index=False)
    for place, kind in enumerate(schema.types):
        if pa.types.is_null(kind):
            schema = schema.set(place, pa.field(schema.names[place], pa.string()))
    return schema
