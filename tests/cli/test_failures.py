"""Expected errors are one line and an exit code; bugs keep their traceback."""

from __future__ import annotations

import errno
import subprocess
import sys

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


def test_a_reader_that_has_gone_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    @reports_failures
    def command() -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(sys, stream, getattr(sys, stream))  # put back after the test
    with pytest.raises(typer.Exit) as caught:
        command()
    assert caught.value.exit_code == Exit.CLOSED_PIPE == 141


def test_what_is_left_in_the_buffer_is_written_before_the_command_ends() -> None:
    code = (
        "import sys; from tabgan_cli.failures import reports_failures; import typer; app = typer.Typer()\n"
        "app.command()(reports_failures(lambda: print('late')))\n"
        "sys.stdin.read(); app()"
    )
    command = [sys.executable, "-c", code]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as process:
        process.stdout.close()
        process.stdin.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 141


@pytest.mark.parametrize("error", [ValueError("bug"), typer.Exit(7)])
def test_other_exceptions_pass(error: Exception) -> None:
    @reports_failures
    def command() -> None:
        raise error

    with pytest.raises(type(error)):
        command()


def test_letters_of_all_languages_are_printable() -> None:
    assert printable("grün 表 naïve") == "grün 表 naïve"
    assert printable("a\u202eb") == "a\\u202eb"
