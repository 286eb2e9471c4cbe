"""What a fit is made of, with or without a budget: parameters checked, files opened, signals put off."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import pandas as pd

from tabgan import open_learning
from tabgan.arguments import checked_parameters
from tabgan.checkpoint import Checkpoint, CheckpointFile
from tabgan.gan.progress import training_bar
from tabgan.interruption import Interruption
from tabgan.learning import checked_seed
from tabgan.open_learning import OpenModel

if TYPE_CHECKING:
    from tabgan.private_learning import PrivateModel

    Learned: TypeAlias = OpenModel | PrivateModel


@dataclass(frozen=True)
class Files:
    """Where a fit keeps what must not be lost: spends in private mode, its training otherwise."""

    ledger: str | os.PathLike[str] | None = None
    checkpoint: str | os.PathLike[str] | Checkpoint | None = None


def learned(
    df: pd.DataFrame, parameters: Mapping[str, Any], files: Files, interruption: Interruption
) -> tuple[Learned, int]:
    """What was learned of the table with TabGAN's parameters, and the seed.

    Raises: as `TabGAN.fit`.
    """
    parameters = checked_parameters(parameters)
    _check_files(parameters, files)
    if parameters["epsilon"] is None:
        return _openly(df, parameters, files, interruption)
    from tabgan.private_learning import learn_with

    seed = checked_seed(parameters["random_state"])  # fixes nothing that hides a row
    with training_bar(parameters["verbose"]) as show:
        callbacks = (show, *parameters["callbacks"])
        found = learn_with(
            df, parameters, seed, ledger=files.ledger, callbacks=callbacks, interruption=interruption
        )
    return found, seed


def _openly(
    df: pd.DataFrame, parameters: Mapping[str, Any], files: Files, interruption: Interruption
) -> tuple[OpenModel, int]:
    checkpoint = CheckpointFile.opened(files.checkpoint)
    random_state = parameters["random_state"]
    seed = checked_seed(random_state) if checkpoint is None else checkpoint.seed(random_state)
    with training_bar(parameters["verbose"]) as show:
        found = open_learning.learn_with(
            df,
            parameters,
            seed,
            callbacks=(show, *parameters["callbacks"]),
            interruption=interruption,
            checkpoint=checkpoint,
        )
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
