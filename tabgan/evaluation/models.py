"""Five models of scikit-learn that predict a target, on one reading of all tables."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from tabgan.evaluation.embedding import column_ranks, embed, own_codes
from tabgan.evaluation.features import (
    ComparedColumn,
    FloatArray,
    IntArray,
    categorical_features,
    classifier_matrix,
    compare,
    has_values,
)
from tabgan.evaluation.targets import Task, truths_of
from tabgan.schema import Schema

BOOSTING = "hist_gradient_boosting"
LINEAR = "linear"
TREES = "extra_trees"
TREE = "decision_tree"
NEIGHBOURS = "nearest_neighbours"
MODELS = (BOOSTING, LINEAR, TREES, TREE, NEIGHBOURS)
NEIGHBOUR_ROWS = 2_000  # learned from by nearest neighbours, whose time grows with them
TREE_CATEGORIES = 254

# Number, class, options. Small, so that five models on four tables take seconds.
ESTIMATORS: dict[str, tuple[Callable[..., Any], Callable[..., Any], dict[str, Any]]] = {
    BOOSTING: (HistGradientBoostingRegressor, HistGradientBoostingClassifier, {}),
    LINEAR: (Ridge, LogisticRegression, {}),
    TREES: (ExtraTreesRegressor, ExtraTreesClassifier, {"n_estimators": 50, "min_samples_leaf": 3}),
    TREE: (DecisionTreeRegressor, DecisionTreeClassifier, {"max_depth": 8, "min_samples_leaf": 10}),
    NEIGHBOURS: (KNeighborsRegressor, KNeighborsClassifier, {"n_neighbors": 15, "algorithm": "brute"}),
}


@dataclass(frozen=True)
class Problem:
    """Features and target of several tables, every row with a target; `real` tables place the axes."""

    task: Task
    columns: tuple[ComparedColumn, ...]
    truths: tuple[FloatArray, ...]
    real: tuple[int, ...]

    @classmethod
    def of(cls, task: Task, tables: Sequence[pd.DataFrame], real: tuple[int, ...], schema: Schema) -> Problem:
        """The tables read alike; give only rows that have a target (`Task.complete`)."""
        columns = compare(*tables, schema=schema)
        target = next(column for column in columns if column.name == task.target)
        truths = truths_of(task, target, real)
        return cls(task, tuple(c for c in columns if c is not target), tuple(truths), real)

    @property
    def n_classes(self) -> int:
        """Classes in any table; 0 of a number."""
        return 0 if self.task.is_number else int(max(truth.max() for truth in self.truths)) + 1

    @cached_property
    def boosting_rows(self) -> list[FloatArray]:
        """Features for boosted trees, of every table; NaN where missing."""
        return [classifier_matrix(self.columns, t) for t in range(len(self.truths))]

    @cached_property
    def tree_rows(self) -> list[FloatArray]:
        """Features for other trees: ranks and codes, -1 where missing."""
        features = [_ordered(column, self.real) for column in self.columns]
        return [np.column_stack([feature[t] for feature in features]) for t in range(len(self.truths))]

    @cached_property
    def points(self) -> list[FloatArray]:
        """Features for models that need distances or sums."""
        return embed(self.columns, self.real)

    def rows_of(self, model: str) -> list[FloatArray]:
        """The features this model takes, of every table."""
        if model == BOOSTING:
            return self.boosting_rows
        return self.points if model in (LINEAR, NEIGHBOURS) else self.tree_rows

    def learned(self, model: str, rows: Mapping[int, IntArray | slice], seed: int) -> Predictor:
        """A model that has learned from these rows of each of these tables."""
        features = np.concatenate([self.rows_of(model)[table][part] for table, part in rows.items()])
        truth = np.concatenate([self.truths[table][part] for table, part in rows.items()])
        if model == NEIGHBOURS:
            features, truth = features[:NEIGHBOUR_ROWS], truth[:NEIGHBOUR_ROWS]
        kept = has_values(features)
        scale = float(np.abs(truth).max(initial=0.0)) or 1.0 if self.task.is_number else 1.0
        if len(truth) == 0 or not kept.any() or truth.min() == truth.max():
            # Nothing to learn: the one value, or the class of all rows, whatever the features.
            only = float(truth[0]) if len(truth) else 0.0
            return Predictor(None, kept, np.array([only]), self.n_classes, 1.0)
        estimator = self._estimator(model, kept, truth, seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            # Few rows and many classes, or few neighbours: the score says so by itself.
            warnings.filterwarnings("ignore", message="The number of unique classes", category=UserWarning)
            estimator.fit(features[:, kept], truth / scale)
        return Predictor(estimator, kept, np.unique(truth), self.n_classes, scale)

    def _estimator(self, model: str, kept: npt.NDArray[np.bool_], truth: FloatArray, seed: int) -> Any:
        regressor, classifier, options = ESTIMATORS[model]
        options = dict(options)
        if model == NEIGHBOURS:
            options["n_neighbors"] = min(options["n_neighbors"], len(truth))
        if model not in (NEIGHBOURS, LINEAR):
            options["random_state"] = seed
        if model == BOOSTING:
            options["categorical_features"] = categorical_features(self.columns)[kept]
            if not self.task.is_number and np.unique(truth, return_counts=True)[1].min() < 2:
                # Early stopping splits every class in two, which one row cannot be.
                options["early_stopping"] = False
        return regressor(**options) if self.task.is_number else classifier(**options)


@dataclass(frozen=True)
class Predictor:
    """A fitted model with what it needs to read features and to name classes.

    `estimator` is None where a constant is predicted, the only one of `known`.
    """

    estimator: Any
    kept: npt.NDArray[np.bool_]
    known: FloatArray
    n_classes: int
    scale: float

    def predict(self, features: FloatArray) -> FloatArray:
        """Numbers, or the probability of every class. Shape: [rows] or [rows, classes]."""
        if self.n_classes == 0:
            if self.estimator is None:
                return np.full(len(features), self.known[0])
            return np.asarray(self.estimator.predict(features[:, self.kept])) * self.scale
        probability = np.zeros((len(features), self.n_classes))
        known = self.known.astype(np.int64)
        if self.estimator is None:
            probability[:, known] = 1.0
        else:
            probability[:, known] = self.estimator.predict_proba(features[:, self.kept])
        return probability


def _ordered(column: ComparedColumn, real: Sequence[int]) -> list[FloatArray]:
    if not column.is_numeric:
        return [codes.astype(np.float64) for codes in own_codes(column, real, TREE_CATEGORIES)[0]]
    return [np.nan_to_num(ranks, nan=-1.0) for ranks in column_ranks(column.numbers, real)]
