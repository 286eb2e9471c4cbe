"""The classifier two-sample test: can boosted trees tell synthetic rows from real ones?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from tabgan.evaluation.features import classifier_matrix, column_kinds, compare, draw_rows, has_values
from tabgan.schema import Schema, infer_schema

C2ST_ROWS = 20_000
FOLDS = 5


def c2st_auc(
    real: pd.DataFrame,
    synthetic: pd.DataFrame,
    seed: int = 0,
    *,
    schema: Schema | None = None,
    max_rows: int = C2ST_ROWS,
) -> float:
    """How well boosted trees tell synthetic rows from real ones; .5 not at all, 1 always.

    Out-of-fold AUC of scikit-learn's HistGradientBoostingClassifier with its defaults, 5
    stratified folds. Give real rows that the generator has not seen. Both tables are cut at random
    to the size of the smaller one (and to `max_rows`). Identifiers are left out. A table with
    fewer than 5 rows or nothing to compare gives .5.
    Source: Lopez-Paz & Oquab 2017, Revisiting classifier two-sample tests.
    """
    schema = schema or infer_schema(real)
    column_kinds(real, synthetic, schema=schema)
    rng = np.random.default_rng(seed)
    n_rows = min(len(real), len(synthetic), max_rows)
    drawn = [draw_rows(table, n_rows, rng) for table in (real, synthetic)]
    columns = compare(*drawn, schema=schema)
    (real_rows, is_categorical), (synthetic_rows, _) = (classifier_matrix(columns, t) for t in (0, 1))
    if not is_categorical or n_rows < FOLDS:
        return 0.5
    rows = np.concatenate([real_rows, synthetic_rows])
    is_synthetic = np.repeat([0, 1], n_rows)
    scores = np.full(len(rows), 0.5)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    for train, test in folds.split(rows, is_synthetic):
        kept = has_values(rows[train])
        if kept.any():
            model = HistGradientBoostingClassifier(
                categorical_features=np.array(is_categorical)[kept], random_state=seed
            )
            model.fit(rows[train][:, kept], is_synthetic[train])
            scores[test] = model.predict_proba(rows[test][:, kept])[:, 1]
    return float(roc_auc_score(is_synthetic, scores))
