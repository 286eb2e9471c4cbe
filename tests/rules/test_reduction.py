"""The table that is learned and back: nothing is lost, and the rules hold whatever was drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan import (
    ConditionError,
    ConstraintError,
    FixedCombinations,
    Increments,
    Inequality,
    OneHot,
    Range,
    SchemaError,
    Sum,
    Unique,
)
from tabgan.encoding.table import TableEncoder
from tabgan.rule import Rule
from tabgan.rules.checks import Keys, broken_rows
from tabgan.rules.reduction import Reduction, rows_that_hold
from tabgan.schema import resolve_schema
from tests.rules.tables import RULES, deals


def reduced(table: pd.DataFrame, *rules: Rule) -> tuple[Reduction, pd.DataFrame]:
    """The reduction that knows its combinations, and the table that is learned."""
    reduction = Reduction.fit(table, resolve_schema(table, rules=rules), min_rows=1)
    inner = reduction.reduce(table)
    return reduction.with_encoder(TableEncoder.fit(inner, reduction.inner, min_rows=1)), inner


def drawn(table: pd.DataFrame, *rules: Rule) -> pd.DataFrame:
    """Rows of independent columns: nothing but the steps makes them keep a rule."""
    reduction, inner = reduced(table, *rules)
    encoder = TableEncoder.fit(inner, reduction.inner, min_rows=1)
    rng = np.random.default_rng(0)
    codes = rng.permuted(encoder.encode(inner), axis=0)
    return reduction.restore(encoder.decode(codes, rng=rng))


def test_every_rule_together_gives_the_table_back():
    table = deals()
    reduction, inner = reduced(table, *RULES)
    pd.testing.assert_frame_equal(reduction.restore(inner), table)
    assert len(reduction.steps) == 7
    again = Reduction.from_dict(reduction.to_dict(), reduction.schema)
    assert again.inner == reduction.inner


@pytest.mark.parametrize("condition", [960, [24, 960], (900, 1200), (-600, -12)])
def test_a_condition_that_no_multiple_meets_is_refused_in_numbers_of_its_column(condition):
    reduction, _inner = reduced(deals(), Increments("boxes", 12))
    with pytest.raises(ConditionError, match=r"^Column 'boxes': no multiple of 12 .* run from 0 to 348\.$"):
        reduction.inner_conditions({"boxes": condition})
    assert reduction.inner_conditions({"boxes": (13, 61)})[0] == {"boxes / 12": (2, 5)}


@pytest.mark.parametrize("rule", RULES[:6], ids=str)
def test_a_step_keeps_its_rule_in_rows_of_independent_columns(rule):
    table = deals()
    made = drawn(table, rule)
    assert made.dtypes.equals(table.dtypes)
    assert not broken_rows(rule, made, resolve_schema(table, rules=[rule])).any()
    if isinstance(rule, FixedCombinations):
        assert set(zip(made.city, made.country, strict=True)) <= set(
            zip(table.city, table.country, strict=True)
        )


numbers = st.one_of(st.none(), st.integers(-(10**6), 10**6))
DTYPES = ["int64", "Int32", "float64", "Float64", "decimal", "decimals", "object"]


def column(values: list[int | None], dtype: str) -> pd.Series:
    """The numbers in that dtype; missing ones become 0 where it has none."""
    if dtype == "int64":
        return pd.Series([value or 0 for value in values], dtype="int64")
    if dtype == "decimal":
        cents = pa.array(values, pa.int64()).cast(pa.decimal128(19, 0)).cast(pa.decimal128(21, 2))
        return pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([cents])))
    if dtype == "decimals":
        return pd.Series([np.nan if value is None else value / 100 for value in values])
    if dtype == "object":
        return pd.Series(values, dtype=object)
    return pd.Series(pd.array(values, dtype="Int64")).astype(dtype)


@given(
    rows=st.lists(st.tuples(numbers, numbers), min_size=30, max_size=40),
    dtypes=st.tuples(st.sampled_from(DTYPES), st.sampled_from(DTYPES)),
    strict=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_differences_are_reversible(rows, dtypes, strict):
    low, high = (
        column(list(values), dtype) for values, dtype in zip(zip(*rows, strict=True), dtypes, strict=True)
    )
    if low.isna().all() or high.isna().all():
        return
    table = pd.DataFrame({"low": low, "high": high})
    rule = Inequality("low", "high", strict)
    schema = resolve_schema(table)
    table = table[~broken_rows(rule, table, schema)].reset_index(drop=True)
    if len(table) < 3 or table.isna().all().any() or any(table[name].is_unique for name in table):
        table = pd.concat([table] * 2, ignore_index=True)
    if not len(table) or table.isna().all().any():
        return
    reduction, inner = reduced(table, rule)
    pd.testing.assert_frame_equal(reduction.restore(inner), table)


@given(
    rows=st.lists(st.tuples(numbers, numbers), min_size=20, max_size=30),
    dtypes=st.tuples(st.sampled_from(DTYPES), st.sampled_from(DTYPES)),
)
@settings(max_examples=60, deadline=None)
def test_sums_are_reversible(rows, dtypes):
    one, two = (
        column(list(values), dtype) for values, dtype in zip(zip(*rows, strict=True), dtypes, strict=True)
    )
    if one.isna().all() or two.isna().all():
        return
    units = []
    for values, dtype in zip(zip(*rows, strict=True), dtypes, strict=True):
        part = pd.Series(values, dtype=float) * (1 if dtype == "decimals" else 100)
        units.append(part.fillna(0) if dtype == "int64" else part)
    table = pd.DataFrame({"one": one, "two": two, "all": sum(units) / 100})
    table = pd.concat([table] * 2, ignore_index=True)
    reduction, inner = reduced(table, Sum(("one", "two"), "all"))
    if table.drop(columns="all").notna().all(axis=1).any():
        assert "all" not in inner or not (
            reduction.steps[0].computed == "all" and not reduction.steps[0].is_kept
        )
    pd.testing.assert_frame_equal(reduction.restore(inner), table)


cells = st.sampled_from([None, "a", "b", "", "null", "ä\n"])
flags = st.sampled_from([None, True, False])
steps = st.sampled_from([None, 0, 1, 25, -4])


@given(rows=st.lists(st.tuples(cells, flags, steps), min_size=12, max_size=30))
@settings(max_examples=60, deadline=None)
def test_combinations_are_reversible(rows):
    text, flag, number = zip(*rows, strict=True)
    if any(all(cell is None for cell in part) for part in (text, flag, number)):
        return
    table = pd.DataFrame(
        {
            "text": pd.Series(text, dtype=object),
            "flag": pd.array(flag, dtype="boolean"),
            "number": pd.array(number, dtype="Int16"),
        }
    )
    reduction, inner = reduced(table, FixedCombinations(("text", "flag", "number")))
    assert list(inner) == ["text & flag & number"]
    back = reduction.restore(inner)
    pd.testing.assert_frame_equal(back.drop(columns="text"), table.drop(columns="text"))
    assert [cell if isinstance(cell, str) else None for cell in back["text"]] == list(text)


@given(counts=st.lists(st.one_of(st.none(), st.integers(-500, 500)), min_size=12, max_size=30))
@settings(max_examples=40, deadline=None)
def test_multiples_are_reversible(counts):
    if all(count is None for count in counts):
        return
    table = pd.DataFrame({"price": [np.nan if count is None else round(count * 0.05, 2) for count in counts]})
    reduction, inner = reduced(pd.concat([table] * 2), Increments("price", 0.05))
    assert inner["price / 0.05"].dropna().tolist() == [count for count in counts * 2 if count is not None]
    pd.testing.assert_frame_equal(reduction.restore(inner), pd.concat([table] * 2))


@pytest.mark.parametrize(
    "dates",
    [
        lambda days: pd.Series(days).astype("datetime64[s]"),
        lambda days: pd.Series(days).dt.tz_localize("Europe/Paris"),
        lambda days: pd.Series(days).dt.date.astype(object),
        lambda days: pd.Series(days).astype("date32[day][pyarrow]"),
        lambda days: (
            pd.Series(days).dt.tz_localize("UTC").astype("timestamp[us, tz=America/New_York][pyarrow]")
        ),
    ],
    ids=["s", "zone", "objects", "date32", "Arrow zone"],
)
def test_dates_of_every_dtype_are_ordered(dates):
    rng = np.random.default_rng(0)
    start = pd.Timestamp("2024-03-25") + pd.to_timedelta(rng.integers(0, 250, 200), unit="D")
    table = pd.DataFrame(
        {"start": dates(start), "end": dates(start + pd.to_timedelta(rng.integers(0, 9, 200), "D"))}
    )
    rule = Inequality("start", "end")
    reduction, inner = reduced(table, rule)
    pd.testing.assert_frame_equal(reduction.restore(inner), table)
    made = drawn(table, rule)
    assert made.dtypes.equals(table.dtypes)
    assert (made["start"] <= made["end"]).all()
    if made["end"].dtype == "datetime64[us, Europe/Paris]":
        assert {stamp.hour for stamp in made["end"]} == {0}


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_column_of_the_larger_spread_is_computed_though_it_has_fewer_digits(sign, strict):
    """Else a small number is what is left of a large one, and holds all that its bins do not tell."""
    rng = np.random.default_rng(0)
    fine, wide = rng.integers(1, 40, 900) / 100, rng.integers(1, 5000, 900)
    low, high = (fine, wide) if sign > 0 else (-wide, -fine)
    table, rule = pd.DataFrame({"low": low, "high": high}), Inequality("low", "high", strict)
    reduction, inner = reduced(table, rule)
    assert reduction.steps[0].computed == ("high" if sign > 0 else "low")
    pd.testing.assert_frame_equal(reduction.restore(inner), table)
    near = inner.assign(**{reduction.steps[0].name: 0.01})  # less than a digit of the computed column
    assert not broken_rows(rule, reduction.restore(near), resolve_schema(table)).any()
    made = drawn(table, rule)
    assert made.dtypes.equals(table.dtypes)
    assert not broken_rows(rule, made, resolve_schema(table)).any()


def test_dates_of_two_zones_are_compared_in_utc():
    instants = pd.date_range("2024-10-26", periods=72, freq="h", tz="UTC")
    table = pd.DataFrame(
        {"left": instants.tz_convert("Asia/Tokyo"), "came": instants.tz_convert("Europe/Paris")}
    )
    table["came"] += pd.to_timedelta(np.arange(72) % 5, unit="h")
    made = drawn(table, Inequality("left", "came"))
    assert made.dtypes.equals(table.dtypes)
    assert (made["left"] <= made["came"]).all()


def test_rules_chain():
    rng = np.random.default_rng(0)
    a = rng.integers(0, 50, 300)
    b, c = a + rng.integers(0, 9, 300), rng.integers(0, 70, 300)
    table = pd.DataFrame({"a": a, "b": b, "c": c, "d": b + c})
    rules = [Inequality("a", "b"), Sum(("b", "c"), "d"), Inequality("b", "d"), Inequality("a", "d")]
    reduction, inner = reduced(table, *rules)
    pd.testing.assert_frame_equal(reduction.restore(inner), table)
    made = drawn(table, *rules)
    for rule in rules:
        assert not broken_rows(rule, made, resolve_schema(table)).any()


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        ([Inequality("a", "b", True), Inequality("b", "a")], "contradict"),
        ([Sum(("a", "b"), "c"), FixedCombinations(("a", "b")), Increments("c", 1)], "leave no column"),
        ([Inequality("a", "text")], "not a number or date"),
        ([Inequality("a", "day")], "cannot be compared"),
        ([Sum(("day", "day2"), "day3")], "no sums"),
        ([FixedCombinations(("a", "key"))], "identifier"),
    ],
    ids=str,
)
def test_rules_that_cannot_be_kept_are_refused_by_name(rules, named):
    table = pd.DataFrame(
        {"a": [1, 2, 1] * 40, "b": [3, 3, 4] * 40, "c": [4, 5, 5] * 40, "text": ["x", "y", "z"] * 40}
    )
    for name in ("day", "day2", "day3"):
        table[name] = pd.Timestamp("2024-01-01")
    table["key"] = [f"K{place:03d}" for place in range(120)]
    with pytest.raises(SchemaError, match=named):
        Reduction.fit(table, resolve_schema(table, rules=rules), min_rows=1)


def test_rows_that_break_a_rule_are_refused_with_their_number_or_dropped():
    table = pd.DataFrame(
        {"a": [1, 2, 3, 9] * 5, "b": [2, 2, 4, 5] * 5, "c": [1, 0, 0, 1] * 5, "d": [0, 1, 0, 0] * 5}
    )
    schema = resolve_schema(table, rules=[Inequality("a", "b"), OneHot(("c", "d"))])
    with pytest.raises(ConstraintError, match=r"'a' <= 'b'.*5 of 20 rows"):
        Reduction.fit(table, schema, min_rows=1)
    held, notes = rows_that_hold(table, schema, "drop", min_rows=6)
    assert len(held) == 10
    assert "fewer than 6" in notes[0]
    Reduction.fit(held, schema, min_rows=1)


def test_nothing_is_told_of_bounds_that_few_rows_hold():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.integers(0, 50, 500), "b": rng.integers(0, 50, 500)})
    table["c"] = table["a"] + table["b"]
    table.loc[0] = [77_001, 1, 77_002]
    reduction = Reduction.fit(table, resolve_schema(table, rules=[Sum(("a", "b"), "c")]), min_rows=5)
    assert "7700" not in str(reduction.to_dict())


def test_a_range_is_two_inequalities_each_of_which_speaks_for_itself():
    rule = Range("a", "b", "c", strict=True)
    table = pd.DataFrame({"a": [1, 1, 2.0, np.nan], "b": [2, 1, 1, 5], "c": [3, 3, 3, 1.0]})
    assert broken_rows(rule, table, resolve_schema(table)).tolist() == [False, True, True, True]


def test_a_table_without_rules_is_learned_as_it_is_and_not_copied():
    table = pd.DataFrame({"a": [0.5, 1.5] * 20, "b": [1, 2] * 20})
    _, inner = reduced(table)
    assert inner is table


@pytest.mark.parametrize("dtype", ["int64", "Int64", "uint64", "object", "int64[pyarrow]"])
def test_keys_above_2_to_the_53_that_differ_by_one_are_different(dtype):
    numbers = pd.Series(1_234_567_890_123_456_789 + np.arange(200))
    table = pd.DataFrame({"order": numbers.astype(dtype), "line": np.arange(200) % 7})
    schema = resolve_schema(table, rules=[Unique(["order"])])
    assert not broken_rows(schema.rules[0], table, schema).any()
    twice = pd.concat([table, table.head(3)], ignore_index=True)
    assert broken_rows(schema.rules[0], twice, schema).sum() == 3


def test_a_date_that_is_taken_stays_so_among_rows_with_a_time_of_day():
    keys = Keys(Unique(["at"]))
    keys.take(pd.DataFrame({"at": pd.to_datetime(["2024-05-01"])}))
    asked = pd.DataFrame({"at": pd.to_datetime(["2024-05-01T00:00", "2024-05-02T12:00"]).astype("M8[s]")})
    assert keys.repeated(asked).tolist() == [True, False]
