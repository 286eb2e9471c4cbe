from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from tabgan.evaluation import evaluate
from tabgan.evaluation.report import render_page


def odd_table(n_rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "tiny": rng.normal(size=n_rows) * 1e-310,
            "giant": rng.choice([-1e308, 1e308, 0.0], n_rows),
            "constant": np.full(n_rows, 7.5),
            "empty": np.full(n_rows, np.nan),
            "nothing": pd.Series([None] * n_rows, dtype=object),
            "nullable": pd.array(rng.choice([1, 2, None], n_rows), dtype="Int64"),
            "truth": pd.array(rng.choice([True, False, None], n_rows), dtype="boolean"),
            "grade": pd.Categorical(rng.choice(["x", "y"], n_rows), categories=["x", "y", "z"], ordered=True),
            "wait": pd.to_timedelta(rng.integers(0, 10**6, n_rows), unit="s"),
            "far": np.datetime64("1700-01-01", "s") + rng.integers(0, 10**11, n_rows).astype("m8[s]"),
            "text": rng.choice(["'", '"', "<&>", "nan", ""], n_rows),
        }
    )


@pytest.mark.parametrize("n_rows", [1, 4, 24])
def test_every_figure_is_a_number_or_has_a_reason_whatever_the_columns_hold(n_rows: int) -> None:
    found = evaluate(*(odd_table(n_rows, seed) for seed in range(3)), target="text")
    assert all(
        metric.note if metric.value is None else math.isfinite(metric.value) for metric in found.metrics
    )
    json.dumps(found.to_dict(), allow_nan=False)
    assert "</html>" in render_page(found)
