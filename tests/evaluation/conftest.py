"""Tables the evaluation tests share: small, made by rule, no file needed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan.evaluation import Evaluation, evaluate

HOSTILE = "<script>alert('x')</script>$a_b$</script>"


def make_people(n_rows: int, seed: int) -> pd.DataFrame:
    """Rows of one fixed distribution with related columns of every kind, some cells missing."""
    rng = np.random.default_rng(seed)
    job = rng.choice(["cook", "driver", "nurse", "teacher"], n_rows, p=[0.4, 0.3, 0.2, 0.1])
    step = pd.Series(job).map({"cook": 0.0, "driver": 1.0, "nurse": 2.0, "teacher": 3.0}).to_numpy()
    age = np.clip(rng.normal(35 + 4 * step, 8, n_rows), 18, 90).round()
    pay = np.exp(rng.normal(7 + 0.2 * step + age / 60, 0.2, n_rows)).round(2)
    rich = pay > 3000
    town = np.where(rng.random(n_rows) < 0.7, np.where(rich, "North", "South"), "West")
    start = pd.Timestamp("2020-01-01") + pd.to_timedelta((age * 20).astype(int), unit="D")
    return pd.DataFrame(
        {
            "age": age.astype("int64"),
            "job": job,
            "pay": np.where(rng.random(n_rows) < 0.05, np.nan, pay),
            "town": pd.Series(town, dtype=object).where(rng.random(n_rows) > 0.1, None),
            "start": start,
            "rich": rich,
        }
    )


def make_categories(n_rows: int, seed: int) -> pd.DataFrame:
    """Categories only, with quotes, line ends and missing cells, related by a hidden class."""
    rng = np.random.default_rng(seed)
    words = np.array(["O'Neill", 'the "big" one', "it's = 'x'", "a,b", "\\n", "größe\n"], dtype=object)
    hidden = rng.integers(0, 4, n_rows)
    columns = {
        f"c{place}": words[np.where(rng.random(n_rows) < 0.4, hidden, rng.integers(0, 6, n_rows))]
        for place in range(7)
    }
    table = pd.DataFrame(columns)
    return table.mask(rng.random(table.shape) < 0.05, None)


def make_readings(n_rows: int, seed: int) -> pd.DataFrame:
    """Numbers on both sides of zero, dates before 1970, missing cells in every column."""
    rng = np.random.default_rng(seed)
    heat = rng.normal(-5, 20, n_rows)
    table = pd.DataFrame(
        {
            "heat": heat,
            "loss": -np.exp(rng.normal(3 + heat / 40, 1, n_rows)).round(2),
            "events": rng.poisson(30, n_rows) - 25,
            "at": pd.Timestamp("1969-06-01") + pd.to_timedelta(rng.integers(0, 10**8, n_rows), unit="s"),
        }
    )
    return table.mask(rng.random(table.shape) < 0.1)


def make_odd(n_rows: int, seed: int) -> pd.DataFrame:
    """Numbers at the ends of floats, columns that say nothing, dtypes with missing cells, old dates."""
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


@pytest.fixture(scope="session")
def train() -> pd.DataFrame:
    return make_people(1200, seed=1)


@pytest.fixture(scope="session")
def holdout() -> pd.DataFrame:
    return make_people(1200, seed=2)


@pytest.fixture(scope="session")
def fresh() -> pd.DataFrame:
    return make_people(1200, seed=3)


@pytest.fixture(scope="session")
def hostile() -> Evaluation:
    """What is found of tables whose names and cells would be script, if a page let them."""
    rng = np.random.default_rng(0)
    tables = []
    for n_rows in (120, 80, 60):
        cell = pd.Series(rng.choice([HOSTILE, "b\u202e\x07", "plain"], n_rows), dtype=object)
        number = rng.normal(size=n_rows)
        moment = pd.Timestamp("2024-05-01") + pd.to_timedelta(rng.integers(0, 10**7, n_rows), unit="s")
        tables.append(
            pd.DataFrame(
                {HOSTILE: cell, "n\x07": number, None: number > 0, ("t", 1): moment, "empty": np.nan}
            )
        )
    tables[0].loc[:3, HOSTILE] = "only four rows"
    tables[1].loc[:40, HOSTILE] = "only four rows"
    return evaluate(*tables, target=HOSTILE)
