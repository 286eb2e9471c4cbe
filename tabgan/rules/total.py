"""Columns that add up: one of them is not learned but computed."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tabgan.cells import Cells
from tabgan.column import Column
from tabgan.encoding.reading import Numbers
from tabgan.rules.units import common_resolution, net, read_units, write_units
from tabgan.scalars import scalar_from_json, scalar_to_json
from tabgan.schema import Schema


@dataclass(frozen=True)
class Total:
    """`computed` is the total of the parts, or a part: what the others leave of the total.

    `is_kept`: whether it is missing does not follow from the others, so it is learned as well.
    """

    parts: tuple[Hashable, ...]
    total: Hashable
    computed: Hashable
    is_kept: bool = False

    @property
    def derived(self) -> tuple[Hashable, ...]:
        """Columns that are computed."""
        return (self.computed,)

    @property
    def sources(self) -> tuple[Hashable, ...]:
        """Columns of the table that must be there before."""
        return tuple(name for name in (*self.parts, self.total) if name != self.computed)

    def inner_columns(self, schema: Schema) -> tuple[Column, ...]:
        """Nothing is learned instead."""
        del schema
        return ()

    def reduce(self, table: pd.DataFrame, schema: Schema, *, has_gaps: bool = False) -> dict[Hashable, Cells]:
        """Nothing is learned instead."""
        del table, schema, has_gaps
        return {}

    def restore(self, cells: Mapping[Hashable, Cells], schema: Schema) -> dict[Hashable, Cells]:
        """The computed column; as it was learned where another one is missing."""
        names = (*self.parts, self.total)
        column = schema[self.computed]
        resolution = common_resolution([schema[name] for name in names])
        terms = {name: (cells[name], schema[name]) for name in self.sources}
        parts = [terms[name] for name in self.parts if name != self.computed]
        is_total = self.computed == self.total
        numbers = net(parts, [], resolution) if is_total else net([terms[self.total]], parts, resolution)
        values, is_missing = numbers.values, numbers.is_missing
        if self.is_kept:
            own = read_units(cells[self.computed], column, resolution)
            values, is_missing = np.where(is_missing, own.values, values), own.is_missing
        return {self.computed: write_units(Numbers(values, is_missing), column, resolution)}

    def to_dict(self) -> dict[str, Any]:
        """State as strict JSON."""
        return {
            "step": "total",
            "parts": [scalar_to_json(name) for name in self.parts],
            "total": scalar_to_json(self.total),
            "computed": scalar_to_json(self.computed),
            "is_kept": self.is_kept,
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Total:
        """What `to_dict` wrote."""
        parts = tuple(map(scalar_from_json, state["parts"]))
        total, computed = scalar_from_json(state["total"]), scalar_from_json(state["computed"])
        return cls(parts, total, computed, bool(state["is_kept"]))
