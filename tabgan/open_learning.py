"""Learning without a budget: from a table to trained networks, every statistic exact."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tabgan.encoding.table import TableEncoder
from tabgan.gan.training import Trained
from tabgan.learning import Parameters, learn, settings_of, two_digits
from tabgan.preparation import prepare
from tabgan.rules.reduction import Reduction


@dataclass(frozen=True)
class OpenModel:
    """What learning leaves; `n_rows` to two digits, `notes` a line each for the user."""

    encoder: TableEncoder
    reduction: Reduction
    trained: Trained | None
    n_rows: int
    notes: tuple[str, ...]
    ledger: None = None


def learn_with(
    df: pd.DataFrame,
    parameters: Parameters,
    seed: int,
    *,
    callbacks: Sequence[Callable[[dict[str, Any]], object]],
) -> OpenModel:
    """Learn the table with TabGAN's parameters.

    Raises: SchemaError or ConstraintError, before any training, for a table or column that cannot be
        learned, or rows that break a rule; ValueError for a parameter outside its range.
    """
    settings = settings_of(parameters)
    ready = prepare(df, parameters["schema"], parameters, settings)
    trained = learn(
        ready.codes,
        ready.encoder,
        settings,
        target=ready.reduction.inner_name(parameters["target"]),
        seed=seed,
        device=parameters["device"],
        callbacks=callbacks,
    )
    return OpenModel(ready.encoder, ready.reduction, trained, two_digits(ready.n_rows), tuple(ready.notes))
