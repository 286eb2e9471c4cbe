"""Rules between columns, as they are declared: plain facts, written to and read from JSON.

    FixedCombinations  only combinations of values that the real table has
    Inequality         low <= high, or low < high
    Range              low <= middle <= high, or with <
    Increments         whole multiples of a step
    OneHot             exactly one of the columns is 1 (or true)
    Sum                parts[0] + parts[1] + ... = total
    Unique             no two rows share a key of one or more columns
    NotNull            no cell is missing
    Custom             a predicate in Python

A rule applies to rows in which none of its columns is missing; other rows neither keep nor break it
(except `NotNull`; the two halves of a `Range` apply separately). What the rules do with tables is
in `tabgan.rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, TypeAlias, get_args

import pandas as pd

from tabgan.errors import ConstraintError, SchemaError
from tabgan.scalars import scalar_from_json, scalar_to_json

Names: TypeAlias = tuple[Hashable, ...]


@dataclass(frozen=True)
class _OnColumns:
    """A rule on columns that are all alike to it."""

    columns: Names
    at_least: ClassVar[int] = 1

    def __post_init__(self) -> None:
        _keep_names(self, at_least=self.at_least)

    def __str__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.columns))})"


@dataclass(frozen=True)
class FixedCombinations(_OnColumns):
    """Rows hold only combinations of these columns that enough rows of the real table hold."""

    kind: ClassVar[str] = "fixed_combinations"
    at_least: ClassVar[int] = 2


@dataclass(frozen=True)
class Inequality:
    """`low` is at most `high`, below it if `strict`: two numbers, durations or dates."""

    low: Hashable
    high: Hashable
    strict: bool = False
    kind: ClassVar[str] = "inequality"

    def __post_init__(self) -> None:
        _check_names(self)

    @property
    def columns(self) -> Names:
        """The columns of the rule."""
        return self.low, self.high

    def __str__(self) -> str:
        return f"Inequality({self.low!r} {'<' if self.strict else '<='} {self.high!r})"


@dataclass(frozen=True)
class Range:
    """`middle` lies between `low` and `high`, apart from both if `strict`."""

    low: Hashable
    middle: Hashable
    high: Hashable
    strict: bool = False
    kind: ClassVar[str] = "range"

    def __post_init__(self) -> None:
        _check_names(self)

    @property
    def columns(self) -> Names:
        """The columns of the rule."""
        return self.low, self.middle, self.high

    @property
    def parts(self) -> tuple[Inequality, Inequality]:
        """The two inequalities that it is."""
        return Inequality(self.low, self.middle, self.strict), Inequality(self.middle, self.high, self.strict)

    def __str__(self) -> str:
        sign = "<" if self.strict else "<="
        return f"Range({self.low!r} {sign} {self.middle!r} {sign} {self.high!r})"


@dataclass(frozen=True)
class Increments:
    """Every number of the column is a whole multiple of `step`, a number as you write it (0.05).

    >>> Increments("price", 0.05).exact
    Decimal('0.05')
    """

    column: Hashable
    step: float | int | str
    kind: ClassVar[str] = "increments"

    def __post_init__(self) -> None:
        if isinstance(self.step, bool) or not self.exact.is_finite() or self.exact <= 0:
            raise SchemaError(f"Rule Increments on {self.column!r}: expected step > 0, got {self.step!r}.")

    @property
    def columns(self) -> Names:
        """The columns of the rule."""
        return (self.column,)

    @property
    def exact(self) -> Decimal:
        """The step as it is written."""
        try:
            return Decimal(str(self.step))
        except InvalidOperation:
            raise SchemaError(f"Rule Increments on {self.column!r}: its step is not a number.") from None

    def __str__(self) -> str:
        return f"Increments({self.column!r} by {self.step})"


@dataclass(frozen=True)
class OneHot(_OnColumns):
    """Exactly one of the columns is 1 (or true), the others 0 (or false)."""

    kind: ClassVar[str] = "one_hot"
    at_least: ClassVar[int] = 2


@dataclass(frozen=True)
class Sum:
    """The parts add up to the total, in whole units of the finest of them."""

    parts: Names
    total: Hashable
    kind: ClassVar[str] = "sum"

    def __post_init__(self) -> None:
        _keep_names(self, "parts", at_least=2)

    @property
    def columns(self) -> Names:
        """The columns of the rule."""
        return (*self.parts, self.total)

    def __str__(self) -> str:
        return f"Sum({' + '.join(map(repr, self.parts))} = {self.total!r})"


@dataclass(frozen=True)
class Unique(_OnColumns):
    """No two rows share this key; rows with a missing part of it do not count."""

    kind: ClassVar[str] = "unique"


@dataclass(frozen=True)
class NotNull(_OnColumns):
    """No cell of these columns is missing."""

    kind: ClassVar[str] = "not_null"


Predicate: TypeAlias = Callable[[pd.DataFrame], "pd.Series[bool]"]


@dataclass(frozen=True)
class Custom:
    """A rule in Python: `predicate` gets a table of these columns and says for each row whether it holds.

    No file can store the function: JSON keeps its name and columns, and the predicate must be passed again
    to `TabGAN.load(..., predicates={name: predicate})`.
    """

    name: str
    columns: Names
    predicate: Predicate | None = field(default=None, compare=False)
    kind: ClassVar[str] = "custom"

    def __post_init__(self) -> None:
        _keep_names(self, at_least=1)

    def __str__(self) -> str:
        return f"Custom({self.name!r})"


Rule: TypeAlias = (
    FixedCombinations | Inequality | Range | Increments | OneHot | Sum | Unique | NotNull | Custom
)
_TEXTS, _LISTS = ("name", "step", "strict"), ("columns", "parts")


def rule_to_dict(rule: Rule) -> dict[str, Any]:
    """The rule as strict JSON; of a `Custom`, all but the predicate.

    >>> rule_to_dict(Inequality("start", "end"))
    {'rule': 'inequality', 'low': 'start', 'high': 'end', 'strict': False}
    """
    told: dict[str, Any] = {"rule": rule.kind}
    for key in _fields(type(rule)):
        value = getattr(rule, key)
        if key in _LISTS:
            told[key] = [scalar_to_json(name) for name in value]
        else:
            told[key] = value if key in _TEXTS else scalar_to_json(value)
    return told


def rule_from_dict(facts: object) -> Rule:
    """The rule that `rule_to_dict` wrote. Raises: SchemaError on unknown or missing entries.

    >>> rule_from_dict({"rule": "sum", "parts": ["net", "tax"], "total": "gross"})
    Sum(parts=('net', 'tax'), total='gross')
    """
    kinds = {kind.kind: kind for kind in get_args(Rule)}
    if not isinstance(facts, Mapping) or facts.get("rule") not in kinds:
        raise SchemaError(f"A rule of the schema has no known 'rule'. Use one of {', '.join(kinds)}.")
    kind = kinds[facts["rule"]]
    given = {key: value for key, value in facts.items() if key != "rule"}
    if unknown := sorted(set(given) - set(_fields(kind))):
        raise SchemaError(f"Rule {kind.kind}: unknown entries {', '.join(unknown)}. Remove them.")
    values: dict[str, Any] = {}
    for key, value in given.items():
        if key in _LISTS:
            if not isinstance(value, list):
                raise SchemaError(f"Rule {kind.kind}: {key!r} is not a list. Write it as one.")
            values[key] = tuple(scalar_from_json(name) for name in value)
        else:
            values[key] = value if key in _TEXTS else scalar_from_json(value)
    if not isinstance(values.get("strict", False), bool) or not isinstance(values.get("name", ""), str):
        raise SchemaError(f"Rule {kind.kind}: strict is true or false, and a name is text.")
    try:
        rule: Rule = kind(**values)
    except TypeError:
        raise SchemaError(f"Rule {kind.kind}: an entry is missing, of {', '.join(_fields(kind))}.") from None
    return rule


def with_predicates(rules: Sequence[Rule], predicates: Mapping[str, Predicate]) -> tuple[Rule, ...]:
    """The rules, every `Custom` with the predicate of its name. Raises: ConstraintError where one lacks."""
    made: list[Rule] = []
    for rule in rules:
        if isinstance(rule, Custom) and rule.predicate is None:
            if rule.name not in predicates:
                raise ConstraintError(
                    f"Rule {rule}: its predicate is Python code, which no file holds. "
                    f"Pass predicates={{{rule.name!r}: ...}} to TabGAN.load."
                )
            made.append(Custom(rule.name, rule.columns, predicates[rule.name]))
            continue
        made.append(rule)
    return tuple(made)


def _fields(kind: type[Any]) -> list[str]:
    return [field.name for field in fields(kind) if field.name != "predicate"]


def _keep_names(rule: Any, key: str = "columns", *, at_least: int) -> None:
    names = getattr(rule, key)
    if isinstance(names, str) or not isinstance(names, Sequence):
        raise SchemaError(f"Rule {type(rule).__name__}: expected a list of columns in {key!r}.")
    object.__setattr__(rule, key, tuple(names))
    if len(names) < at_least:
        raise SchemaError(f"Rule {type(rule).__name__}: expected {at_least} or more columns in {key!r}.")
    _check_names(rule)


def _check_names(rule: Any) -> None:
    names = rule.columns
    if len(set(names)) < len(names):
        raise SchemaError(f"Rule {type(rule).__name__}: a column is named twice. Name each once.")
