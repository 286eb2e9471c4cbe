from __future__ import annotations

from dataclasses import replace

import pytest

from tabgan import Column, PrivacyConfig, Schema, SchemaError, Sum, plan_private
from tabgan.privacy.config import PAIRS, SINGLES
from tests.small_private import N_ROWS, SCHEMA, people, shorten, small

AGES = Schema(tuple(replace(SCHEMA["age"], name=name, maximum=most) for name, most in (("b", 20), ("c", 40))))
SUMMED = Schema((*SCHEMA, *AGES), (Sum(("age", "b"), "c"),))


@pytest.mark.parametrize("schema", [SCHEMA, SUMMED], ids=["plain", "sum"])
@pytest.mark.parametrize("pairs", ["all", "chosen"])
def test_the_plan_is_what_the_fit_books(monkeypatch, pairs, schema):
    shorten(monkeypatch)
    config = PrivacyConfig(steps=8, masks=1, n_rows=N_ROWS, pairs=pairs)
    table = people()
    table = table.assign(b=table["age"].to_numpy()[::-1]).assign(c=lambda rows: rows["age"] + rows["b"])
    booked = small(schema, privacy=config).fit(table[list(schema.names)]).ledger_
    plan = plan_private(schema, N_ROWS, epsilon=8.0, privacy=config, is_timed=False)
    assert plan.spent == booked.spent
    assert plan.entries == tuple(booked.entries)
    assert plan.chooses_pairs is (pairs == "chosen")


@pytest.mark.parametrize("delta", [None, 1e-5])
def test_plan_and_fit_choose_pairs_alike_where_the_number_of_rows_is_released(monkeypatch, delta):
    shorten(monkeypatch)
    config = PrivacyConfig(steps=8, masks=1)
    table = people().assign(b=1, c=lambda rows: rows["age"] + rows["b"])
    for epsilon in (2.0, 30.0):
        booked = small(SUMMED, privacy=config, epsilon=epsilon, delta=delta).fit(table).ledger_
        plan = plan_private(SUMMED, N_ROWS, epsilon=epsilon, delta=delta, privacy=config, is_timed=False)
        assert [entry.what for entry in plan.entries] == [entry.what for entry in booked.entries]


def test_a_plan_shows_its_figures_and_warnings_a_line_each():
    plan = plan_private(SCHEMA, 60, epsilon=0.5, is_timed=False)
    shown = repr(plan).splitlines()
    assert shown == [
        "Private fit of about 60 rows",
        *(f"  {name}: {value}" for name, value in plan.facts()),
        *(f"Warning: {told}" for told in plan.warnings),
    ]
    assert plan.warnings
    assert str(plan.spent) in shown[1]


def test_plan_and_fit_warn_of_an_epsilon_that_promises_nothing(monkeypatch):
    shorten(monkeypatch)
    for epsilon, is_weak in ((8.0, False), (50.0, True)):
        plan = plan_private(SCHEMA, N_ROWS, epsilon=epsilon, is_timed=False)
        fitted = small(epsilon=epsilon).fit(people())
        for told in (plan.warnings, fitted.warnings_):
            assert any("promises next to nothing" in line for line in told) is is_weak


def test_more_budget_or_rows_mean_less_error_and_more_columns_mean_more_noise():
    def errors(n_rows, epsilon):
        plan = plan_private(SCHEMA, n_rows, epsilon=epsilon, is_timed=False)
        return plan.one_way_error["age"], plan.two_way_error["age", "job"]

    base = errors(2000, 1.0)
    assert 0 < min(base) <= max(base) <= 1
    assert all(a < b for a, b in zip(errors(2000, 4.0), base, strict=True))
    assert all(a < b for a, b in zip(errors(9000, 1.0), base, strict=True))

    def sigmas(*more):  # of noisier counts the levels are coarser, so that their error need not grow
        every = PrivacyConfig(pairs="all")
        plan = plan_private(Schema((*SCHEMA, *more)), 2000, epsilon=1.0, privacy=every, is_timed=False)
        return [entry.sigma for entry in plan.entries if entry.what in (SINGLES, PAIRS)]

    assert all(a > b for a, b in zip(sigmas(Column("x", "boolean")), sigmas(), strict=True))


def test_what_is_not_declared_is_warned_of_and_charged():
    column = replace(SCHEMA["age"], minimum=None, maximum=None)
    plan = plan_private(Schema((column, Column("town", "categorical"))), 5000, epsilon=1.0, is_timed=False)
    told = " ".join(plan.warnings)
    assert "Column 'age' declares no minimum and maximum, so these are measured" in told
    assert "Column 'town' declares no categories, so these are measured" in told
    assert "Column 'age': rows by rough bounds" in [entry.what for entry in plan.entries]
    (only,) = plan_private(SCHEMA, 10**6, epsilon=1.0, is_timed=False).warnings
    assert only.startswith("The schema says nothing of missing cells in 'age', 'job': they come out without")
    whole = Schema((replace(SCHEMA["age"], dtype="int64"), replace(SCHEMA["job"], missing="nan")))
    assert plan_private(whole, 10**6, epsilon=1.0, is_timed=False).warnings == ()


def test_time_and_memory_are_estimated():
    plan = plan_private(SCHEMA, 2000, epsilon=1.0)
    assert plan.seconds is not None
    assert 0 < plan.seconds < 36_000
    assert 2**28 < plan.memory_bytes < 2**32


def test_what_the_fit_would_refuse_the_plan_refuses():
    odd = Schema((Column("job", "categorical", dtype="object", categories=(1, True)),))
    with pytest.raises(SchemaError, match="two of its categories are equal"):
        plan_private(odd, 100, epsilon=1.0)
    for n_rows, named in ((0, {}), (100.0, {}), (100, {"delta": 0.01}), (100, {"epsilon": 0.0})):
        with pytest.raises(ValueError, match="Expected"):
            plan_private(SCHEMA, n_rows, **({"epsilon": 1.0} | named))
