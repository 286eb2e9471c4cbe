"""A small table of every kind, and settings with which a model learns it in a second."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tabgan import TabGAN

SMALL: dict[str, Any] = {
    "generator_dim": (32, 32),
    "discriminator_dim": (32, 32),
    "embedding_dim": 8,
    "batch_size": 128,
    "device": "cpu",
}
FAST: dict[str, Any] = {**SMALL, "epochs": 3, "rounds": 4}
LIKELIHOOD: dict[str, Any] = {**FAST, "recipe": "likelihood"}


def orders(n_rows: int = 600, seed: int = 0) -> pd.DataFrame:
    """Every kind, some cells missing; `amount` hangs together with `job`."""
    rng = np.random.default_rng(seed)
    is_gap = rng.random(n_rows) < 0.1
    job = rng.choice(["clerk", "nurse", "smith"], n_rows, p=[0.5, 0.3, 0.2])
    level = pd.Series(job).map({"clerk": 20.0, "nurse": 50.0, "smith": 90.0})
    minutes = pd.to_timedelta(rng.integers(0, 400 * 24 * 60, n_rows), unit="min")
    return pd.DataFrame(
        {
            "amount": np.round(level + rng.normal(size=n_rows) * 8, 2),
            "items": pd.Series(rng.integers(0, 60, n_rows), dtype="Int64").mask(is_gap),
            "job": pd.Series(job).mask(rng.random(n_rows) < 0.1),
            "grade": pd.Categorical(
                rng.choice(["low", "mid", "high"], n_rows), categories=["low", "mid", "high"], ordered=True
            ),
            "member": rng.random(n_rows) < 0.3,
            "at": (pd.Timestamp("2023-01-01") + minutes).as_unit("us"),
            "key": [f"K-{place:06d}" for place in rng.permutation(n_rows)],
            "same": 7,
            "nothing": np.nan,
        }
    )


def learned_pair() -> TabGAN:
    """Two numeric columns of two blocks each that hang together, a third that does not, learned well."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 300, 6000)
    y = (x + np.rint(rng.normal(size=6000) * 45).astype(int)) % 300
    model = TabGAN(**{**LIKELIHOOD, "epochs": 15, "rounds": None})
    key = [f"{place:08d}" for place in rng.permutation(6000)]
    model.fit(pd.DataFrame({"x": x, "y": y, "z": rng.integers(0, 3, 6000), "key": key}))
    return model
