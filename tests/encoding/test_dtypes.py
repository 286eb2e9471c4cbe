"""Reading and writing: what comes out has the dtype, missing cells and cell types that went in."""

from __future__ import annotations

import datetime as dt
import decimal
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tabgan.encoding import TableEncoder
from tabgan.errors import SchemaError

N = 180
RNG = np.random.default_rng(0)
SMALL = RNG.permutation(np.arange(N) % 9)
REAL = RNG.normal(size=N) * 100
GAP = RNG.random(N) < 0.15
STAMP = pd.Series(pd.Timestamp("2021-01-01") + pd.to_timedelta(RNG.integers(0, 800 * 24 * 60, N), unit="min"))
TEXT = pd.Series([f"v{place}" for place in SMALL])

WHOLE = ["int8", "int64", "uint8", "uint64", "Int8", "Int64", "UInt64", "int64[pyarrow]", "uint64[pyarrow]"]
FLOAT = ["float16", "float32", "float64", "Float32", "Float64", "float[pyarrow]", "double[pyarrow]"]
BOOL = ["bool", "boolean", "bool[pyarrow]"]
TEXTS = ["object", "str", "string[python]", "string[pyarrow]", "category"]
ARROW = [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())]


def objects(cells, missing):
    return pd.Series([missing if gap else cell for gap, cell in zip(GAP, cells, strict=True)], dtype=object)


def columns():
    for dtype in WHOLE:
        yield dtype, pd.Series(SMALL).astype(dtype)
    for dtype in FLOAT:
        yield dtype, pd.Series(REAL).astype(dtype)
    for dtype in BOOL:
        yield dtype, pd.Series(SMALL > 3).astype(dtype)
    for dtype in TEXTS:
        yield f"text {dtype}", TEXT.astype(dtype)
    for arrow in ARROW:
        yield f"arrow {arrow}", TEXT.astype(pd.ArrowDtype(arrow))
    for unit in ("s", "ms", "us", "ns"):
        yield f"datetime {unit}", STAMP.astype(f"datetime64[{unit}]")
        local = STAMP.astype(f"datetime64[{unit}]").dt.tz_localize("UTC").dt.tz_convert("Europe/Paris")
        yield f"zone {unit}", local
        yield f"duration {unit}", (STAMP - STAMP.min()).astype(f"timedelta64[{unit}]")
    yield "arrow timestamp", STAMP.astype("timestamp[us][pyarrow]")
    yield "arrow zone", local.astype(pd.ArrowDtype(pa.timestamp("us", "Europe/Paris")))
    yield "arrow date", pd.Series(STAMP.dt.date).astype(pd.ArrowDtype(pa.date32()))
    yield "arrow duration", (STAMP - STAMP.min()).astype("duration[us][pyarrow]")
    yield "category int", pd.Series(SMALL).astype("category").cat.add_categories([99])
    yield (
        "category ordered",
        pd.Series(pd.Categorical(TEXT, [f"v{k}" for k in range(12)][::-1], ordered=True)),
    )
    yield "category stamp", STAMP.dt.to_period("Q").dt.to_timestamp().astype("category")
    yield "whole 2**62", pd.Series(2**62 + SMALL)
    yield "years 1000 to 1500", pd.Series(np.array(["1000-01-01", "1500-05-05"] * (N // 2), "M8[s]"))


def object_columns():
    decimals = [decimal.Decimal(int(cell * 100)).scaleb(-2) for cell in REAL]
    for missing in (None, np.nan, pd.NA):
        yield f"text {missing}", objects(TEXT, missing)
    yield "bool", objects((SMALL > 3).tolist(), None)
    yield "int", objects(SMALL.tolist(), None)
    yield "float", objects(REAL.tolist(), None)
    yield "decimal", objects(decimals, None)
    yield "date", objects([stamp.date() for stamp in STAMP], None)
    yield "datetime", objects([stamp.to_pydatetime() for stamp in STAMP], pd.NaT)


def there_and_back(cells):
    table = pd.DataFrame({"x": cells})
    encoder = TableEncoder.fit(table)
    codes = encoder.encode(table)
    out = encoder.decode(codes, rng=np.random.default_rng(0))["x"]
    again = TableEncoder.from_dict(json.loads(json.dumps(encoder.to_dict(), allow_nan=False)))
    pd.testing.assert_series_equal(again.decode(codes, rng=np.random.default_rng(0))["x"], out)
    return out


@pytest.mark.parametrize(("name", "cells"), list(columns()), ids=[name for name, _ in columns()])
def test_dtype_is_preserved(name, cells):
    out = there_and_back(cells)
    assert out.dtype == cells.dtype
    assert out.notna().all()
    if name.startswith(("text", "arrow s", "category", "bool", "int", "uint", "whole", "years")):
        pd.testing.assert_series_equal(out.astype(object), cells.astype(object), check_names=False)
    can_miss = not (isinstance(cells.dtype, np.dtype) and cells.dtype.kind in "iub")
    if can_miss:
        gappy = cells.copy()
        gappy[GAP] = None
        out = there_and_back(gappy)
        assert out.dtype == gappy.dtype
        np.testing.assert_array_equal(out.isna(), GAP)


@pytest.mark.parametrize(
    ("name", "cells"), list(object_columns()), ids=[name for name, _ in object_columns()]
)
def test_objects_keep_their_types_and_the_way_a_missing_cell_is_written(name, cells):
    out = there_and_back(cells)
    assert out.dtype == object
    assert [type(cell) for cell in out] == [type(cell) for cell in cells]
    if name in ("bool", "int") or name.startswith("text"):
        pd.testing.assert_series_equal(out, cells, check_names=False)
    if name == "decimal":
        assert all(cell is None or cell.as_tuple().exponent == -2 for cell in out)


def test_arrow_decimals_keep_their_scale():
    cells = pd.Series([decimal.Decimal(int(cell)).scaleb(-2) for cell in REAL * 100])
    out = there_and_back(cells.astype(pd.ArrowDtype(pa.decimal128(10, 2))))
    assert out.dtype == pd.ArrowDtype(pa.decimal128(10, 2))


def test_decimals_too_large_to_be_counted_exactly_still_have_their_scale():
    cells = pd.Series([decimal.Decimal(int(cell)).scaleb(-2) for cell in REAL * 10**18], dtype=object)
    assert {cell.as_tuple().exponent for cell in there_and_back(cells)} == {-2}


def test_sparse_columns_come_out_dense():
    out = there_and_back(pd.Series(np.where(SMALL < 7, 0, SMALL)).astype(pd.SparseDtype("int64", 0)))
    assert out.dtype == np.int64


@pytest.mark.parametrize(
    "dtype",
    ["float64", "object", "Int64", "str", "category", "datetime64[us]", "null[pyarrow]", "timedelta64[s]"],
)
def test_a_column_without_any_value_stays_without(dtype):
    kind = pd.ArrowDtype(pa.null()) if dtype == "null[pyarrow]" else dtype
    cells = pd.Series([None] * N, dtype=kind)
    out = there_and_back(cells)
    assert out.dtype == cells.dtype
    assert out.isna().all()


def test_negative_zero_becomes_zero():
    for other in (1.5, np.pi / 1e9):  # counted in tenths, and as plain floats
        out = there_and_back(pd.Series([-0.0] * 50 + [other] * 50))
        assert not np.signbit(out).any()


def test_decimals_are_the_nearest_doubles():
    cells = pd.Series(np.round(np.random.default_rng(1).uniform(0, 100, 2000), 2))
    out = there_and_back(cells)
    np.testing.assert_array_equal(out, [float(f"{cell:.2f}") for cell in out])


def test_dates_of_object_columns_are_dates_again():
    out = there_and_back(pd.Series([dt.date(2020, 1, 1), dt.date(2021, 6, 1)] * 50, dtype=object))
    assert out.tolist() == [dt.date(2020, 1, 1), dt.date(2021, 6, 1)] * 50


def test_cells_of_another_kind_are_refused_with_their_count_and_without_a_value():
    encoder = TableEncoder.fit(pd.DataFrame({"x": REAL, "t": STAMP}))
    bad = pd.DataFrame({"x": ["SECRET", *map(str, REAL[1:])], "t": STAMP})
    with pytest.raises(SchemaError, match="Column 'x': 1 of 180 rows are not numbers") as caught:
        encoder.encode(bad)
    assert "SECRET" not in str(caught.value)
    assert caught.value.__context__ is None  # a chained error of pandas would quote it
    with pytest.raises(SchemaError, match="Column 't': 1 of 180 rows are not dates"):
        encoder.encode(pd.DataFrame({"x": REAL, "t": ["SECRET", *map(str, STAMP[1:])]}))
    with pytest.raises(SchemaError, match="1 of 180 rows are not numbers"):
        encoder.encode(pd.DataFrame({"x": np.append(REAL[1:], np.inf), "t": STAMP}))


def test_text_that_is_declared_a_date_comes_out_as_iso_text():
    from tabgan.schema import Column, Schema

    cells = pd.Series(STAMP.dt.strftime("%Y-%m-%d"))
    schema = Schema((Column("x", "datetime", dtype="str"),))
    table = pd.DataFrame({"x": cells.astype("str")})
    encoder = TableEncoder.fit(table, schema)
    out = encoder.decode(encoder.encode(table), rng=np.random.default_rng(0))["x"]
    assert out.str.fullmatch(r"20\d\d-\d\d-\d\d").all()
