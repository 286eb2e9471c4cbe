"""What can go wrong and with which exit code: one line on stderr, the traceback only with --debug."""

from __future__ import annotations

import errno
import functools
import io
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import ParamSpec

import typer

P = ParamSpec("P")


class Exit(IntEnum):
    """Exit codes of every command."""

    USAGE = 2
    DATA = 3
    BUDGET = 4
    INPUT_OUTPUT = 5
    GATE = 6  # a rule of `tabgan evaluate --fail-if` says no
    INTERRUPTED = 130  # Ctrl-C; 128 and the number of the signal, as shells have it
    CLOSED_PIPE = 141  # who read the output has gone, as with `| head`
    TERMINATED = 143  # SIGTERM


class CommandError(Exception):
    """Something the user can mend: one line to print and the exit code."""

    def __init__(self, code: Exit, message: str) -> None:
        super().__init__(message)
        self.code = code


class StoppedError(CommandError):
    """Training was interrupted; what was kept of it is told in the line, which is no error of the user."""


def reports_failures(command: Callable[P, None]) -> Callable[P, None]:
    """The command, with expected errors printed as one line and turned into an exit code.

    Warnings of the library are silent: commands print the lines of a model themselves.
    Other exceptions are bugs: they pass, so that their traceback is seen.
    """

    @functools.wraps(command)
    def reporting(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            with _silent_library():
                command(*args, **kwargs)
                sys.stdout.flush()  # what cannot be written is told of here, not when Python ends
        except (Exception, KeyboardInterrupt) as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                sys.stdout = sys.stderr = io.StringIO()  # nothing is left to write, and nobody to read it
                raise typer.Exit(Exit.CLOSED_PIPE) from None
            found = _code_and_line(error)
            if found is None:
                raise
            if kwargs.get("debug"):
                import traceback

                traceback.print_exc()
            code, line = found
            sys.stderr.write(f"{printable(line)}\n")
            raise typer.Exit(code) from None

    return reporting


@contextmanager
def refused_values() -> Iterator[None]:
    """Turn a ValueError of the library, for an option that does not suit the table, into a CommandError."""
    from tabgan.errors import TabganError

    try:
        yield
    except TabganError:
        raise
    except ValueError as error:
        raise CommandError(Exit.USAGE, str(error)) from None


@contextmanager
def _silent_library() -> Iterator[None]:
    from tabgan.errors import TabganWarning  # which loads nothing else of the library

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TabganWarning)
        yield


def _code_and_line(error: BaseException) -> tuple[Exit, str] | None:
    """Exit code and line of an error that is expected; None for a bug."""
    if isinstance(error, KeyboardInterrupt):
        return Exit.INTERRUPTED, "Interrupted."
    if isinstance(error, StoppedError):
        return error.code, str(error)
    if isinstance(error, CommandError):
        return error.code, f"Error: {error}"
    if isinstance(error, OSError):
        return Exit.INPUT_OUTPUT, f"Error: {_line_of_os_error(error)}"
    from tabgan import errors

    if not isinstance(error, errors.TabganError):
        return None
    codes = {
        errors.BudgetExceededError: Exit.BUDGET,
        errors.ConditionError: Exit.USAGE,
        errors.ModelFileError: Exit.INPUT_OUTPUT,
    }
    return codes.get(type(error), Exit.DATA), f"Error: {error}"


def _line_of_os_error(error: OSError) -> str:
    if error.filename is None or error.strerror is None:
        return str(error)
    return f"{os.fsdecode(error.filename)}: {error.strerror}."


def printable(text: str) -> str:
    """The text on one line, with characters that would steer a terminal written as escapes."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
