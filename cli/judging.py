"""What an evaluation leaves behind: the summary on stdout, a page and a JSON file if asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tabgan_cli import terminal

if TYPE_CHECKING:
    from tabgan.evaluation import Evaluation


def tell(
    found: Evaluation, *, json: Path | None, html: Path | None, is_quiet: bool, every_metric: bool
) -> None:
    """Write the files, then print the summary: all metrics, or the worst of each question."""
    from tabgan.evaluation.evaluation import HEADS
    from tabgan.whole_file import whole_file

    if json is not None:
        with whole_file(json) as handle:
            handle.write(f"{found.to_json()}\n".encode())
    if html is not None:
        found.to_html(html)
    rows = found.text_rows(every_metric=every_metric)
    terminal.print_table("Synthetic rows beside real ones, the most serious answers first", HEADS, rows)
    terminal.warn(found.warnings)
    if found.note:
        terminal.say(found.note)
    for path in (json, html):
        if path is not None and not is_quiet:
            terminal.say(f"Wrote {path}.")


def check_time_budget(seconds: float | None) -> None:
    """Raise CommandError for a time budget that is none."""
    from tabgan_cli.failures import CommandError, Exit

    if seconds is not None and not seconds > 0:
        raise CommandError(Exit.USAGE, "--time-budget takes a number of seconds > 0.")
