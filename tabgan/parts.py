"""Rows of several kinds in one table: how many of each are in a piece of it, and their mixture."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from tabgan.encoding.identifier import IdentifierEncoder
from tabgan.encoding.table import TableEncoder, concat
from tabgan.schema import Schema

ROW_BLOCK = 65_536

Conditions = Mapping[Hashable, Any]


@dataclass(frozen=True)
class Part:
    """So many rows under the same conditions; parts of one table name the same columns."""

    n_rows: int
    conditions: Conditions


class Piece(NamedTuple):
    """The rows of a table from `first_row` on: those of each part."""

    first_row: int
    parts: list[Part]


def pieces_of(parts: Sequence[Part]) -> Iterator[Piece]:
    """A table of these parts in pieces with rows of every part; at least one piece, maybe empty.

    A piece holds at most `ROW_BLOCK` rows and one more of each part beyond the first.
    """
    n_rows, first_row = sum(part.n_rows for part in parts), 0
    for start in range(0, max(n_rows, 1), ROW_BLOCK):
        stop, whole = min(start + ROW_BLOCK, n_rows), max(n_rows, 1)
        of_piece = [part.n_rows * stop // whole - part.n_rows * start // whole for part in parts]
        yield Piece(first_row, [replace(part, n_rows=n) for part, n in zip(parts, of_piece, strict=True)])
        first_row += sum(of_piece)


def mixed(tables: Sequence[pd.DataFrame], schema: Schema, rng: np.random.Generator) -> pd.DataFrame:
    """The rows of the tables in random order; those of a single table as they are."""
    if len(tables) == 1:
        return tables[0]
    whole = concat([table for table in tables if len(table)] or tables[:1], schema)
    shuffled: pd.DataFrame = whole.iloc[rng.permutation(len(whole))].reset_index(drop=True)
    return shuffled


def numbered(table: pd.DataFrame, schema: Schema, encoder: TableEncoder, first_row: int) -> pd.DataFrame:
    """The table with identifiers counted anew, since rows were dropped or mixed after they had been made."""
    table = table.copy(deep=False)
    for of_column in encoder.encoders:
        if isinstance(of_column, IdentifierEncoder):
            place = schema.names.index(of_column.column.name)
            codes, _ = of_column.encode(table.iloc[:, place])
            made = of_column.decode(codes, np.random.default_rng(0), first_row=first_row)
            table.isetitem(place, made.array)
    return table


def rebatched(
    pieces: Iterator[pd.DataFrame], batch_rows: int | None, schema: Schema
) -> Iterator[pd.DataFrame]:
    """The same rows in tables of `batch_rows` (None: one), the last one shorter; at least one table."""
    kept, n_kept = [], 0
    for piece in pieces:
        kept.append(piece)
        n_kept += len(piece)
        while batch_rows is not None and n_kept > batch_rows:
            whole = concat(kept, schema)
            yield whole.iloc[:batch_rows].reset_index(drop=True)
            kept, n_kept = [whole.iloc[batch_rows:]], n_kept - batch_rows
    yield concat(kept, schema).reset_index(drop=True)
