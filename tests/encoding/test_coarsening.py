from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabgan import TabGAN
from tabgan.encoding.coarsening import coarse_cells, coarse_condition
from tabgan.encoding.row_wise import row_wise_table
from tabgan.errors import ConditionError, SchemaError
from tabgan.schema import Column, Schema, without_dropped

AGE = Column("age", "numeric", dtype="int64", policy="generalise", step=10)
DAY = Column("day", "datetime", dtype="datetime64[us]", policy="generalise", step="month")
ZIP = Column("zip", "categorical", dtype="str", policy="generalise", step=2)


@given(st.lists(st.integers(-(2**62), 2**62), min_size=1), st.integers(1, 10**6))
def test_numbers_go_down_to_a_multiple_by_less_than_a_step(values, step):
    column = Column("n", "numeric", dtype="int64", policy="generalise", step=step)
    coarse = coarse_cells(pd.Series(values), column)
    assert [value - value % step for value in values] == coarse.tolist()
    assert coarse_cells(coarse, column).equals(coarse)


def test_what_is_coarse_already_stays_whatever_floats_make_of_it():
    column = Column("n", "numeric", decimals=1, policy="generalise", step=0.1)
    cells = pd.Series([0.1, 0.3, 0.7, 2.3, np.nan])
    pd.testing.assert_series_equal(coarse_cells(cells, column), cells)
    money = coarse_cells(pd.Series([Decimal("12.34")]), Column("n", "numeric", policy="generalise", step=5))
    assert money.tolist() == [Decimal("10")]


@pytest.mark.parametrize(
    ("unit", "wanted"),
    [("hour", "2024-03-31 15:00"), ("day", "2024-03-31"), ("month", "2024-03-01"), ("year", "2024-01-01")],
)
def test_dates_go_back_to_the_start_of_their_unit(unit, wanted):
    column = Column("day", "datetime", policy="generalise", step=unit)
    moment = pd.Timestamp("2024-03-31 15:44:10.5")
    plain = coarse_cells(pd.Series([moment, pd.NaT]), column)
    assert plain[0] == pd.Timestamp(wanted)
    assert plain.isna()[1]
    zoned = coarse_cells(pd.Series([moment.tz_localize("Europe/Paris")]), column)
    assert zoned[0] == pd.Timestamp(wanted, tz="Europe/Paris")
    if unit != "hour":
        dates = coarse_cells(pd.Series([dt.date(2024, 3, 31)], dtype=object), column)
        assert dates[0] == pd.Timestamp(wanted).date()


def test_a_row_is_made_coarse_by_itself():
    schema = Schema((AGE, DAY, ZIP))
    cells = [37, "2024-03-31 10:00", "75001"]
    for others in (
        [],
        [["many", "never", 3]],
        [[None, None, None]],
        [[3.5, pd.Timestamp("2020-01-01"), "x"]],
    ):
        table = pd.DataFrame([cells, *others], columns=["age", "day", "zip"])
        first = row_wise_table(table, schema).iloc[0]
        assert first.tolist() == [30.0, pd.Timestamp("2024-03-01"), "75"]


def test_conditions_ask_for_what_the_coarse_values_can_meet():
    assert coarse_condition((33, 58), AGE) == (40, 50)
    assert coarse_condition((None, 58), AGE) == (None, 50)
    assert coarse_condition([20, 25], AGE) == [20]
    low, high = coarse_condition(("2024-01-02", "2024-03-09"), DAY)
    assert (low, high) == (pd.Timestamp("2024-02-01"), pd.Timestamp("2024-03-01"))
    for condition, column in (((31, 39), AGE), (25, AGE), (("2024-01-02", "2024-01-09"), DAY)):
        with pytest.raises(ConditionError, match="steps of"):
            coarse_condition(condition, column)


def test_a_model_knows_generalised_columns_by_steps_and_dropped_ones_not_at_all():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "age": rng.integers(18, 90, 600),
            "name": [f"secret-{i}" for i in range(600)],
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 400 * 24, 600), unit="h"),
            "zip": rng.choice(["75001", "75002", "69003"], 600),
        }
    )
    drop = Column("name", "categorical", policy="drop")
    model = TabGAN(Schema((AGE, drop, ZIP, DAY)), recipe="likelihood", epochs=2).fit(table)
    made = model.sample(300, conditions={"age": (25, 62)}, seed=0)
    assert list(made.columns) == ["age", "day", "zip"]
    assert set(made["age"]) <= {30, 40, 50, 60}
    assert (made["day"].dt.day == 1).all()
    assert (made["day"] == made["day"].dt.normalize()).all()
    assert set(made["zip"]) == {"75", "69"}
    assert "secret" not in str(model.encoder_.to_dict())


def test_a_table_of_which_everything_is_dropped_is_refused():
    with pytest.raises(SchemaError, match="Every column is dropped"):
        without_dropped(pd.DataFrame({"a": [1]}), Schema((Column("a", "numeric", policy="drop"),)))


def test_a_missing_cell_takes_no_digit_from_the_labels_beside_it():
    column = Column("key", "categorical", policy="generalise", step=1)
    cells = pd.Series([2**53 + 1, None, "ab"], dtype=object)
    for kept in ([0, 1], [0, 2], [0, 1, 2]):
        made = coarse_cells(cells[kept], column)
        assert made[0] == 2**53 + 1
        assert type(made[0]) is int
        assert made.isna().tolist() == cells[kept].isna().tolist()
