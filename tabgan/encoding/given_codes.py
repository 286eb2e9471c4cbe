"""Codes of rows of which only some cells are given: what is not known is hidden from the model."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import pandas as pd

from tabgan.cells import dense
from tabgan.encoding.categorical import CategoricalEncoder
from tabgan.encoding.coarsening import coarse_table
from tabgan.encoding.layout import BoolArray, CodeArray
from tabgan.encoding.table import TableEncoder
from tabgan.errors import SchemaError
from tabgan.schema import Schema


def check_given(df: pd.DataFrame, schema: Schema) -> None:
    """Raise SchemaError unless the rows are a table with distinct names, all known to the schema."""
    if not isinstance(df, pd.DataFrame):
        raise SchemaError(f"Expected a pandas DataFrame, got {type(df).__name__}.")
    if not df.columns.is_unique:
        raise SchemaError("Several columns of the rows share a name. Rename or drop them.")
    if extra := [name for name in df.columns if name not in schema]:
        raise SchemaError(f"The model does not know {len(extra)} of the columns. Drop {extra[0]!r}.")


def known_codes(encoder: TableEncoder, df: pd.DataFrame) -> tuple[CodeArray, BoolArray]:
    """Codes of a table with gaps, and which of them are given.

    Hidden are missing cells, columns of the schema that the table lacks, and labels that were not
    learned: any code would be a fact that nobody gave. A number beyond those that were learned has the
    nearest code, and a label has the code of rare ones where there is one.

    Shape: both [rows, blocks]. Raises: SchemaError for columns that the model does not know.
    """
    check_given(df, encoder.schema)
    df = coarse_table(df, encoder.schema)
    shape = (len(df), len(encoder.layout.blocks))
    codes, is_visible = np.zeros(shape, dtype=np.int16), np.zeros(shape, dtype=bool)
    for of_column, where in zip(encoder.encoders, encoder.slices, strict=True):
        name = of_column.column.name
        if name not in df.columns:
            continue
        cells = dense(df[name])
        is_known = cells.notna().to_numpy(dtype=bool)
        if isinstance(of_column, CategoricalEncoder):
            is_known = is_known & ~of_column.is_unknown(cells)
        if is_known.any():
            codes[is_known, where] = of_column.encode(cells[is_known])[0]
        is_visible[:, where] = is_known[:, None]
    return codes, is_visible


def unknown_labels(encoder: TableEncoder, df: pd.DataFrame) -> dict[Hashable, int]:
    """Columns with given labels that were not learned, and how many cells hold one."""
    df = coarse_table(df, encoder.schema)
    found = {
        of_column.column.name: int(of_column.is_unknown(dense(df[of_column.column.name])).sum())
        for of_column in encoder.encoders
        if isinstance(of_column, CategoricalEncoder) and of_column.column.name in df.columns
    }
    return {name: n_cells for name, n_cells in found.items() if n_cells}
