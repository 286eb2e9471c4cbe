"""A table and settings with which private mode learns in a second, by the whole path."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest

from tabgan import Column, PrivacyConfig, Schema, TabGAN
from tabgan.gan.settings import PrivateSettings

SCHEMA = Schema(
    (
        Column("age", "numeric", decimals=0, minimum=0, maximum=20),
        Column("job", "categorical", categories=("clerk", "nurse")),
    )
)
N_ROWS = 1200


def shorten(patch: pytest.MonkeyPatch) -> None:
    """Fewer steps on released counts, which cost no privacy, only time."""
    short = partial(
        PrivateSettings, warm_steps=30, distil_steps=30, public_batch_size=128, warm_rows=2000, pool_rows=2000
    )
    patch.setattr("tabgan.private_learning.PrivateSettings", short)


def people(n_rows: int = N_ROWS, seed: int = 0) -> pd.DataFrame:
    """Two columns that hang together: the nurses are older."""
    rng = np.random.default_rng(seed)
    age = rng.integers(0, 21, n_rows)
    is_nurse = np.where(rng.random(n_rows) < 0.9, age > 10, rng.random(n_rows) < 0.5)
    return pd.DataFrame({"age": age, "job": np.where(is_nurse, "nurse", "clerk")})


def small(schema: Schema | None = None, **parameters: object) -> TabGAN:
    """A model that is narrow and sees few batches."""
    settings = {
        "epsilon": 8.0,
        "privacy": PrivacyConfig(steps=8, masks=1),
        "embedding_dim": 4,
        "generator_dim": (24,),
        "device": "cpu",
    }
    return TabGAN(schema, **(settings | parameters))
