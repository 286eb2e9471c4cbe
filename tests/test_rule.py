"""Rules as they are declared: JSON there and back, refusals."""

from __future__ import annotations

import pandas as pd
import pytest

from tabgan import (
    ConstraintError,
    Custom,
    FixedCombinations,
    Increments,
    Inequality,
    NotNull,
    OneHot,
    Range,
    Schema,
    SchemaError,
    Sum,
    Unique,
)
from tabgan.rule import rule_from_dict, rule_to_dict, with_predicates
from tabgan.schema import resolve_schema

RULES = [
    FixedCombinations(("state", "city")),
    Inequality("start", "end", strict=True),
    Range("low", ("a", 1), 7),
    Increments("price", 0.05),
    Increments("price", "0.10"),
    OneHot(("is_a", "is_b")),
    Sum(("net", "tax"), "gross"),
    Unique(("order", "line")),
    NotNull(("order",)),
    Custom("even", ("n",)),
]


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_rule_is_the_same_after_json(rule):
    assert rule_from_dict(rule_to_dict(rule)) == rule
    assert Schema.from_json(Schema((), (rule,)).to_json()).rules == (rule,)


@pytest.mark.parametrize(
    ("facts", "named"),
    [
        ({"rule": "unknown"}, "fixed_combinations"),
        ("sum", "rule"),
        ({"rule": "sum", "parts": ["a", "b"]}, "missing"),
        ({"rule": "sum", "parts": "ab", "total": "c"}, "list"),
        ({"rule": "sum", "parts": ["a"], "total": "c"}, "2 or more"),
        ({"rule": "inequality", "low": "a", "high": "a"}, "twice"),
        ({"rule": "inequality", "low": "a", "high": "b", "loose": True}, "loose"),
        ({"rule": "increments", "column": "a", "step": 0}, "step > 0"),
        ({"rule": "increments", "column": "a", "step": "much"}, "not a number"),
        ({"rule": "unique", "columns": []}, "1 or more"),
    ],
    ids=str,
)
def test_a_rule_that_is_none_is_refused(facts, named):
    with pytest.raises(SchemaError, match=named):
        rule_from_dict(facts)


def test_a_rule_on_an_unknown_column_is_refused():
    table = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    with pytest.raises(SchemaError, match="no column 'c'"):
        resolve_schema(table, rules=[Inequality("a", "c")])


def test_a_predicate_is_given_again_by_its_name():
    (rule,) = with_predicates([Custom("even", ("n",))], {"even": lambda table: table["n"] % 2 == 0})
    assert rule.predicate(pd.DataFrame({"n": [2, 3]})).tolist() == [True, False]
    with pytest.raises(ConstraintError, match="even"):
        with_predicates([Custom("even", ("n",))], {})
