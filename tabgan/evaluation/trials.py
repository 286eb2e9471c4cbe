"""What models learn from real, synthetic and shuffled rows, tried on the same real rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from tabgan.evaluation.features import FloatArray, IntArray, draw_rows, feature_slices, shuffled_columns
from tabgan.evaluation.models import BOOSTING, MODELS, Predictor, Problem
from tabgan.evaluation.permutation import predict_permuted
from tabgan.evaluation.scores import Truth
from tabgan.evaluation.tables import Tables
from tabgan.evaluation.targets import Task

LEARNED_ROWS = 50_000  # real and synthetic rows that boosted trees learn from
TEST_ROWS = 10_000  # real rows that are predicted
MODEL_ROWS = 5_000  # rows that each of the five models learns from
IMPORTANCE_ROWS = 2_000  # real rows in which a column is permuted
MIN_ROWS = 20

TEST, REAL, SYNTHETIC, SHUFFLED = range(4)  # places of the tables in a problem
OTHER = 4  # rows of the real table that REAL does not hold, where halves are compared
NAMES = {REAL: "real", OTHER: "other real", SYNTHETIC: "synthetic", SHUFFLED: "shuffled"}


@dataclass(frozen=True)
class Trial:
    """One target, the rows to learn it from and the rows to try it on.

    `problem` holds test rows, and as many real, synthetic and shuffled rows to learn from.
    """

    task: Task
    problem: Problem
    truth: Truth
    seed: int
    halves: dict[int, IntArray]

    @classmethod
    def of(cls, task: Task, tables: Tables) -> Trial | str:
        """The trial of these tables, or the reason why there is none."""
        rng = tables.rng("utility")
        seen = tables.sides(LEARNED_ROWS).real
        # In random order, so that the first rows are a sample of all.
        test = draw_rows(task.complete(tables.unseen), TEST_ROWS, rng)
        test = test.iloc[rng.permutation(len(test))]
        real, synthetic = task.complete(seen), task.complete(tables.by_content.synthetic)
        n_rows = min(len(real), len(synthetic), LEARNED_ROWS)
        if min(n_rows, len(test)) < MIN_ROWS:
            return f"it needs {MIN_ROWS} rows of each table that have a target"
        real, synthetic = draw_rows(real, n_rows, rng), draw_rows(synthetic, n_rows, rng)
        shuffled = shuffled_columns(real, tables.seed)
        # Of the test rows alone: real and synthetic rows to learn from must not differ in what they decide.
        problem = Problem.of(task, [test, real, synthetic, shuffled], (TEST,), tables.schema)
        cells = problem.truths[TEST]
        if cells.min() == cells.max():
            return "the target has a single value in the real rows to predict"
        truth = Truth.of(cells, rng, is_number=task.is_number)
        order, n_half = rng.permutation(n_rows), min(n_rows // 2, MODEL_ROWS)
        halves = {
            REAL: order[:n_half],
            OTHER: order[n_half : 2 * n_half],
            SYNTHETIC: rng.permutation(n_rows)[:n_half],
            SHUFFLED: rng.permutation(n_rows)[:n_half],
        }
        return cls(task, problem, truth, tables.seed, halves)

    @property
    def n_rows(self) -> int:
        """Rows that boosted trees learn from."""
        return len(self.problem.truths[REAL])

    @property
    def n_half(self) -> int:
        """Rows that each of the five models learns from."""
        return len(self.halves[REAL])

    @cached_property
    def boosted(self) -> dict[int, FloatArray]:
        """What boosted trees predict that learned from all rows of each table."""
        test = self.problem.boosting_rows[TEST]
        return {
            table: self.problem.learned(BOOSTING, {table: slice(None)}, self.seed).predict(test)
            for table in (REAL, SYNTHETIC, SHUFFLED)
        }

    @cached_property
    def fitted(self) -> dict[tuple[str, int], Predictor]:
        """Every model on an equal number of rows: two halves of the real ones, and the others."""
        return {
            (model, side): self.problem.learned(model, {REAL if side == OTHER else side: rows}, self.seed)
            for model in MODELS
            for side, rows in self.halves.items()
        }

    @cached_property
    def predicted(self) -> dict[tuple[str, int], FloatArray]:
        """What each of these models predicts of the test rows."""
        return {
            (model, side): fitted.predict(self.problem.rows_of(model)[TEST])
            for (model, side), fitted in self.fitted.items()
        }

    @cached_property
    def scores(self) -> dict[tuple[str, int], FloatArray]:
        """AUC or R2 of each of them, on the rows and on the rows drawn again. Shape: [1 + draws]."""
        return {key: self.truth.score(predicted) for key, predicted in self.predicted.items()}

    def importances(self, rng: np.random.Generator) -> dict[int, FloatArray]:
        """Score that boosted trees lose once a column is permuted. Shape: [columns, 1 + draws] each.

        The columns are permuted alike for all trees, in at most 2,000 test rows.
        Source: Breiman 2001, Random forests, section 10.
        """
        rows = self.problem.boosting_rows[TEST][:IMPORTANCE_ROWS]
        truth = self.truth.rows(len(rows))
        order = rng.permutation(len(rows))
        trees = {side: fitted for (model, side), fitted in self.fitted.items() if model == BOOSTING}
        whole = {side: truth.score(fitted.predict(rows)) for side, fitted in trees.items()}
        features = feature_slices(self.problem.columns)
        permuted = {
            side: predict_permuted(fitted.predict, rows, features, [order] * len(features))
            for side, fitted in trees.items()
        }
        return {
            side: np.array([whole[side] - truth.score(predicted) for predicted in permuted[side]])
            for side in trees
        }

    def table(self) -> pd.DataFrame:
        """A row a model and table it learned from: rows, and its scores on the test rows."""
        shown = [(BOOSTING, side, self.n_rows, values) for side, values in self.boosted.items()]
        shown += [
            (model, side, len(self.halves[side]), values) for (model, side), values in self.predicted.items()
        ]
        score = (
            {"r2": self.truth.r2, "rmse": self.truth.rmse}
            if self.task.is_number
            else {"auc": self.truth.score, "f1": self.truth.f1}
        )
        rows = [
            {"model": model, "trained_on": NAMES[side], "rows": n_rows}
            | {name: float(of(values)[0]) for name, of in score.items()}
            for model, side, n_rows, values in shown
        ]
        frame: pd.DataFrame = pd.DataFrame(rows)
        return frame
