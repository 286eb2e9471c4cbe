"""Random pairs of tables: an answer or a typed error, never a crash, no figure without a reason.

Some pairs in every run; with TABGAN_FUZZ=10000 (and some hours) as many as are asked for: the option
--hypothesis-show-statistics counts them, --hypothesis-seed=N draws others.
"""

from __future__ import annotations

import json
import math
import os
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tabgan.errors import TabganError
from tabgan.evaluation import evaluate
from tabgan.evaluation.report import render_page

PAIRS = int(os.environ.get("TABGAN_FUZZ", "0"))
SIZES = st.one_of(st.integers(1, 6), st.integers(7, 40), st.just(120))
NAMES = ["a", "b c", 'quote"d', "class", "ünï", "<b>", "NaN", "", "日本"]

WORDS = st.sampled_from(["x", "y", "nan", "", "a long word, with a comma", "'", "é"])
NUMBERS = st.one_of(
    st.floats(-1e3, 1e3),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, -0.0, 1e308, -1e308, 5e-324, 1.0]),
)
MOMENTS = st.integers(-(10**9), 4 * 10**9).map(lambda second: pd.Timestamp(second, unit="s"))
CELLS: dict[str, st.SearchStrategy[Any]] = {
    "words": WORDS,
    "text": st.text(st.characters(blacklist_categories=["Cs"]), max_size=6),
    "numbers": NUMBERS,
    "few numbers": st.sampled_from([0.0, 1.0, 2.5]),
    "whole": st.integers(-5, 5),
    "giant": st.integers(-(2**63), 2**63 - 1),
    "truth": st.booleans(),
    "moments": MOMENTS,
    "waits": st.integers(-(10**6), 10**6).map(lambda second: pd.Timedelta(second, unit="s")),
}
DTYPES = {
    "words": [None, "category", "string"],
    "whole": [None, "Int64", "float64", "int8", "category"],
    "truth": [None, "boolean", "category"],
    "numbers": [None, "Float64"],
}


@st.composite
def columns(draw: st.DrawFn, kind: str, n_rows: int) -> pd.Series[Any]:
    """A column: constant, all missing, some missing, or anything of its kind, in one of its dtypes."""
    shape = draw(st.sampled_from(["any", "any", "any", "constant", "missing", "gaps"]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    pool = draw(st.lists(CELLS[kind], min_size=1, max_size=1 if shape == "constant" else 12))
    cells: list[Any] = [pool[i] for i in rng.integers(0, len(pool), n_rows)]
    if shape == "missing":
        cells = [None] * n_rows
    if shape == "gaps":
        cells = [
            None if is_gap else cell for cell, is_gap in zip(cells, rng.random(n_rows) < 0.4, strict=True)
        ]
    column = pd.Series(cells)
    dtype = draw(st.sampled_from(DTYPES.get(kind, [None])))
    if dtype is None or (dtype == "int8" and column.isna().any()):
        return column
    return column.astype(dtype)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[list[pd.DataFrame], str | None]:
    """Two or three tables with the same names, mostly of the same kinds; and a target or none."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True))
    kinds = {name: draw(st.sampled_from(sorted(CELLS))) for name in names}
    tables = []
    for place in range(draw(st.integers(2, 3))):
        n_rows = draw(SIZES)
        of_this = dict(kinds)
        if place == 1 and draw(st.integers(0, 5)) == 0:
            of_this[names[0]] = draw(st.sampled_from(sorted(CELLS)))
        tables.append(pd.DataFrame({name: draw(columns(kind, n_rows)) for name, kind in of_this.items()}))
    if draw(st.integers(0, 4)) == 0:
        tables[1] = tables[0].sample(frac=1, random_state=0)
    return tables, draw(st.none() | st.sampled_from(names))


def check(tables: list[pd.DataFrame], target: str | None) -> None:
    """Judge the tables as the command would."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found = evaluate(*tables, target=target)
        except TabganError:
            return
        told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
        for key, metric in told["metrics"].items():
            assert metric["note"] if metric["value"] is None else math.isfinite(metric["value"]), key
            if metric["interval"] is not None:
                low, high = metric["interval"]
                assert low <= metric["value"] + 1e-9, key
                assert metric["value"] <= high + 1e-9, key
        found.summary()
        assert "</html>" in render_page(found)


COMMON = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}


@settings(max_examples=6, derandomize=True, **COMMON)  # type: ignore[arg-type]
@given(pairs())
def test_any_pair_of_tables_has_an_answer_or_a_typed_error(
    pair: tuple[list[pd.DataFrame], str | None],
) -> None:
    check(*pair)


@pytest.mark.slow
@pytest.mark.skipif(PAIRS == 0, reason="for a long run: TABGAN_FUZZ=10000")
@settings(max_examples=PAIRS or 1, phases=[Phase.generate], **COMMON)  # type: ignore[arg-type]
@given(pairs())
def test_very_many_pairs_of_tables_have_one(pair: tuple[list[pd.DataFrame], str | None]) -> None:
    check(*pair)
