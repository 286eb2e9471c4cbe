"""Rules that the rows of a table suggest: they hold in all of them, and would not by chance.

What is found is a look at the rows. It is for tables without a privacy budget: in private mode declare
the rules that you know of beforehand.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
import pandas as pd

from tabgan.cells import Cells
from tabgan.column import Column
from tabgan.encoding.reading import Numbers, Numeric
from tabgan.inference import MIN_ROWS
from tabgan.rule import FixedCombinations, Increments, Inequality, OneHot, Rule, Sum, Unique
from tabgan.rules.checks import broken_rows
from tabgan.rules.units import (
    common_resolution,
    is_writable,
    quantity_of,
    read_units,
    resolution_of,
)
from tabgan.schema import Schema, resolve_schema

EVIDENCE = 20  # rows that would break a rule if its columns had nothing to do with each other
FIRST_ROWS = 500  # most pairs of columns that follow no rule are seen in so many rows
PROBES = 4  # rows by which sums are looked for
PROBE_SETS = 3
MOST_PARTS = 3
MOST_NUMBERS = 80  # columns among which sums of three are looked for
MOST_COMBINATIONS = 500
FEWEST_STEPS = 5


@dataclass(frozen=True)
class FoundRule:
    """A rule, the rows that could break it, and those that do: none unless a smaller share was asked for."""

    rule: Rule
    n_rows: int
    n_broken: int


def find_rules(df: pd.DataFrame, schema: Schema | None = None, *, share: float = 1.0) -> list[FoundRule]:
    """The rules that at least this share of the rows keep: proposals, to be read before they are declared.

    Looked for are sums of up to three parts, inequalities that do not follow from others, multiples of
    a step, columns that settle others, groups of columns one of which is 1, and the shortest keys: one
    column that is no identifier, or two. What another rule says already is left out. A column without
    missing cells comes out without any as it is, so `NotNull` is not proposed.

    Privacy: exact; not for a table that has a privacy budget.

    >>> table = pd.DataFrame({"net": [5, 10, 40, 25] * 60, "tax": [1, 2, 7] * 80})
    >>> print(find_rules(table.assign(gross=table.net + table.tax))[0].rule)
    Sum('net' + 'tax' = 'gross')
    """
    if not 0.5 <= share <= 1:
        raise ValueError(f"Expected share from 0.5 to 1, got share={share!r}.")
    schema = resolve_schema(df, schema)
    search = _Search(df.reset_index(drop=True), schema, share)
    sums, one_hots = list(search.sums()), list(search.one_hots())
    derived = {(found.rule.parts, found.rule.total) for found in sums if isinstance(found.rule, Sum)}
    found: list[FoundRule] = [*sums]
    found += [each for each in search.inequalities() if not _follows(each.rule, derived)]
    found += search.increments()
    return [
        *found,
        *search.combinations([each.rule for each in (*sums, *one_hots)]),
        *one_hots,
        *search.keys(),
    ]


def _follows(rule: Rule, sums: set[tuple[tuple[Hashable, ...], Hashable]]) -> bool:
    """Whether an inequality says of a part and its total what the sum says already."""
    return any(rule.columns[1] == total and rule.columns[0] in parts for parts, total in sums)


class _Search:
    """A table being searched."""

    def __init__(self, rows: pd.DataFrame, schema: Schema, share: float) -> None:
        self.rows, self.schema, self.share = rows, schema, share
        self.numbers = [c for c in schema if c.kind == "numeric" and quantity_of(c, "") == "number"]

    def sums(self) -> Iterator[FoundRule]:
        """Every sum of two or three parts, each part there in enough rows."""
        columns = [c for c in self.numbers if self.rows[c.name].nunique() > 1]
        resolution = common_resolution(columns) if columns else None
        if resolution is None:
            columns = [c for c in columns if resolution_of(c) is not None]
            resolution = common_resolution(columns) if columns else 0
        read = {c.name: read_units(self.rows[c.name], c, resolution) for c in columns}
        names, seen = list(read), set[Rule]()
        for probes in self._probes(list(read.values())):
            totals: dict[bytes, list[Hashable]] = {}
            for name in names:
                totals.setdefault(read[name].values[probes].tobytes(), []).append(name)
            for size in range(2, MOST_PARTS + 1 if len(names) <= MOST_NUMBERS else 3):
                for parts in combinations(names, size):
                    added = np.add.reduce([read[name].values[probes] for name in parts])
                    equal = [name for name in totals.get(added.tobytes(), ()) if name not in parts]
                    for rule in (Sum(parts, total) for total in equal):
                        if rule not in seen:
                            seen.add(rule)
                            if self._may_hold(rule, read):
                                yield from self._checked(rule, self._counts(parts, read))

    def _probes(self, columns: list[Numbers]) -> list[Numeric]:
        """Rows in which most columns are neither missing nor zero; several sets where rows may be wrong."""
        if not columns:
            return []
        there = np.add.reduce([~each.is_missing & (each.values != 0) for each in columns], dtype=np.int64)
        n_sets = 1 if self.share == 1 else PROBE_SETS
        return np.array_split(np.argsort(-there, kind="stable")[: PROBES * n_sets], n_sets)

    def _may_hold(self, rule: Sum, read: dict[Hashable, Numbers]) -> bool:
        """Whether a look at some rows leaves it open: columns of 0 and 1 meet in the probes of many sums."""
        every = max(1, len(self.rows) // FIRST_ROWS) if self.share == 1 else 1
        parts, total = [read[name] for name in rule.parts], read[rule.total]
        is_missing = np.logical_or.reduce([each.is_missing[::every] for each in (*parts, total)])
        added = np.add.reduce([each.values[::every] for each in parts])
        n_broken = np.count_nonzero((added != total.values[::every]) & ~is_missing)
        return bool(n_broken <= (1 - self.share) * len(self.rows))

    def _counts(self, parts: tuple[Hashable, ...], read: dict[Hashable, Numbers]) -> int:
        """Rows in which every part matters, or the fewest of one."""
        return min(int(((read[name].values != 0) & ~read[name].is_missing).sum()) for name in parts)

    def inequalities(self) -> Iterator[FoundRule]:
        """Every a <= b of two numbers, durations or dates that is not the sum of two others."""
        held: dict[tuple[Hashable, Hashable], FoundRule] = {}
        for quantity in ("number", "duration", "date"):
            columns = [c for c in self.schema if c.kind in ("numeric", "datetime") and is_writable(c)]
            columns = [c for c in columns if quantity_of(c, "") == quantity]
            if quantity == "date":
                zoned = [c for c in columns if isinstance(self.rows[c.name].dtype, pd.DatetimeTZDtype)]
                columns = zoned if len(zoned) * 2 > len(columns) else [c for c in columns if c not in zoned]
            if not columns:
                continue
            resolution = common_resolution(columns)
            read = {c.name: read_units(self.rows[c.name], c, resolution, is_utc=True) for c in columns}
            for low, high in permutations(read, 2):
                if found := self._ordered(low, high, read):
                    held[low, high] = found
        names = {name for pair in held for name in pair}
        for (low, high), found in held.items():
            if not any((low, name) in held and (name, high) in held for name in names - {low, high}):
                yield found

    def _ordered(self, low: Hashable, high: Hashable, read: dict[Hashable, Numbers]) -> FoundRule | None:
        """The inequality, if it holds; strict where the two are never equal."""
        first, second = read[low], read[high]
        both = ~first.is_missing & ~second.is_missing
        a, b = first.values[both], second.values[both]
        if self.share == 1 and (a[:FIRST_ROWS] > b[:FIRST_ROWS]).any():
            return None
        by_chance = np.searchsorted(np.sort(b), a, side="left").sum() / max(len(b), 1)
        if by_chance < EVIDENCE or np.array_equal(a, b):
            return None
        rule = Inequality(low, high, strict=not bool((a == b).any()))
        return next(self._checked(rule, len(a)), None)

    def increments(self) -> Iterator[FoundRule]:
        """Numbers that are multiples of more than their last digit."""
        for column in self.numbers:
            resolution = resolution_of(column)
            if resolution is None:
                continue
            numbers = read_units(self.rows[column.name], column, resolution).present
            step = int(np.gcd.reduce(numbers)) if len(numbers) else 0
            if step > 1 and _n_off_by_chance(np.unique(numbers), step) >= FEWEST_STEPS:
                text = f"{step / 10**resolution:.{resolution}f}" if resolution else str(step)
                rule = Increments(column.name, float(text) if resolution else step)
                yield from self._checked(rule, len(numbers))

    def combinations(self, told: Sequence[Rule]) -> Iterator[FoundRule]:
        """A column of few different values that settles others: with all of these a fixed combination.

        Columns that follow from the others by a rule that is `told` are left out of it.
        """
        columns = [c for c in self.schema if c.kind in ("categorical", "boolean", "numeric")]
        coded = {c.name: pd.factorize(self.rows[c.name], use_na_sentinel=False)[0] for c in columns}
        sizes = {name: int(codes.max()) + 1 for name, codes in coded.items()}
        few = [name for name, size in sizes.items() if 1 < size <= MOST_COMBINATIONS]
        held = {name for name in few if _is_mostly_held(coded[name])}
        settled = {
            name: [other for other in few if other != name and self._settles(coded[name], coded[other])]
            for name in few
        }
        found: list[set[Hashable]] = []
        for name in sorted(few, key=lambda name: -len(settled[name])):
            group = {name, *settled[name]}
            group -= {rule.columns[-1] for rule in told if group.issuperset(rule.columns)}
            is_settled = len(group) > 1 and any(group <= {each, *settled[each]} for each in group & held)
            if is_settled and not any(group <= larger for larger in found):
                found.append(group)
                columns_of = tuple(each for each in self.schema.names if each in group)
                yield FoundRule(FixedCombinations(columns_of), len(self.rows), 0)

    def _settles(self, first: Numeric, second: Numeric) -> bool:
        """Whether equal values of the first have equal ones of the second, in rows enough to tell."""
        table = np.full(int(first.max()) + 1, -1, dtype=np.int64)
        table[first] = second
        if not np.array_equal(table[first], second):
            return False
        repeated = len(first) - len(np.unique(first))
        apart = 1 - float(((np.bincount(second) / len(second)) ** 2).sum())
        return repeated * apart >= EVIDENCE

    def one_hots(self) -> Iterator[FoundRule]:
        """Neighbouring columns of 0 and 1 of which one is 1 in every row."""
        is_one: dict[Hashable, Numeric] = {}
        for column in self.schema:
            if _is_binary(self.rows[column.name], column):
                is_one[column.name] = self.rows[column.name].to_numpy(dtype=np.int64)
        names, start = [column.name for column in self.schema], 0
        while start < len(names):
            total, group = np.zeros(len(self.rows), dtype=np.int64), list[Hashable]()
            for name in names[start:]:
                if name not in is_one or (total + is_one[name]).max() > 1:
                    break
                total, group = total + is_one[name], [*group, name]
                if total.min() == 1:
                    break
            if len(group) > 1 and total.min() == 1:
                yield from self._checked(OneHot(tuple(group)), len(self.rows))
                start += len(group) - 1
            start += 1

    def keys(self) -> Iterator[FoundRule]:
        """One or two columns of which no two rows share the values, though by chance many would.

        A column that is unique by itself makes a key of any two: none of those is told.
        """
        columns = [c for c in self.schema if c.kind != "identifier" and resolution_of(c) in (0, None)]
        columns = [c for c in columns if c.kind != "numeric" or resolution_of(c) == 0]
        coded = {c.name: pd.factorize(self.rows[c.name])[0] for c in columns if c.kind != "datetime"}
        coded = {name: codes for name, codes in coded.items() if len(codes) and codes.min() >= 0}
        n_pairs = len(self.rows) * (len(self.rows) - 1) / 2
        alike = {name: _n_alike(codes) / max(n_pairs, 1) for name, codes in coded.items()}
        for column in columns:
            if alike.get(column.name) == 0 and n_pairs / self._n_possible(column) >= EVIDENCE:
                yield FoundRule(Unique((column.name,)), len(self.rows), 0)
        for one, two in combinations(coded, 2):
            if n_pairs * alike[one] * alike[two] < EVIDENCE:
                continue
            joined = coded[one] * (int(coded[two].max()) + 1) + coded[two]
            if len(np.unique(joined)) == len(joined):
                yield FoundRule(Unique((one, two)), len(joined), 0)

    def _n_possible(self, column: Column) -> int:
        """How many values a column without equal ones could have at least: whole numbers, all between."""
        cells = self.rows[column.name]
        if column.kind != "numeric":
            return len(cells)
        numbers = pd.to_numeric(cells, errors="coerce")
        return max(int(numbers.max()) - int(numbers.min()) + 1, len(cells))

    def _checked(self, rule: Rule, n_rows: int) -> Iterator[FoundRule]:
        """The rule, if enough rows speak of it and enough of them keep it."""
        if n_rows < EVIDENCE:
            return
        n_broken = int(broken_rows(rule, self.rows, self.schema).sum())
        if n_broken <= (1 - self.share) * len(self.rows):
            yield FoundRule(rule, n_rows, n_broken)


def _is_mostly_held(codes: Numeric) -> bool:
    """Whether most rows hold a value that enough rows hold to be learned."""
    counts = np.bincount(codes)
    return 2 * int(counts[counts >= MIN_ROWS].sum()) >= len(codes)


def _n_off_by_chance(numbers: Numeric, step: int) -> float:
    """How many of these multiples would be none if the last digit that they use were any digit.

    Those that end sooner are multiples of a part of the step anyhow: 12 is one of 0.5.

    >>> _n_off_by_chance(np.array([120, 250, 305]), 5), _n_off_by_chance(np.array([100, 200]), 100)
    (0.8, 2.0)
    """
    while step % 10 == 0:
        numbers, step = numbers // 10, step // 10
    return len(numbers) * 1.0 if step == 1 else int((numbers % 10 != 0).sum()) * (1 - 1 / step)


def _n_alike(codes: Numeric) -> float:
    """Pairs of rows that share a code."""
    counts = np.bincount(codes).astype(float)
    return float((counts * (counts - 1) / 2).sum())


def _is_binary(cells: Cells, column: Column) -> bool:
    """Whether every cell is 0 or 1, and both are there."""
    if column.kind not in ("numeric", "boolean") or cells.isna().any():
        return False
    found = pd.to_numeric(cells, errors="coerce").unique()
    return len(found) == 2 and set(np.asarray(found, dtype=float).tolist()) == {0.0, 1.0}
