from __future__ import annotations

import copy
import json
import math
import re

import pytest

from tabgan.errors import BudgetExceededError, ModelFileError
from tabgan.privacy.accounting import epsilon_of, noise_for
from tabgan.privacy.entry import Entry, stability_threshold
from tabgan.privacy.ledger import Ledger, verdict

COUNT = Entry(what="Rows of the table", mechanism="discrete_gaussian", noise_multiplier=40.0)
SUM = Entry(what="Sum of column 'x'", mechanism="gaussian", noise_multiplier=10.0)
PAIR = Entry(what="Next pair of columns", mechanism="exponential", epsilon=0.05)
LABELS = Entry(
    what="Labels of column 'y'",
    mechanism="stability_histogram",
    noise_multiplier=20.0,
    delta=1e-6,
    threshold=stability_threshold(20.0, delta=1e-6),
)


def filled() -> Ledger:
    ledger = Ledger(2.0, 1e-5)
    ledger.book(COUNT)
    ledger.book(SUM, PAIR)
    ledger.book(LABELS)
    return ledger


def test_the_spend_is_that_of_all_entries():
    ledger = filled()
    assert ledger.entries == (COUNT, SUM, PAIR, LABELS)
    assert ledger.spent == epsilon_of(ledger.entries, 1e-5)
    epsilon, delta, accountant = ledger.spent
    assert 0.0 < epsilon < 2.0
    assert delta == 1e-5
    assert accountant in ("Gaussian", "RDP")
    assert Ledger(1.0, 1e-5).spent == (0.0, 0.0, "none")


def test_a_ledger_shows_its_budget_its_spend_and_every_entry():
    ledger = filled()
    budget, *entries = repr(ledger).splitlines()
    assert budget == f"Ledger of epsilon 2 at delta 1e-05; spent: {ledger.spent}"
    assert entries == [f"  {entry.what} ({entry.mechanism})" for entry in ledger.entries]


def test_an_entry_over_budget_is_refused_and_nothing_is_booked():
    ledger = Ledger(0.3, 1e-5)
    ledger.book(COUNT)
    with pytest.raises(BudgetExceededError) as caught:
        ledger.book(SUM)
    form = r"Sum of column 'x': would cost epsilon=(0\.\d+), and (0\.\d+) of 0\.3 is left; nothing was run\."
    found = re.fullmatch(form, str(caught.value))
    assert found
    cost, left = float(found[1]), float(found[2])
    assert cost > left == pytest.approx(0.3 - ledger.spent.epsilon, abs=1e-4)
    with pytest.raises(BudgetExceededError, match=r"\(and 1 more\): would cost"):
        ledger.book(PAIR, SUM)
    assert ledger.entries == (COUNT,)


def test_deltas_are_a_budget_too():
    ledger = Ledger(5.0, 1.5e-6)
    ledger.book(LABELS)
    with pytest.raises(
        BudgetExceededError,
        match=r"would cost delta=1e-06, and less than delta=5e-07 is left; nothing was run\.$",
    ):
        ledger.book(LABELS)
    assert len(ledger.entries) == 1


def test_entries_and_budget_cannot_be_changed_or_taken_back():
    ledger = filled()
    for name in ("epsilon", "delta", "entries", "spent"):
        with pytest.raises(AttributeError):
            setattr(ledger, name, 100.0)
    assert isinstance(ledger.entries, tuple)
    assert not {name for name in dir(ledger) if not name.startswith("_")} - {
        "book",
        "delta",
        "entries",
        "epsilon",
        "from_dict",
        "neighbours",
        "settle",  # only upwards, and told: the spend is at the delta of the budget
        "spent",
        "to_dict",
        "unit",
    }


@pytest.mark.parametrize(
    ("epsilon", "delta"),
    [(0.0, 1e-5), (math.inf, 1e-5), (math.nan, 1e-5), (1.0, 0.0), (1.0, 1.0), ("1", 0.1)],
)
def test_a_budget_out_of_range_is_refused(epsilon, delta):
    with pytest.raises(ValueError, match="Expected"):
        Ledger(epsilon, delta)


def test_a_plan_scaled_to_the_budget_can_be_booked_line_by_line():
    plan = [COUNT, LABELS, PAIR, *[SUM] * 8]
    training = Entry(
        what="Likelihood", mechanism="gaussian", noise_multiplier=5.0, sample_rate=0.05, steps=300
    )
    for order in ([*plan, training], [training, *plan]):
        scale = noise_for(1.0, 1e-5, order)
        ledger = Ledger(1.0, 1e-5)
        for entry in order:
            ledger.book(entry.scaled(scale))
        assert 0.99 < ledger.spent.epsilon < 1.0
        assert ledger.spent.accountant == "PRV"
        with pytest.raises(BudgetExceededError):
            ledger.book(SUM)


def test_plain_values_go_through_json_and_back():
    ledger = filled()
    text = json.dumps(ledger.to_dict(), allow_nan=False)
    again = Ledger.from_dict(json.loads(text))
    assert again.entries == ledger.entries
    assert again.to_dict() == ledger.to_dict()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"format": 2}, "format"),
        ({"unit": "one cell"}, "unit"),
        ({"neighbours": "replace one row"}, "neighbours"),
        ({"entries": "none"}, "list of entries"),
        ({"entries": [1]}, "an entry with exactly"),
        ({"epsilon": "2"}, "a number"),
        ({"epsilon": 10**400}, ""),
        ({"delta": 1.0}, "delta"),
        ({"more": 1}, "a ledger with exactly"),
        ({"spent": {}}, "a spend with exactly"),
        ({"spent": {"epsilon": math.nan, "delta": 1e-5, "accountant": "PRV"}}, "finite"),
        ({"spent": {"epsilon": 10**400, "delta": 1e-5, "accountant": "PRV"}}, ""),
        ({"spent": {"epsilon": 1.0, "delta": 1e-3, "accountant": "PRV"}}, "at the delta of the budget"),
    ],
    ids=str,
)
def test_a_ledger_of_odd_values_does_not_hold_and_does_not_raise(change, reason):
    found = verdict({**filled().to_dict(), **change})
    assert not found.holds
    assert reason in str(found)


def test_a_claim_is_recomputed_and_not_believed():
    claim = filled().to_dict()
    assert verdict(claim).holds
    assert "holds: recomputed epsilon" in str(verdict(claim))
    lower = copy.deepcopy(claim)
    lower["spent"]["epsilon"] *= 0.99
    assert not verdict(lower).holds
    assert "is claimed" in str(verdict(lower))
    less_noise = copy.deepcopy(claim)
    less_noise["entries"][1]["noise_multiplier"] = 5.0
    assert not verdict(less_noise).holds
    twice = {**claim, "entries": claim["entries"] * 2}
    assert not verdict(twice).holds
    beyond = copy.deepcopy(claim) | {"epsilon": 0.1}
    assert "the budget is 0.1" in str(verdict(beyond))
    sooner = copy.deepcopy(claim)
    sooner["entries"][3]["threshold"] -= 1
    assert "threshold" in str(verdict(sooner))
    assert not verdict([]).holds


def test_the_empty_ledger_spent_nothing():
    found = verdict(Ledger(1.0, 1e-5).to_dict())
    assert found.holds
    assert found.recomputed == (0.0, 0.0, "none")


def test_booking_nothing_is_an_error():
    with pytest.raises(ValueError, match="at least one entry"):
        Ledger(1.0, 1e-5).book()


def test_a_continued_ledger_keeps_what_was_spent(tmp_path):
    path = tmp_path / "fit.ledger"
    first = Ledger(0.6, 1e-5, path=path)
    first.book(COUNT, SUM)
    second = Ledger(0.6, 1e-5, path=path)
    assert second.entries == (COUNT, SUM)
    assert second.spent == first.spent
    with pytest.raises(BudgetExceededError):
        second.book(SUM, SUM)
    second.book(PAIR)
    assert Ledger(0.6, 1e-5, path=path).entries == (COUNT, SUM, PAIR)


def test_a_continued_ledger_must_have_the_same_budget(tmp_path):
    path = tmp_path / "fit.ledger"
    Ledger(0.6, 1e-5, path=path).book(COUNT)
    for epsilon, delta in ((0.7, 1e-5), (0.6, 1e-6)):
        with pytest.raises(BudgetExceededError, match="opened for another budget"):
            Ledger(epsilon, delta, path=path)


def test_two_fits_cannot_spend_from_one_file_at_once(tmp_path):
    path = tmp_path / "fit.ledger"
    first, second = Ledger(0.6, 1e-5, path=path), Ledger(0.6, 1e-5, path=path)
    first.book(COUNT)
    with pytest.raises(ModelFileError, match="changed by another program; nothing was run"):
        second.book(SUM)
    assert second.entries == ()


def test_a_file_whose_entries_make_no_sense_is_refused(tmp_path):
    path = tmp_path / "fit.ledger"
    Ledger(0.6, 1e-5, path=path).book(COUNT)
    path.write_text(path.read_text().replace("40.0", "-40.0"))
    with pytest.raises(ModelFileError, match="damaged"):
        Ledger(0.6, 1e-5, path=path)
