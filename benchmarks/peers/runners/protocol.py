"""The protocol of the runners. A runner is executed by its peer's Python and knows nothing of tabgan.

run_NAME.py FOLDER
    reads   train.csv and job.json
    writes  synthetic.csv (as many rows as train.csv), figures.json, and model/ if the peer can be saved

job.json: seed, speed_rows, kinds (column: numeric, categorical, boolean, datetime or identifier), public
(column: minimum, maximum or categories, for private peers; may be null), options (of the method, among
them epsilon and delta). A cell that is empty in a CSV is missing; every other text is itself.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import resource
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

READ = {"index_col": False, "keep_default_na": False, "na_values": [""]}
SLOW_SECONDS = 60.0  # a draw that takes longer is not repeated to measure the speed
SPEED_SECONDS = 120.0  # the draw that measures the speed has no more rows than are drawn in about this time


def read_table(path, kinds):
    """A table with numbers as numbers, dates as dates (UTC, without a zone) and all else as text."""
    text = {name: str for name, kind in kinds.items() if kind not in ("numeric", "datetime")}
    dates = [name for name, kind in kinds.items() if kind == "datetime"]
    table = pd.read_csv(path, dtype=text, **READ)
    for name in dates:
        table[name] = pd.to_datetime(table[name], utc=True).dt.tz_localize(None)
    return table


def write_table(table, path):
    """The table as `read_table` reads it."""
    table.to_csv(path, index=False)


def without_gaps(table, job):
    """For peers that take no missing cell: numbers get their median, text the word `missing`."""
    full = table.copy()
    for name, kind in job["kinds"].items():
        gap = full[name].median() if kind in ("numeric", "datetime") else "missing"
        full[name] = full[name].fillna(gap)
    return full


def text_columns(job):
    """Names of the columns that are neither numbers nor dates."""
    return [name for name, kind in job["kinds"].items() if kind not in ("numeric", "datetime")]


def dates_as_numbers(table, job):
    """For peers that know no dates: nanoseconds since 1970, missing where the date is."""
    table = table.copy()
    for name, kind in job["kinds"].items():
        if kind == "datetime":
            moments = table[name].astype("datetime64[ns]")
            table[name] = moments.astype("int64").astype("float64").where(moments.notna())
    return table


def numbers_as_dates(table, job):
    """The way back."""
    table = table.copy()
    for name, kind in job["kinds"].items():
        if kind == "datetime":
            table[name] = pd.to_datetime(pd.to_numeric(table[name]), unit="ns")
    return table


def digits_of(numbers):
    """The fewest digits after the point that write all these numbers; 15 for those that need more."""
    return next((n for n in range(15) if np.allclose(numbers, numbers.round(n), rtol=1e-12, atol=1e-12)), 15)


def measure(fit, sample, save, packages, *, is_one_call=False):
    """Fit, save and sample as the folder in the command line says, and leave what it cost.

    fit(table, job) gives a model; sample(model, n_rows, seed) a table; save(model, path) writes a file
    or a folder, or is None. `is_one_call`: rows are drawn while fitting, so they have no speed of their own.
    """
    warnings.simplefilter("ignore")
    folder = Path(sys.argv[1]).resolve()
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    table = read_table(folder / "train.csv", job["kinds"])
    os.chdir(folder)  # what a peer leaves lying about is thrown away with the folder
    clock = _Clock()
    model = fit(table, job)
    fit_wall, fit_cpu = clock.read()
    figures = {"fit_wall_seconds": fit_wall, "fit_cpu_seconds": fit_cpu}
    clock = _Clock()
    made = sample(model, len(table), job["seed"])
    wall, cpu = clock.read()
    figures |= {"sample_wall_seconds": wall, "sample_cpu_seconds": cpu}
    write_table(made[list(table.columns)].head(len(table)), folder / "synthetic.csv")
    if not is_one_call:
        figures |= _speed(sample, model, job, (len(made), wall, cpu))
    figures["peak_bytes"] = _peak_bytes()
    figures["model_bytes"] = None
    if save is not None:
        save(model, folder / "model")
        figures["model_bytes"] = _size(folder / "model")
    figures["versions"] = {name: importlib.metadata.version(name) for name in packages}
    (folder / "figures.json").write_text(json.dumps(figures), encoding="utf-8")


def _speed(sample, model, job, first):
    """Rows a second of a second, mostly larger draw; of the first where that was slow."""
    n_rows, wall, cpu = first
    if wall < SLOW_SECONDS:
        n_rows, clock = min(job["speed_rows"], int(n_rows * SPEED_SECONDS / wall) + 1), _Clock()
        sample(model, n_rows, job["seed"] + 1)
        wall, cpu = clock.read()
    return {"rows_per_second": n_rows / wall, "rows_per_cpu_second": n_rows / cpu, "speed_rows": n_rows}


class _Clock:
    """Wall and CPU seconds since it was made, of this process, its threads and its children."""

    def __init__(self):
        self.wall, self.cpu = time.perf_counter(), _cpu_seconds()

    def read(self):
        return max(time.perf_counter() - self.wall, 1e-6), max(_cpu_seconds() - self.cpu, 1e-6)


def _cpu_seconds():
    """User and system time; /proc tells of children that still run, such as a pool's workers."""
    ended = os.times()
    total = time.process_time() + ended.children_user + ended.children_system
    tick = os.sysconf("SC_CLK_TCK")
    for fields in _descendants():
        total += sum(int(field) for field in fields[11:15]) / tick
    return total


def _peak_bytes():
    """Largest resident memory of this process, plus that of its largest child."""
    unit = 1 if sys.platform == "darwin" else 1024
    own, ended = (
        resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    page = os.sysconf("SC_PAGE_SIZE")
    running = max((int(fields[21]) * page for fields in _descendants()), default=0)
    return own * unit + max(ended * unit, running)


def _descendants():
    """The fields of /proc/PID/stat after the name, for every running descendant; none without /proc."""
    parents, fields = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            told = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        process = int(path.parent.name)
        parents[process], fields[process] = int(told[1]), told
    found, wave = [], {os.getpid()}
    while wave:
        wave = {process for process, parent in parents.items() if parent in wave}
        found += [fields[process] for process in wave]
    return found


def _size(path):
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)
