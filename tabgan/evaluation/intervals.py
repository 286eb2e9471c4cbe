"""Confidence intervals: exact or score intervals of proportions, and the bootstrap for the rest."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from tabgan.evaluation.features import scale_of
from tabgan.evaluation.metric import Interval

CONFIDENCE = 0.95
BOOTSTRAPS = 100


def bonferroni(n_tests: int, confidence: float = CONFIDENCE) -> float:
    """The confidence that each of several intervals needs, so that all hold at once."""
    return 1 - (1 - confidence) / n_tests


def wilson(successes: int, trials: int, confidence: float = CONFIDENCE) -> Interval:
    """Score interval of a proportion; (0, 1) where nothing was tried.

    Source: Wilson 1927.

    >>> tuple(round(end, 3) for end in wilson(5, 50))
    (0.043, 0.214)
    """
    if trials == 0:
        return 0.0, 1.0
    deviations = float(special.ndtri((1 + confidence) / 2))
    spread = successes * (trials - successes) / trials
    half = deviations * float(np.sqrt(spread + deviations**2 / 4))
    low, high = ((successes + deviations**2 / 2 + end) / (trials + deviations**2) for end in (-half, half))
    return (low if successes else 0.0), (high if successes < trials else 1.0)


def clopper_pearson(successes: int, trials: int, confidence: float = CONFIDENCE) -> Interval:
    """Exact interval of a proportion, for the few successes of a low false positive rate.

    Source: Clopper & Pearson 1934.
    """
    tail = (1 - confidence) / 2
    failures = trials - successes
    low = float(special.betaincinv(successes, failures + 1, tail)) if successes else 0.0
    high = float(special.betaincinv(successes + 1, failures, 1 - tail)) if failures else 1.0
    return low, high


def difference(first: tuple[int, int], second: tuple[int, int], confidence: float = CONFIDENCE) -> Interval:
    """Interval of the difference of two independent proportions, each (successes, trials).

    Source: Newcombe 1998, method 10 (from two score intervals).

    >>> tuple(round(end, 3) for end in difference((30, 100), (10, 100)))
    (0.09, 0.306)
    """
    p, q = (successes / trials if trials else 0.5 for successes, trials in (first, second))
    (p_low, p_high), (q_low, q_high) = wilson(*first, confidence), wilson(*second, confidence)
    low = p - q - np.hypot(p - p_low, q_high - q)
    high = p - q + np.hypot(p_high - p, q - q_low)
    return float(low), float(high)


def bootstrap(
    value: float,
    resampled: Callable[[np.random.Generator], float],
    rng: np.random.Generator,
    *,
    n: int = BOOTSTRAPS,
    bounds: Interval = (-np.inf, np.inf),
) -> Interval:
    """Interval of a metric: its value ± 1.96 standard deviations over resampled rows.

    The spread of the bootstrap is used, not its percentiles: a distance between two samples only
    grows when rows are drawn twice, so that its percentiles may not even hold the value.
    Source: Efron 1979.
    """
    return normal(value, np.array([resampled(rng) for _ in range(n)]), bounds=bounds)


def delong(positives: npt.NDArray[np.float64], negatives: npt.NDArray[np.float64]) -> tuple[float, float]:
    """AUC of scores and its standard error; the scores of both sides must be given, ties count half.

    The error is that of drawing other rows, with the scores as they are; `nan` of a single row.
    Source: DeLong, DeLong & Clarke-Pearson 1988; computed by ranks as in Sun & Xu 2014.

    >>> value, error = delong(np.array([0.3, 0.6, 0.9]), np.array([0.1, 0.4, 0.5]))
    >>> round(value, 3), round(error, 3)
    (0.778, 0.248)
    """
    n_positive, n_negative = len(positives), len(negatives)
    ranks = stats.rankdata(np.concatenate([positives, negatives]))
    above = (ranks[:n_positive] - stats.rankdata(positives)) / n_negative
    below = 1 - (ranks[n_positive:] - stats.rankdata(negatives)) / n_positive
    if min(n_positive, n_negative) < 2:
        return float(above.mean()), float("nan")
    variance = np.var(above, ddof=1) / n_positive + np.var(below, ddof=1) / n_negative
    return float(above.mean()), float(np.sqrt(variance))


def chance_error(n_positive: int, n_negative: int) -> float:
    """Standard deviation of the AUC of scores that have nothing to do with the sides.

    Source: Mann & Whitney 1947.

    >>> round(chance_error(24, 24), 3)
    0.084
    """
    return float(np.sqrt((n_positive + n_negative + 1) / (12 * n_positive * n_negative)))


def auc_interval(positives: npt.NDArray[np.float64], negatives: npt.NDArray[np.float64]) -> Interval:
    """Interval of an AUC from DeLong's error.

    Where no score is out of order there is no error to see: the exact interval then of as many
    successes as the smaller side has rows.
    """
    value, error = delong(positives, negatives)
    if value in (0.0, 1.0):
        n_rows = min(len(positives), len(negatives))
        return clopper_pearson(round(value * n_rows), n_rows)
    if not np.isfinite(error):
        return 0.0, 1.0
    return around(value, error, bounds=(0.0, 1.0))


def normal(value: float, draws: npt.NDArray[np.float64], *, bounds: Interval = (-np.inf, np.inf)) -> Interval:
    """Value ± 1.96 standard deviations of the draws, cut to the bounds."""
    # Only giants are scaled, whose squares would overflow.
    scale = scale_of(draws)
    return around(value, float(np.std(draws / scale, ddof=1)) * scale, bounds=bounds)


def around(
    value: float,
    error: float,
    *,
    confidence: float = CONFIDENCE,
    bounds: Interval = (-np.inf, np.inf),
) -> Interval:
    """Value ± 1.96 standard errors (of 95 %), cut to the bounds.

    >>> tuple(round(end, 3) for end in around(0.9, 0.1, bounds=(0.0, 1.0)))
    (0.704, 1.0)
    """
    half = float(stats.norm.ppf((1 + confidence) / 2)) * error
    return max(bounds[0], value - half), min(bounds[1], value + half)
