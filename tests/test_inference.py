from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.cells import decimals_of
from tabgan.column import Column
from tabgan.dtypes import to_dtype
from tabgan.errors import SchemaError
from tabgan.inference import complete_column, infer_column
from tabgan.written import looks_like_date_text

N = 200
RNG = np.random.default_rng(0)


def arrow(values: list[Any], kind: pa.DataType) -> pd.Series[Any]:
    return pd.Series(pd.array(values, dtype=pd.ArrowDtype(kind)))


def typed(values: list[Any], dtype: str) -> pd.Series[Any]:
    return pd.Series(values, dtype=to_dtype(dtype))


DAYS = pd.date_range("2024-01-01", periods=3, unit="us")

# cells, kind, dtype as text, decimals
CASES: list[tuple[pd.Series[Any], str, str, int | None]] = [
    (pd.Series([1, 5, 5]), "numeric", "int64", 0),
    (typed([1, 2, 2], "uint8"), "numeric", "uint8", 0),
    (typed([1, None, 3], "Int64"), "numeric", "Int64", 0),
    (pd.Series([1.0, np.nan, 3.0]), "numeric", "float64", 0),
    (pd.Series([1.25, 2.5]), "numeric", "float64", 2),
    (pd.Series([0.1 + 0.2, 1 / 3]), "numeric", "float64", None),
    (typed([0.1, 2.5], "float32"), "numeric", "float32", 1),
    (typed([0.1, None], "Float64"), "numeric", "Float64", 1),
    (pd.Series([1e308, -1e308, 5e-324]), "numeric", "float64", None),
    (pd.Series([2**62, 2**62 - 1, 5]), "numeric", "int64", 0),
    (pd.Series([np.nan, np.nan]), "numeric", "float64", None),
    (pd.Series([True, False]), "boolean", "bool", None),
    (typed([True, None], "boolean"), "boolean", "boolean", None),
    (typed(["a", "b"], "string[python]"), "categorical", "string[python]", None),
    (typed(["a", None], "string[pyarrow]"), "categorical", "string[pyarrow]", None),
    (pd.Series(["a", "b", "a"], dtype="category"), "categorical", "category", None),
    (pd.Series(DAYS), "datetime", "datetime64[us]", None),
    (pd.Series(DAYS.as_unit("s")), "datetime", "datetime64[s]", None),
    (pd.Series(DAYS.tz_localize("Europe/Paris")), "datetime", "datetime64[us, Europe/Paris]", None),
    (pd.Series(DAYS - DAYS[0]), "numeric", "timedelta64[us]", 0),
    (arrow([1, None], pa.int16()), "numeric", "int16[pyarrow]", 0),
    (arrow([1, None], pa.uint64()), "numeric", "uint64[pyarrow]", 0),
    (arrow([0.5, None], pa.float64()), "numeric", "double[pyarrow]", 1),
    (arrow([0.1, None], pa.float32()), "numeric", "float[pyarrow]", 1),
    (arrow([True, None], pa.bool_()), "boolean", "bool[pyarrow]", None),
    (arrow(["a", None], pa.string()), "categorical", "utf8[pyarrow]", None),
    (arrow(["a", "a"], pa.large_string()), "categorical", "large_string[pyarrow]", None),
    (arrow([Decimal("1.50"), None], pa.decimal128(10, 2)), "numeric", "decimal128(10, 2)[pyarrow]", 2),
    (arrow(list(DAYS), pa.timestamp("us")), "datetime", "timestamp[us][pyarrow]", None),
    (
        arrow([*DAYS.tz_localize("UTC"), None], pa.timestamp("us", "UTC")),
        "datetime",
        "timestamp[us, tz=UTC][pyarrow]",
        None,
    ),
    (arrow([dt.date(2024, 1, 1), None], pa.date32()), "datetime", "date32[day][pyarrow]", None),
    (arrow([dt.timedelta(1), None], pa.duration("us")), "numeric", "duration[us][pyarrow]", 0),
    (arrow([None, None], pa.null()), "categorical", "null[pyarrow]", None),
    (
        arrow(["a", "b", None], pa.dictionary(pa.int32(), pa.string())),
        "categorical",
        "dictionary<utf8, int32>[pyarrow]",
        None,
    ),
]


@pytest.mark.parametrize(("cells", "kind", "dtype", "decimals"), CASES, ids=[case[2] for case in CASES])
def test_kind_dtype_and_decimals_of_every_dtype(
    cells: pd.Series[Any], kind: str, dtype: str, decimals: int | None
) -> None:
    column = infer_column("x", cells)
    assert (column.kind, column.dtype, column.decimals) == (kind, dtype, decimals)
    assert column.reason
    assert to_dtype(column.dtype) == cells.dtype or dtype == "category"


def test_plain_text_is_categorical_whatever_pandas_calls_it() -> None:
    column = infer_column("x", pd.Series(["a", "b", None]))
    assert column.kind == "categorical"
    assert to_dtype(column.dtype) == pd.Series(["a"]).dtype


@pytest.mark.parametrize(
    ("cells", "kind", "element", "missing", "decimals"),
    [
        (["a", None, None, np.nan], "categorical", "text", "none", None),
        (["a", np.nan], "categorical", "text", "nan", None),
        (["a", pd.NA], "categorical", "text", "na", None),
        ([True, False, None], "boolean", "bool", "none", None),
        ([1, 2, None], "numeric", "int", "none", 0),
        ([1, 2.5], "numeric", "float", None, 1),
        ([Decimal("1.50"), Decimal("2")], "numeric", "decimal", None, 2),
        ([dt.date(2024, 1, 1), None], "datetime", "date", "none", None),
        ([dt.datetime(2400, 1, 1), pd.NaT], "datetime", "datetime", "nat", None),
        ([np.int32(1), 2], "numeric", "int", None, 0),
        ([None, None], "categorical", None, "none", None),
    ],
)
def test_an_object_column_tells_its_cells_and_its_missing_cells(
    cells: list[Any], kind: str, element: str, missing: str, decimals: int | None
) -> None:
    column = infer_column("x", pd.Series(cells, dtype=object))
    assert (column.kind, column.element, column.missing, column.decimals) == (
        kind,
        element,
        missing,
        decimals,
    )


REFUSED: list[tuple[Callable[[], pd.Series[Any]], str]] = [
    (lambda: pd.Series([1j, 2j]), "complex"),
    (lambda: pd.Series([b"a", b"b"]), "bytes"),
    (lambda: pd.Series([{"a": 1}, None]), "dict"),
    (lambda: pd.Series([[1], [2]]), "list"),
    (lambda: pd.Series([(1, 2), (3, 4)]), "tuple"),
    (lambda: pd.Series([dt.time(1), dt.time(2)]), "time"),
    (lambda: pd.Series([1, "secretcell"], dtype=object), r"1 int, 1 text|1 text, 1 int"),
    (lambda: pd.Series([True, "secretcell", "b"], dtype=object), r"2 text, 1 bool"),
    (lambda: pd.Series([1.0, np.inf, -np.inf]), "2 of 3 rows are infinite"),
    (lambda: pd.Series([1.0, np.inf], dtype=object), "1 of 2 rows are infinite"),
    (lambda: typed([1.0, np.inf], "float32"), "infinite"),
    (lambda: pd.Series([2**70, 1], dtype=object), "1 of 2 rows are beyond 64 bits"),
    (lambda: pd.Series([10**400, 1], dtype=object), "do not fit"),
    (lambda: pd.Series([2**64 - 1, 1], dtype="uint64"), "1 of 2 rows are above"),
    (lambda: arrow([2**64 - 1, None], pa.uint64()), "1 of 1 rows are above"),
    (lambda: pd.Series(pd.period_range("2024", periods=2, freq="M")), "period"),
    (lambda: pd.Series(pd.interval_range(0, 2)), "interval"),
    (lambda: pd.Series(pd.cut([1, 2, 3], 2)), "interval"),
    (lambda: arrow([[1], [2]], pa.list_(pa.int64())), "nested"),
    (lambda: arrow([{"a": 1}], pa.struct([("a", pa.int64())])), "nested"),
    (lambda: arrow([b"a"], pa.binary()), "binary"),
    (lambda: arrow([dt.time(1)], pa.time64("us")), "time"),
    (lambda: arrow([b"a"], pa.dictionary(pa.int8(), pa.binary())), "binary"),
    (lambda: pd.Series(["a\ud800", "b"], dtype=object), "lone surrogates"),
    (lambda: pd.Series(["x" * 70_000, "b"]), "longer than"),
    (lambda: pd.Series([dt.datetime(2024, 1, 1, tzinfo=dt.timezone.utc), None], dtype=object), "1 of 1 rows"),
]


@pytest.mark.parametrize(("make", "told"), REFUSED, ids=[case[1] for case in REFUSED])
def test_cells_that_cannot_be_learned_are_one_line_with_the_column_and_no_cell(
    make: Callable[[], pd.Series[Any]], told: str
) -> None:
    with pytest.raises(SchemaError, match=told) as caught:
        infer_column("price", make())
    message = str(caught.value)
    assert message.startswith("Column 'price': ")
    assert message.endswith(".")
    assert "\n" not in message
    assert "secretcell" not in message


IDENTIFIERS = {
    "running numbers": pd.Series(range(N)),
    "running numbers in any order": pd.Series(RNG.permutation(N) + 10_000),
    "numbers that only rise": pd.Series(np.cumsum(RNG.integers(1, 5, N))),
    "text": pd.Series([f"C-{i:05}" for i in range(N)]),
    "text with missing": pd.Series([f"C-{i:05}" for i in range(N)] + [None] * 50),
    "nearly every row": pd.Series([f"C-{i:05}" for i in range(N)] + ["C-00000"]),
    "uuid": pd.Series([str(uuid.UUID(int=i)) for i in range(N)]),
    "category": pd.Series([f"C-{i:05}" for i in range(N)], dtype="category"),
    "Arrow": arrow(list(range(N)), pa.int64()),
}
MEASUREMENTS = {
    "floats": pd.Series(RNG.normal(size=N)),
    "whole floats": pd.Series(np.arange(N, dtype=float)),
    "scattered whole numbers": pd.Series(RNG.choice(10**9, N, replace=False)),
    "sorted incomes": pd.Series(np.sort(RNG.choice(10**6, N, replace=False))),
    "repeated text": pd.Series(["a", "b"] * N),
    "times": pd.Series(pd.date_range("2024", periods=N)),
}


@pytest.mark.parametrize("cells", IDENTIFIERS.values(), ids=IDENTIFIERS)
def test_a_column_that_names_the_rows_is_an_identifier(cells: pd.Series[Any]) -> None:
    assert infer_column("x", cells).kind == "identifier"


@pytest.mark.parametrize("cells", MEASUREMENTS.values(), ids=MEASUREMENTS)
def test_a_measurement_is_no_identifier_though_it_never_repeats(cells: pd.Series[Any]) -> None:
    assert infer_column("x", cells).kind != "identifier"


@pytest.mark.parametrize(
    ("name", "is_identifier"),
    [
        ("id", True),
        ("customer_id", True),
        ("customerId", True),
        ("ID", True),
        ("paid", False),
        ("width", False),
    ],
)
def test_scattered_numbers_are_an_identifier_when_the_name_says_so(name: str, is_identifier: bool) -> None:
    cells = MEASUREMENTS["scattered whole numbers"]
    assert (infer_column(name, cells).kind == "identifier") == is_identifier
    assert (infer_column(name, cells[:5]).kind == "identifier") == is_identifier


def test_an_id_that_repeats_and_a_year_that_does_not_are_no_identifiers() -> None:
    assert infer_column("customer_id", pd.Series([1, 1, 2] * N)).kind == "numeric"
    for name, kind in (("year", "numeric"), ("SeasonStart", "numeric"), ("case", "identifier")):
        assert infer_column(name, pd.Series(range(1800, 1800 + N))).kind == kind
        assert infer_column(name, pd.Series(range(N))).kind == "identifier"


def test_a_discrete_column_is_categorical_whatever_it_holds() -> None:
    for cells in (pd.Series([1, 2]), pd.Series(range(N)), pd.Series([1.5, 2.5])):
        column = infer_column("x", cells, discrete=True)
        assert (column.kind, column.decimals) == ("categorical", None)
    assert infer_column("x", pd.Series([True, False]), discrete=True).kind == "boolean"


def test_the_order_of_categories_is_kept_but_not_the_categories() -> None:
    column = infer_column("x", pd.Series(pd.Categorical(["lo", "hi"], ["lo", "hi"], ordered=True)))
    assert column.ordered
    assert column.categories is None


def test_a_sparse_column_is_made_dense_and_says_so() -> None:
    column = infer_column("x", pd.Series(pd.arrays.SparseArray([0.0, 0.0, 1.5])))
    assert (column.kind, column.dtype, column.decimals) == ("numeric", "float64", 1)
    assert "sparse" in column.reason


def test_numbers_that_look_like_dates_stay_numbers_with_a_hint() -> None:
    column = infer_column("x", pd.Series([20240131, 20231231]))
    assert column.kind == "numeric"
    assert "YYYYMMDD" in column.reason
    assert "YYYYMMDD" not in infer_column("x", pd.Series([20240131, 20241350])).reason


def test_text_that_looks_like_dates_stays_text_with_a_hint() -> None:
    assert "pd.to_datetime" in infer_column("x", pd.Series(["2024-01-31", "2024-01-31"])).reason
    for cells in (["2024-01-31", "soon"], ["20240131"], ["2024-51-01"], [None]):
        assert not looks_like_date_text(pd.Series(cells))


def test_no_reason_holds_a_cell_value_or_a_count() -> None:
    for cells in [case[0] for case in CASES] + list(IDENTIFIERS.values()):
        reason = infer_column("x", cells).reason
        assert (
            str(len(cells)) not in reason.replace("2 decimals", "").replace(str(cells.dtype), "")
            or len(cells) < 9
        )


@pytest.mark.parametrize("n_fine", [0, 40, 60])
def test_digits_told_in_pieces_are_those_of_all_values(n_fine: int, monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.arange(500) / 4
    values[:n_fine] += 1e-9
    whole = decimals_of(values)
    assert whole == (2 if n_fine < 50 else 9)
    monkeypatch.setattr("tabgan.cells.VALUES_AT_ONCE", 30)
    assert decimals_of(values) == whole


def test_a_few_values_with_more_digits_do_not_decide() -> None:
    money = np.round(RNG.normal(1000, 300, 1000), 2)
    money[:20] += 0.0012
    assert infer_column("x", pd.Series(money)).decimals == 2
    halves = pd.Series([*range(50), 2.5])
    assert infer_column("x", halves).decimals == 1


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1), st.integers(0, 6))
@settings(max_examples=50)
def test_rounding_to_the_inferred_decimals_changes_nothing_that_can_be_seen(
    digits: list[int], decimals: int
) -> None:
    values = np.array([round(digit / 10**decimals, decimals) for digit in digits])
    found = infer_column("x", pd.Series(values)).decimals
    assert found is not None
    assert found <= decimals
    assert np.abs(np.round(values, found) - values).max() <= 1e-5 * values.std()


def test_what_is_declared_wins_and_the_rest_is_inferred() -> None:
    cells = pd.Series([1.25, 2.5])
    stated = Column("x", "numeric", minimum=0)
    assert complete_column(stated, infer_column("x", cells), cells) == Column(
        "x", "numeric", dtype="float64", decimals=2, minimum=0
    )
    whole = Column("x", "numeric", dtype="float32", decimals=1)
    assert complete_column(whole, infer_column("x", cells), cells) == whole


@pytest.mark.parametrize(
    ("kind", "cells", "told"),
    [
        ("numeric", ["1", "x", "y"], "2 of 3 rows are not numbers"),
        ("numeric", ["1", "2"], "pd.to_numeric"),
        ("numeric", [True, False], "2 of 2 rows are not numbers"),
        ("datetime", ["2024-01-01"], "pd.to_datetime"),
        ("datetime", [1.5], "pd.to_datetime"),
        ("boolean", ["a", "b", "c"], "more than two"),
    ],
)
def test_cells_that_cannot_be_of_the_declared_kind_are_refused(
    kind: Any, cells: list[Any], told: str
) -> None:
    with pytest.raises(SchemaError, match=told):
        complete_column(Column("x", kind), infer_column("x", pd.Series(cells)), pd.Series(cells))


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        ("categorical", pd.Series([1, 2])),
        ("identifier", pd.Series(["a", "a"])),
        ("boolean", pd.Series([0, 1, 1])),
        ("boolean", pd.Series(["yes", "no"])),
        ("numeric", pd.Series([None, None], dtype=object)),
        ("numeric", pd.Series(range(N))),
        ("numeric", pd.Series([1, 2], dtype=object)),
        ("datetime", pd.Series([dt.date(2024, 1, 1)])),
    ],
)
def test_cells_that_can_be_of_the_declared_kind_are_taken(kind: Any, cells: pd.Series[Any]) -> None:
    column = complete_column(Column("x", kind), infer_column("x", cells), cells)
    assert column.kind == kind
    assert column.dtype


def test_an_object_column_with_a_declared_dtype_still_learns_how_missing_is_written() -> None:
    cells = pd.Series(["a", None], dtype=object)
    column = complete_column(Column("x", "categorical", dtype="object"), infer_column("x", cells), cells)
    assert (column.missing, column.element) == ("none", "text")
