"""The classifier two-sample test: can boosted trees tell synthetic rows from real ones, and by what?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from tabgan.evaluation import propensity
from tabgan.evaluation.bins import quantiles
from tabgan.evaluation.features import (
    SECONDS_PER_DAY,
    ComparedColumn,
    FloatArray,
    categorical_features,
    classifier_matrix,
    column_kinds,
    compare,
    draw_rows,
    feature_slices,
    has_values,
)
from tabgan.evaluation.fidelity import column_shapes
from tabgan.evaluation.intervals import auc_interval
from tabgan.evaluation.metric import Family, Measure
from tabgan.evaluation.permutation import predict_permuted
from tabgan.evaluation.tables import Tables
from tabgan.evaluation.texts import printable
from tabgan.evaluation.threads import one_thread
from tabgan.schema import Schema, judged_schema

C2ST_ROWS = 20_000
FOLDS = 5
MAX_CELLS = 20_000_000  # of both tables together, so that a wide table is judged on fewer rows
MAX_FEATURES = 500  # of one classifier: time grows with them, whatever the rows
ROUNDED_BINS = 20
PERMUTED_ROWS = 2_000  # held-out rows a column is permuted in
ALONE_TREES = 20
TELLING = 0.01  # of AUC: a column that loses less is not named
SECONDS_PER_HOUR = 3_600
TRIED_COLUMNS = 60  # of a wider table those that differ most by themselves

C2ST = Measure(
    "c2st_auc",
    "Classifier test (C2ST AUC)",
    "fidelity",
    "lower",
    0.5,
    "0.5: boosted trees cannot tell synthetic rows from real ones; 1: they always can. Clearly "
    "below the reference: synthetic rows repeat real ones.",
    "AUC of out-of-fold scores, 5 folds, HistGradientBoostingClassifier with its defaults, as many "
    "synthetic rows as real rows not learned from; of more than 500 features each fold draws its own 500.",
    "Lopez-Paz & Oquab 2017, Revisiting classifier two-sample tests; interval: DeLong et al. 1988.",
)
ROUNDED = Measure(
    "c2st_rounded_auc",
    "Classifier test after rounding",
    "fidelity",
    "lower",
    0.5,
    "The classifier test with numbers cut into 20 bins. If this is near 0.5 and the classifier test is not, "
    "only how numbers are rounded or repeated gives synthetic rows away; if it is as high, relations do.",
    "As the classifier test; every number is its bin between quantiles of the real rows, a time its bin, "
    "weekday and hour.",
    "Lopez-Paz & Oquab 2017; interval: DeLong et al. 1988.",
)
MEASURES = (C2ST, ROUNDED, *propensity.MEASURES)


@dataclass(frozen=True)
class _Trial:
    """The test of one pair of tables: scores of every row, and the model of every fold."""

    rows: FloatArray
    is_synthetic: npt.NDArray[np.int64]
    scores: FloatArray
    folds: list[tuple[HistGradientBoostingClassifier, npt.NDArray[np.bool_], npt.NDArray[np.int64]]]

    @property
    def auc(self) -> float:
        return float(roc_auc_score(self.is_synthetic, self.scores))

    @property
    def interval(self) -> tuple[float, float]:
        return auc_interval(self.scores[self.is_synthetic == 1], self.scores[self.is_synthetic == 0])


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
    stratified folds; of more than 500 features each fold draws its own 500. Give real rows that the
    generator has not seen. Both tables are cut at random to the size of the smaller one (and to
    `max_rows`). Identifiers are left out. A table with fewer than 5 rows or nothing to compare gives .5.
    Source: Lopez-Paz & Oquab 2017, Revisiting classifier two-sample tests.
    """
    schema = schema or judged_schema(real)
    column_kinds(real, synthetic, schema=schema)
    rng = np.random.default_rng(seed)
    n_rows = min(len(real), len(synthetic), max_rows)
    drawn = [draw_rows(table, n_rows, rng) for table in (real, synthetic)]
    columns = compare(*drawn, schema=schema)
    if not columns or n_rows < FOLDS:
        return 0.5
    with one_thread():
        return _trial(columns, (0, 1), seed).auc


def detection_metrics(tables: Tables) -> Family:
    """Whether classifiers tell synthetic rows from real rows that the generator has not seen.

    The reference is training rows against those unseen rows, the floor shuffled columns against
    them, all of equal size: at most 20,000 rows a side and 20 million cells. Of a wide table each
    fold's classifier sees 500 columns, by lot. Intervals of the two
    AUCs are DeLong's: other rows, the same classifier. `details["c2st_columns"]` says which
    columns give synthetic rows away; of a wide table the 60 that differ most by themselves.
    """
    sides = tables.sides(max(FOLDS, min(C2ST_ROWS, MAX_CELLS // (2 * max(1, len(tables.schema))))))
    n_rows = min(len(side) for side in sides)
    compared = sides.reference, sides.synthetic, sides.real, sides.floor
    drawn = [draw_rows(table, n_rows, tables.rng("detection")) for table in compared]
    columns = compare(*drawn, schema=tables.schema)
    if not columns:
        return Family.undefined(MEASURES, "there is no column to compare")
    if n_rows < FOLDS:
        return Family.undefined(MEASURES, f"it needs at least {FOLDS} rows of each table")
    trials = [_trial(columns, (0, other), tables.seed) for other in (1, 2, 3)]
    coarse = [_rounded(column) for column in columns]
    rounded = trials
    if any(column.is_numeric for column in columns):
        rounded = [_trial(coarse, (0, other), tables.seed) for other in (1, 2, 3)]
    tried = _tried(columns, drawn, tables)
    frame = _giving_away(columns, tried, (trials[0], rounded[0]), tables)
    # Where the test finds nothing, the drops are noise and name nobody.
    is_told = trials[0].interval[0] > max(0.5, trials[1].auc)
    metrics = [
        measure.of_three([t.auc for t in found], interval=found[0].interval, rows=2 * n_rows, note=note)
        for measure, found, note in ((C2ST, trials, _told(frame) if is_told else ""), (ROUNDED, rounded, ""))
    ]
    metrics += propensity.propensity_metrics(drawn, tables)
    return Family(tuple(metrics), {"c2st_columns": frame})


def _trial(
    columns: Sequence[ComparedColumn],
    pair: tuple[int, int],
    seed: int,
    *,
    n_folds: int = FOLDS,
    n_trees: int = 100,
) -> _Trial:
    """Out-of-fold scores of the rows of two tables, of which the second is called synthetic."""
    sides = [classifier_matrix(columns, table) for table in pair]
    rows, is_categorical = np.concatenate(sides), categorical_features(columns)
    is_synthetic = np.repeat([0, 1], [len(side) for side in sides]).astype(np.int64)
    trial = _Trial(rows, is_synthetic, np.full(len(rows), 0.5), [])
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    lots = np.random.default_rng(seed)
    for train, test in folds.split(rows, is_synthetic):
        kept = has_values(rows[train])
        n_left_out = max(0, np.count_nonzero(kept) - MAX_FEATURES)
        kept[lots.choice(np.flatnonzero(kept), n_left_out, replace=False)] = False
        if kept.any():
            model = HistGradientBoostingClassifier(
                max_iter=n_trees, categorical_features=is_categorical[kept], random_state=seed
            )
            model.fit(rows[train][:, kept], is_synthetic[train])
            trial.scores[test] = model.predict_proba(rows[test][:, kept])[:, 1]
            trial.folds.append((model, kept, test))
    return trial


def _rounded(column: ComparedColumn) -> ComparedColumn:
    """A number as its bin between quantiles of the real rows; a time as its whole hour's bin.

    A time keeps its weekday and hour: it is moved to that hour of the first such day of its bin.
    """
    if not column.is_numeric:
        return column
    real = np.concatenate([column.numbers[0], column.numbers[2]])
    edges = np.unique(quantiles(real[~np.isnan(real)], ROUNDED_BINS))
    rounded = []
    for numbers in column.numbers:
        bins = np.searchsorted(edges, numbers, side="right").astype(np.float64)
        if column.kind == "datetime":
            # As classifier_matrix reads it: any week, the same weekday, the same hour.
            week = 7 * SECONDS_PER_DAY
            bins = bins * week + np.floor(numbers % week / SECONDS_PER_HOUR) * SECONDS_PER_HOUR
        rounded.append(np.where(np.isnan(numbers), np.nan, bins))
    return ComparedColumn(column.name, column.kind, numbers=tuple(rounded))


def _tried(
    columns: Sequence[ComparedColumn], drawn: Sequence[pd.DataFrame], tables: Tables
) -> Sequence[ComparedColumn]:
    if len(columns) <= TRIED_COLUMNS:
        return columns
    scores = column_shapes(drawn[0], drawn[1], schema=tables.schema).scores
    return sorted(columns, key=lambda column: scores[column.name])[:TRIED_COLUMNS]


def _giving_away(
    columns: Sequence[ComparedColumn],
    tried: Sequence[ComparedColumn],
    trials: tuple[_Trial, _Trial],
    tables: Tables,
) -> pd.DataFrame:
    """What each column adds to the test, with others and by itself; the most telling first."""
    places = dict(zip((column.name for column in columns), feature_slices(columns), strict=True))
    features = [places[column.name] for column in tried]
    frame = pd.DataFrame({"column": pd.Series([column.name for column in tried], dtype=object)})
    for name, trial in zip(("auc_drop", "auc_drop_rounded"), trials, strict=True):
        frame[name] = _drops(trial, features, tables.rng("c2st_columns"))
    frame["auc_alone"] = [_alone(column, tables) for column in tried]
    frame = frame.sort_values("auc_drop", ascending=False, kind="stable")
    ordered: pd.DataFrame = frame.reset_index(drop=True)
    return ordered


def _drops(trial: _Trial, features: Sequence[slice], rng: np.random.Generator) -> list[float]:
    """AUC lost on held-out rows once a column (all its features together) is permuted."""
    chosen = [
        (model, kept, rng.choice(test, min(len(test), PERMUTED_ROWS // FOLDS), replace=False))
        for model, kept, test in trial.folds
    ]
    if not chosen:
        return [0.0] * len(features)
    places = np.concatenate([test for _, _, test in chosen])
    truth = trial.is_synthetic[places]
    if truth.min() == truth.max():
        return [0.0] * len(features)
    whole = roc_auc_score(truth, trial.scores[places])
    orders = [[rng.permutation(len(test)) for _, _, test in chosen] for _ in features]
    scores = [
        predict_permuted(_scores_of(model, kept), trial.rows[test], features, [one[fold] for one in orders])
        for fold, (model, kept, test) in enumerate(chosen)
    ]
    return [float(whole - roc_auc_score(truth, np.concatenate(score))) for score in zip(*scores, strict=True)]


def _scores_of(
    model: HistGradientBoostingClassifier, kept: npt.NDArray[np.bool_]
) -> Callable[[FloatArray], FloatArray]:
    return lambda rows: np.asarray(model.predict_proba(rows[:, kept])[:, 1])


def _alone(column: ComparedColumn, tables: Tables) -> float:
    """Out-of-fold AUC of small boosted trees that see this column only."""
    step = -(-len(column.cells[0]) // PERMUTED_ROWS)
    thinned = column.rows([slice(None, None, step)] * len(column.cells))
    if len(thinned.cells[0]) < FOLDS:
        return 0.5
    return _trial([thinned], (0, 1), tables.seed, n_folds=2, n_trees=ALONE_TREES).auc


def _told(frame: pd.DataFrame) -> str:
    """The columns that matter most, for the note; no cell value among them."""
    telling = [printable(name) for name in frame["column"][frame["auc_drop"] > TELLING][:3]]
    return f"columns that give rows away: {', '.join(telling)}" if telling else ""
