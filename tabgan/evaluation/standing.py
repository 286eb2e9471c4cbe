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
