"""`tabgan plan`: what a private fit would do and what to expect of it, before any data is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from tabgan_cli import options
from tabgan_cli.failures import refused_values, reports_failures

if TYPE_CHECKING:
    from tabgan import PrivatePlan

WORST_SHOWN = 5


@reports_failures
def plan(
    rows: Annotated[int, typer.Option(min=1, help="Rough number of rows; it counts as public.")],
    schema: Annotated[Path, typer.Option("--schema", help="Schema file: what is public about the columns.")],
    epsilon: Annotated[float, typer.Option(help="The budget, for one row added or removed.")],
    delta: options.Delta = None,
    privacy: options.PrivacyFile = None,
    debug: options.Debug = False,
) -> None:
    """Show noise, steps, expected errors, memory and time of a private fit, without reading a table."""
    del debug
    from tabgan_cli import paths, private, reading, releases, terminal

    from tabgan import plan_private

    paths.check_inputs(schema, privacy)
    private.check_epsilon(epsilon, delta)
    config, declared = private.read_config(privacy, epsilon), reading.read_schema_file(schema)
    assert declared is not None
    with refused_values():  # a delta above 1 / rows
        made = plan_private(declared, rows, epsilon=epsilon, delta=delta, privacy=config)
    title = f"Private fit of about {rows:,} rows and {len(declared)} columns"
    terminal.print_table(title, ("fact", "value"), made.facts())
    terminal.print_table("Planned releases", releases.HEADS, releases.rows_of(made.entries, made.spent.delta))
    heads = ("columns", "expected share of rows counted wrongly")
    terminal.print_table("Error of the noisy counts, worst first", heads, _errors(made))
    terminal.warn(made.warnings)


def _errors(made: PrivatePlan) -> list[tuple[str, str]]:
    """The worst single columns, then the worst pairs."""
    ones = sorted(made.one_way_error.items(), key=lambda told: -told[1])[:WORST_SHOWN]
    twos = sorted(made.two_way_error.items(), key=lambda told: -told[1])[:WORST_SHOWN]
    return [
        *((str(name), f"{error:.1%}") for name, error in ones),
        *((f"{first} × {second}", f"{error:.1%}") for (first, second), error in twos),
    ]
