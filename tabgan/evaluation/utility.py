"""How useful a synthetic table is: train on synthetic rows, test on real ones."""

from __future__ import annotations

import warnings
from collections.abc import Hashable
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import r2_score, roc_auc_score

from tabgan.errors import SchemaError
from tabgan.evaluation.features import (
    Cells,
    FloatArray,
    as_numbers,
    classifier_matrix,
    column_kinds,
    compare,
    draw_rows,
    has_values,
)
from tabgan.evaluation.intervals import normal
from tabgan.evaluation.metric import Family, Interval, Measure, Metric
from tabgan.evaluation.models import LINEAR, MODELS, TREES
from tabgan.evaluation.tables import Tables
from tabgan.evaluation.targets import MAX_CLASSES, find_task
from tabgan.evaluation.threads import one_thread
from tabgan.evaluation.trials import NAMES, OTHER, REAL, SHUFFLED, SYNTHETIC, Trial
from tabgan.schema import Schema, infer_schema

_Options: TypeAlias = dict[str, Any]

TRAIN_ROWS = 100_000  # of tstr_auc()
MIN_RANKED = 3

TSTR = Measure(
    "tstr_auc",
    "Train on synthetic, test on real (AUC or R²)",
    "utility",
    "higher",
    1.0,
    "How well boosted trees learned from synthetic rows predict the target of real rows; the "
    "reference learned from as many real rows.",
    "AUC of each class against the rest, their mean; R² of a number with more than 20 values. "
    "HistGradientBoosting with its defaults.",
    "Esteban, Hyland & Rätsch 2017; interval: 100 Poisson bootstraps of the test rows.",
)
F1 = Measure(
    "tstr_f1",
    "Train on synthetic, test on real (F1)",
    "utility",
    "higher",
    1.0,
    "How many of the real rows' classes are named right by these boosted trees, rare ones as "
    "important as frequent ones.",
    "Mean over the classes of 2 TP / (2 TP + FP + FN), the most probable class being named.",
    TSTR.source,
)
RMSE = Measure(
    "tstr_rmse",
    "Train on synthetic, test on real (RMSE)",
    "utility",
    "lower",
    0.0,
    "By how much these boosted trees miss a real number, in its own unit.",
    "Root of the mean squared error.",
    TSTR.source,
    has_scale=False,
)
LINEAR_SCORE = Measure(
    "tstr_linear",
    "The same with a linear model",
    "utility",
    "higher",
    1.0,
    "As above, with logistic regression (ridge regression of a number) on ranks and one-hot categories.",
    TSTR.formula.split(" Hist")[0],
    TSTR.source,
)
FOREST_SCORE = Measure(
    "tstr_extra_trees",
    "The same with extremely random trees",
    "utility",
    "higher",
    1.0,
    "As above, with 50 extremely random trees.",
    TSTR.formula.split(" Hist")[0],
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
    """Whether a target is predicted as a number: numeric with more than 20 different values."""
    kind = column_kinds(table, schema=schema).get(target)
    return kind == "numeric" and int(table[target].nunique()) > MAX_CLASSES


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
    number with more than 20 different values. Rows without a target are left out, at most
    `max_rows` rows are learned from. Rows of a single class teach nothing: .5 (R2: 0).
    Source: Esteban, Hyland & Rätsch 2017.
    """
    schema = schema or infer_schema(holdout)
    if target not in column_kinds(holdout, train, schema=schema):
        raise SchemaError(f"Column {target!r} is not in the table. Name one of its columns.")
    if len(schema) < 2:
        raise SchemaError(f"Column {target!r}: there is no other column to predict it from.")
    numeric = is_regression(holdout, target, schema=schema)
    train = draw_rows(train[train[target].notna()], max_rows, np.random.default_rng(seed))
    holdout = holdout[holdout[target].notna()].reset_index(drop=True)
    if len(holdout) == 0:
        raise SchemaError(f"Column {target!r}: every row of the holdout lacks it. Name another target.")
    if len(train) == 0:
        return 0.0 if numeric else 0.5
    columns = compare(holdout, train, schema=schema, ignore=[target])
    (test_rows, is_categorical), (rows, _) = (classifier_matrix(columns, t) for t in (0, 1))
    kept = has_values(rows)
    if not kept.any():
        return 0.0 if numeric else 0.5
    options = {"categorical_features": np.array(is_categorical)[kept], "random_state": seed}
    features = (rows[:, kept], test_rows[:, kept])
    score = _r2 if numeric else _mean_auc
    with one_thread():
        return score(features, (train[target], holdout[target]), options)


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
    value, reference, floor = (float(score[0]) for score in scores)
    return measure.found(
        value,
        reference=reference,
        floor=floor,
        interval=normal(value, scores[0][1:], bounds=bounds),
        rows=len(trial.truth.cells),
        note=note,
    )


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


def _r2(features: tuple[FloatArray, FloatArray], targets: tuple[Cells, Cells], options: _Options) -> float:
    learned, truth = (as_numbers(cells, "numeric") for cells in targets)
    readable = ~np.isnan(learned)  # a synthetic table may hold text where the real one holds numbers
    if not readable.any():
        return 0.0
    # R2 has no unit; scaled, the squares of very large numbers stay finite.
    scale = max(np.abs(learned[readable]).max(), np.abs(truth).max()) or 1.0
    model = HistGradientBoostingRegressor(**options)
    model.fit(features[0][readable], learned[readable] / scale)
    return float(r2_score(truth / scale, model.predict(features[1])))


def _mean_auc(
    features: tuple[FloatArray, FloatArray], targets: tuple[Cells, Cells], options: _Options
) -> float:
    """Mean over the classes of the test rows of the AUC of that class against the rest."""
    cells = np.concatenate([column.astype(object).to_numpy() for column in targets])
    classes = pd.factorize(cells)[0].astype(np.int64)
    learned, truth = classes[: len(targets[0])], classes[len(targets[0]) :]
    present = np.unique(truth)
    known, counts = np.unique(learned, return_counts=True)
    if len(present) < 2 or len(known) < 2:
        return 0.5
    model = HistGradientBoostingClassifier(**options)
    if counts.min() < 2:
        # Early stopping splits every class in two, which one row cannot be.
        model.set_params(early_stopping=False)
    with warnings.catch_warnings():
        # Few rows and many classes: the score says so by itself.
        warnings.filterwarnings("ignore", message="The number of unique classes", category=UserWarning)
        model.fit(features[0], learned)
    probability = model.predict_proba(features[1])
    place = {label: i for i, label in enumerate(model.classes_)}
    unknown = np.zeros(len(truth))
    # Two classes have the same AUC either way.
    scored = present[:1] if len(present) == 2 and len(place) == 2 else present
    scores = [
        roc_auc_score(truth == label, probability[:, place[label]] if label in place else unknown)
        for label in scored
    ]
    return float(np.mean(scores))
