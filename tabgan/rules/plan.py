"""Which columns are computed from which: every rule that can be is turned into a step."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
import pandas as pd

from tabgan.column import Column
from tabgan.errors import SchemaError
from tabgan.rule import FixedCombinations, Increments, Inequality, NotNull, OneHot, Range, Rule, Sum
from tabgan.rules.checks import check_kinds, combinations_of
from tabgan.rules.difference import Difference
from tabgan.rules.joint import Joint
from tabgan.rules.multiple import Multiple
from tabgan.rules.total import Total
from tabgan.rules.units import common_resolution, is_writable, quantity_of, read_units, resolution_of
from tabgan.schema import Schema

Step: TypeAlias = Joint | Multiple | Total | Difference


def planned_steps(
    schema: Schema, rows: pd.DataFrame | None = None, *, target: Hashable = None
) -> tuple[Step, ...]:
    """The steps, each after those it builds on.

    `rows` decide which of several columns is computed: one of many different values, and of those the
    one of the largest spread, so that the errors of the others matter least; and whether cells are
    missing together. Without them (private mode) the schema decides.

    Raises: SchemaError for rules that ask the impossible of a column or contradict each other.
    """
    plan = _Plan(schema, rows, target)
    for rule in schema.rules:
        check_kinds(rule, schema)
    _refuse_contradictions(schema.rules)
    plan.add_joints()
    for rule in schema.rules:
        if isinstance(rule, Increments):
            plan.add_multiple(rule)
    for rule in schema.rules:
        if isinstance(rule, Sum):
            plan.add_total(rule)
    for inequality in inequalities_of(schema.rules):
        plan.add_difference(inequality)
    return plan.sorted()


def inequalities_of(rules: Sequence[Rule]) -> list[Inequality]:
    """Every inequality, those of ranges among them."""
    found: list[Inequality] = []
    for rule in rules:
        found += [rule] if isinstance(rule, Inequality) else rule.parts if isinstance(rule, Range) else []
    return list(dict.fromkeys(found))


@dataclass
class _Plan:
    schema: Schema
    rows: pd.DataFrame | None
    target: Hashable
    steps: list[Step] = field(default_factory=list)
    settled_by: dict[Hashable, object] = field(default_factory=dict)

    def add_joints(self) -> None:
        """One step for all rules on combinations that share columns."""
        groups: list[tuple[set[Hashable], list[FixedCombinations | OneHot]]] = []
        for rule in combinations_of(self.schema.rules):
            names, rules = set(rule.columns), [rule]
            for name in rule.columns:
                if self.schema[name].kind == "identifier":
                    raise SchemaError(
                        f"Rule {rule}: column {name!r} is an identifier, made up for every row. "
                        "Leave it out of the rule."
                    )
            for group in [group for group in groups if group[0] & names]:
                names, rules = names | group[0], [*group[1], *rules]
                groups.remove(group)
            groups.append((names, rules))
        for names, rules in groups:
            columns = tuple(name for name in self.schema.names if name in names)
            one_hot = len(rules) == 1 and isinstance(rules[0], OneHot)
            self._add(Joint(self._fresh(" & ".join(map(str, columns))), columns, one_hot), rules[0])

    def add_multiple(self, rule: Increments) -> None:
        """A step for a column of multiples, unless it is part of a combination."""
        if rule.column not in self.settled_by and is_writable(self.schema[rule.column]):
            name = self._fresh(f"{rule.column} / {rule.exact}")
            self._add(Multiple(name, rule.column, str(rule.exact)), rule)

    def add_total(self, rule: Sum) -> None:
        """A step for a sum. Raises: SchemaError where other rules leave no column to compute."""
        if self._is_of_one_joint(rule):
            return
        candidates = [rule.total, *rule.parts]
        computed = self._chosen(candidates, rule.columns)
        if computed is None:
            others = {str(self.settled_by[name]) for name in candidates if name in self.settled_by}
            listed = " and ".join(sorted(others)) or "the dtypes of its columns"
            raise SchemaError(
                f"Rule {rule}: {listed} leave no column of it to be computed. Leave one rule out."
            )
        others_of = [name for name in candidates if name != computed]
        self._add(Total(rule.parts, rule.total, computed, self._is_total_kept(computed, others_of)), rule)

    def add_difference(self, rule: Inequality) -> None:
        """A step for an inequality; none where other rules settle both columns: rows are rejected then."""
        if self._is_of_one_joint(rule):
            return
        others = {rule.high: rule.low, rule.low: rule.high}
        kept = {name: self._is_difference_kept(name, other) for name, other in others.items()}
        is_number = quantity_of(self.schema[rule.high], rule) == "number"
        computed = self._chosen([rule.high, rule.low], rule.columns, kept, is_rounded=is_number)
        if computed is None:
            return
        name, is_kept = self._fresh(f"{rule.high} - {rule.low}"), kept[computed]
        self._add(Difference(name, rule.low, rule.high, computed, rule.strict, is_kept), rule)

    def sorted(self) -> tuple[Step, ...]:
        """The steps in an order in which all sources of each are there before it."""
        left, done = list(self.steps), list[Step]()
        while left:
            waiting = {name for step in left for name in step.derived}
            ready = [step for step in left if not waiting & set(step.sources)]
            done += ready
            left = [step for step in left if step not in ready]
        return tuple(done)

    def _add(self, step: Step, rule: object) -> None:
        self.steps.append(step)
        self.settled_by |= dict.fromkeys(step.derived, rule)

    def _fresh(self, text: str) -> str:
        taken = {*self.schema.names, *(getattr(step, "name", None) for step in self.steps)}
        while text in taken:
            text += "'"
        return text

    def _is_of_one_joint(self, rule: Rule) -> bool:
        """Whether its columns are learned as one, of real combinations only, none of which breaks it."""
        return any(isinstance(step, Joint) and set(rule.columns) <= set(step.columns) for step in self.steps)

    def _chosen(
        self,
        candidates: Sequence[Hashable],
        columns: Sequence[Hashable],
        kept: Mapping[Hashable, bool] | None = None,
        *,
        is_rounded: bool = False,
    ) -> Hashable:
        """The column to be computed from the others of the rule; None where none can be.

        `is_rounded`: one with fewer digits than the others may be, where these are whole units.
        """
        most = max(map(self._n_distinct, candidates))

        def merit(name: Hashable) -> tuple[bool, bool, bool, float]:
            is_various = self._n_distinct(name) >= most / 2
            is_known = not (kept or {}).get(name, False)
            return name != self.target, is_known, is_various, self._spread(name)

        finest = common_resolution([self.schema[name] for name in columns])
        able = [
            name
            for name in candidates
            if name not in self.settled_by
            and is_writable(self.schema[name])
            and (resolution_of(self.schema[name]) == finest or (is_rounded and finest is not None))
            and not self._builds_on(set(columns) - {name}, name)
        ]
        return max(able, key=merit, default=None)  # the first of equals

    def _builds_on(self, names: set[Hashable], wanted: Hashable) -> bool:
        """Whether one of the columns is computed, over however many steps, from the wanted one."""
        steps = [step for step in self.steps if names & set(step.derived)]
        below = {name for step in steps for name in step.sources}
        return bool(below) and (wanted in below or self._builds_on(below, wanted))

    def _n_distinct(self, name: Hashable) -> int:
        return 0 if self.rows is None else int(self.rows[name].nunique())

    def _spread(self, name: Hashable) -> float:
        if self.rows is None:
            return 0.0
        column = self.schema[name]
        values = read_units(self.rows[name], column, resolution_of(column)).present
        return float(np.std(values / 10.0 ** (resolution_of(column) or 0))) if len(values) else 0.0

    def _is_total_kept(self, computed: Hashable, others: Sequence[Hashable]) -> bool:
        if self.rows is None:
            return any(self._can_be_missing(name) for name in (computed, *others))
        is_gap = np.logical_or.reduce([self._gaps(name) for name in others])
        return bool((is_gap != self._gaps(computed)).any())

    def _is_difference_kept(self, computed: Hashable, other: Hashable) -> bool:
        if self.rows is None:
            return self._can_be_missing(other)
        return bool((self._gaps(other) & ~self._gaps(computed)).any())

    def _gaps(self, name: Hashable) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        assert self.rows is not None
        return self.rows[name].isna().to_numpy(dtype=bool)

    def _can_be_missing(self, name: Hashable) -> bool:
        """Whether the schema says so, as it does of every declared column with missing cells."""
        return without_gaps(self.schema[name], self.schema.rules).missing is not None


def without_gaps(column: Column, rules: Sequence[Rule]) -> Column:
    """The column, declared to be never missing where a rule says so."""
    is_held = any(isinstance(rule, NotNull) and column.name in rule.columns for rule in rules)
    return replace(column, missing=None) if is_held else column


def _refuse_contradictions(rules: Sequence[Rule]) -> None:
    """Raise SchemaError where a column would have to lie below itself."""
    inequalities = inequalities_of(rules)

    def path(start: Hashable, end: Hashable, seen: frozenset[Hashable]) -> Inequality | None:
        """The last inequality of a way from start up to end."""
        for rule in inequalities:
            if rule.low == start and rule.high not in seen:
                if rule.high == end:
                    return rule
                if found := path(rule.high, end, seen | {rule.high}):
                    return found
        return None

    for rule in inequalities:
        if rule.strict and (other := path(rule.high, rule.low, frozenset({rule.high}))):
            raise SchemaError(f"Rules {rule} and {other} contradict each other. Leave one of them out.")
