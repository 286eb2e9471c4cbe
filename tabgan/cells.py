"""What the cells of a column are: refused kinds, element types, missing cells, digits after the point.

No message of this file shows a cell: only the column, how many rows, and the cure.
"""

from __future__ import annotations

import datetime as dt
import decimal
from collections import Counter
from collections.abc import Hashable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from tabgan.column import Element, Missing
from tabgan.dtypes import PandasDtype, dtype_text, to_dtype
from tabgan.errors import SchemaError

Cells: TypeAlias = "pd.Series[Any]"
FloatArray: TypeAlias = npt.NDArray[np.float64]

MAX_DECIMALS = 12
MAX_TEXT = 65_536  # characters in one cell
MAX_SHARE_CUT = 0.1
MAX_CUT = 1e-5  # of a standard deviation
VALUES_AT_ONCE = 2**20
_EXACT, _EXACT_32 = 2.0**53, 2.0**24  # whole floats below are exact

_ELEMENTS: tuple[tuple[type | tuple[type, ...], Element], ...] = (
    (str, "text"),
    ((bool, np.bool_), "bool"),
    ((int, np.integer), "int"),
    ((float, np.floating), "float"),
    (decimal.Decimal, "decimal"),
    (dt.datetime, "datetime"),
    (dt.date, "date"),
)
_CURES = {
    "period": "Convert it with .dt.to_timestamp()",
    "interval": "Convert it to text with .astype(str), or keep one end of each interval",
    "complex": "Split it into its real and imaginary part",
    "binary": "Decode it to text",
    "nested": "Give every part a column of its own",
    "time": "Convert it to a timedelta or to text",
    "duration": "Convert it with pd.to_timedelta",
}
_OBJECTS = {
    "Period": "period",
    "Interval": "interval",
    "bytes": "binary",
    "bytearray": "binary",
    "time": "time",
    "timedelta": "duration",
    "Timedelta": "duration",
    "timedelta64": "duration",
    **dict.fromkeys(("complex", "complex64", "complex128"), "complex"),
    **dict.fromkeys(
        ("dict", "list", "tuple", "set", "frozenset", "ndarray", "Series", "DataFrame"), "nested"
    ),
}


def dense(cells: Cells) -> Cells:
    """The same cells, no longer sparse."""
    if isinstance(cells.dtype, pd.SparseDtype):
        cells = cells.astype(cells.dtype.subtype)
    return cells


def refuse_dtype(name: Hashable, dtype: object) -> None:
    """Raise SchemaError when no column of this dtype can be learned."""
    if isinstance(dtype, pd.CategoricalDtype):
        refuse_dtype(name, dtype.categories.dtype)
        return
    problem = _problem_of_dtype(dtype)
    if problem:
        raise SchemaError(f"Column {name!r}: {problem} cells cannot be learned. {_CURES[problem]}.")


def written_dtype(name: Hashable, dtype: PandasDtype) -> str:
    """The dtype as text. Raises: SchemaError when it cannot be rebuilt from it."""
    text = dtype_text(dtype)
    if isinstance(dtype, pd.CategoricalDtype):
        return text
    try:
        if to_dtype(text) == dtype:
            return text
    except SchemaError:
        pass
    is_zoned = isinstance(dtype, pd.DatetimeTZDtype)
    cure = '.dt.tz_convert("UTC") or a zone by name' if is_zoned else ".astype and a dtype of pandas"
    raise SchemaError(f"Column {name!r}: its dtype cannot be written to a file. Convert it with {cure}.")


def _problem_of_dtype(dtype: object) -> str | None:
    if isinstance(dtype, pd.PeriodDtype):
        return "period"
    if isinstance(dtype, pd.IntervalDtype):
        return "interval"
    if isinstance(dtype, pd.ArrowDtype):
        return _problem_of_arrow(dtype.pyarrow_dtype)
    if isinstance(dtype, np.dtype) and dtype.kind in "cSV":
        return "complex" if dtype.kind == "c" else "binary"
    return None


def _problem_of_arrow(arrow: pa.DataType) -> str | None:
    if pa.types.is_dictionary(arrow):
        return _problem_of_arrow(arrow.value_type)
    if pa.types.is_nested(arrow):
        return "nested"
    if pa.types.is_time(arrow):
        return "time"
    is_binary = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)
    if any(test(arrow) for test in is_binary) or str(arrow) == "binary_view":
        return "binary"
    return "interval" if pa.types.is_interval(arrow) else None


def element_of(name: Hashable, present: Cells) -> Element:
    """The one type of the present cells of an object column; whole numbers among floats are floats.

    Raises: SchemaError with the number of rows of each type when there are several.
    """
    counts = Counter[str]()
    for kind, rows in Counter(map(type, present)).items():
        counts[_element_name(kind)] += rows
    if set(counts) == {"int", "float"}:
        return "float"
    known: list[Element] = [element for _, element in _ELEMENTS if element in counts]
    if len(counts) == 1 and known:
        return known[0]
    if len(known) == len(counts):
        told = ", ".join(f"{rows} {element}" for element, rows in counts.most_common())
        raise SchemaError(
            f"Column {name!r}: its cells are of several types ({told}). "
            "Convert it to one, such as text with .astype(str)."
        )
    strange, rows = next(item for item in counts.most_common() if item[0] not in known)
    cure = _CURES.get(_OBJECTS.get(strange, ""), "Convert it to numbers, text or dates")
    raise SchemaError(
        f"Column {name!r}: {rows} of {len(present)} rows hold a {strange}, which cannot be learned. {cure}."
    )


def _element_name(kind: type) -> str:
    return next((element for types, element in _ELEMENTS if issubclass(kind, types)), kind.__name__)


def missing_of(cells: Cells) -> Missing | None:
    """How most missing cells of an object column are written; None when there are none."""
    missing = cells[cells.isna()]
    if missing.empty:
        return None
    written: list[Missing] = [_missing_name(cell) for cell in missing]
    return Counter(written).most_common(1)[0][0]


def _missing_name(cell: object) -> Missing:
    if cell is None:
        return "none"
    if cell is pd.NA:
        return "na"
    return "nat" if cell is pd.NaT or isinstance(cell, (np.datetime64, np.timedelta64)) else "nan"


def check_text(name: Hashable, present: Cells, distinct: Cells) -> None:
    """Raise SchemaError for text that cannot be written to a file or is too long to be a category.

    `distinct`: the different texts among the `present` cells.
    """
    if (distinct.str.len() > MAX_TEXT).any():
        n_long = int((present.astype(object).str.len() > MAX_TEXT).sum())
        raise SchemaError(
            f"Column {name!r}: {n_long} of {len(present)} rows hold text longer than {MAX_TEXT} "
            "characters. Drop or shorten it."
        )
    try:
        "".join(distinct).encode()
    except UnicodeEncodeError:
        n_broken = sum(map(has_surrogate, present))
        raise SchemaError(
            f"Column {name!r}: {n_broken} of {len(present)} rows hold lone surrogates, which no file can "
            "hold. Read it again with the right encoding."
        ) from None


def has_surrogate(text: str) -> bool:
    r"""Whether the text holds half of a character, as text of the wrong encoding does.

    >>> has_surrogate("a\ud800"), has_surrogate("é")
    (True, False)
    """
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def check_finite(name: Hashable, values: FloatArray) -> None:
    """Raise SchemaError when a number is infinite."""
    if n_infinite := int(np.isinf(values).sum()):
        raise SchemaError(
            f"Column {name!r}: {n_infinite} of {len(values)} rows are infinite. "
            'Replace them, or have a fit do so with infinite="missing" or "clip" (--infinite of fit and run).'
        )


def decimals_of(values: FloatArray, *, is_float32: bool = False) -> int | None:
    """Digits after the point that write the values; None when there is no such small number.

    A few values may need more digits (sums carry them along) if cutting them changes nothing that
    could be seen: at most a tenth of the different values, each by 1e-5 standard deviations.

    >>> decimals_of(np.array([1.5, 0.25])), decimals_of(np.array([1.0, 7.0])), decimals_of(np.array([1 / 3]))
    (2, 0, None)
    """
    if values.size == 0:
        return None
    distinct = np.unique(values)
    largest = float(np.abs(distinct).max())
    few = distinct[:: max(1, distinct.size // 512)]
    # Scaled down before the square, so that even 1e308 has a standard deviation.
    spread = float(np.std(distinct / max(largest, 1e-300))) * largest
    for decimals in range(MAX_DECIMALS + 1):
        if largest * 10.0**decimals >= (_EXACT_32 if is_float32 else _EXACT):
            return None
        if all(_is_written(part, decimals, spread, is_float32) for part in (few, distinct)):
            return decimals
    return None


def _is_written(distinct: FloatArray, decimals: int, spread: float, is_float32: bool) -> bool:
    n_off = 0
    for start in range(0, len(distinct), VALUES_AT_ONCE):
        some = distinct[start : start + VALUES_AT_ONCE]
        rounded = np.round(some, decimals)
        if is_float32:
            if not np.array_equal(rounded.astype(np.float32), some.astype(np.float32)):
                return False
            continue
        error = np.abs(rounded - some)
        # Sums miss the nearest double by a unit in the last place, and so does np.round. Where that unit
        # is no small part of the last digit, it may be a further digit.
        is_off = error > np.minimum(np.spacing(np.abs(some)), 10.0**-decimals / 1000)
        if not np.all(error[is_off] <= MAX_CUT * spread):
            return False
        n_off += int(is_off.sum())
    return n_off / len(distinct) <= MAX_SHARE_CUT
