"""What is odd about a table and no error: a line each, naming the column and the cure, never a cell.

These lines look at the rows exactly, so private mode has none of them.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Collection, Hashable, Iterator

import numpy as np
import pandas as pd

from tabgan.cells import Cells, FloatArray, dense
from tabgan.column import Column
from tabgan.errors import SchemaError
from tabgan.inference import (
    FREE_TEXT,
    MIN_ROWS,
    MOSTLY_RARE,
    looks_like_date_numbers,
    rare_rows,
)
from tabgan.schema import Schema, listed
from tabgan.written import written_as

MANY_ROWS = 20_000  # looked at for relations between columns
MANY_COLUMNS = 500
FAR_OUT = 1e3  # times the span of the middle 98 %
EXACT = 2.0**53  # whole numbers below are exact floats
SAME = 1e-10

_INVISIBLE = {"Cc", "Cf"}


def oddities(
    df: pd.DataFrame, schema: Schema, *, declared: Collection[Hashable] = (), min_rows: int = MIN_ROWS
) -> list[str]:
    """What the user should know of a table that will be learned.

    `declared`: columns not inferred. `min_rows`: that hold a value which is learned.

    >>> from tabgan.schema import infer_schema
    >>> table = pd.DataFrame({"a": [20240131, 20231224], "b": [20240131, 20231224]})
    >>> for line in oddities(table, infer_schema(table)): print(line)
    Column 'a': whole numbers that look like YYYYMMDD dates. Convert them with pd.to_datetime.
    Column 'b': whole numbers that look like YYYYMMDD dates. Convert them with pd.to_datetime.
    Columns 'a', 'b' hold the same cells. One of them is enough.
    """
    told = []
    if not (isinstance(df.index, pd.RangeIndex) and df.index.start == 0 and df.index.name is None):
        told.append("The index of the table is not learned. If it matters, make it a column: reset_index().")
    n_empty = int(df.isna().all(axis="columns").sum()) if df.shape[1] > 1 else 0
    if n_empty >= min_rows:
        cure = 'Remove them if they stand for nothing: df.dropna(how="all")'
        told.append(f"{n_empty} rows are empty, and are learned as such. {cure}.")
    for place, column in enumerate(schema):
        is_declared = column.name in declared
        told += [
            f"Column {column.name!r}: {line}."
            for line in _of_column(df.iloc[:, place], column, is_declared, min_rows)
        ]
    return [*told, *_alike(df, schema)]


def refuse_free_text(schema: Schema, declared: Collection[Hashable] = ()) -> None:
    """Raise SchemaError for a column of free text, unless it is declared an identifier all the same."""
    for column in schema:
        if column.reason == FREE_TEXT and column.name not in declared:
            raise SchemaError(
                f"Column {column.name!r}: {FREE_TEXT}. Drop it (--drop), or declare it "
                'kind="identifier" to have random letters of the same form in its place.'
            )


def _of_column(cells: Cells, column: Column, is_declared: bool, min_rows: int) -> Iterator[str]:
    if isinstance(cells.dtype, pd.SparseDtype):
        yield "it is sparse and comes out dense"
    if column.kind == "identifier":
        if not is_declared and column.personal is None:
            yield _of_identifiers(dense(cells).dropna(), column, min_rows)
        return
    present = dense(cells).dropna()
    if column.kind == "numeric":
        yield from _of_numbers(present, column, is_declared)
    elif column.kind == "categorical":
        yield from _of_texts(present, column.name, is_declared)


def _of_identifiers(present: Cells, column: Column, min_rows: int) -> str:
    """Why values are made up, and what to do where something could be learned."""
    told = "taken for an identifier: it is not learned, and values of the same form are made up"
    cure = "Declare its kind (--schema) if that is wrong"
    if column.reason.startswith(MOSTLY_RARE):
        n_rare = rare_rows(present, min_rows)
        is_all = n_rare == len(present)
        how_many = "all of its rows" if is_all else f"{n_rare} of its rows, more than half,"
        told = (
            f"{how_many} hold a value that occurs in fewer than {min_rows} rows, so it is not learned and "
            "values of the same form are made up"
        )
        cure = (
            "Drop it (--drop) if that is no use"
            if is_all
            else 'Declare it kind="categorical" (--schema) to learn it with frequent values in place of rare '
            "ones, or drop it (--drop)"
        )
    written = written_as(present)
    if written is not None:
        told, cure = f"{written.what} written as text; {told}", written.cure(column.name)
    return f"{told}. {cure}"


def _of_numbers(present: Cells, column: Column, is_declared: bool) -> Iterator[str]:
    if column.dtype.startswith(("timedelta64[", "duration[")) or present.empty:
        return
    values = _floats(present)
    largest = max(-values.min(), values.max())
    is_whole = pd.api.types.is_integer_dtype(present.dtype) or column.element == "int"
    if is_whole and not is_declared and looks_like_date_numbers(present):
        yield "whole numbers that look like YYYYMMDD dates. Convert them with pd.to_datetime"
    if is_whole and largest > EXACT:
        yield 'whole numbers beyond 2**53, kept exactly. If they are keys, declare kind="identifier"'
    is_decimal = column.element == "decimal" or "decimal" in column.dtype
    if is_decimal and largest * 10.0 ** (column.decimals or 0) >= EXACT:
        yield "decimals of more than 15 digits, of which 15 are kept. Convert it to text to keep all"
    if largest > 0:
        low, high = np.quantile(values / largest, [0.01, 0.99])
        if 0 < FAR_OUT * (high - low) < max(1.0 - high, low - values.min() / largest):
            yield "a few values lie very far from the others. Declare minimum and maximum if they are wrong"


def _of_texts(present: Cells, name: Hashable, is_declared: bool) -> Iterator[str]:
    distinct = [label for label in present.unique() if isinstance(label, str)]
    if not distinct:
        return
    written = None if is_declared else written_as(pd.Series(distinct, dtype=object))
    if written is not None:
        yield f"{written.what} written as text. {written.cure(name)}"
    strange = [label for label in distinct if not label.isascii()]
    if len({unicodedata.normalize("NFC", label) for label in strange}) < len(strange):
        yield "some values differ only in how accents are encoded. Normalise them (NFC) if they are the same"
    if any(unicodedata.category(letter) in _INVISIBLE for label in strange for letter in label):
        yield "some values hold invisible characters, which are kept. Remove them if they mean nothing"


def _alike(df: pd.DataFrame, schema: Schema) -> Iterator[str]:
    """Columns that say the same: equal cells, or numbers on one straight line."""
    rows = df.head(MANY_ROWS)
    groups: dict[bytes, list[Hashable]] = {}
    firsts: list[int] = []
    for place, column in enumerate(schema):
        cells = rows.iloc[:, place]
        is_number = column.kind == "numeric" and pd.api.types.is_numeric_dtype(cells.dtype)
        key = b"" if column.kind == "identifier" else _key_of(cells, is_number=is_number)
        if not key:
            continue
        group = groups.setdefault(key, [])
        group.append(column.name)
        if len(group) == 1 and is_number:
            firsts.append(place)
    for group in groups.values():
        if len(group) > 1:
            yield f"Columns {listed(group)} hold the same cells. One of them is enough."
    yield from _on_a_line(rows, firsts[:MANY_COLUMNS])


def _floats(cells: Cells) -> FloatArray:
    if cells.dtype == object or isinstance(cells.dtype, pd.CategoricalDtype):
        return cells.astype(object).to_numpy(dtype=np.float64)
    return cells.to_numpy(dtype=np.float64, na_value=np.nan)


def _key_of(cells: Cells, *, is_number: bool) -> bytes:
    """A digest that columns of equal cells share; empty for a constant column."""
    if is_number:
        values = _floats(cells) + 0.0
        is_constant = (values[:1] == values).all() or np.isnan(values).all()
        return b"" if is_constant else hashlib.sha256(values.tobytes()).digest()
    codes, distinct = pd.factorize(cells)
    texts = "\0".join(map(repr, distinct.tolist()))
    return b"" if len(distinct) < 2 else hashlib.sha256(codes.tobytes() + texts.encode()).digest()


def _on_a_line(rows: pd.DataFrame, places: list[int]) -> Iterator[str]:
    """Pairs of numeric columns of which one is a constant times the other, plus a constant."""
    numbers = [_floats(rows.iloc[:, place]) for place in places]
    if len(rows) < 3 or len(numbers) < 2:
        return
    table = np.array([column / max(np.nanmax(np.abs(column)), 1e-300) for column in numbers])
    table -= np.nanmean(table, axis=1, keepdims=True)
    is_gap = np.isnan(table)
    table[is_gap] = 0.0
    norms = np.linalg.norm(table, axis=1)
    cosines = np.abs(table @ table.T) / np.maximum(np.outer(norms, norms), 1e-300)
    pairs = np.argwhere(np.triu(cosines > 1 - SAME, 1))
    same_gaps = [(a, b) for a, b in pairs.tolist() if np.array_equal(is_gap[a], is_gap[b])]
    if same_gaps:
        a, b = (rows.columns[places[place]] for place in same_gaps[0])
        n_more = len(same_gaps) - 1
        more = f" (and {n_more} more pair{'s' * (n_more > 1)})" if n_more else ""
        yield f"Columns {a!r} and {b!r}{more} follow exactly from each other. One of them is enough."
