"""A progress bar of training: losses, validation, speed and time left, on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from tabgan.gan.watch import Record

SHOWN = ("likelihood", "discriminator", "generator", "validation")


@contextmanager
def training_bar(is_shown: bool) -> Iterator[Callable[[Record], None]]:
    """A callback for every epoch; draws nothing when it is not to be shown."""
    if not is_shown:
        yield _ignore
        return
    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[told]}"),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    if not console.is_terminal:  # a log file takes whole lines
        console = Console(stderr=True, width=120)
    bar = Progress(*columns, console=console)
    tasks: dict[str, TaskID] = {}

    def show(record: Record) -> None:
        phase = str(record["phase"])
        if phase not in tasks:
            bar.start()  # not before, or an error that stops a fit at once would leave an empty line
            tasks[phase] = bar.add_task(phase, total=1.0, told="")
        losses = " ".join(f"{name} {record[name]:.4g}" for name in SHOWN if name in record)
        speed = f" | {record['rows_per_second']} rows/s" if "rows_per_second" in record else ""
        told = f"{losses}{speed} | {record['seconds_left']} s left"
        bar.update(tasks[phase], completed=float(record["progress"]), told=told)

    try:
        yield show
    finally:
        if tasks:
            bar.stop()


def _ignore(record: Record) -> None:
    """Show nothing."""
    del record
