"""How time and memory grow with rows and columns: each size in a process of its own.

python -m benchmarks.scaling            10^3 to 10^7 rows of 20 columns; 10 to 1,000 columns of 10,000 rows
python -m benchmarks.scaling --quick    without 10^7 rows and 1,000 columns

What `TabGAN.fit` does is done step by step, so that each step has its own seconds: reading the table into
codes, a fixed number of training steps, then sampling. The peak is that of the whole process, table included.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from rich.table import Table

from benchmarks.measuring import ROOT, Stopwatch, console, peak_bytes, write_result
from tabgan import TabGAN
from tabgan.parts import Part

ROWS, COLUMNS = (10**3, 10**4, 10**5, 10**6, 10**7), (10, 30, 100, 300, 1000)
USUAL_COLUMNS, USUAL_ROWS = 20, 10_000
STEPS = 50
SAMPLED_ROWS = 10_000
PEAK_BYTES = 4 * 10**9  # bar of the largest table
STRAIGHT = 1.15  # slope of log seconds against log size up to which a cost counts as linear
STEADY = {"rows": 10**5, "columns": 30}  # from here on what is paid once no longer shows
KINDS = ("real", "cents") * 4 + ("whole",) * 4 + ("text",) * 6 + ("moment", "flag")
LABELS = (3, 12, 50, 200, 1_000, 5_000)
COSTS = {"encode": "infer and encode", "train": f"{STEPS} steps", "sample": f"sample {SAMPLED_ROWS:,}"}


def mixed(n_rows: int, n_columns: int, seed: int = 0) -> pd.DataFrame:
    """Of 20 columns 8 floats, 4 whole numbers, 6 texts, a moment and a flag; all follow one hidden number."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=n_rows)
    cells = {}
    for place in range(n_columns):
        kind = KINDS[place % len(KINDS)]
        cells[f"{kind}{place}"] = _cells(kind, place, hidden + rng.normal(size=n_rows))
    return pd.DataFrame(cells, copy=False)


def _cells(kind: str, place: int, drawn: np.ndarray[Any, np.dtype[np.float64]]) -> Any:
    if kind == "real":
        return drawn
    if kind == "cents":
        return np.round(np.exp(drawn), 2)
    if kind == "whole":
        return (drawn * 10.0 ** (1 + place % 4)).astype(np.int64)
    if kind == "moment":
        return np.datetime64("2024-01-01", "s") + (np.abs(drawn) * 1e7).astype("m8[s]")
    if kind == "flag":
        return drawn > 0
    n_labels = LABELS[place % len(LABELS)]
    labels = pa.array([f"k{label}" for label in range(n_labels)], pa.large_string())
    share = np.minimum(np.abs(drawn) / 5, 1) ** 3  # few labels have most of the rows, also of a small table
    chosen = np.minimum(share * n_labels, n_labels - 1).astype(np.int32)
    return labels.take(pa.array(chosen)).to_pandas()  # the text of this pandas, without objects where it can


def measure(n_rows: int, n_columns: int) -> dict[str, Any]:
    """Learn and sample a table of this size in this process. Units: CPU seconds, bytes."""
    from tabgan.gan.drawing import Drawer
    from tabgan.gan.memory import training_bytes
    from tabgan.learning import learn, settings_of
    from tabgan.preparation import prepare
    from tabgan.sampling import Sampler

    parameters = TabGAN(recipe="likelihood", device="cpu").get_params(deep=False)
    settings = replace(settings_of(parameters), likelihood_steps=STEPS, most_likelihood_steps=STEPS)
    table = mixed(n_rows, n_columns)
    before = peak_bytes()
    watch = Stopwatch()
    ready = prepare(table, None, parameters, settings)
    seconds = {"encode": watch.read()[1]}
    watch = Stopwatch()
    trained = learn(ready.codes, ready.encoder, settings, target=None, seed=0, device="cpu", callbacks=())
    assert trained is not None
    seconds["train"], peak = watch.read()[1], peak_bytes()
    sampler = Sampler(
        *(ready.encoder, trained.order, tuple(map(len, trained.runs)), trained.groups),
        *(Drawer(trained.generator), Drawer(trained.quick)),
    )
    watch = Stopwatch()
    list(sampler.blocks_of_rows([Part(SAMPLED_ROWS, {})], rounds=None, seed=0))
    seconds["sample"] = watch.read()[1]
    sizes = ready.encoder.layout.sizes
    return {
        "rows": n_rows,
        "columns": n_columns,
        "blocks": len(sizes),
        "codes": sum(sizes),
        "cpu_seconds": seconds,
        "table_bytes": int(table.memory_usage().sum()),
        "table_peak_bytes": before,
        "peak_bytes": peak,
        "estimated_bytes": training_bytes(sizes, n_rows, settings),
    }


def slope(points: list[dict[str, Any]], size: str, cost: str) -> float | None:
    """Of the least-squares line of log seconds against log size; 1 for a cost that is proportional to it.

    None where fewer than two points are large enough to tell.
    """
    large = [one for one in points if one[size] >= STEADY[size]]
    if len(large) < 2:
        return None
    x, y = ([math.log(value) for value in values] for values in zip(*_pairs(large, size, cost), strict=True))
    return float(np.polyfit(x, y, 1)[0])


def _pairs(points: list[dict[str, Any]], size: str, cost: str) -> list[tuple[float, float]]:
    return [(one[size], one["cpu_seconds"][cost]) for one in points]


def summary(points: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Slopes of every cost over rows and columns, and the peak of the largest table beside its bar."""
    slopes = {size: {cost: slope(found, size, cost) for cost in COSTS} for size, found in points.items()}
    largest = [one for one in points["rows"] if one["rows"] == ROWS[-1]]
    peak = [{"limit": PEAK_BYTES, "met": one["peak_bytes"] <= PEAK_BYTES} for one in largest]
    return {"points": points, "slopes": slopes, "straight": STRAIGHT, "peak_bar": peak[0] if peak else None}


def show(result: dict[str, Any], size: str) -> Table:
    """A row a size, and below each cost its slope; a cost that grows faster than the size is marked."""
    table = Table(title=f"by {size}", title_justify="left")
    heads = ("rows", "columns", *COSTS.values(), "encode µs a cell", "table GB", "peak GB", "estimated GB")
    for head in heads:
        table.add_column(head, justify="right")
    for one in result["points"][size]:
        seconds = [f"{one['cpu_seconds'][cost]:.2f}" for cost in COSTS]
        each = one["cpu_seconds"]["encode"] / one["rows"] / one["columns"] * 1e6
        estimated = one["estimated_bytes"] + one["table_bytes"]
        memory = [f"{n_bytes / 1e9:.2f}" for n_bytes in (one["table_bytes"], one["peak_bytes"], estimated)]
        table.add_row(f"{one['rows']:,}", f"{one['columns']:,}", *seconds, f"{each:.2f}", *memory)
    table.add_row("slope", f"≥ {STEADY[size]:,}", *(_told(result["slopes"][size][cost]) for cost in COSTS))
    if size == "rows" and result["peak_bar"]:
        met = "met" if result["peak_bar"]["met"] else "MISSED"
        table.caption = f"peak at 10^7 rows ≤ {PEAK_BYTES / 1e9:g} GB: {met}; slope ≤ {STRAIGHT}: linear"
    return table


def _told(found: float | None) -> str:
    if found is None:
        return "–"
    return f"{found:.2f} {'straight' if found <= STRAIGHT else 'STEEPER'}"


def in_a_process(n_rows: int, n_columns: int) -> dict[str, Any]:
    """What `measure` finds in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.scaling", "--child", str(n_rows), str(n_columns)]
    done = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Measure, print and write every size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="leave out the largest of both")
    parser.add_argument("--child", nargs=2, type=int, metavar=("ROWS", "COLUMNS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(measure(*arguments.child)))
        return
    rows, columns = (sizes[:-1] if arguments.quick else sizes for sizes in (ROWS, COLUMNS))
    points = {
        "rows": [in_a_process(n_rows, USUAL_COLUMNS) for n_rows in rows],
        "columns": [in_a_process(USUAL_ROWS, n_columns) for n_columns in columns],
    }
    result = summary(points)
    terminal = console()
    for size in points:
        terminal.print(show(result, size))
    name = "scaling-quick" if arguments.quick else "scaling"
    terminal.print(f"written to {write_result(name, result)}")


if __name__ == "__main__":
    main()
