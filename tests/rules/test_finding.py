"""Rules that all rows keep are found; those that hold by chance are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan import (
    FixedCombinations,
    Increments,
    Inequality,
    OneHot,
    SchemaError,
    Sum,
    TabGAN,
    Unique,
    find_rules,
)
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


def test_keys_are_the_shortest_and_not_by_chance():
    rng = np.random.default_rng(0)
    n_rows = 60
    table = pd.DataFrame({"const": [1] * n_rows, "small": rng.integers(0, 4, n_rows)})
    table["order"] = rng.permutation(n_rows) + 1000
    table["salary"] = rng.choice(80_000, n_rows, replace=False)  # of so many numbers few rows would share one
    table["weight"] = rng.permutation(n_rows) / 7
    kinds = {column.name: column.kind for column in resolve_schema(table)}
    assert set(kinds.values()) == {"numeric"}  # so few rows make no identifier
    assert [found.rule for found in find_rules(table)] == [Unique(("order",))]
    table["shop"], table["bill"] = np.arange(n_rows) // 12, np.arange(n_rows) % 12
    assert [found.rule for found in find_rules(table)] == [Unique(("order",)), Unique(("shop", "bill"))]


def test_combinations_do_not_repeat_what_sums_and_one_hots_say():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.integers(1, 5, 400), "b": rng.integers(1, 4, 400) * 10})
    table["c"] = table["a"] + table["b"]  # settles both of its parts
    table["is_new"] = rng.integers(0, 2, 400)
    table["is_old"] = 1 - table["is_new"]
    rules = [found.rule for found in find_rules(table)]
    assert Sum(("a", "b"), "c") in rules
    assert OneHot(("is_new", "is_old")) in rules
    assert not [rule for rule in rules if isinstance(rule, FixedCombinations)]
    table["of_a"] = table["a"].map({1: "x", 2: "y", 3: "x", 4: "y"})
    rules = [found.rule for found in find_rules(table)]
    assert [rule for rule in rules if isinstance(rule, FixedCombinations)] == [
        FixedCombinations(("a", "of_a"))
    ]


def test_a_tax_that_follows_from_the_price_is_still_told():
    net = np.random.default_rng(0).choice([100, 200, 300, 500], 300)
    table = pd.DataFrame({"net": net, "vat": net // 5, "gross": net + net // 5})
    rules = [found.rule for found in find_rules(table)]
    assert Sum(("net", "vat"), "gross") in rules
    assert FixedCombinations(("net", "vat")) in rules


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


def test_combinations_that_could_not_be_learned_are_not_proposed():
    """Patients of at most four visits: a combination of age and town is held by too few rows."""
    table = pd.DataFrame({"patient": np.arange(100).repeat(4), "visit": list("abcd") * 100})
    table["town"] = (table["patient"] % 10).map("town {}".format)
    assert not [found for found in find_rules(table) if isinstance(found.rule, FixedCombinations)]
    with pytest.raises(SchemaError, match=r"'patient & town'.* 100 different.*5 rows\. Leave out the rule"):
        TabGAN(rules=FixedCombinations(("patient", "town"))).fit(table)
    often = pd.concat([table] * 2, ignore_index=True)
    assert FixedCombinations(("patient", "town")) in [found.rule for found in find_rules(often)]


def test_a_sum_is_found_among_columns_of_which_many_add_up_in_some_rows():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.integers(0, 2, (3000, 8)), columns=[f"flag {k}" for k in range(8)])
    table["n"] = table["flag 1"] + table["flag 4"] + table["flag 6"]
    wanted = Sum(("flag 1", "flag 4", "flag 6"), "n")
    assert [found.rule for found in find_rules(table) if isinstance(found.rule, Sum)] == [wanted]
    table.loc[table.index[-7:], "n"] += 1  # rows that a look at some may pass over
    assert not [found for found in find_rules(table) if isinstance(found.rule, Sum)]
    (found,) = [found for found in find_rules(table, share=0.99) if isinstance(found.rule, Sum)]
    assert (found.rule, found.n_broken) == (wanted, 7)


def test_a_few_values_with_more_digits_make_no_step():
    """Years of school, and a mean of 9.94 where they are unknown: all are multiples of 0.02, by chance."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"school": rng.integers(0, 19, 600).astype(float)})
    table.loc[rng.random(600) < 0.2, "school"] = 9.94
    assert find_rules(table) == []
    table["school"] = rng.integers(0, 38, 600) / 2
    assert [found.rule for found in find_rules(table)] == [Increments("school", 0.5)]
