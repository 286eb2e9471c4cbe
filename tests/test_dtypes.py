from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tabgan.dtypes import dtype_text, to_dtype
from tabgan.errors import SchemaError

ARROW = [
    *(pa.int8(), pa.uint64(), pa.float16(), pa.float32(), pa.float64(), pa.bool_(), pa.null()),
    *(pa.string(), pa.large_string(), pa.date32(), pa.date64()),
    *(pa.timestamp("s"), pa.timestamp("ns", tz="Europe/Paris"), pa.timestamp("us", tz="+02:00")),
    *(pa.duration("ms"), pa.decimal128(10, 2), pa.decimal256(40, -3)),
    *(pa.dictionary(pa.int32(), pa.string()), pa.dictionary(pa.int8(), pa.int64(), ordered=True)),
    pa.dictionary(pa.uint8(), pa.decimal128(5, 1)),
]
PLAIN = (
    "int8 uint8 int64 uint64 float16 float32 float64 bool object category Int8 UInt64 Float32 boolean "
    "datetime64[s] datetime64[ms] datetime64[us] datetime64[ns] timedelta64[s] timedelta64[ns] "
    "string[python] string[pyarrow]"
).split()


@pytest.mark.parametrize("arrow", ARROW, ids=str)
def test_an_arrow_dtype_comes_back_from_its_text(arrow: pa.DataType) -> None:
    assert to_dtype(dtype_text(pd.ArrowDtype(arrow))) == pd.ArrowDtype(arrow)


@pytest.mark.parametrize("text", [*PLAIN, "datetime64[us, Europe/Paris]", "datetime64[ns, UTC]"])
def test_the_text_of_a_dtype_is_what_pandas_calls_it(text: str) -> None:
    assert dtype_text(to_dtype(text)) == text


def test_the_three_kinds_of_text_stay_apart() -> None:
    dtypes = [pd.StringDtype("python"), pd.StringDtype("pyarrow"), pd.ArrowDtype(pa.string())]
    texts = [dtype_text(dtype) for dtype in dtypes]
    assert texts == ["string[python]", "string[pyarrow]", "utf8[pyarrow]"]
    for text, dtype in zip(texts, dtypes, strict=True):
        assert dtype == to_dtype(text)
        assert getattr(to_dtype(text), "storage", None) == getattr(dtype, "storage", None)


@pytest.mark.skipif(pd.Series(["a"]).dtype == object, reason="before pandas 3 text is a column of objects")
def test_the_str_of_pandas_3_keeps_its_storage() -> None:
    default = pd.Series(["a"]).dtype
    assert dtype_text(default) == "str"
    for storage in ("python", "pyarrow"):
        dtype = pd.StringDtype(storage, na_value=np.nan)
        rebuilt = to_dtype(dtype_text(dtype))
        assert isinstance(rebuilt, pd.StringDtype)
        assert rebuilt.na_value is np.nan
        assert rebuilt.storage == storage


def test_a_sparse_column_is_named_by_what_it_holds() -> None:
    assert dtype_text(pd.SparseDtype("float64")) == "float64"


def test_categories_are_no_part_of_the_text() -> None:
    assert dtype_text(pd.CategoricalDtype(["secret"], ordered=True)) == "category"


@pytest.mark.parametrize("text", ["", "int65", "nothing[pyarrow]", "datetime64[us, Mars/Base]", "str[none]"])
def test_an_unknown_dtype_is_one_error(text: str) -> None:
    with pytest.raises(SchemaError, match="no dtype called"):
        to_dtype(text)
