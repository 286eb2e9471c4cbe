from __future__ import annotations

import decimal
import json
from collections.abc import Hashable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabgan.errors import SchemaError
from tabgan.scalars import is_missing, scalar_from_json, scalar_to_json

PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(),
    st.decimals(allow_nan=False),
    st.dates(),
    st.datetimes(),
    st.times(),
)
VALUES = st.recursive(PLAIN, lambda inner: st.tuples(inner, inner), max_leaves=4)


@given(VALUES)
def test_a_value_comes_back_equal_and_of_the_same_type(value: Hashable) -> None:
    text = json.dumps(scalar_to_json(value), allow_nan=False)
    back = scalar_from_json(json.loads(text))
    assert type(back) is type(value)
    assert back == value


@pytest.mark.parametrize(
    "value",
    [
        pd.Timestamp("2024-03-31 12:00:00.123456789"),
        pd.Timestamp("2024-10-27 00:30", tz="UTC").tz_convert("Europe/Paris"),
        pd.Timestamp("2024-01-31").as_unit("s"),
        pd.Timedelta(days=3, nanoseconds=1),
        pd.Timedelta(5, "s").as_unit("s"),
        decimal.Decimal("1.50"),
    ],
)
def test_pandas_values_keep_their_unit_and_zone(value: Hashable) -> None:
    back = scalar_from_json(scalar_to_json(value))
    assert back == value
    assert repr(back) == repr(value)
    assert getattr(back, "unit", None) == getattr(value, "unit", None)


@pytest.mark.parametrize(
    ("value", "plain"),
    [(np.int8(3), 3), (np.float32(0.5), 0.5), (np.bool_(True), True), (np.str_("a"), "a")],
)
def test_numpy_values_become_plain_ones(value: object, plain: object) -> None:
    written = scalar_to_json(value)
    assert written == plain
    assert type(written) is type(plain)


def test_missing_values_keep_their_kind() -> None:
    for value in (pd.NA, pd.NaT, None):
        assert scalar_from_json(scalar_to_json(value)) is value
    assert scalar_from_json(scalar_to_json(np.datetime64("NaT"))) is pd.NaT
    assert scalar_from_json(scalar_to_json(float("nan"))) is np.nan


def test_every_missing_cell_is_recognised() -> None:
    missing = [None, pd.NA, pd.NaT, float("nan"), np.float32("nan"), np.datetime64("NaT")]
    assert all(is_missing(value) for value in missing)
    assert not any(is_missing(value) for value in ("nan", 0, "", False, (None,), pd.Timestamp(0)))


@pytest.mark.parametrize("value", [{"a"}, b"bytes", 1j, object()])
def test_a_value_without_json_form_is_refused(value: object) -> None:
    with pytest.raises(SchemaError, match="cannot be written to JSON"):
        scalar_to_json(value)


@pytest.mark.parametrize(
    "damaged",
    [{}, {"date": "yesterday"}, {"wrong": 1}, {"decimal": "x"}, {"tuple": 1}, {"timestamp": 3}, [1]],
)
def test_damaged_json_is_one_line(damaged: object) -> None:
    with pytest.raises(SchemaError):
        scalar_from_json(damaged)  # type: ignore[arg-type]
