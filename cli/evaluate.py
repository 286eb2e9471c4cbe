"""`tabgan evaluate`: is a synthetic table faithful, useful and private; a gate for a release, if asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from tabgan_cli import options
from tabgan_cli.failures import reports_failures
from tabgan_cli.places import Place

if TYPE_CHECKING:
    import pandas as pd
    from tabgan_cli.tables import CsvOptions

    from tabgan.schema import Schema


@reports_failures
def evaluate(
    train: Annotated[
        Place,
        typer.Option(
            "--train", metavar="TABLE", parser=Place, help="The real table that the model learned from."
        ),
    ],
    synthetic: Annotated[
        Place,
        typer.Option("--synthetic", metavar="TABLE", parser=Place, help="The synthetic table to judge."),
    ],
    holdout: Annotated[
        Place | None,
        typer.Option(
            "--holdout",
            metavar="TABLE",
            parser=Place,
            help="Real rows that were held out; the questions about privacy need them.",
        ),
    ] = None,
    target: options.Target = None,
    schema: options.SchemaFile = None,
    seed: options.Seed = 0,
    time_budget: options.TimeBudget = None,
    epsilon: Annotated[
        float | None, typer.Option(help="Epsilon of the fit that made the synthetic rows, for the report.")
    ] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Also write every figure as JSON.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Also write the report as one page.")] = None,
    fail_if: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-if",
            metavar="RULE",
            help="Exit with code 6 if a rule such as 'c2st_auc>0.6' holds or cannot be decided; repeatable.",
        ),
    ] = None,
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
    """Judge a synthetic table against real rows: is it faithful, useful and private, and how sure is that?"""
    del debug
    from tabgan_cli import gate, judging, paths, private, reading, terminal

    inputs = (train, synthetic, holdout, schema)
    for table in (train, synthetic, holdout):
        if table is not None:
            paths.check_table_path(table)
    judging.check_time_budget(time_budget)
    if epsilon is not None:
        private.check_epsilon(epsilon, None)
    rules = gate.read_rules(fail_if)
    paths.check_inputs(*inputs)
    paths.check_outputs(json, html, inputs=inputs, force=force)
    read_options = reading.csv_options(sep, encoding, decimal, na_values, thousands, dates, drop)
    declared = reading.read_schema_file(schema, drop)
    read_options = reading.as_schema_says(read_options, schema)
    tables, resolved = _read((train, synthetic, holdout), read_options, declared, is_quiet=quiet)

    from tabgan.evaluation import evaluate as judge

    with terminal.telling_steps(is_quiet=quiet) as tell:
        found = judge(
            *tables, schema=resolved, target=target, seed=seed, time_budget=time_budget, callback=tell
        )
    if epsilon is not None:
        found = found.in_private_mode(epsilon)
    judging.tell(found, json=json, html=html, is_quiet=quiet, every_metric=True)
    gate.check(rules, found)


def _read(
    paths: tuple[Place, Place, Place | None],
    read_options: CsvOptions,
    declared: Schema | None,
    *,
    is_quiet: bool,
) -> tuple[list[pd.DataFrame], Schema]:
    """The tables, without what is dropped, read by schema and style of the real one, and that schema."""
    from tabgan_cli import reading

    from tabgan.schema import judged_schema

    dropped = read_options.dropped
    found = reading.read_rows(paths[0], read_options, declared, is_quiet=is_quiet)
    train = found.rows
    schema = judged_schema(reading.kept_columns(train, dropped), declared)
    others = [
        reading.read_rows(path, read_options.like(found.style), schema, is_quiet=is_quiet).rows
        for path in paths[1:]
        if path is not None
    ]
    reading.check_dropped(dropped, [train, *others])
    return [reading.kept_columns(rows, dropped) for rows in (train, *others)], schema
