"""What the evaluation says of tables whose truth is known, and what it costs.

python -m benchmarks.evaluation [--synthetic made.parquet] [--million]

Adult, 80/20, seed 0. A copy of the training rows must be a leak, shuffled columns unfaithful, and one
half of the holdout (judged against the other half) must give no finding. `--synthetic` adds a table
of one's own for the same training rows; `--million` judges a million rows, drawn from Adult with
noise. Every table is judged in a process of its own, on one thread.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table

from benchmarks.datasets import load
from benchmarks.measuring import ROOT, Stopwatch, console, peak_bytes, split, write_result
from tabgan.evaluation import evaluate
from tabgan.evaluation.features import shuffled_columns

Tables = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
MILLION = 1_000_000


def copy_of_train(train: pd.DataFrame, holdout: pd.DataFrame) -> Tables:
    """Every synthetic row is a training row."""
    return train, train.sample(frac=1, random_state=1), holdout


def shuffled(train: pd.DataFrame, holdout: pd.DataFrame) -> Tables:
    """The right columns, no relation between them."""
    return train, shuffled_columns(train, 1), holdout


def real_rows(train: pd.DataFrame, holdout: pd.DataFrame) -> Tables:
    """Fresh real rows in the synthetic table's place."""
    middle = len(holdout) // 2
    return train, holdout.iloc[:middle], holdout.iloc[middle:]


def million(train: pd.DataFrame, holdout: pd.DataFrame) -> Tables:
    """A million rows each of train and synthetic, numbers shaken so that few rows are equal."""
    rng = np.random.default_rng(0)

    def grown(table: pd.DataFrame, n_rows: int) -> pd.DataFrame:
        rows = table.iloc[rng.integers(len(table), size=n_rows)].reset_index(drop=True)
        for name in ("age", "fnlwgt", "hours-per-week"):
            rows[name] += rng.integers(-2, 3, size=n_rows)
        return rows

    return grown(train, MILLION), grown(train, MILLION), grown(holdout, MILLION // 4)


MADE: dict[str, Callable[[pd.DataFrame, pd.DataFrame], Tables]] = {
    "copy of train": copy_of_train,
    "shuffled columns": shuffled,
    "real rows": real_rows,
    "million rows": million,
}


def child(name: str, path: str) -> None:
    """Judge one table and print what was found as JSON."""
    dataset = load("adult")
    train, holdout = split(dataset.table, 0)
    made = MADE.get(name)
    tables = (train, pd.read_parquet(path), holdout) if made is None else made(train, holdout)
    watch = Stopwatch()
    found = evaluate(*tables, target=dataset.target)
    wall, cpu = watch.read()
    told = {
        "table": name,
        "standings": {answer.question.key: answer.standing for answer in found.answers},
        "c2st_auc": found["c2st_auc"].value,
        "seconds": {key: round(value, 2) for key, value in found.seconds.items()},
        "cpu_seconds": round(cpu, 1),
        "wall_seconds": round(wall, 1),
        "peak_gb": round(peak_bytes() / 1e9, 2),
    }
    print(json.dumps(told))


def measure(name: str, path: str = "") -> dict[str, Any]:
    """The same in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.evaluation", "--child", name, path]
    environment = {**os.environ, **dict.fromkeys(THREADS, "1")}
    with tempfile.TemporaryFile("w+") as out:
        subprocess.run(command, check=True, cwd=ROOT, env=environment, stdout=out)
        out.seek(0)
        told: dict[str, Any] = json.loads(out.read().splitlines()[-1])
    return told


def show(found: list[dict[str, Any]]) -> Table:
    """A column a table, a row a question."""
    table = Table()
    table.add_column("question")
    for one in found:
        table.add_column(one["table"])
    for key in found[0]["standings"]:
        table.add_row(key, *(one["standings"][key] for one in found))
    for key in ("c2st_auc", "cpu_seconds", "wall_seconds", "peak_gb"):
        table.add_row(key, *(f"{one[key]:.3g}" for one in found), style="bold")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--synthetic", type=Path, help="Parquet file made from Adult's training rows")
    parser.add_argument("--million", action="store_true", help="also a million rows")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(*arguments.child)
        return
    names = ["copy of train", "shuffled columns", "real rows"] + ["million rows"] * arguments.million
    found = [measure(name) for name in names]
    if arguments.synthetic:
        found.append(measure(arguments.synthetic.stem, str(arguments.synthetic.resolve())))
    console().print(show(found))
    console().print(f"written to {write_result('evaluation-adult', {'seed': 0, 'found': found})}")


if __name__ == "__main__":
    main()
