"""The tables on which anonymeter is asked: some that it reads well, some that it reads wrongly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.datasets import load

ROWS = 600  # of each of the three tables; half of the synthetic rows are training rows

Triple = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


def made_table(n_rows: int) -> pd.DataFrame:
    """Positive numbers that hang together, and a category: no ties, no quotes, nothing missing."""
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(5, 5)) * 0.6 + np.eye(5)
    numbers = np.exp(0.4 * rng.normal(size=(n_rows, 5)) @ mixing + 3)
    table = pd.DataFrame(numbers, columns=list("abcde"))
    groups = np.array(["one", "two", "three", "four"])
    table["group"] = groups[(np.argsort(np.argsort(table["a"])) * 3 // n_rows + rng.integers(0, 2, n_rows))]
    return table


def tables_of(name: str, n_rows: int = ROWS) -> Triple:
    """Training and held-out rows, and synthetic ones of which half are training rows."""
    whole = made_table(4 * n_rows) if name == "made" else load(name).table.dropna().drop_duplicates()
    whole = whole.set_axis([f"c{i}_" for i in range(whole.shape[1])], axis=1)
    drawn = whole.sample(3 * n_rows, random_state=0).reset_index(drop=True)
    train, holdout, fresh = (drawn[i * n_rows : (i + 1) * n_rows].reset_index(drop=True) for i in range(3))
    synthetic = pd.concat([train[: n_rows // 2], fresh[n_rows // 2 :]], ignore_index=True)
    return train, synthetic, holdout


def odd_tables() -> dict[str, tuple[Triple, dict[str, Any]]]:
    """Tables that anonymeter reads wrongly, and what is asked of it."""
    plain = [table[["a", "b", "group"]] for table in tables_of_made()]
    copied = plain[0], plain[0].copy(), plain[1]
    fresh = plain[0], plain[2], plain[1]
    by_three = {"attack": "singling out", "mode": "multivariate", "n_attacks": 200, "n_columns": 3}
    inferred = {"attack": "inference", "secret": "b", "is_number": True}

    def changed(tables: Triple, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Triple:
        return change(tables[0]), change(tables[1]), change(tables[2])

    def dated(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(b=pd.Timestamp("2020-01-01") + pd.to_timedelta(table["b"].round(3), unit="D"))

    def with_gaps(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(a=table["a"].mask(table["b"] > table["b"].median()))

    return {
        "fresh rows, the secret a negative number": (
            changed(fresh, lambda table: table.assign(b=-table["b"])),
            inferred,
        ),
        "a copy, a quote in every string": (
            changed(copied, lambda table: table.assign(group=table["group"] + "'s")),
            by_three,
        ),
        "a copy, missing numbers": (changed(copied, with_gaps), inferred),
        "a copy, the secret a date": (changed(copied, dated), inferred),
    }


def tables_of_made() -> Triple:
    """Three samples of the made table that share no row."""
    table = made_table(3 * ROWS).sample(frac=1, random_state=0, ignore_index=True)
    first, second, third = (table[i * ROWS : (i + 1) * ROWS].reset_index(drop=True) for i in range(3))
    return first, second, third
