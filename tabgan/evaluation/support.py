"""Do synthetic rows lie where real rows lie, and everywhere they do: nearest neighbours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tabgan.evaluation.features import FloatArray, IntArray
from tabgan.evaluation.intervals import around, bootstrap, wilson
from tabgan.evaluation.metric import Interval
from tabgan.evaluation.neighbours import Points, chunks, distances, nearest

NEIGHBOURS = 5
ALPHAS = np.linspace(0, 1, 30)  # levels of alpha and beta that the curves are read at


@dataclass(frozen=True)
class Estimate:
    """A figure and the figure with its rows drawn again."""

    value: float
    resampled: Callable[[np.random.Generator], float]

    def interval(self, rng: np.random.Generator, bounds: Interval) -> Interval:
        """Bootstrap interval."""
        return bootstrap(self.value, self.resampled, rng, bounds=bounds)


@dataclass(frozen=True)
class Covered:
    """Which real spheres hold another row, and how many hold each of the other rows and no further one.

    Shape: [real], [others].
    """

    spheres: npt.NDArray[np.bool_]
    alone: IntArray


@dataclass(frozen=True)
class Spheres:
    """Real rows with the distance to their 5th nearest real row, ties and all."""

    real: Points
    radii: FloatArray

    @classmethod
    def of(cls, real: Points) -> Spheres:
        """Needs more than 5 rows."""
        # The row itself is the nearest of all.
        return cls(real, np.rint(nearest(real, real, NEIGHBOURS + 1)[0][:, -1] * real.unit))

    def around(self, others: Points) -> tuple[FloatArray, Covered]:
        """Spheres around each of the other rows, and how the spheres are covered. Shape: [others], [real]."""
        n_spheres, n_inside = np.zeros(len(others)), np.zeros(len(self.real), dtype=np.int64)
        last = np.zeros(len(self.real), dtype=np.int64)
        for chunk in chunks(others, self.real):
            is_inside = distances(others.rows(chunk), self.real) <= self.radii
            n_spheres[chunk] = is_inside.sum(axis=1)
            n_inside += is_inside.sum(axis=0)
            last = np.where(is_inside.any(axis=0), chunk.start + is_inside.argmax(axis=0), last)
        return n_spheres, Covered(n_inside > 0, np.bincount(last[n_inside == 1], minlength=len(others)))


def density(n_spheres: FloatArray) -> Estimate:
    """Mean number of real spheres around a row, over 5; about 1 for real rows, may be greater.

    Source: Naeem et al. 2020, equation 3, with Gower's distance and ties inside the sphere.
    """
    return _mean(n_spheres / NEIGHBOURS)


def coverage(covered: Covered) -> tuple[float, Interval]:
    """Share of real spheres with a row inside, and its interval, of other rows on both sides.

    The interval is the score interval of independent spheres, widened by the spheres that one other
    row holds alone: they stand or fall together, which a jackknife of the other rows tells.
    Source: Naeem et al. 2020, equation 4; Efron & Stein 1981; both errors joined as in Newcombe 1998.
    """
    n_spheres, lost = len(covered.spheres), covered.alone
    found = int(covered.spheres.sum())
    value, (low, high) = found / n_spheres, wilson(found, n_spheres)
    # The squares of single spheres are left out: that each may be hit or not is in the score interval.
    together = float(((lost - lost.mean()) ** 2).sum() - lost.sum())
    less, more = around(0.0, max(0.0, together) ** 0.5 / n_spheres)
    return value, (
        max(0.0, value - float(np.hypot(value - low, less))),
        min(1.0, value + float(np.hypot(high - value, more))),
    )


def alpha_precision(real: FloatArray, others: FloatArray) -> Estimate:
    """1 - twice the area between P(alpha) and alpha; P is the share of rows in the alpha-support.

    The alpha-support of the real rows is the ball around their mean that holds a share alpha of
    them; for the distribution of the other rows' distances d that is P(d <= quantile(alpha)).
    Source: Alaa et al. 2022, section 3, without their one-class network: the ball lies in the
    encoded space itself.
    """
    centre = real.mean(axis=0)
    radii = np.quantile(_norms(real - centre), ALPHAS)
    return _agreement(_norms(others - centre)[:, None] <= radii * (1 + 1e-9))


def beta_recall(
    real: tuple[Points, FloatArray], others: tuple[Points, FloatArray], own_distance: FloatArray
) -> Estimate:
    """1 - twice the area between R(beta) and beta; R is the share of real rows that are covered.

    A real row is covered at beta where its nearest other row is no farther than its nearest real
    one (`own_distance`) and lies in the beta-support of the other rows. Ties are halves, so that
    rows of few coarse columns are no better off. Real rows against real rows get .5 to .7.
    Source: Alaa et al. 2022, section 3, as their own code has it (k = 1), with Gower's distance.
    """
    distances_to, places = nearest(real[0], others[0])
    covered, place = _half_ties(own_distance, distances_to[:, 0]), places[:, 0]
    to_centre = _norms(others[1] - others[1].mean(axis=0))[place]
    inside = to_centre[:, None] <= np.quantile(to_centre, ALPHAS) * (1 + 1e-9)
    return _agreement(covered[:, None] * inside)


def authenticity(seen: Points, others: Points) -> Estimate:
    """Share of rows farther from their nearest seen row than that one is from its nearest seen row.

    0 for copies of seen rows, about .5 for real rows, but less in few columns of numbers, whose ranks
    set the seen rows at equal distances; ties are halves. Source: Alaa et al. 2022, section 4, with
    Gower's distance and halves.
    """
    distances_to, places = nearest(others, seen)
    sources, inverse = np.unique(places[:, 0], return_inverse=True)
    own = nearest_other(seen, sources)[inverse.reshape(-1)]
    return _mean(_half_ties(distances_to[:, 0], own))


def nearest_other(points: Points, rows: npt.NDArray[np.int64]) -> FloatArray:
    """Distance of these rows to the nearest row that is not the row itself. Shape: [rows]."""
    return nearest(points.rows(rows), points, 2)[0][:, 1]


def _half_ties(farther: FloatArray, nearer: FloatArray) -> FloatArray:
    return np.asarray((farther > nearer) + 0.5 * (farther == nearer))


def _norms(rows: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt((rows**2).sum(axis=1)))


def _agreement(found: FloatArray | npt.NDArray[np.bool_]) -> Estimate:
    """1 - twice the area between the curve of the found shares and the diagonal. Shape: [rows, levels]."""
    return over_rows(lambda rows: 1 - 2 * float(np.abs(found[rows].mean(axis=0) - ALPHAS).mean()), len(found))


def _mean(parts: FloatArray) -> Estimate:
    return over_rows(lambda rows: float(parts[rows].mean()), len(parts))


def over_rows(of_rows: Callable[[npt.NDArray[np.intp] | slice], float], n_rows: int) -> Estimate:
    """What a function says of all rows, and of rows drawn again."""

    def resampled(rng: np.random.Generator) -> float:
        return of_rows(rng.integers(n_rows, size=n_rows))

    return Estimate(of_rows(slice(None)), resampled)
