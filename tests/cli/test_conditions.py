"""`--where`: values, sets and intervals, read by the kind of the column."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tabgan_cli.conditions import parse_conditions
from tabgan_cli.failures import CommandError, Exit

from tabgan.schema import Column, Schema

SCHEMA = Schema(
    (
        Column("age", "numeric", dtype="int64", decimals=0),
        Column("income", "categorical", dtype="str"),
        Column("a=b", "categorical", dtype="str"),
        Column("a", "numeric", dtype="float64"),
        Column("gift", "boolean", dtype="bool"),
        Column("yes", "boolean", dtype="str"),
        Column("day", "datetime", dtype="datetime64[s]"),
        Column("at", "datetime", dtype="datetime64[ns]"),
        Column("took", "numeric", dtype="timedelta64[s]"),
        Column("size", "categorical", dtype="category", ordered=True),
        Column("id", "identifier", dtype="int64"),
        Column(7, "categorical", dtype="int64"),
    )
)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], {}),
        (["income=>50K"], {"income": ">50K"}),
        (["income=a=b|c:d..e"], {"income": "a=b|c:d..e"}),
        (["a=b=x"], {"a=b": "x"}),
        (["a=1.5"], {"a": 1.5}),
        (["age=30"], {"age": 30}),
        (["age=30:40"], {"age": (30, 40)}),
        (["age=30..40"], {"age": (30, 40)}),
        (["age=30:"], {"age": (30, None)}),
        (["age=:40"], {"age": (None, 40)}),
        (["age=-5:-1"], {"age": (-5, -1)}),
        (["a=1e3..2.5e3"], {"a": (1000.0, 2500.0)}),
        (["age=9007199254740993"], {"age": 2**53 + 1}),
        (["age=30", "age=40"], {"age": [30, 40]}),
        (["income=x", "age=1:2", "income=y"], {"income": ["x", "y"], "age": (1, 2)}),
        (["gift=true"], {"gift": True}),
        (["gift=No"], {"gift": False}),
        (["yes=No"], {"yes": "No"}),
        (["day=2024-01-31"], {"day": ("2024-01-31", "2024-01-31T23:59:59.999999")}),
        (["day=2024-01-01:2024-01-31"], {"day": ("2024-01-01", "2024-01-31T23:59:59.999999")}),
        (["day=2024-01-01.."], {"day": ("2024-01-01", None)}),
        (["day=:2024-01-31"], {"day": (None, "2024-01-31T23:59:59.999999")}),
        (["at=..2024-01-31"], {"at": (None, "2024-01-31T23:59:59.999999999")}),
        (["at=2024-01-31T10:30"], {"at": "2024-01-31T10:30"}),
        (["at=2024-01-31 10:30..2024-01-31 11:30"], {"at": ("2024-01-31 10:30", "2024-01-31 11:30")}),
        (["at=2024-01-31T10:30:00.5+02:00"], {"at": "2024-01-31T10:30:00.5+02:00"}),
        (["took=1:30:00"], {"took": "1:30:00"}),
        (["took=1:30:00..2:00:00"], {"took": ("1:30:00", "2:00:00")}),
        (["size=S..L"], {"size": ("S", "L")}),
        (["size=M"], {"size": "M"}),
        (["7=3"], {7: "3"}),
    ],
)
def test_conditions_are_read_by_the_kind_of_their_column(texts: list[str], expected: dict[Any, Any]) -> None:
    assert parse_conditions(texts, SCHEMA) == expected


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["age"], "Write column=value"),
        (["agee=3"], "there is no column 'agee'. Use one of 'age'"),
        (["=3"], "there is no column ''"),
        (["age="], "missing cells cannot be requested"),
        (["age=old"], "expected a number"),
        (["age=nan"], "expected a number"),
        (["age=inf:"], "expected a number"),
        (["age=:"], "neither a start nor an end"),
        (["age=.."], "neither a start nor an end"),
        (["age=40:30"], "the interval is empty"),
        (["age=1:2:3"], "expected a number"),
        (["age=1:2", "age=3"], "cannot be combined"),
        (["gift=maybe"], "true or false"),
        (["day=31.01.2024"], "ISO dates"),
        (["day=2024-01-31T10:30:2024-02-01T10:30"], "ISO dates"),
        (["day=10:30"], "ISO dates"),
        (["day=:"], "neither a start nor an end"),
        (["id=5"], "made up, so it takes no condition"),
    ],
)
def test_conditions_that_cannot_be_read_are_usage_errors(texts: list[str], told: str) -> None:
    with pytest.raises(CommandError, match=told) as caught:
        parse_conditions(texts, SCHEMA)
    assert caught.value.code == Exit.USAGE


@given(st.text(min_size=1))
def test_any_text_can_be_asked_for_in_a_column_of_text(text: str) -> None:
    assert parse_conditions([f"income={text}"], SCHEMA) == {"income": text}


@given(st.integers(), st.integers())
def test_any_interval_of_whole_numbers_is_read_exactly(low: int, width: int) -> None:
    high = low + abs(width)
    assert parse_conditions([f"age={low}:{high}"], SCHEMA) == {"age": (low, high)}
