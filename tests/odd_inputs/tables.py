"""Random tables of every dtype: Hypothesis strategy `tables()`."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import strategies as st

NAMES = st.one_of(
    st.sampled_from(
        ["a", "A", "a ", " a", "", "id", "a.1", "nan", "None", "0", "é", "e\u0301", "а", "<b>", "=1"]
    ),
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=8),
    st.integers(-3, 3),
    st.tuples(st.integers(0, 1), st.text("xy", max_size=1)),
)
WORDS = [
    "x",
    "y",
    "nan",
    "",
    " ",
    "NA",
    "a, b",
    '"',
    "é",
    "e\u0301",
    "00123",
    "\u202ex",
    "👩\u200d👧",
    "1",
    "True",
]
MOMENTS = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1))

# What the cells may be, and the dtypes they may be held in; None: whatever pandas makes of them.
KINDS: dict[str, tuple[st.SearchStrategy[Any], list[Any]]] = {
    "words": (
        st.sampled_from(WORDS),
        [None, "object", "category", "string", "string[python]", "utf8[pyarrow]"],
    ),
    "text": (st.text(st.characters(blacklist_categories=["Cs"]), max_size=6), [None, "object", "category"]),
    "numbers": (
        st.one_of(
            st.floats(-1e3, 1e3),
            st.floats(allow_nan=False, allow_infinity=False),
            st.sampled_from([0.0, -0.0, 1e308, -1e308, 5e-324, 0.1, 2.5]),
        ),
        [None, "object", "Float64", "double[pyarrow]", "category"],
    ),
    "small": (st.sampled_from([0.0, 0.5, -1.25]), [None, "float32", "Float32", "float[pyarrow]"]),
    "odd numbers": (st.sampled_from([1.0, float("inf"), -float("inf"), 3.5]), [None, "Float64"]),
    "whole": (
        st.integers(-9, 99),
        [None, "object", "Int64", "Int8", "int16", "float64", "category", "int32[pyarrow]"],
    ),
    "giant": (st.integers(-(2**63), 2**63 - 1), [None, "object", "Int64", "int64[pyarrow]"]),
    "unsigned": (st.integers(0, 2**64 - 1), ["uint64", "UInt64", "uint64[pyarrow]"]),
    "beyond": (st.integers(-(2**70), 2**70), ["object"]),
    "truth": (st.booleans(), [None, "object", "boolean", "category", "bool[pyarrow]"]),
    "moments": (
        MOMENTS,
        [None, "object", "datetime64[s]", "datetime64[ns]", "category", "timestamp[ms][pyarrow]"],
    ),
    "zoned": (
        MOMENTS.map(lambda moment: pd.Timestamp(moment, tz="UTC").as_unit("us")),
        [None, "object", "datetime64[us, Europe/Paris]", "datetime64[ns, America/New_York]"],
    ),
    "days": (st.dates(dt.date(1500, 1, 1), dt.date(3000, 1, 1)), ["object", pd.ArrowDtype(pa.date32())]),
    "waits": (
        st.timedeltas(dt.timedelta(-999), dt.timedelta(999)),
        ["timedelta64[us]", "timedelta64[s]", pd.ArrowDtype(pa.duration("ms"))],
    ),
    "money": (
        st.decimals(-999, 999, places=2, allow_nan=False),
        ["object", pd.ArrowDtype(pa.decimal128(12, 2))],
    ),
    "mixed": (st.one_of(st.integers(0, 3), st.sampled_from(["x", 2.5, Decimal(1), b"b"])), ["object"]),
}


@st.composite
def columns(draw: st.DrawFn, n_rows: int) -> pd.Series[Any]:
    """Constant, all missing, with gaps, nearly unique, or any: cells of one kind in one of its dtypes."""
    cell, dtypes = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    shape = draw(st.sampled_from(["any", "any", "constant", "missing", "gaps", "unique"]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    most = {"constant": 1, "unique": 40}.get(shape, 10)
    pool = draw(st.lists(cell, min_size=1, max_size=most))
    cells = [pool[place] for place in rng.integers(0, len(pool), n_rows)]
    if shape in ("gaps", "missing"):
        gap = draw(st.sampled_from([None, None, np.nan, pd.NA]))
        share = 1.0 if shape == "missing" else 0.3
        cells = [
            gap if is_gap else value for value, is_gap in zip(cells, rng.random(n_rows) < share, strict=True)
        ]
    objects = pd.Series(cells, dtype=object)
    dtype = draw(st.sampled_from(dtypes))
    if dtype is None:
        return objects.infer_objects()
    try:
        return objects.where(objects.notna(), None).astype(dtype) if dtype != "object" else objects
    except (TypeError, ValueError, OverflowError, pa.ArrowException):  # this dtype cannot hold them
        return objects


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    """One to four columns, mostly of some dozen rows; names of any kind, sometimes alike."""
    n_rows = draw(st.one_of(st.sampled_from([5, 12, 40, 110]), st.integers(0, 8)))
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique_by=repr))
    pieces = [draw(columns(n_rows)).rename(None) for _ in names]
    table = pd.concat(pieces, axis=1)
    table.columns = pd.Index(names, dtype=object, tupleize_cols=False)
    if draw(st.integers(0, 9)) == 0:
        table.index = pd.Index(np.arange(n_rows) % 3)
    return table
