"""How fast: encode, fit, sample and complete, at several sizes and rounds, and start.

python -m benchmarks.speed [--table adult] [--fit-seconds 60]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table

from benchmarks.datasets import load
from benchmarks.measuring import Stopwatch, console, peak_bytes, split, write_result
from tabgan import TabGAN
from tabgan.encoding.table import TableEncoder
from tabgan.schema import infer_schema

ENCODE_ROWS = (10_000, 100_000, 1_000_000)
FIT_ROWS = (1_000, 10_000, 39_073)
SAMPLE_ROWS = (1_000, 65_536, 262_144)
ROUNDS = (1, 2, 4, None)
COMPLETE_ROWS = (1_000, 20_000)
HIDDEN_SHARE = 0.2


def timed(n_rows: int, what: str, work: Callable[[], object], **more: Any) -> dict[str, Any]:
    """Run once and tell rows per second, of wall and of CPU time."""
    watch = Stopwatch()
    work()
    wall, cpu = watch.read()
    speed = {"rows_per_second": n_rows / wall, "rows_per_cpu_second": n_rows / cpu}
    return {"what": what, "rows": n_rows, "wall_seconds": wall, "cpu_seconds": cpu, **speed, **more}


def encoding_speeds(table: pd.DataFrame, seed: int) -> list[dict[str, Any]]:
    """Fit of the encoder, encode and decode of the table repeated to each size."""
    found = []
    for n_rows in ENCODE_ROWS:
        rows = table.sample(n_rows, replace=True, random_state=seed).reset_index(drop=True)
        schema = infer_schema(table)
        encoder = TableEncoder.fit(table, schema)
        codes = encoder.encode(rows)
        rng = np.random.default_rng(seed)
        found += [
            timed(n_rows, "learn the encoding", partial(TableEncoder.fit, rows, schema)),
            timed(n_rows, "encode", partial(encoder.encode, rows)),
            timed(n_rows, "decode", partial(encoder.decode, codes, rng=rng)),
        ]
    return found


def fit_speeds(table: pd.DataFrame, seed: int) -> list[dict[str, Any]]:
    """One epoch of the default training at each size: rows seen per second."""
    return [
        timed(len(rows), "fit, one epoch", partial(TabGAN(epochs=1, random_state=seed).fit, rows))
        for rows in (table.iloc[:n_rows].reset_index(drop=True) for n_rows in FIT_ROWS)
    ]


def sampling_speeds(model: TabGAN, table: pd.DataFrame, seed: int) -> list[dict[str, Any]]:
    """Sampling at each size and number of rounds, and completing rows with a fifth of the cells hidden."""
    found = []
    for rounds in ROUNDS:
        model.sample(num_rows=SAMPLE_ROWS[0], rounds=rounds, seed=seed)  # warm
        found += [
            timed(
                n_rows,
                "sample",
                partial(model.sample, n_rows, rounds=rounds, seed=seed),
                rounds="all" if rounds is None else rounds,
            )
            for n_rows in SAMPLE_ROWS
        ]
    rng = np.random.default_rng(seed)
    for n_rows in COMPLETE_ROWS:
        rows = table.sample(n_rows, replace=True, random_state=seed).reset_index(drop=True)
        holes = rows.mask(pd.DataFrame(rng.random(rows.shape) < HIDDEN_SHARE, columns=rows.columns))
        found.append(timed(n_rows, "complete", partial(model.complete, holes, seed=seed)))
    return found


def start_speeds() -> list[dict[str, Any]]:
    """Seconds until a command has answered and until the library is there, the fastest of five."""
    commands = {"tabgan --help": ("-m", "tabgan_cli", "--help"), "import tabgan": ("-c", "import tabgan")}
    found = []
    for what, arguments in commands.items():
        seconds = []
        for _ in range(5):
            watch = Stopwatch()
            subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
            seconds.append(watch.read()[0])
        found.append({"what": what, "wall_seconds": min(seconds)})
    return found


def main() -> None:
    """Measure, print and write every speed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--table", default="adult")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fit-seconds", type=float, default=60.0, help="training of the model sampled from")
    arguments = parser.parse_args()
    train, _ = split(load(arguments.table).table, arguments.seed)
    found = encoding_speeds(train, arguments.seed) + fit_speeds(train, arguments.seed)
    model = TabGAN(max_seconds=arguments.fit_seconds, random_state=arguments.seed).fit(train)
    found += sampling_speeds(model, train, arguments.seed)
    shown = Table(title=f"{arguments.table}: speed", title_justify="left")
    for heading in ("what", "rounds", "rows", "rows/s", "rows/CPU s", "wall s"):
        shown.add_column(heading, justify="left" if heading == "what" else "right")
    for one in found:
        speeds = (f"{one[key]:,.0f}" for key in ("rows", "rows_per_second", "rows_per_cpu_second"))
        shown.add_row(one["what"], str(one.get("rounds", "")), *speeds, f"{one['wall_seconds']:.2f}")
    starts = start_speeds()
    for one in starts:
        shown.add_row(one["what"], "", "", "", "", f"{one['wall_seconds']:.2f}")
    terminal = console()
    terminal.print(shown)
    result = {"table": arguments.table, "seed": arguments.seed, "speeds": found, "starts": starts}
    result["peak_bytes"] = peak_bytes()
    terminal.print(f"written to {write_result(f'speed-{arguments.table}', result)}")


if __name__ == "__main__":
    main()
