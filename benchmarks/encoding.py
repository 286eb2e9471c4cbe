"""What the encoding alone costs: rows encoded and decoded, no model between, judged like a synthetic table.

python -m benchmarks.encoding [--table adult diamonds ... | all]
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from rich.table import Table

from benchmarks.datasets import SOURCES, load
from benchmarks.measuring import Stopwatch, console, split, write_result
from benchmarks.quality import evaluate
from tabgan.encoding.table import TableEncoder
from tabgan.evaluation import c2st_auc
from tabgan.schema import infer_schema

BAR = 0.52  # C2ST of decoded rows, on Adult


def measure(table: str, seed: int) -> dict[str, Any]:
    """Encode and decode the training rows, then judge them against the holdout."""
    dataset = load(table)
    train, holdout = split(dataset.table, seed)
    watch = Stopwatch()
    schema = infer_schema(train)
    schema_seconds = watch.read()[1]
    watch = Stopwatch()
    encoder = TableEncoder.fit(train, schema)
    fit_seconds = watch.read()[1]
    watch = Stopwatch()
    codes = encoder.encode(train)
    encode_seconds = watch.read()[1]
    watch = Stopwatch()
    decoded = encoder.decode(codes, rng=np.random.default_rng(seed))
    decode_seconds = watch.read()[1]
    return {
        "table": dataset.name,
        "rows": len(train),
        "columns": train.shape[1],
        "blocks": len(encoder.layout.blocks),
        "codes": encoder.layout.n_codes,
        "infer_schema_cpu_seconds": schema_seconds,
        "fit_cpu_seconds": fit_seconds,
        "encode_rows_per_cpu_second": len(train) / encode_seconds,
        "decode_rows_per_cpu_second": len(train) / decode_seconds,
        "c2st_auc_of_the_rows_themselves": c2st_auc(holdout, train, seed, schema=schema),
        **evaluate(train, decoded, holdout, dataset.target, seed),
    }


def main() -> None:
    """Measure every table asked for, print and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--table", nargs="+", default=["adult"], help=f"all, or: {', '.join(SOURCES)}")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    tables = list(SOURCES) if arguments.table == ["all"] else arguments.table
    shown = Table(title="encode and decode, no model", title_justify="left")
    for heading in ("table", "blocks", "codes", "C2ST", "real rows", "TSTR", "TRTR", "encode/s", "decode/s"):
        shown.add_column(heading, justify="left" if heading == "table" else "right")
    for table in tables:
        found = measure(table, arguments.seed)
        shown.add_row(
            found["table"],
            *(f"{found[key]:,}" for key in ("blocks", "codes")),
            *(f"{found[key]:.3f}" for key in ("c2st_auc", "c2st_auc_of_the_rows_themselves", "tstr", "trtr")),
            *(f"{found[f'{verb}_rows_per_cpu_second']:,.0f}" for verb in ("encode", "decode")),
        )
        write_result(f"encoding-{found['table']}", found | {"seed": arguments.seed})
        if table == "adult":
            shown.caption = f"Adult: C2ST ≤ {BAR}: {'met' if found['c2st_auc'] <= BAR else 'MISSED'}"
    console().print(shown)


if __name__ == "__main__":
    main()
