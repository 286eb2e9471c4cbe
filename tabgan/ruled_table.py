"""What a request asks of an encoder, answered for a table of which some columns are computed."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tabgan.column import Column
from tabgan.encoding.categorical import CategoricalEncoder
from tabgan.encoding.conditions import Condition
from tabgan.encoding.layout import CodeArray, FloatArray, Layout
from tabgan.encoding.table import TableEncoder
from tabgan.rules.joint import Joint
from tabgan.rules.reduction import Reduction
from tabgan.schema import Schema


@dataclass(frozen=True)
class Computed:
    """A column without codes of its own."""

    column: Column


@dataclass(frozen=True)
class RuledTable:
    """The encoder of the inner table seen from outside: columns, labels and dtypes are the table's."""

    encoder: TableEncoder
    reduction: Reduction

    @property
    def schema(self) -> Schema:
        """The columns of the table."""
        return self.reduction.schema

    @property
    def layout(self) -> Layout:
        """The blocks of what is learned."""
        return self.encoder.layout

    def encoder_of(self, name: Hashable) -> Any:
        """The encoder of a column; of a part of a combination the labels, of a computed column nothing."""
        column = self.schema[name]
        step = self.reduction.computed.get(column.name)
        if step is None:
            return self.encoder.encoder_of(column.name)
        if isinstance(step, Joint) and column.kind in ("categorical", "boolean"):
            labels = step.parts_of(column.name)
            return CategoricalEncoder(column, tuple(labels), has_missing=False)
        return Computed(column)

    def allowed(self, name: Hashable, condition: Condition) -> list[FloatArray]:
        """Raises: ConditionError when nothing meets the condition."""
        learned, _ = self.reduction.inner_conditions({name: condition})
        return [self.encoder.allowed(inner, limit) for inner, limit in learned.items()]

    def decode(
        self,
        codes: CodeArray,
        *,
        rng: np.random.Generator,
        limits: Mapping[Hashable, Condition] | None = None,
        first_row: int = 0,
    ) -> pd.DataFrame:
        """A table from codes of what is learned."""
        return self.reduction.restore(self.encoder.decode(codes, rng=rng, limits=limits, first_row=first_row))


def seen_from_outside(encoder: TableEncoder, reduction: Reduction) -> Any:
    """The encoder itself where there are no rules."""
    return RuledTable(encoder, reduction) if reduction.schema.rules else encoder
