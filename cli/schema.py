"""`tabgan schema`: what each column is taken for, and why; to be read, corrected and passed to fit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from tabgan_cli import options
from tabgan_cli.failures import reports_failures

if TYPE_CHECKING:
    import pandas as pd

    from tabgan.schema import Schema


@reports_failures
def schema(
    table: options.RealTable,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="JSON file to write, for `tabgan fit --schema`.")
    ] = None,
    find_rules: Annotated[
        bool, typer.Option("--find-rules", help="Also propose rules between columns that all rows keep.")
    ] = False,
    sep: options.Separator = None,
    encoding: options.Encoding = None,
    decimal: options.Decimal = None,
    thousands: options.Thousands = None,
    na_values: options.NaValues = None,
    dates: options.Dates = None,
    drop: options.Drop = None,
    force: options.Force = False,
    debug: options.Debug = False,
) -> None:
    """Show what kind and type each column of a table is taken for, and why; propose rules between columns."""
    del debug
    from tabgan_cli import paths, reading, terminal

    from tabgan.infinite import finite_table
    from tabgan.schema import infer_schema
    from tabgan.whole_file import whole_file

    paths.check_table_path(table)
    paths.check_inputs(table)
    paths.check_outputs(output, inputs=(table,), force=force)
    read_options = reading.csv_options(sep, encoding, decimal, na_values, thousands, dates, drop)
    found = reading.read_rows(table, read_options, None, is_quiet=True)
    rows, infinite = finite_table(reading.without_columns(found, drop).rows, "missing")
    terminal.warn(f"{line} Fit and run refuse them without --infinite." for line in infinite)
    inferred = infer_schema(rows)
    n_rows, n_columns = terminal.counted(len(rows), "row"), terminal.counted(len(inferred), "column")
    title = f"{table.name}: {n_rows}, {n_columns}"
    terminal.print_table(title, ("column", "kind", "type", "why"), inferred.explain())
    if find_rules:
        inferred = _with_rules(inferred, rows)
    if output is not None:
        written = reading.with_style(inferred, found.style if table.format == "csv" else None)
        with whole_file(output) as handle:
            handle.write(f"{written}\n".encode())
        terminal.say(f"Wrote {output}.")


def _with_rules(schema: Schema, rows: pd.DataFrame) -> Schema:
    """The schema with the rules that all rows keep, which are printed."""
    from tabgan_cli import terminal

    from tabgan.rules.finding import find_rules
    from tabgan.schema import Schema

    proposed = find_rules(rows, schema)
    if not proposed:
        terminal.say("No rules between columns were found.")
        return schema
    told = [(str(found.rule), f"{found.n_rows:,}") for found in proposed]
    terminal.print_table("Rules that all rows keep", ("rule", "rows that could break it"), told)
    terminal.say(
        "Rules are proposals: read them, and drop those that hold by chance. "
        "For a private fit, declare only rules that you knew before."
    )
    return Schema(schema.columns, tuple(found.rule for found in proposed))
