"""How `fit` and `run` begin: what they are told alike, checked before any work, and the table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tabgan_cli import options
from tabgan_cli.failures import CommandError, Exit
from tabgan_cli.places import Place

if TYPE_CHECKING:
    from tabgan_cli.private import Budget
    from tabgan_cli.tables import Table
    from tabgan_cli.training import Job

    from tabgan import Checkpoint, Schema

CHECKPOINT_ENDING = ".checkpoint"


@dataclass(frozen=True)
class Asked:
    """The options that both commands have, as they were given, and those of one with what the other does."""

    table: options.RealTable
    schema: options.SchemaFile
    target: options.Target
    personal: options.Personal
    locale: options.Locale
    epochs: options.Epochs
    max_seconds: options.MaxSeconds
    epsilon: options.Epsilon
    delta: options.Delta
    privacy: options.PrivacyFile
    ledger: options.LedgerFile
    checkpoint: options.CheckpointPath
    resume: options.Resume
    seed: options.Seed
    drop_broken_rows: options.DropBrokenRows
    device: options.Device
    sep: options.Separator
    encoding: options.Encoding
    decimal: options.Decimal
    thousands: options.Thousands
    na_values: options.NaValues
    dates: options.Dates
    drop: options.Drop
    infinite: options.Infinite
    max_categories: options.MaxCategories
    force: options.Force
    quiet: options.Quiet
    rounds: options.FittedRounds = None
    rejection: options.Rejection = False
    allow_tiny: options.AllowTiny = False


def begun(asked: Asked, *outputs: Path | Place | None, beside: Path | None) -> tuple[Job, Table]:
    """The job and the table that it learns, once all that can be refused has been.

    `outputs`: what the command will write; `beside`: the file that ledger and checkpoint lie beside.
    Raises: CommandError.
    """
    from tabgan_cli import paths, private, reading, training

    table, is_private = asked.table, asked.epsilon is not None
    paths.check_table_path(table)
    paths.check_inputs(table, asked.schema, asked.privacy)
    limits = (asked.epochs, asked.max_seconds)
    budget = private.read_budget(
        asked.epsilon, asked.delta, asked.privacy, asked.ledger, beside=beside, limits=limits
    )
    paths.check_folders(*outputs)  # before a file is told of that nobody has named
    checkpoint = _checkpoint(asked, beside, budget)
    kept = (budget.ledger if budget else None, Path(checkpoint.path) if checkpoint else None)
    inputs = (table, asked.schema, asked.privacy, *kept)
    paths.check_outputs(*outputs, inputs=inputs, force=asked.force)
    read_options = reading.csv_options(
        *(asked.sep, asked.encoding, asked.decimal, asked.na_values),
        *(asked.thousands, asked.dates, asked.drop),
    )
    declared = reading.read_schema_file(asked.schema, asked.drop)
    read_options = reading.as_schema_says(read_options, asked.schema, is_private=is_private)
    job = training.Job(
        _parameters(asked, declared),
        budget,
        checkpoint,
        resumes=asked.resume,
        allow_tiny=asked.allow_tiny,
        is_quiet=asked.quiet,
    )
    found = reading.read_rows(table, read_options, declared, is_quiet=asked.quiet, is_private=is_private)
    return job, reading.without_columns(found, asked.drop)


def _parameters(asked: Asked, declared: Schema | None) -> dict[str, Any]:
    """The parameters of TabGAN, but for its budget."""
    from tabgan_cli import reading

    return {
        "schema": declared,
        "target": asked.target,
        "epochs": asked.epochs,
        "max_seconds": asked.max_seconds,
        "rounds": asked.rounds,
        "rejection": asked.rejection,
        "personal": reading.personal_choices(asked.personal),
        "locale": asked.locale,
        "random_state": asked.seed,
        "device": asked.device.value,
        "verbose": not asked.quiet,
        "broken_rows": "drop" if asked.drop_broken_rows else "refuse",
        "infinite": asked.infinite.value,
        "max_categories": asked.max_categories,
    }


def _checkpoint(asked: Asked, beside: Path | None, budget: Budget | None) -> Checkpoint | None:
    """Where training is kept while it lasts; None in private mode, or where no file is written."""
    if budget is not None:
        if asked.checkpoint is not None or asked.resume:
            raise CommandError(
                Exit.USAGE,
                "--checkpoint and --resume cannot be used with --epsilon: resuming would look again at rows "
                "for which the ledger has paid once. Without them a fit starts over with what is left of it.",
            )
        return None
    path = asked.checkpoint
    if path is None:
        if beside is None:
            if asked.resume:
                raise CommandError(Exit.USAGE, "--resume: name the file to resume from with --checkpoint.")
            return None
        path = beside.with_name(beside.name + CHECKPOINT_ENDING)
    _check_checkpoint(path, asked)
    from tabgan import Checkpoint

    return Checkpoint(path, is_kept=True)


def _check_checkpoint(path: Path, asked: Asked) -> None:
    from tabgan_cli import paths, terminal

    paths.check_outputs(path, inputs=(asked.table, asked.schema), force=True)
    if asked.resume:
        if not asked.quiet:
            terminal.say(f"Resuming from {path}." if path.exists() else f"No {path}: training starts.")
    elif path.exists() and not asked.force:
        cure = "Pass --resume to continue it, or --force to start over"
        raise CommandError(Exit.INPUT_OUTPUT, f"{path} is the checkpoint of a stopped fit. {cure}.")
