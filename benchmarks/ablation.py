"""Which part pays: each teacher switched off, the discriminator's views off, each recipe; equal CPU time.

python -m benchmarks.ablation [--table adult] [--seconds 120] [--only default likelihood ...]

Every variant trains on one thread for the same number of seconds, so wall and CPU time are the
same, and is sampled at its default rounds and at 4.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from rich.table import Table

from benchmarks.datasets import load
from benchmarks.measuring import Job, console, run, split, write_result
from tabgan.evaluation import c2st_auc, quality, tstr_auc
from tabgan.gan.settings import teachers_of
from tabgan.schema import infer_schema

FEW_ROUNDS = 4
TEACHERS = teachers_of("default", FEW_ROUNDS)
VARIANTS: dict[str, dict[str, Any]] = {
    "default": {},
    # A teacher that the default leaves out is switched on instead.
    **{
        f"{'no' if weight else 'with'} {teacher}": {f"{teacher}_weight": 0.0 if weight else 1.0}
        for teacher, weight in asdict(TEACHERS).items()
    },
    "no discriminator views": {"discriminator_views": False},
    "recipe likelihood": {"recipe": "likelihood"},
    "recipe gan": {"recipe": "gan", "rounds": 1},
}


def measure(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Fit one variant and judge its samples."""
    dataset = load(arguments.table)
    train, holdout = split(dataset.table, arguments.seed)
    schema = infer_schema(train)
    options = {"rounds": FEW_ROUNDS} | VARIANTS[name] | {"max_seconds": arguments.seconds}
    if arguments.epochs is not None:
        options["epochs"] = arguments.epochs
    job = Job(arguments.table, seed=arguments.seed, options=options, rounds=(None, FEW_ROUNDS), n_threads=1)
    outcome = run(job)
    found: dict[str, Any] = {"variant": name, "options": options, "child": outcome.figures}
    for label, synthetic in zip(("default_rounds", "few_rounds"), outcome.tables, strict=True):
        found[label] = {
            "c2st_auc": c2st_auc(holdout, synthetic, arguments.seed, schema=schema),
            "quality": quality(train, synthetic, schema=schema),
        }
        if dataset.target is not None:
            found[label]["tstr"] = tstr_auc(synthetic, holdout, dataset.target, arguments.seed, schema=schema)
    return found


def show(found: list[dict[str, Any]], arguments: argparse.Namespace) -> Table:
    """All variants beside one another."""
    table = Table(title=f"{arguments.table}, {arguments.seconds:g} s on one thread", title_justify="left")
    table.add_column("variant")
    for heading in ("C2ST", "TSTR", "quality", "C2ST, 4 rounds", "TSTR, 4 rounds", "fit CPU s"):
        table.add_column(heading, justify="right")
    for one in found:
        cells = [
            f"{one[label][key]:.3f}" if key in one[label] else "–"
            for label, keys in (
                ("default_rounds", ("c2st_auc", "tstr", "quality")),
                ("few_rounds", ("c2st_auc", "tstr")),
            )
            for key in keys
        ]
        table.add_row(one["variant"], *cells, f"{one['child']['fit_cpu_seconds']:.0f}")
    return table


def main() -> None:
    """Measure every variant, print and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--table", default="adult")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=120.0, help="training time of every variant")
    parser.add_argument("--epochs", type=int, help="most epochs; only the time counts if left out")
    parser.add_argument("--only", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    arguments = parser.parse_args()
    terminal = console()
    found = []
    for name in arguments.only:
        found.append(measure(name, arguments))
        terminal.print(show(found[-1:], arguments))
    terminal.print(show(found, arguments))
    settings = {"table": arguments.table, "seed": arguments.seed, "seconds": arguments.seconds}
    path = write_result(f"ablation-{arguments.table}-{arguments.seconds:g}s", settings | {"variants": found})
    terminal.print(f"written to {path}")


if __name__ == "__main__":
    main()
