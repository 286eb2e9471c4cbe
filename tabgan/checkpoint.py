"""Checkpoints: a file from which training that was stopped resumes as if nothing had happened.

It has the form of a model file (`model_file.py`) and is read with the same caution. Besides what a model
file holds there are the moments of the optimisers, the averages, the best weights so far, the state of
the random generators and a checksum of the rows; no row. Private mode has none: resuming would look
again at rows for which its ledger has charged one look.
"""

from __future__ import annotations

import json
import os
import reprlib
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tabgan.arguments import checked_seed
from tabgan.errors import ModelFileError
from tabgan.gan.standing import Pauses, Standing
from tabgan.learning import Parameters, chosen_device, parameters_to_json
from tabgan.model_file import CHECKPOINT, ModelFile, read_model, write_model
from tabgan.preparation import Prepared

CURE = "Fit as at first, or remove the file to start over."


@dataclass(frozen=True)
class Checkpoint:
    """A file that training is saved to while it lasts; if it already exists, training resumes from it.

    `seconds`: about how long from one save to the next. `is_kept`: the file stays when the fit has ended,
    for callers that first want the model on disk.
    """

    path: str | os.PathLike[str]
    seconds: float = 60.0
    is_kept: bool = False

    def __post_init__(self) -> None:
        if not self.seconds >= 0:
            raise ValueError(f"Expected seconds >= 0, got seconds={self.seconds!r}.")


class CheckpointFile:
    """The checkpoint of one fit: what was found in it, and what is written."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        """Raises: ModelFileError for a file that is no checkpoint; OSError for one out of reach."""
        self.path, self.seconds = Path(checkpoint.path), checkpoint.seconds
        self.is_kept = checkpoint.is_kept
        self.found: ModelFile | None = None
        self.problem = ""
        self._identity: dict[str, Any] = {}
        self._last = time.monotonic()
        if self.path.exists():
            self.found = read_model(self.path, CHECKPOINT)
        elif not self.path.resolve().parent.is_dir():
            raise FileNotFoundError(f"{self.path}: there is no folder {self.path.resolve().parent}.")

    @classmethod
    def opened(cls, given: str | os.PathLike[str] | Checkpoint | None) -> CheckpointFile | None:
        """The file that `fit` was given."""
        if given is None:
            return None
        return cls(given if isinstance(given, Checkpoint) else Checkpoint(given))

    def seed(self, random_state: int | None) -> int:
        """The seed of the fit: that of the file where none is asked for."""
        if random_state is None and self.found is not None:
            try:
                return checked_seed(self.found.manifest["seed"])
            except (KeyError, ValueError):
                raise self.not_whole() from None
        return checked_seed(random_state)

    def check_parameters(self, parameters: Parameters, seed: int) -> None:
        """Note with which parameters is fitted. Raises: ModelFileError for a fit with others."""
        told = parameters_to_json(parameters)
        device = chosen_device(parameters["device"]).type
        self._identity = _plain({"parameters": told, "seed": seed, "device": device})
        if self.found is None:
            return
        from tabgan import __version__

        there = {"tabgan": self.found.manifest.get("tabgan_version"), **_facts(self.found.manifest)}
        here = {"tabgan": __version__, **_facts(self._identity)}
        for name, value in here.items():
            if name not in there or there[name] != value:
                its, mine = reprlib.repr(there.get(name)), reprlib.repr(value)
                raise self._refusal(f"{name} is {its} there and {mine} here")

    def pauses(self, ready: Prepared, is_stopped: Callable[[], bool]) -> Pauses:
        """What training is asked between two steps. Raises: ModelFileError for the rows of another fit."""
        reduction, encoding = ready.reduction, ready.encoder.to_dict()
        if reduction.schema.rules:
            encoding = encoding | {"rules": reduction.to_dict()}
        self._identity |= {"rows": zlib.crc32(ready.codes.data)}
        schema = _plain(reduction.schema.to_dict())
        if self.found is not None:
            if schema != self.found.schema:
                raise self._refusal(_difference(schema, self.found.schema))
            is_same = self._identity["rows"] == self.found.manifest.get("rows")
            if not is_same or _plain(encoding) != self.found.encoding:
                raise self._refusal("the rows of the table differ")

        def keep(standing: Standing) -> None:
            self._write(standing, schema, encoding)

        return Pauses(is_stopped, self._is_due, keep, self._standing())

    def _standing(self) -> Standing | None:
        if self.found is None:
            return None
        tensors = {name: torch.from_numpy(np.array(part)) for name, part in self.found.tensors.items()}
        facts = self.found.manifest.get("standing")
        if not isinstance(facts, dict):
            raise self.not_whole()
        self.found = None  # so that the memory is free once training has taken it over
        return Standing(facts, tensors)

    def _is_due(self) -> bool:
        return time.monotonic() - self._last >= self.seconds

    def _write(self, standing: Standing, schema: Mapping[str, Any], encoding: Mapping[str, Any]) -> None:
        """Write the file. What goes wrong does not end a training that has lasted long: it is noted."""
        if not all(bool(part.isfinite().all()) for part in standing.tensors.values()):
            return  # it is running away; the file holds the last good moment
        try:
            write_model(
                self.path,
                manifest={**self._identity, "standing": standing.facts},
                schema=schema,
                encoding=encoding,
                tensors={name: part.detach().cpu().numpy() for name, part in standing.tensors.items()},
                form=CHECKPOINT,
            )
            self.problem = ""
        except OSError as error:
            self.problem = f"The checkpoint could not be written: {error.strerror or 'not a regular file'}."
        except ModelFileError as error:
            self.problem = f"The checkpoint could not be written: {error}"
        self._last = time.monotonic()

    def close(self) -> None:
        """Remove the file of a fit that has ended, unless it is to be kept."""
        if not self.is_kept:
            self.path.unlink(missing_ok=True)

    def not_whole(self) -> ModelFileError:
        """The error of a file that does not hold all of a training run."""
        return ModelFileError(f"{self.path} does not hold a whole checkpoint. Remove it to start over.")

    def _refusal(self, difference: str) -> ModelFileError:
        return ModelFileError(f"{self.path} is the checkpoint of another fit: {difference}. {CURE}")


def _plain(value: Any) -> Any:
    """The value as it is read from JSON."""
    return json.loads(json.dumps(value))


def _facts(manifest: Mapping[str, Any]) -> dict[str, Any]:
    parameters = manifest.get("parameters")
    device = {"device": manifest.get("device")}
    return {**(parameters if isinstance(parameters, dict) else {}), **device}


def _difference(here: Mapping[str, Any], there: Mapping[str, Any]) -> str:
    """What differs between two schemas, as far as names tell."""
    mine, its = here["columns"], there.get("columns")
    if not isinstance(its, list) or [_name(one) for one in mine] != [_name(one) for one in its]:
        return "the columns of the table differ"
    names = [_name(one) for one, other in zip(mine, its, strict=True) if one != other]
    return f"the schema of column {names[0]!r} differs" if names else "the rules between columns differ"


def _name(column: object) -> object:
    return column.get("name") if isinstance(column, dict) else None
