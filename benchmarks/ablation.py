"""Which part pays: each teacher switched off, the discriminator's views off; equal time.

python -m benchmarks.ablation [--tables adult] [--seeds 0 1 2] [--seconds 120] [--only default "no adversary"]

Every variant trains on one thread for the same number of seconds, so wall and CPU time are the
same on an idle machine, and draws in one round, where the adversary has most to teach.
Without the adversary it is `recipe="likelihood"`, without likelihood `recipe="gan"`.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from statistics import mean
from typing import Any

from rich.table import Table

from benchmarks.datasets import SOURCES, load
from benchmarks.measuring import Job, console, run, split, write_result
from tabgan.evaluation import c2st_auc, quality, tstr_auc
from tabgan.gan.settings import teachers_of
from tabgan.schema import infer_schema

ROUNDS = 1
TEACHERS = teachers_of("default", ROUNDS)
VARIANTS: dict[str, dict[str, Any]] = {
    "default": {},
    # A teacher that the default leaves out is switched on instead.
    **{
        f"{'no' if weight else 'with'} {teacher}": {f"{teacher}_weight": 0.0 if weight else 1.0}
        for teacher, weight in asdict(TEACHERS).items()
    },
    "no discriminator views": {"discriminator_views": False},
}


def measure(name: str, table: str, seed: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Fit one variant once and judge its samples."""
    dataset = load(table)
    train, holdout = split(dataset.table, seed)
    schema = infer_schema(train)
    options = {"rounds": ROUNDS} | VARIANTS[name] | {"max_seconds": arguments.seconds}
    if arguments.epochs is not None:
        options["epochs"] = arguments.epochs
    outcome = run(Job(table, seed=seed, options=options, n_threads=1))
    (synthetic,) = outcome.tables
    figures = {
        "c2st_auc": c2st_auc(holdout, synthetic, seed, schema=schema),
        "quality": quality(train, synthetic, schema=schema),
    }
    if dataset.target is not None:
        figures["tstr"] = tstr_auc(synthetic, holdout, dataset.target, seed, schema=schema)
    return {"seed": seed, "options": options, "child": outcome.figures, "one_round": figures}


def summary(name: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over seeds, and the distance of the furthest seed from the mean."""
    figures = {key: [one["one_round"][key] for one in runs] for key in runs[0]["one_round"]}
    return {
        "variant": name,
        "one_round": {
            key: {"mean": mean(values), "spread": max(abs(value - mean(values)) for value in values)}
            for key, values in figures.items()
        },
        "fit_cpu_seconds": mean(one["child"]["fit_cpu_seconds"] for one in runs),
        "runs": runs,
    }


def show(title: str, found: list[dict[str, Any]]) -> Table:
    """All variants beside one another."""
    table = Table(title=title, title_justify="left")
    table.add_column("variant")
    for heading in ("C2ST", "TSTR", "fit CPU s"):
        table.add_column(heading, justify="right")
    for one in found:
        cells = [_cell(one["one_round"].get(key)) for key in ("c2st_auc", "tstr")]
        table.add_row(one["variant"], *cells, f"{one['fit_cpu_seconds']:.0f}")
    return table


def _cell(figure: dict[str, float] | None) -> str:
    return "–" if figure is None else f"{figure['mean']:.3f} ± {figure['spread']:.3f}"


def main() -> None:
    """Measure every variant on every table, print and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tables", nargs="+", choices=list(SOURCES), default=["adult"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--seconds", type=float, default=120.0, help="training time of every variant")
    parser.add_argument("--epochs", type=int, help="most epochs; only the time counts if left out")
    parser.add_argument("--only", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    arguments = parser.parse_args()
    terminal = console()
    for table in arguments.tables:
        found = []
        for name in arguments.only:
            found.append(summary(name, [measure(name, table, seed, arguments) for seed in arguments.seeds]))
            terminal.print(show(table, found[-1:]))
        title = f"{table}, {arguments.seconds:g} s on one thread, {len(arguments.seeds)} seeds"
        terminal.print(show(title, found))
        result = {"table": table, "seconds": arguments.seconds, "seeds": arguments.seeds, "variants": found}
        path = write_result(f"ablation-{table}-{arguments.seconds:g}s", result)
        terminal.print(f"written to {path}")


if __name__ == "__main__":
    main()
