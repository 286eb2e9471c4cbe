"""How much easier an attack is on training rows than on rows the generator never saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tabgan.evaluation.intervals import CONFIDENCE, bonferroni, difference
from tabgan.evaluation.metric import Interval, Measure, Metric, Verdict
from tabgan.evaluation.verdict import SEVERITY, verdict_of

NO_HOLDOUT = "it needs rows held out as a control: give a holdout"
NO_COLUMN = "no column is left to compare"
SURE = 0.999  # that an attack does better at all, for the gravest word


@dataclass(frozen=True)
class Trials:
    """Attacks tried and those that succeeded.

    `weight` is 1 where every trial is one of its own; where several trials stand or fall together
    it is how many of them count as one.
    """

    successes: int
    trials: int
    weight: float = 1.0

    @property
    def rate(self) -> float:
        """Share of the trials that succeeded; 0 where nothing was tried.

        >>> Trials(3, 12).rate
        0.25
        """
        return self.successes / self.trials if self.trials else 0.0

    @property
    def independent(self) -> tuple[int, int]:
        """Successes and trials as if each were one of its own.

        >>> Trials(6, 12, weight=3.0).independent
        (2, 4)
        """
        trials = round(self.trials / self.weight)
        return min(round(self.successes / self.weight), trials), trials


@dataclass(frozen=True)
class Risk:
    """An attack on training rows (`attack`), held-out rows (`control`), and by guessing (`naive`).

    `ratio` is how many times as many training rows there are as were attacked at once: what the
    attack finds in a sample is so much rarer. `tests` is how many attacks the worst is chosen
    from; the intervals are widened by Bonferroni's correction.
    """

    attack: Trials
    naive: Trials
    control: Trials
    tests: int = 1
    ratio: float = 1.0

    @property
    def left(self) -> float:
        """Share of the trials that fail without training rows; 1 where none does."""
        return max(0.0, 1.0 - self.ratio * self.control.rate) or 1.0

    @property
    def value(self) -> float:
        """Excess of the attack over its control, of what the control leaves: 0 none, 1 all.

        >>> Risk(Trials(75, 100), Trials(1, 100), Trials(50, 100)).value
        0.5
        """
        return _bounded(self.ratio * (self.attack.rate - self.control.rate) / self.left)

    @property
    def excess(self) -> Interval:
        """Interval of the excess in all trials, those included that succeed without training rows."""
        return self._excess(CONFIDENCE)

    def _excess(self, confidence: float) -> Interval:
        found = difference(
            self.attack.independent, self.control.independent, bonferroni(self.tests, confidence)
        )
        return _bounded(self.ratio * found[0]), _bounded(self.ratio * found[1])

    @property
    def interval(self) -> Interval:
        """Interval of `value`."""
        return _bounded(self.excess[0] / self.left), _bounded(self.excess[1] / self.left)

    @property
    def verdict(self) -> Verdict:
        """What the attack allows to say: no more than its interval, and no calm from a weak attack."""
        found = self.interval_verdict
        return "underpowered" if found == "no evidence" and self.is_weak else found

    @property
    def interval_verdict(self) -> Verdict:
        """What the interval allows to say.

        Where most trials succeed on any row, what is left is too little to be judged finely, but a
        leak that is missed concerns few rows: the attack is only underpowered when it could miss a
        large share of all trials. There chance alone makes much of a small difference too: "leak" is
        said of one that is surer than other words need.
        """
        found = verdict_of(self.interval)
        if found == "leak" and self._excess(SURE)[0] <= 0:
            return "weak evidence"
        return verdict_of(self.excess) if found == "underpowered" else found

    @property
    def is_weak(self) -> bool:
        """Whether the attack does no better than guessing, so that it can calm nobody."""
        return self.attack.rate <= self.naive.rate

    @property
    def rates(self) -> dict[str, float]:
        """Shares of the trials that succeeded, scaled to all training rows."""
        sides = {"attack": self.attack, "naive": self.naive, "control": self.control}
        return {name: min(1.0, self.ratio * side.rate) for name, side in sides.items()}

    def to_row(self) -> dict[str, object]:
        """A row for a table of details."""
        low, high = self.interval
        return {
            "trials": self.attack.trials,
            **self.rates,
            "risk": self.value,
            "low": low,
            "high": high,
            "verdict": self.verdict,
        }

    def metric(self, measure: Measure, *, rows: int, note: str = "") -> Metric:
        """The metric of this risk; its reference 0 is that of training rows nobody can tell."""
        attack, naive, control = (f"{rate:.2%}" for rate in self.rates.values())
        said = f"succeeds on {attack} of training rows, {control} of rows held out, {naive} by guessing"
        if self.is_weak:
            said += "; the attack does no better than guessing"
        return measure.found(
            self.value,
            reference=0.0,
            interval=self.interval,
            rows=rows,
            verdict=self.verdict,
            note=f"{note}; {said}" if note else said,
        )


def worst_of(risks: Sequence[Risk]) -> int:
    """Place of the risk that is most surely there: the highest lower end, then the highest value."""
    return max(range(len(risks)), key=lambda place: (risks[place].interval[0], risks[place].value))


def gravest_verdict(risks: Sequence[Risk]) -> Verdict:
    """The gravest of several attacks; those no better than guessing take no calm from the others."""
    are_weak = all(risk.is_weak for risk in risks)
    return min((risk.verdict if are_weak else risk.interval_verdict for risk in risks), key=SEVERITY.index)


def _bounded(share: float) -> float:
    return float(np.clip(share, -1.0, 1.0))
