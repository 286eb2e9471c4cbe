from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tabgan.column import Column
from tabgan.errors import SchemaError

COLUMNS = [
    Column("age", "numeric", dtype="int64", decimals=0, minimum=0, maximum=120),
    Column("price", "numeric", dtype="float32", decimals=2, minimum=-0.5, reason="numbers with 2 decimals"),
    Column("job", "categorical", dtype="category", ordered=True, categories=("low", "high")),
    Column("code", "categorical", categories=(1, 1.5, True, dt.date(2024, 1, 1), pd.Timestamp("2024-01-02"))),
    Column("when", "datetime", dtype="datetime64[us, Europe/Paris]", minimum="2020-01-01"),
    Column("flag", "boolean", dtype="object", missing="none", element="bool"),
    Column(("a", 1), "identifier", dtype="string[pyarrow]"),
    Column(None, "numeric"),
    Column(3, "numeric", dtype="decimal128(10, 2)[pyarrow]", decimals=2),
    Column(np.nan, "numeric"),
]


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: str(column.name))
def test_a_column_comes_back_from_strict_json(column: Column) -> None:
    facts = json.loads(json.dumps(column.to_dict(), allow_nan=False))
    assert Column.from_dict(facts) == column
    assert Column.from_dict(facts).reason == column.reason


def test_only_what_is_stated_is_written() -> None:
    assert Column("a", "numeric").to_dict() == {"name": "a", "kind": "numeric"}
    assert Column("a", "numeric", decimals=0, minimum=0).to_dict()["minimum"] == 0


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: str(column.name))
def test_a_column_is_shown_as_python_reads_it_back(column: Column) -> None:
    names = {"Column": Column, "datetime": dt, "Timestamp": pd.Timestamp, "nan": np.nan}
    assert eval(repr(column), names) == column
    assert eval(repr(column), names).reason == column.reason


def test_only_what_is_stated_is_shown() -> None:
    assert repr(Column("a", "numeric")) == "Column('a', 'numeric')"
    assert repr(Column("a", "numeric", minimum=0)) == "Column('a', 'numeric', minimum=0)"


def test_the_reason_does_not_make_columns_differ() -> None:
    assert Column("a", "numeric", reason="x") == Column("a", "numeric", reason="y")


@pytest.mark.parametrize(
    "dtype", ["int64", "Int8", "uint16[pyarrow]", "timedelta64[s]", "duration[us][pyarrow]"]
)
def test_a_dtype_of_whole_numbers_has_no_decimals(dtype: str) -> None:
    assert Column("a", "numeric", dtype=dtype).decimals == 0


def test_an_arrow_decimal_has_the_digits_of_its_dtype() -> None:
    assert Column("a", "numeric", dtype="decimal128(10, 2)[pyarrow]").decimals == 2


@pytest.mark.parametrize(
    ("dtype", "categories"),
    [("int64", ("no", "yes")), ("bool", ("False", "True")), ("datetime64[us]", ("a",)), ("Int64", (1, "1"))],
)
def test_categories_that_the_dtype_cannot_hold_are_refused(
    dtype: str, categories: tuple[object, ...]
) -> None:
    with pytest.raises(SchemaError, match=r"'a': its dtype .* cannot hold these categories"):
        Column("a", "categorical", dtype=dtype, categories=categories)


@pytest.mark.parametrize(
    ("dtype", "categories"),
    [
        ("int64", ("0", "1")),
        ("bool", (0, 1)),
        ("str", (1, 2)),
        ("category", (1, "1", True)),
        ("dictionary<string, int32>[pyarrow]", ("a", "b")),
        ("datetime64[us]", ("2024-01-01", "2024-02-01")),
    ],
)
def test_categories_may_be_written_otherwise_than_the_dtype_holds_them(
    dtype: str, categories: tuple[object, ...]
) -> None:
    assert Column("a", "categorical", dtype=dtype, categories=categories).categories == categories


def test_bounds_that_are_dates_become_iso_text() -> None:
    column = Column("d", "datetime", minimum=dt.date(2020, 1, 1), maximum=pd.Timestamp("2021-01-01"))  # type: ignore[arg-type]
    assert (column.minimum, column.maximum) == ("2020-01-01", "2021-01-01T00:00:00")


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"kind": "number"}, "unknown kind"),
        ({"kind": "numeric", "dtype": "int65"}, "no dtype"),
        ({"kind": "numeric", "dtype": 3}, "no dtype"),
        ({"kind": "numeric", "minimum": 3, "maximum": 2}, "minimum is above its maximum"),
        ({"kind": "numeric", "minimum": float("inf")}, "finite"),
        ({"kind": "numeric", "minimum": "3"}, "finite"),
        ({"kind": "numeric", "maximum": True}, "finite"),
        ({"kind": "datetime", "minimum": "2021-01-01", "maximum": "2020-12-31T23:00Z"}, "above"),
        ({"kind": "datetime", "minimum": "soon"}, "ISO text"),
        ({"kind": "datetime", "minimum": 3}, "ISO text"),
        ({"kind": "categorical", "minimum": 3}, "only numeric and datetime"),
        ({"kind": "numeric", "categories": ("a",)}, "categories belong"),
        ({"kind": "categorical", "categories": ()}, "list of categories is empty"),
        ({"kind": "categorical", "categories": ("a", "a")}, "twice"),
        ({"kind": "categorical", "categories": ("a", None)}, "missing cell"),
        ({"kind": "categorical", "categories": (float("nan"),)}, "missing cell"),
        ({"kind": "numeric", "ordered": True}, "only a categorical"),
        ({"kind": "categorical", "ordered": "yes"}, "true or false"),
        ({"kind": "categorical", "decimals": 2}, "only a numeric column has decimals"),
        ({"kind": "numeric", "decimals": -1}, "decimals >= 0"),
        ({"kind": "numeric", "decimals": 1.5}, "decimals >= 0"),
        ({"kind": "numeric", "missing": "null"}, "unknown missing"),
        ({"kind": "numeric", "element": "complex"}, "unknown element"),
    ],
)
def test_a_column_that_contradicts_itself_is_refused(facts: dict[str, Any], told: str) -> None:
    with pytest.raises(SchemaError, match=told) as caught:
        Column("price", **facts)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"kind": "numeric"}, "no 'name'"),
        ("numeric", "no 'name'"),
        ({"name": "a"}, "no kind"),
        ({"name": "a", "kind": "numeric", "min": 3}, "unknown entries min. Use ones of .* minimum,"),
        ({"name": "a", "kind": "categorical", "categories": "abc"}, "not a list"),
        ({"name": ["a"], "kind": "numeric"}, "A list stands"),
    ],
)
def test_json_that_describes_no_column_is_refused(facts: Any, told: str) -> None:
    with pytest.raises(SchemaError, match=told):
        Column.from_dict(facts)


@pytest.mark.parametrize(
    "facts",
    [
        {"policy": "public", "minimum": 0, "maximum": 9},
        {"policy": "private", "share": 0.02},
        {"policy": "generalise", "step": 0.5},
        {"policy": "drop"},
    ],
)
def test_policies_go_through_json(facts):
    column = Column("n", "numeric", **facts)
    assert Column.from_dict(json.loads(json.dumps(column.to_dict()))) == column


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("numeric", {"policy": "hide"}),
        ("numeric", {"policy": "public", "minimum": 0}),
        ("categorical", {"policy": "public"}),
        ("numeric", {"policy": "generalise"}),
        ("numeric", {"step": 5}),
        ("numeric", {"policy": "generalise", "step": "day"}),
        ("numeric", {"policy": "generalise", "step": -1}),
        ("datetime", {"policy": "generalise", "step": 3}),
        ("categorical", {"policy": "generalise", "step": 1.5}),
        ("boolean", {"policy": "generalise", "step": 1}),
        ("numeric", {"share": 1.0}),
        ("boolean", {"policy": "public", "share": 0.1}),
    ],
)
def test_a_policy_that_cannot_be_kept_is_refused(kind, facts):
    with pytest.raises(SchemaError, match="Column 'x'"):
        Column("x", kind, **facts)
