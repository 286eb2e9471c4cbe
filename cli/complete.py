"""`tabgan complete`: fill the missing cells of given rows."""

from __future__ import annotations

import warnings
from typing import Annotated

import typer
from tabgan_cli import options
from tabgan_cli.failures import reports_failures
from tabgan_cli.places import Place


@reports_failures
def complete(
    model: options.ModelArgument,
    table: Annotated[
        Place,
        typer.Argument(
            metavar="ROWS", parser=Place, help="Rows with empty cells; columns may be missing altogether."
        ),
    ],
    output: options.Output,
    seed: options.SampleSeed = None,
    device: options.Device = options.DeviceName.auto,
    sep: options.Separator = None,
    encoding: options.Encoding = None,
    decimal: options.Decimal = None,
    thousands: options.Thousands = None,
    na_values: options.NaValues = None,
    dates: options.Dates = None,
    drop: options.Drop = None,
    formula_guard: options.FormulaGuard = True,
    force: options.Force = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Fill the empty cells of given rows from a model; cells that are given stay."""
    del debug
    from tabgan_cli import paths, reading, table_file, terminal, training

    from tabgan.errors import TabganWarning

    paths.check_table_path(table)
    paths.check_table_path(output)
    paths.check_inputs(model, table)
    paths.check_outputs(output, inputs=(model, table), force=force)
    read_options = reading.csv_options(sep, encoding, decimal, na_values, thousands, dates, drop)
    fitted, style = training.load_model(model, device.value)
    given = reading.read_given(table, read_options.like(style), fitted.schema_)
    # A column without any cell is one that is lacking: it has no type that made cells must take.
    known = given.rows.dropna(axis="columns", how="all") if len(given.rows) else given.rows
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", TabganWarning)
        completed = fitted.complete(known, seed=seed)
    terminal.warn(str(warning.message) for warning in told)
    names = list(given.rows.columns)
    names += [name for name in completed.columns if name not in names]
    with table_file.table_writer(
        output, given.style.over(style), guards_formulas=formula_guard, replaces=force
    ) as write:
        write(completed[names])
    if not quiet:
        n_cells = int(given.rows.isna().sum().sum()) + len(completed) * (len(names) - given.rows.shape[1])
        written, filled = terminal.counted(len(completed), "row"), terminal.counted(n_cells, "cell")
        terminal.say(f"Wrote {written} to {output}; {filled} {'was' if n_cells == 1 else 'were'} filled.")
