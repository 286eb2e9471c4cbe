"""The single bounds, against brute force, dp-accounting and each other."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from dp_accounting.rdp import rdp_privacy_accountant
from scipy import integrate, stats

from tabgan.privacy import bounds
from tabgan.privacy.bounds import ORDERS, gaussian_epsilon, prv_epsilon, rdp_epsilon

WHOLE = [order for order in ORDERS.tolist() if order.is_integer()]


def rdp_of(noise_multiplier: float, sample_rate: float, steps: int, delta: float) -> float:
    sampled = [(noise_multiplier, sample_rate, steps)]
    return rdp_epsilon(rho=0.0, exponential=(), sampled=sampled, delta=delta)


def curve_of(noise: float, rate: float) -> dict[float, float]:
    return {order: bounds._rdp_curve(noise, rate, order)[0] for order in ORDERS.tolist()}


@pytest.mark.parametrize("noise", [0.3, 1.0, 5.0, 100.0])
@pytest.mark.parametrize("rate", [1e-4, 0.01, 0.2, 0.95])
def test_the_renyi_curve_is_that_of_dp_accounting_at_whole_orders(noise, rate):
    """At fractional orders dp-accounting gives a looser bound than the series: those are integrated below."""
    theirs = rdp_privacy_accountant._compute_rdp_poisson_subsampled_gaussian(rate, noise, WHOLE)
    curve = curve_of(noise, rate)
    np.testing.assert_allclose([curve[order] for order in WHOLE], theirs, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize(("noise", "rate"), [(5.0, 0.3), (0.7, 0.01), (1.5, 0.3), (2.0, 0.95)])
def test_the_renyi_curve_is_the_integral_at_fractional_orders(noise, rate):
    curve = curve_of(noise, rate)
    for order in (1.05, 1.5, 2.3, 3.7, 9.9):

        def density(x, order=order):
            ratio = (1 - rate) + rate * np.exp((2 * x - 1) / (2 * noise**2))
            return stats.norm.pdf(x, scale=noise) * ratio**order

        reach = order + 30 * noise
        exact = math.log(integrate.quad(density, -reach, reach, limit=500, epsabs=1e-14)[0]) / (order - 1)
        if rate < 0.9:
            assert curve[order] == pytest.approx(exact, rel=1e-5, abs=1e-10)
        assert curve[order] >= exact * (1 - 1e-5) - 1e-10


@pytest.mark.parametrize(("noise", "rate", "steps"), [(0.8, 0.01, 900), (5.0, 0.3, 40), (60.0, 0.95, 9)])
@pytest.mark.parametrize("delta", [1e-3, 1e-12])
def test_orders_that_are_not_asked_hold_no_smaller_bound(noise, rate, steps, delta):
    curves = {s: np.array([*curve_of(s, rate).values()]) for s in (noise, 2.0 * noise)}
    whole = ORDERS * 0.01 + steps * curves[noise] + 3 * curves[2.0 * noise]
    every = whole + np.log1p(-1.0 / ORDERS) - np.log(delta * ORDERS) / (ORDERS - 1.0)
    sampled = [(noise, rate, steps), (2.0 * noise, rate, 3)]
    found = rdp_epsilon(rho=0.01, exponential=(), sampled=sampled, delta=delta)
    assert found == max(0.0, float(every.min()) * (1.0 + 1e-12))


def test_sampling_never_costs_more_than_looking_at_all_rows():
    for noise, rate in itertools.product((0.05, 3.0, 1e4), (1e-9, 1 - 1e-9)):
        curve = np.array([*curve_of(noise, rate).values()])
        assert (curve >= 0.0).all()
        assert (curve <= ORDERS / (2 * noise**2)).all()


@pytest.mark.parametrize("mu", [0.01, 0.2, 1.0, 5.0, 40.0])
@pytest.mark.parametrize("delta", [1e-3, 1e-6, 1e-12])
def test_the_closed_form_meets_its_delta(mu, delta):
    epsilon = gaussian_epsilon(mu, delta)
    first, second = stats.norm.logcdf([mu / 2 - epsilon / mu, -mu / 2 - epsilon / mu])
    reached = math.exp(first) - math.exp(epsilon + second)
    assert reached <= delta
    assert epsilon == 0.0 or reached == pytest.approx(delta, rel=1e-3)
    assert epsilon <= rdp_epsilon(rho=mu * mu / 2, exponential=(), sampled=(), delta=delta)


def test_the_closed_form_of_nothing_and_of_too_much():
    assert gaussian_epsilon(0.0, 1e-5) == 0.0
    assert gaussian_epsilon(1e-6, 1e-5) == 0.0
    assert gaussian_epsilon(math.inf, 1e-5) == math.inf


def test_prv_of_one_step_on_all_rows_is_the_closed_form():
    for mu in (0.2, 1.0, 4.0):
        rough, far = (rdp_epsilon(rho=mu**2 / 2, exponential=(), sampled=(), delta=d) for d in (1e-5, 2.5e-9))
        found = prv_epsilon(((1 / mu, 1.0, 1),), 1e-5, rough=rough, far=far)
        assert gaussian_epsilon(mu, 1e-5) <= found <= gaussian_epsilon(mu, 1e-5) * 1.005


@pytest.mark.parametrize(
    ("noise", "rate", "steps", "delta"),
    [
        (1e4, 1e-6, 1, 1e-5),  # hardly a cost
        (0.05, 0.9, 100, 1e-5),  # no privacy at all
        (1.0, 0.01, 10**9, 1e-5),  # more steps than a grid can hold
        (5.0, 0.05, 600, 1e-14),  # a delta below rounding errors
        (3.0, 1 - 1e-12, 5, 1e-5),
    ],
)
def test_prv_of_extreme_settings_is_a_bound_or_says_that_it_cannot_tell(noise, rate, steps, delta):
    rough, far = rdp_of(noise, rate, steps, delta), rdp_of(noise, rate, steps, delta / 4e3)
    found = prv_epsilon(((noise, rate, steps),), delta, rough=rough, far=far)
    assert found > 0.0
    if delta < 1e-10:
        assert found == math.inf


def test_the_renyi_bound_of_the_exponential_mechanism_is_at_most_its_epsilon_a_step():
    for epsilon in (0.01, 0.5, 8.0):
        found = rdp_epsilon(rho=0.0, exponential=[(epsilon, 1)], sampled=(), delta=1e-9)
        assert found <= epsilon + 0.03


def test_the_smallest_delta_that_there_is_has_an_epsilon() -> None:
    assert gaussian_epsilon(1.0, 1e-300) < gaussian_epsilon(1.0, 5e-324) < 40.0
