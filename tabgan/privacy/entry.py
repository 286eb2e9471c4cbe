"""One line of the ledger: a mechanism, what it looked at and all that its cost depends on."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

from tabgan.privacy.discrete_gaussian import upper_tail

Mechanism = Literal["gaussian", "discrete_gaussian", "stability_histogram", "exponential"]
Unit = Literal["one row"]
Neighbours = Literal["add or remove one row"]

MECHANISMS: Final[tuple[str, ...]] = get_args(Mechanism)
UNIT: Final[Unit] = "one row"
NEIGHBOURS: Final[Neighbours] = "add or remove one row"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """A mechanism that is about to run.

    what: a plain sentence naming the statistic and its column.
    sensitivity: how far the exact answer moves at most when one row comes or goes; L2, and of a score
        for the exponential mechanism. The two mechanisms of whole numbers also need every single
        count to move by a whole number.
    noise_multiplier: deviation of the noise (parameter sigma of the discrete Gaussian) in units of
        the sensitivity; 0 for the exponential mechanism.
    sample_rate: share of rows that each step looks at, by independent coins; 1 looks at all.
    steps: how often it runs, with fresh noise and, below rate 1, fresh rows each time.
    delta, threshold: of a stability histogram: probability that the label of a single row passes, and
        the noisy count that a label must pass.
    epsilon: of the exponential mechanism.
    adaptive: the noise, rate, steps or whether it runs at all were chosen after an earlier noisy
        release was seen. (What it asks, such as which marginal, may always be.)

    Raises: ValueError for an entry that no mechanism here could have.

    >>> Entry(what="Rows of the table", mechanism="discrete_gaussian", noise_multiplier=10.0).steps
    1
    """

    what: str
    mechanism: Mechanism
    sensitivity: float = 1.0
    noise_multiplier: float = 0.0
    sample_rate: float = 1.0
    steps: int = 1
    delta: float = 0.0
    threshold: int = 0
    epsilon: float = 0.0
    adaptive: bool = False

    def __post_init__(self) -> None:
        _check_types(self)
        _check_noise(self)
        _check_shape(self)

    @property
    def sigma(self) -> float:
        """Deviation of the noise in units of the statistic."""
        return self.noise_multiplier * self.sensitivity

    def to_dict(self) -> dict[str, Any]:
        """Plain values, all of them."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Entry:
        """The entry of these plain values.

        Raises: ValueError unless they are exactly those of an entry.
        """
        names = {field.name for field in dataclasses.fields(cls)}
        if not isinstance(values, Mapping) or set(values) != names:
            raise ValueError(f"Expected an entry with exactly {', '.join(sorted(names))}.")
        return cls(**values)

    def scaled(self, scale: float) -> Entry:
        """The same entry with so many times the noise; its threshold follows, its delta stays.

        An exponential mechanism gets its epsilon divided: its cost in zCDP, like that of Gaussian
        noise, goes with 1 / scale².
        """
        if self.mechanism == "exponential":
            return dataclasses.replace(self, epsilon=self.epsilon / scale)
        noise = self.noise_multiplier * scale
        threshold = self.threshold
        if self.mechanism == "stability_histogram":
            threshold = stability_threshold(noise, delta=self.delta)
        return dataclasses.replace(self, noise_multiplier=noise, threshold=threshold)


def stability_threshold(noise_multiplier: float, *, delta: float) -> int:
    """Smallest threshold that the noisy count of a single row passes with probability <= delta.

    With noise X, a count of 1 passes t where 1 + X > t, that is X >= t: the threshold is the first t
    with P(X >= t) <= delta. (With Laplace noise it would be 1 + ln(1 / 2 delta) / epsilon.)

    >>> stability_threshold(10.0, delta=1e-6)
    49
    """
    if not 0.0 < delta < 0.5:
        raise ValueError(f"Expected 0 < delta < 0.5, got delta={delta!r}.")
    low, high = 0, math.ceil(40.0 * noise_multiplier) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if upper_tail(middle, noise_multiplier) <= delta:
            high = middle
        else:
            low = middle
    return high


def _check_types(entry: Entry) -> None:
    if not isinstance(entry.what, str) or not entry.what.strip():
        raise ValueError("Expected a sentence that says what is released, got none.")
    if entry.mechanism not in MECHANISMS:
        raise ValueError(f"Expected mechanism to be one of {', '.join(MECHANISMS)}, got {entry.mechanism!r}.")
    for name in ("sensitivity", "noise_multiplier", "sample_rate", "delta", "epsilon"):
        value = getattr(entry, name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= 1e100:
            raise ValueError(f"Expected {name} to be a finite number, got {name}={value!r}.")
    for name in ("steps", "threshold"):
        value = getattr(entry, name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"Expected {name} to be a whole number, got {name}={value!r}.")
    if not isinstance(entry.adaptive, bool):
        raise ValueError(f"Expected adaptive to be true or false, got {entry.adaptive!r}.")


def _check_noise(entry: Entry) -> None:
    is_whole = entry.mechanism in ("discrete_gaussian", "stability_histogram")
    if (
        not (1.0 if is_whole else 1e-100) <= entry.sensitivity <= 1e100
    ):  # whole counts move by 1 or not at all
        limit = "sensitivity >= 1 of whole counts" if is_whole else "sensitivity > 0"
        raise ValueError(f"Expected {limit}, got sensitivity={entry.sensitivity!r}.")
    if entry.mechanism == "exponential":
        if not entry.epsilon > 0.0 or entry.noise_multiplier != 0.0:
            raise ValueError("Expected epsilon > 0 and no noise_multiplier of the exponential mechanism.")
    elif not 1e-6 <= entry.noise_multiplier <= 1e100 or entry.epsilon != 0.0:
        raise ValueError(
            f"Expected noise_multiplier > 0 and no epsilon, got noise_multiplier={entry.noise_multiplier!r} "
            f"and epsilon={entry.epsilon!r}."
        )


def _check_shape(entry: Entry) -> None:
    if not 1 <= entry.steps <= 2**53:
        raise ValueError(f"Expected steps >= 1, got steps={entry.steps!r}.")
    if not 1e-12 <= entry.sample_rate <= 1.0:
        raise ValueError(f"Expected 0 < sample_rate <= 1, got sample_rate={entry.sample_rate!r}.")
    if entry.sample_rate < 1.0 and entry.mechanism != "gaussian":
        raise ValueError("Expected sample_rate 1: only Gaussian noise is accounted on sampled rows.")
    if entry.mechanism != "stability_histogram":
        if entry.delta != 0.0 or entry.threshold != 0:
            raise ValueError("Expected no delta and no threshold: only a stability histogram has them.")
        return
    if entry.steps != 1 or entry.sensitivity != 1.0:
        raise ValueError("Expected one step and sensitivity 1 of a stability histogram: a row, one label.")
    if not 0.0 < entry.delta < 1.0 or upper_tail(entry.threshold, entry.noise_multiplier) > entry.delta:
        raise ValueError(
            "Expected a threshold that one row's label passes with probability <= delta; take it from "
            f"stability_threshold, got threshold={entry.threshold!r} and delta={entry.delta!r}."
        )
