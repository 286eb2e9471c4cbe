"""Expected errors are one line and an exit code; bugs keep their traceback."""

from __future__ import annotations

import errno

import pytest
import typer
from tabgan_cli.failures import CommandError, Exit, printable, reports_failures

from tabgan import errors


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (CommandError(Exit.USAGE, "a\nb\x1b[31m"), 2, "Error: a\\nb\\x1b[31m"),
        (errors.ConditionError("no such value"), 2, "Error: no such value"),
        (errors.SchemaError("two columns"), 3, "Error: two columns"),
        (errors.ConstraintError("no rows"), 3, "Error: no rows"),
        (errors.BudgetExceededError("spent"), 4, "Error: spent"),
        (errors.ModelFileError("damaged"), 5, "Error: damaged"),
        (
            FileNotFoundError(errno.ENOENT, "No such file or directory", "a.csv"),
            5,
            "Error: a.csv: No such file or directory.",
        ),
        (OSError(errno.ENOSPC, "No space left on device"), 5, "Error: [Errno 28] No space left on device"),
        (KeyboardInterrupt(), 130, "Interrupted."),
    ],
)
def test_expected_errors_are_one_line_and_an_exit_code(
    error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    @reports_failures
    def command(debug: bool = False) -> None:
        raise error

    for debug in (False, True):
        with pytest.raises(typer.Exit) as caught:
            command(debug=debug)
        assert caught.value.exit_code == code
        told = capsys.readouterr().err
        assert told.splitlines()[-1] == line
        assert ("Traceback" in told) is debug


@pytest.mark.parametrize(
    "error", [ValueError("bug"), BrokenPipeError(errno.EPIPE, "Broken pipe"), typer.Exit(7)]
)
def test_other_exceptions_pass(error: Exception) -> None:
    @reports_failures
    def command() -> None:
        raise error

    with pytest.raises(type(error)):
        command()


def test_letters_of_all_languages_are_printable() -> None:
    assert printable("grün 表 naïve") == "grün 表 naïve"
    assert printable("a\u202eb") == "a\\u202eb"
