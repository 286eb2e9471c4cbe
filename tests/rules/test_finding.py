"""Rules that all rows keep are found; those that hold by chance are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan import FixedCombinations, Increments, Inequality, OneHot, Sum, Unique, find_rules
from tabgan.rules.checks import broken_rows
from tabgan.schema import resolve_schema
from tests.rules.tables import deals


def test_the_rules_of_the_deals_are_found_and_hold():
    table = deals(600)
    rules = [found.rule for found in find_rules(table)]
    for wanted in (
        Sum(("net", "tax", "fee"), "gross"),
        Inequality("opened", "closed", strict=True),
        Increments("boxes", 12),
        FixedCombinations(("city", "country")),
        OneHot(("is_new", "is_used", "is_lost")),
        Unique(("number", "line")),
    ):
        assert wanted in rules
    for rule in rules:
        assert not broken_rows(rule, table, resolve_schema(table)).any()


def test_columns_that_have_nothing_to_do_with_each_other_follow_no_rule():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({name: rng.integers(0, 1000, 500) for name in "abcd"})
    table["e"] = rng.choice(["x", "y"], 500)
    table["far above"] = rng.integers(2000, 3000, 500)
    assert find_rules(table) == []


def test_an_inequality_that_follows_from_two_others_is_not_told():
    rng = np.random.default_rng(0)
    a = rng.integers(0, 99, 400)
    b = a + rng.integers(0, 30, 400)
    table = pd.DataFrame({"a": a, "b": b, "c": b + rng.integers(0, 50, 400)})
    assert [found.rule for found in find_rules(table)] == [Inequality("a", "b"), Inequality("b", "c")]


def test_a_rule_that_few_rows_break_is_found_when_asked_for():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.integers(1, 99, 400), "b": rng.integers(1, 99, 400)})
    table["c"] = table["a"] + table["b"]
    table.loc[3, "c"] += 1
    rule = Sum(("a", "b"), "c")
    assert rule not in [found.rule for found in find_rules(table)]
    (found,) = [found for found in find_rules(table, share=0.99) if found.rule == rule]
    assert found.n_broken == 1
    with pytest.raises(ValueError, match="share"):
        find_rules(table, share=0.2)
