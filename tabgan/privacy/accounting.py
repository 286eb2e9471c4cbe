"""What a list of ledger entries costs together, and how much noise a planned list needs.

Three bounds are known, and the smallest that holds is taken, by name:

- **Gaussian**: every release that looks at all rows is Gaussian-DP: Gaussian noise of multiplier s with
  mu = 1 / s, discrete Gaussian noise as in `gaussian_shift`, the exponential mechanism as below. They
  compose to the root of the sum of squares, and epsilon follows in closed form (Balle & Wang 2018).
- **PRV**: the same releases as one step of sample rate 1, and the Gaussian steps on sampled rows beside
  them, in one numerical composition by Opacus (Gopi, Lee & Wutschitz 2021).
- **RDP**: Rényi curves added up, from Opacus for sampled rows, alpha / 2 s² for the two Gaussians
  (Canonne, Kamath & Steinke 2020) and min(alpha epsilon² / 8, epsilon) for the exponential mechanism
  (Cesar & Rogers 2021); turned into epsilon as in Balle et al. 2020, theorem 21.

An exponential mechanism of epsilon is dominated by pairs of two outcomes whose privacy losses are t
and t - epsilon (Dong, Durfee & Rogers 2020). A trade-off function of one knot lies above that of a
normal pair where its knot does; the hardest is t = epsilon / 2, whence
mu = 2 probit(1 / (1 + exp(-epsilon / 2))).

Noise that was *chosen after seeing* a noisy release (`Entry.adaptive`) may be added up as Rényi curves
(Feldman & Zrnic 2021; Lécuyer 2021) and as Gaussian-DP (Smith & Thakurta 2022); for PRV nobody has
shown it, so with such entries on the ledger it is not used. The deltas of stability histograms come
off the target delta before anything else.

Unit: one row. Neighbours: add or remove one row.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import ROUND_CEILING, Decimal
from typing import Literal, NamedTuple

from scipy import special

from tabgan.errors import BudgetExceededError
from tabgan.privacy.bounds import Steps, gaussian_epsilon, prv_epsilon, rdp_epsilon
from tabgan.privacy.discrete_gaussian import gaussian_shift
from tabgan.privacy.entry import Entry

Accountant = Literal["none", "Gaussian", "PRV", "RDP"]

_CLOSE_ENOUGH = 3e-3  # the noise found spends between 1 - .0035 and 1 - .0005 of the budget
_MARGIN = 5e-4
ROOM = 5.0  # deviations of the noise on a released count


class Spent(NamedTuple):
    """A guarantee: (epsilon, delta), and whose arithmetic it is."""

    epsilon: float
    delta: float
    accountant: Accountant

    def __str__(self) -> str:
        return f"epsilon {rounded_up(self.epsilon)} at delta {self.delta:g} ({self.accountant})"


@dataclasses.dataclass(frozen=True)
class _Total:
    """Entries added up. mu: of all releases on all rows; rho: of the Gaussian ones among them."""

    mu: float
    rho: float
    exponential: tuple[tuple[float, int], ...]
    sampled: tuple[Steps, ...]
    delta: float
    is_adaptive: bool


def rounded_up(epsilon: float) -> str:
    """Four digits of epsilon, never less than it.

    >>> rounded_up(0.98760001), rounded_up(1.0), rounded_up(12.3401)
    ('0.9877', '1', '12.35')
    """
    if not math.isfinite(epsilon) or epsilon == 0.0:
        return str(epsilon)
    exact = Decimal(epsilon)
    step = Decimal(1).scaleb(exact.adjusted() - 3)
    text = f"{(exact / step).to_integral_value(ROUND_CEILING) * step:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def with_room(n_rows: int, deviation: float) -> int:
    """At least as many rows as a table has whose count came out as `n_rows` with noise of that deviation.

    But for one time in three millions. A count that falls low would allow a delta above 1 / rows.

    >>> with_room(1_000, 82.0)
    1410
    """
    return n_rows + math.ceil(ROOM * deviation)


def default_delta(n_rows: int) -> float:
    """Largest delta of one digit below 1 / n_rows^1.1; n_rows `with_room` or public, never the true count.

    >>> default_delta(39_073)
    8e-06
    """
    bound = 1.0 / max(n_rows, 1) ** 1.1
    exponent = math.floor(math.log10(bound))
    digits = range(9, 0, -1)
    below = (
        float(f"{digit}e{power}") for power in (exponent + 1, exponent, exponent - 1) for digit in digits
    )
    return next(delta for delta in below if delta < bound)


def check_delta(delta: float, n_rows: int) -> None:
    """Refuse a delta that allows to publish a row outright now and then.

    Raises: ValueError unless 0 < delta < 1 / n_rows, which is public or a count `with_room`.
    """
    if not 0.0 < delta < 1.0 / max(n_rows, 1):
        told = "with room for the noise of their count where it is not public"
        raise ValueError(f"Expected 0 < delta < 1 / {n_rows} rows ({told}), got delta={delta!r}.")


def exponential_epsilon(mu: float) -> float:
    """Epsilon of an exponential mechanism that costs what a mu-Gaussian-DP release does here.

    >>> round(exponential_epsilon(0.1), 3)
    0.16
    """
    return -2.0 * float(special.logit(special.ndtr(-mu / 2.0)))


def epsilon_of(entries: Iterable[Entry], delta: float) -> Spent:
    """The smallest epsilon shown to hold for all entries together at this delta.

    Infinite where the deltas of the entries use up delta. Privacy: arithmetic on public numbers.
    """
    return _spent(_total(entries), delta)


def fits(entries: Iterable[Entry], epsilon: float, delta: float) -> bool:
    """Whether all entries together keep (epsilon, delta); the slow bound is asked only when it matters."""
    total = _total(entries)
    if _quick(total, delta).epsilon <= epsilon:
        return True
    return bool(total.sampled) and not total.is_adaptive and _spent(total, delta).epsilon <= epsilon


def noise_for(epsilon: float, delta: float, plan: Sequence[Entry], *, spent: Sequence[Entry] = ()) -> float:
    """Scale of the noise with which the planned entries and those `spent` just keep (epsilon, delta).

    `Entry.scaled` applies it: noise multipliers times the scale, epsilons of the exponential mechanism
    divided by it, thresholds anew. Some thousandths of the budget are left over.

    Raises: BudgetExceededError where no noise is enough, as the deltas alone pass delta.
    """
    if not plan or not 0.0 < epsilon < math.inf or not 0.0 < delta < 1.0:
        raise ValueError(f"Expected a plan, epsilon > 0 and 0 < delta < 1, got {epsilon!r} and {delta!r}.")
    if not sum(entry.delta for entry in plan) < delta:
        raise BudgetExceededError(
            f"The stability histograms would cost delta={sum(entry.delta for entry in plan):g}, "
            f"and {delta:g} is left; nothing was run."
        )
    return _noise_for(epsilon, delta, tuple(plan), tuple(spent))


@functools.lru_cache(maxsize=256)
def _noise_for(epsilon: float, delta: float, plan: tuple[Entry, ...], before: tuple[Entry, ...]) -> float:
    bare = [  # the threshold plays no part in the cost, so it is not searched for at every scale
        dataclasses.replace(entry, mechanism="discrete_gaussian", delta=0.0, threshold=0)
        if entry.mechanism == "stability_histogram"
        else entry
        for entry in plan
    ]
    target = delta - math.fsum(entry.delta for entry in plan)

    def totals(scale: float) -> _Total:
        return _total((*before, *(entry.scaled(scale) for entry in bare)))

    quick = _meeting(lambda scale: _quick(totals(scale), target).epsilon, epsilon, start=1.0)
    first = totals(quick)
    if not first.sampled or first.is_adaptive:
        return quick
    return _meeting(lambda scale: _spent(totals(scale), target).epsilon, epsilon, start=quick)


def _meeting(cost: Callable[[float], float], epsilon: float, *, start: float) -> float:
    """Scale at which the falling cost is just under epsilon: secant of the logarithms, in a bracket."""
    goal = epsilon * (1.0 - _MARGIN)
    aim = math.log(goal * (1.0 - _CLOSE_ENOUGH / 2.0))
    at, low, high = math.log(start), -math.inf, math.inf
    last, slope = None, -1.0
    for _ in range(60):
        spent = cost(math.exp(at))
        if goal * (1.0 - _CLOSE_ENOUGH) <= spent <= goal:
            return math.exp(at)
        low, high = (at, high) if spent > goal else (low, at)
        point = at, math.log(min(max(spent, 1e-300), 1e300))
        if last and point[0] != last[0]:
            slope = min(max((point[1] - last[1]) / (point[0] - last[0]), -3.0), -0.3)
        last = point
        at += min(max((aim - point[1]) / slope, -3.0), 3.0)
        if not low < at < high:
            at = (low + high) / 2.0
    if high == math.inf:
        raise BudgetExceededError("The plan would cost more than is left at any noise; nothing was run.")
    return math.exp(high)


def _total(entries: Iterable[Entry]) -> _Total:
    """Add entries up; equal ones become one, and their order does not matter."""
    squares, rho, deltas = [], [], []
    exponential: Counter[float] = Counter()
    sampled: Counter[tuple[float, float]] = Counter()
    is_adaptive = False
    for entry in entries:
        is_adaptive |= entry.adaptive
        deltas.append(entry.delta)
        if entry.mechanism == "exponential":
            exponential[entry.epsilon] += entry.steps
            squares.append(entry.steps * _exponential_shift(entry.epsilon) ** 2)
        elif entry.sample_rate < 1.0:
            sampled[entry.noise_multiplier, entry.sample_rate] += entry.steps
        else:
            rho.append(entry.steps / (2.0 * entry.noise_multiplier**2))
            squares.append(entry.steps * _gaussian_shift(entry) ** 2)
    return _Total(
        mu=math.sqrt(math.fsum(squares)),
        rho=math.fsum(rho),
        exponential=tuple(sorted(exponential.items())),
        sampled=tuple(sorted((noise, rate, steps) for (noise, rate), steps in sampled.items())),
        delta=math.fsum(deltas),
        is_adaptive=is_adaptive,
    )


def _gaussian_shift(entry: Entry) -> float:
    """Mu of one Gaussian-DP release on all rows."""
    if entry.mechanism == "gaussian":
        return 1.0 / entry.noise_multiplier
    return entry.sensitivity * gaussian_shift(entry.sigma)


def _exponential_shift(epsilon: float) -> float:
    """Mu of the normal pair that dominates an exponential mechanism."""
    return -2.0 * float(special.ndtri(special.expit(-epsilon / 2.0))) * (1.0 + 1e-12)


@functools.lru_cache(maxsize=1024)
def _spent(total: _Total, delta: float) -> Spent:
    best = _quick(total, delta)
    if total.sampled and not total.is_adaptive and math.isfinite(best.epsilon + total.mu):
        left = delta - total.delta
        parts = total.sampled + (((1.0 / total.mu, 1.0, 1),) if total.mu > 0.0 else ())
        found = prv_epsilon(parts, left, rough=_rdp(total, left), far=_rdp(total, left / 4e3))
        if gaussian_epsilon(total.mu, left) <= found < best.epsilon:
            return Spent(found, delta, "PRV")
    return best


@functools.lru_cache(maxsize=1024)
def _quick(total: _Total, delta: float) -> Spent:
    """The bounds that take milliseconds."""
    left = delta - total.delta
    if not (total.rho or total.exponential or total.sampled):
        return Spent(0.0, delta, "none")
    if left <= 0.0:
        return Spent(math.inf, delta, "none")
    best = Spent(_rdp(total, left), delta, "RDP")
    if not total.sampled:
        best = min(best, Spent(gaussian_epsilon(total.mu, left), delta, "Gaussian"))
    return best


def _rdp(total: _Total, delta: float) -> float:
    return rdp_epsilon(rho=total.rho, exponential=total.exponential, sampled=total.sampled, delta=delta)
