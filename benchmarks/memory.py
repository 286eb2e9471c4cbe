"""How much memory large tables take: each step in a process of its own, beside what was estimated.

python -m benchmarks.memory [--table many-values|wide]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table

from benchmarks.measuring import ROOT, Stopwatch, console, peak_bytes, write_result
from tabgan import TabGAN
from tabgan.evaluation import evaluate
from tabgan.gan.memory import training_bytes
from tabgan.learning import settings_of

SAMPLED_ROWS = 2_000
EVALUATION_SECONDS = 120.0


def many_values() -> pd.DataFrame:
    """300,000 rows; one column has 50,000 values, each held by 6 rows; the others hang together."""
    rng = np.random.default_rng(0)
    n_rows = 300_000
    place = rng.permutation(n_rows) % 50_000
    amount = np.round(np.exp(rng.normal(3 + place / 50_000, 0.5)), 2)
    return pd.DataFrame(
        {
            "place": [f"place {number:05d}" for number in place],
            "amount": amount,
            "items": rng.poisson(amount / 10),
            "day": np.datetime64("2024-01-01", "s") + rng.integers(0, 366 * 86_400, n_rows).astype("m8[s]"),
            "kind": rng.choice(["a", "b", "c"], n_rows, p=[0.7, 0.2, 0.1]),
        }
    )


def wide() -> pd.DataFrame:
    """2,500 rows of 4,000 columns: numbers that follow ten hidden ones, and some categories."""
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(2_500, 10))
    numbers = hidden @ rng.normal(size=(10, 3_600)) + rng.normal(size=(2_500, 3_600))
    table = pd.DataFrame(numbers, columns=[f"n{place}" for place in range(3_600)])
    labels = {f"c{place}": rng.choice(["x", "y", "z"], 2_500) for place in range(400)}
    return pd.concat([table, pd.DataFrame(labels)], axis=1)


TABLES: dict[str, Callable[[], pd.DataFrame]] = {"many-values": many_values, "wide": wide}


def fit(table: pd.DataFrame, folder: Path) -> dict[str, Any]:
    """Train for one epoch of each phase and leave the model."""
    model = TabGAN(epochs=1, rounds=4).fit(table)
    model.save(folder / "model.tabgan")
    sizes = [block.size for block in model.encoder_.layout.blocks]
    settings = settings_of(model.get_params(deep=False))
    phases = sorted(set(model.loss_history_["phase"]))
    return {
        "codes": sum(sizes),
        "blocks": len(sizes),
        "phases": phases,
        "estimated_bytes": training_bytes(sizes, len(table), settings),
        "file_bytes": (folder / "model.tabgan").stat().st_size,
    }


def sample(table: pd.DataFrame, folder: Path) -> dict[str, Any]:
    """Sample from the model in as many groups as it was trained for."""
    rows = TabGAN.load(folder / "model.tabgan").sample(SAMPLED_ROWS, rounds=4, seed=0)
    rows.to_pickle(folder / "rows.pickle")
    return {"same_dtypes": bool((rows.dtypes == table.dtypes).all())}


def judge(table: pd.DataFrame, folder: Path) -> dict[str, Any]:
    """Evaluate the synthetic rows."""
    rows = pd.read_pickle(folder / "rows.pickle")  # noqa: S301  # written by the step before
    found = evaluate(table, rows, seed=0, time_budget=EVALUATION_SECONDS)
    return {"answered": sum(metric.value is not None for metric in found.metrics)}


STEPS = {"fit": fit, "sample": sample, "evaluate": judge}


def child(name: str, step: str, folder: Path) -> None:
    """One step in this process; prints what was measured as JSON."""
    table = TABLES[name]()
    before = peak_bytes()
    watch = Stopwatch()
    told = STEPS[step](table, folder)
    wall, cpu = watch.read()
    measured = {
        "peak_bytes": peak_bytes(),
        "table_peak_bytes": before,
        "wall_seconds": wall,
        "cpu_seconds": cpu,
    }
    print(json.dumps({"table": name, "step": step, **measured, **told}))


def main() -> None:
    """Measure, print and write every step of every table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--table", choices=sorted(TABLES))
    parser.add_argument("--child", nargs=3, metavar=("TABLE", "STEP", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        name, step, folder = arguments.child
        child(name, step, Path(folder))
        return
    found = []
    for name in [arguments.table] if arguments.table else sorted(TABLES):
        with tempfile.TemporaryDirectory() as folder:
            for step in STEPS:
                command = [sys.executable, "-m", "benchmarks.memory", "--child", name, step, folder]
                done = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True)
                found.append(json.loads(done.stdout.splitlines()[-1]))
    shown = Table(title="peak memory", title_justify="left")
    for heading in ("table", "step", "peak GiB", "estimated GiB", "CPU s"):
        shown.add_column(heading, justify="left" if heading in ("table", "step") else "right")
    for one in found:
        estimated = one.get("estimated_bytes")
        figures = ("" if estimated is None else f"{estimated / 2**30:.2f}", f"{one['cpu_seconds']:.0f}")
        shown.add_row(one["table"], one["step"], f"{one['peak_bytes'] / 2**30:.2f}", *figures)
    terminal = console()
    terminal.print(shown)
    terminal.print(f"written to {write_result('memory', {'steps': found})}")


if __name__ == "__main__":
    main()
