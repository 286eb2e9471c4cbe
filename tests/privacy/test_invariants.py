"""The invariants of the private mode, each test named after the one it checks."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import json
import math
from typing import get_args

import dp_accounting
import numpy as np
import pytest
from dp_accounting.pld import pld_privacy_accountant
from dp_accounting.rdp import rdp_privacy_accountant

from tabgan.errors import BudgetExceededError
from tabgan.privacy import bounds, entry, mechanisms
from tabgan.privacy.accounting import check_delta, default_delta, epsilon_of, rounded_up
from tabgan.privacy.entry import Entry, stability_threshold
from tabgan.privacy.ledger import Ledger, verdict

COUNTS = np.array([40, 7, 0, 13])


def sampled(noise_multiplier: float, rate: float, steps: int) -> Entry:
    return Entry(
        what="Likelihood",
        mechanism="gaussian",
        noise_multiplier=noise_multiplier,
        sample_rate=rate,
        steps=steps,
    )


def event(noise_multiplier: float, rate: float, steps: int) -> dp_accounting.DpEvent:
    step: dp_accounting.DpEvent = dp_accounting.GaussianDpEvent(noise_multiplier)
    if rate < 1.0:
        step = dp_accounting.PoissonSampledDpEvent(rate, step)
    return dp_accounting.SelfComposedDpEvent(step, steps)


ENTRIES = (
    Entry(what="Rows of the table", mechanism="discrete_gaussian", noise_multiplier=40.0),
    Entry(
        what="Labels of column 'job'",
        mechanism="stability_histogram",
        noise_multiplier=20.0,
        delta=1e-6,
        threshold=stability_threshold(20.0, delta=1e-6),
    ),
    Entry(what="Next pair of columns", mechanism="exponential", epsilon=0.05, steps=3),
    Entry(what="Sums of column 'age'", mechanism="gaussian", sensitivity=2.0, noise_multiplier=9.0),
    sampled(5.0, 0.05, 300),
)


# 12: the ledger is written before a mechanism runs and sums to the reported epsilon


def test_invariant_12_the_ledger_is_on_the_disk_before_a_mechanism_runs(tmp_path, monkeypatch):
    path = tmp_path / "fit.ledger"
    ledger = Ledger(3.0, 1e-5, path=path)
    synced = []
    monkeypatch.setattr("os.fsync", lambda descriptor: synced.append(path.read_bytes()))
    ledger.book(ENTRIES[0])
    on_disk = json.loads(path.read_bytes().splitlines()[-1])
    assert synced[-1] == path.read_bytes()
    released = mechanisms.discrete_gaussian_counts(COUNTS, sensitivity=1.0, noise_multiplier=40.0)
    assert on_disk == [ENTRIES[0].to_dict()]
    assert released.shape == COUNTS.shape


def test_invariant_12_epsilon_can_be_recomputed_from_the_file_alone(tmp_path):
    path = tmp_path / "fit.ledger"
    ledger = Ledger(3.0, 1e-5, path=path)
    for booked in ENTRIES:
        ledger.book(booked)
    header, *lines = (json.loads(line) for line in path.read_text().splitlines())
    entries = [Entry.from_dict(values) for line in lines for values in line]
    assert epsilon_of(entries, header["delta"]) == ledger.spent
    found = verdict(json.loads(json.dumps(ledger.to_dict())))
    assert found.holds
    assert found.recomputed == ledger.spent


def test_invariant_12_removing_an_entry_lowers_epsilon():
    ledger = Ledger(3.0, 1e-5)
    ledger.book(*ENTRIES)
    claim = ledger.to_dict()
    for place in range(len(ENTRIES)):
        less = copy.deepcopy(claim)
        del less["entries"][place]
        recomputed = verdict(less).recomputed
        assert recomputed is not None
        assert recomputed.epsilon < ledger.spent.epsilon


def test_invariant_12_a_crash_between_booking_and_mechanism_loses_no_spend(tmp_path):
    path = tmp_path / "fit.ledger"

    def fit(fails: bool) -> None:
        ledger = Ledger(0.35, 1e-5, path=path)
        ledger.book(dataclasses.replace(ENTRIES[0], noise_multiplier=16.0))
        if fails:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(fails=True)
    fit(fails=False)
    with pytest.raises(BudgetExceededError):
        fit(fails=False)
    assert len(Ledger(0.35, 1e-5, path=path).entries) == 2


def test_invariant_12_over_budget_raises_writes_nothing_and_runs_nothing(tmp_path):
    path = tmp_path / "fit.ledger"
    ledger = Ledger(0.3, 1e-5, path=path)
    ledger.book(ENTRIES[0])
    before, ran = path.read_bytes(), []

    def release() -> None:
        ledger.book(ENTRIES[3])
        ran.append(mechanisms.gaussian_sums(COUNTS, sensitivity=2.0, noise_multiplier=9.0))

    with pytest.raises(BudgetExceededError, match=r"would cost .* is left; nothing was run"):
        release()
    assert not ran
    assert path.read_bytes() == before
    assert ledger.entries == ENTRIES[:1]


# 13: two accountants agree


GRID = [
    pytest.param(noise, rate, steps, marks=[pytest.mark.slow] if place % 4 in (1, 2) else [])
    for place, (noise, rate, steps) in enumerate(
        [
            *itertools.product((0.7, 1.5, 5.0), (0.01, 0.05, 0.3), (30, 600)),
            *itertools.product((0.7, 5.0, 20.0), (1.0,), (1, 30)),
        ]
    )
    if steps * (rate / noise) ** 2 < 40.0  # beyond, epsilon is above 60
]


@pytest.mark.parametrize(("noise", "rate", "steps"), GRID)
def test_invariant_13_two_accountants_agree(noise, rate, steps):
    bounds_at = {delta: epsilon_of([sampled(noise, rate, steps)], delta) for delta in (1e-5, 1e-9)}
    cells = min(1e-3, 2e-4 * min(ours.epsilon for ours in bounds_at.values()))
    pld = pld_privacy_accountant.PLDAccountant(value_discretization_interval=cells)
    pld.compose(event(noise, rate, steps))
    for delta, ours in bounds_at.items():
        theirs = pld.get_epsilon(delta)
        assert ours.epsilon == pytest.approx(theirs, rel=0.005)
        assert ours.epsilon >= theirs * (1 - 5e-4)  # a bound, but for the cells of the other
        assert ours.accountant == ("PRV" if rate < 1.0 else "Gaussian")


@pytest.mark.parametrize(("noise", "rate", "steps"), [(1.1, 0.01, 900), (5.0, 0.3, 100), (4.0, 1.0, 7)])
def test_invariant_13_the_renyi_bounds_agree(noise, rate, steps):
    whole = [order for order in bounds.ORDERS.tolist() if order.is_integer()]
    theirs = rdp_privacy_accountant.RdpAccountant(whole).compose(event(noise, rate, steps)).get_epsilon(1e-5)
    if rate < 1.0:
        ours = bounds.rdp_epsilon(rho=0.0, exponential=(), sampled=[(noise, rate, steps)], delta=1e-5)
    else:
        ours = bounds.rdp_epsilon(rho=steps / 2 / noise**2, exponential=(), sampled=(), delta=1e-5)
    assert ours == pytest.approx(theirs, rel=0.005)
    assert ours <= theirs * (1 + 1e-6)  # more orders to choose from


def test_invariant_13_a_mixed_ledger_agrees():
    parts = [(5.0, 0.05, 300), (3.0, 0.02, 500), (4.0, 1.0, 1), (12.0, 1.0, 9)]
    pld = pld_privacy_accountant.PLDAccountant(value_discretization_interval=1e-4)
    for part in parts:
        pld.compose(event(*part))
    ours = epsilon_of([sampled(*part) for part in parts], 1e-5)
    assert ours.epsilon == pytest.approx(pld.get_epsilon(1e-5), rel=0.005)
    assert ours.accountant == "PRV"


def test_invariant_13_the_printed_epsilon_is_rounded_up():
    for epsilon in np.random.default_rng(0).lognormal(0.0, 2.0, 500):
        assert epsilon <= float(rounded_up(epsilon)) <= epsilon * 1.001


# 14: one neighbour relation, one unit, delta < 1/n, explicit


def test_invariant_14_one_unit_and_one_neighbour_relation_are_carried_by_the_types():
    assert get_args(entry.Unit) == ("one row",)
    assert get_args(entry.Neighbours) == ("add or remove one row",)
    ledger = Ledger(1.0, 1e-5)
    claim = ledger.to_dict()
    assert (ledger.unit, ledger.neighbours) == (claim["unit"], claim["neighbours"])
    for change in ({"unit": "one person"}, {"neighbours": "replace one row"}):
        assert not verdict({**claim, **change}).holds


def test_invariant_14_every_mechanism_says_what_one_row_can_move():
    for name in ("gaussian_sums", "discrete_gaussian_counts", "noisy_row_count", "stability_histogram"):
        text = getattr(mechanisms, name).__doc__
        assert "Privacy:" in text, name
        assert "books one" in text, name
        assert "Unit:" in text, name
    assert "Privacy:" in (mechanisms.exponential_choice.__doc__ or "")


def test_invariant_14_delta_is_below_one_in_the_released_rows():
    for n_rows in (1, 5, 999, 39_073, 10**8):
        check_delta(default_delta(n_rows), n_rows)
        assert default_delta(n_rows) < n_rows**-1.1
        with pytest.raises(ValueError, match="Expected 0 < delta < 1 /"):
            check_delta(1.0 / n_rows, n_rows)


@pytest.mark.parametrize("delta", [1e-4, 1e-6, 1e-9])
def test_invariant_14_categories_pass_a_threshold_whose_delta_is_charged(delta):
    """The threshold of the Gaussian noise in use; 1 + ln(1/2 delta)/epsilon is that of Laplace noise.

    Both leave the label of a single row a chance of at most delta: the tail of the noise beyond
    threshold - 1 is summed here, and the ledger refuses a threshold or a delta that does not match.
    """
    noise = 15.0
    threshold = stability_threshold(noise, delta=delta)
    x = np.arange(-700, 701)
    mass = np.exp(-(x**2) / (2 * noise**2))
    assert mass[1 + x > threshold].sum() / mass.sum() <= delta
    assert mass[1 + x > threshold - 1].sum() / mass.sum() > delta
    booked = Entry(
        what="Labels of column 'job'",
        mechanism="stability_histogram",
        noise_multiplier=noise,
        delta=delta,
        threshold=threshold,
    )
    assert epsilon_of([booked], delta * 1.0001).epsilon < math.inf
    assert epsilon_of([booked], delta).epsilon == math.inf
    for change in ({"threshold": threshold - 1}, {"delta": delta / 2}, {"delta": 0.0}):
        with pytest.raises(ValueError, match="Expected a threshold"):
            dataclasses.replace(booked, **change)


def test_invariant_14_a_lone_category_passes_no_more_often_than_delta():
    noise, delta, n = 3.0, 0.01, 20_000
    threshold = stability_threshold(noise, delta=delta)
    passed = mechanisms.stability_histogram(
        dict.fromkeys(range(n), 1), noise_multiplier=noise, threshold=threshold
    )
    assert len(passed) <= n * delta + 5 * math.sqrt(n * delta)
