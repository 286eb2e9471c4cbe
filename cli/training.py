"""Fitting as `fit` and `run` do it, and models with the style of the CSV file they were made from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tabgan_cli.failures import CommandError, Exit, StoppedError, refused_values

if TYPE_CHECKING:
    import pandas as pd
    from tabgan_cli.private import Budget
    from tabgan_cli.tables import CsvStyle

    from tabgan import Checkpoint, TabGAN

_CSV = "csv"  # entry of the manifest
_DAYS = "0000-00-00"  # as DateStyle writes itself
STOPPED = "Training was interrupted"  # so begins the warning of the model
LATE = "Interrupted; training had already finished."
TINY = 5  # rows; no value of fewer is stored unless that is allowed


@dataclass(frozen=True)
class Job:
    """How to train, as the command line says it. `parameters`: those of TabGAN without its budget."""

    parameters: dict[str, Any]
    budget: Budget | None = None
    checkpoint: Checkpoint | None = None
    resumes: bool = False
    allow_tiny: bool = False
    is_quiet: bool = False

    def __post_init__(self) -> None:
        seconds = self.parameters["max_seconds"]
        if seconds is not None and not 0 < seconds < math.inf:
            raise CommandError(Exit.USAGE, "--max-seconds takes a number above 0.")
        is_odd = self.parameters["max_categories"] is not None or self.parameters["infinite"] != "error"
        is_odd |= self.allow_tiny or self.parameters["rejection"] or self.parameters["broken_rows"] == "drop"
        if self.budget and is_odd:
            named = "--max-categories, --infinite, --rejection, --drop-broken-rows and --allow-tiny"
            raise CommandError(Exit.USAGE, f"{named} cannot be used with --epsilon.")

    @property
    def seed(self) -> int:
        """The seed of training and of sampling."""
        return int(self.parameters["random_state"])

    def forget_checkpoint(self) -> None:
        """Remove the checkpoint: what it was for has been written."""
        if self.checkpoint is not None:
            Path(self.checkpoint.path).unlink(missing_ok=True)


@dataclass(frozen=True)
class Fitted:
    """A model, and what is to be told where its training was interrupted."""

    model: TabGAN
    told: str = ""
    code: Exit = Exit.INTERRUPTED

    def check_ended(self, written: str, job: Job, *, rewrites: bool) -> None:
        """Raise StoppedError, which says what was `written` and how to go on, for training that was stopped.

        `rewrites`: whether going on takes --force, for a file that is there by now.
        """
        if not self.told:
            return
        cure = ""
        if job.checkpoint is not None and Path(job.checkpoint.path).exists():
            options = "--resume --force" if rewrites else "--resume"
            cure = f" Run the same command with {options} to continue."
        raise StoppedError(self.code, f"{self.told} {written}{cure}")


def trained(rows: pd.DataFrame, job: Job) -> Fitted:
    """A model of the rows; progress and warnings go to stderr."""
    from tabgan_cli.private import told_spend
    from tabgan_cli.terminal import say, warn

    from tabgan import TabGAN

    budget = job.budget
    tiny: dict[str, Any] = {"min_rows": 1} if job.allow_tiny and len(rows) < TINY else {}
    model = TabGAN(
        epsilon=None if budget is None else budget.epsilon,
        delta=None if budget is None else budget.delta,
        privacy=None if budget is None else budget.config,
        **job.parameters,
        **tiny,
    )
    if not job.resumes:
        job.forget_checkpoint()
    fitted = Fitted(model)
    try:
        _fit(model, rows, job)
    except (KeyboardInterrupt, SystemExit) as stop:
        if not model.__sklearn_is_fitted__():
            raise
        told = [line for line in model.warnings_ if line.startswith(STOPPED)] or [LATE]
        code = Exit.INTERRUPTED if isinstance(stop, KeyboardInterrupt) else Exit.TERMINATED
        fitted = Fitted(model, told[-1], code)
    warn(line for line in model.warnings_ if line != fitted.told)
    if budget is not None and not job.is_quiet:
        say(told_spend(model, budget))
    return fitted


def _fit(model: TabGAN, rows: pd.DataFrame, job: Job) -> None:
    """Fit with the ledger or a checkpoint on the disk.

    Raises: CommandError for a budget that the table does not allow.
    """
    if job.budget is None:
        model.fit(rows, checkpoint=job.checkpoint)
        return
    with refused_values():  # such as a delta above 1 / the released number of rows
        model.fit(rows, ledger=job.budget.ledger)


def save_model(model: TabGAN, path: Path, style: CsvStyle) -> None:
    """Write the model, and beside its facts how the CSV file it was made from was written."""
    model.save(path, notes={_CSV: style.to_dict()})


def style_of(model: TabGAN, style: CsvStyle) -> CsvStyle:
    """The style, with days for each date of which the model knows that it has no time of day."""
    from tabgan_cli.tables import CsvStyle

    from tabgan.encoding.datetime import DatetimeEncoder
    from tabgan.encoding.reading import zone_of

    dates = [encoder for encoder in model.encoder_.encoders if isinstance(encoder, DatetimeEncoder)]
    plain = [date.column for date in dates if not date.has_time and zone_of(date.column) is None]
    return style.over(CsvStyle(columns={str(column.name): _DAYS for column in plain}))


def load_model(path: Path, device: str = "auto") -> tuple[TabGAN, CsvStyle]:
    """The model in a file and the style in which to write its tables as CSV."""
    from tabgan_cli.tables import CsvStyle
    from tabgan_cli.terminal import warn

    from tabgan import TabGAN
    from tabgan.learning import notes_on_device
    from tabgan.model_file import read_model

    style = CsvStyle.from_dict(read_model(path).manifest.get(_CSV))
    warn(notes_on_device(device))
    model = TabGAN.load(path, device=device)
    return model, style_of(model, style)
