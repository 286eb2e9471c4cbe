"""Write the golden model files of the format that this tabgan writes: `python -m tests.golden.make`.

A file of an older format is never made again, nor deleted: it must load for ever. Each model has its
file and, beside it, what must be found in it: `<name>_format<version>.tabgan` and `.json`.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tabgan import FixedCombinations, Increments, Inequality, Schema, TabGAN, Unique, infer_schema
from tabgan.model_file import FORMAT_VERSION, read_model
from tests.small_private import people, small
from tests.toy_tables import orders

HERE = Path(__file__).parent
N_SAMPLED = 4_000


def open_model() -> TabGAN:
    """Every kind of column, gaps, and rules of every kind of step."""
    table = orders(300)
    rng = np.random.default_rng(1)
    table["sent"] = table["at"] + pd.to_timedelta(rng.integers(0, 200, len(table)), unit="h")
    table["place"] = table["job"].map({"clerk": "office", "nurse": "ward", "smith": "forge"})
    table["price"] = rng.integers(1, 40, len(table)) * 0.25
    table["wait"] = pd.to_timedelta(rng.integers(0, 90, len(table)), unit="min")
    rules = (Inequality("at", "sent"), FixedCombinations(("job", "place")), Increments("price", 0.25))
    schema = Schema(infer_schema(table).columns, (*rules, Unique(("key",))))
    settings = {
        "embedding_dim": 4,
        "generator_dim": (16, 16),
        "discriminator_dim": (16, 16),
        "batch_size": 128,
    }
    return TabGAN(schema, epochs=60, recipe="likelihood", **settings).fit(table)


def private_model() -> TabGAN:
    """Two columns of which most is declared, learned with epsilon 8, and the ledger of it."""
    return small(generator_dim=(16,)).fit(people())


def means_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean of every number, a column for each job."""
    return rows.select_dtypes("number", exclude="timedelta").astype(float).groupby(rows["job"]).mean().T


def facts_of(path: Path) -> dict[str, Any]:
    """What a later tabgan must find in the file, and how its rows are spread."""
    content = read_model(path)
    model = TabGAN.load(path, device="cpu")
    rows = model.sample(N_SAMPLED, seed=0)
    ledger = model.ledger_
    return {
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "dtypes": {name: str(dtype) for name, dtype in rows.dtypes.items()},
        "weights": {
            name: {"dtype": str(tensor.dtype), "sha256": hashlib.sha256(tensor.tobytes()).hexdigest()}
            for name, tensor in content.tensors.items()
        },
        "shares": rows["job"].value_counts(normalize=True, dropna=False).rename(str).round(4).to_dict(),
        "means": means_of(rows).round(4).to_dict(),
        "spreads": rows.select_dtypes("number", exclude="timedelta").astype(float).std().round(4).to_dict(),
        "n_entries": None if ledger is None else len(ledger.entries),
        "spent": None if ledger is None else ledger.spent.epsilon,
    }


def main() -> None:
    """Make the files, unless they are there."""
    for name, make in (("open", open_model), ("private", private_model)):
        path = HERE / f"{name}_format{FORMAT_VERSION}.tabgan"
        if path.exists():
            sys.exit(f"{path.name} is there already: a golden file is never made again.")
        make().save(path)
        path.with_suffix(".json").write_text(json.dumps(facts_of(path), indent=2) + "\n")
        print(f"{path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
