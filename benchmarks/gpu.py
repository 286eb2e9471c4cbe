"""What a GPU makes of it: the default fit and sampling on Adult, and private training, all on CUDA.

python -m benchmarks.gpu [--table adult]

Without a CUDA device it says so, measures nothing and writes nothing.
"""

from __future__ import annotations

import argparse
from typing import Any

import pandas as pd
import torch
from rich.table import Table

from benchmarks.datasets import load
from benchmarks.measuring import Stopwatch, console, split, write_result
from benchmarks.private import DELTA, schema_path
from benchmarks.quality import Bar
from tabgan import TabGAN

NOT_RUN = "not run: no CUDA device"
FIT_SECONDS = Bar(8.0)
ROWS_PER_SECOND = Bar(1e6, at_most=False)
SAMPLED_ROWS = 2**21
ROUNDS = (None, 4, 1)
EPSILON = 1.0
FEW_ROWS = 2_000  # fitted on both devices, to see that they do the same


def open_fit(train: pd.DataFrame, seed: int) -> dict[str, Any]:
    """The default fit, then sampling at several rounds. Units: wall seconds, rows a wall second."""
    TabGAN(epochs=1, device="cuda").fit(train.head(FEW_ROWS))  # what the device does once, it does now
    watch = Stopwatch()
    model = TabGAN(random_state=seed, device="cuda").fit(train)
    found: dict[str, Any] = {"fit_wall_seconds": watch.read()[0], "is_on_device": _is_on_device(model)}
    speeds = {}
    for rounds in ROUNDS:
        model.sample(SAMPLED_ROWS // 16, rounds=rounds, seed=seed)  # warm
        watch = Stopwatch()
        model.sample(SAMPLED_ROWS, rounds=rounds, seed=seed)
        speeds["all" if rounds is None else str(rounds)] = SAMPLED_ROWS / watch.read()[0]
    return found | {"rows_per_second": speeds}


def private_fit(train: pd.DataFrame, table: str, seed: int) -> dict[str, Any]:
    """DP-SGD through Opacus on the device, and whether it books what the processor books."""
    options: dict[str, Any] = {"epsilon": EPSILON, "delta": DELTA, "schema": str(schema_path(table))}
    watch = Stopwatch()
    model = TabGAN(**options, random_state=seed, device="cuda").fit(train)
    seconds = watch.read()[0]
    assert model.privacy_spent_ is not None
    booked = [
        [(entry.mechanism, entry.what) for entry in one.ledger_.entries if not entry.adaptive]
        for one in (
            TabGAN(**options, random_state=seed, device=device).fit(train.head(FEW_ROWS))
            for device in ("cuda", "cpu")
        )
    ]
    return {
        "fit_wall_seconds": seconds,
        "is_on_device": _is_on_device(model),
        "spent": list(model.privacy_spent_),
        "is_booked_as_on_the_processor": booked[0] == booked[1],
        "sampled_columns_are_the_tables": list(model.sample(100, seed=seed)) == list(train),
    }


def _is_on_device(model: TabGAN) -> bool:
    assert model.generator_ is not None
    return all(weight.is_cuda for weight in model.generator_.parameters())


def show(result: dict[str, Any]) -> Table:
    """Every figure, beside its bar where it has one."""
    table = Table(title=f"{result['table']} on {result['gpu']}", title_justify="left")
    for heading in ("what", "found", "bar"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    fit, speeds = (result["open"][key] for key in ("fit_wall_seconds", "rows_per_second"))
    private = result["private"]
    table.add_row("default fit, wall s", f"{fit:.1f}", _met(FIT_SECONDS, fit, "8"))
    for rounds, speed in speeds.items():
        table.add_row(f"rows/s, rounds {rounds}", f"{speed:,.0f}", _met(ROWS_PER_SECOND, speed, "1,000,000"))
    table.add_row(f"private fit at ε {EPSILON:g}, wall s", f"{private['fit_wall_seconds']:.1f}", "")
    for key in ("is_on_device", "is_booked_as_on_the_processor", "sampled_columns_are_the_tables"):
        table.add_row(f"private: {key.replace('_', ' ')}", "yes" if private[key] else "NO", "")
    return table


def _met(bar: Bar, value: float, limit: str) -> str:
    return f"{'met' if bar.is_met(value) else 'MISSED'} {'≤' if bar.at_most else '≥'} {limit}"


def main() -> None:
    """Measure, print and write, where there is a device."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--table", default="adult")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if not torch.cuda.is_available():
        print(NOT_RUN)
        return
    train, _ = split(load(arguments.table).table, arguments.seed)
    result = {
        "table": arguments.table,
        "seed": arguments.seed,
        "gpu": torch.cuda.get_device_name(),
        "open": open_fit(train, arguments.seed),
        "private": private_fit(train, arguments.table, arguments.seed),
    }
    terminal = console()
    terminal.print(show(result))
    terminal.print(f"written to {write_result(f'gpu-{arguments.table}', result)}")


if __name__ == "__main__":
    main()
