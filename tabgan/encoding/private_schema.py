"""Kinds of columns that nobody declared, found by a noisy vote of their cells.

Every cell votes by itself: for missing, for a kind of number or date, or, where it is text, for its
own text. One release of labels a column counts the votes; kinds, decimals, whether cells may be
missing and the categories follow from it. Column names and their order are public; the dtypes of the
table are not, since a single cell can change them.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from tabgan.cells import dense
from tabgan.column import Column, Missing
from tabgan.dtypes import can_hold_missing
from tabgan.encoding.grids import SURE
from tabgan.encoding.noisy_statistics import columns_to_measure
from tabgan.encoding.reading import plain_cell
from tabgan.encoding.release import Release
from tabgan.encoding.row_wise import objects_of, wall_time
from tabgan.scalars import is_missing
from tabgan.schema import Schema, listed

MAJORITY = 0.9  # share of the cells that are not missing which must agree on a kind
MAX_DECIMALS = 6
LONGEST = 200  # characters of a text that can become a category
_NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")

MISSING, TRUTH, DAY, INSTANT, ENDLESS, STRANGE = "missing", "truth", "date", "date-time", "float", "strange"
_TEXT = "text:"


@dataclass(frozen=True)
class MeasuredSchema:
    """A whole schema, and a line for each column that could not be learned."""

    schema: Schema
    notes: tuple[str, ...]


def what_of_kind(name: Hashable) -> str:
    """What the ledger calls the vote on a column."""
    return f"Column {name!r}: kinds of its cells and repeated texts"


def planned_votes(names: Sequence[Hashable], declared: Collection[Hashable]) -> list[str]:
    """The releases of `measure_schema`: one of labels for each column that is not declared."""
    return [what_of_kind(name) for name in names if name not in declared]


def measure_schema(
    release: Release, names: Sequence[Hashable], declared: Schema | None = None, *, n_rows: int
) -> MeasuredSchema:
    """What is declared, with public defaults for missing dtypes; every other column by vote of its cells.

    `release` sees the table as it was given, not yet read by `row_wise_table`.

    Privacy: books one release of labels a column that is not declared, `planned_votes`. Names and
        their order are taken as public.
    """
    known = declared or Schema(())
    columns, notes = [], []
    for name in names:
        if name in known:
            columns.append(with_dtype(known[name]))
            continue
        column, note = _voted(release, name, n_rows)
        columns.append(column)
        notes += [note] if note else []
    return MeasuredSchema(Schema(tuple(columns)), tuple(notes))


def with_dtype(column: Column) -> Column:
    """The column with a dtype: as declared, else one that follows from its other declared facts.

    >>> with_dtype(Column("age", "numeric", decimals=0)).dtype
    'int64'
    """
    if column.dtype:
        return column
    is_gappy = column.missing is not None
    if column.kind == "numeric":
        return replace(
            column, dtype=("Int64" if is_gappy else "int64") if column.decimals == 0 else "float64"
        )
    if column.kind == "datetime":
        return replace(column, dtype="datetime64[us]")
    if column.kind == "boolean" and column.categories is None:
        return replace(column, dtype="boolean" if is_gappy else "bool")
    return replace(column, dtype=_dtype_of_labels(column.categories or ()))


def notes_on_gaps(declared: Schema) -> list[str]:
    """A line that names the declared columns in which no missing cell is made, and the cure.

    Left out are those that say it themselves, by a dtype without room for one.

    Privacy: looks at the declaration alone, so the line stands whether the table has gaps or not.
    """
    resolved = Schema(tuple(map(with_dtype, declared)))
    measured = columns_to_measure(resolved, resolved)
    names = [
        column.name
        for column, stated in zip(resolved, declared, strict=True)
        if column.kind != "identifier" and column.missing is None
        if not (can_hold_missing(column.dtype) and column.name in measured)
        if not stated.dtype or can_hold_missing(stated.dtype)
    ]
    if not names:
        return []
    cure = 'Declare missing="nan" where cells may be missing'
    return [
        f"The schema says nothing of missing cells in {listed(names)}: they come out without any. {cure}."
    ]


def _dtype_of_labels(labels: tuple[object, ...]) -> str:
    return "str" if all(isinstance(label, str) for label in labels) else "object"


def _voted(release: Release, name: Hashable, n_rows: int) -> tuple[Column, str]:
    """The column by majority of the votes, and a note if nothing of it can be learned."""
    what = what_of_kind(name)
    votes = release.labels(
        lambda table: [vote_of(cell) for cell in objects_of(dense(table[name]))], what=what
    )
    level = SURE * release.deviation(what)
    n_missing = votes.pop(MISSING, 0)
    n_present = max(n_rows - n_missing, 1)
    missing: Missing | None = "nan" if n_missing > level else None
    needed = max(MAJORITY * n_present - level, n_present / 2)  # noise hides that many votes at most
    numbers = {vote: count for vote, count in votes.items() if vote.isdigit() or vote == ENDLESS}
    if sum(numbers.values()) >= needed:
        return _numeric(name, numbers, max(level, 0.01 * n_present), missing), ""
    if votes.get(TRUTH, 0) >= needed:
        return with_dtype(Column(name, "boolean", reason="by vote of its cells", missing=missing)), ""
    if votes.get(DAY, 0) + votes.get(INSTANT, 0) >= needed:
        return with_dtype(Column(name, "datetime", reason="by vote of its cells", missing=missing)), ""
    texts = tuple(vote.removeprefix(_TEXT) for vote in votes if vote.startswith(_TEXT))
    if texts:
        reason = "text, the categories that occur in enough rows"
        return with_dtype(Column(name, "categorical", categories=texts, reason=reason, missing=missing)), ""
    note = (
        f"Column {name!r}: no kind and no text is shared by enough rows, so nothing of it is learned and it "
        "comes out as random identifiers. Declare it to have it learned; dates that are not ISO need --dates."
    )
    return with_dtype(Column(name, "identifier", reason="nothing that enough rows share")), note


def _numeric(name: Hashable, votes: dict[str, int], few: float, missing: Missing | None) -> Column:
    """As many decimals as all but a few cells can be written with."""
    left: float = sum(votes.values())
    for decimals in range(MAX_DECIMALS + 1):
        left -= votes.get(str(decimals), 0)
        if left <= few:
            column = Column(
                name, "numeric", decimals=decimals, reason="by vote of its cells", missing=missing
            )
            return with_dtype(column)
    return with_dtype(Column(name, "numeric", reason="by vote of its cells", missing=missing))


def vote_of(cell: Any) -> str:
    """What a cell is, whatever the cells around it are; text that writes a number or date counts as that.

    >>> [vote_of(cell) for cell in (None, 3, 3.0, "2.50", True, "2024-02-29", "many")]
    ['missing', '0', '0', '1', 'truth', 'date', 'text:many']
    """
    try:
        return _vote(plain_cell(cell))
    except Exception:  # of any class, as no cell may stop a fit
        return STRANGE


def _vote(cell: Any) -> str:
    if is_missing(cell):
        return MISSING
    if isinstance(cell, (bool, np.bool_)) or (isinstance(cell, str) and cell.lower() in ("true", "false")):
        return TRUTH
    if isinstance(cell, str):
        return _vote_of_text(cell)
    if isinstance(cell, (dt.date, np.datetime64)):
        return _vote_of_instant(cell)
    if isinstance(cell, (complex, np.complexfloating)):  # with an imaginary part
        return STRANGE
    number = float(cell)
    return _vote_of_number(number) if math.isfinite(number) else MISSING


def _vote_of_number(number: float) -> str:
    """How many decimals write it, up to six."""
    for decimals in range(MAX_DECIMALS + 1):
        if round(number, decimals) == number:
            return str(decimals)
    return ENDLESS


def _vote_of_text(text: str) -> str:
    if _NUMBER.fullmatch(text):
        return _vote_of_number(float(text)) if math.isfinite(float(text)) else MISSING
    if re.match(r"\d{4}-\d\d-\d\d", text) and wall_time(text, None) is not None:
        return _vote_of_instant(text)
    is_plain = len(text) <= LONGEST and json.dumps(text, ensure_ascii=False).isprintable()
    return _TEXT + text if is_plain else STRANGE


def _vote_of_instant(cell: Any) -> str:
    instant = wall_time(cell, None)
    if instant is None:
        return STRANGE
    return DAY if pd.Timestamp(instant) == pd.Timestamp(instant).normalize() else INSTANT
