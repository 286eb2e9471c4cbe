"""Three bounds on the epsilon of Gaussian releases at a delta: closed form, Rényi, and numerical (PRV).

Opacus is imported when first asked: it brings torch along.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Sequence

import numpy as np
from scipy import integrate, optimize, special

from tabgan.privacy.entropy import FloatArray

Steps = tuple[float, float, int]  # noise multiplier, sample rate, steps

ORDERS: FloatArray = np.array(
    [1 + x / 20 for x in range(1, 20)]
    + [x / 10 for x in range(20, 100)]
    + [*range(10, 64), *range(64, 128, 8), *range(128, 256, 16), *range(256, 1025, 128)],
    dtype=np.float64,
)
_WHOLE_FIRST = np.argsort(ORDERS % 1.0 > 0.0, kind="stable").tolist()  # each half ascending
_PRV_ERROR = 2e-3  # of epsilon: the PRV bound is its estimate plus that
_PRV_CELLS = 2.0**20


def gaussian_epsilon(mu: float, delta: float) -> float:
    """Epsilon of a mu-Gaussian-DP release at delta, in closed form.

    Source: Balle & Wang 2018, theorem 8; Dong, Roth & Su 2019, corollary 2.13.

    >>> round(gaussian_epsilon(1.0, 1e-5), 3)
    4.377
    """

    def excess(epsilon: float) -> float:
        """Logarithm of the delta at epsilon, less that of the target."""
        first = special.log_ndtr(mu / 2.0 - epsilon / mu)
        second = epsilon + special.log_ndtr(-mu / 2.0 - epsilon / mu)
        return float(first + math.log(-math.expm1(min(second - first, -1e-300)))) - math.log(delta)

    if not 0.0 < mu < 1e6:
        return 0.0 if mu == 0.0 else math.inf
    if excess(0.0) <= 0.0:
        return 0.0
    high = mu * mu / 2.0 + mu * math.sqrt(-2.0 * math.log(delta)) + 1e-9  # the tail bound of the loss
    return float(optimize.brentq(excess, 0.0, high, xtol=1e-13)) * (1.0 + 1e-9) + 1e-12


def rdp_epsilon(
    *, rho: float, exponential: Sequence[tuple[float, int]], sampled: Sequence[Steps], delta: float
) -> float:
    """Epsilon at delta of Rényi curves added up.

    rho: of the Gaussian releases on all rows, whose curve is alpha rho. exponential: (epsilon, steps),
    each of curve min(alpha epsilon² / 8, epsilon). sampled: Gaussian steps on sampled rows.
    Source: Canonne, Kamath & Steinke 2020, proposition 5; Cesar & Rogers 2021, lemma 3.4; Mironov,
        Talwar & Zhang 2019; Balle et al. 2020, theorem 21, from a curve to epsilon.
    """
    fixed = ORDERS * rho
    for epsilon, steps in exponential:
        fixed = fixed + steps * np.minimum(ORDERS * epsilon**2 / 8.0, epsilon)
    first, second = np.log1p(-1.0 / ORDERS), np.log(delta * ORDERS) / (ORDERS - 1.0)
    best, least = math.inf, np.zeros(len(ORDERS))
    for place in _WHOLE_FIRST:
        # A curve never falls with the order, so that most orders need not be asked; leaving one out is safe.
        if fixed[place] + least[place] + first[place] - second[place] > best:
            continue
        curve, above = fixed[place], 0.0
        for noise_multiplier, sample_rate, steps in sampled:
            known, is_series = _rdp_curve(noise_multiplier, sample_rate, float(ORDERS[place]))
            curve = curve + steps * known
            above += steps * max(0.0, known * (1.0 - 1e-6) - 1e-11) if is_series else 0.0
        least[place:] = np.maximum(least[place:], above)
        best = min(best, float(curve + first[place] - second[place]))
    return max(0.0, best * (1.0 + 1e-12))


@functools.lru_cache(maxsize=2**16)
def _rdp_curve(noise_multiplier: float, sample_rate: float, order: float) -> tuple[float, bool]:
    """Rényi divergence of one Gaussian step on sampled rows; whether it is by Opacus' arithmetic.

    It is never above that of a step on all rows, which stands in where the series of Opacus converges
    slowly (fractional orders at rates near 1) or breaks down.
    """
    from opacus.accountants.analysis.rdp import compute_rdp

    known = order / (2.0 * noise_multiplier**2)
    if sample_rate < 0.9 or order.is_integer():
        try:
            found = compute_rdp(q=sample_rate, noise_multiplier=noise_multiplier, steps=1, orders=order)
        except (ArithmeticError, ValueError):
            found = math.nan
        if 0.0 <= found < known:
            return float(found), True
    return known, False


@functools.lru_cache(maxsize=1024)
def prv_epsilon(parts: tuple[Steps, ...], delta: float, *, rough: float, far: float) -> float:
    """Opacus' PRV bound of Gaussian steps, sampled or not; infinite where it cannot say.

    rough, far: RDP's epsilon at delta and at delta / 4000, the reach of the grid. Where the grid of the
    wanted error would have too many cells, the error is let grow. Rounding errors of the Fourier transform,
    about 1e-15 a step in delta, are left no say: below 1e-10, or 1e-13 a step, the answer is infinite.
    Opacus composes the losses of a removed row; that those of an added one are no larger, as they are in a
    single step, is compared with dp-accounting, which composes both, in the tests.
    Source: Gopi, Lee & Wutschitz 2021.
    """
    from opacus.accountants import PRVAccountant

    n_steps = sum(steps for _, _, steps in parts)
    width = 2.0 * (far + 3.0) * math.sqrt(n_steps * math.log(12e3 / delta) / 2.0)
    error = max(_PRV_ERROR * rough, width / _PRV_CELLS)
    if delta < max(1e-10, 1e-13 * n_steps) or not error < min(0.5, rough):  # Opacus wants errors below 1
        return math.inf
    accountant = PRVAccountant()
    accountant.history = list(parts)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # its own RDP, used for the reach of the grid only, warns at its last order; its means, of precision
        warnings.filterwarnings("ignore", message="Optimal order is the")
        warnings.filterwarnings("ignore", category=integrate.IntegrationWarning)
        try:
            found = float(accountant.get_epsilon(delta, eps_error=error, delta_error=delta / 1e3))
        except (ArithmeticError, ValueError, RuntimeError, IndexError):
            return math.inf
    if 0.0 < found < 0.7 * rough and error == _PRV_ERROR * rough:  # the error was meant relative to this
        return prv_epsilon(parts, delta, rough=found, far=far)
    return found if found > 0.0 else math.inf
