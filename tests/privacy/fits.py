"""A whole private fit of a small table in a second, recorded, and given again on a neighbouring one."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from tabgan import TabGAN, private_learning
from tabgan.gan import private_training
from tabgan.gan.noise import NoisyOptimizer
from tabgan.gan.settings import PrivateSettings
from tabgan.privacy import rows as rows_module
from tabgan.privacy.config import PrivacyConfig
from tabgan.schema import Column, Schema
from tests.privacy.replaying import Tape, recorded, replayed

N_ROWS = 200
MAX_GRAD_NORM = 0.5
CONFIG = PrivacyConfig(steps=4, sample_rate=0.2, masks=2)
SCHEMA = Schema(
    (
        Column("age", "numeric", dtype="int64", minimum=17, maximum=90),
        Column("price", "numeric", dtype="float64", decimals=2, minimum=0, maximum=500),
        Column("job", "categorical", dtype="str", categories=("clerk", "nurse", "smith")),
        Column("member", "boolean", dtype="bool"),
    )
)


def records(n_rows: int = N_ROWS, seed: int = 0) -> list[dict[str, Any]]:
    """Rows of plain values; which dtypes a DataFrame makes of them is up to all of them."""
    rng = np.random.default_rng(seed)
    return [
        {
            "age": int(rng.integers(17, 91)),
            "price": round(float(rng.exponential(20)), 2),
            "job": str(rng.choice(["clerk", "nurse", "smith"])),
            "member": bool(rng.random() < 0.4),
        }
        for _ in range(n_rows)
    ]


def fit(rows: list[dict[str, Any]], schema: Schema | None = SCHEMA, **parameters: Any) -> TabGAN:
    """TabGAN with few steps; the claim is loose where it is not what is looked at."""
    settings = functools.partial(PrivateSettings, warm_steps=3, distil_steps=3, warm_rows=200, pool_rows=200)
    chosen = {"epsilon": 500.0, "delta": 1e-4, "generator_dim": (8, 8), "privacy": CONFIG, "random_state": 5}
    chosen |= {"max_grad_norm": MAX_GRAD_NORM, "target": "job"} | parameters
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(private_learning, "PrivateSettings", settings)
        return TabGAN(schema, **chosen).fit(pd.DataFrame(rows))


@dataclass
class Training:
    """Each step of DP-SGD: places of the rows seen, public settings, sums before and after the noise."""

    places: list[Any] = field(default_factory=list)
    public: list[tuple[float, float, float]] = field(default_factory=list)
    sums: list[list[torch.Tensor]] = field(default_factory=list)
    noisy: list[list[torch.Tensor]] = field(default_factory=list)


@dataclass
class Fit:
    """A fit, its file, and all that its mechanisms were asked and gave."""

    model: TabGAN
    file: bytes
    tape: Tape
    training: Training
    told: list[dict[str, Any]]


def recorded_fit(folder: Path, schema: Schema | None) -> Fit:
    """A fit of the table with fresh noise."""
    training = Training()
    with pytest.MonkeyPatch.context() as patch:
        tape = recorded(patch)
        draw = rows_module._included

        def included(n_rows: int, rate: float) -> Any:
            training.places.append(draw(n_rows, rate))
            return training.places[-1]

        patch.setattr(rows_module, "_included", included)
        _watch(patch, training, None)
        return _fitted(folder, records(), schema, tape, training)


def replayed_fit(folder: Path, rows: list[dict[str, Any]], place: int, first: Fit, schema: Any) -> Fit:
    """The fit of a neighbour: every mechanism answers as it did, every batch holds the same rows.

    `place`: of the row that is lacking, or of the row that came, which is in every batch.
    """
    training, is_more = Training(), len(rows) > N_ROWS
    with pytest.MonkeyPatch.context() as patch:
        tape = replayed(patch, first.tape)

        def included(n_rows: int, rate: float) -> Any:
            then = first.training.places[len(training.places)]
            if is_more:
                now = np.sort(np.append(then + (then >= place), place))
            else:
                now = then[then != place]
                now = now - (now > place)
            training.places.append(now)
            return now

        patch.setattr(rows_module, "_included", included)
        _watch(patch, training, first.training)
        return _fitted(folder, rows, schema, tape, training)


def _watch(patch: pytest.MonkeyPatch, training: Training, first: Training | None) -> None:
    add_noise = NoisyOptimizer.add_noise

    def noisy(optimizer: Any) -> None:
        step = len(training.sums)
        training.sums.append([part.summed_grad.clone() for part in optimizer.params])
        training.public.append(
            (optimizer.noise_multiplier, optimizer.max_grad_norm, optimizer.expected_batch_size)
        )
        add_noise(optimizer)
        if first is not None:
            for part, then in zip(optimizer.params, first.noisy[step], strict=True):
                part.grad.copy_(then)
        training.noisy.append([part.grad.clone() for part in optimizer.params])

    patch.setattr(NoisyOptimizer, "add_noise", noisy)
    # What a row is asked about follows from the row, so that two sums can be compared.
    patch.setattr(private_training, "mixed_masks", lambda codes, *_: drawn_by_rows(codes))


def drawn_by_rows(codes: torch.Tensor) -> torch.Tensor:
    """A mask that depends on the row alone; global random numbers are used up as for a random one."""
    torch.rand(codes.shape)
    return (codes * 7 + 3 * torch.arange(codes.shape[1])) % 5 < 2


def _fitted(folder: Path, rows: Any, schema: Any, tape: Tape, training: Training) -> Fit:
    told: list[dict[str, Any]] = []
    model = fit(rows, schema, callbacks=[told.append])
    model.save(folder / "model.tabgan")
    file = (folder / "model.tabgan").read_bytes()
    public = [{k: v for k, v in one.items() if not k.startswith("seconds")} for one in told]
    return Fit(model, file, tape, training, public)
