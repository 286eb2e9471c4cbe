"""Dates of text in a format that the user names, such as %d.%m.%Y: read, and written back alike."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from tabgan_cli.failures import CommandError, Exit

# It begins with a part of the date, so that no spreadsheet takes a cell for a formula.
_FORMAT = re.compile(r"%[YymdbB](?:%[YymdbBHIMSpf]|[ /.,:T-])*")
_SOME = dt.datetime(2024, 3, 31, 10, 30)


def is_format(text: str) -> bool:
    """Whether the text is a format in which a date can be written and read again, and is no number."""
    if not _FORMAT.fullmatch(text) or _SOME.strftime(text).isdigit():
        return False
    try:
        return dt.datetime.strptime(_SOME.strftime(text), text).date() == _SOME.date()
    except (ValueError, re.error):  # the same part twice
        return False


def checked_formats(texts: Sequence[str] | None) -> tuple[str, ...]:
    """The formats as they were given. Raises: CommandError."""
    for text in texts or ():
        if not is_format(text):
            raise CommandError(
                Exit.USAGE,
                f"--dates {text!r}: expected day, month and year in the codes of strptime, with separators "
                "between them, such as %d.%m.%Y or '%m/%d/%Y %H:%M'.",
            )
    return tuple(texts or ())


def read_formatted(texts: pa.Array, formats: Sequence[str]) -> tuple[pa.Array, str] | None:
    """Timestamps of the texts and the first format that all of them have; None where there is none."""
    for form in formats:
        moments = _moments(texts, form)
        if moments.notna().all():
            return pa.array(moments), form
    return None


def is_formatted(texts: pa.Array, formats: Sequence[str]) -> pa.Array:
    """Whether each text is a date of one of the formats."""
    found = np.zeros(len(texts), dtype=bool)
    for form in formats:
        found |= _moments(texts, form).notna().to_numpy()
    return pa.array(found)


def iso_cells(cells: pa.ChunkedArray, formats: Sequence[str]) -> pa.ChunkedArray:
    """The cells, those of one of the formats as ISO text; each by itself."""
    if not formats:
        return cells
    return pa.chunked_array([pa.array([_as_iso(cell, formats) for cell in cells.to_pylist()], pa.string())])


def _as_iso(cell: str | None, formats: Sequence[str]) -> str | None:
    # Not by pandas, whose unit for all cells follows from the finest: a year may be beyond nanoseconds.
    for form in formats if cell else ():
        try:
            moment = dt.datetime.strptime(str(cell), form)
        except ValueError:
            continue
        return moment.isoformat() if re.search("%[HIMSpf]", form) else moment.date().isoformat()
    return cell


def write_formatted(cells: pd.Series[Any], form: str) -> pd.Series[Any]:
    """Text of every moment, None where it is missing."""
    texts = cells.dt.strftime(form).astype(object)
    written: pd.Series[Any] = texts.where(cells.notna(), None)
    return written


def _moments(texts: pa.Array, form: str) -> pd.Series[Any]:
    cells = pd.Series(texts.to_pylist(), dtype=object)
    moments: pd.Series[Any] = pd.to_datetime(cells, format=form, errors="coerce")
    return moments
