"""Rows 1 to 5, 30 to 35 and 40 to 42: how many rows and columns, what they are called, how they relate."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tabgan import Column, PrivacyConfig, Schema
from tabgan.encoding.table import WIDE_CODES, TableEncoder, levels_of_width
from tabgan.errors import ConditionError, SchemaError
from tabgan.evaluation import evaluate
from tabgan.evaluation.report import render_page
from tabgan.gan.settings import Settings
from tabgan.preparation import check_memory
from tests.odd_inputs.tiny import N_ROWS, beside, call, learned, refused, repeated, warned
from tests.small_private import people

WHOLE = PrivacyConfig(sample_rate=0.6)


def row_01_empty_frame(tmp_path: Path) -> None:
    refused(pd.DataFrame({"a": []}), "no rows")
    (tmp_path / "t.csv").write_text("a,b\n")
    assert call("fit", tmp_path / "t.csv", "-m", tmp_path / "m.tabgan").code == 3
    assert not (tmp_path / "m.tabgan").exists()


def row_02_no_columns(tmp_path: Path) -> None:
    refused(pd.DataFrame(index=range(5)), "no columns")
    (tmp_path / "t.csv").write_text("")
    assert call("schema", tmp_path / "t.csv").code == 3


def row_03_one_row(tmp_path: Path) -> None:
    refused(beside([7]), "1 row", "--allow-tiny", secret="7")
    (tmp_path / "t.csv").write_text("a,b\n1,x\n")
    fit = ("fit", tmp_path / "t.csv", "--epochs", 1, "-m", tmp_path / "m.tabgan")
    assert call(*fit).code == 3
    found = call(*fit, "--allow-tiny")
    assert found.code == 0
    assert "share it only with those who may see the table" in found.err


def row_04_fewer_rows_than_a_batch(tmp_path: Path) -> None:
    model, _ = learned(beside(np.linspace(0, 1, 60)), tmp_path, batch_size=1000)
    warned(model, "batch_size=1000", "batches are smaller")
    # With epsilon a batch is a declared share of the rows; more than half of them is none.
    refused(people(60), "sample_rate", error=ValueError, epsilon=1.0, epochs=None, privacy=WHOLE)


def row_05_small_tables(tmp_path: Path) -> None:
    model, _ = learned(beside(repeated(1, 2, 3).head(90)), tmp_path)
    warned(model, "memorised", "epsilon")


def row_30_duplicate_names(tmp_path: Path) -> None:
    table = beside(repeated(1, 2))
    table.columns = ["a", "a", "b"]
    refused(table, "more than one column called 'a'")
    (tmp_path / "t.csv").write_text("a,a\n1,2\n")
    found = call("schema", tmp_path / "t.csv")
    assert found.code == 3
    assert "'a' (2 times)" in found.err


def row_31_names_that_are_no_text(tmp_path: Path) -> None:
    for names in ([1, ("x", 2), None], [1, "1", 1.5], [np.int64(3), np.nan, pd.Timestamp("2024-01-01")]):
        table = beside(repeated(1, 2, 3))
        table.columns = pd.Index(names, dtype=object, tupleize_cols=False)
        learned(table, tmp_path)
    table.columns = pd.Index([frozenset("a"), "b", "c"], dtype=object)
    refused(table, "frozenset", "Use text")


def row_32_names_of_any_text(tmp_path: Path) -> None:
    for names in (["", " ", "=cmd|' /C calc'!A0"], ["а", "a", 'a\n"<b>'], ["x" * 10_000, "é", "e\u0301"]):
        table = beside(repeated(1, 2, 3))
        table.columns = names
        _, rows = learned(table, tmp_path)
        rows.to_parquet(tmp_path / "t.parquet")
        assert call("schema", tmp_path / "t.parquet", "-o", tmp_path / "s.json", "--force").code == 0
    table.columns = ["<script>x</script>", "b", "c"]
    page = render_page(evaluate(table, table, time_budget=1e-9))
    assert "<script>x</script>" not in page
    table.columns = ["a\0", "b", "c"]
    refused(table, "NUL")
    table.columns = pd.Index(["\ud800", "b", "c"], dtype=object)
    refused(table, "surrogate")


def row_33_several_levels_and_odd_indexes(tmp_path: Path) -> None:
    table = beside(repeated(1, 2, 3))
    deep = table.copy()
    deep.columns = pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)])
    refused(deep, "several levels")
    for index in ([5] * N_ROWS, pd.MultiIndex.from_product([[1, 2], range(N_ROWS // 2)]), table.index[::-1]):
        model, rows = learned(table.set_axis(index), tmp_path)
        warned(model, "index", "not learned")
        assert isinstance(rows.index, pd.RangeIndex)


def row_34_a_column_unique_in_every_row(tmp_path: Path) -> None:
    keys = {
        "code": [f"Q{place:04d}-x" for place in range(N_ROWS)],
        "hash": [hashlib.sha256(bytes([place])).hexdigest() for place in range(N_ROWS)],
        "e-mail": [f"{name}{place}@mail.example" for place, name in enumerate(["ann", "bo", "cy"] * 40)],
    }
    for form, texts in keys.items():
        cells = pd.Series(texts)
        model, rows = learned(beside(cells), tmp_path)
        warned(model, "'odd'", "learned")
        assert model.schema_["odd"].kind == "identifier", form
        assert not set(rows["odd"]) & set(cells)
        assert rows["odd"].is_unique
        assert not [cell for cell in texts if cell.encode() in (tmp_path / "odd.tabgan").read_bytes()]
        # Who insists on learning it is refused, with the cure.
        strict = Schema((Column("odd", "categorical"),))
        refused(beside(cells), "'odd'", 'kind="identifier"', secret=texts[0], schema=strict)


def row_35_many_categories(tmp_path: Path) -> None:
    cells = pd.Series([f"v{place % 40}" for place in range(800)])
    model, rows = learned(beside(cells), tmp_path, max_categories=7)
    warned(model, "'odd'", "all but its 7 most frequent")
    assert rows["odd"].nunique() <= 7
    table = beside([f"v{place % 600}" for place in range(3_600)])
    _, rows = learned(table, tmp_path, batch_size=2_000)
    assert set(rows["odd"]) <= set(table["odd"])
    # Digits of the number of a label, not a code each: memory stays small.
    many = beside([f"v{place % 5_000}" for place in range(30_000)])
    assert sum(TableEncoder.fit(many).layout.sizes) < 200


def row_40_ten_thousand_columns(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"GiB, and 8\.0 are free: 1,000,000 columns"):
        check_memory(range(10**6), [2] * 10**6, 1000, Settings(), 8 * 2**30)
    assert levels_of_width(10_000) == 5
    rng = np.random.default_rng(0)
    wide = pd.DataFrame(rng.normal(size=(20, 700)), columns=[f"c{place}" for place in range(700)])
    sizes = TableEncoder.fit(wide).layout.sizes
    assert len(sizes) <= 700
    assert sum(sizes) <= WIDE_CODES
    learned(wide.iloc[:, :60], tmp_path)


def row_41_columns_that_say_the_same(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=N_ROWS)
    table = beside(x).assign(copy=x, line=2 * x + 1, again=lambda t: t["job"])
    model, _ = learned(table, tmp_path)
    warned(model, "'odd', 'copy'", "same cells")
    warned(model, "'job', 'again'", "same cells")
    warned(model, "'odd' and 'line'", "follow exactly")


def row_42_a_class_of_few_rows(tmp_path: Path) -> None:
    common = ["common"] * 2_000
    model, _ = learned(beside([*common, *["rare"] * 5]), tmp_path)
    assert set(model.sample(50, conditions={"odd": "rare"})["odd"]) == {"rare"}
    model, _ = learned(beside([*common, *["rare"] * 2]), tmp_path)
    warned(model, "'odd'", "fewer than 5 rows")
    with pytest.raises(ConditionError, match=r"'odd'.*'common'"):
        model.sample(50, conditions={"odd": "rare"})
