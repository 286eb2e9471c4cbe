"""How fast rows are made under conditions, counts, shares and a table of conditions, and how faithful.

Faithful: 1 - the mean distance of columns and pairs from the real rows that meet the condition (`quality`),
beside as many freely drawn rows that meet it.

python -m benchmarks.conditions [--rows 65536] [--fit-seconds 60]
"""

from __future__ import annotations

import argparse
from typing import Any

import pandas as pd
from rich.table import Table

from benchmarks.datasets import load
from benchmarks.measuring import Stopwatch, console, split, write_result
from tabgan import TabGAN
from tabgan.evaluation import quality
from tabgan.schema import infer_schema

REPEATS = 3
FREE_ROWS = 300_000


def requests(n_rows: int, model: TabGAN) -> dict[str, dict[str, Any]]:
    """What is asked for, by name."""
    given = model.sample(n_rows, seed=1)[["income", "age", "education", "sex"]]
    holes = given.copy()
    holes.loc[holes.index % 2 == 0, "age"] = None
    half = n_rows // 2
    return {
        "any rows": {"num_rows": n_rows},
        "one value": {"num_rows": n_rows, "conditions": {"income": ">50K"}},
        "an interval": {"num_rows": n_rows, "conditions": {"age": (30, 40)}},
        "a value and two intervals": {
            "num_rows": n_rows,
            "conditions": {"income": ">50K", "age": (30, 40), "hours-per-week": (20, 45)},
        },
        "shares of 2 values": {"num_rows": n_rows, "shares": {"income": {">50K": 0.5}}},
        "shares of 4 intervals": {
            "num_rows": n_rows,
            "shares": {"age": {(17, 29): 0.25, (30, 39): 0.25, (40, 49): 0.25, (50, 90): 0.25}},
        },
        "counts of 2 values": {"counts": {"income": {">50K": half, "<=50K": n_rows - half}}},
        "a table of 4 columns": {"conditions": given},
        "the same with gaps": {"conditions": holes},
    }


def seconds_of(model: TabGAN, asked: dict[str, Any]) -> tuple[float, float]:
    """Wall and CPU seconds of the fastest of some calls."""
    times = []
    for seed in range(REPEATS):
        watch = Stopwatch()
        model.sample(**asked, seed=seed)
        times.append(watch.read())
    return min(times)[0], min(cpu for _, cpu in times)


def meeting(table: pd.DataFrame, conditions: dict[str, Any]) -> pd.DataFrame:
    """The rows that meet all conditions."""
    for name, wanted in conditions.items():
        is_met = table[name].between(*wanted) if isinstance(wanted, tuple) else table[name] == wanted
        table = table[is_met]
    return table.reset_index(drop=True)


def fidelity(model: TabGAN, conditions: dict[str, Any], real: pd.DataFrame) -> dict[str, float]:
    """Quality of rows made under conditions and of freely drawn ones that meet them, as many each."""
    schema, wanted = infer_schema(real), meeting(real, conditions)
    free = meeting(model.sample(FREE_ROWS, seed=1), conditions).head(len(wanted))
    made = model.sample(len(free), conditions=conditions, seed=2)
    return {
        "quality": quality(wanted, made, schema=schema),
        "quality_of_free_rows": quality(wanted, free, schema=schema),
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=65_536)
    parser.add_argument("--fit-seconds", type=float, default=60.0)
    arguments = parser.parse_args()
    train, _ = split(load("adult").table, 0)
    model = TabGAN(target="income", max_seconds=arguments.fit_seconds).fit(train)
    model.sample(1_000)  # warm
    shown = Table(title=f"Adult, {arguments.rows:,} rows", title_justify="left")
    for heading in ("request", "rows/CPU s", "CPU s", "times any rows", "quality", "of free rows"):
        shown.add_column(heading, justify="left" if heading == "request" else "right")
    found: list[dict[str, Any]] = []
    for name, asked in requests(arguments.rows, model).items():
        wall, cpu = seconds_of(model, asked)
        times = cpu / found[0]["cpu_seconds"] if found else 1.0
        found.append({"request": name, "wall_seconds": wall, "cpu_seconds": cpu, "times_any_rows": times})
        conditions = asked.get("conditions")
        told = fidelity(model, conditions, train) if isinstance(conditions, dict) else {}
        found[-1] |= told
        figures = [f"{arguments.rows / cpu:,.0f}", f"{cpu:.2f}", f"{times:.2f}"]
        shown.add_row(name, *figures, *(f"{figure:.4f}" for figure in told.values()))
    terminal = console()
    terminal.print(shown)
    result = {"rows": arguments.rows, "fit_seconds": arguments.fit_seconds, "requests": found}
    terminal.print(f"written to {write_result('conditions', result)}")


if __name__ == "__main__":
    main()
