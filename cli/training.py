"""Fitting as `fit` and `run` do it, and models with the style of the CSV file they were made from."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tabgan_cli.failures import CommandError, Exit

if TYPE_CHECKING:
    import pandas as pd
    from tabgan_cli.private import Budget
    from tabgan_cli.table_file import CsvStyle

    from tabgan import TabGAN
    from tabgan.schema import Schema

_CSV = "csv"  # entry of the manifest
TINY = 5  # rows; no value of fewer is stored unless that is allowed


@dataclass(frozen=True)
class Job:
    """How to train, as the command line says it."""

    schema: Schema | None
    target: str | None
    epochs: int | None
    max_seconds: float | None
    seed: int
    device: str
    is_quiet: bool
    budget: Budget | None = None
    personal: Mapping[Hashable, str] | None = None
    locale: str | None = None
    infinite: Literal["error", "missing", "clip"] = "error"
    max_categories: int | None = None
    allow_tiny: bool = False
    drops_broken_rows: bool = False

    def __post_init__(self) -> None:
        if self.max_seconds is not None and not 0 < self.max_seconds < math.inf:
            raise CommandError(Exit.USAGE, "--max-seconds takes a number above 0.")
        if self.budget and (self.max_categories is not None or self.infinite != "error" or self.allow_tiny):
            raise CommandError(
                Exit.USAGE, "--max-categories, --infinite and --allow-tiny are not for --epsilon."
            )


def trained(rows: pd.DataFrame, job: Job) -> TabGAN:
    """A model of the rows; progress and warnings go to stderr."""
    from tabgan_cli.private import told_spend
    from tabgan_cli.terminal import say, warn

    from tabgan import TabGAN

    budget = job.budget
    tiny: dict[str, Any] = {"min_rows": 1} if job.allow_tiny and len(rows) < TINY else {}
    model = TabGAN(
        schema=job.schema,
        target=job.target,
        epochs=job.epochs,
        max_seconds=job.max_seconds,
        personal=job.personal,
        locale=job.locale,
        random_state=job.seed,
        device=job.device,
        verbose=not job.is_quiet,
        broken_rows="drop" if job.drops_broken_rows else "refuse",
        epsilon=None if budget is None else budget.epsilon,
        delta=None if budget is None else budget.delta,
        privacy=None if budget is None else budget.config,
        infinite=job.infinite,
        max_categories=job.max_categories,
        **tiny,
    )
    if budget is None:
        model.fit(rows)
    else:
        _fit_privately(model, rows, budget)
    warn(model.warnings_)
    if budget is not None and not job.is_quiet:
        say(told_spend(model, budget))
    return model


def _fit_privately(model: TabGAN, rows: pd.DataFrame, budget: Budget) -> None:
    """Fit with the ledger on the disk. Raises: CommandError for a budget that the table does not allow."""
    from tabgan import TabganError

    try:
        model.fit(rows, ledger=budget.ledger)
    except TabganError:
        raise
    except ValueError as error:  # such as a delta above 1 / the released number of rows
        raise CommandError(Exit.USAGE, str(error)) from None


def save_model(model: TabGAN, path: Path, style: CsvStyle) -> None:
    """Write the model, and beside its facts how the CSV file it was made from was written."""
    model.save(path, notes={_CSV: style.to_dict()})


def load_model(path: Path, device: str = "auto") -> tuple[TabGAN, CsvStyle]:
    """The model in a file and the style in which to write its tables as CSV."""
    from tabgan_cli.table_file import CsvStyle
    from tabgan_cli.terminal import warn

    from tabgan import TabGAN
    from tabgan.learning import notes_on_device
    from tabgan.model_file import read_model

    style = CsvStyle.from_dict(read_model(path).manifest.get(_CSV))
    warn(notes_on_device(device))
    return TabGAN.load(path, device=device), style
