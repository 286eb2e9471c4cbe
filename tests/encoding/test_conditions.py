from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.encoding import TableEncoder
from tabgan.encoding.conditions import label_places
from tabgan.errors import ConditionError

RNG = np.random.default_rng(0)
N = 3000
TABLE = pd.DataFrame(
    {
        "real": RNG.normal(size=N),
        "single": RNG.normal(size=N).astype("float32"),
        "money": np.round(np.exp(RNG.normal(size=N) + 4), 2),
        "cheap": np.round(np.exp(RNG.normal(size=N) + 4), 2).astype("float32"),
        "whole": RNG.integers(0, 100_000, N),
        "age": pd.Series(RNG.integers(18, 80, N), dtype="Int64").mask(RNG.random(N) < 0.1),
        "took": pd.to_timedelta(RNG.integers(0, 9000, N), unit="s"),
        "job": RNG.choice(["clerk", "nurse", "smith"], N),
        "code": pd.Series(RNG.choice([1, 2, 3], N)).astype("category"),
        "grade": pd.Categorical(RNG.choice(["low", "mid", "high"], N), ["low", "mid", "high"], ordered=True),
        "member": RNG.random(N) < 0.5,
        "same": "k",
        "nothing": np.nan,
    }
)
ENCODER = TableEncoder.fit(TABLE)


def drawn(name, condition, n=400):
    """Rows whose codes of one column are drawn from the allowed ones, all others freely."""
    rng = np.random.default_rng(0)
    codes = np.stack([rng.integers(0, size, n) for size in ENCODER.layout.sizes], axis=1).astype(np.int16)
    blocks = ENCODER.layout.of_column(ENCODER.schema.names.index(name))
    allowed = ENCODER.allowed(name, condition)
    assert allowed.shape == tuple(ENCODER.layout.sizes[block] for block in blocks)
    choices = np.argwhere(allowed)
    codes[:, blocks] = choices[rng.integers(0, len(choices), n)]
    return ENCODER.decode(codes, rng=rng, limits={name: condition})[name]


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("real", -0.01, 0.013),
        ("real", None, -1.0),
        ("single", 0.1, 0.12),
        ("money", 20.5, 20.93),
        ("money", 100, None),
        ("whole", 5, 777),
        ("whole", 0.5, 999.5),
        ("age", 30, 40),
        ("age", np.int8(79), None),
        ("took", pd.Timedelta(minutes=2), pd.Timedelta(minutes=3)),
    ],
)
def test_an_interval_holds_in_every_row(name, low, high):
    out = drawn(name, (low, high))
    assert out.notna().all()
    assert low is None or (out >= low).all()
    assert high is None or (out <= high).all()


@pytest.mark.parametrize(
    ("name", "low", "high"), [("real", -0.01, 0.013), ("age", 30, 40), ("money", 20, 21)]
)
def test_a_limit_holds_even_for_codes_that_were_not_allowed(name, low, high):
    rng = np.random.default_rng(0)
    codes = np.stack([rng.integers(0, size, 500) for size in ENCODER.layout.sizes], axis=1).astype(np.int16)
    assert ENCODER.decode(codes, rng=rng, limits={name: (low, high)})[name].dropna().between(low, high).all()


@given(ends=st.tuples(st.floats(-2, 2), st.floats(-2, 2)).map(sorted))
@settings(max_examples=40, deadline=None)
def test_any_interval_holds_in_every_row(ends):
    low, high = ends
    assert drawn("real", (low, high), n=50).between(low, high).all()


@pytest.mark.parametrize(
    ("name", "condition", "members"),
    [
        ("real", 0.125, {0.125}),
        ("money", [20.51, Decimal("33.99")], {20.51, 33.99}),
        ("whole", {1717, 4711}, {1717, 4711}),
        ("whole", np.array([1717, 4711]), {1717, 4711}),
        ("whole", np.array(1717), {1717}),
        ("whole", range(4711, 4713), {4711, 4712}),
        ("cheap", [20.51, np.float32(20.53)], {np.float32(20.51), np.float32(20.53)}),
        ("cheap", float(np.float32(20.51)), {np.float32(20.51)}),
        ("age", 30.0, {30}),
        ("age", pd.array([30, 31], dtype="Int64"), {30, 31}),
        ("took", "0 days 00:20:00", {pd.Timedelta(minutes=20)}),
        ("job", "nurse", {"nurse"}),
        ("job", ["nurse", "clerk"], {"nurse", "clerk"}),
        ("job", pd.Categorical(["nurse", "clerk"]), {"nurse", "clerk"}),
        ("job", {"nurse": 0.5, "clerk": 0.1}.keys(), {"nurse", "clerk"}),
        ("code", 2, {2}),
        ("code", "2", {2}),
        ("grade", ("mid", None), {"mid", "high"}),
        ("grade", (None, "low"), {"low"}),
        ("member", True, {True}),
        ("member", "False", {False}),
        ("same", "k", {"k"}),
    ],
)
def test_exact_values_hold_in_every_row(name, condition, members):
    assert set(drawn(name, condition)) == members


REFUSED = [
    (
        "age",
        (90, 99),
        "no learned value meets the condition, or one of its values. Values run from 18 to 79",
    ),
    ("age", [30, 95], "or one of its values. Values run from 18 to 79"),
    ("age", [30, 30.5], "names a value that no cell of the column can have"),
    ("age", 30.5, "names a value that no cell of the column can have"),
    ("age", (30.2, 30.8), "the interval of the condition is empty"),
    ("age", (40, 30), "the interval of the condition is empty"),
    ("age", "30", "expected a number in the condition, got str"),
    ("age", True, "expected a number in the condition, got bool"),
    ("age", pd.NA, "a condition cannot ask for missing cells"),
    ("age", None, "a condition cannot ask for missing cells"),
    ("real", float("nan"), "a condition cannot ask for missing cells"),
    ("real", (float("-inf"), 0.0), "finite numbers in the condition. Use None for an open end"),
    ("real", (1.0,), "an interval is a tuple"),
    ("real", [], "the condition allows no value"),
    ("took", 20, "expected a duration in the condition, got int"),
    ("job", "pilot", "unknown value. Use one of 'clerk', 'nurse', 'smith'"),
    ("job", ["nurse", "pilot"], "unknown value"),
    ("job", ("clerk", "nurse"), "its categories have no order"),
    ("job", np.nan, "a condition cannot ask for missing cells"),
    ("code", 9, "unknown value. Use one of 1, 2, 3"),
    ("code", True, "unknown value"),
    ("grade", ("high", "low"), "the interval of the condition is empty"),
    ("member", 1, "unknown value. Use one of"),
    ("same", "q", "unknown value"),
    ("nothing", 1.0, "every cell is missing"),
]


@pytest.mark.parametrize(("name", "condition", "told"), REFUSED, ids=[f"{r[0]} {r[1]!r}" for r in REFUSED])
def test_conditions_that_cannot_be_met_name_the_column_and_the_cure(name, condition, told):
    with pytest.raises(ConditionError) as caught:
        ENCODER.allowed(name, condition)
    message = str(caught.value)
    assert message.startswith(f"Column {name!r}: ")
    # Labels are told by frequency: compare without their order.
    head = told.split(" Use one of")[0]
    assert head in message
    assert "\n" not in message


def test_an_unknown_column_is_refused():
    with pytest.raises(ConditionError, match=r"no column 'jbo'\. Use one of 'real'"):
        ENCODER.allowed("jbo", 1)
    codes = np.zeros((1, len(ENCODER.layout.blocks)), dtype=np.int16)
    with pytest.raises(ConditionError, match="no column 'jbo'"):
        ENCODER.decode(codes, rng=RNG, limits={"jbo": 1})


def test_a_column_of_no_label_is_said_to_be_missing():
    with pytest.raises(ConditionError, match="'job': every cell is missing"):
        label_places("nurse", (), ENCODER.schema["job"])


def test_missing_never_meets_a_condition():
    allowed = ENCODER.allowed("age", (None, None))
    assert allowed.sum() == 62
    assert not allowed[-1]


def test_allowed_codes_hold_all_rows_inside_and_none_far_outside():
    codes = ENCODER.encode(TABLE)
    blocks = ENCODER.layout.of_column(ENCODER.schema.names.index("whole"))
    is_allowed = ENCODER.allowed("whole", (20_000, 30_000))[tuple(codes[:, blocks].T)]
    inside = TABLE["whole"].between(20_000, 30_000).to_numpy()
    far = ~TABLE["whole"].between(18_000, 32_000).to_numpy()
    assert is_allowed[inside].all()
    assert not is_allowed[far].any()
