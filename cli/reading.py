"""From what the command line says to a table: checks of options, reading, schema files."""

from __future__ import annotations

import json
from collections.abc import Hashable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tabgan_cli.failures import CommandError, Exit

if TYPE_CHECKING:
    import pandas as pd
    from tabgan_cli.places import Place
    from tabgan_cli.tables import CsvOptions, CsvStyle, Table

    from tabgan.schema import Schema

_STYLE = "csv"  # entry of a schema file, as of a model's manifest


def csv_options(
    separator: str | None,
    encoding: str | None,
    decimal: str | None,
    missing: list[str] | None,
    thousands: str | None,
    dates: list[str] | None,
    drop: list[str] | None,
) -> CsvOptions:
    """The options for reading CSV, checked. Raises: CommandError."""
    from tabgan_cli.date_formats import checked_formats
    from tabgan_cli.tables import CsvOptions, is_encoding, is_thousands

    names = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "space": " "}
    separator = names.get(separator, separator) if separator is not None else None
    if separator is not None and (len(separator) != 1 or separator in '"\r\n'):
        raise CommandError(Exit.USAGE, "--sep takes one character, such as ',' ';' '|' or 'tab'.")
    if decimal not in (None, ".", ","):
        raise CommandError(Exit.USAGE, "--decimal takes '.' or ','.")
    if thousands is not None and not is_thousands(thousands, decimal):
        told = "--thousands takes one character, such as ',' '.' or ' ', but not the decimal point"
        raise CommandError(Exit.USAGE, f"{told}.")
    if decimal is None and thousands in (".", ","):
        decimal = "," if thousands == "." else "."
    if encoding is not None and not is_encoding(encoding):
        raise CommandError(Exit.USAGE, f"--encoding: unknown encoding {encoding!r}.")
    return CsvOptions(
        *(separator, encoding, decimal, tuple(missing or ()), checked_formats(dates), tuple(drop or ())),
        thousands=thousands or "",
    )


def personal_choices(texts: list[str] | None) -> dict[Hashable, str]:
    """Column → choice from what was passed with --personal. Raises: CommandError."""
    from tabgan.personal_columns import CHOICES

    choices: dict[Hashable, str] = {}
    for text in texts or ():
        name, _, choice = text.rpartition("=")
        told = f"there is no choice {choice!r}" if name else "no column is named. Write COLUMN=CHOICE"
        if not name or choice not in CHOICES:
            raise CommandError(Exit.USAGE, f"--personal {text!r}: {told}. Use one of {', '.join(CHOICES)}.")
        choices[name] = choice
    return choices


def read_schema_file(path: Path | None, drop: Sequence[str] | None = None) -> Schema | None:
    """The schema in a file, if one is named, without what is dropped. Raises: SchemaError."""
    if path is None:
        return None
    from tabgan.schema import Schema

    schema = Schema.load(path)
    return Schema(tuple(c for c in schema if str(c.name) not in (drop or ())), schema.rules)


def with_style(schema: Schema, style: CsvStyle | None) -> str:
    """A schema file, which also says how the CSV that it was read off is written: a fit reads it alike."""
    facts = schema.to_dict()
    if style is not None:
        facts[_STYLE] = replace(style, columns={}).to_dict()
    return json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False)


def as_schema_says(options: CsvOptions, path: Path | None, *, is_private: bool = False) -> CsvOptions:
    """The options, and for what they leave open what the schema file says of how its CSV is written.

    `is_private`: the decimal point too is taken from there, since it is not found by looking at rows.
    """
    from tabgan_cli.tables import CsvStyle

    facts = {} if path is None else json.loads(path.read_text(encoding="utf-8-sig"))
    if not isinstance(facts.get(_STYLE), dict):
        return options
    style = CsvStyle.from_dict(facts[_STYLE])
    decimal = options.decimal or (style.decimal if is_private else None)
    return replace(options, decimal=decimal).like(style)


def read_given(place: Place, options: CsvOptions, schema: Schema) -> Table:
    """Rows for a model of this schema, without the columns to be dropped."""
    return without_columns(read_rows(place, options, schema, is_quiet=True), options.dropped)


def without_columns(table: Table, names: Sequence[str] | None) -> Table:
    """The table without columns that were named to be dropped. Raises: CommandError for one it lacks."""
    check_dropped(names, [table.rows])
    return replace(table, rows=kept_columns(table.rows, names)) if names else table


def check_dropped(names: Sequence[str] | None, tables: Sequence[pd.DataFrame]) -> None:
    """Raise CommandError for a column to be dropped that none of the tables has."""
    there = {str(name) for rows in tables for name in rows.columns}
    if unknown := [name for name in names or () if name not in there]:
        which = "the table has no" if len(tables) == 1 else "none of the tables has a"
        raise CommandError(Exit.USAGE, f"--drop: {which} column {unknown[0]!r}.")


def kept_columns(rows: pd.DataFrame, names: Sequence[str] | None) -> pd.DataFrame:
    """The rows without those of the columns that they have."""
    kept: pd.DataFrame = rows.loc[:, [str(name) not in (names or ()) for name in rows.columns]]
    return kept


def read_rows(
    place: Place, options: CsvOptions, schema: Schema | None, *, is_quiet: bool, is_private: bool = False
) -> Table:
    """The table in a file; what there is to say about it goes to stderr.

    `is_private`: every cell stays as it is written, so that no row is read in the light of others.
    """
    from tabgan_cli import table_file, terminal

    read = table_file.read_cells if is_private else table_file.read_table
    found = read(place, options, schema=schema)
    terminal.warn(found.warnings)
    if not is_quiet:
        rows, columns = map(terminal.counted, found.rows.shape, ("row", "column"))
        terminal.say(f"Read {columns}, each row by itself." if is_private else f"Read {rows} and {columns}.")
    return found
