"""What kind of column this is, and how one can tell: cells in, Column out."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa

from tabgan.cells import (
    Cells,
    check_finite,
    check_text,
    decimals_of,
    dense,
    element_of,
    missing_of,
    refuse_dtype,
    written_dtype,
)
from tabgan.column import Column
from tabgan.errors import SchemaError
from tabgan.personal.recognition import SURE, recognise, recognise_birth_date
from tabgan.written import written_as

MIN_ROWS_FOR_IDENTIFIER = 100
FREE_TEXT = "free text, which cannot be learned"
FREE_TEXT_WORDS = 12
NEARLY_UNIQUE = 0.95  # of text: so many different values that none could be learned anyway
YEARS = 1500, 2200  # a row for each of them is a series, not a count of rows
MIN_ROWS = 5  # that hold a value which is learned
MOSTLY_RARE = "text, most rows hold a value too rare to be learned"

_LOOKS = "; it looks like "
_YEAR_NAME = re.compile(r"(^|[^a-z])(years?|yr|seasons?|time|date)([^a-z]|$)")
_ID_NAME = re.compile(r"(^|[^a-z])(id|ids|uuid|guid|key|ssn|index|email|iban)$")


def infer_column(
    name: Hashable,
    cells: Cells,
    *,
    discrete: bool = False,
    may_be_personal: bool = True,
    min_rows: int = MIN_ROWS,
) -> Column:
    """Kind, output dtype and decimals of a column, with the reason.

    `may_be_personal`: cells that tell who somebody is make it an identifier. So does text most of whose
    rows hold a value that fewer than `min_rows` hold: what is left of it would stand in every row. In a
    short column (under 100 cells) that takes all rows, and `min_rows` of them: fewer come out missing.

    >>> infer_column("x", pd.Series([1.25, 2.5, None])).decimals
    2

    Raises: SchemaError naming the column when its cells cannot be learned.
    """
    sparse = isinstance(cells.dtype, pd.SparseDtype)
    cells = dense(cells)
    refuse_dtype(name, cells.dtype)
    dtype = written_dtype(name, cells.dtype)
    column = _infer_object(name, cells) if dtype == "object" else _infer_typed(name, cells, dtype)
    if discrete and column.kind != "boolean":
        column = replace(column, kind="categorical", decimals=None, reason="declared discrete")
    else:
        column = _with_rarity(column, cells, min_rows)
        column = _with_personal(column, cells) if may_be_personal else column
    return replace(column, reason=f"{column.reason}; sparse, made dense") if sparse else column


def rare_rows(present: Cells, min_rows: int) -> int:
    """How many rows hold a value that fewer than `min_rows` rows hold.

    >>> rare_rows(pd.Series(["a", "a", "b"]), min_rows=2)
    1
    """
    counts = present.value_counts()
    return int(counts[counts < min_rows].sum())


def _with_rarity(column: Column, cells: Cells, min_rows: int) -> Column:
    """An identifier, if it is text of which so little can be learned that it would drive out the rest."""
    if column.kind != "categorical" or column.ordered or column.dtype.startswith("null"):
        return column
    present = cells.dropna()
    if present.empty or not isinstance(present.iloc[0], str):
        return column
    n_rare = rare_rows(present, min_rows)
    is_most = 2 * n_rare > len(present) >= MIN_ROWS_FOR_IDENTIFIER
    is_all = n_rare == len(present) >= min_rows
    if not is_most and not is_all:
        return column
    told = "".join(column.reason.partition(_LOOKS)[1:])
    return replace(column, kind="identifier", reason=f"{MOSTLY_RARE}{told}")


def _with_personal(column: Column, cells: Cells) -> Column:
    """An identifier, if the cells are surely personal; text of dates only told of, for they are learned."""
    is_text = column.kind in ("categorical", "identifier") and column.element in (None, "text")
    is_label = column.ordered or column.dtype.startswith(("bool", "null"))
    if column.kind == "datetime" or f"{_LOOKS}dates" in column.reason:
        found = recognise_birth_date(column.name)
        return replace(column, reason=f"{column.reason}; {found}") if found else column
    if is_label or not (is_text or (column.kind == "numeric" and column.decimals == 0)):
        return column
    if pd.api.types.is_timedelta64_dtype(cells.dtype) or column.dtype.startswith("duration["):
        return column
    found = recognise(column.name, cells)
    if found is None or found.confidence < SURE:
        return column
    return replace(column, kind="identifier", decimals=None, personal=found.form, reason=str(found))


def _infer_object(name: Hashable, cells: Cells) -> Column:
    try:
        present = cells[cells.notna()]
    except ArithmeticError:
        raise SchemaError(f"Column {name!r}: some decimals are signalling NaN. Use None.") from None
    missing = missing_of(cells)
    if present.empty:
        return Column(name, "categorical", "object", missing=missing, reason="every cell is missing")
    element = element_of(name, present)
    if element == "text":
        column = _infer_text(name, present, "object")
    elif element == "bool":
        column = Column(name, "boolean", "object", reason="objects that are True or False")
    elif element in ("date", "datetime"):
        _check_naive(name, present)
        column = Column(name, "datetime", "object", reason=f"objects that are {element}s")
    else:
        column = _infer_number_objects(name, present)
    return replace(column, element=element, missing=missing)


def _check_naive(name: Hashable, present: Cells) -> None:
    aware = sum(getattr(cell, "tzinfo", None) is not None for cell in present)
    if aware:
        raise SchemaError(
            f"Column {name!r}: {aware} of {len(present)} rows are objects with a time zone. "
            "Convert it with pd.to_datetime(..., utc=True)."
        )


def _infer_number_objects(name: Hashable, present: Cells) -> Column:
    try:
        values = present.to_numpy(dtype=np.float64)
    except (ArithmeticError, ValueError):
        raise SchemaError(f"Column {name!r}: its numbers do not fit a float. Convert it to text.") from None
    check_finite(name, values)
    if element_of(name, present) == "int":
        beyond = sum(not -(2**63) <= int(cell) < 2**63 for cell in present)
        if beyond:
            raise SchemaError(
                f"Column {name!r}: {beyond} of {len(present)} rows are beyond 64 bits. Convert it to text."
            )
        return _infer_integers(name, present.astype("int64"), "object")
    if element_of(name, present) == "decimal":
        digits = max(-int(cell.as_tuple().exponent) for cell in present)
        return Column(name, "numeric", "object", decimals=max(digits, 0), reason="decimal objects")
    return Column(name, "numeric", "object", decimals=decimals_of(values), reason="objects that are numbers")


def _infer_typed(name: Hashable, cells: Cells, dtype: str) -> Column:
    present = cells.dropna()
    kinds = pd.api.types
    if isinstance(cells.dtype, pd.CategoricalDtype) or dtype.startswith("dictionary<"):
        return _infer_category(name, present, dtype)
    if kinds.is_bool_dtype(cells.dtype):
        return Column(name, "boolean", dtype, reason=f"dtype {dtype}")
    if kinds.is_datetime64_any_dtype(cells.dtype) or _is_arrow_date(cells.dtype):
        return Column(name, "datetime", dtype, reason=f"dtype {dtype}")
    if kinds.is_timedelta64_dtype(cells.dtype) or dtype.startswith("duration["):
        return Column(name, "numeric", dtype, decimals=0, reason=f"a duration, dtype {dtype}")
    if kinds.is_integer_dtype(cells.dtype):
        return _infer_integers(name, present, dtype)
    if kinds.is_numeric_dtype(cells.dtype):
        return _infer_floats(name, present, dtype)
    if dtype == "null[pyarrow]":
        return Column(name, "categorical", dtype, reason="every cell is missing")
    return _infer_text(name, present, dtype)


def _is_arrow_date(dtype: object) -> bool:
    return (
        isinstance(dtype, pd.ArrowDtype)
        and pa.types.is_temporal(dtype.pyarrow_dtype)
        and (not pa.types.is_duration(dtype.pyarrow_dtype))
    )


def _infer_category(name: Hashable, present: Cells, dtype: str) -> Column:
    ordered = bool(getattr(present.dtype, "ordered", False)) or dtype.endswith(", ordered>[pyarrow]")
    distinct = pd.Series(present.unique(), dtype=object)
    if len(distinct) and all(isinstance(level, str) for level in distinct):
        text = _infer_text(name, present.astype(object), dtype)
        if text.kind == "identifier" and not ordered:
            return text
    reason = "ordered categories" if ordered else f"dtype {dtype}"
    return Column(name, "categorical", dtype, ordered=ordered, reason=reason)


def _infer_integers(name: Hashable, present: Cells, dtype: str) -> Column:
    if len(present) and int(present.max()) >= 2**63:
        beyond = int((present.to_numpy(dtype=np.uint64) >= 2**63).sum())
        raise SchemaError(
            f"Column {name!r}: {beyond} of {len(present)} rows are above 2**63. Convert it to text."
        )
    if why := _why_identifier(name, present):
        return Column(name, "identifier", dtype, reason=why)
    reason = "whole numbers"
    if looks_like_date_numbers(present):
        reason += "; they look like YYYYMMDD dates: convert them with pd.to_datetime to keep weekdays"
    return Column(name, "numeric", dtype, decimals=0, reason=reason)


def _infer_floats(name: Hashable, present: Cells, dtype: str) -> Column:
    arrow = getattr(present.dtype, "pyarrow_dtype", None)
    if arrow is not None and pa.types.is_decimal(arrow):
        return Column(name, "numeric", dtype, decimals=max(arrow.scale, 0), reason=f"dtype {dtype}")
    values = present.to_numpy(dtype=np.float64, na_value=np.nan)
    check_finite(name, values)
    short = "64" not in dtype and not dtype.startswith("double")
    decimals = decimals_of(values[np.isfinite(values)], is_float32=short)
    told = {None: "numbers", 0: "whole numbers", 1: "numbers with 1 decimal"}
    reason = told.get(decimals, f"numbers with {decimals} decimals")
    return Column(name, "numeric", dtype, decimals=decimals, reason=reason)


def _infer_text(name: Hashable, present: Cells, dtype: str) -> Column:
    # Objects stay objects: text with lone surrogates cannot become an Arrow column.
    distinct = pd.Series(present.unique(), dtype=object)
    check_text(name, present, distinct)
    share = len(distinct) / max(len(present), 1)
    enough = len(present) >= MIN_ROWS_FOR_IDENTIFIER
    if share >= NEARLY_UNIQUE and enough and distinct.str.count(r"\S+").mean() >= FREE_TEXT_WORDS:
        return Column(name, "identifier", dtype, reason=FREE_TEXT)
    written = written_as(distinct)
    told = "" if written is None else f"{_LOOKS}{written.what}. {written.cure(name)}"
    if share == 1 and (enough or (len(present) > 1 and _has_id_name(name))):
        return Column(name, "identifier", dtype, reason=f"text, different in every row{told}")
    if share >= NEARLY_UNIQUE and enough:
        return Column(name, "identifier", dtype, reason=f"text, different in nearly every row{told}")
    reason = f"text whose values repeat{told}" if share < 1 else f"text{told}"
    return Column(name, "categorical", dtype, reason=reason if len(present) else "every cell is missing")


def _has_id_name(name: Hashable) -> bool:
    return _ID_NAME.search(_snake(name)) is not None


def _snake(name: Hashable) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(name)).lower()


def _are_years(name: Hashable, present: Cells) -> bool:
    low, high = YEARS
    is_time = _YEAR_NAME.search(_snake(name)) is not None
    return is_time and low <= int(present.min()) and int(present.max()) <= high


def _why_identifier(name: Hashable, present: Cells) -> str:
    """Why these whole numbers, never repeated, count the rows instead of measuring something; "" if not."""
    n_rows = len(present)
    named = _has_id_name(name)
    if n_rows < 2 or (n_rows < MIN_ROWS_FOR_IDENTIFIER and not named) or not present.is_unique:
        return ""
    if named:
        return "whole numbers, different in every row, and named like an identifier"
    if _are_years(name, present):
        return ""
    width = int(present.max()) - int(present.min()) + 1
    if width <= 1.1 * n_rows:
        return "whole numbers that number the rows"
    steady = present.is_monotonic_increasing or present.is_monotonic_decreasing
    return "whole numbers that only rise from row to row" if steady and width <= 10 * n_rows else ""


def looks_like_date_numbers(present: Cells) -> bool:
    """Whether whole numbers read like YYYYMMDD dates of 1900 to 2100.

    >>> [looks_like_date_numbers(pd.Series([number])) for number in (20240229, 20241332)]
    [True, False]
    """
    if len(present) == 0 or not 19000101 <= int(present.min()) <= int(present.max()) <= 21001231:
        return False
    values = present.to_numpy(dtype=np.int64)
    month, day = values // 100 % 100, values % 100
    return bool(((month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)).all())


def complete_column(stated: Column, seen: Column, cells: Cells) -> Column:
    """A declared column, completed by what was inferred from its cells where it states nothing.

    Raises: SchemaError when the cells cannot be of the declared kind.
    """
    present = cells.dropna()
    if len(present):
        _check_kind(stated, seen, present)
    is_object = (stated.dtype or seen.dtype) == "object"
    missing = stated.missing or (seen.missing if is_object else None)
    element = stated.element or (seen.element if is_object else None)
    if stated.dtype:
        return replace(stated, missing=missing, element=element)
    is_same = stated.kind == seen.kind
    return replace(
        stated,
        dtype=seen.dtype,
        decimals=seen.decimals if stated.decimals is None and is_same else stated.decimals,
        ordered=stated.ordered or (seen.ordered and stated.kind == "categorical"),
        missing=missing,
        element=element,
        personal=stated.personal or (seen.personal if stated.kind == "identifier" else None),
        reason=stated.reason or "declared",
    )


def _check_kind(stated: Column, seen: Column, present: Cells) -> None:
    told = f"Column {stated.name!r}: "
    if stated.kind == "numeric" and not _is_number(seen, present):
        texts = present.astype(object)
        wrong = sum(not _reads_as_number(cell) for cell in texts)
        if wrong == 0:
            raise SchemaError(f"{told}its numbers are written as text. Convert it with pd.to_numeric.")
        raise SchemaError(
            f"{told}{wrong} of {len(present)} rows are not numbers. "
            'Declare it kind="categorical" or clean them.'
        )
    if stated.kind == "datetime" and seen.kind != "datetime":
        raise SchemaError(f"{told}its cells are not dates. Convert it with pd.to_datetime.")
    if stated.kind == "boolean" and present.nunique() > 2:
        raise SchemaError(f'{told}it has more than two different values. Declare it kind="categorical".')


def _is_number(seen: Column, present: Cells) -> bool:
    if seen.kind == "numeric" or seen.element in ("int", "float", "decimal"):
        return True
    is_category = isinstance(present.dtype, pd.CategoricalDtype)
    return not is_category and seen.kind != "boolean" and pd.api.types.is_numeric_dtype(present.dtype)


def _reads_as_number(cell: object) -> bool:
    try:
        float(str(cell))
    except ValueError:
        return False
    return not isinstance(cell, bool)
