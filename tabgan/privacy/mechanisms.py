"""All noise on statistics: the only functions that take exact statistics and give out others.

The unit is one row; neighbours differ by adding or removing one row. Each function says what its
caller must have booked in the ledger before it calls. Noise comes from the operating system, drawn
anew each time, and there is no way to ask for none.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Hashable, Mapping
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from tabgan.privacy.discrete_gaussian import IntArray, discrete_gaussian
from tabgan.privacy.entropy import FloatArray, standard_normal

Label = TypeVar("Label", bound=Hashable)

_GRID_BITS = 20  # released values are multiples of about sigma / 2**20


def gaussian_sums(sums: npt.ArrayLike, *, sensitivity: float, noise_multiplier: float) -> FloatArray:
    """Sums, such as those of clipped gradients, with Gaussian noise.

    What comes out is rounded to a fixed grid a million times finer than the noise, so that its lowest
    bits do not tell which floating point numbers sum + noise can reach (Mironov 2012). The noise itself
    is floating point; where whole numbers do, `discrete_gaussian_counts` has no such caveat.

    Shape: any -> the same. Unit: that of the sums; may be < 0.
    Privacy: adding or removing one row moves the vector by at most `sensitivity` in L2; the caller
        books one "gaussian" of this noise multiplier. Rounding is post-processing.
    Raises: ValueError for NaN or infinite sums.
    Source: Dwork & Roth 2014, appendix A.

    >>> gaussian_sums([3.0, 0.0], sensitivity=1.0, noise_multiplier=5.0).shape
    (2,)
    """
    exact = _finite(sums)
    sigma = _sigma(sensitivity, noise_multiplier)
    grid = 2.0 ** (math.floor(math.log2(sigma)) - _GRID_BITS)
    noise = sigma * standard_normal(exact.size).reshape(exact.shape)
    return np.asarray(np.rint((exact + noise) / grid) * grid, dtype=np.float64)


def discrete_gaussian_counts(
    counts: npt.ArrayLike, *, sensitivity: float, noise_multiplier: float
) -> IntArray:
    """Whole counts with whole noise, drawn exactly.

    Shape: any -> the same. Unit: rows; may be < 0.
    Privacy: adding or removing one row moves every count by a whole number and the vector by at most
        `sensitivity` in L2; the caller books one "discrete_gaussian" of this noise multiplier.
    Raises: ValueError for counts that are not whole numbers.
    Source: Canonne, Kamath & Steinke 2020.

    >>> discrete_gaussian_counts([3, 0], sensitivity=1.0, noise_multiplier=5.0).dtype
    dtype('int64')
    """
    exact = _whole(counts)
    noise = discrete_gaussian(exact.size, _sigma(sensitivity, noise_multiplier))
    return np.asarray(exact + noise.reshape(exact.shape), dtype=np.int64)


def noisy_row_count(n_rows: int, *, noise_multiplier: float) -> int:
    """Rows of the table, with noise; at least 1, so that rates and normalisers may divide by it.

    Unit: rows.
    Privacy: one row moves it by 1; the caller books one "discrete_gaussian" of sensitivity 1.
    """
    drawn = discrete_gaussian_counts([n_rows], sensitivity=1.0, noise_multiplier=noise_multiplier)
    return max(1, int(drawn[0]))


def stability_histogram(
    counts: Mapping[Label, int], *, noise_multiplier: float, threshold: int
) -> dict[Label, int]:
    """Labels whose noisy count passes the threshold, and that count; for labels nobody declared.

    Only labels that some row holds are looked at, and a row holds one label. Where a row comes or
    goes and others hold its label, this is the discrete Gaussian on one count. Where nobody else
    does, its label is looked at on one side only, and then passes with probability <= delta: the two
    outputs differ by no more. So it is never free of delta, and the threshold must be that of
    `stability_threshold`. Labels come by falling count, never in the order of the rows.

    Unit: rows.
    Privacy: sensitivity 1 (add/remove); the caller books one "stability_histogram" with this noise
        multiplier and threshold, and the delta they were made for.
    Raises: ValueError for a label with a count below 1.
    Source: Korolova, Kenthapadi, Mishra & Ntoulas 2009; Bun, Nissim & Stemmer 2016, section 3.
    """
    exact = _whole(list(counts.values()))
    if (exact < 1).any():
        raise ValueError("Expected labels that at least one row holds each.")
    noisy = discrete_gaussian_counts(exact, sensitivity=1.0, noise_multiplier=noise_multiplier)
    passed = [
        (label, count) for label, count in zip(counts, noisy.tolist(), strict=True) if count > threshold
    ]
    return dict(sorted(passed, key=_by_falling_count))


def exponential_choice(scores: npt.ArrayLike, *, sensitivity: float, epsilon: float) -> int:
    """Place of a high score, drawn with probability in proportion to exp(epsilon score / 2 sensitivity).

    The weights are taken as the exact value of their floating point numbers and drawn from in whole
    number arithmetic: none is lost to a short random number. A score that is more than 700 times
    2 sensitivity / epsilon below the best is never drawn.

    Shape: [candidates] -> place.
    Privacy: one row (add/remove) moves every score by at most `sensitivity`; the caller books one
        "exponential" of this epsilon. It is epsilon-bounded-range, so epsilon²/8-zCDP.
    Raises: ValueError for no scores, NaN or infinite ones.
    Source: McSherry & Talwar 2007; Cesar & Rogers 2021, lemma 3.4, for the cost.

    >>> exponential_choice([0.0, 1000.0], sensitivity=1.0, epsilon=1.0)
    1
    """
    exact = _finite(scores)
    if exact.ndim != 1 or exact.size == 0:
        raise ValueError(f"Expected a vector of at least one score, got shape={exact.shape}.")
    if not (epsilon > 0.0 and sensitivity > 0.0 and math.isfinite(epsilon / sensitivity)):
        raise ValueError(f"Expected epsilon and sensitivity > 0, got {epsilon!r} and {sensitivity!r}.")
    floats = np.exp((exact - exact.max()) * (epsilon / (2.0 * sensitivity)))
    weights = [int(math.ldexp(mantissa, 53)) << (exponent + 1074) for mantissa, exponent in _parts(floats)]
    left = secrets.randbelow(sum(weights))
    for place, weight in enumerate(weights):
        left -= weight
        if left < 0:
            return place
    raise AssertionError("A number below the sum is below one of the partial sums.")


def _parts(values: FloatArray) -> list[tuple[float, int]]:
    """Mantissa and exponent of each number."""
    return [math.frexp(value) for value in values.tolist()]


def _by_falling_count(item: tuple[Any, int]) -> tuple[int, str, str]:
    label, count = item
    return -count, type(label).__name__, repr(label)


def _sigma(sensitivity: float, noise_multiplier: float) -> float:
    if not (noise_multiplier > 0.0 and math.isfinite(noise_multiplier)):
        raise ValueError(f"Expected noise_multiplier > 0, got noise_multiplier={noise_multiplier!r}.")
    if not (sensitivity > 0.0 and math.isfinite(sensitivity)):
        raise ValueError(f"Expected sensitivity > 0, got sensitivity={sensitivity!r}.")
    return sensitivity * noise_multiplier


def _finite(values: npt.ArrayLike) -> FloatArray:
    exact = np.asarray(values, dtype=np.float64)
    if not np.isfinite(exact).all():
        raise ValueError("Expected finite numbers: a NaN or infinite statistic has no bounded sensitivity.")
    return exact


def _whole(values: npt.ArrayLike) -> IntArray:
    exact = np.asarray(values)
    if exact.size == 0:
        return exact.astype(np.int64)
    if exact.dtype.kind not in "iu":
        raise ValueError(f"Expected whole numbers, got dtype={exact.dtype}.")
    return exact.astype(np.int64)
