"""Fit and sample in a process of its own, so that time and memory are the model's alone.

The parent hands over a `Job`; the child loads the table, fits on its 80 %, samples, and leaves the
synthetic tables as Parquet beside what it measured.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import importlib.metadata
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from sklearn.model_selection import train_test_split

from benchmarks.datasets import load

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).resolve().parent / "results"
BFLOAT16 = ("avx512_bf16", "amx_bf16")  # as in tabgan.gan.precision, which would import torch here
WARM_ROWS = 2_000
SPEED_ROWS = 65_536


@dataclass(frozen=True)
class Job:
    """One model to fit and what to sample from it; `None` in `rounds` is the model's default.

    `max_rows`: rows taken of a larger table before it is split. `within`: the training rows are split
    once more, and the holdout is not touched.
    """

    table: str
    target: str | None = None
    seed: int = 0
    options: dict[str, Any] = field(default_factory=dict)
    rounds: tuple[int | None, ...] = (None,)
    n_threads: int | None = None
    with_target: bool = False
    max_rows: int | None = None
    within: bool = False


@dataclass(frozen=True)
class Outcome:
    """The synthetic table for every entry of `Job.rounds` and the child's figures."""

    tables: tuple[pd.DataFrame, ...]
    figures: dict[str, Any]


def split(table: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training rows (80 %) and holdout, the same for every benchmark."""
    train, holdout = train_test_split(table, test_size=0.2, random_state=seed)
    return train.reset_index(drop=True), holdout.reset_index(drop=True)


def split_for(job: Job, table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows that the job learns, and those that judge it."""
    if job.max_rows is not None and len(table) > job.max_rows:
        table = table.sample(job.max_rows, random_state=job.seed)
    train, holdout = split(table, job.seed)
    return split(train, job.seed) if job.within else (train, holdout)


def run(job: Job) -> Outcome:
    """Run the job in a fresh process and read back what it made."""
    environment = dict(os.environ)
    if job.n_threads is not None:
        environment |= dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(job.n_threads))
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.measuring", json.dumps(asdict(job)), folder]
        subprocess.run(command, check=True, cwd=ROOT, env=environment)
        figures = json.loads(Path(folder, "figures.json").read_text())
        tables = tuple(pd.read_parquet(Path(folder, f"{i}.parquet")) for i in range(len(job.rounds)))
    return Outcome(tables, figures)


def write_result(name: str, result: dict[str, Any], folder: Path = RESULTS) -> Path:
    """Write a result with the machine and the versions it was measured on."""
    path = folder / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    told = {"measured": dt.date.today().isoformat(), "machine": machine(), "versions": versions(), **result}
    path.write_text(json.dumps(told, indent=2, allow_nan=False) + "\n")
    return path


def console() -> Console:
    """A terminal wide enough for the tables, also where the output goes to a file."""
    return Console(width=max(110, Console().width))


def machine() -> dict[str, Any]:
    """Processor, cores and memory, without a name that says whose it is.

    `bfloat16`: whether the processor is made for it, which halves the time of our training and drawing.
    """
    processor, flags = platform.processor() or platform.machine(), list[str]()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        processor = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
        flags = next(line.split(":")[1].split() for line in lines if line.startswith("flags"))
    except (OSError, StopIteration):
        pass
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "system": platform.system(),
        "processor": processor,
        "bfloat16": any(name in flags for name in BFLOAT16),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(memory),
    }


def versions() -> dict[str, str]:
    """Versions that change figures: Python and the libraries that compute."""
    names = ("numpy", "pandas", "scikit-learn", "scipy", "torch")
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in names}}


def peak_bytes() -> int:
    """Largest resident memory of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


class Stopwatch:
    """Wall and CPU seconds (of all threads) since it was made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        """Wall and CPU seconds."""
        return time.perf_counter() - self._wall, time.process_time() - self._cpu


def _child(job: Job, folder: Path) -> None:
    # Here and not above: the parent needs no torch, and its import is no part of the fit.
    import torch  # noqa: F401

    from tabgan import TabGAN

    dataset = load(job.table, target=job.target)
    train, _ = split_for(job, dataset.table)
    options = dict(job.options)
    if "privacy" in options:
        from tabgan import PrivacyConfig

        options["privacy"] = dataclasses.replace(
            PrivacyConfig.default(options["epsilon"]), **options["privacy"]
        )
    if job.with_target:
        options["target"] = dataset.target
    watch = Stopwatch()
    model = TabGAN(random_state=job.seed, **options).fit(train)
    fit_wall, fit_cpu = watch.read()
    figures: dict[str, Any] = {"fit_wall_seconds": fit_wall, "fit_cpu_seconds": fit_cpu, "sampling": []}
    for i, rounds in enumerate(job.rounds):
        model.sample(num_rows=len(train), rounds=rounds, seed=job.seed).to_parquet(folder / f"{i}.parquet")
    for rounds in job.rounds:
        model.sample(num_rows=WARM_ROWS, rounds=rounds, seed=job.seed)
        watch = Stopwatch()
        model.sample(num_rows=SPEED_ROWS, rounds=rounds, seed=job.seed)
        wall, cpu = watch.read()
        told = {
            "rounds": rounds,
            "rows_per_second": SPEED_ROWS / wall,
            "rows_per_cpu_second": SPEED_ROWS / cpu,
        }
        figures["sampling"].append(told)
    figures["peak_bytes"] = peak_bytes()
    figures["spent"] = None if model.privacy_spent_ is None else list(model.privacy_spent_)
    history = getattr(model, "loss_history_", None)
    figures["last_loss"] = (
        None if history is None or history.empty else json.loads(history.iloc[-1].to_json())
    )
    (folder / "figures.json").write_text(json.dumps(figures))


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    _child(Job(**given | {"rounds": tuple(given["rounds"])}), Path(sys.argv[2]))
