"""Private mode on the command line: budget, ledger file, row by row reading, plan and inspect."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from tabgan_cli.failures import CommandError
from tabgan_cli.places import Place
from tabgan_cli.private import coins, typed_rows
from tabgan_cli.releases import rows_of
from tabgan_cli.run import _split
from tabgan_cli.table_file import read_cells
from tabgan_cli.tables import CsvOptions

from tabgan import Column, Schema
from tabgan.privacy.entry import Entry
from tests.small_private import SCHEMA, people, shorten

FEW = {"steps": 8, "masks": 1}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table, its schema, and a split of the budget that is quick."""
    shorten(monkeypatch)
    monkeypatch.chdir(tmp_path)
    people().to_csv("people.csv", index=False)
    SCHEMA.save("schema.json")
    Path("few.json").write_text(json.dumps(FEW))
    return tmp_path


def spent(path: Path) -> int:
    return sum(line.startswith("[") for line in path.read_text().splitlines())


def test_fit_and_inspect_tell_every_release(folder, call):
    told = call(
        "fit",
        "people.csv",
        "-m",
        "m.tabgan",
        "--schema",
        "schema.json",
        "--epsilon",
        8,
        "--privacy",
        "few.json",
    )
    assert told.code == 0, told.err
    assert "Spent epsilon 7." in told.err
    assert "m.tabgan.ledger.jsonl" in told.err
    assert "1,200" not in told.err  # the number of rows is private
    assert spent(Path("m.tabgan.ledger.jsonl")) == 4
    shown = call("inspect", "m.tabgan").out
    for words in (
        "Number of rows",
        "Rows with each pair of codes of two blocks",
        "DP-SGD",
        "8 steps on 5.00% of the rows each",
        "The claim holds: recomputed epsilon 7.",
        "add or remove one row",
        "epsilon 8 at delta",
    ):
        assert words in shown

    again = call(
        "fit", "people.csv", "-m", "m.tabgan", "--schema", "schema.json", "--epsilon", 8, "--force",
        "--privacy", "few.json",
    )  # fmt: skip
    assert again.code == 4
    assert "is already spent" in again.err
    assert spent(Path("m.tabgan.ledger.jsonl")) == 4


def test_run_writes_as_many_rows_as_were_released_and_says_what_epsilon_leaves_out(folder, call):
    told = call(
        "run", "people.csv", "-o", "s.csv", "--epsilon", 8, "--privacy", "few.json", "--time-budget", 0.01,
        "--ledger", "spent.jsonl", "--report", "r.html",
    )  # fmt: skip
    assert told.code == 0, told.err
    assert "outside epsilon" in told.err
    assert "outside epsilon" in Path("r.html").read_text()
    assert spent(Path("spent.jsonl")) == 9  # two votes and rough bounds more than of the schema
    synthetic = pd.read_csv("s.csv")
    assert list(synthetic) == ["age", "job"]
    assert 900 < len(synthetic) < 1500
    assert set(synthetic["job"]) <= {"clerk", "nurse"}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--epsilon", 1, "--max-seconds", 5], "--epochs and --max-seconds cannot be used with --epsilon"),
        (["--epsilon", 1, "--epochs", 5], "--epochs and --max-seconds cannot be used with --epsilon"),
        (["--epsilon", 1, "--drop-broken-rows"], "cannot be used with --epsilon"),
        (["--epsilon", 0], "--epsilon takes a number > 0"),
        (["--epsilon", "inf"], "--epsilon takes a number > 0"),
        (["--epsilon", 1, "--delta", 1], "--delta takes a number > 0"),
        (["--delta", 1e-5], "need --epsilon"),
        (["--ledger", "l"], "need --epsilon"),
        (["--epsilon", 1, "--privacy", "odd.json"], "Expected an object of n_rows, sample_rate"),
        (["--epsilon", 1, "--privacy", "none.json"], "Expected 0 < sample_rate"),
    ],
)
def test_what_private_mode_cannot_keep_is_one_line(folder, call, options, told):
    Path("odd.json").write_text('{"speed": 1}')
    Path("none.json").write_text('{"steps": 0}')
    found = call("fit", "people.csv", "-m", "m.tabgan", *options)
    assert found.code == 2
    assert told in found.err
    assert len(found.err.splitlines()) == 1
    assert not Path("m.tabgan").exists()
    assert not Path("m.tabgan.ledger.jsonl").exists()


def test_a_delta_above_one_over_the_rows_is_one_line(folder, call):
    found = call("fit", "people.csv", "-m", "m.tabgan", "--epsilon", 8, "--delta", 0.01)
    assert found.code == 2
    assert found.err.splitlines()[-1].startswith("Error: Expected 0 < delta < 1 / ")


@pytest.mark.parametrize(
    "odd",
    ["x;y,1.5,", 'many,"1,5",2024-13-01', ",,", "007,1e9,2024-01-01", '" 3 ",nan,true', '"a;b;c;d",?,-'],
    ids=repr,
)
@pytest.mark.parametrize(
    "options",
    [CsvOptions(), CsvOptions(decimal=",", missing=("?",)), CsvOptions(thousands=",")],
    ids=repr,
)
def test_one_row_more_changes_no_other_cell(tmp_path, odd, options):
    lines = ["a,b,c", "1,2.5,2024-01-01", '2,"3,5",2024-01-02', "3,,", "4,?,text"]
    tables = []
    for place, extra in enumerate(([], [odd])):
        path = tmp_path / f"{place}.csv"
        path.write_text("\n".join([*lines, *extra]) + "\n")
        tables.append(read_cells(path, options).rows)
    one, other = tables
    assert list(one.dtypes) == list(other.dtypes) == [object] * 3
    pd.testing.assert_frame_equal(one, other.head(4))


def test_a_first_row_that_may_stand_for_the_names_is_told_of(tmp_path):
    """Names are public: in the model file, in the ledger and in all that is said."""
    (tmp_path / "t.csv").write_text("31,1.5\n45,2.5\n")
    (told,) = read_cells(tmp_path / "t.csv", CsvOptions()).warnings
    assert "is the header line missing?" in told


def test_no_row_of_json_lines_decides_what_columns_there_are(tmp_path, folder, call):
    schema = Schema((Column("a", "numeric"), Column("b", "categorical")))
    (tmp_path / "t.jsonl").write_text('{"b": "x", "a": 1}\n{"a": 2, "secret": true}\n')
    found = read_cells(tmp_path / "t.jsonl", CsvOptions(), schema=schema).rows
    assert found.to_dict("list") == {"a": ["1", "2"], "b": ["x", None]}
    outcome = call("fit", "t.jsonl", "-m", "m.tabgan", "--epsilon", 1)
    assert outcome.code == 3
    assert "Declare the columns with --schema" in outcome.err


def test_no_row_of_json_lines_is_refused_for_what_its_cells_hold(tmp_path):
    schema = Schema((Column("a", "numeric"), Column("b", "categorical")))
    lines = ['{"a": 1, "b": "x"}', f'{{"a": {"9" * 5000}, "b": "\\ud800"}}', '{"a": 2, "b": "y"}']
    (tmp_path / "t.jsonl").write_text("\n".join(lines))
    found = read_cells(tmp_path / "t.jsonl", CsvOptions(), schema=schema).rows
    assert found.to_dict("list") == {"a": ["1", "inf", "2"], "b": ["x", "?", "y"]}


def test_no_row_of_a_database_is_refused_for_text_that_is_not_utf8(tmp_path):
    with sqlite3.connect(tmp_path / "t.db") as database:
        database.execute("CREATE TABLE t (a TEXT)")
        database.execute("INSERT INTO t VALUES ('x'), (CAST(x'61ff' AS TEXT)), ('y')")
    found = read_cells(Place(f"sqlite:///{tmp_path / 't.db'}#t"), CsvOptions()).rows
    assert found["a"].tolist() == ["x", "a?", "y"]


def test_json_lines_without_a_row_have_the_columns_of_those_with_one(tmp_path):
    schema = Schema((Column("a", "numeric"), Column("b", "categorical")))
    (tmp_path / "t.jsonl").write_text("\n")
    found = read_cells(tmp_path / "t.jsonl", CsvOptions(), schema=schema).rows
    assert list(found) == ["a", "b"]
    assert found.empty


def test_columns_of_json_lines_can_be_left_out_of_a_private_fit(folder, call):
    people().assign(note="x").to_json("t.jsonl", orient="records", lines=True)
    fit = (
        "fit",
        "t.jsonl",
        "-m",
        "m.tabgan",
        "--epsilon",
        8,
        "--privacy",
        "few.json",
        "--schema",
        "schema.json",
    )
    assert call(*fit, "--drop", "note", "--drop", "job").code == 0
    assert "column" not in call("sample", "m.tabgan", "-n", 1, "-o", "s.csv").err
    assert list(pd.read_csv("s.csv")) == ["age"]


def test_no_row_decides_whether_empty_ones_before_it_count(tmp_path):
    """One row more would else make many more, which no noise for one row hides."""
    (tmp_path / "t.csv").write_text("name\na\n\n\n")
    (tmp_path / "u.csv").write_text("name\na\n\n\nb\n")
    sheet = openpyxl.Workbook()
    for row in (["name", "age"], ["a", 1], [None, None], [None, None]):
        sheet.active.append(row)
    sheet.save(tmp_path / "t.xlsx")
    sheet.active.append(["b", 2])
    sheet.save(tmp_path / "u.xlsx")
    for ending in ("csv", "xlsx"):
        one, other = (read_cells(tmp_path / f"{name}.{ending}", CsvOptions()).rows for name in "tu")
        assert one["name"].tolist() == ["a"]
        assert other["name"].tolist() == ["a", "b"]


def test_rows_that_are_left_out_of_a_sheet_are_told_of_whether_there_are_any_or_not(tmp_path):
    """The same words for every sheet, since which rows there are is private; also of the rows before."""
    told, read = [], []
    for place, rows in enumerate(([["a", 1]], [["a", 1], [None, None]], [[None, None], ["a", 1], [None, 2]])):
        sheet = openpyxl.Workbook()
        for row in (["name", "age"], *rows):
            sheet.active.append(row)
        sheet.save(tmp_path / f"{place}.xlsx")
        found = read_cells(tmp_path / f"{place}.xlsx", CsvOptions())
        told.append([line.replace(f"{place}.xlsx", "") for line in found.warnings])
        read.append(found.rows.values.tolist())
    assert told[0] == told[1] == told[2]
    assert "empty rows of the sheet are left out" in told[0][0]
    assert read == [[["a", "1"]], [["a", "1"]], [["a", "1"], [None, "2"]]]


def test_run_does_not_refuse_by_the_private_number_of_rows():
    assert sum(map(len, _split(people().head(3), None))) == 3
    with pytest.raises(CommandError, match="fewer than 10"):
        _split(people().head(3), 0)


def test_cells_are_text_and_decimal_commas_points_but_not_in_labels(tmp_path):
    (tmp_path / "t.csv").write_text('x;"l"\n1,5;1,5\n;NA\n007;\n')
    schema = Schema((Column("l", "categorical", categories=("1,5",)),))
    found = read_cells(tmp_path / "t.csv", CsvOptions(decimal=","), schema=schema)
    assert found.style.separator == ";"
    assert found.rows["x"].tolist() == ["1.5", None, "007"]
    assert found.rows["l"].tolist() == ["1,5", "NA", None]


def test_a_header_that_speaks_for_decimal_commas_is_asked_about_before_anything_is_spent(folder, call):
    Path("eu.csv").write_text("n;price\n" + "5;1,5\n" * 50)
    private = ("fit", "eu.csv", "-m", "eu.tabgan", "--epsilon", 1, "--privacy", "few.json")
    told = call(*private)
    assert (told.code, told.err.count("\n")) == (2, 1)
    assert "--decimal ','" in told.err
    assert not list(Path().glob("eu.tabgan*"))
    for decimal, price in ((",", "1.5"), (".", "1,5")):
        assert read_cells(Path("eu.csv"), CsvOptions(decimal=decimal)).rows["price"][0] == price
    whole = Schema((Column("n", "numeric", decimals=0), Column("price", "categorical")))
    for options, schema in ((CsvOptions(), whole), (CsvOptions(dropped=("price",)), Schema((whole["n"],)))):
        assert read_cells(Path("eu.csv"), options, schema=schema).rows["n"][0] == "5"
    broken = Schema((whole["n"], Column("price", "numeric", decimals=2)))
    with pytest.raises(CommandError, match="--decimal"):
        read_cells(Path("eu.csv"), CsvOptions(), schema=broken)


def test_the_split_is_a_coin_a_row_and_rows_are_typed_for_the_evaluation():
    assert 150 < coins(1000, 0.2).sum() < 250
    assert (coins(1000, 0.2) != coins(1000, 0.2)).any()
    schema = Schema(
        (
            Column("n", "numeric", dtype="int64"),
            Column("l", "categorical", dtype="str", categories=("a",)),
            Column("k", "identifier", dtype="str"),
            Column("phone", "identifier", dtype="str"),
            Column("id", "identifier", dtype="int64"),
            Column("code", "categorical", dtype="int64", categories=(7, 8)),
        )
    )
    cells = {"n": ["1", "2"], "l": ["a", "new"], "k": ["x", None], "id": ["1", "2"], "code": ["odd", "7"]}
    rows = pd.DataFrame(cells, dtype=object).assign(phone=[491, 492])  # as Parquet may have it
    typed = typed_rows(rows, schema)
    assert typed["n"].tolist() == [1, 2]
    assert typed["n"].dtype == "int64"
    assert typed["l"].tolist() == ["a", "new"]
    assert typed["k"].tolist() == ["x", None]
    assert typed["phone"].tolist() == ["491", "492"]
    assert typed["id"].tolist() == [1, 2]
    assert typed["code"].isna().tolist() == [True, False]


def test_plan_reads_no_table_and_warns_when_epsilon_is_too_small(folder, call):
    Path("people.csv").unlink()
    good = call("plan", "--rows", 100_000, "--schema", "schema.json", "--epsilon", 1)
    assert good.code == 0
    for words in ("DP-SGD", "600 steps of about 5,000 rows", "two-way marginals", "MiB", "min", "age × job"):
        assert words in good.out
    assert "without any" in good.err
    assert "too small" not in good.err
    poor = call("plan", "--rows", 60, "--schema", "schema.json", "--epsilon", 0.1)
    assert "Epsilon is too small for so few rows" in poor.err
    refused = call("plan", "--rows", 60, "--schema", "schema.json", "--epsilon", 1, "--delta", 0.1)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert refused.err.startswith("Error: Expected 0 < delta < 1 / 1")  # the 60 with room for noise
    assert refused.err.endswith("got delta=0.1.\n")


def test_inspect_says_that_a_model_without_epsilon_has_no_guarantee(call, census_model):
    assert "No formal guarantee of privacy: the model" in call("inspect", census_model).out


@pytest.mark.parametrize(("steps", "told"), [(1, "1 choice"), (17, "17 choices")])
def test_choices_of_the_exponential_mechanism_are_called_choices(steps: int, told: str) -> None:
    entry = Entry(what="which pairs", mechanism="exponential", epsilon=0.011, steps=steps)
    ((_, mechanism, noise, _),) = rows_of([entry], 1e-5)
    assert (mechanism, noise) == (f"exponential, {told}", "epsilon 0.011 each")
