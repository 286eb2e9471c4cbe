from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabgan.evaluation.intervals import difference
from tabgan.evaluation.metric import Measure
from tabgan.evaluation.risk import Risk, Trials, gravest_verdict, worst_of

MEASURE = Measure("m", "M", "privacy", "lower", 0.0, "")


def risk(attack: int, control: int, n: int = 100, **others: float) -> Risk:
    return Risk(Trials(attack, n), Trials(0, n), Trials(control, n), **others)


def test_the_risk_is_the_excess_of_what_the_control_leaves() -> None:
    one = risk(60, 20)
    assert one.value == pytest.approx(0.5)
    low, high = difference((60, 100), (20, 100))
    assert one.interval == pytest.approx((low / 0.8, high / 0.8))
    assert one.verdict == "leak"


def test_an_attack_that_always_succeeds_on_any_row_is_no_leak() -> None:
    assert risk(5000, 5000, n=5000).value == 0.0
    assert risk(5000, 5000, n=5000).verdict == "no evidence"
    # Nearly always: what is left is too little for a fine judgement, and for many rows to leak.
    almost = risk(4990, 4985, n=5000)
    assert almost.interval[0] < -0.05
    assert almost.interval[1] > 0.3
    assert almost.verdict == "no evidence"


def test_chance_is_hardly_ever_called_a_leak_where_the_control_leaves_little() -> None:
    dice = np.random.default_rng(0)
    for rate in (0.3, 0.92, 0.99):
        successes = dice.binomial(3000, rate, (300, 2))
        said = Counter(risk(int(attack), int(control), n=3000).verdict for attack, control in successes)
        assert said["leak"] + said["weak evidence"] <= 0.04 * 300
        assert said["leak"] <= 0.003 * 300
    assert risk(2824, 2751, n=3000, tests=15).verdict == "weak evidence"
    assert risk(2860, 2751, n=3000, tests=15).verdict == "leak"  # two fifths of what was left


def test_few_trials_are_underpowered_and_several_tests_widen_the_interval() -> None:
    assert risk(3, 2, n=10).verdict == "underpowered"
    assert risk(0, 0, n=0).verdict == "underpowered"
    single, many = risk(40, 20), risk(40, 20, tests=10)
    assert many.interval[0] < single.interval[0] < single.value < single.interval[1] < many.interval[1]
    assert many.value == single.value


def test_trials_that_stand_or_fall_together_count_as_one() -> None:
    whole = risk(40, 20)
    parts = Risk(Trials(80, 200, 2.0), Trials(0, 200), Trials(40, 200, 2.0))
    assert parts.value == whole.value
    assert parts.interval == whole.interval


def test_what_is_found_in_samples_is_scaled_to_all_rows() -> None:
    # 4 samples, each holding a quarter of the copied rows: all of them are found in some sample.
    found = Risk(Trials(1000, 4000), Trials(0, 1000), Trials(0, 1000), ratio=4.0)
    assert found.value == 1.0
    assert found.rates == {"attack": 1.0, "naive": 0.0, "control": 0.0}
    assert found.verdict == "leak"


def test_an_attack_no_better_than_guessing_says_so() -> None:
    weak = Risk(Trials(5, 100), Trials(5, 100), Trials(4, 100))
    assert "no better than guessing" in weak.metric(MEASURE, rows=200).note
    assert "no better than guessing" not in risk(60, 20).metric(MEASURE, rows=200).note


def test_an_attack_no_better_than_guessing_calms_nobody() -> None:
    def attacked(attack: int, naive: int, control: int) -> Risk:
        return Risk(Trials(attack, 2000), Trials(naive, 2000), Trials(control, 2000))

    assert attacked(100, 90, 100).verdict == "no evidence"
    assert attacked(100, 100, 100).verdict == "underpowered"
    assert attacked(0, 0, 0).verdict == "underpowered"
    # What it finds all the same, it has found.
    assert attacked(600, 900, 100).verdict == "leak"
    assert attacked(160, 900, 100).verdict == "weak evidence"


def test_a_weak_attack_takes_no_calm_from_others_and_all_of_them_give_none() -> None:
    strong = Risk(Trials(100, 2000), Trials(20, 2000), Trials(100, 2000))
    weak = Risk(Trials(100, 2000), Trials(100, 2000), Trials(100, 2000))
    assert gravest_verdict([strong, weak]) == "no evidence"
    assert gravest_verdict([weak, weak]) == "underpowered"
    assert gravest_verdict([strong, risk(3, 2, n=10)]) == "underpowered"
    assert gravest_verdict([weak, risk(60, 20)]) == "leak"


def test_the_metric_names_all_three_rates() -> None:
    metric = Risk(Trials(60, 100), Trials(5, 100), Trials(20, 100)).metric(MEASURE, rows=200, note="why")
    assert metric.note == (
        "why; succeeds on 60.00% of training rows, 20.00% of rows held out, 5.00% by guessing"
    )
    assert (metric.reference, metric.rows, metric.verdict) == (0.0, 200, "leak")


def test_the_worst_is_the_one_most_surely_there() -> None:
    assert worst_of([risk(10, 5, n=20), risk(300, 200, n=1000), risk(0, 5)]) == 1


@given(
    st.integers(0, 40),
    st.integers(0, 40),
    st.integers(40, 60),
    st.floats(1, 9),
    st.floats(1, 20),
    st.integers(1, 50),
)
def test_value_and_interval_are_always_sound(
    a: int, c: int, n: int, weight: float, ratio: float, tests: int
) -> None:
    found = Risk(Trials(a, n, weight), Trials(0, n), Trials(c, n, weight), tests=tests, ratio=ratio)
    low, high = found.interval
    # Weighted counts are rounded, which may move the interval by one of them.
    slack = ratio * weight / n / found.left
    assert -1 <= low <= high <= 1
    assert low - slack <= found.value <= high + slack
