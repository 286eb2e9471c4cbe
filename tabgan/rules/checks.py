"""Which rows of a table break a rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from tabgan.cell_keys import cell_keys
from tabgan.encoding.layout import BoolArray
from tabgan.encoding.reading import zone_of
from tabgan.errors import ConstraintError, SchemaError
from tabgan.rule import (
    Custom,
    FixedCombinations,
    Increments,
    Inequality,
    NotNull,
    OneHot,
    Range,
    Rule,
    Sum,
    Unique,
)
from tabgan.rules.multiple import breaks_increments
from tabgan.rules.units import CLOSE, any_missing, common_quantity, common_resolution, net, read_units
from tabgan.schema import Schema


def check_kinds(rule: Rule, schema: Schema) -> None:
    """Raise SchemaError where the rule asks something of a column that its kind cannot answer."""
    if not isinstance(rule, Inequality | Range | Sum | Increments):
        return
    found = common_quantity([schema[name] for name in rule.columns], rule)
    if found == "date" and isinstance(rule, Sum | Increments):
        raise SchemaError(f"Rule {rule}: dates have no sums and no multiples. Leave the rule out.")
    if found == "duration" and isinstance(rule, Increments):
        raise SchemaError(f"Rule {rule}: a step is a number, but the column holds durations. Leave it out.")


def broken_rows(rule: Rule, table: pd.DataFrame, schema: Schema) -> BoolArray:
    """Rows that break the rule, which rows with a missing cell in its columns do not, but of `NotNull`.

    Combinations are those of the real table, so that none of its rows breaks `FixedCombinations`;
    of rows that share a key all but the first break `Unique`. Shape: -> [rows].
    """
    if isinstance(rule, Inequality):
        return _breaks_order(rule, table, schema)
    if isinstance(rule, Range):
        one, two = (_breaks_order(part, table, schema) for part in rule.parts)
        return one | two
    if isinstance(rule, Sum):
        return _breaks_sum(rule, table, schema)
    if isinstance(rule, Increments):
        return breaks_increments(table[rule.column], schema[rule.column], rule)
    if isinstance(rule, OneHot):
        return _breaks_one_hot(rule, table)
    if isinstance(rule, NotNull):
        return _missing(rule, table)
    if isinstance(rule, Unique):
        return Keys(rule).repeated(table)
    return _breaks_custom(rule, table) if isinstance(rule, Custom) else _none(table)


def combinations_of(rules: Sequence[Rule]) -> list[FixedCombinations | OneHot]:
    """The rules that speak of combinations of cells."""
    return [rule for rule in rules if isinstance(rule, FixedCombinations | OneHot)]


def _none(table: pd.DataFrame) -> BoolArray:
    return np.zeros(len(table), dtype=bool)


def _missing(rule: Rule, table: pd.DataFrame) -> BoolArray:
    """Rows in which some column of the rule is missing."""
    return np.asarray(
        np.logical_or.reduce([table[name].isna().to_numpy(dtype=bool) for name in rule.columns])
    )


def _breaks_order(rule: Inequality, table: pd.DataFrame, schema: Schema) -> BoolArray:
    columns = [schema[name] for name in rule.columns]
    is_utc = columns[0].kind == "datetime" and zone_of(columns[0]) is not None
    resolution = common_resolution(columns)
    low, high = (read_units(table[c.name], c, resolution, is_utc=is_utc) for c in columns)
    is_wrong = low.values >= high.values if rule.strict else low.values > high.values
    return np.asarray(is_wrong & ~any_missing((low, high)))


def _breaks_sum(rule: Sum, table: pd.DataFrame, schema: Schema) -> BoolArray:
    *parts, total = [(table[name], schema[name]) for name in rule.columns]
    resolution = common_resolution([schema[name] for name in rule.columns])
    off = net(parts, [total], resolution)
    if resolution is not None:
        return np.asarray((off.values != 0) & ~off.is_missing)
    size = np.add.reduce([np.abs(read_units(*term, resolution).values) for term in (*parts, total)])
    return np.asarray((np.abs(off.values) > CLOSE * size) & ~off.is_missing)


def _breaks_one_hot(rule: OneHot, table: pd.DataFrame) -> BoolArray:
    cells = [pd.to_numeric(table[name], errors="coerce") for name in rule.columns]
    values = np.array([column.to_numpy(dtype=np.float64, na_value=np.nan) for column in cells])
    is_one = values == 1
    is_right = (is_one | (values == 0)).all(axis=0) & (is_one.sum(axis=0) == 1)
    return np.asarray(~is_right & ~_missing(rule, table))


def _breaks_custom(rule: Custom, table: pd.DataFrame) -> BoolArray:
    if rule.predicate is None:
        raise ConstraintError(f"Rule {rule}: its predicate is not given. Pass it with the rule.")
    try:
        holds = np.asarray(rule.predicate(table[list(rule.columns)].copy()))
    except Exception as error:  # the user's code: its own message may show a cell
        raise ConstraintError(
            f"Rule {rule}: its predicate failed ({type(error).__name__}). Fix it."
        ) from None
    if holds.shape != (len(table),):
        raise ConstraintError(f"Rule {rule}: its predicate must give one truth value per row. Fix it.")
    is_held = np.asarray(pd.Series(holds).fillna(False).astype(bool))
    return np.asarray(~is_held & ~_missing(rule, table))


@dataclass
class Keys:
    """Keys of a `Unique` rule that rows have taken so far; memory grows by some 50 bytes a row."""

    rule: Unique
    taken: set[int] = field(default_factory=set)

    def repeated(self, table: pd.DataFrame) -> BoolArray:
        """Rows whose key is taken, by an earlier row of the table as well. Nothing is taken by asking."""
        keys = self._of(table)
        is_repeated = np.array(keys.duplicated())
        if self.taken:
            is_repeated |= np.fromiter((key in self.taken for key in keys.tolist()), bool, len(keys))
        return np.asarray(is_repeated & ~_missing(self.rule, table))

    def take(self, table: pd.DataFrame) -> None:
        """Take the keys of rows that stay."""
        self.taken.update(self._of(table[~_missing(self.rule, table)]).tolist())

    def _of(self, table: pd.DataFrame) -> pd.Series[int]:
        """64 bits a key: two keys of a million are the same by chance in one of 10 million tables."""
        keys = {place: cell_keys(table[name]) for place, name in enumerate(self.rule.columns)}
        found: pd.Series[int] = pd.util.hash_pandas_object(pd.DataFrame(keys), index=False)
        return found
