"""What an audit by canaries shows of private training, as it is and with a part of it broken.

python -m benchmarks.audit [--table adult] [--epsilon 1] [--rows 10000] [--steps 60] [--intact]

The first training rows of a table, its bounds and categories declared, delta 1e-5. "noise / 10": the
noise of every mechanism is a tenth of what the ledger says. "no clipping": gradients are summed as they
are, at a clip norm of 0.02. The steps before and after DP-SGD, which see released numbers only, are cut
to a tenth: the attack reads what they are made from.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any
from unittest.mock import patch

import pandas as pd
import torch
from rich.table import Table

from benchmarks.datasets import load
from benchmarks.measuring import Stopwatch, console, split, write_result
from tabgan import private_learning
from tabgan.auditing import Audit, audit
from tabgan.gan.clipping import ClippedRows
from tabgan.gan.settings import PrivateSettings
from tabgan.privacy import mechanisms
from tabgan.privacy.config import PrivacyConfig
from tabgan.schema import Column, Schema, infer_schema

TINY_CLIP = 0.02


def public_schema(table: pd.DataFrame) -> Schema:
    """Bounds and categories as a codebook would tell them; here they are taken from the table."""

    def declared(column: Column) -> Column:
        cells = table[column.name].dropna()
        values = column.to_dict()
        if column.kind == "numeric":
            values |= {"minimum": cells.min().item(), "maximum": cells.max().item()}
        if column.kind == "categorical" and column.categories is None:
            values |= {"categories": sorted(cells.unique().tolist())}
        return Column.from_dict(values)

    return Schema(tuple(declared(column) for column in infer_schema(table)))


@contextmanager
def tenth_of_noise() -> Iterator[None]:
    """Every mechanism draws a tenth of the noise that it is booked with."""
    of_training, of_counts = mechanisms.standard_normal, mechanisms.discrete_gaussian
    with (
        patch.object(mechanisms, "standard_normal", lambda n: of_training(n) / 10),
        patch.object(mechanisms, "discrete_gaussian", lambda n, sigma: of_counts(n, sigma / 10)),
    ):
        yield


@contextmanager
def no_clipping() -> Iterator[None]:
    """The gradient of a row counts as it is, however long."""
    with patch.object(ClippedRows, "get_clipping_coef", lambda rows: torch.ones_like(rows.get_norm_sample())):
        yield


CASES: dict[str, tuple[Callable[[], Any], float]] = {
    "as it is": (nullcontext, 1.0),
    "noise / 10": (tenth_of_noise, 1.0),
    "no clipping": (no_clipping, TINY_CLIP),
}


def measure(arguments: argparse.Namespace, case: str) -> tuple[Audit, dict[str, float]]:
    """One audit, and how long it took."""
    broken, max_grad_norm = CASES[case]
    dataset = load(arguments.table)
    train = split(dataset.table, arguments.seed)[0].head(arguments.rows)
    short = partial(PrivateSettings, warm_steps=30, distil_steps=60, warm_rows=6_000, pool_rows=10_000)
    watch = Stopwatch()
    with broken(), patch.object(private_learning, "PrivateSettings", short):
        found = audit(
            train,
            schema=public_schema(dataset.table),
            epsilon=arguments.epsilon,
            delta=arguments.delta,
            target=dataset.target,
            privacy=PrivacyConfig(steps=arguments.steps),
            n_canaries=arguments.canaries,
            seed=arguments.seed,
            max_grad_norm=max_grad_norm,
        )
    wall, cpu = watch.read()
    return found, {"cpu_seconds": round(cpu, 1), "wall_seconds": round(wall, 1)}


def show(found: dict[str, tuple[Audit, dict[str, float]]]) -> Table:
    """A row an audit."""
    heads = ("training", "claimed", "lower bound", "ceiling", "best attack", "right guesses", "standing")
    table = Table(*heads, "CPU s")
    for case, (one, seconds) in found.items():
        best = max(one.attacks, key=lambda attack: (attack.lower_bound, attack.correct / attack.guesses))
        figures = [f"{value:.3f}" for value in (one.epsilon, one.lower_bound, one.ceiling)]
        right = f"{best.correct} of {best.guesses}"
        table.add_row(case, *figures, best.name, right, one.standing, f"{seconds['cpu_seconds']:.0f}")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--table", default="adult")
    parser.add_argument("--epsilon", type=float, default=1.0)
    parser.add_argument("--delta", type=float, default=1e-5)
    parser.add_argument("--canaries", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--steps", type=int, default=60, help="of DP-SGD; a fit takes 600")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--intact", action="store_true", help="only private training as it is")
    arguments = parser.parse_args()
    cases = list(CASES)[:1] if arguments.intact else list(CASES)
    name = f"audit-{arguments.table.split('/')[-1].split('.')[0]}-eps{arguments.epsilon:g}"
    found: dict[str, tuple[Audit, dict[str, float]]] = {}
    for case in cases:
        found[case] = measure(arguments, case)
        told = {of: one.to_dict() | seconds for of, (one, seconds) in found.items()}
        path = write_result(name, {"arguments": vars(arguments), "found": told})
        console().print(f"{case}: {found[case][0]}")
    console().print(show(found))
    console().print(f"written to {path}")


if __name__ == "__main__":
    main()
