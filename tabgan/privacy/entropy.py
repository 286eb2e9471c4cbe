"""Randomness of the noise: bytes of the operating system, and nothing that could be kept.

Every draw reads `os.urandom` anew. There is no generator and no seed: nothing that a user's seed
could fix, a model file could hold, a forked process could repeat or a resumed fit could reset. A
seeded generator would not do, not even one seeded from the system: where a count is known to be
zero its noise is public, and from enough of it the state of an ordinary generator can be worked out.
"""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt
from scipy import special

FloatArray = npt.NDArray[np.float64]
WordArray = npt.NDArray[np.uint64]


def words(n: int) -> WordArray:
    """Fresh random 64-bit words.

    Shape: -> [n].
    """
    return np.frombuffer(os.urandom(8 * n), dtype="<u8").astype(np.uint64, copy=False)


def standard_normal(n: int) -> FloatArray:
    """Fresh draws of the normal distribution of mean 0 and deviation 1.

    One bit is the sign, 63 are the tail probability, and where that is small 64 more: else draws far out
    would lie further apart than the numbers that a sum with noise is rounded to. The inverse distribution
    function then reaches 13 deviations, and no draw is further than that (probability 2**-128).

    Shape: -> [n].
    """
    drawn = words(n)
    whole = (drawn >> np.uint64(1)).astype(np.float64)
    tail, rare = whole + 0.5, np.flatnonzero(whole < 2.0**52)
    tail[rare] = whole[rare] + (words(len(rare)) + 0.5) * 2.0**-64
    size = -special.ndtri(tail * 2.0**-64)
    return np.asarray(np.where(drawn & np.uint64(1), size, -size), dtype=np.float64)
