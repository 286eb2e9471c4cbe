"""One run of one method: the folder of the protocol is filled, its runner started and its rows read."""

from __future__ import annotations

import json
import math
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.measuring import ROOT, SPEED_ROWS
from benchmarks.peers.environments import NotInstalledError, python_of
from benchmarks.peers.methods import Method
from benchmarks.peers.runners.protocol import read_table, write_table

RUNNERS = Path(__file__).resolve().parent / "runners"
THREADS = ("OMP", "MKL", "OPENBLAS", "NUMEXPR", "POLARS_MAX", "RAYON")


@dataclass(frozen=True)
class Task:
    """What a runner is asked.

    `kinds`: the kind of every column, the same for every method. `public`: a declared schema, for private
    methods. `limit`: most seconds of wall time. `end`: of `time.monotonic()`, when all is broken off, also
    the installation of the peer.
    """

    seed: int
    kinds: dict[str, str]
    options: dict[str, Any] = field(default_factory=dict)
    public: dict[str, Any] | None = None
    limit: float = math.inf
    end: float = math.inf
    speed_rows: int = SPEED_ROWS


@dataclass(frozen=True)
class Made:
    """The synthetic rows and what they cost, or why there are none."""

    rows: pd.DataFrame | None
    figures: dict[str, Any]
    failure: str | None = None


def as_read(table: pd.DataFrame, kinds: dict[str, str]) -> pd.DataFrame:
    """The table as every runner reads it, so that real and synthetic rows are told apart by cells only."""
    with tempfile.TemporaryDirectory() as folder:
        write_table(table, Path(folder, "table.csv"))
        return read_table(Path(folder, "table.csv"), kinds)


def run(method: Method, train: pd.DataFrame, task: Task) -> Made:
    """Start the runner with its peer's Python, on one thread and without a GPU, and wait for it."""
    try:
        python = python_of(method.environment, task.end)
    except NotInstalledError as error:
        return Made(None, {}, f"not installed: {error}")
    job = {
        "seed": task.seed,
        "speed_rows": task.speed_rows,
        "kinds": task.kinds,
        "public": task.public,
        "options": method.options | task.options,
    }
    with tempfile.TemporaryDirectory(prefix="peer-") as name:
        folder = Path(name)
        write_table(train, folder / "train.csv")
        (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
        limit = min(task.limit, max(task.end - time.monotonic(), 0))
        try:
            done = subprocess.run(
                [python, RUNNERS / f"{method.runner}.py", folder],
                env=_environment(is_ours=method.environment is None),
                timeout=None if limit == math.inf else limit,
                capture_output=True,
                text=True,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Made(None, {}, f"stopped after {limit:,.0f} s")
        if done.returncode:
            return Made(None, {}, _reason(done, folder))
        figures = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
        try:
            return Made(read_table(folder / "synthetic.csv", task.kinds), figures)
        except ValueError as error:
            return Made(None, figures, f"not readable: {error}"[:300])


def _environment(*, is_ours: bool) -> dict[str, str]:
    """No GPU, one thread and no hub; our code is seen by our own runner only."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment |= {f"{name}_THREADS": "1" for name in THREADS if name.startswith("POLARS")}
    environment |= {f"{name}_NUM_THREADS": "1" for name in THREADS if not name.startswith("POLARS")}
    environment |= {"CUDA_VISIBLE_DEVICES": "", "LOKY_MAX_CPU_COUNT": "1", "HF_HUB_OFFLINE": "1"}
    return environment | ({"PYTHONPATH": str(ROOT)} if is_ours else {})


def _reason(done: subprocess.CompletedProcess[str], folder: Path) -> str:
    """The last thing a runner said, without the folder it ran in."""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    last = next((line for line in reversed(lines) if "Error" in line), lines[-1] if lines else "")
    return (last or f"status {done.returncode}").replace(str(folder), "")[:300]
