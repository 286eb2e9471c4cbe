"""How well a logistic model tells synthetic rows from real ones: figures the literature reports.

A logistic model of single columns cannot see relations between them: shuffled columns pass. Read
the classifier test first.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import linalg
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import RobustScaler

from tabgan.evaluation.features import ComparedColumn, FloatArray, compare, draw_rows, scale_of
from tabgan.evaluation.intervals import around, delong
from tabgan.evaluation.metric import Interval, Measure, Metric
from tabgan.evaluation.tables import Tables

LOGISTIC_ROWS = 5_000  # of each table
LOGISTIC_FOLDS = 3
MAX_CODES = 50  # categories of a column with a feature of their own; the others share one
MAX_FEATURES = 500
RARE = 10  # rows of both tables under which a category has no coefficient of its own
TOLERANCE = 1e-9
FAR = 1e6  # interquartile ranges from the median; beyond, a logistic model would only overflow

LOGISTIC = Measure(
    "logistic_detection",
    "Logistic detection",
    "fidelity",
    "higher",
    1.0,
    "1: a logistic model cannot tell synthetic rows from real ones; 0: it always can. It does not see "
    "relations between columns, so shuffled ones do well: read the classifier test first.",
    "1 - mean over 3 folds of max(0, 2 AUC - 1); columns scaled by their quartiles, categories one-hot.",
    "SDMetrics' LogisticDetection 0.32 (where truth values are a number); interval: DeLong "
    "et al. 1988 in every fold.",
    overfits=False,
)
PMSE = Measure(
    "pmse_ratio",
    "pMSE ratio",
    "fidelity",
    "lower",
    1.0,
    "1: a logistic model finds as little between synthetic and real rows as chance does; 10: ten times "
    "as much. It grows with the number of rows and does not see relations between columns.",
    "mean((p - c)²) / ((k - 1) c (1 - c) / N) for the propensity p of all N rows, c the synthetic share, k "
    "the coefficients of the model.",
    "Snoke, Raab, Nowok, Dibben & Slavković 2018, section 3. Their null mean has one more factor 1 - c: it "
    "is that of rows drawn from a model of the very rows they are compared with; ours are compared with "
    "rows not learned from. Interval: normal, by the noncentral chi-squared law of the statistic.",
    overfits=False,
)
MEASURES = (LOGISTIC, PMSE)


@dataclass(frozen=True)
class PropensityScore:
    """The pMSE ratio with its interval, and how many null deviations it is from 1."""

    ratio: float
    interval: Interval
    deviations: float


def propensity_metrics(drawn: Sequence[pd.DataFrame], tables: Tables) -> list[Metric]:
    """Logistic detection and pMSE ratio of tables of equal size: real, synthetic, reference, floor.

    At most 5,000 random rows of each are looked at.
    """
    cut = [draw_rows(table, LOGISTIC_ROWS, tables.rng("propensity")) for table in drawn]
    n_rows = 2 * len(cut[0])
    columns = compare(*cut, schema=tables.schema)
    pairs = [[column.tables((0, other)) for column in columns] for other in (1, 2, 3)]
    detected = [logistic_detection(pair, tables.seed) for pair in pairs]
    logistic = LOGISTIC.of_three([value for value, _ in detected], interval=detected[0][1], rows=n_rows)
    scores = [pmse_ratio(pair) for pair in pairs]
    if scores[0] is None:
        return [logistic, PMSE.undefined("no column takes different values", rows=n_rows)]
    ratios = [None if score is None else score.ratio for score in scores]
    note = f"{scores[0].deviations:+.1f} standard deviations of the null distribution"
    return [logistic, PMSE.of_three(ratios, interval=scores[0].interval, rows=n_rows, note=note)]


def logistic_detection(columns: Sequence[ComparedColumn], seed: int = 0) -> tuple[float, Interval]:
    """1 - mean of max(0, 2 AUC - 1) of a logistic model in 3 folds, with its interval.

    The columns hold two tables, real and synthetic, of at least 3 rows each. Missing numbers are
    the mean, as in SDMetrics.
    """
    features, is_synthetic = _design(columns)
    folds = StratifiedKFold(LOGISTIC_FOLDS, shuffle=True, random_state=seed)
    gains, variance = [], 0.0
    for train, test in folds.split(features, is_synthetic):
        scores = _logistic_scores(features, is_synthetic, train, test)
        held_out = is_synthetic[test]
        auc, error = delong(scores[held_out == 1], scores[held_out == 0])
        gains.append(max(0.0, 2 * auc - 1))
        variance += (2 * error / LOGISTIC_FOLDS) ** 2
    value = 1.0 - float(np.mean(gains))
    if not np.isfinite(variance):  # a fold with a single row of a side
        return value, (0.0, 1.0)
    return value, around(value, float(np.sqrt(variance)), bounds=(0.0, 1.0))


def pmse_ratio(columns: Sequence[ComparedColumn]) -> PropensityScore | None:
    """Mean squared error of the propensity over its null expectation; None of constant columns.

    Every numeric column has one coefficient and one for its missing cells, every category of at
    least 10 rows has one.
    """
    features, is_synthetic = _design(columns, with_missing=True)
    points = _independent(features)
    n_free = points.shape[1]
    if n_free == 0:
        return None
    share = float(is_synthetic.mean())
    # A weak penalty: categories of one table only have no finite coefficient.
    model = LogisticRegression(C=100.0, solver="newton-cholesky", max_iter=100)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", linalg.LinAlgWarning)
        propensity = model.fit(points, is_synthetic).predict_proba(points)[:, 1]
    statistic = float(((propensity - share) ** 2).sum()) / (share * (1 - share))
    spread = np.sqrt(2 * (n_free + 2 * max(0.0, statistic - n_free)))
    low, high = (end / n_free for end in around(statistic, float(spread), bounds=(0.0, np.inf)))
    deviations = (statistic - n_free) / np.sqrt(2 * n_free)
    return PropensityScore(statistic / n_free, (float(low), float(high)), float(deviations))


def _logistic_scores(
    features: FloatArray,
    is_synthetic: npt.NDArray[np.int64],
    train: npt.NDArray[np.int64],
    test: npt.NDArray[np.int64],
) -> FloatArray:
    # A quartile range of a denormal number is no divisor.
    with np.errstate(over="ignore", invalid="ignore"):
        scaler = RobustScaler().fit(features[train])
        scaled = np.clip(np.nan_to_num(scaler.transform(features)), -FAR, FAR)
    model = LogisticRegression(solver="lbfgs")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(scaled[train], is_synthetic[train])
    scores: FloatArray = model.predict_proba(scaled[test])[:, 1]
    return scores


def _design(
    columns: Sequence[ComparedColumn], *, with_missing: bool = False
) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """Both tables as one matrix for a logistic model, and which rows are synthetic.

    Shape: [rows, features], at most 500 features: of a wider table the first ones.
    """
    features: list[FloatArray] = []
    for column in columns:
        if len(features) >= MAX_FEATURES:
            break
        if column.is_numeric:
            features += _number_features(np.concatenate(column.numbers), with_missing=with_missing)
        else:
            features += _category_features(np.concatenate(column.codes))
    is_synthetic = np.repeat([0, 1], [len(cells) for cells in columns[0].cells]).astype(np.int64)
    return np.column_stack(features), is_synthetic


def _number_features(numbers: FloatArray, *, with_missing: bool) -> list[FloatArray]:
    is_missing = np.isnan(numbers)
    present = numbers[~is_missing]
    if len(present) == 0:
        return [np.zeros(len(numbers))]
    present = present / scale_of(present)
    filled = np.full(len(numbers), present.mean())
    filled[~is_missing] = present
    return [filled, is_missing.astype(np.float64)] if with_missing else [filled]


def _category_features(codes: npt.NDArray[np.int64]) -> list[FloatArray]:
    """One feature a category; rare ones and those beyond the 50 most frequent share one."""
    counts = np.bincount(codes + 1)
    is_own = counts >= RARE
    is_own[MAX_CODES + 1 :] = False
    features = [(codes + 1 == code).astype(np.float64) for code in np.flatnonzero(is_own)]
    if not is_own.all():
        features.append((~is_own[codes + 1]).astype(np.float64))
    return features


def _independent(features: FloatArray) -> FloatArray:
    """The same space without what is constant or follows from others; every column of variance 1."""
    centred = features - features.mean(axis=0)
    spread = np.abs(centred).max(axis=0)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        centred = np.nan_to_num(centred / spread, posinf=0.0, neginf=0.0)[:, spread > 0]
    if centred.shape[1] == 0:
        return np.zeros((len(features), 0))
    centred = centred - centred.mean(axis=0)
    centred = centred / np.maximum(np.sqrt((centred**2).mean(axis=0)), TOLERANCE)
    values, vectors = linalg.eigh(centred.T @ centred / len(centred))
    kept = values > TOLERANCE * len(values)
    points: FloatArray = centred @ (vectors[:, kept] / np.sqrt(values[kept]))
    return points
