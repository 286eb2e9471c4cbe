from __future__ import annotations

from typing import Any

import pytest

from tabgan.evaluation.metric import Measure, Metric
from tabgan.evaluation.standing import WORST_FIRST, gravest, standing, worst_first
from tabgan.evaluation.verdict import SEVERITY


def metric(value: float | None, better: Any = "higher", **more: Any) -> Metric:
    question = more.pop("question", "fidelity")
    measure = Measure("k", "n", question, better, 1.0 if better == "higher" else 0.5, "m")
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
        (metric(0.7, question="privacy", verdict="leak", reference=0.7), "leak"),
        (metric(None, question="privacy", verdict="underpowered"), "underpowered"),
        (metric(0.99, question="privacy", reference=0.5, interval=(0.98, 1.0)), "like real rows"),
    ],
)
def test_the_word_says_no_more_than_interval_and_references_allow(found: Metric, word: str) -> None:
    assert standing(found) == word


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
