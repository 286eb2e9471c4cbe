"""Whether synthetic rows beside the real ones teach more than the real ones alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from tabgan.evaluation.features import FloatArray, IntArray, draw_rows, shuffled_columns
from tabgan.evaluation.intervals import normal
from tabgan.evaluation.metric import Family, Measure, Metric
from tabgan.evaluation.models import BOOSTING, Problem
from tabgan.evaluation.scores import Truth
from tabgan.evaluation.tables import Tables
from tabgan.evaluation.targets import LEARNED_CLASSES, Task, find_task
from tabgan.evaluation.texts import counted

BASE_ROWS = 50_000  # real rows that are added to
ADDED_ROWS = 50_000  # of each kind
TEST_ROWS = 10_000
MIN_ROWS = 20  # to learn from or to be tried on
RARE_ROWS = 20  # real rows of a class, both to learn from and to be found
SEEDS = 2  # boosted trees of each kind; their scores are averaged

TEST, BASE, SYNTHETIC, FRESH, SHUFFLED = range(5)
ADDED = {SYNTHETIC: "synthetic", FRESH: "other real", SHUFFLED: "shuffled"}

GAIN = Measure(
    "augmentation_gain",
    "Gain by adding synthetic rows (AUC or R²)",
    "utility",
    "higher",
    None,
    "How much better boosted trees predict the target once synthetic rows stand beside all real ones; "
    "the reference adds as many real rows that nobody has seen. Near 0 where real rows are many.",
    "Score of real + added rows - score of the real rows alone, on the same other half of the holdout; "
    "mean of 2 seeds.",
    "Interval: 100 Poisson bootstraps of the test rows, the same for both scores.",
    overfits=False,
)
RARE_GAIN = Measure(
    "rare_class_gain",
    "Gain for the rarest class (average precision)",
    "utility",
    "higher",
    None,
    "How much better boosted trees, with synthetic rows beside all real ones, find the rarest class that has "
    "20 rows or more to learn from and to find.",
    "Average precision with added rows - average precision of the real rows alone.",
    GAIN.source,
    overfits=False,
)
BALANCE_GAIN = Measure(
    "rare_class_balance_gain",
    "Gain by adding synthetic rows of the rarest class only",
    "utility",
    "higher",
    None,
    "How much better boosted trees find the rarest class once synthetic rows of this class alone stand "
    "beside all real ones, at most as many as make it as frequent as the most frequent one.",
    RARE_GAIN.formula,
    GAIN.source,
    overfits=False,
)
MEASURES = (GAIN, RARE_GAIN, BALANCE_GAIN)


class _Tried(NamedTuple):
    """Mean prediction of the test rows by trees that learned with so many added rows."""

    n_added: int
    predicted: FloatArray


@dataclass(frozen=True)
class _Study:
    """The rows that are added to, those that can be added, and those that are predicted."""

    problem: Problem
    truth: Truth
    seed: int

    @classmethod
    def of(cls, task: Task, tables: Tables) -> _Study | str:
        """The study of these tables, or the reason why there is none."""
        rng = tables.rng("augmentation")
        unseen = task.complete(tables.unseen)
        order, middle = rng.permutation(len(unseen)), len(unseen) // 2
        fresh, test = unseen.iloc[order[:middle]], unseen.iloc[order[middle:]]
        base = task.complete(tables.sides(BASE_ROWS).real)
        synthetic = task.complete(tables.by_content.synthetic)
        n_added = min(len(fresh), len(synthetic), len(base), ADDED_ROWS)
        if min(n_added, len(test)) < MIN_ROWS:
            return f"it needs {MIN_ROWS} rows to learn from, to add and to predict, each with a target"
        # In random order, so that the first rows of a class are a sample of it.
        added = [
            table.iloc[rng.permutation(len(table))[:n_added]]
            for table in (synthetic, fresh, shuffled_columns(draw_rows(base, n_added, rng), tables.seed))
        ]
        sides = [draw_rows(test, TEST_ROWS, rng), base, *added]
        problem = Problem.of(task, sides, (BASE,), tables.schema)
        cells = problem.truths[TEST]
        if cells.min() == cells.max():
            return "the target has a single value in the real rows to predict"
        return cls(problem, Truth.of(cells, rng, is_number=task.is_number), tables.seed)

    @property
    def n_added(self) -> int:
        return len(self.problem.truths[SYNTHETIC])

    def tried(self, rows: Mapping[int, IntArray | slice]) -> _Tried:
        """What trees that learned from the base and these rows predict of the test rows."""
        test = self.problem.boosting_rows[TEST]
        learned = [
            self.problem.learned(BOOSTING, {BASE: slice(None), **rows}, (self.seed + i) % 2**32)
            for i in range(SEEDS)
        ]
        n_added = sum(len(self.problem.truths[table][part]) for table, part in rows.items())
        # Divided first: the sum of two giants may be infinite.
        predicted = np.add.reduce([model.predict(test) / SEEDS for model in learned])
        return _Tried(n_added, np.asarray(predicted))

    @cached_property
    def rarest(self) -> int | None:
        """Code of the rarest class with enough rows, None where there is none."""
        if self.problem.task.is_number:
            return None
        learned, tried = (
            np.bincount(self.problem.truths[t].astype(np.int64), minlength=self.problem.n_classes)
            for t in (BASE, TEST)
        )
        enough = np.flatnonzero((learned >= RARE_ROWS) & (tried >= RARE_ROWS))
        enough = enough[enough < LEARNED_CLASSES]
        return int(enough[np.argmin(learned[enough])]) if len(enough) > 1 else None

    def balancing(self, code: int) -> dict[int, IntArray]:
        """Rows of the class in every table that is added: equally many, at most what it lacks."""
        learned = np.bincount(self.problem.truths[BASE].astype(np.int64))
        of_class = {t: np.flatnonzero(self.problem.truths[t] == code) for t in ADDED}
        n_rows = min(int(learned.max() - learned[code]), *(len(rows) for rows in of_class.values()))
        return {t: rows[:n_rows] for t, rows in of_class.items()}


def augmentation_metrics(tables: Tables) -> Family:
    """What synthetic rows add to the real rows they were learned from, tried on unseen real rows.

    One half of the unseen rows is predicted, the other one is the reference: real rows that are
    added in place of the synthetic ones. Synthetic, real and shuffled rows (the floor) are added
    in equal numbers, no more than the rows they are added to, which are at most 50,000. The
    target is that of `utility_metrics`. Intervals draw the predicted rows again, the same for both scores.
    `details["augmentation"]` has every score.
    """
    task = find_task(tables)
    if isinstance(task, str):
        return Family.undefined(MEASURES, task)
    study = _Study.of(task, tables)
    if isinstance(study, str):
        return Family.undefined(MEASURES, study)
    tried = {None: study.tried({})} | {side: study.tried({side: slice(None)}) for side in ADDED}
    scores = {side: study.truth.score(one.predicted) for side, one in tried.items()}
    where = "" if tables.holdout is not None else "; tried on training rows: no holdout"
    note = f"{'R²' if task.is_number else 'AUC'}, {task.note}, {study.n_added} rows added{where}"
    rare, balanced = _rare(study, tried)
    metrics = (_gain(GAIN, study, scores, note), *rare)
    shown = [("real" if side is None else f"real + {ADDED[side]}", one) for side, one in tried.items()]
    shown += [(f"real + {ADDED[side]} of the rarest class", one) for side, one in balanced.items()]
    return Family(metrics, {"augmentation": _frame(study, shown)})


def _rare(study: _Study, tried: dict[int | None, _Tried]) -> tuple[list[Metric], dict[int, _Tried]]:
    """Both metrics of the rarest class, and what was tried for the second one."""
    measures = (RARE_GAIN, BALANCE_GAIN)
    if study.problem.task.is_number:
        return [measure.undefined("the target is a number") for measure in measures], {}
    code = study.rarest
    if code is None:
        reason = f"there are no two classes with {RARE_ROWS} rows to learn from and to find"
        return [measure.undefined(reason) for measure in measures], {}

    def precision(one: _Tried) -> FloatArray:
        return study.truth.average_precision(one.predicted[:, code], code)

    n_found = int((study.truth.cells == code).sum())
    scores = {side: precision(one) for side, one in tried.items()}
    metrics = [_gain(RARE_GAIN, study, scores, f"{n_found} rows to find")]
    rows = study.balancing(code)
    if len(rows[SYNTHETIC]) == 0:
        reason = "no row of the rarest class can be added, or it is as frequent as the others"
        return [*metrics, BALANCE_GAIN.undefined(reason)], {}
    balanced = {side: study.tried({side: part}) for side, part in rows.items()}
    scores = {None: scores[None]} | {side: precision(one) for side, one in balanced.items()}
    note = f"{counted(len(rows[SYNTHETIC]), 'row')} added, {n_found} rows to find"
    return [*metrics, _gain(BALANCE_GAIN, study, scores, note)], balanced


def _gain(measure: Measure, study: _Study, scores: dict[int | None, FloatArray], note: str) -> Metric:
    """The metric of what is won over the base (None), each score with its draws."""
    gains = [scores[side] - scores[None] for side in ADDED]
    three = [float(gain[0]) for gain in gains]
    interval = normal(three[0], gains[0][1:])
    return measure.of_three(three, interval=interval, rows=len(study.truth.cells), note=note)


def _frame(study: _Study, shown: list[tuple[str, _Tried]]) -> pd.DataFrame:
    """A row for everything that was learned from, with its scores."""
    columns: dict[str, list[object]] = {
        "trained_on": [name for name, _ in shown],
        "rows_added": [one.n_added for _, one in shown],
        "r2" if study.problem.task.is_number else "auc": [
            float(study.truth.score(one.predicted)[0]) for _, one in shown
        ],
    }
    if (code := study.rarest) is not None:
        columns["average_precision"] = [
            float(study.truth.average_precision(one.predicted[:, code], code)[0]) for _, one in shown
        ]
    frame: pd.DataFrame = pd.DataFrame(columns)
    return frame
