"""From the table to the one that is learned, and back: what the rules let be computed is left out."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from tabgan.cells import Cells
from tabgan.column import Column
from tabgan.encoding.categorical import CategoricalEncoder
from tabgan.encoding.conditions import check_names
from tabgan.encoding.layout import BoolArray
from tabgan.encoding.levels import Levels
from tabgan.encoding.numeric import NumericEncoder
from tabgan.encoding.reading import Part, is_duration
from tabgan.encoding.statistics import ExactStatistics
from tabgan.encoding.table import TableEncoder
from tabgan.encoding.writing import as_table
from tabgan.errors import ConstraintError, ModelFileError
from tabgan.rule import Inequality, Range, Sum
from tabgan.rules.checks import broken_rows, check_kinds
from tabgan.rules.difference import Difference
from tabgan.rules.joint import Joint
from tabgan.rules.joint import Levels as CategoryLevels
from tabgan.rules.limits import limit_of, meets
from tabgan.rules.multiple import Multiple
from tabgan.rules.plan import Step, planned_steps, without_gaps
from tabgan.rules.total import Total
from tabgan.rules.units import read_units, resolution_of
from tabgan.scalars import scalar_from_json, scalar_to_json
from tabgan.schema import Schema

Conditions = Mapping[Hashable, Any]
_ORDERED = (Sum, Inequality, Range)
_READERS: dict[str, Any] = {"joint": Joint, "multiple": Multiple, "total": Total, "difference": Difference}


@dataclass(frozen=True)
class Reduction:
    """The steps between the table of `schema` and the `inner` one, which is learned.

    `bounds`: the outermost values that numbers of sums and inequalities may take, in units of their column.
    """

    schema: Schema
    steps: tuple[Step, ...] = ()
    bounds: Mapping[Hashable, tuple[float, float]] = field(default_factory=dict)

    @classmethod
    def fit(cls, df: pd.DataFrame, schema: Schema, *, min_rows: int, target: Hashable = None) -> Reduction:
        """Choose the steps for a table.

        Privacy: like an encoder, it keeps no number or label that stands for fewer than `min_rows` rows.
        Raises: ConstraintError naming a rule that rows of the table break, and how many do; SchemaError
            for a rule that cannot be kept.
        """
        steps = planned_steps(schema, df, target=target)
        for rule in schema.rules:
            if n_broken := int(broken_rows(rule, df, schema).sum()):
                raise ConstraintError(
                    f"Rule {rule}: {n_broken} of {len(df)} rows break it. "
                    'Fix them, drop them with broken_rows="drop" (--drop-broken-rows), or leave the rule out.'
                )
        statistics = ExactStatistics(df, schema, min_rows)
        told = [_with_levels(step, statistics) if isinstance(step, Joint) else step for step in steps]
        named = {name for rule in schema.rules if isinstance(rule, _ORDERED) for name in rule.columns}
        numbers = [column for column in schema if column.name in named and column.kind == "numeric"]
        bounds = {column.name: _bounds(column, statistics) for column in numbers}
        return cls(schema, tuple(told), {name: ends for name, ends in bounds.items() if ends})

    @classmethod
    def declared(cls, schema: Schema) -> Reduction:
        """Choose the steps by the schema alone. Privacy: looks at no row."""
        return cls(schema, planned_steps(schema))

    @cached_property
    def inner(self) -> Schema:
        """The schema of what is learned."""
        columns: list[Column] = []
        made: set[int] = set()
        for column in self.schema:
            steps = [(place, step) for place, step in enumerate(self.steps) if column.name in step.derived]
            for place, step in steps:
                columns += [] if place in made else step.inner_columns(self.schema)
                made.add(place)
            if column.name not in self.left_out:
                columns.append(without_gaps(column, self.schema.rules))
        return Schema(tuple(columns))

    @cached_property
    def left_out(self) -> frozenset[Hashable]:
        """Columns of the table that are not learned themselves."""
        return frozenset(
            name for step in self.steps if not getattr(step, "is_kept", False) for name in step.derived
        )

    @cached_property
    def computed(self) -> dict[Hashable, Step]:
        """Every computed column and the step that does it."""
        return {name: step for step in self.steps for name in step.derived}

    def inner_name(self, name: Hashable) -> Hashable:
        """The learned column that stands for a column; None where it is only computed."""
        if name is None or name not in self.left_out:
            return name
        return getattr(self.computed[name], "name", None)

    def reduce(self, table: pd.DataFrame, *, has_gaps: bool = False) -> pd.DataFrame:
        """The table that is learned. `has_gaps`: missing cells are not yet known, and stay so.

        Shape: [rows, columns] -> [rows, inner columns], with the same index.
        """
        if not self.steps:  # no column is copied
            names = list(self.inner.names)
            return table if list(table.columns) == names else table[names]
        cells = {name: table[name].reset_index(drop=True) for name in self.schema.names}
        plain = table.reset_index(drop=True)
        for step in self.steps:
            cells |= step.reduce(plain, self.schema, has_gaps=has_gaps)
        return _table({name: cells[name] for name in self.inner.names}, table.index)

    def restore(self, inner: pd.DataFrame) -> pd.DataFrame:
        """The table again; the rules that became steps hold in every row."""
        cells: dict[Hashable, Cells] = {
            name: inner.iloc[:, place].reset_index(drop=True) for place, name in enumerate(self.inner.names)
        }
        for step in self.steps:
            cells |= step.restore(cells, self.schema)
        return _table({name: cells[name] for name in self.schema.names}, inner.index)

    def inner_conditions(self, conditions: Conditions) -> tuple[dict[Hashable, Any], dict[Hashable, Any]]:
        """Conditions on learned columns, and those on computed ones, for which rows are rejected.

        Raises: ConditionError for a column that there is not or a condition that none can meet.
        """
        given = dict(conditions)
        learned: dict[Hashable, Any] = {}
        check_names(given, self.schema)
        for step in self.steps:
            named = {name: given[name] for name in step.derived if name in given}
            if not named:
                continue
            if isinstance(step, Joint):
                learned[step.name] = step.allowed(named, self.schema)
            elif isinstance(step, Multiple):
                learned[step.name] = step.limit(named[step.column], self.schema)
        checked: dict[Hashable, Any] = {}
        for name, condition in given.items():
            step_of = self.computed.get(name)
            if step_of is None:
                learned[name] = condition
            elif isinstance(step_of, Total | Difference):
                limit_of(self.schema[name], condition)  # so that a bad condition is told of now
                checked[name] = condition
                learned |= {name: condition} if step_of.is_kept else {}
        return learned, checked

    def out_of_bounds(
        self, table: pd.DataFrame, given: Mapping[Hashable, BoolArray] | None = None
    ) -> BoolArray:
        """Rows in which a number or date of a rule leaves what is declared or was learned of it.

        Where cells are `given`, they and what follows from them may lie where nothing was learned.
        """
        is_out = np.zeros(len(table), dtype=bool)
        for name in self._bounded:
            column, cells = self.schema[name], table[name]
            is_there = cells.notna().to_numpy(dtype=bool) & ~(given or {}).get(name, np.False_)
            if column.minimum is not None or column.maximum is not None:
                is_out |= ~meets(cells, column, (column.minimum, column.maximum)) & is_there
            if name in self.bounds and given is None:
                low, high = self.bounds[name]
                values = read_units(cells, column, resolution_of(column)).values
                is_out |= ~((values >= low) & (values <= high)) & is_there
        return is_out

    @cached_property
    def _bounded(self) -> list[Hashable]:
        """Columns of sums and inequalities, all that are computed or repaired by the rules."""
        rules = [rule for rule in self.schema.rules if isinstance(rule, _ORDERED)]
        return list(dict.fromkeys(name for rule in rules for name in rule.columns))

    def with_encoder(self, encoder: TableEncoder) -> Reduction:
        """The reduction that knows which combinations and multiples were learned."""
        steps: list[Step] = []
        for step in self.steps:
            if not isinstance(step, Joint | Multiple):
                steps.append(step)
                continue
            own = encoder.encoder_of(step.name)
            if isinstance(step, Joint):
                assert isinstance(own, CategoricalEncoder)
                steps.append(replace(step, labels=tuple(map(str, own.labels))))
            else:
                assert isinstance(own, NumericEncoder)
                steps.append(replace(step, encoder=own))
        return replace(self, steps=tuple(steps))

    def to_dict(self) -> dict[str, Any]:
        """State as strict JSON; schema and rules are told elsewhere."""
        return {
            "steps": [step.to_dict() for step in self.steps],
            "bounds": [[scalar_to_json(name), low, high] for name, (low, high) in self.bounds.items()],
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any], schema: Schema) -> Reduction:
        """What `to_dict` wrote. Raises: ModelFileError when it is no such thing."""
        try:
            steps = tuple(_READERS[entry["step"]].from_dict(entry) for entry in state["steps"])
            bounds = {scalar_from_json(name): (low, high) for name, low, high in state["bounds"]}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ModelFileError("The rules are damaged.") from error
        return cls(schema, steps, bounds)


def rows_that_hold(
    df: pd.DataFrame, schema: Schema, broken: str, *, min_rows: int
) -> tuple[pd.DataFrame, list[str]]:
    """The table, and (`broken` is "drop") a note for each rule whose breaking rows are left out."""
    if broken not in ("refuse", "drop"):
        raise ValueError(f'Expected broken_rows="refuse" or "drop", got broken_rows={broken!r}.')
    notes: list[str] = []
    if broken == "refuse":
        return df, notes
    for rule in schema.rules:
        check_kinds(rule, schema)
        is_broken = broken_rows(rule, df, schema)
        if n_broken := int(is_broken.sum()):
            told = f"fewer than {min_rows}" if n_broken < min_rows else str(n_broken)
            notes.append(f"Rule {rule}: {told} rows break it and were left out.")
            df = df[~is_broken]
    return df.reset_index(drop=True) if notes else df, notes


def _table(cells: Mapping[Hashable, Cells], index: Any) -> pd.DataFrame:
    table = as_table(cells, len(index))
    table.index = index
    return table


def _with_levels(step: Joint, statistics: ExactStatistics) -> Joint:
    """The step with the categories of its columns that may be told."""
    levels: dict[Hashable, Any] = {}
    for name in step.columns:
        column = statistics.schema[name]
        if column.dtype == "category":
            told = statistics.category_counts(name)
            declared = column.categories or ()
            known = {(type(label), label) for label in declared}
            rest = [label for label in told.levels or () if (type(label), label) not in known]
            levels[name] = ((*declared, *rest), told.levels_dtype)
    found: CategoryLevels = levels
    return replace(step, levels=found)


def _bounds(column: Column, statistics: ExactStatistics) -> tuple[float, float] | None:
    """Outermost values as an encoder would tell them, in units of the column."""
    part = Part() if is_duration(column) else Part(decimals=resolution_of(column))
    n_rows = statistics.n_rows() - statistics.missing_count(column.name)
    levels = Levels.fit(statistics, column.name, part, n_rows=n_rows)
    return (levels.low.min().item(), levels.high.max().item()) if len(levels) else None
