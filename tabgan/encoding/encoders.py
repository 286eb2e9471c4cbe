"""What the encoder of every kind can do, and the encoders of a whole table, fitted column by column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np

from tabgan.cells import Cells
from tabgan.column import Column
from tabgan.encoding.categorical import AllRareError, CategoricalEncoder, RareRule, refusal_of_rare
from tabgan.encoding.conditions import Condition
from tabgan.encoding.datetime import DatetimeEncoder
from tabgan.encoding.identifier import IdentifierEncoder
from tabgan.encoding.layout import CodeArray, FloatArray
from tabgan.encoding.numeric import NumericEncoder
from tabgan.encoding.statistics import ColumnStatistics
from tabgan.errors import SchemaError
from tabgan.schema import Schema


class ColumnEncoder(Protocol):
    """What the encoder of every kind can do."""

    @property
    def column(self) -> Column:
        """The schema's column."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What fitting had to leave out; known to a fresh encoder only."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of codes of each of its blocks, coarse first."""

    def positions(self) -> Sequence[tuple[float, ...] | None]:
        """Places in [0, 1] of the codes of each block; None where they have no order."""

    def encode(self, cells: Cells) -> tuple[CodeArray, int]:
        """Codes [rows, blocks] of the cells, and how many cells have no code of their own."""

    def decode(
        self,
        codes: CodeArray,
        rng: np.random.Generator,
        *,
        condition: Condition = None,
        first_row: int = 0,
    ) -> Cells:
        """A column of the output dtype."""

    def allowed(self, condition: Condition) -> FloatArray:
        """Shape: -> sizes: the share of what each code stands for that meets the condition."""

    def to_dict(self) -> dict[str, Any]:
        """State as strict JSON."""


_READERS: TypeAlias = (
    type[NumericEncoder] | type[CategoricalEncoder] | type[DatetimeEncoder] | type[IdentifierEncoder]
)
READERS: dict[str, _READERS] = {
    "numeric": NumericEncoder,
    "categorical": CategoricalEncoder,
    "datetime": DatetimeEncoder,
    "identifier": IdentifierEncoder,
}


def fit_columns(
    schema: Schema,
    statistics: ColumnStatistics,
    rare: RareRule,
    max_levels: int,
    max_categories: int | None,
) -> list[ColumnEncoder]:
    """An encoder a column. Raises: SchemaError, one for all columns of nothing but rare values."""
    found = [_fitted(column, statistics, rare, max_levels, max_categories) for column in schema]
    if refused := [error for error in found if isinstance(error, AllRareError)]:
        raise SchemaError(refusal_of_rare(refused, statistics.min_rows))
    return [encoder for encoder in found if not isinstance(encoder, AllRareError)]


def _fitted(
    column: Column,
    statistics: ColumnStatistics,
    rare: RareRule,
    max_levels: int,
    max_categories: int | None,
) -> ColumnEncoder | AllRareError:
    """The encoder, or why the column has none."""
    if column.kind == "numeric":
        return NumericEncoder.fit(column, statistics, max_levels=max_levels)
    if column.kind == "datetime":
        return DatetimeEncoder.fit(column, statistics)
    if column.kind == "identifier":
        return IdentifierEncoder.fit(column, statistics)
    try:
        return CategoricalEncoder.fit(column, statistics, rare=rare, max_categories=max_categories)
    except AllRareError as error:
        return error
