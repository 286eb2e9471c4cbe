"""Distances between two samples as a whole, and how varied the classes of a sample are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg
from scipy.spatial.distance import cdist

from tabgan.evaluation.features import FloatArray
from tabgan.evaluation.intervals import BOOTSTRAPS

PERMUTATIONS = 200


@dataclass(frozen=True)
class Discrepancy:
    """Squared MMD, the same with rows drawn again, and the p-value of equal distributions."""

    value: float
    draws: FloatArray
    p_value: float


def frechet_distance(first: FloatArray, second: FloatArray) -> float:
    """Squared Frechet distance of two normal distributions with the samples' means and covariances.

    Shape: [rows, dimensions] each, at least 2 rows.
    Source: Dowson & Landau 1982; on images it is the FID of Heusel et al. 2017.

    >>> rows = np.array([[0.0], [2.0]])
    >>> round(frechet_distance(rows, rows + 3), 9)  # equal spread, 3 apart
    9.0
    """
    shift = first.mean(axis=0) - second.mean(axis=0)
    covariances = [np.atleast_2d(np.cov(side, rowvar=False)) for side in (first, second)]
    values, vectors = linalg.eigh(covariances[0])
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    # The trace of a root is the sum of the roots of the eigenvalues: no root of a product is needed.
    joint = np.maximum(linalg.eigvalsh(root @ covariances[1] @ root), 0)
    spread = np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * np.sqrt(joint).sum()
    return max(0.0, float(shift @ shift + spread))


def inception_score(probability: FloatArray) -> float:
    """How sure the class of every row is and how varied the classes of all rows are.

    The exponential of the mean Kullback-Leibler divergence of a row's classes from those of all.

    1 where every row gets the same classes, the number of classes where each row gets one and
    all are equally frequent. Shape: [rows, classes]. Source: Salimans et al. 2016.

    >>> round(inception_score(np.eye(3)), 9), inception_score(np.full((3, 3), 1 / 3))
    (3.0, 1.0)
    """
    floor = np.finfo(np.float64).tiny
    mean = np.log(np.maximum(probability.mean(axis=0), floor))
    divergence = probability * (np.log(np.maximum(probability, floor)) - mean)
    return float(np.exp(divergence.sum(axis=1).mean()))


def maximum_mean_discrepancy(first: FloatArray, second: FloatArray, rng: np.random.Generator) -> Discrepancy:
    """Unbiased squared MMD of samples of equal size, with a Gaussian kernel of median width.

    The p-value is that of 200 permutations of the rows between both samples. Below 0 by chance
    where the samples are alike. Shape: [rows, dimensions] each, at least 2 rows.
    Source: Gretton et al. 2012, A kernel two-sample test, lemma 6 and section 8 (median heuristic).
    """
    n_rows = len(first)
    kernel = _kernel(np.concatenate([first, second]))
    signs = np.repeat([1.0, -1.0], n_rows)
    permuted = np.array([rng.permutation(signs) for _ in range(PERMUTATIONS)])
    value = float(_mmd(kernel, signs[None])[0])
    as_far = int((_mmd(kernel, permuted) >= value - 1e-12).sum())
    drawn = [rng.multinomial(n_rows, np.full(n_rows, 1 / n_rows), BOOTSTRAPS) for _ in range(2)]
    draws = _mmd(kernel, np.hstack([drawn[0], -drawn[1]]).astype(np.float64))
    return Discrepancy(value, draws, (1 + as_far) / (1 + PERMUTATIONS))


def _kernel(points: FloatArray) -> FloatArray:
    """Gaussian kernel of all pairs; 0 between a row and itself."""
    squared = cdist(points, points, "sqeuclidean")
    apart = squared[np.triu_indices(len(points), 1)]
    width = float(np.median(apart)) or float(apart.mean()) or 1.0
    kernel = np.exp(-squared / (2 * width))
    np.fill_diagonal(kernel, 0.0)
    return np.asarray(kernel)


def _mmd(kernel: FloatArray, weights: FloatArray) -> FloatArray:
    """Squared MMD of each row of weights: those above 0 are of one sample, those below of the other."""
    sides = [np.maximum(weights, 0), np.maximum(-weights, 0)]
    smoothed = [side @ kernel for side in sides]
    within = 0.0
    for side, smooth in zip(sides, smoothed, strict=True):
        total = side.sum(axis=1)
        within = within + (side * smooth).sum(axis=1) / (total * (total - 1))
    across = (sides[0] * smoothed[1]).sum(axis=1) / (sides[0].sum(axis=1) * sides[1].sum(axis=1))
    return np.asarray(within - 2 * across)
