"""A column of multiples, learned as how many steps each is."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from tabgan.cells import Cells
from tabgan.column import Column
from tabgan.encoding.conditions import Limit, number_limit, refusal
from tabgan.encoding.numeric import NumericEncoder
from tabgan.encoding.reading import Numbers, Part
from tabgan.errors import ConditionError
from tabgan.rule import Increments
from tabgan.rules.units import inner_cells, read_units, resolution_of, write_units
from tabgan.scalars import scalar_from_json, scalar_to_json
from tabgan.schema import Schema


@dataclass(frozen=True)
class Multiple:
    """The column `name` counts the steps of `column`. `encoder`: that of `name`, once it was learned."""

    name: Hashable
    column: Hashable
    step: str
    encoder: NumericEncoder | None = field(default=None, compare=False, repr=False)

    @property
    def derived(self) -> tuple[Hashable, ...]:
        """Columns that are computed."""
        return (self.column,)

    @property
    def sources(self) -> tuple[Hashable, ...]:
        """Columns of the table that must be there before."""
        return ()

    def inner_columns(self, schema: Schema) -> tuple[Column, ...]:
        """What is learned instead."""
        column, step = schema[self.column], Decimal(self.step)
        low, high = (
            None if bound is None else Decimal(str(bound)) / step
            for bound in (column.minimum, column.maximum)
        )
        ends = None if low is None else math.ceil(low), None if high is None else math.floor(high)
        inner = Column(self.name, "numeric", "Int64", decimals=0, missing=column.missing)
        return (replace(inner, minimum=ends[0], maximum=ends[1]),)

    def reduce(self, table: pd.DataFrame, schema: Schema, *, has_gaps: bool = False) -> dict[Hashable, Cells]:
        """The number of steps, the nearest one where it is none."""
        del has_gaps
        digits, step = scale_of(schema[self.column], Decimal(self.step))
        numbers = read_units(table[self.column], schema[self.column], digits)
        return {
            self.name: inner_cells(Numbers((numbers.values + step // 2) // step, numbers.is_missing), "Int64")
        }

    def restore(self, cells: Mapping[Hashable, Cells], schema: Schema) -> dict[Hashable, Cells]:
        """The column again."""
        column = schema[self.column]
        digits, step = scale_of(column, Decimal(self.step))
        (inner,) = self.inner_columns(schema)
        steps = read_units(cells[self.name], inner, 0)
        return {self.column: write_units(Numbers(steps.values * step, steps.is_missing), column, digits)}

    def limit(self, condition: Any, schema: Schema) -> Any:
        """The condition on the column as one on the number of steps. Raises: ConditionError."""
        column = schema[self.column]
        digits, step = scale_of(column, Decimal(self.step))
        limit: Limit = number_limit(condition, column, Part(decimals=digits))
        if limit.members is not None:
            if any(member % step for member in limit.members):
                raise refusal(column, f"the condition names a number that is not a multiple of {self.step}")
            return self._checked([int(member) // step for member in limit.members], schema)
        low = None if math.isinf(limit.low) else -(-int(limit.low) // step)
        high = None if math.isinf(limit.high) else int(limit.high) // step
        if low is not None and high is not None and low > high:
            raise refusal(column, f"the condition allows no multiple of {self.step}. Widen it")
        return self._checked((low, high), schema)

    def _checked(self, condition: Any, schema: Schema) -> Any:
        """The condition on the number of steps. Raises: ConditionError, in numbers of the column."""
        if self.encoder is None or not len(self.encoder.levels):
            return condition
        try:
            self.encoder.allowed(condition)
        except ConditionError:
            levels = self.encoder.levels
            ends = pd.Series([levels.low.min(), levels.high.max()], dtype="Int64")
            low, high = self.restore({self.name: ends}, schema)[self.column]
            raise refusal(
                schema[self.column],
                f"no multiple of {self.step} that was learned meets the condition, or one that it names. "
                f"Values run from {low} to {high}",
            ) from None
        return condition

    def to_dict(self) -> dict[str, Any]:
        """State as strict JSON."""
        names = {key: scalar_to_json(getattr(self, key)) for key in ("name", "column")}
        return {"step": "multiple", **names, "by": self.step}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Multiple:
        """What `to_dict` wrote."""
        return cls(scalar_from_json(state["name"]), scalar_from_json(state["column"]), str(state["by"]))


def scale_of(column: Column, step: Decimal) -> tuple[int, int]:
    """Digits after the point in which column and step are whole, and the step in such units.

    >>> scale_of(Column("x", "numeric", "float64", decimals=2), Decimal("0.5"))
    (2, 50)
    """
    exponent = step.normalize().as_tuple().exponent
    digits = max(resolution_of(column) or 0, -int(exponent), 0)
    return digits, int(step.scaleb(digits))


def breaks_increments(cells: Cells, column: Column, rule: Increments) -> np.ndarray[Any, Any]:
    """Rows whose number is no multiple. Shape: -> bool [rows]."""
    digits, step = scale_of(column, rule.exact)
    numbers = read_units(cells, column, digits)
    is_off = numbers.values % step != 0
    if resolution_of(column) is None:  # floats that were rounded to the digits above
        exact = read_units(cells, column, None).values
        is_off |= ~np.isclose(numbers.values / 10.0**digits, exact, rtol=1e-12, atol=0)
    return np.asarray(is_off & ~numbers.is_missing)
