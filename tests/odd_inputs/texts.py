"""Rows 7, 10, 11, 18, 22, 23, 29, 36 to 39 and 43: categories, missing words, unicode, free text."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tabgan.model_file import read_model
from tests.odd_inputs.tiny import N_ROWS, beside, call, learned, refused, repeated, warned

CATEGORICAL = {"tabgan_schema": 1, "columns": [{"name": "odd", "kind": "categorical"}]}


def row_07_constant_category(tmp_path: Path) -> None:
    for dtype in (object, "str", "category", "string[pyarrow]"):
        model, rows = learned(beside(repeated("k", dtype=dtype)), tmp_path)
        assert set(rows["odd"]) == {"k"}
        assert not model.encoder_.layout.of_column(0)


def row_10_many_ways_to_be_missing(tmp_path: Path) -> None:
    cells = repeated(None, np.nan, pd.NA, pd.NaT, "nan", "x", dtype=object)
    model, rows = learned(beside(cells), tmp_path)
    assert set(rows["odd"].dropna()) <= {"nan", "x"}
    assert model.encoder_.layout.sizes[0] == 3  # "nan", "x" and one code of what is missing
    assert set(model.sample(20, conditions={"odd": "nan"})["odd"]) == {"nan"}


def row_11_words_that_may_mean_missing(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,x\nNA,null\n3,nan\n")
    found = call("schema", tmp_path / "t.csv")
    assert "'a' stays text because of 1 row;" in found.err
    assert "--na-values 'NA'" in found.err
    assert "categorical" in found.out.splitlines()[2]
    found = call("schema", tmp_path / "t.csv", "--na-values", "NA")
    assert not found.err
    assert "Int64" in found.out.splitlines()[2]


def row_18_cells_of_several_types(tmp_path: Path) -> None:
    del tmp_path
    refused(beside(repeated(1, "secret", 2.5, dtype=object)), "40 int, 40 text, 40 float", secret="secret")


def row_22_pandas_categories(tmp_path: Path) -> None:
    levels = ["hi", "mid", "lo", "never"]
    cells = pd.Series(pd.Categorical(repeated("lo", "hi", None), categories=levels, ordered=True))
    _, rows = learned(beside(cells), tmp_path)
    assert rows["odd"].cat.categories.tolist() == levels
    assert set(rows["odd"].dropna()) <= {"lo", "hi"}
    for values in ([1, 2, None], list(pd.to_datetime(["2024-01-01", "2024-05-05"]))):
        cells = pd.Series(pd.Categorical(repeated(*values)))
        _, rows = learned(beside(cells), tmp_path)
        assert rows["odd"].cat.categories.equals(cells.cat.categories)
    refused(beside(pd.cut(pd.Series(range(N_ROWS)), 3)), "'odd'", "interval")


def row_23_the_str_dtype(tmp_path: Path) -> None:
    _, rows = learned(beside(repeated("x", "y", None, dtype="str")), tmp_path)
    assert set(rows["odd"].dropna()) <= {"x", "y"}


def row_29_cells_that_cannot_be_learned(tmp_path: Path) -> None:
    del tmp_path
    cells: dict[str, Any] = {
        "Decode it": b"secret",
        "column of its own": {"secret": 1},
        "imaginary": 1j,
        "to_timedelta": dt.timedelta(1),
        "to_timestamp": pd.Period("2020"),
        "timedelta or to text": dt.time(1),
        "numbers, text or dates": object(),
    }
    for cure, cell in cells.items():
        refused(beside(repeated(cell, dtype=object)), "'odd'", "120 of 120 rows", cure, secret="secret")
    for nested in (["secret"], ("secret",), {"secret"}, np.array([1])):
        column = pd.Series([nested] * N_ROWS, dtype=object)
        refused(beside(column), "'odd'", "column of its own", secret="secret")
    refused(beside(np.full(N_ROWS, 1j)), "'odd'", "imaginary")


def row_36_a_category_of_few_people(tmp_path: Path) -> None:
    cells = repeated("p", "q").tolist()
    cells[:4] = ["secret one", "secret one", "secret two", "secret two"]
    model, rows = learned(beside(cells), tmp_path)
    warned(model, "'odd'", "fewer than 5 rows")
    assert set(rows["odd"]) <= {"p", "q"}
    assert b"secret" not in (tmp_path / "odd.tabgan").read_bytes()
    _, rows = learned(beside(cells), tmp_path, rare="token")
    assert set(rows["odd"]) <= {"p", "q", "other"}
    _mostly_such_categories(tmp_path)


def _mostly_such_categories(tmp_path: Path) -> None:
    cells = ["often"] * 8 + [f"secret {place // 2}" for place in range(N_ROWS - 8)]
    model, rows = learned(beside(cells), tmp_path)
    warned(model, "'odd'", "112 of its rows", 'kind="categorical"', "--drop")
    assert rows["odd"].is_unique
    for options in ({"target": "odd"}, {"schema": CATEGORICAL}, {"personal": {"odd": "learn"}}):
        model, rows = learned(beside(cells), tmp_path, **options)
        assert set(rows["odd"]) == {"often"}
        warned(model, "'odd'", "more than half of its rows (112)")
    model, rows = learned(beside(cells), tmp_path, rare="token")
    assert "other" in set(rows["odd"])
    rare = beside([f"secret {place // 2}" for place in range(N_ROWS)])
    warned(learned(rare, tmp_path)[0], "'odd'", "all of its rows", "--drop")
    refused(rare, "'odd'", "none of its 60", "--schema", "--drop", secret="secret", target="odd")


def row_37_very_long_text(tmp_path: Path) -> None:
    del tmp_path
    line = refused(beside(repeated("z" * 2**20, "y")), "'odd'", "60 of 120 rows", "65536")
    assert len(line) < 200


def row_38_unicode(tmp_path: Path) -> None:
    values = ["é", "e\u0301", "\u202eabc", "👩\u200d👩\u200d👧", "\u200b", "\ufeffa", "ﷺ", ""]
    model, rows = learned(beside(repeated(*values)), tmp_path)
    assert set(rows["odd"]) <= set(values)
    warned(model, "'odd'", "how accents are encoded")
    warned(model, "'odd'", "invisible characters")
    broken = np.array(["x\ud800", "y"] * 60, dtype=object)
    refused(beside(pd.Series(broken, dtype=object)), "'odd'", "60 of 120 rows", "lone surrogates")


def row_39_free_text(tmp_path: Path) -> None:
    words = "secret dogs and cats run sit bark over under the blue red gate".split()
    rng = np.random.default_rng(0)
    table = beside([" ".join(rng.choice(words, 20)) for _ in range(N_ROWS)])
    refused(table, "'odd'", "free text", "--drop", secret="secret")
    schema = {"tabgan_schema": 1, "columns": [{"name": "odd", "kind": "identifier"}]}
    _, rows = learned(table, tmp_path, schema=schema)
    assert not set(rows["odd"]) & set(table["odd"])
    table.to_csv(tmp_path / "t.csv", index=False)
    fit = ("fit", tmp_path / "t.csv", "--epochs", 1, "-m", tmp_path / "m.tabgan")
    assert call(*fit).code == 3
    assert call(*fit, "--drop", "odd").code == 0
    assert [column["name"] for column in read_model(tmp_path / "m.tabgan").schema["columns"]] == [
        "job",
        "age",
    ]
    assert call(*fit, "--drop", "none", "--force").code == 2


def row_43_text_that_looks_like_numbers(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("zip,phone,n\n00123,+49 30 1,1\n04711,0171-22,2\n")
    lines = call("schema", tmp_path / "t.csv").out.splitlines()
    assert [line.split()[1] for line in lines[2:5]] == ["categorical", "categorical", "numeric"]
    (tmp_path / "many.csv").write_text("zip,n\n" + "00123,1\n04711,2\n" * 60)
    model = tmp_path / "m.tabgan"
    assert call("fit", tmp_path / "many.csv", "--epochs", 1, "-m", model).code == 0
    assert call("sample", model, "-n", 20, "-o", tmp_path / "new.csv").code == 0
    zips = {line.split(",")[0] for line in (tmp_path / "new.csv").read_text().splitlines()[1:]}
    assert zips <= {"00123", "04711"}
