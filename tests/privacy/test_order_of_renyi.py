"""A gap that docs/privacy.md tells of: the order of the Rényi bound may follow from the released count."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tabgan.privacy.accounting import default_delta, noise_for, with_room
from tabgan.privacy.bounds import ORDERS, _rdp_curve
from tabgan.privacy.config import COUNT, PrivacyConfig
from tabgan.privacy.entry import Entry
from tabgan.private_reading import SMALLEST_DELTA


def smallest_order(entries: list[Entry], delta: float) -> float:
    """The order at which the Rényi bound of these entries is the smallest."""
    curve = np.zeros(len(ORDERS))
    for entry in entries:
        noise, rate = entry.noise_multiplier, entry.sample_rate
        one = ORDERS / (2 * noise**2)
        if rate < 1.0:
            one = np.array([_rdp_curve(noise, rate, order)[0] for order in ORDERS.tolist()])
        curve += entry.steps * one
    bound = curve + np.log1p(-1.0 / ORDERS) - np.log(delta * ORDERS) / (ORDERS - 1.0)
    return float(ORDERS[bound.argmin()])


@pytest.mark.parametrize("epsilon", [0.3, 1.0])
def test_an_order_that_follows_from_the_count_adds_little_to_delta(epsilon):
    """With order a after count c, delta grows by the sum over c of what the count, tilted by a, has there.

    Tilted by one order for all counts it is a distribution like any, and adds nothing.
    """
    config = PrivacyConfig.default(epsilon)
    plan = config.entries(["kinds"], ["columns"], adaptive=True)
    share = 1 - config.label_delta
    (count,) = [entry for entry in plan if entry.what == COUNT]
    sigma = count.scaled(noise_for(epsilon, SMALLEST_DELTA * share, plan)).noise_multiplier

    def order_after(delta: float) -> float:
        scale = noise_for(epsilon, delta * share, plan)
        return smallest_order([entry.scaled(scale) for entry in plan], delta * share)

    for n_rows, most in ((300, 0.04), (10_000, 1e-4)):
        counts = np.arange(max(5, round(n_rows - 7 * sigma)), round(n_rows + 7 * sigma))
        deltas = np.array([default_delta(with_room(int(count), sigma)) for count in counts])
        orders = {delta: order_after(delta) for delta in set(deltas.tolist())}
        tilt = np.array([orders[delta] for delta in deltas.tolist()])
        for sign in (1, -1):  # a row more, a row less
            assert stats.norm.pdf(counts, n_rows + sign * tilt, sigma).sum() < 1 + most
