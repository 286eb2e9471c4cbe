"""Tables the encoder tests share."""

from __future__ import annotations

import pathlib

import numpy as np
import pandas as pd
import pytest

ADULT = pathlib.Path(__file__).parents[2] / "examples" / "data" / "adult.csv.gz"


@pytest.fixture(scope="session")
def adult() -> pd.DataFrame:
    return pd.read_csv(ADULT)


@pytest.fixture(scope="session")
def mixed() -> pd.DataFrame:
    """Every kind, with missing cells, 600 rows."""
    rng = np.random.default_rng(0)
    n = 600
    is_gap = rng.random(n) < 0.1
    minutes = pd.to_timedelta(rng.integers(0, 500 * 24 * 60, n), unit="min")
    return pd.DataFrame(
        {
            "measure": pd.Series(rng.normal(size=n) * 10).mask(is_gap),
            "money": np.round(np.exp(rng.normal(size=n) + 5), 2),
            "count": np.where(rng.random(n) < 0.7, 0, rng.integers(1, 5000, n)),
            "age": pd.Series(rng.integers(17, 90, n), dtype="Int64").mask(is_gap),
            "job": pd.Series(rng.choice(["clerk", "nurse", "smith"], n, p=[0.6, 0.3, 0.1])).mask(is_gap),
            "grade": pd.Categorical(
                rng.choice(["low", "mid", "high"], n), categories=["none", "low", "mid", "high"], ordered=True
            ),
            "member": rng.random(n) < 0.3,
            "at": (pd.Timestamp("2023-01-01") + minutes)
            .as_unit("us")
            .tz_localize("UTC")
            .tz_convert("Europe/Paris"),
            "day": (pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 400, n), unit="D")).as_unit(
                "s"
            ),
            "took": pd.Series(pd.to_timedelta(rng.integers(0, 9000, n), unit="s")).mask(is_gap),
            "key": [f"K-{place:06d}" for place in rng.permutation(n)],
            "same": 7,
            "nothing": np.nan,
        }
    )
