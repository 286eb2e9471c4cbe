"""Text that a spreadsheet would run as a formula, made harmless in CSV by a ' before it, and back.

A cell that starts with one of = + - @, a tab or a carriage return is a formula to a spreadsheet, and a
formula can start programs and send cells away. Text that is a plain number with a sign is none.
What is read loses the ' again, so that a guarded file and the table it was made from are equal.
Source: OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_STARTS = "=+\\-@\t\r\uff1d\uff0b\uff0d\uff20"  # the last four: the wide signs of Chinese and Japanese
_HARMLESS = r"[+-]?[0-9][0-9., ]*|-"
_FORMULA = re.compile(rf"'*\s*[{_STARTS}]")
_NO_FORMULA = re.compile(_HARMLESS)


def guarded(text: str) -> str:
    """The text, with a ' before it where it could be taken for a formula.

    >>> guarded("=1+1"), guarded("'=1+1"), guarded("-5"), guarded("- five"), guarded("it's")
    ("'=1+1", "''=1+1", '-5', "'- five", "it's")
    """
    is_formula = _FORMULA.match(text) is not None and _NO_FORMULA.fullmatch(text) is None
    return f"'{text}" if is_formula else text


def unguarded(text: str) -> str:
    """The text that `guarded` was given.

    >>> [unguarded(guarded(text)) for text in ("=1+1", "'=1+1", "-5", "'-5", "it's")]
    ['=1+1', "'=1+1", '-5', "'-5", "it's"]
    """
    return text[1:] if text.startswith("'") and guarded(text[1:]) != text[1:] else text


def guarded_column(cells: pd.Series[Any]) -> pd.Series[Any]:
    """The column with its text guarded; numbers, dates and missing cells stay."""
    dtype = cells.dtype
    distinct: Iterable[object]
    if isinstance(dtype, pd.CategoricalDtype):
        distinct = dtype.categories.to_numpy(object)
    elif pd.api.types.is_object_dtype(dtype):
        distinct = cells.to_numpy()
    elif pd.api.types.is_string_dtype(dtype):
        distinct = pd.unique(cells)
    else:
        return cells
    texts = {text: guarded(text) for text in distinct if isinstance(text, str)}
    formulas = {text: harmless for text, harmless in texts.items() if harmless != text}
    if not formulas:
        return cells
    plain = cells.astype(object)
    return plain.map(lambda cell: formulas.get(cell, cell) if isinstance(cell, str) else cell)


def unguarded_cells(cells: pa.Array) -> pa.Array:
    """A column of text without the signs that `guarded` has put there."""
    if not pc.any(pc.starts_with(cells, "'")).as_py():
        return cells
    return pa.array([unguarded(cell) for cell in cells.to_pylist()], pa.string())
