"""Infinite numbers of a table: refused, taken for missing, or cut to the largest finite one."""

from __future__ import annotations

from collections.abc import Hashable
from decimal import Decimal
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from tabgan.cells import Cells, dense
from tabgan.schema import check_table, listed

InfiniteRule: TypeAlias = Literal["error", "missing", "clip"]
RULES: tuple[InfiniteRule, ...] = ("error", "missing", "clip")


def finite_table(df: pd.DataFrame, rule: InfiniteRule) -> tuple[pd.DataFrame, list[str]]:
    """The table without infinite numbers, and a line that names the columns which had some.

    With rule="error" the table as it is: `infer_schema` refuses it by column.

    >>> table = pd.DataFrame({"a": [1.0, float("inf")]})
    >>> finite_table(table, "clip")[0]["a"].tolist()
    [1.0, 1.0]
    """
    if rule not in RULES:
        raise ValueError(f"Expected infinite to be one of {', '.join(RULES)}, got {rule!r}.")
    check_table(df)
    if rule == "error":
        return df, []
    cut: list[Hashable] = []
    columns = []
    for place, name in enumerate(df.columns):
        cells = df.iloc[:, place]
        finite = _finite(cells, rule)
        cut += [] if finite is cells else [name]
        columns.append(finite)
    if not cut:
        return df, []
    table = pd.concat(columns, axis=1)
    table.columns = df.columns
    became = "missing" if rule == "missing" else "the largest or smallest finite number of the column"
    return table, [f"Infinite numbers in {listed(cut)} became {became}."]


def _finite(cells: Cells, rule: InfiniteRule) -> Cells:
    """The same cells, or others where one was infinite."""
    given, cells = cells, dense(cells)
    if cells.dtype == object:
        is_infinite = np.array([_is_infinite(cell) for cell in cells], dtype=bool)
    elif pd.api.types.is_float_dtype(cells.dtype):
        is_infinite = np.isinf(cells.to_numpy(dtype=np.float64, na_value=np.nan))
    else:
        return given
    if not is_infinite.any():
        return given
    if rule == "missing":
        return cells.mask(is_infinite)
    rest = cells[~is_infinite].dropna()
    if rest.empty:
        return cells.mask(is_infinite)
    is_above = is_infinite.copy()
    is_above[is_infinite] = (cells[is_infinite] > 0).to_numpy(dtype=bool)
    return cells.mask(is_above, rest.max()).mask(is_infinite & ~is_above, rest.min())


def _is_infinite(cell: object) -> bool:
    if isinstance(cell, Decimal):
        return cell.is_infinite()
    return isinstance(cell, float | np.floating) and bool(np.isinf(cell))
