"""`tabgan fit`: learn a table, write a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from tabgan_cli import options
from tabgan_cli.failures import reports_failures

if TYPE_CHECKING:
    from tabgan_cli.learning import Asked


@reports_failures
def fit(
    table: options.RealTable,
    model: Annotated[Path, typer.Option("--model", "-m", help="Model file to write, such as model.tabgan.")],
    schema: options.SchemaFile = None,
    target: options.Target = None,
    personal: options.Personal = None,
    locale: options.Locale = None,
    epochs: options.Epochs = None,
    max_seconds: options.MaxSeconds = None,
    rounds: options.FittedRounds = None,
    rejection: options.Rejection = False,
    epsilon: options.Epsilon = None,
    delta: options.Delta = None,
    privacy: options.PrivacyFile = None,
    ledger: options.LedgerFile = None,
    checkpoint: options.CheckpointPath = None,
    resume: options.Resume = False,
    seed: options.Seed = 0,
    drop_broken_rows: options.DropBrokenRows = False,
    device: options.Device = options.DeviceName.auto,
    sep: options.Separator = None,
    encoding: options.Encoding = None,
    decimal: options.Decimal = None,
    thousands: options.Thousands = None,
    na_values: options.NaValues = None,
    dates: options.Dates = None,
    drop: options.Drop = None,
    infinite: options.Infinite = options.InfiniteRule.error,
    max_categories: options.MaxCategories = None,
    allow_tiny: options.AllowTiny = False,
    force: options.Force = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Learn a table and write a model of it."""
    del debug
    from tabgan_cli import learning, paths

    paths.check_model_path(model)
    asked = learning.Asked(
        table=table,
        schema=schema,
        target=target,
        personal=personal,
        locale=locale,
        epochs=epochs,
        max_seconds=max_seconds,
        rounds=rounds,
        rejection=rejection,
        epsilon=epsilon,
        delta=delta,
        privacy=privacy,
        ledger=ledger,
        checkpoint=checkpoint,
        resume=resume,
        seed=seed,
        drop_broken_rows=drop_broken_rows,
        device=device,
        sep=sep,
        encoding=encoding,
        decimal=decimal,
        thousands=thousands,
        na_values=na_values,
        dates=dates,
        drop=drop,
        infinite=infinite,
        max_categories=max_categories,
        allow_tiny=allow_tiny,
        force=force,
        quiet=quiet,
    )
    _fit(asked, model)


def _fit(asked: Asked, model: Path) -> None:
    from tabgan_cli import learning, terminal, training

    job, found = learning.begun(asked, model, beside=model)
    fitted = training.trained(found.rows, job)
    training.save_model(fitted.model, model, found.style)
    fitted.check_ended(f"Wrote {model}.", job, rewrites=True)
    job.forget_checkpoint()
    if not asked.quiet:
        terminal.say(f"Wrote {model}.")
