"""Cells that are given: read beside the columns of a model, and kept as they were in what is made."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tabgan.encoding.given_codes import check_given, unknown_labels
from tabgan.encoding.table import TableEncoder
from tabgan.encoding.writing import as_table
from tabgan.rules.reduction import Reduction
from tabgan.schema import Schema


def aligned(df: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """The rows with all columns of the schema, those they lack all missing."""
    check_given(df, schema)
    nothing = pd.Series([None] * len(df), dtype=object)
    cells = {name: df[name].reset_index(drop=True) if name in df else nothing for name in schema.names}
    return as_table(cells, len(df))


def notes_on_unknown(df: pd.DataFrame, encoder: TableEncoder, reduction: Reduction) -> list[str]:
    """A line for each column with given labels that were not learned; never a label."""
    learned = reduction.reduce(aligned(df, reduction.schema), has_gaps=True)
    return [
        f"Column {name!r}: {n_cells} of {len(df)} rows hold a value that was not learned. It is kept, but "
        "was ignored when the other cells of the row were filled."
        for name, n_cells in unknown_labels(encoder, learned).items()
    ]


def keep_given(given: pd.DataFrame, made: pd.DataFrame) -> pd.DataFrame:
    """The made table with every cell that was given put back as it was."""
    columns: list[pd.Series[Any]] = []
    for name in made.columns:
        column = made[name]
        if name in given.columns:
            column = _filled(given[name].reset_index(drop=True), column)
        columns.append(column.rename(name))
    table = pd.concat(columns, axis=1)
    table.columns = made.columns
    return table


def _filled(cells: pd.Series[Any], made: pd.Series[Any]) -> pd.Series[Any]:
    """Made cells in the place of missing ones; of the given dtype if it can hold them."""
    is_missing = cells.isna()
    if not is_missing.any() or is_missing.all():
        return made if len(cells) and is_missing.all() else cells
    fill = made[is_missing]
    if isinstance(cells.dtype, pd.CategoricalDtype):
        labels = fill.dropna().unique()
        cells = cells.cat.add_categories([label for label in labels if label not in cells.cat.categories])
    try:
        fill = fill.astype(cells.dtype)
    except (TypeError, ValueError):
        cells, fill = cells.astype(object), fill.astype(object)
    # Joined, not set in place, which pandas cannot do in every Arrow type.
    filled: pd.Series[Any] = pd.concat([cells[~is_missing], fill]).sort_index().set_axis(cells.index)
    return filled
