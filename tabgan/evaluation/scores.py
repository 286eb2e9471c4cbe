"""How good predictions are: scores and the same scores on rows drawn again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tabgan.evaluation.features import FloatArray
from tabgan.evaluation.intervals import BOOTSTRAPS

FARTHEST = 1e6


@dataclass(frozen=True)
class Truth:
    """The target of the test rows, and how often each row is drawn in every resample.

    `cells` are numbers, or codes of classes from 0. The first row of `weights` is 1 everywhere: the
    rows as they are. Shape: cells [rows], weights [1 + draws, rows].
    """

    cells: FloatArray
    is_number: bool
    weights: FloatArray

    @classmethod
    def of(cls, cells: FloatArray, rng: np.random.Generator, *, is_number: bool) -> Truth:
        """With 100 resamples in which every row is drawn a Poisson number of times, 1 in the mean.

        Source: Oza & Russell 2001, Online bagging (the Poisson bootstrap).
        """
        weights = rng.poisson(1.0, (BOOTSTRAPS + 1, len(cells))).astype(np.float64)
        weights[0] = 1.0
        return cls(cells, is_number, weights)

    def rows(self, n_rows: int) -> Truth:
        """The truth of the first rows."""
        return Truth(self.cells[:n_rows], self.is_number, self.weights[:, :n_rows])

    @property
    def classes(self) -> list[int]:
        """Codes of the classes among the rows."""
        return [int(code) for code in np.unique(self.cells)]

    def score(self, predicted: FloatArray) -> FloatArray:
        """R2 of numbers, else the mean AUC of every class against the rest. Shape: [1 + draws].

        Shape of `predicted`: [rows], or probabilities [rows, classes].
        """
        if self.is_number:
            return self.r2(predicted)
        classes = self.classes
        # Of two classes both AUCs are equal, once no third one is ever predicted.
        scored = classes[:1] if len(classes) == 2 and predicted.shape[1] == 2 else classes
        aucs = [resampled_auc(self.cells == code, predicted[:, code], self.weights) for code in scored]
        return np.asarray(np.mean(aucs, axis=0))

    def r2(self, predicted: FloatArray) -> FloatArray:
        """1 - squared error over the variance. Shape: [1 + draws].

        A prediction counts as at most a million times the target's range away. A draw in which all
        rows are equal has no variance and counts as the rows as they are.
        """
        scale = float(np.abs(self.cells).max()) or 1.0
        centre = float((self.cells / scale).mean())
        width = float(np.abs(self.cells / scale - centre).max()) or 1.0
        with np.errstate(over="ignore"):
            guess = np.clip((predicted / scale - centre) / width, -FARTHEST, FARTHEST)
        truth = (self.cells / scale - centre) / width
        totals = np.maximum(self.weights.sum(axis=1), 1.0)
        spread = self.weights @ truth**2 - (self.weights @ truth) ** 2 / totals
        error = self.weights @ (truth - guess) ** 2
        is_flat = spread < 1e-12 * totals
        scores = 1 - error / np.where(is_flat, 1.0, spread)
        return np.where(is_flat, scores[0], scores)

    def rmse(self, predicted: FloatArray) -> FloatArray:
        """Root of the mean squared error, in the unit of the target. Shape: [1 + draws]."""
        # What keeps the squares of very large numbers finite.
        scale = float(max(np.abs(self.cells).max(), np.abs(predicted).max())) or 1.0
        squares = (self.cells / scale - predicted / scale) ** 2
        totals = np.maximum(self.weights.sum(axis=1), 1.0)
        with np.errstate(over="ignore"):
            return np.asarray(np.sqrt(self.weights @ squares / totals) * scale)

    def f1(self, predicted: FloatArray) -> FloatArray:
        """Mean over the classes of the rows of F1, the most probable class being named."""
        named = predicted.argmax(axis=1)
        found = []
        for code in self.classes:
            is_class, is_named = self.cells == code, named == code
            right = self.weights @ (is_class & is_named)
            # A class that a draw misses and nobody names has no F1; it counts 0 and hardly occurs.
            either = np.maximum(self.weights @ is_class + self.weights @ is_named, 1.0)
            found.append(2 * right / either)
        return np.asarray(np.mean(found, axis=0))

    def average_precision(self, scores: FloatArray, code: int) -> FloatArray:
        """Average precision of finding a class by its score. Shape: [1 + draws]."""
        return resampled_average_precision(self.cells == code, scores, self.weights)


def resampled_auc(is_positive: FloatArray, scores: FloatArray, weights: FloatArray) -> FloatArray:
    """AUC under every row of weights; ties count half, .5 where a class is absent.

    Shape: [rows], [rows], [draws, rows] -> [draws].

    >>> weights = np.array([[1.0, 1.0, 1.0, 1.0], [1.0, 0.0, 2.0, 1.0]])
    >>> resampled_auc(np.array([False, True, False, True]), np.array([0.1, 0.2, 0.3, 0.4]), weights)
    array([0.75, 1.  ])
    """
    positive, negative = _by_score(is_positive, scores, weights)
    below = np.cumsum(negative, axis=1) - negative
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    above = (positive * (below + negative / 2)).sum(axis=1)
    return np.where(pairs > 0, above / np.maximum(pairs, 1e-300), 0.5)


def resampled_average_precision(
    is_positive: FloatArray, scores: FloatArray, weights: FloatArray
) -> FloatArray:
    """Sum over thresholds of precision times the recall gained; 0 where no row is positive."""
    positive, negative = (side[:, ::-1] for side in _by_score(is_positive, scores, weights))
    hits, named = np.cumsum(positive, axis=1), np.cumsum(positive + negative, axis=1)
    total = positive.sum(axis=1)
    gained = (positive * hits / np.maximum(named, 1e-300)).sum(axis=1)
    return np.asarray(gained / np.maximum(total, 1.0))


def _by_score(
    is_positive: FloatArray, scores: FloatArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Weight of the positive and the negative rows at every different score, lowest first."""
    order = np.argsort(scores, kind="stable")
    ordered = scores[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    is_first = np.asarray(is_positive, dtype=np.bool_)[order]
    drawn = weights[:, order]
    positive, negative = (np.add.reduceat(drawn * side, starts, axis=1) for side in (is_first, ~is_first))
    return np.asarray(positive), np.asarray(negative)
