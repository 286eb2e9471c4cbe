"""The `tabgan` command: run, fit, sample, complete, evaluate, audit, schema, plan, inspect.

Only Typer is imported here and in the files of the commands; pandas, torch and tabgan are
imported inside of the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Annotated, Any

import typer
from tabgan_cli import audit, complete, evaluate, fit, inspect, plan, run, sample, schema
from tabgan_cli.failures import Exit, printable
from typer.core import TyperCommand, TyperGroup


class OneLineErrors(TyperGroup):
    """A group whose usage errors are one line, as all other errors are."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Its options, as the help shows them."""
        return _without_idle_types(super().get_params(ctx))

    def main(  # type: ignore[override]  # the other parameters are handed on
        self, args: Sequence[str] | None = None, standalone_mode: bool = True, **options: Any
    ) -> Any:
        """Run the command line; ends the process unless told not to."""
        if not standalone_mode:
            return super().main(args, standalone_mode=False, **options)
        try:
            code = super().main(args, standalone_mode=False, **options)
        except typer.Abort:
            code = Exit.INTERRUPTED
        except Exception as error:
            # Typer before 0.20 raises click's own errors, later ones its copy of them.
            if not hasattr(error, "format_message"):
                raise
            if type(error).__name__ == "NoArgsIsHelpError":
                error.show()  # type: ignore[attr-defined]
            else:
                sys.stderr.write(f"{_usage_line(error)}\n")
            code = Exit.USAGE
        sys.exit(code or 0)


class TableCommand(TyperCommand):
    """A command whose argument may be -.jsonl, standard input as JSON lines, which looks like an option."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Its arguments and options, as the help shows them."""
        return _without_idle_types(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments; a place is the last of those without a name, in every command."""
        options = [param for param in self.params if getattr(param, "is_flag", True) is False]
        valued = {name for param in options for name in param.opts}
        places = [
            number
            for number, text in enumerate(args)
            if re.fullmatch(r"-(\.\w+)+", text) and (number == 0 or args[number - 1] not in valued)
        ]
        if places and "--" not in args:
            others = [text for number, text in enumerate(args) if number not in places]
            args = [*others, "--", *(args[number] for number in places)]
        return super().parse_args(ctx, args)


def _without_idle_types(params: list[Any]) -> list[Any]:
    """The parameters, none shown with a type that helps nobody.

    Recent versions of Typer put <bool> beside flags, which take no value, and a class beside arguments.
    """
    for param in params:
        if param.param_type_name == "argument":
            param.display_type_rich = lambda **_: ""
        elif param.is_flag:
            param.metavar = ""
    return params


def _usage_line(error: Any) -> str:
    context = getattr(error, "ctx", None)
    where = "" if context is None else f" See '{context.command_path} --help'."
    message = " ".join(error.format_message().split()).rstrip(".")
    stop = "" if message.endswith("?") else "."
    return f"Error: {printable(message)}{stop}{where}"


app = typer.Typer(
    name="tabgan",
    cls=OneLineErrors,
    help="Learn a table and generate a new one: same columns, same types, same joint behaviour.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help", "-h"]},
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


app.command("run", cls=TableCommand)(run.run)
app.command("fit", cls=TableCommand)(fit.fit)
app.command("sample", cls=TableCommand)(sample.sample)
app.command("complete", cls=TableCommand)(complete.complete)
app.command("evaluate", cls=TableCommand)(evaluate.evaluate)
app.command("audit", cls=TableCommand)(audit.audit)
app.command("schema", cls=TableCommand)(schema.schema)
app.command("plan", cls=TableCommand)(plan.plan)
app.command("inspect", cls=TableCommand)(inspect.inspect)


def _stop(signal_number: int, frame: FrameType | None) -> None:
    """End like Ctrl-C does, so that half-written files are removed."""
    del frame
    raise SystemExit(128 + signal_number)


def main() -> None:
    """Entry point of the `tabgan` script."""
    signal.signal(signal.SIGTERM, _stop)
    _open_streams()
    app()


def _open_streams() -> None:
    """Streams that whoever started us has closed: nothing to read, nowhere to write."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))


if __name__ == "__main__":
    main()
