"""Private mode on the command line: its budget, its ledger file, and rows of text."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tabgan_cli.failures import CommandError, Exit

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from tabgan import TabGAN
    from tabgan.privacy.config import PrivacyConfig
    from tabgan.schema import Schema

LEDGER_ENDING = ".ledger.jsonl"


@dataclass(frozen=True)
class Budget:
    """What a private fit may spend, how it is split, and the file that every spend is written into."""

    epsilon: float
    delta: float | None
    config: PrivacyConfig
    ledger: Path


def read_budget(
    epsilon: float | None,
    delta: float | None,
    config: Path | None,
    ledger: Path | None,
    *,
    beside: Path | None,
    limits: tuple[float | None, ...] = (),
) -> Budget | None:
    """The budget that the options ask for, checked; None without --epsilon.

    `beside`: the file that the ledger lies beside unless it is named. `limits`: options of
    training that private mode cannot keep. Raises: CommandError.
    """
    if epsilon is None:
        if any(option is not None for option in (delta, config, ledger)):
            raise CommandError(Exit.USAGE, "--delta, --privacy and --ledger need --epsilon.")
        return None
    check_epsilon(epsilon, delta)
    if any(limit is not None for limit in limits):
        raise CommandError(
            Exit.USAGE,
            "--epochs and --max-seconds cannot be used with --epsilon: how often the rows are looked at is "
            'fixed and paid for in advance. Set "steps" in the file for --privacy.',
        )
    found = read_config(config, epsilon)
    if ledger is None:
        if beside is None:
            told = "--epsilon: there is no output file to put the ledger beside"
            raise CommandError(Exit.USAGE, f"{told}. Name one with --ledger.")
        ledger = beside.with_name(beside.name + LEDGER_ENDING)
    return Budget(epsilon, delta, found, ledger)


def check_epsilon(epsilon: float, delta: float | None) -> None:
    """Raise CommandError for a budget that is none."""
    if not 0 < epsilon < math.inf:
        raise CommandError(Exit.USAGE, "--epsilon takes a number > 0.")
    if delta is not None and not 0 < delta < 1:
        raise CommandError(Exit.USAGE, "--delta takes a number > 0, below 1 / rows of the table.")


def read_config(path: Path | None, epsilon: float) -> PrivacyConfig:
    """The usual PrivacyConfig of that epsilon, but for what a JSON file says. Raises: CommandError."""
    from tabgan.privacy.config import PrivacyConfig

    usual = PrivacyConfig.default(epsilon)
    if path is None:
        return usual
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        return replace(usual, **facts)
    except (TypeError, ValueError) as error:
        names = ", ".join(PrivacyConfig.__dataclass_fields__)
        told = str(error) if str(error).startswith("Expected") else f"Expected an object of {names}."
        raise CommandError(Exit.USAGE, f"--privacy {path}: {told}") from None


def coins(n_rows: int, share: float) -> npt.NDArray[np.bool_]:
    """True with this probability, for every row by a coin of its own that no seed fixes.

    A shuffle would let one row more decide where all others go.
    """
    import numpy as np

    return np.asarray(np.random.default_rng().random(n_rows) < share)


def typed_rows(rows: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Rows of text as the schema has them, to be compared with synthetic ones."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    from tabgan.dtypes import to_dtype
    from tabgan.encoding.row_wise import OTHER, number_of, row_wise_table

    typed = row_wise_table(rows, schema)
    for column in schema:
        cells, written = typed[column.name], rows[column.name].reset_index(drop=True)
        dtype = to_dtype(column.dtype)
        is_number = is_numeric_dtype(dtype) and not is_bool_dtype(dtype)
        written = written.map(number_of) if is_number else written.where(written.isna(), written.map(str))
        if column.kind == "identifier":
            typed[column.name] = written
        elif column.kind in ("categorical", "boolean"):
            typed[column.name] = written.where(cells.map(lambda cell: cell is OTHER), cells)
        elif column.dtype.startswith(("int", "uint")) and cells.notna().all():
            typed[column.name] = cells.astype("int64")
    return typed


def told_spend(model: TabGAN, budget: Budget) -> str:
    """What the fit has cost, in a line."""
    return f"Spent {model.privacy_spent_}, of {budget.epsilon:g}. {budget.ledger} lists every release."
