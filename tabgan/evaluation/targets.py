"""Which column is predicted, and its cells as classes or numbers."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import r2_score, roc_auc_score

from tabgan.evaluation.features import (
    MISSING,
    ComparedColumn,
    FloatArray,
    as_numbers,
    categorical_features,
    classifier_matrix,
    column_kinds,
    compare,
    draw_rows,
    has_values,
)
from tabgan.evaluation.tables import Tables
from tabgan.evaluation.texts import printable
from tabgan.schema import Kind, Schema

MAX_CLASSES = 20  # a number with more different values is predicted as a number
LEARNED_CLASSES = 10  # the most frequent ones; the others are one more class
MIN_CLASS_ROWS = 10
TRIAL_ROWS = 2_000
TRIAL_TREES = 20
PREDICTABLE_AUC = 0.6
PREDICTABLE_R2 = 0.1
TRIED_TARGETS = 10
NONE_FOUND = "no column can be predicted from the others: name a target"


@dataclass(frozen=True)
class Task:
    """A column to predict: its kind, whether as a number, and whether it was chosen for the user."""

    target: Hashable
    kind: Kind
    is_number: bool
    was_given: bool

    @property
    def note(self) -> str:
        """What is predicted, and who said so; for the note of a metric."""
        how = "given" if self.was_given else "chosen: the last column that others predict"
        return f"target {printable(self.target)!r} ({how})"

    def complete(self, table: pd.DataFrame) -> pd.DataFrame:
        """The rows that have a target; text where numbers belong is none."""
        cells = table[self.target]
        is_numeric = self.kind in ("numeric", "datetime")
        is_there = ~np.isnan(as_numbers(cells, self.kind)) if is_numeric else cells.notna().to_numpy()
        rows: pd.DataFrame = table.loc[is_there].reset_index(drop=True)
        return rows


def find_task(tables: Tables) -> Task | str:
    """The column to predict, or the reason why there is none.

    Without a given target it is the last column that small boosted trees predict from the others
    (on random halves of 2,000 training rows: AUC of .6 for the most frequent class, R2 of .1 for a
    number): tables mostly end with it. Identifiers and dates are passed over, as are columns of
    a single class with 10 rows; of a wide table the last 10 columns are tried.
    """
    kinds = column_kinds(tables.train, schema=tables.schema)
    if sum(kind != "identifier" for kind in kinds.values()) < 2:
        return "there are no two columns, one to be predicted from the other"
    if tables.target is not None:
        return _given(tables, kinds[tables.target])
    train = draw_rows(tables.by_content.train, TRIAL_ROWS, tables.rng("target"))
    columns = compare(train, schema=tables.schema)
    for column in columns[: -TRIED_TARGETS - 1 : -1]:
        task = _task(column, column.kind, was_given=False)
        if column.kind != "datetime" and _is_predictable(task, column, columns):
            return task
    return NONE_FOUND


def truths_of(task: Task, column: ComparedColumn, fitted_on: Sequence[int]) -> list[FloatArray]:
    """The target in every compared table: numbers, or codes of its classes by frequency.

    The ten most frequent classes of the tables in `fitted_on` keep a code, all others share one.
    MISSING (of classes) or NaN where there is no target.
    """
    if task.is_number:
        return list(column.numbers)
    cells = np.concatenate(column.cells).astype(np.float64)
    cells[np.concatenate(column.is_missing)] = np.nan
    codes = pd.factorize(cells, sort=True)[0].astype(np.int64)
    sides = column.split(codes)
    fitted = np.concatenate([sides[t] for t in fitted_on])
    counts = np.bincount(fitted + 1, minlength=codes.max() + 2)[1:]
    # Of equally frequent ones the first to appear there: how frequent they are elsewhere decides nothing.
    known = pd.unique(fitted[fitted != MISSING])
    kept = known[np.argsort(-counts[known], kind="stable")][:LEARNED_CLASSES]
    rank = np.full(len(counts) + 1, len(kept), dtype=np.int64)
    rank[kept] = np.arange(len(kept))
    rank[MISSING] = MISSING
    return [rank[side].astype(np.float64) for side in sides]


def _given(tables: Tables, kind: Kind) -> Task | str:
    if kind == "identifier":
        return "the target is an identifier: name another one"
    alone = Schema(tuple(column for column in tables.schema if column.name == tables.target))
    (column,) = compare(tables.train, schema=alone)
    if len(np.unique(column.cells[0][~column.is_missing[0]])) < 2:
        return "the target has fewer than two different values in the training rows"
    return _task(column, kind, was_given=True)


def _task(column: ComparedColumn, kind: Kind, *, was_given: bool) -> Task:
    is_number = kind == "datetime"
    if kind == "numeric":
        is_number = len(np.unique(column.numbers[0][~np.isnan(column.numbers[0])])) > MAX_CLASSES
    return Task(column.name, kind, is_number, was_given)


def _is_predictable(task: Task, target: ComparedColumn, columns: Sequence[ComparedColumn]) -> bool:
    truth = truths_of(task, target, (0,))[0]
    others = [column for column in columns if column.name != task.target]
    rows = classifier_matrix(others, 0)
    is_there = ~np.isnan(truth) if task.is_number else truth >= 0
    truth, rows = truth[is_there], rows[is_there]
    learned, tested = slice(0, None, 2), slice(1, None, 2)
    kept = has_values(rows[learned])
    if not kept.any():
        return False
    options = {"categorical_features": categorical_features(others)[kept], "max_iter": TRIAL_TREES}
    if task.is_number:
        scaled = truth / (np.abs(truth).max() or 1.0)
        regressor = HistGradientBoostingRegressor(**options, early_stopping=False, random_state=0)
        regressor.fit(rows[learned][:, kept], scaled[learned])
        if scaled[tested].min() == scaled[tested].max():
            return False
        return bool(r2_score(scaled[tested], regressor.predict(rows[tested][:, kept])) >= PREDICTABLE_R2)
    is_first = truth == 0
    if min(np.bincount(is_first[part], minlength=2).min() for part in (learned, tested)) < MIN_CLASS_ROWS:
        return False
    model = HistGradientBoostingClassifier(**options, early_stopping=False, random_state=0)
    model.fit(rows[learned][:, kept], is_first[learned])
    scores = model.predict_proba(rows[tested][:, kept])[:, 1]
    return bool(roc_auc_score(is_first[tested], scores) >= PREDICTABLE_AUC)
