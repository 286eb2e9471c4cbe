"""`tabgan audit`: attack private training with canaries, beside what it claims."""

from __future__ import annotations

import json as json_text
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from tabgan_cli import options
from tabgan_cli.failures import CommandError, Exit, refused_values, reports_failures

if TYPE_CHECKING:
    from tabgan.auditing import Audit

MOST_CANARIES = 100_000


@reports_failures
def audit(
    table: options.RealTable,
    epsilon: Annotated[float, typer.Option(help="The claim to attack: epsilon as given to a private fit.")],
    delta: Annotated[
        float | None, typer.Option(help="Must be below 1 / rows; the default is that of a fit.")
    ] = None,
    schema: options.SchemaFile = None,
    target: options.Target = None,
    canaries: Annotated[
        int, typer.Option(min=20, max=MOST_CANARIES, help="Made-up rows, each put in by a coin flip.")
    ] = 1000,
    seed: Annotated[
        int,
        typer.Option(
            min=0,
            callback=options.checked_seed,
            help="Seed of canaries and coin flips; the noise is never seeded.",
        ),
    ] = 0,
    json: Annotated[Path | None, typer.Option("--json", help="Also write every figure as JSON.")] = None,
    sep: options.Separator = None,
    encoding: options.Encoding = None,
    decimal: options.Decimal = None,
    thousands: options.Thousands = None,
    na_values: options.NaValues = None,
    dates: options.Dates = None,
    drop: options.Drop = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Train privately with canaries in the table, attack the training, and compare with the claim.

    Exits with 6 if the attack shows more than the claim allows.
    """
    del debug
    from tabgan_cli import paths, private, reading

    private.check_epsilon(epsilon, delta)
    paths.check_table_path(table)
    paths.check_inputs(table, schema)
    paths.check_outputs(json, inputs=(table, schema), force=force)
    read_options = reading.csv_options(sep, encoding, decimal, na_values, thousands, dates, drop)
    declared = reading.read_schema_file(schema, drop)
    read_options = reading.as_schema_says(read_options, schema)
    found = reading.read_rows(table, read_options, declared, is_quiet=quiet)
    rows = reading.without_columns(found, drop).rows
    from tabgan.auditing import audit as attack

    with refused_values():
        audited = attack(
            rows, schema=declared, epsilon=epsilon, delta=delta, target=target, n_canaries=canaries, seed=seed
        )
    _tell(audited, json, is_quiet=quiet)
    if audited.standing == "broken":
        raise CommandError(Exit.GATE, "The attack shows more than the claim allows.")


def _tell(found: Audit, json: Path | None, *, is_quiet: bool) -> None:
    from tabgan_cli import terminal

    from tabgan.auditing import NOTE
    from tabgan.whole_file import whole_file

    if json is not None:
        with whole_file(json) as handle:
            handle.write(f"{json_text.dumps(found.to_dict(), indent=2)}\n".encode())
    rows = [(one.name, str(one.guesses), str(one.correct), f"{one.lower_bound:.3f}") for one in found.attacks]
    terminal.print_table("Guesses about canaries", ("attack", "guesses", "right", "lower bound"), rows)
    terminal.print_table("Audit", ("fact", "value"), found.facts())
    if not is_quiet:
        terminal.say(NOTE)
        if json is not None:
            terminal.say(f"Wrote {json}.")
