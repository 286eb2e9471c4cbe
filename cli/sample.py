"""`tabgan sample`: new rows from a model."""

from __future__ import annotations

from typing import Annotated

import typer
from tabgan_cli import options
from tabgan_cli.failures import reports_failures


@reports_failures
def sample(
    model: options.ModelArgument,
    num_rows: Annotated[int, typer.Option("--num-rows", "-n", min=0, help="Number of rows to make.")],
    output: options.Output,
    where: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=VALUE",
            help="Only such rows: income='>50K', age=30:40, age=30:, day=2024-01-01..2024-01-31. "
            "Repeatable; the same column again: any of its values.",
        ),
    ] = None,
    rounds: options.Rounds = None,
    seed: options.SampleSeed = None,
    device: options.Device = options.DeviceName.auto,
    force: options.Force = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Make new rows from a model."""
    del debug
    from tabgan_cli import paths, table_file, terminal, training
    from tabgan_cli.conditions import parse_conditions

    paths.check_table_path(output)
    paths.check_inputs(model)
    paths.check_outputs(output, inputs=(model,), force=force)
    training.check_device(device.value)
    fitted, style = training.load_model(model, device.value)
    conditions = parse_conditions(where or (), fitted.schema_)
    batches = fitted.sample_iter(num_rows, conditions=conditions, rounds=rounds, seed=seed)
    with (
        terminal.counting_rows("Sampling", num_rows, is_quiet=quiet) as count,
        table_file.table_writer(output, style) as write,
    ):
        for rows in batches:
            write(rows)
            count(len(rows))
    if not quiet:
        terminal.say(f"Wrote {num_rows:,} rows to {output}.")
