from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from tabgan.errors import SchemaError
from tabgan.evaluation import shuffled_columns
from tabgan.evaluation.bins import exact
from tabgan.evaluation.distances import row_groups
from tabgan.evaluation.features import (
    MISSING,
    as_numbers,
    categorical_features,
    classifier_matrix,
    compare,
    draw_rows,
)
from tabgan.schema import Column, Schema


def test_codes_mean_the_same_in_every_table_and_the_most_frequent_comes_first() -> None:
    [column] = compare(pd.DataFrame({"c": ["x", "y", None]}), pd.DataFrame({"c": ["y", "z", "y"]}))
    assert column.labels == ("y", "x", "z")
    assert [codes.tolist() for codes in column.codes] == [[1, 0, MISSING], [0, 2, 0]]


def test_the_text_nan_is_not_a_missing_cell() -> None:
    [column] = compare(pd.DataFrame({"c": ["nan", None, "nan"]}), pd.DataFrame({"c": ["nan"]}))
    assert column.codes[0].tolist() == [0, MISSING, 0]


def test_a_classifier_sees_giants_it_can_average() -> None:
    giant = float(np.finfo(np.float64).max)
    table = pd.DataFrame({"a": [giant, np.nan, -giant, 5e307]})
    columns = compare(table, pd.DataFrame({"a": [1e9, 3.0]}))
    rows, others = (classifier_matrix(columns, place)[:, 0] for place in (0, 1))
    assert np.isnan(rows[1])
    assert np.nanmax(np.abs(rows)) <= 1
    assert rows[0] > rows[3] > others[0] > others[1] > 0 > rows[2]


def test_identifiers_are_left_out() -> None:
    table = pd.DataFrame({"key": range(200), "mail": [f"p{i}@x" for i in range(200)], "v": [1.5, 2] * 100})
    assert [column.name for column in compare(table, table)] == ["v"]


def test_a_schema_decides_the_kind() -> None:
    table = pd.DataFrame({"zip": [1, 2, 2]})
    schema = Schema((Column("zip", "categorical"),))
    assert compare(table, table, schema=schema)[0].kind == "categorical"
    assert compare(table, table)[0].kind == "numeric"


@pytest.mark.parametrize(
    ("cells", "kind", "expected"),
    [
        (pd.Series([1, None], dtype="Int64"), "numeric", [1, np.nan]),
        (pd.Series([1.5, None], dtype="double[pyarrow]"), "numeric", [1.5, np.nan]),
        (pd.Series([Decimal("1.25"), None]), "numeric", [1.25, np.nan]),
        (pd.Series(["3", "x"]), "numeric", [3, np.nan]),
        (pd.Series([np.inf, 2.0]), "numeric", [np.nan, 2]),
        (pd.Series(pd.to_timedelta([90, None], unit="s")), "numeric", [90, np.nan]),
        (pd.Series([dt.timedelta(0, 2), None], dtype="duration[us][pyarrow]"), "numeric", [2, np.nan]),
        (pd.Series(pd.to_datetime(["1970-01-02", None])), "datetime", [86400, np.nan]),
        (pd.Series([dt.date(1970, 1, 2), None]), "datetime", [86400, np.nan]),
        (pd.Series([dt.date(1970, 1, 2), None], dtype="date32[pyarrow]"), "datetime", [86400, np.nan]),
        (pd.Series(["1970-01-02", None]), "datetime", [86400, np.nan]),
    ],
)
def test_every_way_to_hold_a_number_is_read(cells: pd.Series, kind: str, expected: list[float]) -> None:
    np.testing.assert_array_equal(as_numbers(cells, kind), expected)  # type: ignore[arg-type]


def test_a_time_with_a_zone_is_read_at_its_local_clock() -> None:
    cells = pd.Series(pd.to_datetime(["1970-01-01 10:00"]).tz_localize("Europe/Paris"))
    assert as_numbers(cells, "datetime").tolist() == [36000]


def test_trees_see_weekday_and_second_of_the_day() -> None:
    table = pd.DataFrame({"t": pd.to_datetime(["1970-01-05 00:00:09", "1970-01-12 00:00:09"])})
    columns = compare(table, table)
    assert categorical_features(columns).tolist() == [False, False, False]
    matrix = classifier_matrix(columns, 0)
    assert matrix[0, 1] == matrix[1, 1]
    assert matrix[:, 2].tolist() == [9, 9]


def test_rare_categories_share_the_last_code_of_the_trees() -> None:
    table = pd.DataFrame({"c": [str(i) for i in range(400)] + ["0", None]})
    schema = Schema((Column("c", "categorical"),))
    columns = compare(table, table, schema=schema)
    assert categorical_features(columns).tolist() == [True]
    matrix = classifier_matrix(columns, 0)
    assert np.nanmax(matrix) == 254
    assert np.isnan(matrix[-1, 0])


def test_bad_tables_are_refused_by_name_of_the_column() -> None:
    real = pd.DataFrame({"a": [1], "b": [2]})
    with pytest.raises(SchemaError, match="0 rows"):
        compare(real, real.iloc[:0])
    with pytest.raises(SchemaError, match="Column 'b' is not in"):
        compare(real, real[["a"]])
    with pytest.raises(SchemaError, match="duplicate"):
        compare(pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_drawn_rows_are_rows_of_the_table_each_once(train: pd.DataFrame) -> None:
    drawn = draw_rows(train.assign(row=range(len(train))), 100, np.random.default_rng(0))
    assert len(drawn) == 100
    assert drawn["row"].is_unique
    pd.testing.assert_frame_equal(drawn.drop(columns="row"), train.iloc[drawn["row"]].reset_index(drop=True))


def test_shuffled_columns_keep_every_column_and_its_dtype(train: pd.DataFrame) -> None:
    typed = train.assign(job=train["job"].astype("category"), age=train["age"].astype("Int64"))
    shuffled = shuffled_columns(typed, seed=1)
    assert (shuffled.dtypes == typed.dtypes).all()
    for name in typed:
        before, after = (t[name].value_counts(dropna=False).sort_index() for t in (typed, shuffled))
        pd.testing.assert_series_equal(before, after)
    assert not shuffled["age"].equals(typed["age"])


GIANT = 1_700_000_000_000_000_000
NUMBERS = ["int64", "uint64", "Int64", "int64[pyarrow]", "object", "text", "decimal"]
TIMES = ["datetime64[ns]", "datetime64[ns, UTC]", "timestamp[ns][pyarrow]", "timedelta64[ns]"]


def _giants(dtype: object, first: int) -> pd.Series:
    """Numbers or moments of which floats (or microseconds) see one, some missing where that can be."""
    numbers = pd.Series([GIANT + first, GIANT + first + 1, GIANT + first, GIANT], dtype="int64")
    if dtype == "text":
        return numbers.astype(str).astype(object)
    if dtype == "decimal":
        return pd.Series([Decimal(number) / 10**18 for number in numbers.tolist()], dtype=object)
    if dtype in ("Int64", "int64[pyarrow]", "object"):
        return pd.concat([numbers.astype(dtype), pd.Series([None], dtype=dtype)], ignore_index=True)
    return numbers.astype(dtype)


@pytest.mark.parametrize("dtype", [*NUMBERS, *TIMES])
def test_cells_that_differ_where_floats_do_not_are_told_apart(dtype: str) -> None:
    real, synthetic = (pd.DataFrame({"v": _giants(dtype, first)}) for first in (1, 2))
    kind = "datetime" if "stamp" in dtype or "datetime" in dtype else "numeric"
    columns = compare(real, synthetic, schema=Schema((Column("v", kind),)))
    codes = exact(columns[0]).codes
    first, second, again, base = codes[:4]
    assert len({first, second, base}) == 3
    assert (again, codes[len(real)], codes[len(real) + 3]) == (first, second, base)
    assert (codes == 0).tolist() == pd.concat([real, synthetic])["v"].isna().tolist()
    sides = row_groups(columns)
    assert np.isin(sides[1][:4], sides[0]).tolist() == [True, False, True, True]
    assert exact(columns[0].rows([np.array([1]), np.array([0, 1])])).codes.tolist() in ([1, 1, 2], [2, 2, 1])


def test_cells_that_floats_tell_apart_need_no_keys() -> None:
    table = pd.DataFrame(
        {
            "v": [1, 2, 2**40],
            "t": np.array(["2024-05-01T10:00:00.000001", "NaT", "9999-12-31"], dtype="M8[us]"),
        }
    )
    assert [column.keys for column in compare(table, table)] == [(), ()]
