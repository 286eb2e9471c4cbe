"""Memory while rows stream from a model into a file: it must not grow with their number.

    python -m benchmarks.streaming [--rows 10000000] [--formats csv csv.gz parquet jsonl feather]

A small model, so that the time goes to the writing: what counts is the memory after the first tenth of the
rows beside that at the end. The file is thrown away.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tabgan_cli.places import Place
from tabgan_cli.table_file import table_writer

from benchmarks.measuring import write_result
from tabgan import TabGAN

FORMATS = ("csv", "csv.gz", "csv.zst", "jsonl", "parquet", "feather")
ROWS = 10_000_000
POINTS = 10  # measurements of memory in a run


def resident_megabytes() -> float:
    """Memory of this process that is in use now. Source: proc(5), statm."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def small_model() -> TabGAN:
    rng = np.random.default_rng(0)
    n_rows = 5_000
    group = rng.choice(["north", "south", "west"], n_rows)
    table = pd.DataFrame({"group": group, "amount": rng.gamma(2.0, 10.0, n_rows).round(2)})
    return TabGAN(recipe="likelihood", epochs=3, embedding_dim=8, generator_dim=(32,)).fit(table)


def stream(model: TabGAN, n_rows: int, ending: str) -> dict[str, Any]:
    """Write the rows; memory at every tenth of them."""
    megabytes: list[float] = []
    begin, n_written = time.monotonic(), 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"rows.{ending}")
        with table_writer(Place(str(path))) as write:
            for rows in model.sample_iter(n_rows, seed=0):
                write(rows)
                n_written += len(rows)
                if n_written >= n_rows * (len(megabytes) + 1) / POINTS:
                    megabytes.append(round(resident_megabytes(), 1))
        size = path.stat().st_size
    seconds = time.monotonic() - begin
    return {
        "rows": n_written,
        "megabytes_at_each_tenth": megabytes,
        "growth_megabytes": round(megabytes[-1] - megabytes[0], 1),
        "file_bytes": size,
        "seconds": round(seconds, 1),
        "rows_per_second": round(n_written / seconds),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--formats", nargs="+", default=list(FORMATS), choices=FORMATS)
    options = parser.parse_args()
    model = small_model()
    list(model.sample_iter(200_000, seed=1))  # what is loaded once is loaded before
    found = {}
    for ending in options.formats:
        found[ending] = stream(model, options.rows, ending)
        print(ending, json.dumps(found[ending]), flush=True)
    name = "streaming" if options.rows == ROWS else f"streaming-{options.rows}"
    print(f"Wrote {write_result(name, {'columns': 2, 'formats': found})}.")


if __name__ == "__main__":
    main()
