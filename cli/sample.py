"""`tabgan sample`: new rows from a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from tabgan_cli import options
from tabgan_cli.failures import CommandError, Exit, reports_failures
from tabgan_cli.places import Place

if TYPE_CHECKING:
    from tabgan_cli.tables import CsvOptions


@reports_failures
def sample(
    model: options.ModelArgument,
    output: options.Output,
    num_rows: Annotated[
        int | None, typer.Option("--num-rows", "-n", min=0, help="Number of rows to make.")
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=VALUE",
            help="Only rows like these: income='>50K', age=30:40, age=30:, day=2024-01-01..2024-01-31. "
            "Repeatable; naming a column again allows another value.",
        ),
    ] = None,
    counts: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=VALUE=ROWS",
            help="Number of rows with a value: income='>50K'=500. Repeatable; a larger -n adds other values.",
        ),
    ] = None,
    shares: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=VALUE=SHARE", help="The same, as shares of -n: income='>50K'=.5"),
    ] = None,
    conditions: Annotated[
        Place | None,
        typer.Option(
            metavar="ROWS",
            parser=Place,
            help="A table: one row is made for each of its rows and keeps the cells given there.",
        ),
    ] = None,
    sep: options.Separator = None,
    encoding: options.Encoding = None,
    decimal: options.Decimal = None,
    thousands: options.Thousands = None,
    na_values: options.NaValues = None,
    dates: options.Dates = None,
    drop: options.Drop = None,
    rounds: options.Rounds = None,
    seed: options.SampleSeed = None,
    device: options.Device = options.DeviceName.auto,
    formula_guard: options.FormulaGuard = True,
    force: options.Force = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Make new rows from a model."""
    del debug
    from tabgan_cli import paths, reading, table_file, terminal, training
    from tabgan_cli.conditions import parse_conditions, parse_numbers

    paths.check_table_path(output)
    if conditions is not None:
        paths.check_table_path(conditions)
    paths.check_inputs(model, conditions)
    paths.check_outputs(output, inputs=(model, conditions), force=force)
    _check_request(num_rows, where, counts, shares, conditions)
    read_options = reading.csv_options(sep, encoding, decimal, na_values, thousands, dates, drop)
    _check_read_options(read_options, conditions)
    fitted, style = training.load_model(model, device.value)
    schema = fitted.schema_
    given = None
    if conditions is not None:
        given = reading.read_given(conditions, read_options.like(style), schema).rows
    asked = parse_numbers(counts or (), schema, option="--counts")
    batches = fitted.sample_iter(
        num_rows,
        conditions=parse_conditions(where or (), schema) if given is None else given,
        counts=asked,
        shares=parse_numbers(shares or (), schema, option="--shares"),
        rounds=rounds,
        seed=seed,
    )
    n_asked = int(sum(sum(of_values.values()) for of_values in asked.values()))
    total = len(given) if given is not None else n_asked if num_rows is None else num_rows
    paths.check_size(output, total)
    with (
        terminal.counting_rows(total, is_quiet=quiet) as count,
        table_file.table_writer(output, style, guards_formulas=formula_guard, replaces=force) as write,
    ):
        for rows in batches:
            write(rows)
            count(len(rows))
    if not quiet:
        terminal.say(f"Wrote {terminal.counted(total, 'row')} to {output}.")


def _check_read_options(read_options: CsvOptions, conditions: Place | None) -> None:
    """Raise CommandError for options of a file that is not there."""
    from tabgan_cli.tables import CsvOptions

    if conditions is None and read_options != CsvOptions():
        told = "--sep, --encoding, --decimal, --thousands, --na-values, --dates and --drop"
        raise CommandError(Exit.USAGE, f"{told} only apply to the file of --conditions.")


def _check_request(
    num_rows: int | None,
    where: list[str] | None,
    counts: list[str] | None,
    shares: list[str] | None,
    conditions: Place | None,
) -> None:
    """Raise CommandError where options do not go together or none says how many rows."""
    if conditions is not None and (num_rows is not None or where or counts or shares):
        raise CommandError(
            Exit.USAGE, "--conditions cannot be combined with -n, --where, --counts or --shares."
        )
    if num_rows is None and conditions is None and not counts:
        raise CommandError(Exit.USAGE, "How many rows? Give -n, --counts or --conditions.")
