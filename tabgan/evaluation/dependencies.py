"""Rules of the training rows: which column settles another, which number is never above another."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabgan.evaluation.bins import exact
from tabgan.evaluation.features import ComparedColumn, FloatArray, IntArray, compare
from tabgan.evaluation.intervals import wilson
from tabgan.evaluation.metric import Family, Measure, Metric
from tabgan.evaluation.tables import Tables
from tabgan.evaluation.texts import counted

MAX_ROWS = 100_000  # of each side
MAX_COLUMNS = 150  # of a wider table, so many columns drawn at random
EVIDENCE = 20  # rows that would break a rule if the two columns had nothing to do with each other
FIRST_ROWS = 500  # most pairs of columns that follow no rule are seen in so many rows

DETERMINED = Measure(
    "broken_dependencies",
    "Broken dependencies between columns",
    "fidelity",
    "lower",
    0.0,
    "Share of synthetic rows in which a column differs from what another one determines in the real table.",
    "rows that break at least one A → B / rows; A → B is a rule where equal A have equal B in all "
    "training rows, and 20 of them or more would break it by chance. Rows with an A that is new are "
    "held against most rows with this A.",
    "Kivinen & Mannila 1995, error of a functional dependency",
    overfits=False,
)
ORDERED = Measure(
    "broken_inequalities",
    "Broken inequalities",
    "fidelity",
    "lower",
    0.0,
    "Share of synthetic rows in which a number or date is above one that it never exceeds in the real table.",
    "rows that break at least one A ≤ B / rows; A ≤ B is a rule where it holds in all training rows "
    "with both, and 20 of them or more would break it by chance",
    overfits=False,
)
MEASURES = (DETERMINED, ORDERED)


@dataclass(frozen=True)
class Rule:
    """One rule, the training rows it was found in, and the rows of others that break it.

    `broken` and `judged` are masks of the synthetic, the reference and the floor rows.
    """

    kind: Literal["determines", "at most"]
    first: Hashable
    second: Hashable
    rows: int
    judged: tuple[npt.NDArray[np.bool_], ...]
    broken: tuple[npt.NDArray[np.bool_], ...]


def dependency_metrics(tables: Tables) -> Family:
    """Rules found in the training rows and the synthetic rows that break them; details "dependencies".

    At most 100,000 rows of each table and 150 columns, drawn at random from more. Without a holdout
    the rules are those of one half of the training rows. Intervals are Wilson's, for the share of
    rows with the rules held fixed.
    """
    sides = tables.sides(MAX_ROWS)
    columns = compare(*sides, schema=tables.schema)
    chosen = np.sort(tables.rng("dependencies").permutation(len(columns))[:MAX_COLUMNS])
    columns = [columns[i] for i in chosen]
    determined = list(_determined(columns))
    ordered = list(_ordered(columns))
    metrics = (
        _metric(DETERMINED, determined, "no column settles another one in all training rows"),
        _metric(ORDERED, ordered, "no number or date is at most another one in all training rows"),
    )
    return Family(metrics, {"dependencies": _details([*determined, *ordered])})


def _metric(measure: Measure, rules: Sequence[Rule], reason: str) -> Metric:
    if not rules:
        return measure.undefined(reason)
    broken = [np.logical_or.reduce([rule.broken[t] for rule in rules]) for t in range(3)]
    return measure.of_three(
        [float(rows.mean()) for rows in broken],
        interval=wilson(int(broken[0].sum()), len(broken[0])),
        rows=len(broken[0]),
        note=counted(len(rules), "rule"),
    )


def _details(rules: Sequence[Rule]) -> pd.DataFrame:
    """A row a rule, the most broken first; names and counts only."""
    rows: list[dict[str, Any]] = [
        {
            "rule": rule.kind,
            "first": rule.first,
            "second": rule.second,
            "real_rows": rule.rows,
            "synthetic_rows": int(rule.judged[0].sum()),
            "broken_rows": int(rule.broken[0].sum()),
            "broken_share": float(rule.broken[0].sum() / max(int(rule.judged[0].sum()), 1)),
            "reference_share": float(rule.broken[1].sum() / max(int(rule.judged[1].sum()), 1)),
        }
        for rule in rules
    ]
    names = "rule first second real_rows synthetic_rows broken_rows broken_share reference_share".split()
    rows = sorted(rows, key=lambda row: -row["broken_share"])
    table: pd.DataFrame = pd.DataFrame(rows, columns=names)
    return table


def _determined(columns: Sequence[ComparedColumn]) -> Iterator[Rule]:
    """Every A → B; a missing cell is a value like any other."""
    coded = [exact(column) for column in columns]
    sides = [column.split(codes.codes) for column, codes in zip(columns, coded, strict=True)]
    counts = [np.bincount(side[0]) for side in sides]
    apart = [1 - float(((rows / rows.sum()) ** 2).sum()) for rows in counts]
    repeated = [rows.sum() - np.count_nonzero(rows) for rows in counts]
    for i, j in permutations(range(len(columns)), 2):
        # Rows with an A seen before, times the chance that any two rows differ in B.
        if repeated[i] * apart[j] < EVIDENCE:
            continue
        rule = _rule_of(sides[i][0], sides[j][0], coded[i].n_codes)
        if rule is None:
            continue
        broken = tuple(_breaks(sides[i][t], sides[j][t], rule) for t in (1, 2, 3))
        everyone = tuple(np.ones(len(rows), dtype=np.bool_) for rows in broken)
        yield Rule("determines", columns[i].name, columns[j].name, len(sides[i][0]), everyone, broken)


def _rule_of(first: IntArray, second: IntArray, n_codes: int) -> IntArray | None:
    """The B of every A, -1 of an A without rows; None where an A has several."""
    for rows in (slice(FIRST_ROWS), slice(None)):
        settled = np.full(n_codes, -1, dtype=np.int64)
        settled[first[rows]] = second[rows]
        if not np.array_equal(settled[first[rows]], second[rows]):
            return None
    return settled


def _breaks(first: IntArray, second: IntArray, settled: IntArray) -> npt.NDArray[np.bool_]:
    expected = settled[first]
    is_new = expected < 0
    if is_new.any():
        expected[is_new] = _most_frequent(first[is_new], second[is_new])
    return np.asarray(expected != second)


def _most_frequent(first: IntArray, second: IntArray) -> IntArray:
    """For every row the most frequent B among the rows with its A."""
    width = int(second.max()) + 1
    pairs, counts = np.unique(first * width + second, return_counts=True)
    winner = np.zeros(int(first.max()) + 1, dtype=np.int64)
    order = np.argsort(counts, kind="stable")
    # Written in ascending order of frequency: the last one stays.
    winner[pairs[order] // width] = pairs[order] % width
    return winner[first]


def _ordered(columns: Sequence[ComparedColumn]) -> Iterator[Rule]:
    """Every A ≤ B of two numbers or two dates; rows with both are looked at."""
    numeric = [column for column in columns if column.is_numeric]
    ordered = {c.name: np.sort(c.numbers[0][~np.isnan(c.numbers[0])]) for c in numeric}
    for one, other in permutations(numeric, 2):
        if one.kind != other.kind:
            continue
        pairs = list(zip(one.numbers, other.numbers, strict=True))
        first, second = pairs[0]
        with np.errstate(invalid="ignore"):
            if (first[:FIRST_ROWS] > second[:FIRST_ROWS]).any() or (first > second).any():
                continue
            broken = tuple(np.asarray(a > b) for a, b in pairs[1:])
        judged = tuple(~(np.isnan(a) | np.isnan(b)) for a, b in pairs)
        rows = int(judged[0].sum())
        is_told = rows > 0 and rows * _above(ordered[one.name], ordered[other.name]) >= EVIDENCE
        if is_told and not _is_same(first, second):
            yield Rule("at most", one.name, other.name, rows, judged[1:], broken)


def _above(first: FloatArray, second: FloatArray) -> float:
    """Chance that a random A is above a random B; both in ascending order."""
    return float(np.searchsorted(second, first, side="left").mean() / len(second))


def _is_same(first: FloatArray, second: FloatArray) -> bool:
    """Whether the columns never differ: a dependency, told there."""
    both = ~(np.isnan(first) | np.isnan(second))
    return bool(np.array_equal(first[both], second[both]))
