"""How useful a synthetic table is: train on synthetic rows, test on real ones."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import pandas as pd
from scipy import stats

from tabgan.errors import SchemaError
from tabgan.evaluation.features import (
    FloatArray,
    as_numbers,
    column_kinds,
    compare,
    draw_rows,
    has_values,
)
from tabgan.evaluation.intervals import normal
from tabgan.evaluation.metric import Family, Interval, Measure, Metric
from tabgan.evaluation.models import BOOSTING, LINEAR, MODELS, TREES, Problem
from tabgan.evaluation.scores import Truth
from tabgan.evaluation.tables import Tables
from tabgan.evaluation.targets import MAX_CLASSES, Task, find_task
from tabgan.evaluation.threads import one_thread
from tabgan.evaluation.trials import NAMES, OTHER, REAL, SHUFFLED, SYNTHETIC, Trial
from tabgan.schema import Schema, judged_schema

TRAIN_ROWS = 100_000  # of tstr_auc()
MIN_RANKED = 3

SCORE = "AUC of each class against the rest, their mean; R² of a number with more than 20 values."

TSTR = Measure(
    "tstr_auc",
    "Train on synthetic, test on real (AUC or R²)",
    "utility",
    "higher",
    1.0,
    "How well boosted trees learned from synthetic rows predict the target of real rows; the "
    "reference learned from as many real rows.",
    f"{SCORE} HistGradientBoosting with its defaults.",
    "Esteban, Hyland & Rätsch 2017; interval: 100 Poisson bootstraps of the test rows.",
)
F1 = Measure(
    "tstr_f1",
    "Train on synthetic, test on real (F1)",
    "utility",
    "higher",
    1.0,
    "How many of the real rows' classes are named right by boosted trees learned from synthetic rows, "
    "rare ones as important as frequent ones.",
    "Mean over the classes of 2 TP / (2 TP + FP + FN), the most probable class being named.",
    TSTR.source,
)
RMSE = Measure(
    "tstr_rmse",
    "Train on synthetic, test on real (RMSE)",
    "utility",
    "lower",
    0.0,
    "By how much boosted trees learned from synthetic rows miss a real number, in its own unit.",
    "Root of the mean squared error.",
    TSTR.source,
    has_scale=False,
)
LINEAR_SCORE = Measure(
    "tstr_linear",
    "Train on synthetic, test on real (linear model)",
    "utility",
    "higher",
    1.0,
    "How well a logistic regression (of a number: a ridge regression) learned from synthetic rows, on ranks "
    "and one-hot categories, predicts the target of real rows.",
    SCORE,
    TSTR.source,
)
FOREST_SCORE = Measure(
    "tstr_extra_trees",
    "Train on synthetic, test on real (extremely random trees)",
    "utility",
    "higher",
    1.0,
    "How well 50 extremely random trees learned from synthetic rows predict the target of real rows.",
    SCORE,
    TSTR.source,
)
IMPORTANCE = Measure(
    "importance_agreement",
    "Agreement on what matters",
    "utility",
    "higher",
    1.0,
    "1: boosted trees from synthetic rows rank the columns by importance as trees from real rows do; 0: "
    "no relation. The reference is two halves of the real rows.",
    "Spearman's correlation of permutation importances (score lost once a column is permuted).",
    "Breiman 2001, Random forests; interval: 100 Poisson bootstraps of the test rows.",
    overfits=False,
)
RANKING = Measure(
    "model_ranking_agreement",
    "Agreement on which model is best",
    "utility",
    "higher",
    1.0,
    "1: five models trained on synthetic rows come in the same order of quality as those trained on "
    "real rows. The reference is two halves of the real rows.",
    "Spearman's correlation of the scores of boosted trees, a linear model, extremely random trees, a "
    "decision tree and 15 nearest neighbours on the real test rows.",
    "Jordon, Yoon & van der Schaar 2018, Measuring the quality of synthetic data for use in "
    "competitions; interval: 100 Poisson bootstraps of the test rows.",
    overfits=False,
)
MEASURES = (TSTR, F1, RMSE, LINEAR_SCORE, FOREST_SCORE, IMPORTANCE, RANKING)


def is_regression(table: pd.DataFrame, target: Hashable, *, schema: Schema | None = None) -> bool:
    """Whether a target is predicted as a number: a date, or numeric with more than 20 different values."""
    kind = column_kinds(table, schema=schema).get(target)
    return kind == "datetime" or (kind == "numeric" and int(table[target].nunique()) > MAX_CLASSES)


def tstr_auc(
    train: pd.DataFrame,
    holdout: pd.DataFrame,
    target: Hashable,
    seed: int = 0,
    *,
    schema: Schema | None = None,
    max_rows: int = TRAIN_ROWS,
) -> float:
    """Score on the real holdout of boosted trees trained on `train` (synthetic: TSTR, real: TRTR).

    AUC for classes (several: one against the rest, mean over the classes of the holdout), R2 for a
    date and for a number with more than 20 different values. Rows without a target are left out, at most
    `max_rows` rows are learned from. Rows of a single class teach nothing: .5 (R2: 0).
    Source: Esteban, Hyland & Rätsch 2017.
    """
    schema = schema or judged_schema(holdout)
    kinds = column_kinds(holdout, train, schema=schema)
    if target not in kinds:
        raise SchemaError(f"Column {target!r} is not in the table. Name one of its columns.")
    if len(schema) < 2:
        raise SchemaError(f"Column {target!r}: there is no other column to predict it from.")
    task = Task(
        target, kinds[target], is_number=is_regression(holdout, target, schema=schema), was_given=True
    )
    learned = draw_rows(task.complete(train), max_rows, np.random.default_rng(seed))
    judged = task.complete(holdout)
    if len(judged) == 0:
        raise SchemaError(f"Column {target!r}: every row of the holdout lacks it. Name another target.")
    nothing = 0.0 if task.is_number else 0.5
    if len(learned) == 0:
        return nothing
    truths = _truths(task, learned, judged)
    columns = compare(judged, learned, schema=schema, ignore=[target])
    problem = Problem(task, tuple(columns), truths[::-1], real=(0,))
    rows, learned_from = problem.boosting_rows
    if not has_values(learned_from).any():
        return nothing
    with one_thread():
        predicted = problem.learned(BOOSTING, {1: slice(None)}, seed).predict(rows)
    truth = Truth(truths[1], task.is_number, weights=np.ones((1, len(judged))))
    return float(truth.score(predicted)[0])


def utility_metrics(tables: Tables) -> Family:
    """Models that learned from synthetic rows, tried on real rows that the generator has not seen.

    The target is `tables.target`, else the last column that others predict (see `find_task`); the
    notes say which. The reference learned from as many real rows, the floor from shuffled columns:
    boosted trees from at most 50,000 rows of each, all five models from 5,000 (`details`,
    "utility_models"). All predict the same 10,000 rows at most. Intervals draw those rows again;
    the models stay as they are.
    """
    task = find_task(tables)
    if isinstance(task, str):
        return Family.undefined(MEASURES, task)
    trial = Trial.of(task, tables)
    if isinstance(trial, str):
        return Family.undefined(MEASURES, trial)
    where = "" if tables.holdout is not None else "; tried on half of the training rows: no holdout"
    boosted = [trial.boosted[side] for side in (SYNTHETIC, REAL, SHUFFLED)]
    score = "R²" if task.is_number else "AUC"
    metrics = [_found(TSTR, trial, [trial.truth.score(p) for p in boosted], f"{score}, {task.note}{where}")]
    metrics += _by_kind(trial, boosted, f"{task.note}{where}")
    for measure, model in ((LINEAR_SCORE, LINEAR), (FOREST_SCORE, TREES)):
        scores = [trial.scores[model, side] for side in (SYNTHETIC, REAL, SHUFFLED)]
        metrics.append(_found(measure, trial, scores, f"{score}, learned from {trial.n_half} rows"))
    importances = trial.importances(tables.rng("importances"))
    metrics.append(_agreement(IMPORTANCE, trial, importances))
    ranked = {side: np.array([trial.scores[model, side] for model in MODELS]) for side in trial.halves}
    metrics.append(_agreement(RANKING, trial, ranked))
    frame = pd.DataFrame({"column": pd.Series([c.name for c in trial.problem.columns], dtype=object)})
    for side in (REAL, OTHER, SYNTHETIC):
        frame[NAMES[side].replace(" ", "_")] = importances[side][:, 0]
    return Family(tuple(metrics), {"utility_models": trial.table(), "utility_importances": frame})


def _by_kind(trial: Trial, boosted: list[FloatArray], note: str) -> list[Metric]:
    """F1 of classes and RMSE of numbers; the other one says why it is not there."""
    if trial.task.is_number:
        errors = [trial.truth.rmse(predicted) for predicted in boosted]
        found = _found(RMSE, trial, errors, f"in the unit of the target, {note}", bounds=(0.0, np.inf))
        return [F1.undefined("the target is a number"), found]
    named = [trial.truth.f1(predicted) for predicted in boosted]
    return [_found(F1, trial, named, note), RMSE.undefined("the target is a class")]


def _found(
    measure: Measure,
    trial: Trial,
    scores: list[FloatArray],
    note: str,
    *,
    bounds: Interval = (-np.inf, 1.0),
) -> Metric:
    """The metric of scores from synthetic, real and shuffled rows, each with its draws."""
    three = [float(score[0]) for score in scores]
    interval = normal(three[0], scores[0][1:], bounds=bounds)
    return measure.of_three(three, interval=interval, rows=len(trial.truth.cells), note=note)


def _agreement(measure: Measure, trial: Trial, ranked: dict[int, FloatArray]) -> Metric:
    """Rank correlation of figures of models from real rows with those from other rows.

    Shape of each of `ranked`: [figures, 1 + draws].
    """
    if len(ranked[REAL]) < MIN_RANKED:
        return measure.undefined(f"it needs at least {MIN_RANKED} columns beside the target")
    synthetic, other, shuffled = (
        _spearman(ranked[REAL], ranked[side]) for side in (SYNTHETIC, OTHER, SHUFFLED)
    )
    if np.isnan(synthetic[0]):
        return measure.undefined("they are all equal in one of the tables", rows=len(trial.truth.cells))
    return _found(
        measure,
        trial,
        [np.nan_to_num(synthetic), other, shuffled],
        f"learned from {trial.n_half} rows",
        bounds=(-1.0, 1.0),
    )


def _spearman(first: FloatArray, second: FloatArray) -> FloatArray:
    """Rank correlation down the rows, NaN of equal figures. Shape: two of [figures, draws] -> [draws]."""
    ranks = [stats.rankdata(side, axis=0) - (len(side) + 1) / 2 for side in (first, second)]
    spread = np.sqrt((ranks[0] ** 2).sum(axis=0) * (ranks[1] ** 2).sum(axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((ranks[0] * ranks[1]).sum(axis=0) / spread)


def _truths(task: Task, *tables: pd.DataFrame) -> tuple[FloatArray, ...]:
    """The target in every table: numbers, or codes of all its classes."""
    if task.is_number:
        return tuple(as_numbers(table[task.target], task.kind) for table in tables)
    cells = [table[task.target].astype(object).to_numpy() for table in tables]
    codes = pd.factorize(np.concatenate(cells))[0].astype(np.float64)
    return tuple(np.split(codes, np.cumsum([len(side) for side in cells])[:-1]))
