"""What a fit is made of, with or without a budget: parameters checked, files opened, signals put off."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import pandas as pd

from tabgan.arguments import checked_parameters, checked_seed
from tabgan.checkpoint import Checkpoint, CheckpointFile
from tabgan.encoding.table import TableEncoder
from tabgan.gan.progress import training_bar
from tabgan.gan.standing import NotWholeError, Pauses
from tabgan.gan.trained import Trained
from tabgan.interruption import Interruption
from tabgan.learning import Parameters, learn, settings_of
from tabgan.preparation import prepare
from tabgan.rules.reduction import Reduction

if TYPE_CHECKING:
    from tabgan.private_learning import PrivateModel

    Learned: TypeAlias = "OpenModel | PrivateModel"


@dataclass(frozen=True)
class Files:
    """Where a fit keeps what must not be lost: spends in private mode, its training otherwise."""

    ledger: str | os.PathLike[str] | None = None
    checkpoint: str | os.PathLike[str] | Checkpoint | None = None


@dataclass(frozen=True)
class OpenModel:
    """What learning without a budget leaves; `n_rows` to two digits, `notes` a line each for the user."""

    encoder: TableEncoder
    reduction: Reduction
    trained: Trained | None
    n_rows: int
    notes: tuple[str, ...]
    ledger: None = None


def learned(
    df: pd.DataFrame, parameters: Mapping[str, Any], files: Files, interruption: Interruption
) -> tuple[Learned, int]:
    """What was learned of the table with TabGAN's parameters, and the seed.

    Raises: as `TabGAN.fit`.
    """
    parameters = checked_parameters(parameters)
    _check_files(parameters, files)
    with training_bar(parameters["verbose"]) as show:
        parameters = {**parameters, "callbacks": (show, *parameters["callbacks"])}
        if parameters["epsilon"] is None:
            return _openly(df, parameters, CheckpointFile.opened(files.checkpoint), interruption)
        from tabgan.private_learning import learn_with

        seed = checked_seed(parameters["random_state"])  # fixes nothing that hides a row
        return learn_with(df, parameters, seed, ledger=files.ledger, interruption=interruption), seed


def _openly(
    df: pd.DataFrame, parameters: Parameters, checkpoint: CheckpointFile | None, interruption: Interruption
) -> tuple[OpenModel, int]:
    """Learn without a budget: every statistic exact."""
    random_state = parameters["random_state"]
    seed = checked_seed(random_state) if checkpoint is None else checkpoint.seed(random_state)
    settings = settings_of(parameters)
    if checkpoint is not None:
        checkpoint.check_parameters(parameters, seed)
    ready = prepare(df, parameters["schema"], parameters, settings)
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
                callbacks=parameters["callbacks"],
                pauses=pauses,
            )
    except NotWholeError:
        if checkpoint is None:
            raise
        raise checkpoint.not_whole() from None
    notes = (*ready.notes, checkpoint.problem) if checkpoint and checkpoint.problem else tuple(ready.notes)
    found = OpenModel(ready.encoder, ready.reduction, trained, two_digits(ready.n_rows), notes)
    if checkpoint is not None and not told_of_stop(found):
        checkpoint.close()
    return found, seed


def told_of_stop(found: Learned) -> str:
    """How far training was when it was interrupted; nothing for one that ended by itself."""
    return "" if found.trained is None else found.trained.stopped


def _check_files(parameters: Mapping[str, Any], files: Files) -> None:
    """Raises: ValueError for files and parameters that do not go together."""
    if parameters["epsilon"] is None:
        if any(given is not None for given in (files.ledger, parameters["delta"], parameters["privacy"])):
            raise ValueError("Expected epsilon with ledger, delta or privacy: without it, no fit is private.")
    elif files.checkpoint is not None:
        raise ValueError(
            "Expected checkpoint=None with epsilon: resuming would look again at rows for which the ledger "
            "has paid once. Without it a fit starts over with what is left of the ledger."
        )


def two_digits(n_rows: int) -> int:
    """A number of rows to two significant digits, for the model file.

    >>> two_digits(39_073)
    39000
    """
    scale = 10 ** max(len(str(n_rows)) - 2, 0)
    return int(round(n_rows / scale) * scale)
