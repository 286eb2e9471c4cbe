"""What people see: results on stdout, progress and warnings on stderr, every text made harmless."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from tabgan_cli.failures import printable

_ENDLESS = 100_000  # signs in a line; no table is as wide


def print_table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on stdout: folded to the width of a terminal, a line a row for anything else."""
    table = Table(title=escape(printable(title)), title_justify="left", box=None, pad_edge=False)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(escape(printable(cell)) for cell in row))
    console = Console()
    if console.is_terminal:
        console.print(table, "")
        return
    text = io.StringIO()
    Console(file=text, width=_ENDLESS).print(table)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines()) + "\n")


def say(text: str) -> None:
    """A line of progress on stderr."""
    sys.stderr.write(f"{printable(text)}\n")


def counted(n: int, noun: str) -> str:
    """So many of them.

    >>> counted(1, "row"), counted(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def warn(lines: Iterable[str]) -> None:
    """Warnings on stderr, a line each."""
    for line in lines:
        say(f"Warning: {line}")


@contextmanager
def telling_steps(*, is_quiet: bool) -> Iterator[Callable[[str], object]]:
    """A function to be told of each step of an evaluation; shows it on stderr while it lasts."""
    console = Console(stderr=True)
    if is_quiet or not console.is_terminal:
        yield lambda _: None
        return
    with console.status("Asking:") as status:
        yield lambda step: status.update(escape(printable(f"Asking: {step}")))


@contextmanager
def counting_rows(n_rows: int, *, is_quiet: bool) -> Iterator[Any]:
    """A function to be told of every so many rows made; shows a bar on stderr."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=is_quiet or not console.is_terminal) as bar:
        task = bar.add_task("Sampling", total=n_rows)
        yield lambda rows: bar.advance(task, rows)
