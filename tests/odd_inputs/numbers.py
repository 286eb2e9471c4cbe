"""Rows 6, 8, 9, 12 to 17, 19 to 21 and 27: numbers of every width and dtype, infinite, huge, missing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from tabgan.errors import SchemaError
from tabgan.infinite import finite_table
from tests.odd_inputs.tiny import N_ROWS, beside, call, learned, refused, repeated, warned


def row_06_constant_numbers(tmp_path: Path) -> None:
    for value in (7.5, 3, 1e308, True):
        model, rows = learned(beside([value] * N_ROWS), tmp_path)
        assert rows["odd"].tolist() == [value] * len(rows)
        assert not model.encoder_.layout.of_column(0)


def row_08_nothing_but_missing(tmp_path: Path) -> None:
    dtypes = "float64 object Int64 string category datetime64[ns] int64[pyarrow] timedelta64[ns] boolean str"
    for dtype in dtypes.split():
        _, rows = learned(beside(pd.Series([None] * N_ROWS, dtype=dtype)), tmp_path)
        assert rows["odd"].isna().all()


def row_09_some_missing_numbers(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    is_gap = rng.random(1_000) < 0.3
    one = pd.Series(rng.normal(size=1_000)).mask(is_gap)
    table = pd.DataFrame({"one": one, "two": pd.Series(rng.normal(size=1_000)).mask(is_gap)})
    _, rows = learned(table, tmp_path, epochs=60, recipe="likelihood", generator_dim=(32, 32))
    assert 0.1 < rows["one"].isna().mean() < 0.5
    # They are missing together, as in the table.
    assert (rows["one"].isna() == rows["two"].isna()).mean() > 0.9


def row_12_infinite_numbers(tmp_path: Path) -> None:
    cells = repeated(1.5, 2.5, np.inf, -np.inf)
    arrow = cells.astype("double[pyarrow]")
    nullable = pd.Series(pd.arrays.FloatingArray(cells.to_numpy(), np.zeros(N_ROWS, dtype=bool)))
    decimals = cells.map(Decimal).astype(object)
    for odd in (cells, arrow, nullable, cells.astype(object), decimals):
        refused(beside(odd), "'odd'", "60 of 120 rows are infinite", error=SchemaError)
        model, rows = learned_finite(beside(odd), tmp_path, "missing")
        assert rows["odd"].isna().any()
        warned(model, "'odd'", "became missing")
        _, rows = learned_finite(beside(odd), tmp_path, "clip")
        assert set(rows["odd"]) <= {1.5, 2.5}
    gappy = pd.DataFrame({"odd": [1.5, None, np.inf, np.float32(-np.inf)]}, dtype=object)
    assert finite_table(gappy, "clip")[0]["odd"].dropna().tolist() == [1.5, 1.5, 1.5]
    sparse = pd.DataFrame({"even": pd.arrays.SparseArray([0.0, 1.5, 0.0])})
    assert finite_table(sparse, "missing")[1] == []  # nothing is said of a column that has none
    table, told = finite_table(sparse.assign(odd=pd.arrays.SparseArray([0.0, np.inf, 0.0])), "missing")
    assert table["odd"].isna().sum() == 1
    assert len(told) == 1
    assert "'odd'" in told[0]
    assert "'even'" not in told[0]
    beside(cells).to_parquet(tmp_path / "t.parquet")
    fit = ("fit", tmp_path / "t.parquet", "--epochs", 1, "-m", tmp_path / "m.tabgan")
    assert call(*fit).code == 3
    assert call(*fit, "--infinite", "clip").code == 0
    beside(cells.map(str)).to_csv(tmp_path / "t.csv", index=False)
    assert "without --infinite" in call("schema", tmp_path / "t.csv").err
    run = ("run", tmp_path / "t.csv", "--max-seconds", 1, "--time-budget", 0.01, "-o", tmp_path / "new.csv")
    assert "--infinite of fit and run" in call(*run).err
    assert call(*run, "--infinite", "clip").code == 0
    assert set(pd.read_csv(tmp_path / "new.csv")["odd"]) <= {1.5, 2.5}


def learned_finite(table: pd.DataFrame, tmp_path: Path, rule: str) -> tuple[Any, pd.DataFrame]:
    """`learned`, but what is completed must be finite as well."""
    from tabgan import TabGAN
    from tests.odd_inputs.tiny import TINY, same_schema

    model = TabGAN(**TINY, infinite=rule).fit(table)
    rows = model.sample(100, seed=1)
    same_schema(rows, table)
    model.save(tmp_path / "odd.tabgan")
    pd.testing.assert_frame_equal(TabGAN.load(tmp_path / "odd.tabgan").sample(100, seed=1), rows)
    return model, rows


def row_13_giants_and_denormals(tmp_path: Path) -> None:
    _, rows = learned(beside(repeated(1e308, -1e308, 5e-324, -0.0, 1.5)), tmp_path)
    assert set(rows["odd"]) <= {1e308, -1e308, 5e-324, 0.0, 1.5}
    assert not np.signbit(rows["odd"][rows["odd"] == 0]).any()
    spread = np.random.default_rng(0).uniform(-1, 1, N_ROWS) * 1e308
    _, rows = learned(beside(spread), tmp_path)
    assert np.isfinite(rows["odd"]).all()
    _, rows = learned(beside(repeated(0.0, -0.0)), tmp_path)
    assert not np.signbit(rows["odd"]).any()


def row_14_one_far_outlier(tmp_path: Path) -> None:
    cells = np.append(np.random.default_rng(0).normal(size=999), 1e12)
    model, rows = learned(beside(cells), tmp_path)
    warned(model, "'odd'", "very far from the others")
    assert (rows["odd"].abs() < 10).mean() > 0.8
    assert rows["odd"].max() < 1e12


def row_15_huge_whole_numbers(tmp_path: Path) -> None:
    values = [2**53 + 1, 2**60 + 1, 2**62 + 3, -(2**63)]
    for dtype in ("int64", "Int64", "int64[pyarrow]", "object"):
        model, rows = learned(beside(repeated(*values, dtype=dtype)), tmp_path)
        assert {int(cell) for cell in rows["odd"]} <= set(values)
        warned(model, "'odd'", "2**53")


def row_16_beyond_64_bits(tmp_path: Path) -> None:
    del tmp_path
    unsigned = pd.Series(np.arange(2**64 - N_ROWS, 2**64, dtype=np.uint64))
    for cells in (unsigned, unsigned.astype("uint64[pyarrow]"), unsigned.astype("UInt64")):
        refused(beside(cells), "'odd'", "120 of 120 rows", "Convert it to text", secret="184467")
    for first in (2**100, -(2**100), 10**400):
        cells = pd.Series([first + place for place in range(N_ROWS)], dtype=object)
        refused(beside(cells), "'odd'", "Convert it to text", secret=str(first)[:6])


def row_17_decimals(tmp_path: Path) -> None:
    values = [Decimal("1.20"), Decimal("3.45"), Decimal("-0.05")]
    arrow = pd.ArrowDtype(pa.decimal128(10, 2))
    for cells in (repeated(*values, dtype=object), repeated(*values, None, dtype=arrow)):
        _, rows = learned(beside(cells), tmp_path)
        assert {str(cell) for cell in rows["odd"].dropna()} <= {str(value) for value in values}
    many = repeated(Decimal("123456789012345678901234.56"), Decimal("1.00"), dtype=object)
    model, rows = learned(beside(many), tmp_path)
    warned(model, "'odd'", "15 digits")
    assert {cell.as_tuple().exponent for cell in rows["odd"]} == {-2}
    refused(beside(repeated(Decimal("Infinity"), Decimal(1), dtype=object)), "'odd'", "infinite")
    refused(beside(repeated(Decimal("sNaN"), Decimal(1), dtype=object)), "'odd'", "signalling")


def row_19_booleans_and_zeros_and_ones(tmp_path: Path) -> None:
    cases: list[tuple[pd.Series[Any], set[Any]]] = [
        (repeated(True, False, dtype="bool"), {True, False}),
        (repeated(True, False, None, dtype="boolean"), {True, False}),
        (repeated(True, False, None, dtype=object), {True, False}),
        (repeated(True, False, None, dtype="bool[pyarrow]"), {True, False}),
        (repeated(0, 1, dtype="int8"), {0, 1}),
    ]
    for cells, values in cases:
        _, rows = learned(beside(cells), tmp_path)
        assert set(rows["odd"].dropna()) <= values
        assert {type(cell) for cell in rows["odd"].dropna()} == {type(cell) for cell in cells.dropna()}


def row_20_nullable_dtypes(tmp_path: Path) -> None:
    for dtype in ("Int64", "Int8", "UInt64", "Float64", "Float32"):
        _, rows = learned(beside(repeated(1, 2, None, dtype=dtype)), tmp_path)
        assert set(rows["odd"].dropna()) <= {1, 2}
        assert all(cell is pd.NA for cell in rows["odd"][rows["odd"].isna()])
    for dtype in ("string", "string[python]"):
        _, rows = learned(beside(repeated("x", "y", None, dtype=dtype)), tmp_path)
        assert set(rows["odd"].dropna()) <= {"x", "y"}


def row_21_arrow_dtypes(tmp_path: Path) -> None:
    day, moment = dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, 12, 30)
    kept: list[tuple[list[Any], pa.DataType]] = [
        ([1, 2, None], pa.int16()),
        ([1.5, None], pa.float16()),
        (["x", None], pa.large_string()),
        (["x", "y", None], pa.dictionary(pa.int8(), pa.string())),
        ([5, 6, None], pa.dictionary(pa.int32(), pa.int64())),
        ([Decimal("1.20"), None], pa.decimal128(10, 2)),
        ([day, None], pa.date32()),
        ([day, None], pa.date64()),
        ([moment, None], pa.timestamp("us", "Europe/Paris")),
        ([dt.timedelta(1), None], pa.duration("s")),
        ([None], pa.null()),
    ]
    for values, kind in kept:
        cells = pd.array((values * N_ROWS)[:N_ROWS], dtype=pd.ArrowDtype(kind))
        _, rows = learned(beside(pd.Series(cells)), tmp_path)
        assert set(rows["odd"].dropna()) <= set(pd.Series(cells).dropna())
    for values, kind in (([[1]], pa.list_(pa.int64())), ([{"x": 1}], pa.struct([("x", pa.int64())]))):
        nested = pd.Series(pd.array(values * N_ROWS, dtype=pd.ArrowDtype(kind)))
        refused(beside(nested), "'odd'", "nested", "column of its own")
    binary = pd.Series(pd.array([b"x"] * N_ROWS, dtype=pd.ArrowDtype(pa.binary())))
    refused(beside(binary), "'odd'", "Decode it")


def row_27_days_written_as_numbers(tmp_path: Path) -> None:
    model, rows = learned(beside(repeated(20200101, 20210203, 19991231)), tmp_path)
    warned(model, "'odd'", "YYYYMMDD", "pd.to_datetime")
    assert set(rows["odd"]) <= {20200101, 20210203, 19991231}
