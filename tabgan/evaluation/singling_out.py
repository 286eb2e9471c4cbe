"""Singling out: do the synthetic rows give a description that fits exactly one training row?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from tabgan.evaluation.attack_rows import HOLDOUT, SYNTHETIC, TRAIN, AttackRows, attack_rows
from tabgan.evaluation.features import MISSING, IntArray
from tabgan.evaluation.metric import Family, Measure, Metric
from tabgan.evaluation.risk import NO_COLUMN, NO_HOLDOUT, Risk, Trials
from tabgan.evaluation.tables import Tables

PREDICATES = 2_000
ROWS = 50_000
NONE_ALONE = "no cell of the synthetic rows is alone in its column"
NOT_TWO = "it needs two columns and two synthetic rows that differ"
MARGIN = 2  # times as many columns as single out a synthetic row

UNIVARIATE = Measure(
    "singling_out_univariate",
    "Singling out by one column",
    "privacy",
    "lower",
    0.0,
    "Share of the rare single values in the synthetic rows that point at exactly one training row, "
    "beyond the share that points at exactly one of as many rows held out. 0: no more than chance.",
    "(attack - control) / (1 - control); predicates: the value of a cell that is alone in its "
    "synthetic column, or that and everything beyond where it is the lowest or highest",
    "Giomi et al. 2023, A unified framework for quantifying privacy risk in synthetic data, 4.1",
)
MULTIVARIATE = Measure(
    "singling_out_multivariate",
    "Singling out by several columns",
    "privacy",
    "lower",
    0.0,
    "Share of descriptions taken from one synthetic row that fit exactly one training row, beyond "
    "the share that fits exactly one of as many rows held out. 0: no more than chance.",
    "(attack - control) / (1 - control); predicates: for columns in random order, the same category, "
    "or a number at least as far from the median on the same side, until one synthetic row is left; "
    "then as many columns again",
    "Giomi et al. 2023, A unified framework for quantifying privacy risk in synthetic data, 4.1",
)
MEASURES = (UNIVARIATE, MULTIVARIATE)


class Predicate(NamedTuple):
    """True of a row whose place lies in `low[i]..high[i]` in every one of the `columns[i]`."""

    columns: IntArray
    low: IntArray
    high: IntArray

    def rows(self, places: IntArray) -> IntArray:
        """The rows it is true of. Shape: [columns, rows] -> [rows found]."""
        *_, found = self._narrowed(places)
        return found

    def needed(self, places: IntArray) -> int:
        """How many of the columns, taken in order, leave at most one row."""
        left_over = (len(found) <= 1 for found in self._narrowed(places))
        return next((n_used for n_used, is_alone in enumerate(left_over, 1) if is_alone), len(self.columns))

    def _narrowed(self, places: IntArray) -> Iterator[IntArray]:
        """The rows found so far, column by column."""
        found: IntArray | None = None
        for column, low, high in zip(self.columns, self.low, self.high, strict=True):
            # The first column looks at all rows without a copy of them.
            cells = places[column] if found is None else places[column][found]
            hits = np.flatnonzero((cells >= low) & (cells <= high))
            found = hits if found is None else found[hits]
            yield found


def singling_out_metrics(tables: Tables) -> Family:
    """Singling out by one column and by several.

    Predicates are learned from distinct synthetic rows, each true of exactly one of them, and
    succeed where they are true of exactly one distinct training row. The control are as many rows
    held out; where there are more training rows they are dealt into samples as large as the
    holdout, and the successes in all samples are added up. Naive are predicates with as many
    columns and random values of the synthetic rows. Interval: Newcombe's of the difference;
    predicates that point at one and the same row count as one. At most 2,000 predicates of each
    kind (or one a column), learned from and tried on at most 50,000 rows of each table.
    """
    if tables.holdout is None:
        return Family(tuple(m.undefined(NO_HOLDOUT, verdict="underpowered") for m in MEASURES))
    rows = attack_rows(tables, lambda *sizes: min(1.0, ROWS / max(sizes[:3])))
    if not rows.columns:
        return Family.undefined(MEASURES, NO_COLUMN)
    rng = tables.rng("singling out")
    found = [
        ((UNIVARIATE, "univariate", NONE_ALONE), univariate(rows)),
        ((MULTIVARIATE, "multivariate", NOT_TWO), multivariate(rows, rng)),
    ]
    metrics: list[Metric] = []
    details = []
    for (measure, name, reason), predicates in found:
        if not predicates:
            metrics.append(measure.undefined(reason))
            continue
        risk = attack(rows, predicates, random_predicates(rows, predicates, rng))
        note = f"{len(predicates):,} predicates"
        metrics.append(risk.metric(measure, rows=len(rows.samples) * len(rows.control), note=note))
        details.append({"predicates": name, **risk.to_row()})
    return Family(tuple(metrics), {"singling_out": pd.DataFrame(details)} if details else {})


def attack(rows: AttackRows, predicates: Sequence[Predicate], naive: Sequence[Predicate]) -> Risk:
    """Predicates tried on every sample of training rows and on the rows held out."""
    on_train = _singled_out(predicates, rows.places[TRAIN], rows.samples)
    on_control = _singled_out(predicates, rows.places[HOLDOUT], [rows.control])
    by_chance = _singled_out(naive, rows.places[TRAIN], rows.samples[:1])
    weight = max(_weight(on_train), _weight(on_control))
    return Risk(
        attack=Trials(len(on_train), len(predicates) * len(rows.samples), weight),
        naive=Trials(len(by_chance), len(naive)),
        control=Trials(len(on_control), len(predicates), weight),
        ratio=rows.ratio,
    )


def univariate(rows: AttackRows) -> list[Predicate]:
    """Cells that are alone in their synthetic column, and the ends of a column of numbers."""
    places = rows.places[SYNTHETIC]
    tops = _tops(rows)
    alone: list[list[Predicate]] = []
    for column, cells in enumerate(places):
        values, first, counts = np.unique(cells, return_index=True, return_counts=True)
        # In the order of the rows, which is none: the cap takes a random part.
        found = [_predicate([column], [cells[row]], [cells[row]]) for row in np.sort(first[counts == 1])]
        present = values[values != MISSING]
        if rows.columns[column].is_numeric and len(present):
            ends = [(0, present[0]), (present[-1], tops[column])]
            held = [_predicate([column], [low], [high]) for low, high in ends]
            found = [end for end in held if len(end.rows(places)) == 1] + found
        if found:
            alone.append(found)
    share = PREDICATES // len(alone) if alone else 0
    return [predicate for found in alone for predicate in found[: max(1, share)]]


def multivariate(rows: AttackRows, rng: np.random.Generator) -> list[Predicate]:
    """For random synthetic rows, descriptions by several columns that fit no other of them."""
    places = rows.places[SYNTHETIC]
    n_columns, n_rows = places.shape
    if n_columns < 2 or n_rows < 2:
        return []
    learned_from = places[:, :PREDICATES]
    low, high = wide_bounds(rows, learned_from)
    found = {}
    for row, cells in enumerate(learned_from.T):
        order = rng.permutation(n_columns)
        # Wide at first, then the same columns once more, with equal numbers: that leaves the row alone.
        steps = Predicate(
            np.tile(order, 2),
            np.concatenate([low[order, row], cells[order]]),
            np.concatenate([high[order, row], cells[order]]),
        )
        n_steps = max(2, MARGIN * steps.needed(places))
        predicate = Predicate(*(part[:n_steps].copy() for part in steps))
        found[tuple(np.concatenate(predicate).tolist())] = predicate
    return list(found.values())


def wide_bounds(rows: AttackRows, cells: IntArray) -> tuple[IntArray, IntArray]:
    """Lowest and highest place alike to each cell: its own; of a number all farther from the median.

    Shape: [columns, rows] -> twice [columns, rows].
    """
    low, high, tops = cells.copy(), cells.copy(), _tops(rows)
    for column, own in enumerate(rows.places[SYNTHETIC]):
        present = own[own != MISSING]
        if rows.columns[column].is_numeric and len(present):
            is_above = cells[column] > np.median(present)
            low[column][~is_above & (cells[column] != MISSING)] = 0
            high[column][is_above] = tops[column]
    return low, high


def random_predicates(
    rows: AttackRows, like: Sequence[Predicate], rng: np.random.Generator
) -> list[Predicate]:
    """Predicates with as many columns as those of `like`, any columns, values and directions."""
    places, tops = rows.places[SYNTHETIC], _tops(rows)
    found = []
    for predicate in like:
        columns = rng.permutation(len(places))[: len(np.unique(predicate.columns))]
        values = places[columns, rng.integers(places.shape[1], size=len(columns))]
        direction = rng.integers(3, size=len(columns))
        is_open = np.array([rows.columns[c].is_numeric for c in columns]) & (values != MISSING)
        low = np.where(is_open & (direction == 0), 0, values)
        found.append(Predicate(columns, low, np.where(is_open & (direction == 1), tops[columns], values)))
    return found


def _predicate(columns: list[int], low: list[int], high: list[int]) -> Predicate:
    return Predicate(*(np.array(part, dtype=np.int64) for part in (columns, low, high)))


def _tops(rows: AttackRows) -> IntArray:
    tops: IntArray = np.max([places.max(axis=1) for places in rows.places], axis=0)
    return tops


def _singled_out(predicates: Sequence[Predicate], places: IntArray, samples: Sequence[IntArray]) -> IntArray:
    """The row at which each predicate points in every sample in which it is true of exactly one."""
    names = np.concatenate(samples)
    sample_of = np.repeat(np.arange(len(samples)), [len(sample) for sample in samples])
    dealt = places[:, names]
    pointed_at = [np.zeros(0, dtype=np.int64)]
    for predicate in predicates:
        rows = predicate.rows(dealt)
        _, first, counts = np.unique(sample_of[rows], return_index=True, return_counts=True)
        pointed_at.append(names[rows[first[counts == 1]]])
    return np.concatenate(pointed_at)


def _weight(pointed_at: IntArray) -> float:
    """How many successes count as one: their sum varies as if each row had that many at once."""
    if len(pointed_at) == 0:
        return 1.0
    counts = np.unique(pointed_at, return_counts=True)[1]
    return float((counts**2).sum() / counts.sum())
