"""Arrow tables as pandas ones that keep types and missing cells; tables of other libraries, through Arrow."""

from __future__ import annotations

import contextlib
from typing import Any, Protocol, cast

import pandas as pd
import pyarrow as pa

from tabgan.errors import SchemaError


class ArrowStream(Protocol):
    """A table of any library that hands out its rows by the Arrow PyCapsule interface."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The rows as a PyCapsule."""


def as_pandas(table: pd.DataFrame | ArrowStream) -> pd.DataFrame:
    """The table as pandas holds it, where it comes from another library that speaks Arrow.

    Polars, DuckDB, pyarrow and others hand out their rows by the Arrow PyCapsule interface; nothing of
    theirs is imported. A pandas DataFrame, and whatever is no table of Arrow's, is given back as it is.
    Source: https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html

    >>> as_pandas(pa.table({"a": [1, None]}))["a"].dtype
    Int64Dtype()
    """
    if isinstance(table, pd.DataFrame) or not hasattr(table, "__arrow_c_stream__"):
        return cast(pd.DataFrame, table)
    try:
        arrow = pa.RecordBatchReader.from_stream(table).read_all()
    except pa.ArrowInvalid:  # a single column
        return cast(pd.DataFrame, table)
    return from_arrow(arrow)


def from_arrow(table: pa.Table) -> pd.DataFrame:
    """The rows in pandas' own types; whole numbers and booleans stay what they are beside missing cells.

    Raises: SchemaError for a column with a cell that pandas has no value for.
    """
    plain = pa.table([_widely_known(column) for column in table.columns], names=table.column_names)
    plain = plain.replace_schema_metadata(table.schema.metadata)
    rows = _converted(plain)
    for name, dtype in _nullable(plain, rows).items():
        column = plain.column(name)
        rows[name] = column.to_pandas(types_mapper={column.type: dtype}.get)
    return rows


def _converted(plain: pa.Table) -> pd.DataFrame:
    if (rows := _held(plain)) is not None:
        return rows
    odd = (name for place, name in enumerate(plain.column_names) if _held(plain.select([place])) is None)
    raise SchemaError(f"Column {next(odd, None)!r}: some of its cells are none of pandas'. Make it text.")


def _held(plain: pa.Table) -> pd.DataFrame | None:
    """The rows; None where pandas cannot hold a cell: the error would quote it."""
    with contextlib.suppress(pa.ArrowException, ArithmeticError, ValueError):
        rows: pd.DataFrame = plain.to_pandas(types_mapper=_kept_type)
        return rows
    return None


def _widely_known(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text and categories in the types that every version of Arrow and pandas knows."""
    kind = column.type
    if kind in (pa.string_view(), pa.large_string()):
        is_large = column.get_total_buffer_size() >= 2**31
        return column.cast(pa.large_string() if is_large else pa.string())
    if pa.types.is_dictionary(kind) and pa.types.is_unsigned_integer(kind.index_type):
        return column.cast(pa.dictionary(pa.int64(), kind.value_type, kind.ordered))
    return column


def _kept_type(arrow: pa.DataType) -> pd.ArrowDtype | None:
    """Types that pandas would turn into objects stay Arrow's."""
    types = pa.types
    is_kept = any(
        is_one(arrow) for is_one in (types.is_date, types.is_decimal, types.is_time, types.is_nested)
    )
    return pd.ArrowDtype(arrow) if is_kept else None


def _nullable(arrow: pa.Table, rows: pd.DataFrame) -> dict[Any, Any]:
    """Whole numbers and booleans with missing cells, which pandas would make floats and objects."""
    found: dict[Any, Any] = {}
    for field in arrow.schema:
        dtype = rows.dtypes.get(field.name) if rows.columns.is_unique else None
        if pa.types.is_integer(field.type) and dtype == "float64":
            found[field.name] = pd.api.types.pandas_dtype(str(field.type).replace("i", "I").replace("u", "U"))
        elif pa.types.is_boolean(field.type) and dtype == "object":
            found[field.name] = pd.BooleanDtype()
    return found
