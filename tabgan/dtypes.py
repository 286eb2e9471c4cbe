"""Pandas dtypes as text that rebuilds them: the `dtype` of a schema's column.

int64, uint8, float32, bool, object               numpy
Int64, Float32, boolean, category                 pandas
string[python], string[pyarrow]                   text whose missing cell is pd.NA
str, str[python]                                  text whose missing cell is NaN (pandas 3)
datetime64[us], datetime64[us, Europe/Paris]      date and time
timedelta64[ns]                                   duration
int64[pyarrow], utf8[pyarrow], timestamp[us, tz=UTC][pyarrow], date32[day][pyarrow],
decimal128(10, 2)[pyarrow], dictionary<string, int32>[pyarrow]      Arrow
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.extensions import ExtensionDtype

from tabgan.errors import SchemaError

PandasDtype: TypeAlias = "np.dtype[np.generic] | ExtensionDtype"

LARGEST = 2**63 - 1  # whole number that is read and written

# What Arrow prints and what it can read back differ for these.
_ARROW_BY_NAME = {
    "utf8": pa.string(),
    "double": pa.float64(),
    "float": pa.float32(),
    "halffloat": pa.float16(),
    "date32[day]": pa.date32(),
    "date64[ms]": pa.date64(),
    "string_view": pa.string_view(),
    "large_string": pa.large_string(),
    "null": pa.null(),
}


def dtype_text(dtype: PandasDtype) -> str:
    """Text that names the dtype and from which `to_dtype` rebuilds it.

    >>> dtype_text(pd.DatetimeTZDtype("us", "Europe/Paris"))
    'datetime64[us, Europe/Paris]'
    >>> dtype_text(pd.ArrowDtype(pa.string())), dtype_text(pd.StringDtype("pyarrow"))
    ('utf8[pyarrow]', 'string[pyarrow]')
    """
    if isinstance(dtype, pd.StringDtype):
        if dtype.na_value is pd.NA:
            return f"string[{dtype.storage}]"
        return "str" if dtype == to_dtype("str") else f"str[{dtype.storage}]"
    if isinstance(dtype, pd.ArrowDtype):
        return f"{_arrow_text(dtype.pyarrow_dtype)}[pyarrow]"
    if isinstance(dtype, pd.SparseDtype):
        return dtype_text(np.dtype(dtype.subtype))
    return str(dtype)


def _arrow_text(arrow: pa.DataType) -> str:
    if pa.types.is_dictionary(arrow):
        ordered = ", ordered" if arrow.ordered else ""
        return f"dictionary<{_arrow_text(arrow.value_type)}, {arrow.index_type}{ordered}>"
    return "utf8" if pa.types.is_string(arrow) else str(arrow)


def to_dtype(dtype: str) -> PandasDtype:
    """The pandas dtype that `dtype_text` named; ordinary pandas names are understood as well.

    >>> to_dtype("decimal128(10, 2)[pyarrow]")
    decimal128(10, 2)[pyarrow]
    >>> to_dtype("timestamp[us, tz=UTC][pyarrow]")
    timestamp[us, tz=UTC][pyarrow]

    Raises: SchemaError when no dtype has this name.
    """
    try:
        if dtype == "str" or dtype.startswith("str["):
            return _str_dtype(dtype[4:-1])
        if dtype.startswith("string["):
            return pd.StringDtype("python" if dtype == "string[python]" else "pyarrow")
        if dtype.endswith("[pyarrow]"):
            return pd.ArrowDtype(_to_arrow(dtype.removesuffix("[pyarrow]")))
        return pd.api.types.pandas_dtype(dtype)
    except (TypeError, ValueError, AttributeError) as error:
        raise SchemaError(f"There is no dtype called {dtype!r}. Use pandas' own names.") from error


def _str_dtype(storage: str) -> PandasDtype:
    if storage not in ("", "python", "pyarrow"):
        raise ValueError(storage)
    try:
        return pd.StringDtype(storage or None, na_value=np.nan)  # type: ignore[arg-type]
    except TypeError:  # before pandas 2.3 text with NaN is a column of objects
        return np.dtype(object)


def _to_arrow(name: str) -> pa.DataType:
    if name in _ARROW_BY_NAME:
        return _ARROW_BY_NAME[name]
    if match := re.fullmatch(r"dictionary<(.+), (u?int\d+)(, ordered)?>", name):
        values, indices, ordered = match.groups()
        return pa.dictionary(_to_arrow(indices), _to_arrow(values), ordered=bool(ordered))
    if match := re.fullmatch(r"decimal(32|64|128|256)\((\d+), (-?\d+)\)", name):
        make = getattr(pa, f"decimal{match[1]}")
        return make(int(match[2]), int(match[3]))
    if match := re.fullmatch(r"timestamp\[(\w+), tz=(.+)\]", name):
        return pa.timestamp(match[1], tz=match[2])
    return pa.type_for_alias(name)


def can_hold(dtype: str, labels: Sequence[object]) -> bool:
    """Whether a column of the dtype holds these different labels, each of them apart.

    >>> can_hold("int64", ["1", "2"]), can_hold("int64", ["one", "two"]), can_hold("bool", ["yes", "no"])
    (True, False, False)
    """
    target = to_dtype(dtype)
    if isinstance(target, pd.CategoricalDtype) or target == np.dtype(object):
        return True
    if isinstance(target, pd.ArrowDtype) and pa.types.is_dictionary(target.pyarrow_dtype):
        target = pd.ArrowDtype(target.pyarrow_dtype.value_type)
    try:
        held = pd.Series(list(labels), dtype=object).astype(target)
    except (ValueError, TypeError, ArithmeticError, NotImplementedError):
        return False
    return held.nunique() == len(labels)


def number_dtype(dtype: str) -> np.dtype[Any]:
    """The dtype of numpy that holds the numbers of a column; that of objects where it holds others.

    >>> number_dtype("Int8"), number_dtype("float[pyarrow]"), number_dtype("category")
    (dtype('int8'), dtype('float32'), dtype('O'))
    """
    plain = getattr(to_dtype(dtype), "numpy_dtype", to_dtype(dtype))
    return plain if isinstance(plain, np.dtype) and plain.kind in "iuf" else np.dtype(object)


def can_hold_missing(dtype: str) -> bool:
    """Whether a column of the dtype has room for a missing cell."""
    plain = to_dtype(dtype)
    return not (isinstance(plain, np.dtype) and plain.kind in "iub")


def largest_number(dtype: str) -> int:
    """The greatest whole number that a column can hold, below all of which it can hold as well."""
    plain = number_dtype(dtype)
    if plain.kind == "f":
        return int(2 ** (np.finfo(plain).nmant + 1))
    return min(int(np.iinfo(plain).max), LARGEST) if plain.kind in "iu" else LARGEST
