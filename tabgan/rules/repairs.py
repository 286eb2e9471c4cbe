"""Rows changed as little as need be to keep the rules: numbers and dates are moved, nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from tabgan.cells import Cells
from tabgan.encoding.conditions import Limit
from tabgan.encoding.layout import BoolArray
from tabgan.encoding.reading import Numbers, Numeric
from tabgan.rule import Increments, Inequality, Sum
from tabgan.rules.checks import broken_rows
from tabgan.rules.joint import Joint
from tabgan.rules.limits import finer, limit_of, scaled
from tabgan.rules.plan import inequalities_of
from tabgan.rules.reduction import Reduction
from tabgan.rules.units import (
    Resolution,
    common_resolution,
    is_writable,
    minus,
    net,
    plus,
    read_units,
    resolution_of,
    write_units,
)

PASSES = 3
Masks = Mapping[Hashable, BoolArray]


@dataclass
class Repair:
    """A table being mended.

    `fixed`: cells that are given and must stay, a mask a column; None: no cell is, and numbers stay
    within what was learned. `conditions` on numbers and dates hold afterwards: a cell that does not
    meet its own takes the value of one of the rows of `donors` that do, by `rng`, else the nearest.
    """

    reduction: Reduction
    table: pd.DataFrame
    fixed: Masks | None
    conditions: Mapping[Hashable, Any]
    donors: pd.DataFrame | None = None
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def sums(self) -> pd.DataFrame:
        """The table, its sums made right where they can be."""
        for rule in self.reduction.schema.rules:
            if isinstance(rule, Sum):
                self._mend_sum(rule)
        return self.table

    def run(self) -> pd.DataFrame:
        """The table, mended where it can be; whoever asked checks it again."""
        for name, condition in self.conditions.items():
            own = resolution_of(column := self.reduction.schema[name])
            numbers = self._read(name, own, is_utc=True)
            is_off = ~limit_of(column, condition).is_met(numbers.values) | numbers.is_missing
            if self.donors is not None and len(self.donors) and is_off.any():
                given = read_units(self.donors[name], column, own, is_utc=True).values
                numbers.values[is_off] = self.rng.choice(given, int(is_off.sum()))
                numbers.is_missing[is_off] = False
            self._move(name, numbers, own, is_off)
        for _ in range(PASSES):
            self.sums()
            for inequality in inequalities_of(self.reduction.schema.rules):
                self._mend_order(inequality)
        return self.sums()

    @cached_property
    def _n_sums(self) -> Counter[Hashable]:
        sums = [rule for rule in self.reduction.schema.rules if isinstance(rule, Sum)]
        return Counter(name for rule in sums for name in rule.columns)

    def _is_free(self, name: Hashable) -> BoolArray:
        """Cells that may be moved: none of a combination, nor of a column of multiples."""
        step = self.reduction.computed.get(name)
        is_held = isinstance(step, Joint) or any(
            isinstance(rule, Increments) and rule.column == name for rule in self.reduction.schema.rules
        )
        if is_held or not is_writable(self.reduction.schema[name]):
            return np.zeros(len(self.table), dtype=bool)
        return np.ones(len(self.table), dtype=bool) if self.fixed is None else ~self.fixed[name]

    def _mend_order(self, rule: Inequality) -> None:
        schema = self.reduction.schema
        columns = schema[rule.low], schema[rule.high]
        resolution = common_resolution(columns)
        is_broken = broken_rows(rule, self.table, schema)
        for name, other, sign in ((rule.low, rule.high, -1), (rule.high, rule.low, 1)):
            rows = is_broken & self._is_free(name)
            if not rows.any():
                continue
            goal = self._read(other, resolution, is_utc=True)
            step = finer(schema[name], resolution)
            values = plus(goal.values, np.asarray(sign * int(rule.strict) * step, dtype=goal.values.dtype))
            if rule.strict and resolution is None:
                values = np.nextafter(goal.values, sign * np.inf)
            if resolution is not None:
                rest = np.remainder(values, step)
                values = (
                    plus(values, np.where(rest != 0, step - rest, 0)) if sign > 0 else minus(values, rest)
                )
            self._move(name, Numbers(values, goal.is_missing), resolution, rows)
            is_broken = broken_rows(rule, self.table, schema)

    def _mend_sum(self, rule: Sum) -> None:
        """What is too much or too little is put on the total, else on the largest part that can take it.

        Rather on a column of no other sum, which would have to be mended next.
        """
        schema = self.reduction.schema
        resolution = common_resolution([schema[name] for name in rule.columns])
        is_broken = broken_rows(rule, self.table, schema)
        names = [rule.total, *rule.parts]
        if not is_broken.any():
            return
        sizes = {name: float(np.abs(self._read(name, resolution).values).sum()) for name in rule.parts}
        for name in sorted(names, key=lambda name: (self._n_sums[name], -sizes.get(name, np.inf))):
            parts = [(self.table[part], schema[part]) for part in rule.parts if part != name]
            total = (self.table[rule.total], schema[rule.total])
            told = net(parts, [], resolution) if name == rule.total else net([total], parts, resolution)
            goal = told.values
            rows = is_broken & self._is_free(name) & self._is_possible(name, goal, resolution)
            self._move(name, Numbers(goal, np.zeros(len(goal), dtype=bool)), resolution, rows)
            is_broken = broken_rows(rule, self.table, schema)

    def _is_possible(self, name: Hashable, values: Numeric, resolution: Resolution) -> BoolArray:
        """Whether the numbers are within the bounds and conditions of the column."""
        column = self.reduction.schema[name]
        is_possible = np.ones(len(values), dtype=bool)
        if name in self.reduction.bounds and self.fixed is None:
            is_possible &= scaled(Limit(*self.reduction.bounds[name]), column, resolution).is_met(values)
        if name in self.conditions:
            limit = limit_of(column, self.conditions[name])
            is_possible &= scaled(limit, column, resolution).is_met(values)
        return is_possible

    def _read(self, name: Hashable, resolution: Resolution, *, is_utc: bool = False) -> Numbers:
        column = self.reduction.schema[name]
        return read_units(self.table[name], column, resolution, is_utc=is_utc)

    def _move(self, name: Hashable, numbers: Numbers, resolution: Resolution, rows: BoolArray) -> None:
        """Write the numbers into these rows, as far as cells are free, within the column's conditions."""
        column = self.reduction.schema[name]
        values = numbers.values
        if name in self.conditions:
            limit = limit_of(column, self.conditions[name])
            values = scaled(limit, column, resolution).nearest(values)
        rows = rows & self._is_free(name) & ~numbers.is_missing
        if rows.any():
            is_utc = column.kind == "datetime"
            made = write_units(Numbers(values, numbers.is_missing), column, resolution, is_utc=is_utc)
            self.table[name] = _put(self.table[name], made, rows)


def _put(cells: Cells, made: Cells, rows: BoolArray) -> Cells:
    """The cells with those of some rows replaced; of the dtype that was."""
    made = made.set_axis(cells.index)
    if made.dtype != cells.dtype:
        made = made.astype(cells.dtype)
    return cells.mask(rows, made)
