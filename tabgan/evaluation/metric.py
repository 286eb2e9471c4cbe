"""The shape of every answer: one number with what it is to be read against, and how sure we are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import pandas as pd

from tabgan.errors import TabganError
from tabgan.evaluation.texts import shown

Question: TypeAlias = Literal["fidelity", "utility", "privacy"]
Verdict: TypeAlias = Literal["leak", "weak evidence", "no evidence", "underpowered"]
Interval: TypeAlias = tuple[float, float]

CAUTION = 1.7
SMALL = 0.03  # of shares; a smaller difference between shuffled columns and real rows is no scale


@dataclass(frozen=True)
class Measure:
    """What is measured and how it is explained; the number itself is a `Metric`.

    `perfect` is the value of a generator that cannot be improved, `better` the side on which real
    rows lie: "higher" (.98 is better than .90), "lower", or "nearer" (to `perfect`, from both; to
    what real rows get where `perfect` is None). `overfits` is false where being better than real
    rows is no sign of copied rows: who covers every category has not learned rows by heart.
    `has_scale` is false where values may be of any size, as they have a unit or are squares: what is
    little is then told by the references.
    """

    key: str
    name: str
    question: Question
    better: Literal["higher", "lower", "nearer"]
    perfect: float | None
    meaning: str
    formula: str = ""
    source: str = ""
    overfits: bool = True
    has_scale: bool = True

    def found(
        self,
        value: float,
        *,
        reference: float | None = None,
        floor: float | None = None,
        interval: Interval | None = None,
        rows: int = 0,
        verdict: Verdict | None = None,
        note: str = "",
    ) -> Metric:
        """The metric with this value; a value that is not finite is an undefined metric."""
        if not math.isfinite(value):
            return self.undefined("it has no finite value on these rows", rows=rows)
        if interval is not None and not all(map(math.isfinite, interval)):
            interval = None
        reference, floor = (
            None if number is None or not math.isfinite(number) else float(number)
            for number in (reference, floor)
        )
        return Metric(self, float(value), reference, floor, interval, rows, verdict, note)

    def of_three(
        self,
        three: Iterable[float | None],
        *,
        interval: Interval | None = None,
        rows: int = 0,
        note: str = "",
    ) -> Metric:
        """The metric of what synthetic, other real and shuffled rows get."""
        value, reference, floor = three
        assert value is not None
        return self.found(value, reference=reference, floor=floor, interval=interval, rows=rows, note=note)

    def undefined(self, reason: str, *, rows: int = 0, verdict: Verdict | None = None) -> Metric:
        """The metric without a value; the reason is printed in its place, never a mean without it."""
        return Metric(self, None, None, None, None, rows, verdict, reason)


@dataclass(frozen=True)
class Metric:
    """One number beside its references.

    `reference` is what real rows get that the generator has not seen (the holdout, or one half of
    the training rows against the other), `floor` what independently shuffled columns get, both
    from as many rows. `interval` covers 95 %. `rows` is how many rows were looked at. `note` is
    the reason where `value` is None, and a remark where it is not. Only privacy metrics have a
    verdict; one without a fair control (`has_control`) cannot say that all is well.
    """

    measure: Measure
    value: float | None
    reference: float | None = None
    floor: float | None = None
    interval: Interval | None = None
    rows: int = 0
    verdict: Verdict | None = None
    note: str = ""
    has_control: bool = True

    def __repr__(self) -> str:
        if self.value is None:
            return f"{self.key}: not measured, {self.note}"
        told = [f"{self.key}: {shown(self.value)}"]
        if self.interval is not None:
            told[0] += f" ({' … '.join(map(shown, self.interval))})"
        told += [f"real rows {shown(self.reference)}"] if self.reference is not None else []
        told += [f"shuffled columns {shown(self.floor)}"] if self.floor is not None else []
        told += [self.verdict] if self.verdict is not None else []
        return ", ".join(told) + (f"\n  {self.note}" if self.note else "")

    @property
    def key(self) -> str:
        """Name of the metric in JSON and in `--fail-if`, such as `c2st_auc`."""
        return self.measure.key

    @property
    def is_too_good(self) -> bool:
        """Whether the whole reach is better than what real rows get: overfitting suspected."""
        if self.reference is None or self.interval is None or self.measure.question == "privacy":
            return False
        if not self.measure.overfits:
            return False
        low, high = self.reach
        if self.measure.better == "higher":
            return low > self.reference
        if self.measure.better == "lower":
            return high < self.reference
        perfect = self.measure.perfect or 0.0
        return max(abs(low - perfect), abs(high - perfect)) < abs(self.reference - perfect)

    @property
    def reach(self) -> Interval:
        """How far references may lie from the value before more than chance is in it.

        Wider than `interval`: the reference comes from as many rows and is as uncertain, and dozens
        of metrics are read at once. 1.7 half-widths are 3.3 deviations of the value alone, 2.4 of
        the difference.
        """
        assert self.value is not None
        low, high = self.interval or (self.value, self.value)
        return self.value - CAUTION * (self.value - low), self.value + CAUTION * (high - self.value)

    @property
    def progress(self) -> float | None:
        """Where the value stands between shuffled columns (0) and real rows (1); may pass both.

        Where nearer is better, as far beyond real rows is as bad as before them. None where shuffling
        changes nothing for the worse, as with single columns: there is no scale.
        """
        if self.value is None or self.reference is None or self.floor is None:
            return None
        span = self.reference - self.floor
        is_worse = {"higher": span > 0, "lower": span < 0, "nearer": True}[self.measure.better]
        if not is_worse or abs(span) < self._least_span:
            return None
        share = (self.value - self.floor) / span
        return 2 - share if self.measure.better == "nearer" and share > 1 else share

    @property
    def _least_span(self) -> float:
        """How far reference and floor must be apart for a scale."""
        assert self.reference is not None
        assert self.floor is not None
        if self.measure.has_scale:
            return SMALL
        low, high = self.reach
        # Near 0 both are chance, whatever their ratio.
        return max(SMALL * max(abs(self.reference), abs(self.floor)), (high - low) / 2)

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON; None where something is undefined."""
        return {
            "name": self.measure.name,
            "question": self.measure.question,
            "better": self.measure.better,
            "value": self.value,
            "reference": self.reference,
            "floor": self.floor,
            "interval": None if self.interval is None else list(self.interval),
            "rows": self.rows,
            "verdict": self.verdict,
            "note": self.note,
            "has_control": self.has_control,
        }


@dataclass(frozen=True)
class Family:
    """Metrics that are computed together, and tables with the details behind them by name."""

    metrics: tuple[Metric, ...]
    details: dict[str, pd.DataFrame] = field(default_factory=dict)

    @classmethod
    def undefined(
        cls, measures: Sequence[Measure], reason: str, *, rows: int = 0, verdict: Verdict | None = None
    ) -> Family:
        """Every measure of a family without a value, all for one reason."""
        return cls(tuple(measure.undefined(reason, rows=rows, verdict=verdict) for measure in measures))

    @classmethod
    def join(cls, families: Sequence[Family]) -> Family:
        """All metrics and details of several families, in order."""
        metrics = tuple(metric for family in families for metric in family.metrics)
        return cls(metrics, {name: table for family in families for name, table in family.details.items()})

    def __getitem__(self, key: str) -> Metric:
        """The metric with this key."""
        for metric in self.metrics:
            if metric.key == key:
                return metric
        raise TabganError(f"There is no metric {key!r}. Choose one of {', '.join(self.keys)}.")

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of all metrics, in order."""
        return tuple(metric.key for metric in self.metrics)
