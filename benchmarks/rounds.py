"""What it costs to ask the layers less often: one model of a table, drawn in fewer and fewer rounds.

python -m benchmarks.rounds [--tables adult rain] [--nats 0 0.001 0.002 0.004 0.008] [--draws 3] [--seed 0]

`--nats`: what a row may lose by it for each block (of 25 blocks at least; `tabgan.gan.division`). All within
the training rows: a fifth of them judges, the held-out rows are not looked at.
"""

from __future__ import annotations

import argparse
from copy import deepcopy
from statistics import mean
from typing import Any

import pandas as pd
import torch
from rich.table import Table

from benchmarks.datasets import SOURCES, load
from benchmarks.measuring import Stopwatch, console, split, write_result
from tabgan import TabGAN
from tabgan.evaluation import c2st_auc, tstr_auc
from tabgan.parts import Part

TABLES = ("adult", "compas", "diamonds", "rain")


def measure(name: str, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Fit once; for every allowance the rounds, how fast rows are drawn, and how real they look."""
    dataset = load(name)
    train, judge = split(split(dataset.table, arguments.seed)[0], arguments.seed)
    model = TabGAN(random_state=arguments.seed, device="cpu").fit(train)
    return [drawn(model, train, judge, dataset.target, nats, arguments.draws) for nats in arguments.nats]


def drawn(
    model: TabGAN, train: pd.DataFrame, judge: pd.DataFrame, target: str | None, nats: float, n_draws: int
) -> dict[str, Any]:
    """Rows of the model in as few rounds as this allows. Unit: nats a block."""
    from tabgan.gan.calibration import calibrate
    from tabgan.gan.division import few_rounds
    from tabgan.gan.drawing import Drawer
    from tabgan.sampling import Sampler

    assert model.encoder_ is not None
    codes, generator = torch.from_numpy(model.encoder_.encode(train)), deepcopy(model.generator_)
    groups = few_rounds(Drawer(generator), model.order_, codes, max_nats=nats)
    torch.manual_seed(0)
    calibrate(generator, groups, codes, has_noise=False)
    lengths = tuple(map(len, groups))
    sampler = Sampler(model.encoder_, model.order_, lengths, (), Drawer(generator), None)
    aucs, scores, seconds = list[float](), list[float](), 0.0
    for seed in range(n_draws):
        watch = Stopwatch()
        pieces = sampler.blocks_of_rows([Part(len(train), {})], rounds=None, seed=seed)
        made = pd.concat(list(pieces), ignore_index=True)
        seconds += watch.read()[1]
        aucs.append(c2st_auc(judge, made, seed, schema=model.schema_))
        if target is not None:
            scores.append(tstr_auc(made, judge, target, seed, schema=model.schema_))
    told = {"nats": nats, "rounds": len(groups), "c2st_auc": aucs, "tstr": scores}
    return told | {"rows_per_cpu_second": n_draws * len(train) / seconds}


def show(name: str, found: list[dict[str, Any]]) -> Table:
    """Every allowance of one table."""
    table = Table(title=name, title_justify="left")
    for heading in ("nats a block", "rounds", "C2ST", "TSTR", "rows / CPU s"):
        table.add_column(heading, justify="right")
    for one in found:
        figures = [_cell(one[key]) for key in ("c2st_auc", "tstr")]
        table.add_row(f"{one['nats']:g}", str(one["rounds"]), *figures, f"{one['rows_per_cpu_second']:,.0f}")
    return table


def _cell(figures: list[float]) -> str:
    if not figures:
        return "–"
    return f"{mean(figures):.3f} ± {max(abs(one - mean(figures)) for one in figures):.3f}"


def main() -> None:
    """Measure, print and write every table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tables", nargs="+", choices=list(SOURCES), default=list(TABLES))
    parser.add_argument("--nats", nargs="+", type=float, default=[0.0, 0.001, 0.002, 0.004, 0.008])
    parser.add_argument("--draws", type=int, default=3, help="drawn and judged so often")
    parser.add_argument("--seed", type=int, default=0, help="of split and fit")
    arguments = parser.parse_args()
    terminal = console()
    for name in arguments.tables:
        found = measure(name, arguments)
        terminal.print(show(name, found))
        result = {"table": name, "seed": arguments.seed, "allowances": found}
        terminal.print(f"written to {write_result(f'rounds-{name}-seed{arguments.seed}', result)}")


if __name__ == "__main__":
    main()
