"""SDMetrics' figures of two tables; runs in SDMetrics' own environment and knows nothing of tabgan.

sdmetrics_child.py FOLDER    reads asked.json, real.csv and synthetic.csv, writes found.json
"""

from __future__ import annotations

import json
import sys
import warnings
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd
from sdmetrics.column_pairs import ContingencySimilarity, CorrelationSimilarity
from sdmetrics.single_column import KSComplement, TVComplement


def read(path: Path, kinds: dict[str, str], missing: str) -> pd.DataFrame:
    """A table as the parent wrote it: numbers exact, categories as text."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[missing])
    for name, kind in kinds.items():
        if kind == "numeric":
            table[name] = table[name].astype(float)
        elif kind == "datetime":
            table[name] = pd.to_datetime(table[name])
    return table


def score(function: Any, *arguments: Any, **options: Any) -> float | str:
    """The figure, or the name of the error that SDMetrics raises instead."""
    try:
        return float(function(*arguments, **options))
    except Exception as error:
        return type(error).__name__


def asked_in(folder: Path) -> tuple[dict[str, str], pd.DataFrame, pd.DataFrame]:
    """Kinds of the columns, the real and the synthetic table."""
    asked = json.loads((folder / "asked.json").read_text(encoding="utf-8"))
    kinds: dict[str, str] = asked["kinds"]
    real, synthetic = (
        read(folder / f"{name}.csv", kinds, asked["missing"]) for name in ("real", "synthetic")
    )
    return kinds, real, synthetic


def main() -> None:
    folder = Path(sys.argv[1])
    kinds, real, synthetic = asked_in(folder)
    is_number = {name: kind in ("numeric", "datetime") for name, kind in kinds.items()}
    columns = {
        name: score((KSComplement if is_number[name] else TVComplement).compute, real[name], synthetic[name])
        for name in kinds
    }
    pairs = []
    for first, second in combinations(kinds, 2):
        both = real[[first, second]], synthetic[[first, second]]
        row: dict[str, Any] = {"first": first, "second": second}
        if is_number[first] and is_number[second]:
            row["pearson"] = score(CorrelationSimilarity.compute, *both)
            row["spearman"] = score(CorrelationSimilarity.compute, *both, coefficient="Spearman")
        else:
            # Dates are cut into bins as the seconds they are.
            both = tuple(
                side.apply(lambda c: c.astype("int64") if c.dtype.kind == "M" else c) for side in both
            )
            numbers = [name for name in (first, second) if is_number[name]]
            copies = (side.copy() for side in both)
            row["contingency"] = score(
                ContingencySimilarity.compute, *copies, continuous_column_names=numbers or None
            )
        pairs.append(row)
    (folder / "found.json").write_text(json.dumps({"columns": columns, "pairs": pairs}), encoding="utf-8")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
