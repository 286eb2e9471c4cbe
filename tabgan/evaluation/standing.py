"""The words for a metric beside its references, and which metric is the worst."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias, get_args

from tabgan.evaluation.metric import Metric

Standing: TypeAlias = Literal[
    "leak",
    "overfitting suspected",
    "weak evidence",
    "far from real rows",
    "differs from real rows",
    "underpowered",
    "near real rows",
    "like real rows",
    "no evidence",
    "no reference",
    "not measured",
]
WORST_FIRST: tuple[Standing, ...] = get_args(Standing)
NEAR, FAR = 0.9, 0.5  # shares of the way from shuffled columns to real rows

MEANINGS: dict[Standing, str] = {
    "leak": "An attack does surely better on training rows than on rows held out, by more than 5 % of what "
    "it could: single training rows can be learned from the synthetic ones.",
    "overfitting suspected": "The figure is surely better than real rows get that the generator has not "
    "seen. It may have learned rows by heart.",
    "weak evidence": "An attack does surely better on training rows than on rows held out, but by how much "
    "is not sure.",
    "far from real rows": "Surely worse than real rows get, and nearer to shuffled columns.",
    "differs from real rows": "Surely worse than real rows get; less than 90 % of the way from shuffled "
    "columns to them, or shuffling changes nothing here.",
    "underpowered": "Nothing can be told: too few rows, or an attack that does no better than guessing.",
    "near real rows": "A little, but surely, worse than real rows get; 90 % of that way or more.",
    "like real rows": "No more apart from what real rows get than chance explains.",
    "no evidence": "The attack was large enough to see a tenth of the rows fall, and did not. That is no "
    "proof that there is no leak.",
    "no reference": "There is nothing to hold the figure against.",
    "not measured": "The reason stands in place of the figure.",
}


def standing(metric: Metric) -> Standing:
    """What a metric says in two or three words; never more than its interval and references allow.

    A privacy metric has its verdict. Any other one is *like real rows* where its reach holds
    the reference, else *near*, *different* or *far* by its place between shuffled columns and real
    rows (90 % and 50 % of the way); better than real rows beyond its reach, it is suspected of
    overfitting. Without an interval, as of fewer than 5 rows, it is *underpowered*.
    """
    if metric.verdict is not None:
        return metric.verdict
    if metric.value is None:
        return "not measured"
    if metric.reference is None:
        return "no reference"
    if metric.interval is None:
        return "underpowered"
    if metric.is_too_good:
        return "overfitting suspected"
    if not _is_surely_worse(metric):
        return "like real rows"
    progress = metric.progress
    if progress is None:
        return "differs from real rows"
    return _by_progress(progress)


def gravest(standings: Iterable[Standing]) -> Standing:
    """The worst of several; "not measured" of none."""
    return min(standings, key=WORST_FIRST.index, default="not measured")


def worst_first(metrics: Iterable[Metric]) -> list[Metric]:
    """Gravest standing first, then farthest from real rows; undefined ones last."""
    return sorted(metrics, key=_rank)


def _rank(metric: Metric) -> tuple[bool, int, float]:
    progress = metric.progress
    return metric.value is None, WORST_FIRST.index(standing(metric)), 1.0 if progress is None else progress


def _by_progress(progress: float) -> Standing:
    if progress >= NEAR:
        return "near real rows"
    return "differs from real rows" if progress >= FAR else "far from real rows"


def _is_surely_worse(metric: Metric) -> bool:
    """Whether the reference lies out of the value's reach, on the better side."""
    assert metric.value is not None
    assert metric.reference is not None
    low, high = metric.reach
    if metric.measure.better == "higher":
        return high < metric.reference
    if metric.measure.better == "lower":
        return low > metric.reference
    return not low <= metric.reference <= high and not metric.is_too_good
