"""What guesses about canaries in one run prove about epsilon.

Every one of `n_canaries` rows goes into the table by a fair coin. Who sees what the mechanisms gave out
guesses some coins. Under (epsilon, delta) the number of right guesses is, but for delta, no larger
than that of coins which fall right with probability 1 / (1 + exp(-epsilon)).

Unit: one row. Neighbours: add or remove one row.
Source: Steinke, Nasr & Jagielski 2023, Privacy Auditing with One (1) Training Run, theorem 5.2.
"""

from __future__ import annotations

import numpy as np
from scipy import special, stats

HIGHEST = 50.0  # of what can be shown; no float tells more


def p_value(n_canaries: int, guesses: int, correct: int, *, epsilon: float, delta: float) -> float:
    """Probability, at most, of so many right guesses where (epsilon, delta) holds.

    >>> round(p_value(100, 10, 10, epsilon=0.0, delta=0.0) * 2**10, 6)
    1.0
    """
    if not 0 <= correct <= guesses <= n_canaries:
        raise ValueError("Expected 0 <= correct <= guesses <= n_canaries.")
    chance = float(special.expit(epsilon))
    p = float(stats.binom.sf(correct - 1, guesses, chance))
    if correct and delta:
        just_below = stats.binom.pmf(np.arange(correct - 1, -1, -1), guesses, chance)
        p += 2 * n_canaries * delta * float((np.cumsum(just_below) / np.arange(1, correct + 1)).max())
    return min(p, 1.0)


def lower_bound(
    n_canaries: int, guesses: int, correct: int, *, delta: float, confidence: float = 0.95
) -> float:
    """Epsilon that the mechanism does not keep at this delta, with that confidence; 0 if nothing is shown.

    Without delta this is the Clopper-Pearson bound of the share of right guesses, as log odds.

    >>> round(lower_bound(1000, 100, 100, delta=0.0), 3)
    3.493
    """
    low, high = 0.0, HIGHEST
    if p_value(n_canaries, guesses, correct, epsilon=low, delta=delta) >= 1 - confidence:
        return 0.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        is_refuted = p_value(n_canaries, guesses, correct, epsilon=middle, delta=delta) < 1 - confidence
        low, high = (middle, high) if is_refuted else (low, middle)
    return low
