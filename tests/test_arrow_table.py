"""Tables of other libraries are taken as they are, by Arrow; types and missing cells stay."""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from tabgan import SchemaError, TabGAN, evaluate, infer_schema
from tabgan.arrow_table import as_pandas

N_ROWS = 200


def shop() -> pl.DataFrame:
    rng = np.random.default_rng(0)
    return pl.DataFrame(
        {
            "items": pl.Series([None, *rng.integers(1, 9, N_ROWS - 1).tolist()], dtype=pl.Int32),
            "price": rng.normal(size=N_ROWS),
            "gift": pl.Series([None, *(rng.random(N_ROWS - 1) < 0.3).tolist()]),
            "town": pl.Series(rng.choice(["Paris", "Rome", "Ulm"], N_ROWS), dtype=pl.Categorical),
            "note": rng.choice(["a", "b"], N_ROWS),
            "day": [dt.date(2024, 1, 1) + dt.timedelta(int(days)) for days in rng.integers(0, 99, N_ROWS)],
        }
    )


DTYPES = ["Int32", "float64", "boolean", "category", str(pd.Series(["a"]).dtype), "date32[day][pyarrow]"]


@pytest.mark.parametrize("of", ["polars", "duckdb", "pyarrow", "batches"])
def test_types_and_missing_cells_survive(of: str) -> None:
    frame = shop()
    made: dict[str, Any] = {
        "polars": frame,
        "duckdb": duckdb.sql("SELECT * FROM frame"),
        "pyarrow": frame.to_arrow(),
        "batches": frame.to_arrow().to_reader(),
    }
    found = as_pandas(made[of])
    dtypes = found.dtypes.astype(str).tolist()
    if of == "duckdb":  # it hands out categories as plain text
        assert dtypes.pop(3) in ("category", DTYPES[4])
        dtypes.insert(3, "category")
    assert dtypes == DTYPES
    for name in frame.columns:
        expected = frame[name].to_list()
        cells = [None if pd.isna(cell) else cell for cell in found[name]]
        assert cells == expected, name


def test_a_model_learns_completes_and_judges_them() -> None:
    frame = shop()
    model = TabGAN(recipe="likelihood", epochs=3).fit(frame)
    same = TabGAN(recipe="likelihood", epochs=3).fit(as_pandas(frame))
    pd.testing.assert_frame_equal(model.sample(50, seed=1), same.sample(50, seed=1))
    gaps = frame.head(5).with_columns(pl.lit(None, dtype=pl.String).alias("note"))
    assert model.complete(gaps)["note"].notna().all()
    assert infer_schema(frame).names == tuple(frame.columns)
    found = evaluate(frame, pl.from_pandas(model.sample(N_ROWS, seed=1)), time_budget=1e-9)
    assert found.rows["synthetic"]["given"] == N_ROWS


def test_times_and_nested_cells_are_refused_as_such_whatever_they_hold() -> None:
    """Pandas has no time of less than a microsecond; what it says of one shows it."""
    for cells in (pl.Series([1_001]).cast(pl.Time), pl.Series([[1], [None]])):
        with pytest.raises(SchemaError, match="cells cannot be learned"):
            infer_schema(pl.DataFrame({"x": cells}))


def test_a_cell_that_pandas_cannot_hold_is_not_shown() -> None:
    far = pa.DictionaryArray.from_arrays([0], pa.array([2**30], pa.date32()))
    with pytest.raises(SchemaError) as caught:
        as_pandas(pa.table({"day": far}))
    assert str(caught.value).startswith("Column 'day': ")
    assert "29" not in str(caught.value)  # its year
    assert caught.value.__context__ is None


def test_pandas_passes_untouched() -> None:
    table = pd.DataFrame({"a": [1]})
    assert as_pandas(table) is table


@pytest.mark.parametrize("what", [pl.Series([1, 2]), pd.Series([1, 2]), pa.array([1]), [[1]], None])
def test_what_is_no_table_is_refused(what: Any) -> None:
    with pytest.raises(SchemaError, match="Expected a pandas DataFrame"):
        TabGAN().fit(what)
