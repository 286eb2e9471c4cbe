"""`tabgan fit`: learn a table, write a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from tabgan_cli import options
from tabgan_cli.failures import reports_failures


@reports_failures
def fit(
    table: options.RealTable,
    model: Annotated[Path, typer.Option("--model", "-m", help="Model file to write, such as model.tabgan.")],
    schema: options.SchemaFile = None,
    target: options.Target = None,
    personal: options.Personal = None,
    locale: options.Locale = None,
    epochs: options.Epochs = None,
    max_seconds: options.MaxSeconds = None,
    epsilon: options.Epsilon = None,
    delta: options.Delta = None,
    privacy: options.PrivacyFile = None,
    ledger: options.LedgerFile = None,
    seed: options.Seed = 0,
    drop_broken_rows: options.DropBrokenRows = False,
    device: options.Device = options.DeviceName.auto,
    sep: options.Separator = None,
    encoding: options.Encoding = None,
    decimal: options.Decimal = None,
    na_values: options.NaValues = None,
    drop: options.Drop = None,
    infinite: options.Infinite = options.InfiniteRule.error,
    max_categories: options.MaxCategories = None,
    allow_tiny: options.AllowTiny = False,
    force: options.Force = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Learn a table and write a model of it."""
    del debug
    from tabgan_cli import paths, private, reading, terminal, training

    paths.check_table_path(table)
    paths.check_inputs(table, schema, privacy)
    budget = private.read_budget(epsilon, delta, privacy, ledger, beside=model, limits=(epochs, max_seconds))
    paths.check_outputs(
        model, inputs=(table, schema, privacy, budget.ledger if budget else None), force=force
    )
    read_options = reading.csv_options(sep, encoding, decimal, na_values)
    declared = reading.read_schema_file(schema)
    choices = reading.personal_choices(personal)
    job = training.Job(
        declared,
        target,
        epochs,
        max_seconds,
        seed,
        device.value,
        quiet,
        budget,
        choices,
        locale,
        infinite=infinite.value,
        max_categories=max_categories,
        allow_tiny=allow_tiny,
        drops_broken_rows=drop_broken_rows,
    )
    found = reading.read_real(table, read_options, declared, is_private=budget is not None, is_quiet=quiet)
    found = reading.without_columns(found, drop)
    fitted = training.trained(found.rows, job)
    training.save_model(fitted, model, found.style)
    if not quiet:
        terminal.say(f"Wrote {model}.")
