"""`tabgan run`: from a real table to a synthetic one in one command, judged by rows held out."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from tabgan_cli import options
from tabgan_cli.failures import reports_failures

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import pandas as pd
    from tabgan_cli.learning import Asked
    from tabgan_cli.places import Place
    from tabgan_cli.tables import WriteRows
    from tabgan_cli.training import Job

    from tabgan import TabGAN

MIN_ROWS = 10
HOLDOUT_SHARE = 0.2
_JUDGED_ROWS = 200_000  # the evaluation looks at no more; the rest only goes to the file


@reports_failures
def run(
    table: options.RealTable,
    output: options.Output,
    rows: Annotated[
        int | None,
        typer.Option(
            "--rows", "-n", min=1, help="Number of synthetic rows; by default as many as the table has."
        ),
    ] = None,
    schema: options.SchemaFile = None,
    target: options.Target = None,
    personal: options.Personal = None,
    locale: options.Locale = None,
    epochs: options.Epochs = None,
    max_seconds: options.MaxSeconds = None,
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
    model: Annotated[Path | None, typer.Option("--model", "-m", help="Also write the model.")] = None,
    report: Annotated[Path | None, typer.Option(help="Also write the evaluation as an HTML page.")] = None,
    time_budget: options.TimeBudget = None,
    sep: options.Separator = None,
    encoding: options.Encoding = None,
    decimal: options.Decimal = None,
    thousands: options.Thousands = None,
    na_values: options.NaValues = None,
    dates: options.Dates = None,
    drop: options.Drop = None,
    infinite: options.Infinite = options.InfiniteRule.error,
    max_categories: options.MaxCategories = None,
    formula_guard: options.FormulaGuard = True,
    force: options.Force = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Learn a table, write a synthetic one, and judge it by the 20 % of the rows that were held out."""
    del debug
    from tabgan_cli import judging, learning, paths

    judging.check_time_budget(time_budget)
    paths.check_table_path(output)
    asked = learning.Asked(
        table=table,
        schema=schema,
        target=target,
        personal=personal,
        locale=locale,
        epochs=epochs,
        max_seconds=max_seconds,
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
        force=force,
        quiet=quiet,
    )
    _run(asked, output, model, report, rows=rows, guards_formulas=formula_guard, seconds=time_budget)


def _run(
    asked: Asked,
    output: Place,
    model: Path | None,
    report: Path | None,
    *,
    rows: int | None,
    guards_formulas: bool,
    seconds: float | None,
) -> None:
    from tabgan_cli import learning, paths, table_file, training

    paths.check_model_path(model)
    beside = model or (output.path if output.is_file else None)
    job, found = learning.begun(asked, output, model, report, beside=beside)
    is_private = job.budget is not None
    paths.check_size(output, rows or (0 if is_private else len(found.rows)))
    train, holdout = _split(found.rows, None if is_private else job.seed)
    fitted = training.trained(train, job)
    if model is not None:
        training.save_model(fitted.model, model, found.style)
    fitted.check_ended(_told(model), job, rewrites=model is not None)
    num_rows = rows or _row_count(found.rows, fitted.model, is_private=is_private)
    style = training.style_of(fitted.model, found.style)
    writer = table_file.table_writer(output, style, guards_formulas=guards_formulas, replaces=asked.force)
    synthetic = _write_rows(fitted.model, num_rows, output, writer=writer, job=job)
    job.forget_checkpoint()
    train, holdout = (_as_learned(part, fitted.model, is_private=is_private) for part in (train, holdout))
    with contextlib.redirect_stdout(sys.stderr if output.is_standard else sys.stdout):  # no room beside rows
        _judge((train, synthetic, holdout), fitted.model, report, job=job, seconds=seconds)


def _told(model: Path | None) -> str:
    """What there is of a run whose training was interrupted."""
    return "No table was written." if model is None else f"Wrote {model}, but no table."


def _row_count(rows: pd.DataFrame, fitted: TabGAN, *, is_private: bool) -> int:
    """As many as the table has; in private mode, where that is private too, as many as were released."""
    return round(fitted.n_rows_ / (1 - HOLDOUT_SHARE)) if is_private else len(rows)


def _as_learned(rows: pd.DataFrame, fitted: TabGAN, *, is_private: bool) -> pd.DataFrame:
    """Real rows, finite, with the columns that were learned; of text, as private mode reads them."""
    from tabgan_cli import private

    from tabgan.infinite import finite_table

    kept = rows[list(fitted.schema_.names)]
    return private.typed_rows(kept, fitted.schema_) if is_private else finite_table(kept, fitted.infinite)[0]


def _split(rows: pd.DataFrame, seed: int | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows to learn from and rows held out, drawn at random, each in the order of the table.

    `seed` None: each row by a coin of its own, as private mode needs it, and no refusal by how many there
    are: the released number decides.
    """
    import numpy as np
    from tabgan_cli.failures import CommandError, Exit
    from tabgan_cli.private import coins

    if seed is not None and len(rows) < MIN_ROWS:
        cure = "Use `tabgan fit` and `tabgan sample`"
        raise CommandError(
            Exit.DATA, f"The table has fewer than {MIN_ROWS} rows, too few to hold some out. {cure}."
        )
    is_held_out = np.zeros(len(rows), dtype=bool)
    if seed is None:
        is_held_out = coins(len(rows), HOLDOUT_SHARE)
    else:
        n_held_out = round(HOLDOUT_SHARE * len(rows))
        is_held_out[np.random.default_rng(seed).permutation(len(rows))[:n_held_out]] = True
    return tuple(rows[mask].reset_index(drop=True) for mask in (~is_held_out, is_held_out))


def _write_rows(
    fitted: TabGAN,
    num_rows: int,
    output: Place,
    *,
    writer: AbstractContextManager[WriteRows],
    job: Job,
) -> pd.DataFrame:
    """Write the synthetic table; returns the rows of it that are judged."""
    import pandas as pd
    from tabgan_cli import terminal

    kept: list[pd.DataFrame] = []
    with (
        terminal.counting_rows(num_rows, is_quiet=job.is_quiet) as count,
        writer as write,
    ):
        for batch in fitted.sample_iter(num_rows, seed=job.seed):
            write(batch)
            count(len(batch))
            if sum(map(len, kept)) < _JUDGED_ROWS:
                kept.append(batch)
    if not job.is_quiet:
        terminal.say(f"Wrote {terminal.counted(num_rows, 'row')} to {output}.")
    return pd.concat(kept, ignore_index=True)


def _judge(
    tables: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
    fitted: TabGAN,
    report: Path | None,
    *,
    job: Job,
    seconds: float | None,
) -> None:
    """Print the worst figure of every question and write the page, if one is asked for."""
    from tabgan_cli import judging, terminal

    from tabgan.evaluation import evaluate

    if not job.is_quiet:
        terminal.say("Comparing with the held-out rows.")
    with terminal.telling_steps(is_quiet=job.is_quiet) as tell:
        found = evaluate(
            *tables,
            target=job.parameters["target"],
            schema=fitted.schema_,
            seed=job.seed,
            time_budget=seconds,
            callback=tell,
        )
    if job.budget is not None:
        found = found.in_private_mode(job.budget.epsilon)
    judging.tell(found, json=None, html=report, is_quiet=job.is_quiet, every_metric=False)
