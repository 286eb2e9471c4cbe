from __future__ import annotations

from typing import Any

import pytest

from tabgan.evaluation.metric import Measure, Metric
from tabgan.evaluation.standing import MEANINGS, WORST_FIRST, gravest, standing, worst_first
from tabgan.evaluation.verdict import SEVERITY


def metric(value: float | None, better: Any = "higher", **more: Any) -> Metric:
    question = more.pop("question", "fidelity")
    perfect, has_scale = 1.0 if better == "higher" else 0.5, more.pop("has_scale", True)
    measure = Measure("k", "n", question, better, perfect, "m", overfits=True, has_scale=has_scale)
    return measure.undefined("a reason", **more) if value is None else measure.found(value, **more)


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (metric(None), "not measured"),
        (metric(0.9), "no reference"),
        (metric(0.9, reference=0.95, interval=(0.8, 0.96)), "like real rows"),
        (metric(0.9, reference=0.95, interval=(0.88, 0.92)), "differs from real rows"),
        (metric(0.93, reference=0.95, floor=0.5, interval=(0.92, 0.94)), "near real rows"),
        (metric(0.8, reference=0.95, floor=0.5, interval=(0.79, 0.81)), "differs from real rows"),
        (metric(0.6, reference=0.95, floor=0.5, interval=(0.59, 0.61)), "far from real rows"),
        (metric(0.99, reference=0.95, interval=(0.98, 1.0)), "overfitting suspected"),
        (metric(0.53, "lower", reference=0.5, floor=0.99, interval=(0.52, 0.54)), "near real rows"),
        (metric(0.4, "lower", reference=0.5, floor=0.99, interval=(0.38, 0.42)), "overfitting suspected"),
        (metric(0.7, "nearer", reference=0.52, interval=(0.68, 0.72)), "differs from real rows"),
        (metric(0.9, reference=0.95), "underpowered"),
        (metric(0.1, reference=0.95, floor=0.5), "underpowered"),
        (metric(1.4, "nearer", reference=1.04, floor=0.03, interval=(1.4, 1.4)), "differs from real rows"),
        (metric(1.1, "nearer", reference=1.04, floor=0.03, interval=(1.1, 1.1)), "near real rows"),
        (metric(2.0, "nearer", reference=1.04, floor=0.03, interval=(2.0, 2.0)), "far from real rows"),
        (metric(0.7, reference=0.8, floor=0.85, interval=(0.69, 0.71)), "differs from real rows"),
        (metric(0.9, "lower", reference=0.8, floor=0.7, interval=(0.89, 0.91)), "differs from real rows"),
        (metric(0.7, question="privacy", verdict="leak", reference=0.7), "leak"),
        (metric(None, question="privacy", verdict="underpowered"), "underpowered"),
        (metric(0.99, question="privacy", reference=0.5, interval=(0.98, 1.0)), "like real rows"),
    ],
)
def test_the_word_says_no_more_than_interval_and_references_allow(found: Metric, word: str) -> None:
    assert standing(found) == word


@pytest.mark.parametrize("unit", [1.0, 1e-2, 1e-9, 1e6])
def test_the_unit_of_a_measure_without_a_scale_does_not_matter(unit: float) -> None:
    def found(value: float, reference: float, floor: float, half: float = 0.01) -> str:
        ends = (unit * (value - half), unit * (value + half))
        more = {"reference": unit * reference, "floor": unit * floor, "interval": ends}
        return standing(metric(unit * value, "lower", has_scale=False, **more))

    assert found(1.05, 1.0, 2.0) == "near real rows"
    assert found(1.3, 1.0, 2.0) == "differs from real rows"
    assert found(1.9, 1.0, 2.0) == "far from real rows"
    # No scale where shuffling hardly matters, and none of a little chance either side of 0.
    assert found(1.9, 1.0, 1.02) == "differs from real rows"
    assert found(0.05, 0.001, 0.01) == "differs from real rows"


def test_the_gravest_of_several_is_told_and_of_none_nothing() -> None:
    assert gravest(["no evidence", "leak", "not measured"]) == "leak"
    assert gravest(["not measured", "no evidence"]) == "no evidence"
    assert gravest([]) == "not measured"


def test_verdicts_keep_their_order_among_all_words() -> None:
    assert [word for word in WORST_FIRST if word in SEVERITY] == list(SEVERITY)
    assert len(set(WORST_FIRST)) == len(WORST_FIRST)


def test_the_worst_metric_is_first_and_undefined_ones_are_last() -> None:
    near = metric(0.93, reference=0.95, floor=0.5, interval=(0.92, 0.94))
    bad = metric(0.7, reference=0.95, floor=0.5, interval=(0.69, 0.71))
    worse = metric(0.6, reference=0.95, floor=0.5, interval=(0.59, 0.61))
    undefined = metric(None, verdict="leak")
    assert worst_first([undefined, near, bad, worse]) == [worse, bad, near, undefined]


def test_every_word_is_explained_in_the_order_of_gravity() -> None:
    assert tuple(MEANINGS) == WORST_FIRST
