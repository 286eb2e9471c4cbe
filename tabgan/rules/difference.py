"""Two ordered columns, learned as one of them and how far they are apart."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from tabgan.cells import Cells
from tabgan.column import Column
from tabgan.encoding.reading import Numbers, Numeric, zone_of
from tabgan.rules.limits import finer
from tabgan.rules.units import (
    Quantity,
    Resolution,
    common_quantity,
    common_resolution,
    inner_cells,
    inner_dtype,
    minus,
    plus,
    read_units,
    resolution_of,
    write_units,
)
from tabgan.scalars import scalar_from_json, scalar_to_json
from tabgan.schema import Schema


@dataclass(frozen=True)
class Difference:
    """The column `name` holds high - low and is learned instead of `computed`, one of the two.

    `is_kept`: rows may have `computed` without the other, so it is learned as well, for these rows.
    """

    name: Hashable
    low: Hashable
    high: Hashable
    computed: Hashable
    strict: bool = False
    is_kept: bool = False

    @property
    def derived(self) -> tuple[Hashable, ...]:
        """Columns that are computed."""
        return (self.computed,)

    @property
    def sources(self) -> tuple[Hashable, ...]:
        """Columns of the table that must be there before."""
        return (self.low,) if self.computed == self.high else (self.high,)

    def inner_columns(self, schema: Schema) -> tuple[Column, ...]:
        """What is learned instead; bounds follow from the rule and from those of the two columns."""
        quantity, resolution, _ = self._scale(schema)
        dtype = inner_dtype(quantity, resolution)
        low, high = schema[self.low], schema[self.high]
        missing = low.missing or high.missing
        if quantity != "number":
            return (Column(self.name, "numeric", dtype, decimals=0, missing=missing),)
        most: Any = None
        if isinstance(high.maximum, int | float) and isinstance(low.minimum, int | float):
            by = 1 if resolution is None else 10**resolution
            most = max((high.maximum - low.minimum) * by, 0)
            most = most if resolution is None else min(round(most), 2**63 - 1)
        least: Any = 0.0 if resolution is None else int(self.strict)
        decimals = None if resolution is None else 0
        most = None if most is None else max(most, least)
        inner = Column(self.name, "numeric", dtype, decimals=decimals, missing=missing)
        return (replace(inner, minimum=least, maximum=most),)

    def reduce(self, table: pd.DataFrame, schema: Schema, *, has_gaps: bool = False) -> dict[Hashable, Cells]:
        """The difference, at least what the rule asks; missing where one of the two is."""
        del has_gaps
        quantity, resolution, is_utc = self._scale(schema)
        low, high = (
            read_units(table[name], schema[name], resolution, is_utc=is_utc) for name in (self.low, self.high)
        )
        least = int(self.strict) if resolution is not None else 0
        apart = Numbers(np.maximum(minus(high.values, low.values), least), low.is_missing | high.is_missing)
        return {self.name: inner_cells(apart, inner_dtype(quantity, resolution))}

    def restore(self, cells: Mapping[Hashable, Cells], schema: Schema) -> dict[Hashable, Cells]:
        """The computed column."""
        _, resolution, is_utc = self._scale(schema)
        (inner,) = self.inner_columns(schema)
        (name,) = self.sources
        known = read_units(cells[name], schema[name], resolution, is_utc=is_utc)
        apart = read_units(cells[self.name], inner, resolution_of(inner))
        least = int(self.strict) if resolution is not None else 0
        values = self._values(known.values, np.maximum(apart.values, least))
        is_missing = known.is_missing | apart.is_missing
        column = schema[self.computed]
        if self.is_kept:
            own = read_units(cells[self.computed], column, resolution, is_utc=is_utc)
            values = np.where(known.is_missing, own.values, values)
            is_missing = np.where(known.is_missing, own.is_missing, apart.is_missing)
        if self.computed == self.high and column.kind == "numeric" and resolution is not None:
            # Up to its own digits: down might break the rule.
            values = plus(values, -values % finer(column, resolution))
        made = write_units(Numbers(values, is_missing), column, resolution, is_utc=is_utc)
        return {self.computed: made}

    def _values(self, known: Numeric, apart: Numeric) -> Numeric:
        is_up = self.computed == self.high
        values = plus(known, apart) if is_up else minus(known, apart)
        if self.strict and values.dtype == np.float64:
            next_one = np.nextafter(known, np.inf if is_up else -np.inf)
            values = np.maximum(values, next_one) if is_up else np.minimum(values, next_one)
        return values

    def _scale(self, schema: Schema) -> tuple[Quantity, Resolution, bool]:
        columns = schema[self.low], schema[self.high]
        quantity = common_quantity(columns, f"on {self.low!r} and {self.high!r}")
        is_utc = quantity == "date" and zone_of(columns[0]) != zone_of(columns[1])
        return quantity, common_resolution(columns), is_utc

    def to_dict(self) -> dict[str, Any]:
        """State as strict JSON."""
        names = {key: scalar_to_json(getattr(self, key)) for key in _NAMES}
        return {"step": "difference", **names, "strict": self.strict, "is_kept": self.is_kept}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Difference:
        """What `to_dict` wrote."""
        names = {key: scalar_from_json(state[key]) for key in _NAMES}
        return cls(**names, strict=bool(state["strict"]), is_kept=bool(state["is_kept"]))


_NAMES = ("name", "low", "high", "computed")
