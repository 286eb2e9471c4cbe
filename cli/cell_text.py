"""Columns of text cells become numbers, booleans, dates or stay text, and are written back alike.

Text stays as it is: a column changes only where every cell is written the way its type is written,
so "00123", "NA" or "+49 30" keep a column text. Cells that are empty are missing; blanks around what is no
text do not count, so cells of nothing else are missing there too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from tabgan_cli.date_formats import is_format, is_formatted, read_formatted, write_formatted
from tabgan_cli.failures import CommandError, Exit
from tabgan_cli.iso_dates import DateStyle, read_dates, write_dates

# What a column is declared to hold; "whole" numbers may have digits after the point, "number"s are
# floats even where they have none. None: whatever the cells look like.
Declared: TypeAlias = Literal["text", "whole", "number", "datetime"] | None

_INTEGER = r"^(0|-?[1-9][0-9]*)$"
_FLOAT = r"^-?((0|[1-9][0-9]*)([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?$"
_INFINITE = r"(?i)^[+-]?inf(inity)?$"  # a number only among numbers
_COMMA_NUMBER = r"^-?(0|[1-9][0-9]*),[0-9]+$"
_THOUSANDS = r"^-?[1-9][0-9]{0,2}[.][0-9]{3}$"  # may be one thousand and some, or one and some
_BELOW_THOUSAND = r"^-?(0|[1-9][0-9]{0,2})$"
_MAX_FIXED = 6  # digits after the point that are kept although they are zeros
_BOOLEANS = ({"True", "False"}, {"true", "false"}, {"TRUE", "FALSE"})
# Texts that other programs write for a missing cell; here they are text, and said to be.
_MISSING_WORDS = [
    "NA",
    "N/A",
    "n/a",
    "na",
    "#N/A",
    "NULL",
    "null",
    "NaN",
    "nan",
    "None",
    "none",
    "NaT",
    "?",
    "-",
    ".",
]
_GROUPED = (
    "Column {!r} is read with a decimal point; if the point stands between thousands, pass --thousands '.'."
)
_LOOK = 64  # distinct cells that are looked at before all are


@dataclass(frozen=True)
class TypedColumn:
    """A column as pandas holds it, how it was written, and what the reader should know."""

    cells: pd.Series[Any]
    style: str = ""
    warning: str = ""


@dataclass(frozen=True)
class _Texts:
    """The distinct cells of a column, without the missing ones, and how to spread them over the rows."""

    name: str
    distinct: pa.Array  # stripped of the blanks around them
    codes: pa.Array  # place among the distinct cells, null where missing

    @classmethod
    def of(cls, name: str, texts: pa.ChunkedArray, present: pa.Array) -> _Texts:
        """The texts of a column that are among those that are present."""
        codes = pc.index_in(texts, present)
        codes = codes.combine_chunks() if isinstance(codes, pa.ChunkedArray) else codes
        return cls(name, pc.utf8_trim_whitespace(present), codes)

    def spread(self, values: pa.Array) -> Any:
        return pc.take(values, self.codes)

    def n_rows(self, is_odd: pa.Array) -> int:
        """Number of rows whose cell is marked."""
        return int(pc.sum(pc.take(is_odd, self.codes)).as_py() or 0)


def type_column(
    name: str,
    texts: pa.ChunkedArray,
    *,
    decimal: str = ".",
    thousands: str = "",
    missing: Iterable[str] = (),
    declared: Declared = None,
    dates: Sequence[str] = (),
) -> TypedColumn:
    """The column of the right type. Raises: CommandError where a declared type does not fit.

    `dates`: formats beside ISO.
    """
    present = _present(texts, missing)
    if declared == "text":
        return _as_text(name, texts, present)
    if len(present) == 0:
        return TypedColumn(pd.Series([None] * len(texts), dtype=object))
    column = _Texts.of(name, texts, _without_blanks(present))
    if len(column.distinct) == 0:
        return _as_text(name, texts, present)
    typed = _dates(column, dates) if declared == "datetime" else None
    if declared != "datetime":
        typed = _numbers(column, decimal, thousands)
        if typed is not None and declared == "number":
            typed = replace(typed, cells=typed.cells.astype("float64"))
    if typed is None and declared is None:
        typed = _booleans(column) or _dates(column, dates)
    if typed is not None:
        is_open = declared is None and not thousands and decimal == "."
        is_doubtful = is_open and _may_be_grouped(column.distinct)
        return replace(typed, warning=_GROUPED.format(name)) if is_doubtful else typed
    column = replace(column, distinct=ungrouped(column.distinct, thousands))
    if declared is not None:
        raise _misfit(column, decimal, declared, dates)
    return replace(_as_text(name, texts, present), warning=_warning(column, decimal))


def _present(texts: pa.ChunkedArray, missing: Iterable[str]) -> pa.Array:
    """The distinct cells that are not missing."""
    distinct = pc.unique(texts)
    return distinct.filter(pc.invert(pc.is_in(distinct, pa.array(["", *missing], pa.string()))))


def _without_blanks(distinct: pa.Array) -> pa.Array:
    return distinct.filter(pc.not_equal(pc.utf8_trim_whitespace(distinct), ""))


def _as_text(name: str, texts: pa.ChunkedArray, present: pa.Array) -> TypedColumn:
    return TypedColumn(_series(_Texts.of(name, texts, present).spread(present)))


def decimal_mark(texts: pa.ChunkedArray, missing: Iterable[str] = (), thousands: str = "") -> str:
    """The sign that the numbers of a column have before their fraction; "" where none can be told.

    1.234 and 1,234 tell none: what follows the sign may be thousands.
    """
    distinct = _finite(pc.utf8_trim_whitespace(_without_blanks(_present(texts, missing))))
    distinct = ungrouped(distinct, thousands)
    for mark in ",.".replace(thousands, ""):
        marked = distinct.filter(pc.match_substring(distinct, mark))
        if len(marked) and _all_match(distinct, _float_pattern(mark)):
            return "" if _all_match(marked, _THOUSANDS.replace("[.]", f"[{mark}]")) else mark
    return ""


def date_column(name: str, texts: pa.ChunkedArray, formats: Sequence[str] = ()) -> TypedColumn | None:
    """The column as dates, ISO or of one of the formats, if all of its text is; an empty text is none."""
    raw = pc.unique(texts)
    present = raw.filter(pc.is_valid(raw))
    return _dates(replace(_Texts.of(name, texts, present), distinct=present), formats)


def _series(values: pa.Array) -> pd.Series[Any]:
    cells: pd.Series[Any] = values.to_pandas()
    return cells


def _all_match(texts: pa.Array, pattern: str) -> bool:
    few = pc.match_substring_regex(texts[:_LOOK], pattern)
    return bool(pc.all(few).as_py() and pc.all(pc.match_substring_regex(texts, pattern)).as_py())


def ungrouped(cells: pa.Array | pa.ChunkedArray, thousands: str) -> pa.Array | pa.ChunkedArray:
    """The cells, the thousands of those that are numbers put together: 1,234.5 as 1234.5; each by itself."""
    if not thousands:
        return cells
    sign, marks = re.escape(thousands), re.escape(".,".replace(thousands, ""))
    pattern = rf"^[+-]?[1-9][0-9]{{0,2}}({sign}[0-9]{{3}})+([{marks}][0-9]*)?$"
    is_grouped = pc.match_substring_regex(pc.utf8_trim_whitespace(cells), pattern)
    return pc.if_else(is_grouped, pc.replace_substring(cells, thousands, ""), cells)


def _may_be_grouped(distinct: pa.Array) -> bool:
    """Whether points may stand between thousands: exactly the numbers that would then be larger have one."""
    has_point = pc.match_substring(distinct, ".")
    marked, others = distinct.filter(has_point), distinct.filter(pc.invert(has_point))
    is_mixed = len(marked) > 0 and len(others) > 0
    return is_mixed and _all_match(marked, _THOUSANDS) and _all_match(others, _BELOW_THOUSAND)


def _numbers(column: _Texts, decimal: str, thousands: str) -> TypedColumn | None:
    """The column as numbers; the style of one that has thousands put apart begins with "%,"."""
    plain = ungrouped(column.distinct, thousands)
    found = _plain_numbers(replace(column, distinct=plain), decimal)
    if found is None or plain.equals(column.distinct):
        return found
    return replace(found, style=f"%,{found.style[1:]}")


def _plain_numbers(column: _Texts, decimal: str) -> TypedColumn | None:
    if _all_match(column.distinct, _INTEGER):
        try:
            whole = column.spread(pc.cast(column.distinct, pa.int64()))
        except pa.ArrowInvalid:  # beyond 64 bits
            return None
        if whole.null_count:  # floats would lose digits and write "1.0"
            return TypedColumn(whole.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get))
        return TypedColumn(_series(whole))
    finite = _finite(column.distinct)
    if len(finite) == 0 or not _all_match(finite, _float_pattern(decimal)):
        return None
    texts, finite = (pc.replace_substring(cells, decimal, ".") for cells in (column.distinct, finite))
    numbers = pc.cast(pc.utf8_ltrim(texts, "+"), pa.float64())
    if pc.sum(pc.is_finite(numbers)).as_py() < len(finite):  # 1e999
        return None
    style = "%.0f" if _all_match(finite, _INTEGER) else _number_style(finite)
    return TypedColumn(_series(column.spread(numbers)), style=style)


def _finite(texts: pa.Array) -> pa.Array:
    """The cells but those that write an infinite number."""
    return texts.filter(pc.invert(pc.match_substring_regex(texts, _INFINITE)))


def with_points(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """The cells, those that are a number with a decimal comma written with a point; each by itself."""
    is_number = pc.match_substring_regex(pc.utf8_trim_whitespace(cells), _float_pattern(","))
    return pc.if_else(is_number, pc.replace_substring(cells, ",", "."), cells)


def _float_pattern(decimal: str) -> str:
    return _FLOAT.replace("[.]", f"[{decimal}]")


def _number_style(texts: pa.Array) -> str:
    """Format such as "%.2f" where all numbers have as many digits after the point, else ""."""
    digits = pc.unique(pc.utf8_length(pc.replace_substring_regex(texts, r"^[^.]*\.?", ""))).to_pylist()
    has_exponent = pc.any(pc.match_substring_regex(texts, "[eE]")).as_py()
    if len(digits) > 1 or has_exponent or not 1 <= digits[0] <= _MAX_FIXED:
        return ""
    return f"%.{digits[0]}f"


def _booleans(column: _Texts) -> TypedColumn | None:
    words = set(column.distinct[:3].to_pylist())
    spelling = next((pair for pair in _BOOLEANS if words <= pair), None)
    if spelling is None or len(column.distinct) > 2:
        return None
    truth = column.spread(pc.equal(pc.utf8_lower(column.distinct), "true"))
    style = "|".join(sorted(spelling, key=str.lower, reverse=True))
    if truth.null_count:
        return TypedColumn(truth.to_pandas(types_mapper={pa.bool_(): pd.BooleanDtype()}.get), style=style)
    return TypedColumn(_series(truth), style=style)


def _dates(column: _Texts, formats: Sequence[str]) -> TypedColumn | None:
    found = read_dates(column.distinct)
    if found is None:
        named = read_formatted(column.distinct, formats)
        return named and TypedColumn(_series(column.spread(named[0])), style=named[1])
    moments, style = found
    cells = _series(column.spread(moments))
    if style.pandas_zone is not None:
        cells = cells.dt.tz_convert(style.pandas_zone)
    warning = ""
    if style.zone == "Z" and not pc.all(pc.ends_with(column.distinct, "Z")).as_py():
        warning = (
            f"Column {column.name!r}: its times have several offsets from UTC, so they are read, learned and "
            "written as UTC (Z). Where the hour of the day matters, write local times without an offset."
        )
    return TypedColumn(cells, style=str(style), warning=warning)


def _misfit(column: _Texts, decimal: str, declared: Declared, dates: Sequence[str]) -> CommandError:
    """The error of a declared column some of whose cells are something else."""
    is_date = declared == "datetime"
    pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}" if is_date else _float_pattern(decimal)
    is_odd = pc.invert(pc.match_substring_regex(column.distinct, pattern))
    if is_date:
        is_odd = pc.and_not(is_odd, is_formatted(column.distinct, dates))
    n_odd = column.n_rows(is_odd)
    what = " or ".join(["ISO dates (2024-01-31) of one style", *dates]) if is_date else "numbers"
    how_many = f"{n_odd} of {len(column.codes)} rows" if n_odd else "some rows"
    form = "name their format with --dates, " if is_date else ""
    cure = f"Clean them, leave them empty, {form}or name what stands for a missing cell with --na-values"
    return CommandError(Exit.DATA, f"Column {column.name!r}: {how_many} are not {what}. {cure}.")


def _warning(column: _Texts, decimal: str) -> str:
    """What may surprise in a column that stays text; "" for most."""
    distinct = column.distinct
    if decimal != "," and _all_match(distinct, _COMMA_NUMBER):
        return f"Column {column.name!r} stays text; if the comma is its decimal point, pass --decimal ','."
    if _all_match(distinct, _INTEGER):
        return f"Column {column.name!r} stays text: its whole numbers are beyond 64 bits."
    is_word = pc.is_in(distinct, pa.array(_MISSING_WORDS))
    others = _finite(distinct.filter(pc.invert(is_word)))
    if len(others) == len(distinct) or len(others) == 0:
        return ""
    if not _all_match(others, _float_pattern(decimal)) and read_dates(others) is None:
        return ""
    words = " ".join(f"--na-values {word!r}" for word in distinct.filter(is_word).to_pylist())
    n_rows = column.n_rows(is_word)
    how_many = (
        "1 row; if it is a missing cell" if n_rows == 1 else f"{n_rows} rows; if these are missing cells"
    )
    return f"Column {column.name!r} stays text because of {how_many}, pass {words}."


def write_column(
    cells: pd.Series[Any], style: str, decimal: str = ".", thousands: str = ""
) -> tuple[pd.Series[Any], str]:
    """The cells in a form that `DataFrame.to_csv` writes in this style, and the style to go on with."""
    kinds = pd.api.types
    if is_moment(cells.dtype) and is_format(style):
        return write_formatted(cells, style), style
    if is_moment(cells.dtype):
        texts, used = write_dates(cells, DateStyle.parse(style))
        return pd.Series(texts, index=cells.index, dtype=object), str(used)
    if kinds.is_bool_dtype(cells.dtype) and "|" in style:
        true, false = style.split("|")
        return cells.astype(object).map({True: true, False: false}), style
    is_float, is_number = kinds.is_float_dtype(cells.dtype), kinds.is_numeric_dtype(cells.dtype)
    found = re.fullmatch(r"%(,?)((\.[0-6]f)?)", style)
    if found and is_number and not kinds.is_bool_dtype(cells.dtype) and (found[1] or is_float):
        form = (found[1] if thousands else "") + (found[2] if is_float else "")
        signs = str.maketrans({",": thousands, ".": decimal})
        told = zip(cells.tolist(), cells.isna().tolist(), strict=True)
        texts = [None if is_missing else format(cell, form).translate(signs) for cell, is_missing in told]
        return pd.Series(texts, index=cells.index, dtype=object), style
    return cells, style


def is_moment(dtype: Any) -> bool:
    """Does a column of this dtype hold dates or times?"""
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return True
    if not isinstance(dtype, pd.ArrowDtype):
        return False
    return bool(pa.types.is_date(dtype.pyarrow_dtype) or pa.types.is_timestamp(dtype.pyarrow_dtype))
