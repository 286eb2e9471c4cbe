"""Anonymeter's attacks; runs in anonymeter's own environment and knows nothing of tabgan.

anonymeter_child.py FOLDER    reads asked.json, {train,synthetic,holdout}.parquet, writes found.json
"""

from __future__ import annotations

import importlib.metadata
import json
import logging
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from anonymeter.evaluators import InferenceEvaluator, LinkabilityEvaluator, SinglingOutEvaluator


def evaluator_of(run: dict[str, Any], tables: dict[str, pd.DataFrame]) -> Any:
    """The evaluator of a run after its attack; all rows are attacked but in singling out."""
    given = {"ori": tables["train"], "syn": tables["synthetic"], "control": tables["holdout"]}
    n_rows = len(tables["train"])
    if run["attack"].startswith("singling out"):
        made = SinglingOutEvaluator(
            **given, n_attacks=run["n_attacks"], n_cols=run["n_columns"], seed=0, max_attempts=100_000
        )
        return made.evaluate(mode=run["mode"])
    if run["attack"] == "linkability":
        made = LinkabilityEvaluator(**given, n_attacks=n_rows, aux_cols=tuple(run["halves"]), n_neighbors=1)
        return made.evaluate(n_jobs=1)
    known = [name for name in tables["train"] if name != run["secret"]]
    options = {"secret": run["secret"], "regression": run["is_number"], "n_attacks": n_rows}
    return InferenceEvaluator(**given, aux_cols=known, **options).evaluate(n_jobs=1)


def asked_of(run: dict[str, Any], tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """Rates with their errors and the risk, or the name of the error raised instead."""
    np.random.seed(0)  # noqa: NPY002 - pandas draws from it when anonymeter samples without a seed
    try:
        evaluator = evaluator_of(run, tables)
        results, risk = evaluator.results(), evaluator.risk()
    except Exception as error:
        return {"error": type(error).__name__}
    rates = {"attack": results.attack_rate, "naive": results.baseline_rate, "control": results.control_rate}
    return {
        **{name: [float(rate.value), float(rate.error)] for name, rate in rates.items()},
        "risk": [float(risk.value), *map(float, risk.ci)],
    }


def main() -> None:
    folder = Path(sys.argv[1])
    runs = json.loads((folder / "asked.json").read_text(encoding="utf-8"))
    tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in ("train", "synthetic", "holdout")}
    found = {
        "runs": [asked_of(run, tables) for run in runs],
        "versions": {name: importlib.metadata.version(name) for name in ("anonymeter", "numpy", "pandas")},
    }
    (folder / "found.json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    main()
