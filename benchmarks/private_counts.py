"""What private mode has before any gradient: levels alone, and rows made of the noisy counts alone.

python -m benchmarks.private_counts                               diamonds and Adult at epsilon 1
python -m benchmarks.private_counts --table diamonds --levels 12 16 24 32 48
python -m benchmarks.private_counts --raw                         rows of the counts as they are, too

The training rows are split once more, so that the holdout of `benchmarks.private` stays unseen, and epsilon
is raised by as much as rows are missing. Encoding alone is the ceiling: real rows, encoded and decoded.
"""

from __future__ import annotations

import argparse
import json
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from rich.table import Table
from torch import Tensor

from benchmarks.datasets import SOURCES, load
from benchmarks.measuring import RESULTS, Job, console, split_for, write_result
from benchmarks.private import DELTA, evaluate, schema_path
from tabgan.encoding.row_wise import row_wise_table
from tabgan.encoding.table import TableEncoder
from tabgan.gan.raking import pool_size, raked
from tabgan.gan.settings import PrivateSettings
from tabgan.gan.smoothing import smoothed
from tabgan.gan.tree import NoisyMarginals, dependence, joint_dependence, spanning_tree, tree_rows
from tabgan.learning import blocks_of
from tabgan.privacy.config import PrivacyConfig
from tabgan.private_marginals import released_marginals, star_of
from tabgan.private_reading import Budget, Reading
from tabgan.rules.reduction import Reduction
from tabgan.schema import read_schema

SHOWN = (
    ("tstr", "{:.3f}"),
    ("pair_error", "{:.2%}"),
    ("pair_error_related", "{:.2%}"),
    ("c2st_auc", "{:.3f}"),
)


def measure(table: str, epsilon: float, seed: int, levels: int | None, *, with_raw: bool) -> dict[str, Any]:
    """Encode, count and draw once; judge every kind of rows."""
    dataset = load(table)
    whole, _ = split_for(Job(table, seed=seed), dataset.table)
    train, holdout = split_for(Job(table, seed=seed, within=True), dataset.table)
    epsilon *= len(whole) / len(train)
    declared = read_schema(str(schema_path(table)))
    reading = Reading.begin(train, declared, Budget(epsilon, DELTA, 1.0, PrivacyConfig.default(epsilon)))
    reduction = Reduction.declared(reading.measured_schema().schema)
    if levels is None:
        encoder, rows = reading.fitted_encoder(reduction)
    else:
        with patch("tabgan.private_reading.levels_worth_telling", lambda *_: levels):
            encoder, rows = reading.fitted_encoder(reduction)
    real = torch.from_numpy(encoder.encode(row_wise_table(train, encoder.schema))).long()
    about = encoder.layout.of_column(encoder.schema.names.index(dataset.target))
    parents = [block.parent for block in encoder.layout.blocks]
    codes = rows.map(lambda cells: torch.from_numpy(encoder.encode(cells)))
    blocks = blocks_of(encoder, torch.device("cpu"))
    plan = reading.marginal_plan(star_of(about, parents), about[0])
    torch.manual_seed(seed)
    counts = released_marginals(codes, blocks, plan)
    kinds = {"encoding alone": real, "smoothed counts": _rows_of(smoothed(counts, blocks), encoder, about[0])}
    if with_raw:
        kinds["counts as they are"] = _rows_of(counts, encoder, about[0])
    figures = {}
    for name, made in kinds.items():
        cells = made[: len(real)].numpy().astype(np.int16)
        synthetic = encoder.decode(cells, rng=np.random.default_rng(seed))
        figures[name] = evaluate(train, synthetic, holdout, str(dataset.target), seed)
    return {"table": table, "epsilon": epsilon, "levels": levels, "seed": seed, "figures": figures}


def _rows_of(counts: NoisyMarginals, encoder: TableEncoder, root: int) -> Tensor:
    """Rows of the tree of the counts, weighted to all of them."""
    shares = counts.shares(blocks_of(encoder, torch.device("cpu")))
    tree = spanning_tree(dependence(counts, shares), root, joint_dependence(counts))
    n_rows = pool_size(len(counts.tables), PrivateSettings.warm_rows)
    return raked(tree_rows(tree, counts, shares, n_rows), counts)


def show(results: list[dict[str, Any]]) -> Table:
    """A line for each kind of rows."""
    table = Table("table", "levels", "rows of", *(name for name, _ in SHOWN))
    for one in results:
        for kind, figures in one["figures"].items():
            cells = [form.format(figures[name]) for name, form in SHOWN]
            table.add_row(one["table"], str(one["levels"] or "default"), kind, *cells)
    return table


def main() -> None:
    """Measure what is asked for, print and write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--table", nargs="+", default=["diamonds", "adult"], choices=list(SOURCES))
    parser.add_argument("--epsilon", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--levels", nargs="+", type=int, default=[None])
    parser.add_argument("--raw", action="store_true", help="also rows of counts that were not smoothed")
    parser.add_argument("--print", action="store_true", help="print what was measured before")
    asked = parser.parse_args()
    if asked.print:
        paths = sorted(RESULTS.glob("counts-*.json"))
        console().print(show([one for path in paths for one in json.loads(path.read_text())["runs"]]))
        return
    for table in asked.table:
        runs: list[dict[str, Any]] = []
        for levels in asked.levels:
            runs.append(measure(table, asked.epsilon, asked.seed, levels, with_raw=asked.raw))
            console().print(show(runs[-1:]))
        name = f"counts-{table}" + ("" if asked.levels == [None] else "-levels")
        write_result(name, {"runs": runs})


if __name__ == "__main__":
    main()
