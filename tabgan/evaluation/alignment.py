"""Whether tables can be held against each other at all: the same columns, of like cells."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

from tabgan.errors import SchemaError
from tabgan.schema import listed

Cells: TypeAlias = "pd.Series[Any]"


def check_alike(train: pd.DataFrame, other: pd.DataFrame, what: str, names: Sequence[Hashable]) -> None:
    """Raise SchemaError with the difference when `other` has other columns, or cells of another sort.

    Order of columns and width of numbers are free. `names`: columns that are compared. `what`: what
    to call the other table.
    """
    told = []
    if lacking := [name for name in names if name not in other.columns]:
        told.append(f"lacks {listed(lacking)}")
    if more := [name for name in other.columns if name not in train.columns]:
        told.append(f"also has {listed(more)}")
    if told:
        raise SchemaError(
            f"The {what} table differs from the training table: it {' and '.join(told)}. "
            "Give tables with the same columns."
        )
    for name in (name for name in names if name in train.columns):
        here, there = _sort_of(train[name]), _sort_of(other[name])
        if None not in (here, there) and here != there:
            raise SchemaError(
                f"Column {name!r} holds {here} in the training table and {there} in the {what} table. "
                "Read both the same way, or convert one."
            )


def _sort_of(cells: Cells) -> str | None:
    """What the cells are, roughly; None for a column without any."""
    dtype: Any = cells.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        cells = pd.Series(dtype.categories)
        dtype = cells.dtype
    arrow = getattr(dtype, "pyarrow_dtype", None)
    if arrow is not None and pa.types.is_dictionary(arrow):
        arrow = arrow.value_type
    if arrow is not None and (pa.types.is_date(arrow) or pa.types.is_timestamp(arrow)):
        return "dates" if cells.notna().any() else None
    first = next((cell for cell in cells if pd.notna(cell)), None)
    if first is None:
        return None
    if isinstance(first, str):
        return "text"
    if isinstance(first, dt.date | np.datetime64):
        return "dates"
    return "durations" if isinstance(first, dt.timedelta | np.timedelta64) else "numbers"
