from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from tabgan.errors import BudgetExceededError
from tabgan.privacy import accounting
from tabgan.privacy.accounting import (
    check_delta,
    default_delta,
    epsilon_of,
    fits,
    noise_for,
    rounded_up,
)
from tabgan.privacy.bounds import gaussian_epsilon
from tabgan.privacy.entry import Entry, stability_threshold

DELTA = 1e-5


def gaussian(noise_multiplier: float, *, rate: float = 1.0, steps: int = 1, adaptive: bool = False) -> Entry:
    return Entry(
        what="Sum of column 'x'",
        mechanism="gaussian",
        noise_multiplier=noise_multiplier,
        sample_rate=rate,
        steps=steps,
        adaptive=adaptive,
    )


def discrete(noise_multiplier: float, *, sensitivity: float = 1.0) -> Entry:
    return Entry(
        what="Counts of column 'x'",
        mechanism="discrete_gaussian",
        noise_multiplier=noise_multiplier,
        sensitivity=sensitivity,
    )


def labels(noise_multiplier: float, delta: float) -> Entry:
    threshold = stability_threshold(noise_multiplier, delta=delta)
    return Entry(
        what="Labels of column 'x'",
        mechanism="stability_histogram",
        noise_multiplier=noise_multiplier,
        delta=delta,
        threshold=threshold,
    )


def choice(epsilon: float, *, steps: int = 1) -> Entry:
    return Entry(what="Next pair of columns", mechanism="exponential", epsilon=epsilon, steps=steps)


PLAN = (
    discrete(50.0),
    *[discrete(12.0)] * 8,
    labels(12.0, 1e-6),
    choice(0.1, steps=5),
    gaussian(5.0, rate=0.05, steps=600),
)


def test_releases_on_all_rows_compose_like_one():
    """Root of the sum of squares, so n releases at noise s sqrt(n) cost what one at s costs."""
    one = epsilon_of([gaussian(4.0)], DELTA)
    many = epsilon_of([gaussian(4.0 * math.sqrt(10.0))] * 10, DELTA)
    assert one.accountant == "Gaussian"
    assert many.epsilon == pytest.approx(one.epsilon, rel=1e-9)
    assert epsilon_of([gaussian(4.0 * math.sqrt(10.0), steps=10)], DELTA) == many


def test_discrete_noise_costs_hardly_more_than_continuous():
    for noise in (1.0, 5.0, 50.0):
        for sensitivity in (1.0, 3.0):
            cost = epsilon_of([discrete(noise, sensitivity=sensitivity)], DELTA).epsilon
            continuous = epsilon_of([gaussian(noise)], DELTA).epsilon
            assert 1.0 <= cost / continuous < 1.0 + 0.2 / noise**2


def test_the_normal_pair_dominates_every_pair_of_the_exponential_mechanism():
    """Brute force of what `_exponential_shift` rests on, over t; see Dong, Durfee & Rogers 2020."""
    for epsilon in (0.01, 0.3, 1.0, 4.0, 15.0):
        t = np.linspace(0.0, epsilon, 2001)[1:-1]
        p = np.expm1(epsilon - t) / (np.exp(epsilon - t) * -np.expm1(-epsilon))
        q = np.exp(-t) * p
        np.testing.assert_allclose(np.exp(-t) * p + np.exp(epsilon - t) * (1 - p), 1.0, rtol=1e-9)
        needed = special.ndtri(p) - special.ndtri(q)
        assert needed.max() <= accounting._exponential_shift(epsilon)
        assert needed.max() == pytest.approx(accounting._exponential_shift(epsilon), rel=1e-5)


def test_the_exponential_mechanism_costs_the_smaller_of_two_bounds():
    alone = epsilon_of([choice(0.2, steps=20)], DELTA)
    zcdp = 20 * 0.2**2 / 8
    assert alone.accountant == "RDP"
    assert alone.epsilon <= zcdp + 2 * math.sqrt(zcdp * math.log(1 / DELTA))  # Bun & Steinke 2016
    mixed = epsilon_of([choice(0.02), gaussian(2.0)], DELTA)
    assert mixed.accountant == "Gaussian"
    mu = math.hypot(0.5, accounting._exponential_shift(0.02))
    assert mixed.epsilon == pytest.approx(gaussian_epsilon(mu, DELTA))


def test_the_delta_of_labels_comes_off_the_target():
    entry = labels(12.0, 4e-6)
    bare = dataclasses.replace(entry, mechanism="discrete_gaussian", delta=0.0, threshold=0)
    assert epsilon_of([entry], DELTA).epsilon == pytest.approx(epsilon_of([bare], 6e-6).epsilon, rel=1e-9)
    assert epsilon_of([entry], DELTA).epsilon > epsilon_of([bare], DELTA).epsilon
    assert epsilon_of([entry] * 3, DELTA).epsilon == math.inf


def test_everything_together_costs_less_than_its_parts_and_more_than_each():
    total = epsilon_of(PLAN, DELTA)
    parts = [epsilon_of([entry], DELTA).epsilon for entry in PLAN]
    assert total.accountant == "PRV"
    assert max(parts) < total.epsilon < sum(parts)
    assert total.epsilon < accounting._quick(accounting._total(PLAN), DELTA).epsilon


def test_the_order_of_entries_does_not_matter_and_equal_ones_are_one():
    assert epsilon_of(PLAN[::-1], DELTA) == epsilon_of(PLAN, DELTA)
    split = [*PLAN[:-1], *[dataclasses.replace(PLAN[-1], steps=200)] * 3]
    assert epsilon_of(split, DELTA) == epsilon_of(PLAN, DELTA)


def test_removing_any_entry_lowers_epsilon():
    total = epsilon_of(PLAN, DELTA).epsilon
    for place in range(len(PLAN)):
        assert epsilon_of(PLAN[:place] + PLAN[place + 1 :], DELTA).epsilon < total


def test_epsilon_falls_with_noise_and_delta_and_rises_with_rate_and_steps():
    grid = {"noise": (1.0, 3.0), "rate": (0.02, 0.2, 1.0), "steps": (50, 800), "delta": (1e-7, 1e-5)}
    cost = {
        key: epsilon_of([gaussian(key[0], rate=key[1], steps=key[2])], key[3]).epsilon
        for key in itertools.product(*grid.values())
    }
    for axis, sign in enumerate((-1, 1, 1, -1)):
        values = list(grid.values())[axis]
        for key, low in itertools.product(cost, range(len(values) - 1)):
            if key[axis] == values[low]:
                other = (*key[:axis], values[low + 1], *key[axis + 1 :])
                assert sign * (cost[other] - cost[key]) >= 0.0


@given(
    st.lists(st.floats(0.5, 50.0), min_size=1, max_size=6),
    st.lists(st.floats(0.01, 1.0), max_size=4),
    st.sampled_from([1e-3, 1e-6, 1e-9]),
)
def test_one_more_release_never_costs_less(noises, epsilons, delta):
    entries = [gaussian(noise) for noise in noises] + [choice(epsilon) for epsilon in epsilons]
    assert epsilon_of(entries[:-1], delta).epsilon <= epsilon_of(entries, delta).epsilon


def test_nothing_costs_nothing():
    assert epsilon_of([], DELTA) == (0.0, DELTA, "none")


def test_noise_chosen_from_earlier_releases_is_never_accounted_by_prv():
    late = [*PLAN[:-1], dataclasses.replace(PLAN[-1], adaptive=True)]
    assert epsilon_of(late, DELTA).accountant == "RDP"
    assert epsilon_of(late, DELTA).epsilon > epsilon_of(PLAN, DELTA).epsilon
    assert not fits(late, epsilon_of(PLAN, DELTA).epsilon, DELTA)
    assert epsilon_of([gaussian(3.0, adaptive=True)], DELTA).accountant == "Gaussian"


def test_fits_agrees_with_the_total():
    for entries in (PLAN, PLAN[:3], [choice(0.1)]):
        cost = epsilon_of(entries, DELTA).epsilon
        assert fits(entries, cost, DELTA)
        assert not fits(entries, cost * (1 - 1e-6), DELTA)


@pytest.mark.parametrize("epsilon", [0.5, 5.0])
@pytest.mark.parametrize(
    "plan", [PLAN, PLAN[:-1], (choice(1.0),), [*PLAN, gaussian(7.0, rate=0.031, steps=400)]], ids=len
)
def test_the_noise_found_just_keeps_the_budget(epsilon, plan):
    scale = noise_for(epsilon, DELTA, plan)
    spent = epsilon_of([entry.scaled(scale) for entry in plan], DELTA).epsilon
    assert 0.995 * epsilon < spent < epsilon


def test_a_plan_that_no_noise_can_save_is_refused():
    with pytest.raises(BudgetExceededError, match=r"would cost delta=.*, and .* is left; nothing was run"):
        noise_for(1.0, 1e-6, [labels(10.0, 2e-6)])
    for epsilon, delta, plan in ((0.0, DELTA, PLAN), (1.0, 1.0, PLAN), (1.0, DELTA, [])):
        with pytest.raises(ValueError, match="Expected a plan"):
            noise_for(epsilon, delta, plan)


def test_a_printed_epsilon_is_never_less():
    for epsilon in (0.1, 1 / 3, 0.99995, 1.0, 1.00001, 123.456, 98765.4, 1e-7):
        assert epsilon <= float(rounded_up(epsilon)) <= epsilon * 1.001
    assert rounded_up(math.inf) == "inf"
    assert str(epsilon_of([gaussian(1.0)], DELTA)) == "epsilon 4.378 at delta 1e-05 (Gaussian)"


@given(st.integers(1, 10**12))
def test_the_default_delta_is_one_digit_below_the_bound(n_rows):
    delta = default_delta(n_rows)
    assert delta < 1 / n_rows**1.1
    assert f"{delta:e}".split("e")[0].rstrip("0") in [f"{digit}." for digit in range(1, 10)]
    assert delta * 2 >= 1 / n_rows**1.1 * 0.999
    check_delta(delta, n_rows)


def test_a_delta_of_one_in_the_rows_is_refused():
    for delta in (1 / 1000, 0.5, 0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match="Expected 0 < delta < 1 / 1000 rows"):
            check_delta(delta, 1000)
