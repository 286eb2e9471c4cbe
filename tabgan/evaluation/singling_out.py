"""Singling out: do the synthetic rows give a description that fits exactly one training row?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabgan.evaluation.attack_rows import HOLDOUT, SYNTHETIC, TRAIN, AttackRows, attack_rows
from tabgan.evaluation.features import MISSING, IntArray
from tabgan.evaluation.metric import Family, Measure, Metric
from tabgan.evaluation.risk import NO_COLUMN, NO_HOLDOUT, Risk, Trials, gravest_verdict, worst_of
from tabgan.evaluation.tables import Tables
from tabgan.evaluation.texts import counted, printable

PREDICATES = 2_000  # by several columns
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
    "(attack - control) / (1 - control), of the worst column or of all together; predicates: the value of a "
    "cell that is alone in its synthetic column, or that and everything beyond where it is the lowest or "
    "highest",
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


class Attempt(NamedTuple):
    """Predicates tried: the row that each success points at, on all training samples and the control."""

    n_predicates: int
    on_train: IntArray
    on_control: IntArray
    naive: Trials


def singling_out_metrics(tables: Tables) -> Family:
    """Singling out by one column and by several.

    Predicates are learned from distinct synthetic rows, each true of exactly one of them, and
    succeed where they are true of exactly one distinct training row. The control are as many rows
    held out; where there are more training rows they are dealt into samples as large as the
    holdout, and the successes in all samples are added up. Naive are as many predicates with as many
    columns and random values of the synthetic rows. At most 50,000 rows of each table: all their
    values that are alone in a column, in all columns together and in each by itself, the worst
    reported; and 2,000 descriptions by several columns.

    Interval: Newcombe's of the difference, corrected for what the worst is chosen from (Bonferroni,
    half for all columns together). The predicates are given; chance made some rows training rows and
    held others out. A row has one value in a column, so that successes there rather exclude than imply
    each other: their number varies at most as that of independent tosses. Several columns may point
    at one row; such successes count as one.
    Details "singling_out": a row for all columns together, for each one, and for several at once.
    """
    if tables.holdout is None:
        return Family.undefined(MEASURES, NO_HOLDOUT, verdict="underpowered")
    rows = attack_rows(tables, lambda *sizes: min(1.0, ROWS / max(sizes[:3])))
    if not rows.columns:
        return Family.undefined(MEASURES, NO_COLUMN)
    rng = tables.rng("singling out")
    by_one, details = _by_one_column(rows, rng)
    predicates = multivariate(rows, rng)
    by_several = MULTIVARIATE.undefined(NOT_TWO)
    if predicates:
        risk = risk_of(rows, [attempt(rows, predicates, random_predicates(rows, predicates, rng))])
        by_several = _metric(MULTIVARIATE, rows, risk, counted(len(predicates), "predicate"))
        details.append({"predicates": "multivariate", "columns": "several", **risk.to_row()})
    return Family((by_one, by_several), {"singling_out": pd.DataFrame(details)} if details else {})


def _by_one_column(rows: AttackRows, rng: np.random.Generator) -> tuple[Metric, list[dict[str, object]]]:
    """The worst of every column and all of them, and a row of details for each."""
    tried = [univariate(rows, column, rng) for column in range(len(rows.columns))]
    named = [(c.name, one) for c, one in zip(rows.columns, tried, strict=True) if one.n_predicates]
    if not named:
        return UNIVARIATE.undefined(NONE_ALONE), []
    # Half of what may go wrong is left to all columns together, half to the columns one by one.
    parts = [("all", [one for _, one in named], min(2, len(named)))]
    if len(named) > 1:
        parts += [(str(name), [one], 2 * len(named)) for name, one in named]
    risks = [risk_of(rows, attempts, tests=tests) for _, attempts, tests in parts]
    worst = worst_of(risks)
    note = counted(sum(one.n_predicates for one in parts[worst][1]), "predicate")
    if worst > 0:
        note += f" of the worst of {len(named)} columns: {printable(parts[worst][0], 60)}"
    elif len(named) > 1:
        note += f" of {len(named)} columns"
    said = gravest_verdict(risks)
    # A column of few predicates calms nobody and could hide few rows: all together have the last word.
    verdict = said if said in ("leak", "weak evidence") else risks[0].verdict
    details: list[dict[str, object]] = [
        {"predicates": "univariate", "columns": name, **risk.to_row()}
        for (name, *_), risk in zip(parts, risks, strict=True)
    ]
    return replace(_metric(UNIVARIATE, rows, risks[worst], note), verdict=verdict), details


def _metric(measure: Measure, rows: AttackRows, risk: Risk, note: str) -> Metric:
    return risk.metric(measure, rows=len(rows.samples) * len(rows.control), note=note)


def risk_of(rows: AttackRows, attempts: Sequence[Attempt], *, tests: int = 1) -> Risk:
    """Attempts taken together; `tests` is how many such risks the worst is chosen from."""
    on_train, on_control = (
        np.concatenate(found) for found in ([a.on_train for a in attempts], [a.on_control for a in attempts])
    )
    n_predicates = sum(one.n_predicates for one in attempts)
    weight = max(_weight(on_train), _weight(on_control))
    return Risk(
        attack=Trials(len(on_train), n_predicates * len(rows.samples), weight),
        naive=Trials(sum(a.naive.successes for a in attempts), sum(a.naive.trials for a in attempts)),
        control=Trials(len(on_control), n_predicates, weight),
        tests=tests,
        ratio=rows.ratio,
    )


def attempt(rows: AttackRows, predicates: Sequence[Predicate], naive: Sequence[Predicate]) -> Attempt:
    """Predicates tried on every sample of training rows and on the rows held out."""
    by_chance = _singled_out(naive, rows.places[TRAIN], rows.samples[:1])
    return Attempt(
        len(predicates),
        _singled_out(predicates, rows.places[TRAIN], rows.samples),
        _singled_out(predicates, rows.places[HOLDOUT], [rows.control]),
        Trials(len(by_chance), len(naive)),
    )


def univariate(rows: AttackRows, column: int, rng: np.random.Generator) -> Attempt:
    """All values that are alone among the synthetic cells of a column, tried at once.

    The lowest and the highest number stand for everything beyond as well.
    """
    cells = [places[column] for places in rows.places]
    present = cells[SYNTHETIC][cells[SYNTHETIC] != MISSING]
    if rows.columns[column].is_numeric and len(present):
        low, high = present.min(), present.max()
        cells = [np.where(side == MISSING, MISSING, side.clip(low, high)) for side in cells]
    learned = cells[SYNTHETIC][_is_alone(cells[SYNTHETIC])]
    is_learned = np.zeros(rows.tops[column] + 2, dtype=np.bool_)  # the last one is MISSING
    is_learned[learned] = True

    def pointed_at(side: int, samples: Sequence[IntArray]) -> IntArray:
        names, sample_of = _dealt(samples)
        dealt = cells[side][names]
        found: IntArray = names[is_learned[dealt] & _is_alone(dealt + sample_of * len(is_learned))]
        return found

    guessed = random_predicate(rows, np.full(len(learned), column), rng)
    target = np.sort(rows.places[TRAIN][column][rows.samples[0]])
    n_true = np.searchsorted(target, guessed.high, side="right") - np.searchsorted(target, guessed.low)
    return Attempt(
        len(learned),
        pointed_at(TRAIN, rows.samples),
        pointed_at(HOLDOUT, [rows.control]),
        Trials(int((n_true == 1).sum()), len(learned)),
    )


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
    low, high = cells.copy(), cells.copy()
    for column, own in enumerate(rows.places[SYNTHETIC]):
        present = own[own != MISSING]
        if rows.columns[column].is_numeric and len(present):
            is_above = cells[column] > np.median(present)
            low[column][~is_above & (cells[column] != MISSING)] = 0
            high[column][is_above] = rows.tops[column]
    return low, high


def random_predicates(
    rows: AttackRows, like: Sequence[Predicate], rng: np.random.Generator
) -> list[Predicate]:
    """Predicates with as many columns as those of `like`, any columns, values and directions."""
    n_columns = len(rows.columns)
    return [
        random_predicate(rows, rng.permutation(n_columns)[: len(np.unique(predicate.columns))], rng)
        for predicate in like
    ]


def random_predicate(rows: AttackRows, columns: IntArray, rng: np.random.Generator) -> Predicate:
    """In each of the columns a random synthetic value, or of a number that and all on a random side."""
    places = rows.places[SYNTHETIC]
    values = places[columns, rng.integers(places.shape[1], size=len(columns))]
    direction = rng.integers(3, size=len(columns))
    is_open = np.array([rows.columns[c].is_numeric for c in columns], dtype=np.bool_) & (values != MISSING)
    low = np.where(is_open & (direction == 0), 0, values)
    return Predicate(columns, low, np.where(is_open & (direction == 1), rows.tops[columns], values))


def _singled_out(predicates: Sequence[Predicate], places: IntArray, samples: Sequence[IntArray]) -> IntArray:
    """The row at which each predicate points in every sample in which it is true of exactly one."""
    names, sample_of = _dealt(samples)
    dealt = places[:, names]
    pointed_at = [np.zeros(0, dtype=np.int64)]
    for predicate in predicates:
        rows = predicate.rows(dealt)
        _, first, counts = np.unique(sample_of[rows], return_index=True, return_counts=True)
        pointed_at.append(names[rows[first[counts == 1]]])
    return np.concatenate(pointed_at)


def _dealt(samples: Sequence[IntArray]) -> tuple[IntArray, IntArray]:
    """The rows of all samples, and which sample each is in."""
    return np.concatenate(samples), np.repeat(np.arange(len(samples)), [len(sample) for sample in samples])


def _is_alone(cells: IntArray) -> npt.NDArray[np.bool_]:
    """Which cells no other equals."""
    alone: npt.NDArray[np.bool_] = ~pd.Series(cells).duplicated(keep=False).to_numpy()
    return alone


def _weight(pointed_at: IntArray) -> float:
    """How many successes count as one: their sum varies as if each row had that many at once."""
    if len(pointed_at) == 0:
        return 1.0
    counts = np.unique(pointed_at, return_counts=True)[1]
    return float((counts**2).sum() / counts.sum())
