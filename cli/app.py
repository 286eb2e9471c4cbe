"""The `tabgan` command: run, fit, sample, complete, evaluate, audit, schema, plan, inspect.

Only Typer is imported here and in the files of the commands; pandas, torch and tabgan are
imported inside of the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import signal
from types import FrameType
from typing import Annotated

import typer
from tabgan_cli import audit, complete, evaluate, fit, inspect, plan, run, sample, schema

app = typer.Typer(
    name="tabgan",
    help="Learn a table, make a new one: same columns, same types, same joint behaviour, no real row.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from tabgan import __version__

        typer.echo(f"tabgan {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    del version  # its callback has done the work


app.command("run")(run.run)
app.command("fit")(fit.fit)
app.command("sample")(sample.sample)
app.command("complete")(complete.complete)
app.command("evaluate")(evaluate.evaluate)
app.command("audit")(audit.audit)
app.command("schema")(schema.schema)
app.command("plan")(plan.plan)
app.command("inspect")(inspect.inspect)


def _stop(signal_number: int, frame: FrameType | None) -> None:
    """End like Ctrl-C does, so that half-written files are removed."""
    del frame
    raise SystemExit(128 + signal_number)


def main() -> None:
    """Entry point of the `tabgan` script."""
    signal.signal(signal.SIGTERM, _stop)
    app()


if __name__ == "__main__":
    main()
