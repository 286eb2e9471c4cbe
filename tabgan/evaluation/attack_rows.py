"""The rows of three tables as an attacker meets them: distinct, in no order, equally many.

Whatever must not matter is taken away here, once for all attacks: the order of rows and columns,
their names, units, rows that stand in a table twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from math import isqrt
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabgan.evaluation.features import MISSING, ComparedColumn, IntArray, compare, scattered
from tabgan.evaluation.neighbours import Points, points
from tabgan.evaluation.tables import Tables

HashArray: TypeAlias = npt.NDArray[np.uint64]
Share: TypeAlias = Callable[[int, int, int, int], float]

TRAIN, SYNTHETIC, HOLDOUT = 0, 1, 2
TARGETS = 3_000  # rows of each side that are compared with every synthetic row
PAIR_CELLS = 2_000_000_000  # cells compared for the targets of one side


@dataclass(frozen=True)
class AttackRows:
    """Distinct rows, in an order that only their cells and the seed decide.

    `columns` are those that differ in any row, each with the training, synthetic and held-out
    rows; `places[table][column, row]` is where a cell stands among all values of its column,
    MISSING for a missing one. `samples` are training rows (their places in the table) dealt into
    samples as large as `control`, which are held-out rows: an attack is tried on equal numbers of
    both, because more rows are easier to match and harder to single out than fewer. `ratio` is how
    many such samples all training rows would fill.
    """

    columns: tuple[ComparedColumn, ...]
    places: tuple[IntArray, ...]
    samples: tuple[IntArray, ...]
    control: IntArray
    ratio: float

    @cached_property
    def tops(self) -> IntArray:
        """The highest place in each column."""
        tops: IntArray = np.max([places.max(axis=1) for places in self.places], axis=0)
        return tops

    @property
    def n_targets(self) -> int:
        """Training rows, and as many held-out rows, that are compared with all synthetic rows."""
        return min(len(self.control), _target_limit(len(self.columns)))

    def targets(self) -> list[ComparedColumn]:
        """The columns for equally many training and held-out rows, and for all synthetic rows."""
        chosen: list[IntArray | slice] = [
            self.samples[0][: self.n_targets],
            slice(None),
            self.control[: self.n_targets],
        ]
        return [column.rows(chosen) for column in self.columns]

    def real_places(self) -> IntArray:
        """Places of the cells of the training and held-out `targets`. Shape: [columns, rows]."""
        sides = (TRAIN, self.samples[0]), (HOLDOUT, self.control)
        return np.concatenate([self.places[t][:, rows[: self.n_targets]] for t, rows in sides], axis=1)

    def points(self) -> tuple[Points, Points, Points]:
        """The `targets` as points; ranks are those among the training and held-out rows."""
        train, synthetic, control = points(self.targets(), reference=(TRAIN, HOLDOUT))
        return train, synthetic, control


def attack_rows(tables: Tables, share: Share) -> AttackRows:
    """The rows to attack. The tables must have a holdout.

    `share` says which share of the rows to keep, given how many distinct training, synthetic and
    held-out rows and how many columns there are. Rows are kept by a hash of their cells, so that a
    copied row is kept with its copy: a hundredth of the tables shows as large a share of copies as
    all of them.
    """
    given = (tables.train, tables.synthetic, tables.holdout)
    compared = compare(*(table for table in given if table is not None), schema=tables.schema)
    ordered = sorted(map(_ordinal, compared), key=lambda column: column.signature)
    ordered = [column for column in ordered if not column.is_constant]
    if not ordered:
        return AttackRows((), (), (), np.zeros(0, dtype=np.int64), 1.0)
    sides = [_distinct(ordered, table, tables.seed) for table in (TRAIN, SYNTHETIC, HOLDOUT)]
    sizes = [len(side.rows) for side in sides]
    kept = share(sizes[TRAIN], sizes[SYNTHETIC], sizes[HOLDOUT], len(ordered))
    train, synthetic, holdout = (_with_low_hash(side, kept) for side in sides)
    n_rows = [int(side.counts.sum()) for side in (train, holdout)]
    samples, control = _dealt(train, min(n_rows)), _dealt(holdout, min(n_rows))[0]
    # Where one side repeats itself more than the other, equal draws have fewer distinct rows: the
    # last rows are put back.
    n_equal = min(len(sample) for sample in (*samples, control))
    chosen = [train.rows, synthetic.rows, holdout.rows]
    return AttackRows(
        columns=tuple(column.column.rows(chosen) for column in ordered),
        places=tuple(np.stack([c.places[t][rows] for c in ordered]) for t, rows in enumerate(chosen)),
        samples=tuple(sample[:n_equal] for sample in samples),
        control=control[:n_equal],
        ratio=max(1.0, n_rows[0] / n_rows[1]),
    )


def share_of_pairs(n_train: int, n_synthetic: int, n_holdout: int, n_columns: int) -> float:
    """The share of rows to keep so that all targets can be compared with all synthetic rows."""
    pairs = PAIR_CELLS / n_columns
    n_targets = _target_limit(n_columns)
    share = pairs / (n_targets * n_synthetic)
    n_real = min(n_train, n_holdout)
    if share * n_real < n_targets:
        # Fewer targets leave time for more synthetic rows.
        share = (pairs / (n_real * n_synthetic)) ** 0.5
    return min(1.0, share)


@dataclass(frozen=True)
class _Ordinal:
    column: ComparedColumn
    places: tuple[IntArray, ...]
    signature: int

    @property
    def is_constant(self) -> bool:
        low = min(int(cells.min()) for cells in self.places)
        return low == max(int(cells.max()) for cells in self.places)


@dataclass(frozen=True)
class _Distinct:
    """The distinct rows of a table, in the order of their hashes, and how often each is there."""

    rows: IntArray
    hashes: HashArray
    counts: IntArray


def _target_limit(n_columns: int) -> int:
    return min(TARGETS, isqrt(PAIR_CELLS // n_columns))


def _ordinal(column: ComparedColumn) -> _Ordinal:
    """The column with codes and numbers whose order is that of the cells, not of the rows."""
    if column.is_numeric:
        codes, values = pd.factorize(np.concatenate(column.numbers), sort=True)
        places = tuple(column.split(codes.astype(np.int64)))
        present = places[TRAIN][places[TRAIN] != MISSING]
        # One direction for every unit, also for one that counts down.
        if 2 * present.sum() > (len(values) - 1) * len(present):
            places = tuple(np.where(p == MISSING, MISSING, len(values) - 1 - p) for p in places)
            column = replace(column, numbers=tuple(-numbers for numbers in column.numbers))
    else:
        keys = [f"{type(label).__name__} {label!s}" for label in column.labels]
        rank = np.empty(len(keys) + 1, dtype=np.int64)
        rank[np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64)] = np.arange(len(keys))
        rank[MISSING] = MISSING
        places = tuple(rank[codes] for codes in column.codes)
        column = replace(column, codes=places, labels=())
    counts = np.bincount(places[TRAIN] + 1)
    counts //= np.gcd.reduce(counts)
    turn: HashArray = np.arange(len(counts)).astype(np.uint64)
    found = scattered(scattered(counts.astype(np.uint64)) + turn)
    return _Ordinal(column, places, int(found.sum()))


def _distinct(columns: list[_Ordinal], table: int, seed: int) -> _Distinct:
    hashes: HashArray = np.zeros(len(columns[0].places[table]), dtype=np.uint64)
    for salt, column in enumerate(columns):
        hashes += scattered(
            scattered(column.places[table].astype(np.uint64)) + scattered(np.array([salt], dtype=np.uint64))
        )
    # Of 64 bits: among a million rows two that differ are taken for one in 1 of 10 million tables.
    hashes = scattered(hashes + scattered(np.array([seed], dtype=np.uint64)))
    found, rows, counts = np.unique(hashes, return_index=True, return_counts=True)
    # A table given twice is the same table.
    return _Distinct(rows, found, counts // np.gcd.reduce(counts))


def _with_low_hash(side: _Distinct, share: float) -> _Distinct:
    if share >= 1.0:
        return side
    kept = slice(0, max(1, int(np.searchsorted(side.hashes, np.uint64(share * 2.0**64)))))
    return _Distinct(side.rows[kept], side.hashes[kept], side.counts[kept])


def _dealt(side: _Distinct, size: int) -> tuple[IntArray, ...]:
    """Rows dealt into as many samples of `size` as they fill, each without its repeated rows.

    A row that stands in the table three times is dealt three times, as any sample would have it.
    In the order they are dealt in: the first rows of a sample are a smaller sample.
    """
    rows = np.repeat(np.arange(len(side.rows)), side.counts)
    turn = np.arange(len(rows)) - np.repeat(np.cumsum(side.counts) - side.counts, side.counts)
    order = np.argsort(scattered(side.hashes[rows] + scattered(turn.astype(np.uint64))), kind="stable")
    starts = range(0, len(rows) - size + 1, size)
    return tuple(pd.unique(rows[order[start : start + size]]) for start in starts)
