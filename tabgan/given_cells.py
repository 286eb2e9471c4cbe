"""Cells that were given stay as they were; made ones take the place of those that are missing."""

from __future__ import annotations

from typing import Any

import pandas as pd


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
