"""The encoder that a schema leads to before any row is read: of a table whose values lie evenly.

A plan needs the number of codes, and an error in the schema is best found before a budget is spent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabgan.column import Column
from tabgan.encoding.layout import IntArray
from tabgan.encoding.levels import MAX_LEVELS
from tabgan.encoding.noisy_statistics import fit_encoder
from tabgan.encoding.reading import is_duration
from tabgan.encoding.table import TableEncoder
from tabgan.schema import Schema

LABELS_NOT_DECLARED = 10


@dataclass(frozen=True)
class EvenRelease:
    """Answers as if the rows lay evenly over all cells, and over ten labels where none are declared.

    `noise`: deviation of the noise that is claimed for each release, in rows; 0 where none is named.
    """

    n_rows: int
    noise: Mapping[str, float]

    def deviation(self, what: str) -> float:
        """Deviation of the noise on each count, in rows."""
        return self.noise.get(what, 0.0)

    def histogram(
        self, cells: Callable[[pd.DataFrame], npt.ArrayLike], *, what: str, n_cells: int
    ) -> IntArray:
        """As many rows in each cell. Shape: -> [n_cells]."""
        del cells, what
        return np.full(n_cells, max(1, self.n_rows // n_cells), dtype=np.int64)

    def labels(self, texts: Callable[[pd.DataFrame], Sequence[str | None]], *, what: str) -> dict[str, int]:
        """Ten labels, held by as many rows each."""
        del texts, what
        each = max(1, self.n_rows // LABELS_NOT_DECLARED)
        return {json.dumps(place): each for place in range(LABELS_NOT_DECLARED)}


def rehearsed_encoder(
    schema: Schema,
    *,
    n_rows: int,
    noise: Mapping[str, float],
    measured: Collection[Hashable] | None = None,
    max_levels: int = MAX_LEVELS,
) -> TableEncoder:
    """The encoder of an evenly spread table of this schema. Every column needs a dtype.

    `measured`, `max_levels`: as for `fit_encoder`.

    Raises: SchemaError for a column of which the schema says something that cannot be learned.

    >>> from tabgan.schema import Column
    >>> schema = Schema((Column("sex", "categorical", dtype="str", categories=("F", "M")),))
    >>> rehearsed_encoder(schema, n_rows=1000, noise={}).layout.sizes
    (4,)
    """
    guessed = Schema(tuple(map(_with_bounds, schema)))
    release = EvenRelease(n_rows, noise)
    return fit_encoder(guessed, release, n_rows=n_rows, measured=measured, max_levels=max_levels)


def _with_bounds(column: Column) -> Column:
    """The column with bounds made up, where none are declared."""
    if column.minimum is not None or column.maximum is not None or is_duration(column):
        return column
    if column.kind == "numeric":
        return replace(column, minimum=0, maximum=100)
    is_date = column.kind == "datetime"
    return replace(column, minimum="2020-01-01", maximum="2023-12-31") if is_date else column
