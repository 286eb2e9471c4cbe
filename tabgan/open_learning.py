"""Learning without a budget: from a table to trained networks, every statistic exact."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tabgan.checkpoint import CheckpointFile
from tabgan.encoding.table import TableEncoder
from tabgan.gan.standing import NotWholeError, Pauses
from tabgan.gan.trained import Trained
from tabgan.interruption import Interruption
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


def learn_with(  # a fit, and those who look on
    df: pd.DataFrame,
    parameters: Parameters,
    seed: int,
    *,
    callbacks: Sequence[Callable[[dict[str, Any]], object]],
    interruption: Interruption | None = None,
    checkpoint: CheckpointFile | None = None,
) -> OpenModel:
    """Learn the table with TabGAN's parameters.

    Raises: SchemaError or ConstraintError, before any training, for a table or column that cannot be
        learned, or rows that break a rule; ValueError for a parameter outside its range;
        ModelFileError for a checkpoint of another fit.
    """
    settings = settings_of(parameters)
    if checkpoint is not None:
        checkpoint.check_parameters(parameters, seed)
    ready = prepare(df, parameters["schema"], parameters, settings)
    interruption = interruption or Interruption()
    pauses = Pauses(interruption.is_wanted)
    if checkpoint is not None:
        pauses = checkpoint.pauses(ready, interruption.is_wanted)
    try:
        with interruption.put_off():
            trained = learn(
                ready.codes,
                ready.encoder,
                settings,
                target=ready.reduction.inner_name(parameters["target"]),
                seed=seed,
                device=parameters["device"],
                callbacks=callbacks,
                pauses=pauses,
            )
    except NotWholeError:
        if checkpoint is None:
            raise
        raise checkpoint.not_whole() from None
    notes = (*ready.notes, checkpoint.problem) if checkpoint and checkpoint.problem else tuple(ready.notes)
    return OpenModel(ready.encoder, ready.reduction, trained, two_digits(ready.n_rows), notes)
