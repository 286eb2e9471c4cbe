"""How useful a synthetic table is: train on synthetic rows, test on real ones."""

from __future__ import annotations

import warnings
from collections.abc import Hashable
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
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
from tabgan.schema import Schema, infer_schema

_Options: TypeAlias = dict[str, Any]

MAX_CLASSES = 20
TRAIN_ROWS = 100_000


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
    return score(features, (train[target], holdout[target]), options)


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
