"""Tables and queries of a database, by URL, through SQLAlchemy.

A table is written within one transaction under a name of its own and renamed at the end, so that others
see the old table or the new one. Passwords are asked of PGPASSWORD where the URL has none.
"""

from __future__ import annotations

import contextlib
import io
import ipaddress
import logging
import os
import re
import secrets
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa
from pyarrow.csv import WriteOptions, write_csv
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, SQLAlchemyError
from tabgan_cli.arrow_file import arrow_schema
from tabgan_cli.cell_values import BLOCK_ROWS, ValueColumns
from tabgan_cli.csv_rows import refuse_repeated
from tabgan_cli.failures import CommandError, Exit
from tabgan_cli.iso_dates import write_dates
from tabgan_cli.places import Place
from tabgan_cli.tables import CsvOptions, Table, WriteRows, with_text_names

from tabgan.schema import Schema

Answer = TypeVar("Answer")

_QUERY = re.compile(r"\s*(SELECT|WITH)\s", re.IGNORECASE)
_WRITTEN = ("postgresql", "sqlite")  # there, making a table is part of the transaction
_CELL_ERRORS = ("22", "23")  # classes of SQLSTATE whose messages quote cells
_NO_UTF8 = re.compile("Could not decode to UTF-8 (column '.*?') with text ", re.DOTALL)  # of SQLite
_WRITTEN_AS_TEXT = (uuid.UUID, ipaddress.IPv4Address, ipaddress.IPv6Address)


def read_sql(place: Place, options: CsvOptions, schema: Schema | None, *, as_text: bool = False) -> Table:
    """The rows of a table or of a query. What a query changes is rolled back.

    `as_text`: no cell is refused; where text is not UTF-8, `?` stands for what cannot be read.
    """
    columns = ValueColumns(options, as_text=as_text)
    with _connected(place, forgives=as_text) as connection:
        what = _named(place)
        is_query = _QUERY.match(what) is not None
        # Colons are no parameters, and SQLAlchemy itself doubles a % where a driver needs it.
        statement = sa.text(what.replace(":", r"\:")) if is_query else _whole(connection, place, what)
        streaming = connection.execution_options(stream_results=True)
        result = _asked(place, lambda: streaming.execute(statement))
        names = [str(name) for name in result.keys()]  # noqa: SIM118  # it is no dict
        refuse_repeated(place, names, options.dropped)
        columns.append(names, [])
        readers = [] if is_query else _readers(connection, what, names)
        blocks = result.partitions(BLOCK_ROWS)
        while rows := _asked(place, lambda: next(blocks, None)):
            columns.append(names, [[_plain(cell) for cell in row] for row in _read(rows, readers)])
        is_sqlite = connection.dialect.name == "sqlite"  # which has no dates of its own
    return columns.table(schema, finds_dates=is_sqlite)


def _asked(place: Place, question: Callable[[], Answer]) -> Answer:
    """What the driver answers, which warns of cells and quotes those that Python has no value for."""
    with contextlib.suppress(ArithmeticError, ValueError), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return question()
    cure = "Name a query that casts its column to text"
    raise CommandError(Exit.DATA, f"{place}: the driver of the database cannot read a cell. {cure}.")


def check_source(place: Place) -> None:
    """Raise CommandError unless there is such a table; a query is tried when it is read."""
    with _connected(place) as connection:
        if not _QUERY.match(_named(place)):
            _whole(connection, place, _named(place))


def check_target(place: Place, *, force: bool) -> None:
    """Raise CommandError unless the table can be written without loss."""
    if _QUERY.match(_named(place)):
        raise CommandError(Exit.USAGE, f"{place}: rows are written to a table, not to a query. Name a table.")
    with _connected(place, writes=True) as connection:
        if not force and _found(connection, _named(place)) is not None:
            raise CommandError(
                Exit.INPUT_OUTPUT, f"{place}: the table already exists. Pass --force to replace it."
            )


@contextlib.contextmanager
def sql_writer(place: Place, *, replaces: bool) -> Iterator[WriteRows]:
    """A function that appends rows to a table which is whole at the end of the block, or not there at all."""
    made: list[Callable[[pd.DataFrame], None]] = []
    with _connected(place, writes=True) as connection, connection.begin():
        name = _named(place)
        old = _found(connection, name)
        schema, plain = old or _split(connection, name)
        if old is not None and not replaces:
            raise CommandError(Exit.INPUT_OUTPUT, f"{place}: the table already exists.")
        part = f"tabgan_{secrets.token_hex(8)}"

        def write(rows: pd.DataFrame) -> None:
            rows = with_text_names(rows)
            if not made:
                made.append(_inserter(connection, sa.MetaData(schema), part, rows))
            made[0](rows)

        yield write
        if not made:
            return
        quote = connection.dialect.identifier_preparer
        where = "" if schema is None else f"{quote.quote_identifier(schema)}."
        if old is not None:
            connection.exec_driver_sql(f"DROP TABLE {where}{quote.quote_identifier(plain)}")
        connection.exec_driver_sql(f"ALTER TABLE {where}{part} RENAME TO {quote.quote_identifier(plain)}")


def _inserter(
    connection: sa.Connection, metadata: sa.MetaData, name: str, first: pd.DataFrame
) -> Callable[[pd.DataFrame], None]:
    """Make the table for these first rows; a function that inserts rows into it."""
    adapted = _for_sqlite if connection.dialect.name == "sqlite" else _for_postgresql
    schema = _without_labels(arrow_schema(adapted(first)))
    columns = [sa.Column(field.name, _sql_type(field.type)) for field in schema]
    table = sa.Table(name, metadata, *columns)
    table.create(connection)
    # Names of columns may hold any sign, names of parameters may not.
    keys = [f"c{place}" for place in range(len(columns))]
    values: dict[str, Any] = {
        column.name: sa.bindparam(key) for column, key in zip(columns, keys, strict=True)
    }
    statement = sa.insert(table).values(values)

    def insert(rows: pd.DataFrame) -> None:
        arrow = pa.Table.from_pandas(adapted(rows), schema=schema, preserve_index=False, nthreads=1)
        if connection.dialect.driver == "pg8000":  # which would take a message to the server for each row
            _copy(connection, table, arrow)
            return
        for batch in arrow.to_batches(max_chunksize=BLOCK_ROWS):
            cells = [column.to_pylist() for column in batch.columns]
            lines = [dict(zip(keys, row, strict=True)) for row in zip(*cells, strict=True)]
            if lines:
                connection.execute(statement, lines)

    return insert


def _copy(connection: sa.Connection, table: sa.Table, rows: pa.Table) -> None:
    """Append rows as CSV, in which Arrow and PostgreSQL agree on what is missing: no text, without quotes."""
    text = io.BytesIO()
    write_csv(rows, text, WriteOptions(include_header=False))
    text.seek(0)
    name = connection.dialect.identifier_preparer.format_table(table)
    cursor = connection.connection.cursor()
    errors = connection.dialect.loaded_dbapi.Error
    try:
        cursor.execute(f"COPY {name} FROM STDIN WITH (FORMAT csv)", stream=text)  # type: ignore[call-arg]
    except errors as error:
        raise DBAPIError.instance("COPY", None, error, errors) from None
    finally:
        cursor.close()


def _without_labels(schema: pa.Schema) -> pa.Schema:
    """The schema with the labels themselves in the place of categories."""
    fields = [
        pa.field(field.name, field.type.value_type if pa.types.is_dictionary(field.type) else field.type)
        for field in schema
    ]
    return pa.schema(fields)


def _sql_type(kind: pa.DataType) -> sa.types.TypeEngine[Any]:
    types = pa.types
    if types.is_boolean(kind):
        return sa.Boolean()
    if types.is_integer(kind):
        return sa.Numeric(20, 0) if kind == pa.uint64() else sa.BigInteger()
    if types.is_floating(kind):
        return sa.Double()
    if types.is_decimal(kind):
        return sa.Numeric(kind.precision, kind.scale)
    if types.is_date(kind):
        return sa.Date()
    return sa.DateTime(timezone=kind.tz is not None) if types.is_timestamp(kind) else sa.Text()


def _for_postgresql(rows: pd.DataFrame) -> pd.DataFrame:
    """Databases count microseconds; durations become text."""
    changed: dict[Any, Any] = {}
    for name, dtype in rows.dtypes.items():
        if pd.api.types.is_timedelta64_dtype(dtype):
            changed[name] = rows[name].map(str, na_action="ignore").astype(object)
        elif "[ns" in str(dtype):
            changed[name] = rows[name].dt.as_unit("us")
    return rows.assign(**changed) if changed else rows


def _for_sqlite(rows: pd.DataFrame) -> pd.DataFrame:
    """SQLite knows no zones and no decimals either: they become ISO text and floats."""
    changed: dict[Any, Any] = {}
    for name, dtype in rows.dtypes.items():
        arrow = dtype.pyarrow_dtype if isinstance(dtype, pd.ArrowDtype) else None
        if isinstance(dtype, pd.DatetimeTZDtype) or (arrow is not None and getattr(arrow, "tz", None)):
            changed[name] = pd.Series(write_dates(rows[name], None)[0], index=rows.index, dtype=object)
        elif arrow is not None and pa.types.is_decimal(arrow):
            changed[name] = rows[name].astype("float64")
    return _for_postgresql(rows.assign(**changed) if changed else rows)


def _plain(cell: Any) -> Any:
    return str(cell) if isinstance(cell, _WRITTEN_AS_TEXT) else cell


def _readers(connection: sa.Connection, what: str, names: list[str]) -> list[int]:
    """Places of the columns that SQLite declares boolean and holds as 0 and 1."""
    if connection.dialect.name != "sqlite":
        return []
    schema, plain = _found(connection, what) or (None, what)
    declared = sa.inspect(connection).get_columns(plain, schema=schema)
    booleans = {column["name"] for column in declared if isinstance(column["type"], sa.Boolean)}
    return [place for place, name in enumerate(names) if name in booleans]


def _read(rows: Any, booleans: list[int]) -> Iterator[Any]:
    truth = {0: False, 1: True}
    for row in rows:
        cells = list(row)
        for place in booleans:
            cells[place] = truth.get(cells[place], cells[place])
        yield cells


def _named(place: Place) -> str:
    """The table or query that stands behind the URL."""
    _, _, what = place.text.partition("#")
    if not what.strip():
        raise CommandError(Exit.USAGE, f"{place}: name a table or a query after a #, as in URL#orders.")
    return what


def _split(connection: sa.Connection, name: str) -> tuple[str | None, str]:
    """Schema, if there is one, and table."""
    schema, dot, plain = name.partition(".")
    return (schema, plain) if dot and schema in sa.inspect(connection).get_schema_names() else (None, name)


def _found(connection: sa.Connection, name: str) -> tuple[str | None, str] | None:
    """Schema and name of a table or view that is there."""
    inspector = sa.inspect(connection)
    for schema, plain in ((None, name), _split(connection, name)):
        if inspector.has_table(plain, schema=schema):
            return schema, plain
    return None


def _whole(connection: sa.Connection, place: Place, name: str) -> sa.Select[Any]:
    found = _found(connection, name)
    if found is None:
        raise CommandError(Exit.INPUT_OUTPUT, f"{place}: there is no such table.")
    return sa.select(sa.text("*")).select_from(sa.table(found[1], schema=found[0]))


@contextlib.contextmanager
def _connected(place: Place, *, writes: bool = False, forgives: bool = False) -> Iterator[sa.Connection]:
    """A connection; what the database says of a failure is one line. Raises: CommandError."""
    engine = _engine(place, writes=writes)
    if forgives and engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _forgive)
    is_sqlite = engine.dialect.name == "sqlite" and bool(engine.url.database)
    file = Path(engine.url.database or "") if is_sqlite else None
    is_new = file is not None and not file.exists()
    try:
        with engine.connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise CommandError(Exit.INPUT_OUTPUT, f"{place}: {_told(error)}") from None
    finally:
        engine.dispose()
        # SQLite makes an empty file as soon as it is asked anything.
        if file is not None and is_new and file.is_file() and file.stat().st_size == 0:
            file.unlink()


def _engine(place: Place, *, writes: bool) -> sa.Engine:
    # What it logs of a failure quotes cells.
    logging.getLogger("sqlalchemy").setLevel(logging.CRITICAL)
    try:
        url = sa.make_url(place.text.partition("#")[0])
        dialect = url.get_backend_name()
        if writes and dialect not in _WRITTEN:
            told = f"a table of {dialect} could be left half written"
            raise CommandError(Exit.USAGE, f"{place}: {told}. Write to PostgreSQL, SQLite or a file.")
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+pg8000")
        if dialect == "postgresql" and url.password is None:
            url = url.set(password=os.environ.get("PGPASSWORD"))
        if dialect == "sqlite" and not writes and url.database and not Path(url.database).is_file():
            raise CommandError(Exit.INPUT_OUTPUT, f"{place}: there is no such file.")
        engine = sa.create_engine(url, poolclass=sa.NullPool)
    except ModuleNotFoundError as error:
        cure = "Install it; tabgan-toolkit[sql] brings pg8000, for PostgreSQL"
        raise CommandError(Exit.USAGE, f"{place}: there is no driver {error.name}. {cure}.") from None
    except (ArgumentError, ValueError):
        example = "postgresql://user@host/database#table or sqlite:///file.db#table"
        raise CommandError(Exit.USAGE, f"{place} is not the URL of a database. Write {example}.") from None
    if dialect == "sqlite":
        _begin_early(engine)
    return engine


def _begin_early(engine: sa.Engine) -> None:
    """Python's sqlite3 makes tables outside of the transaction unless it is kept from it."""

    @sa.event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN")


def _forgive(connection: Any, _record: object) -> None:
    """Let SQLite hand out text that is not UTF-8, with halves of letters for what cannot be read."""
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")


def _told(error: SQLAlchemyError) -> str:
    """What the database says, without a cell and without the statement."""
    cause = getattr(error, "orig", None) or error
    facts = cause.args[0] if cause.args and isinstance(cause.args[0], dict) else {}  # pg8000
    state = facts.get("C") or getattr(cause, "sqlstate", None) or ""
    if state.startswith(_CELL_ERRORS):
        return f"the database refuses a cell (SQLSTATE {state})."
    if isinstance(error, DataError):
        return "the database refuses a cell."
    message = facts.get("M") or next(iter(str(cause).splitlines()), "") or type(cause).__name__
    if found := _NO_UTF8.match(str(cause)):
        return (
            f"{found[1]} holds text that is not UTF-8. Mend it, or read it with a query that leaves it out."
        )
    return f"{message.rstrip('.')}."
