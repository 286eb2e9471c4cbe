"""Tables in and out by the file's ending: CSV (gzip too) and Parquet."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from tabgan_cli.cell_text import Declared, type_column, with_points, write_column
from tabgan_cli.csv_rows import read_csv_text, separator_of_header
from tabgan_cli.failures import CommandError, Exit
from tabgan_cli.paths import is_parquet

from tabgan.schema import Column, Schema
from tabgan.whole_file import whole_file

WriteRows: TypeAlias = Callable[[pd.DataFrame], None]

_TEXT_DTYPES = ("str", "string", "utf8", "large_string")


@dataclass(frozen=True)
class CsvOptions:
    """What the user says about a CSV file; None = look at the file."""

    separator: str | None = None
    encoding: str | None = None
    decimal: str = "."
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class CsvStyle:
    """How a CSV file was written, so that a table like it can be written alike."""

    separator: str = ","
    decimal: str = "."
    columns: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The style as JSON."""
        return {"separator": self.separator, "decimal": self.decimal, "columns": dict(self.columns)}

    @classmethod
    def from_dict(cls, facts: object) -> CsvStyle:
        """The style that `to_dict` wrote; the usual style for anything else."""
        if not isinstance(facts, Mapping):
            return cls()
        separator, decimal, columns = (facts.get(key) for key in ("separator", "decimal", "columns"))
        if not isinstance(separator, str) or len(separator) != 1 or decimal not in (".", ","):
            return cls()
        if not isinstance(columns, Mapping):
            return cls()
        return cls(separator, str(decimal), {str(name): str(style) for name, style in columns.items()})

    def over(self, other: CsvStyle) -> CsvStyle:
        """This style, with the columns it says nothing of as in the other."""
        return CsvStyle(self.separator, self.decimal, {**other.columns, **self.columns})


@dataclass(frozen=True)
class Table:
    """Rows, how they were written, and what the reader should know about them."""

    rows: pd.DataFrame
    style: CsvStyle = field(default_factory=CsvStyle)
    warnings: tuple[str, ...] = ()


def read_table(path: Path, options: CsvOptions | None = None, *, schema: Schema | None = None) -> Table:
    """The table in a file. Columns of a CSV that the schema declares are read as it says.

    Raises: CommandError for a file that is no whole table, OSError where it cannot be read.
    """
    if is_parquet(path):
        return _read_parquet(path)
    return _read_csv(path, options or CsvOptions(), schema)


def _read_csv(path: Path, options: CsvOptions, schema: Schema | None) -> Table:
    text = read_csv_text(path, separator=options.separator, encoding=options.encoding)
    declared = {column.name: _declared(column) for column in schema or ()}
    rows: dict[str, pd.Series[Any]] = {}
    styles: dict[str, str] = {}
    warnings = []
    if len(text.names) > 1 and all(_is_number(name) for name in text.names):
        warnings.append("All column names are numbers: is the line with the names missing?")
    for name, cells in zip(text.names, text.columns, strict=True):
        column = type_column(
            name, cells, decimal=options.decimal, missing=options.missing, declared=declared.get(name)
        )
        rows[name] = column.cells
        if column.style:
            styles[name] = column.style
        if column.warning:
            warnings.append(column.warning)
    style = CsvStyle(text.separator, options.decimal, styles)
    return Table(pd.DataFrame(rows, columns=list(text.names)), style, tuple(warnings))


def read_cells(path: Path, options: CsvOptions, *, schema: Schema | None = None) -> Table:
    """The table in a file, each row by itself: what is said of one row does not depend on the others.

    Cells of a CSV stay text, missing where they are empty or as `options` say; the separator is that
    of the header. Parquet has its own types.
    """
    if is_parquet(path):
        return _read_parquet(path)
    separator = options.separator or separator_of_header(path, options.encoding)
    text = read_csv_text(path, separator=separator, encoding=options.encoding)
    is_text = {c.name for c in schema or () if c.kind in ("categorical", "identifier")}
    missing = pa.array(["", *options.missing], pa.string())
    rows: dict[str, pd.Series[Any]] = {}
    for name, cells in zip(text.names, text.columns, strict=True):
        present = pc.if_else(pc.is_in(cells, missing), None, cells)
        if options.decimal == "," and name not in is_text:
            present = with_points(present)
        rows[name] = pd.Series(present.to_numpy(), dtype=object)
    return Table(pd.DataFrame(rows, columns=list(text.names)), CsvStyle(separator, options.decimal))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _declared(column: Column) -> Declared:
    """How text of this column is to be read; None: by its looks."""
    if column.kind == "datetime":
        return "datetime"
    if not column.dtype:
        return "whole" if column.kind == "numeric" else None
    if column.dtype.startswith(_TEXT_DTYPES) or (column.dtype == "object" and column.element == "text"):
        return "text"
    dtype = column.dtype.lower().removesuffix("[pyarrow]")
    if dtype.startswith(("int", "uint")) or column.element == "int":
        return "whole"
    is_number = dtype.startswith(("float", "double", "decimal", "halffloat"))
    return "number" if is_number or column.element in ("float", "decimal") else None


def _read_parquet(path: Path) -> Table:
    try:
        # A ParquetFile, for a plain path would make columns of folders called like "year=2024".
        with pq.ParquetFile(path) as file:
            arrow = file.read()
    except (pa.ArrowException, OSError):
        raise CommandError(Exit.DATA, f"{path} is not a readable Parquet file.") from None
    rows = arrow.to_pandas(types_mapper=_kept_type)
    for name, dtype in _nullable(arrow, rows).items():
        rows[name] = arrow.column(name).to_pandas(types_mapper={arrow.schema.field(name).type: dtype}.get)
    has_index = not (isinstance(rows.index, pd.RangeIndex) and rows.index.name is None)
    warning = f"{path}: its index is left out. Make it a column to learn it."
    return Table(rows.reset_index(drop=True), warnings=(warning,) if has_index else ())


def _kept_type(arrow: pa.DataType) -> pd.ArrowDtype | None:
    """Types that pandas would turn into objects stay Arrow's."""
    return pd.ArrowDtype(arrow) if pa.types.is_date(arrow) or pa.types.is_decimal(arrow) else None


def _nullable(arrow: pa.Table, rows: pd.DataFrame) -> dict[Any, Any]:
    """Whole numbers and booleans with missing cells, which pandas would make floats and objects."""
    found: dict[Any, Any] = {}
    for field_ in arrow.schema:
        dtype = rows.dtypes.get(field_.name) if rows.columns.is_unique else None
        if pa.types.is_integer(field_.type) and dtype == "float64":
            found[field_.name] = pd.api.types.pandas_dtype(
                str(field_.type).replace("i", "I").replace("u", "U")
            )
        elif pa.types.is_boolean(field_.type) and dtype == "object":
            found[field_.name] = pd.BooleanDtype()
    return found


@contextmanager
def table_writer(path: Path, style: CsvStyle | None = None) -> Iterator[WriteRows]:
    """A function that appends rows to a file which is there, whole, at the end of the block, or not at all.

    Write at least once, an empty table where there are no rows.
    """
    with ExitStack() as stack:
        handle = stack.enter_context(whole_file(path))
        if is_parquet(path):
            yield _parquet_rows(handle, stack)
            return
        if path.suffix.lower() == ".gz":
            # No name and no time inside: equal tables are equal files.
            packed = gzip.GzipFile(filename="", mode="wb", fileobj=handle, mtime=0, compresslevel=6)
            handle = cast(BinaryIO, stack.enter_context(packed))
        yield _csv_rows(handle, path, style or CsvStyle())


def _parquet_rows(handle: BinaryIO, stack: ExitStack) -> WriteRows:
    writer: list[pq.ParquetWriter] = []

    def write(rows: pd.DataFrame) -> None:
        rows = _with_text_names(rows)
        schema = writer[0].schema if writer else _arrow_schema(rows)
        table = pa.Table.from_pandas(rows, schema=schema, preserve_index=False)
        if not writer:
            writer.append(stack.enter_context(pq.ParquetWriter(handle, schema)))
        writer[0].write_table(table)

    return write


def _arrow_schema(rows: pd.DataFrame) -> pa.Schema:
    """Schema of the first rows; a column that holds nothing yet is text."""
    schema = pa.Schema.from_pandas(rows, preserve_index=False)
    for place, kind in enumerate(schema.types):
        if pa.types.is_null(kind):
            schema = schema.set(place, pa.field(schema.names[place], pa.string()))
    return schema


def _csv_rows(handle: BinaryIO, path: Path, style: CsvStyle) -> WriteRows:
    separator = "\t" if path.name.lower().removesuffix(".gz").endswith(".tsv") else style.separator
    styles = dict(style.columns)
    is_first = True

    def write(rows: pd.DataFrame) -> None:
        nonlocal is_first
        rows = _with_text_names(rows)
        written: dict[int, pd.Series[Any]] = {}
        for place, name in enumerate(rows.columns):
            cells, used = write_column(rows.iloc[:, place], styles.get(name, ""), style.decimal)
            written[place] = cells
            styles[name] = used
        text = pd.DataFrame(written, index=rows.index)
        text.columns = rows.columns
        buffer = io.StringIO()
        text.to_csv(
            buffer, index=False, header=is_first, sep=separator, decimal=style.decimal, lineterminator="\n"
        )
        handle.write(buffer.getvalue().encode("utf-8"))
        is_first = False

    return write


def _with_text_names(rows: pd.DataFrame) -> pd.DataFrame:
    renamed: pd.DataFrame = rows.copy(deep=False)
    renamed.columns = pd.Index([str(name) for name in rows.columns], dtype=object)
    return renamed
