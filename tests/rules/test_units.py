"""Columns on one scale: what does not fit 64 bits is cut, and nothing ever wraps round."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabgan import Column, Inequality, Schema, Sum
from tabgan.encoding.conditions import Limit
from tabgan.encoding.table import TableEncoder
from tabgan.rules.checks import broken_rows
from tabgan.rules.limits import meets, scaled
from tabgan.rules.public import public_reduction, reduced_rows
from tabgan.rules.reduction import Reduction
from tabgan.rules.repairs import Repair
from tabgan.rules.units import MOST, minus, net, plus
from tabgan.schema import resolve_schema

NEVER = pd.Timestamp("9999-12-31")
WHOLE = st.integers(-MOST, MOST)


def contracts(n_rows: int = 300) -> pd.DataFrame:
    """Dates of two units; every third contract has no end, which nanoseconds could not tell."""
    start = pd.Series(pd.date_range("1950-01-01", periods=n_rows, freq="90D")).astype("datetime64[ns]")
    end = (start + pd.Timedelta(days=5)).astype("datetime64[us]")
    end[np.arange(n_rows) % 3 == 0] = NEVER.as_unit("us")
    return pd.DataFrame({"start": start, "end": end})


def test_a_date_beyond_nanoseconds_is_later_than_all_of_them():
    table = contracts()
    schema = resolve_schema(table, rules=[Inequality("start", "end", strict=True)])
    (rule,) = schema.rules
    assert not broken_rows(rule, table, schema).any()
    assert broken_rows(Inequality("end", "start"), table, schema).all()


def test_rows_made_with_dates_beyond_nanoseconds_keep_the_rule():
    table = contracts()
    schema = resolve_schema(table, rules=[Inequality("start", "end")])
    reduction = Reduction.fit(table, schema, min_rows=1)
    inner = reduction.reduce(table)
    after = table["start"] >= "1970-01-01"  # a span of more than 292 years is cut
    pd.testing.assert_frame_equal(reduction.restore(inner)[after], table[after])
    encoder = TableEncoder.fit(inner, reduction.inner, min_rows=1)
    rng = np.random.default_rng(0)
    made = reduction.restore(encoder.decode(rng.permuted(encoder.encode(inner), axis=0), rng=rng))
    assert not broken_rows(schema.rules[0], made, schema).any()
    assert (made["end"] == NEVER).any()
    assert not made.isna().any(axis=None)


def test_with_a_budget_no_row_depends_on_how_late_another_one_ends():
    table = contracts(20)
    kinds = {"start": "datetime64[ns]", "end": "datetime64[us]"}
    columns = tuple(Column(name, "datetime", dtype) for name, dtype in kinds.items())
    reduction = public_reduction(Schema(columns, (Inequality("start", "end"),)))
    whole = reduced_rows(table, reduction)
    few = reduced_rows(table.iloc[[1, 2]], reduction)
    pd.testing.assert_frame_equal(few, whole.iloc[[1, 2]].reset_index(drop=True))
    assert reduction.restore(whole)["start"].tolist()[1:3] == table["start"].tolist()[1:3]


def test_sums_are_exact_where_a_finer_scale_has_no_room_for_their_terms():
    rng = np.random.default_rng(0)
    base, cents = 10**17 + rng.integers(0, 10**6, 200), rng.integers(0, 100, 200)
    table = pd.DataFrame({"base": base, "one": cents / 100, "two": (100 - cents) / 100, "all": base + 1})
    schema = resolve_schema(table, rules=[Sum(["base", "one", "two"], "all")])
    (rule,) = schema.rules
    assert not broken_rows(rule, table, schema).any()
    table.loc[5, "one"] = 0.99 - table.loc[5, "one"]
    assert broken_rows(rule, table, schema).nonzero()[0].tolist() == [5]
    reduction = Reduction.fit(table.drop(index=5), schema, min_rows=1)
    left = table.drop(index=5).reset_index(drop=True)
    pd.testing.assert_frame_equal(reduction.restore(reduction.reduce(left)), left)
    mended = Repair(reduction, table.copy(), None, {}).sums()
    assert not broken_rows(rule, mended, schema).any()


@given(WHOLE, WHOLE)
def test_sums_and_differences_of_64_bits_are_cut(one, two):
    first, second = np.array([one]), np.array([two])
    assert plus(first, second).tolist() == [max(-MOST, min(one + two, MOST))]
    assert minus(first, second).tolist() == [max(-MOST, min(one - two, MOST))]


@given(st.lists(st.integers(-(10**18), 10**18), min_size=2, max_size=4))
def test_what_is_left_of_a_sum_is_exact_or_cut(numbers):
    terms = [(pd.Series([number]), Column("x", "numeric", "int64")) for number in numbers]
    exact = (sum(numbers[1:]) - numbers[0]) * 100
    assert net(terms[1:], terms[:1], 2).values.tolist() == [max(-MOST, min(exact, MOST))]


def test_limits_are_cut_as_cells_are():
    column = Column("end", "datetime", "datetime64[us]")
    late = int(np.datetime64(NEVER, "us").astype(np.int64))
    for limit in (Limit(late), Limit(late, late, (late,))):
        found = scaled(limit, column, 9)
        assert found.is_met(np.array([MOST, 0])).tolist() == [True, False]
        assert found.nearest(np.array([5])).tolist() == [MOST]


def test_a_sum_of_floats_meets_the_bound_that_its_digits_write():
    """No tolerance is needed: numbers with so many decimals are compared as whole units."""
    cells = pd.Series([0.1 + 0.2, 0.3, 0.4])
    assert meets(cells, Column("x", "numeric", "float64", decimals=1), (None, 0.3)).tolist() == [1, 1, 0]
    assert meets(cells, Column("x", "numeric", "float64", decimals=1), [0.3]).tolist() == [1, 1, 0]


@pytest.mark.parametrize("is_given", [True, False])
def test_a_date_before_which_nothing_fits_makes_no_missing_cell(is_given):
    table = pd.DataFrame({"start": [NEVER] * 3, "end": pd.date_range("2020-01-01", periods=3)})
    table = table.astype({"start": "datetime64[us]", "end": "datetime64[ns]"})
    schema = resolve_schema(contracts().rename(columns={"start": "end", "end": "start"}))
    reduction = Reduction(Schema(schema.columns, (Inequality("start", "end", strict=True),)))
    fixed = {"start": np.full(3, is_given), "end": np.zeros(3, dtype=bool)}
    made = Repair(reduction, table, fixed, {}).run()
    assert not made.isna().any(axis=None)
    assert broken_rows(reduction.schema.rules[0], made, schema).all() == is_given
