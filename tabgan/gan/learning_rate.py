"""How the learning rate falls."""

from __future__ import annotations

import math


def cosine(progress: float) -> float:
    """The learning rate as a share of the full one: half a cosine, 1 to 0.01."""
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress))
