"""Bounds and quantiles of a column from the noisy counts of its cells: post-processing, free.

The cells are public: a grid of powers of two for a column nobody bounded, equal steps between bounds
that are declared or were themselves released. The caller counts rows into the cells, values beyond
the grid into its outermost cells, releases the counts by a mechanism, and comes here. No function of
this file may see an exact count.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import special

from tabgan.privacy.entropy import FloatArray


def log_edges(*, smallest: float = 2.0**-10, largest: float = 2.0**40) -> FloatArray:
    """Edges of a public grid of powers of two, of both signs, with 0 among them.

    Shape: -> [cells + 1].
    Source: the approximate bounds of Google's differential privacy library (Wilson et al. 2020).

    >>> log_edges(smallest=1.0, largest=4.0)
    array([-4., -2., -1.,  0.,  1.,  2.,  4.])
    """
    if not 0.0 < smallest <= largest < math.inf:
        raise ValueError(f"Expected 0 < smallest <= largest, got {smallest!r} and {largest!r}.")
    exponents = np.arange(math.floor(math.log2(smallest)), math.ceil(math.log2(largest)) + 1)
    powers = np.exp2(exponents)
    return np.concatenate([-powers[::-1], [0.0], powers])


def noisy_bounds(
    edges: FloatArray, noisy_counts: npt.ArrayLike, *, sigma: float, false_alarm: float = 1e-3
) -> tuple[float, float] | None:
    """Outer edges of the outermost cells that hold more than noise; None where no cell does.

    A cell counts from the level that the largest of as many empty cells passes with probability
    <= `false_alarm`. Rows in cells below it are not seen: the bounds may cut off a few.

    Shape: [cells + 1], [cells] -> two numbers.
    Privacy: post-processing of counts that were released with noise of deviation `sigma`.
    """
    counts = _as_counts(edges, noisy_counts)
    level = -sigma * float(special.ndtri(false_alarm / len(counts)))
    seen = np.flatnonzero(counts > level)
    if not len(seen):
        return None
    return float(edges[seen[0]]), float(edges[seen[-1] + 1])


def monotone_cumulative(noisy_counts: npt.ArrayLike) -> FloatArray:
    """Rows up to the end of each cell: never falling, never below 0 nor above the total.

    Noise makes the plain sum fall here and there. It is replaced by the mean of the largest sum so
    far and the smallest still to come. (Cutting each count at 0 first would pile up noise over many
    empty cells.)

    Shape: [cells] -> [cells]. Unit: rows.
    Privacy: post-processing.

    >>> monotone_cumulative([4.0, -2.0, 3.0])
    array([3., 3., 5.])
    """
    plain = np.cumsum(np.asarray(noisy_counts, dtype=np.float64))
    rising = np.maximum.accumulate(plain)
    ahead = np.minimum.accumulate(plain[::-1])[::-1]
    return np.asarray(np.clip((rising + ahead) / 2.0, 0.0, max(float(plain[-1]), 0.0)))


def noisy_quantiles(
    edges: FloatArray, noisy_counts: npt.ArrayLike, probabilities: npt.ArrayLike
) -> FloatArray:
    """Values below which these shares of the rows lie, straight lines within a cell.

    Without any row left after noise they are spread evenly over the grid.

    Shape: [cells + 1], [cells], [quantiles] -> [quantiles], rising with the probabilities.
    Privacy: post-processing.

    >>> noisy_quantiles(np.array([0.0, 1.0, 3.0]), [10, 10], [0.0, 0.5, 0.75, 1.0])
    array([0., 1., 2., 3.])
    """
    counts = _as_counts(edges, noisy_counts)
    shares = np.asarray(probabilities, dtype=np.float64)
    if not ((shares >= 0.0) & (shares <= 1.0)).all():
        raise ValueError("Expected probabilities from 0 to 1.")
    cumulative = np.concatenate([[0.0], monotone_cumulative(counts)])
    if cumulative[-1] <= 0.0:
        cumulative = np.arange(len(edges), dtype=np.float64)
    wanted = shares * cumulative[-1]
    cell = np.clip(np.searchsorted(cumulative, wanted, side="left") - 1, 0, len(counts) - 1)
    inside = cumulative[cell + 1] - cumulative[cell]
    part = np.where(inside > 0.0, (wanted - cumulative[cell]) / np.where(inside > 0.0, inside, 1.0), 0.0)
    return np.asarray(edges[cell] + np.clip(part, 0.0, 1.0) * (edges[cell + 1] - edges[cell]))


def _as_counts(edges: FloatArray, noisy_counts: npt.ArrayLike) -> FloatArray:
    counts = np.asarray(noisy_counts, dtype=np.float64)
    if counts.ndim != 1 or len(edges) != len(counts) + 1 or not len(counts):
        raise ValueError(f"Expected one more edge than counts, got {len(edges)} and {counts.size}.")
    return counts
