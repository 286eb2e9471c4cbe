"""SDMetrics as an oracle: where its definitions are ours, its figures are ours to 1e-9.

python -m benchmarks.oracles.sdmetrics_oracle

SDMetrics (MIT) needs copulas (Business Source licence): both are installed into a virtual
environment under benchmarks/cache/, are asked as another program is, and are needed by nothing else.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
import venv
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table

from benchmarks.archives import CACHE
from benchmarks.datasets import load
from benchmarks.measuring import console, write_result
from tabgan.evaluation.columns import column_metrics
from tabgan.evaluation.pairs import pair_metrics
from tabgan.evaluation.tables import Tables
from tabgan.schema import Schema, infer_schema

REQUIREMENT = "sdmetrics==0.32.0"
ENVIRONMENT = CACHE / "sdmetrics-venv"
CHILD = Path(__file__).with_name("sdmetrics_child.py")
TABLES = ("adult", "hotel_rates", "loans")
ROWS = 5_000  # of either side
TOLERANCE = 1e-9
NEW_CATEGORIES = "TVComplement, new categories"
OWN_TOLERANCE = {NEW_CATEGORIES: 1e-7}  # a category that is new counts 1e-6 real rows in SDMetrics
MISSING = "\u2400"  # a missing cell in the files
DIFFERENCES = (
    "A constant column: SDMetrics raises ConstantInputError, here r = 0 and the pair counts.",
    "A column without a number or category: SDMetrics gives NaN or raises, here 1 if both sides have "
    "none and 0 if one has.",
    "column_shapes: here a missing category is a category; tv_complement leaves it out, as SDMetrics.",
    "TVComplement: SDMetrics adds 1e-6 real rows for a category that only synthetic rows have; columns "
    "with one are told apart and held to 1e-7.",
    "KSComplement: SDMetrics rounds numbers to 14 digits after the point.",
    "Spearman with missing cells: here ranks are those among all cells of the column, in SDMetrics "
    "those among the rows where both are there.",
    "contingency_similarity with numbers: here bins of equally many real rows, in SDMetrics (and in "
    "pair_trends, which is compared below) ten bins of equal width.",
)


def python_of_oracle() -> Path:
    """The Python that has SDMetrics; its environment is made on first use.

    Raises: CalledProcessError where it cannot be installed.
    """
    python = ENVIRONMENT / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not (ENVIRONMENT / "ready").exists():
        venv.create(ENVIRONMENT, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", REQUIREMENT], check=True)
        (ENVIRONMENT / "ready").touch()
    return python


def sides_of(name: str, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame, Schema]:
    """Real rows, and others that are off in every way: shuffled, shifted, repeated, partly missing."""
    whole = load(name).table
    schema = infer_schema(whole)
    schema = Schema(tuple(column for column in schema if column.kind != "identifier"))
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(whole))
    half = min(ROWS, len(whole) // 2)
    real, synthetic = (
        whole.iloc[part][list(schema.names)].reset_index(drop=True)
        for part in (order[:half], order[half : 2 * half])
    )
    for column in schema:
        moved = rng.choice(half, half // 3, replace=False)
        cells = synthetic[column.name].to_numpy(copy=True)
        cells[moved] = cells[rng.permutation(moved)]
        synthetic[column.name] = pd.Series(cells).astype(synthetic[column.name].dtype)
        if column.kind == "numeric":
            synthetic[column.name] = synthetic[column.name] * 1.03
        if column.name in schema.names[::4]:
            synthetic[column.name] = synthetic[column.name].mask(rng.random(half) < 0.03)
    return real, synthetic, schema


def ask_oracle(real: pd.DataFrame, synthetic: pd.DataFrame, schema: Schema) -> dict[str, Any]:
    """What SDMetrics finds, asked in its own environment."""
    with tempfile.TemporaryDirectory() as folder:
        asked = {"kinds": {str(column.name): column.kind for column in schema}, "missing": MISSING}
        Path(folder, "asked.json").write_text(json.dumps(asked), encoding="utf-8")
        for name, table in (("real", real), ("synthetic", synthetic)):
            table.to_csv(Path(folder, f"{name}.csv"), index=False, na_rep=MISSING)
        subprocess.run([python_of_oracle(), CHILD, folder], check=True)
        found: dict[str, Any] = json.loads(Path(folder, "found.json").read_text(encoding="utf-8"))
    return found


def compare_table(name: str) -> list[dict[str, Any]]:
    """For every measure the largest difference over the columns or pairs of one table."""
    real, synthetic, schema = sides_of(name)
    oracle = ask_oracle(real, synthetic, schema)
    tables = Tables.checked(real, synthetic, synthetic, schema=schema)
    columns = column_metrics(tables).details["columns"].set_index("column")
    pairs = pair_metrics(tables).details["pairs"].set_index(["first", "second"])
    has_missing = (real.isna().any() | synthetic.isna().any()).to_dict()
    told: dict[str, list[tuple[float, float | str]]] = defaultdict(list)
    for column, theirs in oracle["columns"].items():
        is_number = schema[column].kind in ("numeric", "datetime")
        measure, key = ("KSComplement", "ks") if is_number else ("TVComplement", "tv")
        if not is_number and not set(synthetic[column].dropna()) <= set(real[column].dropna()):
            measure = NEW_CATEGORIES
        told[measure].append((columns.loc[column, f"{key}_complement"], theirs))
    for row in oracle["pairs"]:
        ours = pairs.loc[(row["first"], row["second"])]
        if "pearson" in row:
            told["CorrelationSimilarity"].append((ours["pair_trend"], row["pearson"]))
            if not (has_missing[row["first"]] or has_missing[row["second"]]):
                rank = 1 - abs(ours["real_spearman"] - ours["synthetic_spearman"]) / 2
                told["CorrelationSimilarity, Spearman"].append((rank, row["spearman"]))
        else:
            told["ContingencySimilarity"].append((ours["pair_trend"], row["contingency"]))
            if not any(schema[row[side]].kind in ("numeric", "datetime") for side in ("first", "second")):
                figures = ours["contingency_similarity"], row["contingency"]
                told["ContingencySimilarity, categories"].append(figures)
    return [_summed(name, measure, figures) for measure, figures in told.items()]


def _summed(table: str, measure: str, figures: list[tuple[float, float | str]]) -> dict[str, Any]:
    agreed = [(a, float(b)) for a, b in figures if not _is_none(b)]
    largest = max((abs(float(a) - b) for a, b in agreed), default=math.inf)
    return {
        "table": table,
        "measure": measure,
        "compared": len(agreed),
        "left_out": dict(Counter(b if isinstance(b, str) else "NaN" for _, b in figures if _is_none(b))),
        "lowest": min((b for _, b in agreed), default=None),
        "mean": sum(b for _, b in agreed) / max(len(agreed), 1),
        "largest_difference": largest if math.isfinite(largest) else None,
        "tolerance": OWN_TOLERANCE.get(measure, TOLERANCE),
        "agrees": bool(largest <= OWN_TOLERANCE.get(measure, TOLERANCE)),
    }


def _is_none(figure: float | str) -> bool:
    """Whether SDMetrics raised an error or gave NaN."""
    return isinstance(figure, str) or math.isnan(figure)


def main() -> None:
    """Compare on every table, print and write what was found; status 1 where a figure differs."""
    terminal = console()
    rows = [row for name in TABLES for row in compare_table(name)]
    shown = Table("table", "measure", "compared", "left out", "lowest", "mean", "difference")
    for row in rows:
        figures = [str(row["compared"]), str(sum(row["left_out"].values()))]
        figures += [f"{row[key]:.4f}" for key in ("lowest", "mean")]
        mark = "" if row["agrees"] else "  DIFFERS"
        shown.add_row(row["table"], row["measure"], *figures, f"{row['largest_difference']:.1e}{mark}")
    terminal.print(shown, "By design different:", *(f"- {line}" for line in DIFFERENCES), sep="\n")
    result = {
        "oracle": REQUIREMENT,
        "rows": ROWS,
        "agrees": all(row["agrees"] for row in rows),
        "found": rows,
        "different_by_design": list(DIFFERENCES),
    }
    terminal.print(f"written to {write_result('oracle-sdmetrics', result)}")
    sys.exit(0 if result["agrees"] else 1)


if __name__ == "__main__":
    main()
