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

    One bit is the sign, 63 are the tail probability: the inverse distribution function then reaches
    9.1 deviations, and no draw is further than that (probability 2**-64).

    Shape: -> [n].
    """
    drawn = words(n)
    tail = ((drawn >> np.uint64(1)).astype(np.float64) + 0.5) * 2.0**-64
    size = -special.ndtri(tail)
    return np.asarray(np.where(drawn & np.uint64(1), size, -size), dtype=np.float64)
