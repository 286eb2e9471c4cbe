"""The discrete Gaussian: whole numbers x with probability in proportion to exp(-x² / 2 sigma²).

Noise of whole numbers on counts has no low bits to betray the count. (Mironov 2012, "On significance
of the least significant bits for differential privacy": the floating point numbers that count +
noise can reach depend on the count.) Draws come from the inverse distribution function in whole
number arithmetic. 64 random bits decide nearly every draw; where they fall on a step of the function,
192 more bits do. What is left out is below 2**-240 in total variation: no delta is charged for it.

Source: Canonne, Kamath & Steinke 2020, "The discrete Gaussian for differential privacy".
"""

from __future__ import annotations

import bisect
import decimal
import functools
import itertools
import math
import secrets

import numpy as np
import numpy.typing as npt
from scipy import special

from tabgan.privacy.entropy import WordArray, words

IntArray = npt.NDArray[np.int64]

MAX_SIGMA = 20_000.0
_POINT = 320  # bits behind the point of a weight; the largest weight, of 0, is 1
_KEPT = 256  # weights below 2**-256 are zero
_WORD_BITS = 64
_MORE_BITS = 192


def discrete_gaussian(n: int, sigma: float, *, word_bits: int = _WORD_BITS) -> IntArray:
    """Fresh draws of the discrete Gaussian of parameter sigma.

    `word_bits`: random bits of the first look; fewer only make it undecided more often.

    Shape: -> [n].
    Raises: ValueError unless 0 < sigma <= 20,000; take continuous noise above.
    """
    if not 0.0 < sigma <= MAX_SIGMA:
        raise ValueError(f"Expected 0 < sigma <= {MAX_SIGMA:g}, got sigma={sigma!r}.")
    steps = _steps(sigma, word_bits)
    drawn = words(n) >> np.uint64(64 - word_bits)
    place = np.searchsorted(steps, drawn, side="right")
    is_open = steps[np.maximum(place - 1, 0)] == drawn
    is_open &= place > 0
    if is_open.any():
        cumulative = list(itertools.accumulate(_weights(sigma)))
        for row in np.flatnonzero(is_open):
            fine = (int(drawn[row]) << _MORE_BITS) | secrets.randbits(_MORE_BITS)
            scaled = (fine * cumulative[-1]) >> (word_bits + _MORE_BITS)
            place[row] = bisect.bisect_right(cumulative, scaled)
    return np.asarray(place - len(steps) // 2, dtype=np.int64)


def upper_tail(at_least: int, sigma: float) -> float:
    """Probability of a draw of at least that much, rounded up.

    >>> round(upper_tail(0, 1.0) + upper_tail(1, 1.0), 6)  # x >= 0, and x < 0 by symmetry
    1.0
    """
    if at_least <= 0:
        return min(1.0, (1.0 + 1e-9) - upper_tail(1 - at_least, sigma) * (1.0 - 1e-9))
    if sigma > 1000.0:  # a sum of falling terms is below the integral that starts one earlier
        return float(special.ndtr((1 - at_least) / sigma)) * (1.0 + 1e-9)
    reach = math.ceil(40.0 * sigma) + 1
    x = np.arange(at_least, at_least + reach, dtype=np.float64)
    mass = float(np.exp(-x * x / (2.0 * sigma * sigma)).sum())
    return mass / normaliser(sigma) * (1.0 + 1e-9)


def normaliser(sigma: float) -> float:
    """Sum of exp(-x² / 2 sigma²) over all whole numbers.

    >>> round(normaliser(1.0), 9)
    2.506628288
    """
    if sigma > 3.0:  # by Poisson's summation formula the rest is below exp(-170)
        return sigma * math.sqrt(2.0 * math.pi)
    x = np.arange(1, math.ceil(40.0 * sigma) + 1, dtype=np.float64)
    return 1.0 + 2.0 * float(np.exp(-x * x / (2.0 * sigma * sigma)).sum())


def gaussian_shift(sigma: float) -> float:
    """Shift mu so that telling N(0, 1) from N(mu, 1) is no harder than telling x from x + 1 under the noise.

    The trade-off function of the discrete Gaussian is a chain of chords whose knots have to lie on or
    above that of the normal pair: mu is the largest of y(m) - y(m - 1), where y(m) is the normal
    quantile of P(X < m). That is largest in the middle, m = 1, where P(X >= 1) = (1 - 1/Z) / 2. The
    excess over 1 / sigma is 1 in 24 sigma². The tests compare all m for sigma from .15 to 40; above
    3 the excess is charged double.

    Privacy: one count changes by 1; the release is mu-Gaussian-DP (Dong, Roth & Su 2019), and the
        shifts of several counts, or of one count by k, add as the root of the sum of squares.

    >>> round(gaussian_shift(2.0), 4), round(gaussian_shift(20.0) * 20.0, 4)
    (0.5053, 1.0002)
    """
    if sigma > 3.0:
        return (1.0 + 1.0 / (12.0 * sigma * sigma)) / sigma
    # written with the small tail, which keeps its digits where the noise is little
    x = np.arange(1, math.ceil(40.0 * sigma) + 1, dtype=np.float64)
    tail = float(np.exp(-x * x / (2.0 * sigma * sigma)).sum()) / normaliser(sigma)
    return -2.0 * float(special.ndtri(tail)) * (1.0 + 1e-12)


def _weights(sigma: float) -> list[int]:
    """Weights of -m to m as whole numbers, in units of 2**-320, by the recurrence of their ratios."""
    with decimal.localcontext() as context:
        context.prec = 120
        exponent = -1 / (2 * decimal.Decimal(sigma) ** 2)
        ratio = int(exponent.exp() * 2**_POINT)
    square = (ratio * ratio) >> _POINT
    weight, half = 1 << _POINT, []
    while weight >> (_POINT - _KEPT):
        half.append(weight)
        weight = (weight * ratio) >> _POINT
        ratio = (ratio * square) >> _POINT
    return half[:0:-1] + half


@functools.lru_cache(maxsize=32)
def _steps(sigma: float, word_bits: int) -> WordArray:
    """Steps of the distribution function, rounded down to so many bits; the last, 1, to all bits set."""
    weights = _weights(sigma)
    total = sum(weights)
    steps = [(mass << word_bits) // total for mass in itertools.accumulate(weights)]
    steps[-1] = (1 << word_bits) - 1
    return np.array(steps, dtype=np.uint64)
