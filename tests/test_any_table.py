"""Random tables: a typed error, or rows of the same schema and domain, saved and loaded, from CSV as well.

A hundred in every run; with TABGAN_FUZZ=2000 (and some minutes) as many as are asked for.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from tabgan_cli.failures import CommandError
from tabgan_cli.table_file import read_table, table_writer

from tabgan import TabGAN
from tabgan.errors import TabganError, TabganWarning
from tests.odd_inputs.tables import tables
from tests.odd_inputs.tiny import TINY, same_schema

EXAMPLES = int(os.environ.get("TABGAN_FUZZ", "0"))
SMALLEST = {**TINY, "recipe": "likelihood"}
LEARNED_AS_VALUES = ("categorical", "boolean")


def in_domain(made: pd.Series, given: pd.Series, kind: str) -> None:
    """Labels are among those given; numbers and dates stay between the ends."""
    made, given = made.dropna(), given.dropna()
    if made.empty or kind == "identifier":
        return
    if kind in LEARNED_AS_VALUES:
        assert set(made) <= set(given)
        return
    low, high = given.min(), given.max()
    if kind == "numeric":
        assert low <= made.min()
        assert made.max() <= high
    else:  # weeks and times of day are drawn each by itself
        slack = pd.Timedelta(days=8).as_unit("s")  # nanoseconds end in 2262
        assert pd.Timestamp(made.min()) + slack >= pd.Timestamp(low)
        assert pd.Timestamp(made.max()) - slack <= pd.Timestamp(high)


def check(table: pd.DataFrame) -> str:
    """What became of the table: "learned" or "refused"."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", TabganWarning)
        try:
            model = TabGAN(**SMALLEST).fit(table)
        except TabganError:
            return "refused"
        rows = model.sample(30, seed=1)
        same_schema(rows, table)
        for place, column in enumerate(model.schema_):
            in_domain(rows.iloc[:, place], table.iloc[:, place], column.kind)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.tabgan")
            model.save(path)
            loaded = TabGAN.load(path, device="cpu")
            pd.testing.assert_frame_equal(loaded.sample(30, seed=1), rows)
        same_schema(model.complete(table.head(5), seed=1), table.head(5))
        as_csv(table)
    return "learned"


def as_csv(table: pd.DataFrame) -> None:
    """What is read from the CSV of a table gives the same rows as the DataFrame that was read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.csv")
        try:
            with table_writer(path) as write:
                write(table)
            read = read_table(path).rows
            model = TabGAN(**SMALLEST).fit(read)
        except (TabganError, CommandError):
            return
        rows = model.sample(20, seed=2)
        again = Path(folder, "again.csv")
        with table_writer(again) as write:
            write(read)
        pd.testing.assert_frame_equal(read_table(again).rows, read)
        pd.testing.assert_frame_equal(TabGAN(**SMALLEST).fit(read_table(again).rows).sample(20, seed=2), rows)
        assert np.array_equal(rows.columns, read.columns)


COMMON = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}


@settings(max_examples=50, derandomize=True, **COMMON)
@given(tables())
def test_any_table_is_learned_or_refused(table):
    check(table)


@pytest.mark.slow
@pytest.mark.skipif(EXAMPLES == 0, reason="for a long run: TABGAN_FUZZ=2000")
def test_very_many_tables_are(record_property):
    found: Counter[str] = Counter()

    @settings(max_examples=EXAMPLES or 1, **COMMON)
    @given(tables())
    def each(table: pd.DataFrame) -> None:
        found[check(table)] += 1

    each()
    for outcome, number in found.items():
        record_property(f"tables_{outcome}", number)
