"""Everyone on the same tables: (table, method, seed) by (table, method, seed), each judged alike.

python -m benchmarks.compare --quick --minutes 25 --results benchmarks/mine     as `make bench`
python -m benchmarks.compare --seeds 0 1 2 --results benchmarks/mine            as `make bench-full`
python -m benchmarks.compare --tables adult --methods tabgan tabularargn mst --epsilon 1 3
python -m benchmarks.compare --data my/folder --target bought --methods tabgan ctgan

Every run leaves one JSON in compare/ of the folder of results, what is there already is not run again, and at
the end a page with pictures is drawn beside it. The folder is that of --results, or comparison/ within that
of --data. Without either it is benchmarks/results/, which is published and drawn by
`python -m benchmarks.comparison_page`. A run is 80 % of the rows, the kinds of the columns, a seed; every
method has one configuration for all tables, its own defaults, one thread and no GPU.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.comparison_figures import read_results
from benchmarks.comparison_pace import Pace
from benchmarks.comparison_page import draw_page, shown
from benchmarks.datasets import SOURCES, Dataset, load
from benchmarks.measuring import RESULTS, ROOT, Stopwatch, console, split, write_result
from benchmarks.oracles.sdmetrics_oracle import MISSING, python_of_oracle
from benchmarks.peers.methods import METHODS, Method
from benchmarks.peers.running import Made, Task, as_read, run
from tabgan.errors import TabganError
from tabgan.evaluation import evaluate
from tabgan.evaluation.utility import is_regression
from tabgan.schema import infer_schema

QUICK_TABLES = ("german_credit", "compas", "adult")
# In this order on every table, so that time that is up too early leaves the most telling rows.
FIRST = (("tabgan", "tabularargn"), ("independent", "copy", "half"))
QUICK_METHODS = (*FIRST[0], *FIRST[1], "gaussian_copula", "tvae", "ctgan")
DELTA = 1e-5
REPORT_ROWS = 50_000  # rows of either side that SDMetrics is asked about
REPORT = ROOT / "benchmarks" / "oracles" / "quality_report_child.py"
ENDINGS = (".csv", ".csv.gz", ".parquet")


@dataclass(frozen=True)
class Run:
    """One line of the comparison; `epsilon` is None for a method that is not private."""

    table: str
    method: str
    seed: int
    epsilon: float | None = None

    @property
    def name(self) -> str:
        """The file of its result, under results/."""
        private = "" if self.epsilon is None else f"-eps{self.epsilon:g}"
        return f"compare/{self.table}-{self.method}{private}-seed{self.seed}"


def runs_of(arguments: argparse.Namespace, tables: list[str]) -> Iterator[Run]:
    """Those asked for: of a seed ours and its rival on every table, then references, then others in turn."""
    others = [(method,) for method in arguments.methods if method not in (*FIRST[0], *FIRST[1])]
    for seed in arguments.seeds:
        for group in (*FIRST, *others):
            for table in tables:
                for method in (method for method in group if method in arguments.methods):
                    for epsilon in arguments.epsilon if METHODS[method].is_private else [None]:
                        yield Run(table, method, seed, epsilon)


def has_result(path: Path) -> bool:
    """Whether a run need not be made again; one whose peer could not be installed must."""
    if not path.exists():
        return False
    failure = json.loads(path.read_text(encoding="utf-8"))["failure"]
    return failure is None or not failure.startswith("not installed")


def sides_of(method: Method, train: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows that count as learned, and those the method is given; the same but for a real half."""
    if not method.half:
        return train, train
    middle = len(train) // 2
    return train.iloc[:middle].reset_index(drop=True), train.iloc[middle:].reset_index(drop=True)


def measure(
    one: Run, dataset: Dataset, *, limit: float = math.inf, end: float = math.inf, smoke: bool = False
) -> dict[str, Any]:
    """Make the rows of one run and judge them. `limit`, `end`: as in `benchmarks.peers.running.Task`."""
    method = METHODS[one.method]
    sides = split(dataset.table.rename(columns=str), one.seed)
    kinds = {str(column.name): column.kind for column in infer_schema(sides[0])}
    train, holdout = (as_read(side, kinds) for side in sides)
    train, given = sides_of(method, train)
    options = dict(method.quick) if smoke else {}
    public = None
    if one.epsilon is not None:
        options |= {"epsilon": one.epsilon, "delta": DELTA}
        declared = ROOT / "benchmarks" / "schemas" / f"{one.table}-public.json"
        public = json.loads(declared.read_text(encoding="utf-8")) if declared.exists() else None
    made = run(method, given, Task(one.seed, kinds, options, public, limit, end))
    target = None if dataset.target is None else str(dataset.target)
    return {
        "table": one.table,
        "method": one.method,
        "seed": one.seed,
        "epsilon": one.epsilon,
        "delta": None if one.epsilon is None else DELTA,
        "declared": public is not None,
        "options": method.options | options,
        "rows": {"train": len(train), "holdout": len(holdout)},
        "columns": train.shape[1],
        "target": target,
        "score": None if target is None else "R2" if is_regression(train, target) else "AUC",
        "failure": made.failure,
        "costs": made.figures,
        **judged(train, made, holdout, target, one.seed, kinds),
    }


def judged(
    train: pd.DataFrame,
    made: Made,
    holdout: pd.DataFrame,
    target: str | None,
    seed: int,
    kinds: dict[str, str],
) -> dict[str, Any]:
    """What our evaluation and SDMetrics say; the reason where the rows cannot be judged."""
    if made.rows is None:
        return {}
    watch = Stopwatch()
    try:
        found = evaluate(train, made.rows, holdout, target=target, seed=seed)
    except TabganError as error:
        return {"failure": f"not judged: {error}"}
    seconds = watch.read()[1]
    metrics = {
        metric.key: {"value": _short(metric.value), "real": _short(metric.reference)}
        for metric in found.metrics
        if metric.value is not None
    }
    return {
        "standings": {answer.question.key: answer.standing for answer in found.answers},
        "metrics": metrics,
        "evaluation_cpu_seconds": _short(seconds),
        "sdmetrics": quality_report(train, made.rows, kinds, seed),
    }


def quality_report(
    real: pd.DataFrame, synthetic: pd.DataFrame, kinds: dict[str, str], seed: int
) -> dict[str, float] | None:
    """SDMetrics' QualityReport, asked in its own environment; None where it fails."""
    known = {name: kind for name, kind in kinds.items() if kind != "identifier"}
    with tempfile.TemporaryDirectory() as folder:
        asked = {"kinds": known, "missing": MISSING}
        Path(folder, "asked.json").write_text(json.dumps(asked), encoding="utf-8")
        for name, table in (("real", real), ("synthetic", synthetic)):
            rows = table if len(table) <= REPORT_ROWS else table.sample(REPORT_ROWS, random_state=seed)
            rows[list(known)].to_csv(Path(folder, f"{name}.csv"), index=False, na_rep=MISSING)
        try:
            subprocess.run([python_of_oracle(), REPORT, folder], capture_output=True, check=True)
        except subprocess.CalledProcessError:
            return None
        found = json.loads(Path(folder, "found.json").read_text(encoding="utf-8"))
    return {name: _short(value) for name, value in found.items()}


def _short(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value:.6g}")


def files_in(folder: Path) -> dict[str, Path]:
    """The tables of a user's folder by the name of their file."""
    if not folder.is_dir():
        raise SystemExit(f"{folder}: there is no such folder.")
    files = sorted(path for path in folder.iterdir() if path.name.endswith(ENDINGS))
    if not files:
        raise SystemExit(f"{folder}: there is no file that ends in {', '.join(ENDINGS)}.")
    return {path.name.split(".")[0]: path for path in files}


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tables", nargs="+", choices=list(SOURCES), help="all if left out")
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), help="all if left out")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--epsilon", nargs="+", type=float, default=[1.0], help="of private methods")
    parser.add_argument("--data", type=Path, help="a folder of CSV and Parquet files, instead of our tables")
    parser.add_argument("--target", help="with --data: the column that is predicted from the others")
    parser.add_argument("--results", type=Path, help="folder of the results, and of the page that is drawn")
    parser.add_argument("--quick", action="store_true", help="three tables and eight methods")
    parser.add_argument("--smoke", action="store_true", help="shortest training: shows that a method runs")
    parser.add_argument("--minutes", type=float, help="begin nothing that will not end within this time")
    parser.add_argument("--limit", type=float, default=7200, help="most seconds of one method on one table")
    parser.add_argument("--force", action="store_true", help="run again what has a result")
    arguments = parser.parse_args()
    arguments.methods = arguments.methods or list(QUICK_METHODS if arguments.quick else METHODS)
    arguments.tables = arguments.tables or list(QUICK_TABLES if arguments.quick else SOURCES)
    arguments.results = arguments.results or (arguments.data / "comparison" if arguments.data else RESULTS)
    return arguments


def main() -> None:
    """Run what has no result yet, write each result, and show what was found."""
    arguments = read_arguments()
    terminal = console()
    try:
        carry_out(arguments, terminal.print)
    except KeyboardInterrupt:
        terminal.print("stopped; the same command goes on from here")
    if arguments.results.resolve() == RESULTS:
        terminal.print("python -m benchmarks.comparison_page draws these results")
    elif results := read_results(arguments.results):
        terminal.print(*shown(results))
        terminal.print(f"page and pictures: {draw_page(results, arguments.results)}", soft_wrap=True)


def carry_out(arguments: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Run what has no result yet, as far as time allows, and tell of each run."""
    files = files_in(arguments.data) if arguments.data else {name: Path(name) for name in arguments.tables}
    end = math.inf if arguments.minutes is None else time.monotonic() + 60 * arguments.minutes
    pace = Pace([] if arguments.data else read_results())
    old, late, unread = 0, list[str](), set[str]()
    for one in runs_of(arguments, list(files)):
        if has_result(arguments.results / f"{one.name}.json") and not arguments.force:
            old += 1
            continue
        if time.monotonic() + pace.seconds((one.table, one.method, one.epsilon)) >= end:
            late.append(one.name)
        elif one.table not in unread:
            try:
                dataset = load(str(files[one.table]), target=arguments.target if arguments.data else None)
            except (ValueError, RuntimeError, OSError) as error:
                say(f"{one.table} is left out: {str(error).splitlines()[0]}")
                unread.add(one.table)
                continue
            result = measure(one, dataset, limit=arguments.limit, end=end, smoke=arguments.smoke)
            pace.learn(result)
            if result["failure"] and time.monotonic() >= end:
                late.append(one.name)
                continue
            if not arguments.smoke:
                write_result(one.name, result, arguments.results)
            say(told(one, result))
    if old:
        say(f"{old} runs had a result already; --force measures them again")
    if late:
        say(f"{len(late)} runs had no time left, from {late[0]} on; the same command goes on from there")


def told(one: Run, result: dict[str, Any]) -> str:
    """One line on one run."""
    if result["failure"]:
        return f"{one.name}: {result['failure']}"
    metrics, costs = result["metrics"], result["costs"]
    figures = [
        f"{label} {metrics[key]['value']:.3f}"
        for label, key in (("C2ST", "c2st_auc"), ("TSTR", "tstr_auc"), ("quality", "quality"))
        if key in metrics and metrics[key]["value"] is not None
    ]
    return f"{one.name}: {', '.join(figures)}, fit {costs['fit_cpu_seconds']:.0f} CPU s"


if __name__ == "__main__":
    main()
