"""Tables beside a model or a real table are read as that one was, unless they tell otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tabgan_cli.reading import as_schema_says
from tabgan_cli.table_file import read_cells, read_table
from tabgan_cli.tables import CsvOptions, CsvStyle

from tabgan import Schema
from tests.cli.calling import Call, ok

GERMAN = CsvStyle(
    ";", ",", {"am": "%d.%m.%Y", "on": "%m.%d.%Y"}, "cp1252", ("k. A.",), ("%d.%m.%Y", "%m.%d.%Y")
)


def orders(n_rows: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    days = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 500, n_rows), unit="D")
    prices = rng.integers(500, 9_000, n_rows) / 1000
    return pd.DataFrame(
        {
            "größe": rng.choice(["groß", "klein"], n_rows),
            "am": days.strftime("%d.%m.%Y"),
            "preis": [f"{price:.3f}".replace(".", ",") for price in prices],
            "zahl": [*map(str, rng.integers(0, 9, n_rows - 20)), *["k. A."] * 20],
        }
    )


NAMED = ["--encoding", "latin-1", "--dates", "%d.%m.%Y", "--na-values", "k. A."]


@pytest.fixture(scope="module")
def folder(call: Call, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A German table and a model of it."""
    folder = tmp_path_factory.mktemp("german")
    orders().to_csv(folder / "t.csv", index=False, sep=";", encoding="latin-1")
    ok(call, "fit", folder / "t.csv", "-m", folder / "m.tabgan", "--epochs", 1, "-q", *NAMED)
    return folder


def test_the_model_knows_how_its_table_was_written(call: Call, folder: Path, tmp_path: Path) -> None:
    wanted = "größe;preis;am;zahl\ngroß;1,234;03.02.2023;k. A.\nklein;;;3\n"
    (tmp_path / "wanted.csv").write_text(wanted, encoding="latin-1")
    (tmp_path / "one.csv").write_text("preis\n1,234\n2,345\n")
    for command in (["sample", folder / "m.tabgan", "--conditions"], ["complete", folder / "m.tabgan"]):
        ok(call, *command, tmp_path / "wanted.csv", "-o", tmp_path / "made.csv", "--force")
        made = pd.read_csv(tmp_path / "made.csv", sep=";", dtype=str)
        first = made.loc[0]
        assert (first["größe"], first["preis"], first["am"]) == ("groß", "1,234", "03.02.2023")
        assert made["am"].str.fullmatch(r"\d\d\.\d\d\.\d{4}").all()
        assert made.loc[1, "zahl"] == "3"
        ok(call, *command, tmp_path / "one.csv", "-o", tmp_path / "made.csv", "--force")
        assert pd.read_csv(tmp_path / "made.csv", sep=";", decimal=",")["preis"].tolist() == [1.234, 2.345]


def test_a_schema_file_knows_it_too_and_a_private_fit_reads_by_it(
    call: Call, folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "s.json"
    ok(call, "schema", folder / "t.csv", "-o", path, *NAMED)
    ok(call, "fit", folder / "t.csv", "-m", tmp_path / "m", "--schema", path, "--epochs", 1, "-q")
    known = "separator ';', decimal ',', missing 'k. A.', encoding 'latin-1', dates '%d.%m.%Y'"
    assert f"files are read with  {known}\n" in ok(call, "inspect", tmp_path / "m").out
    private = as_schema_says(CsvOptions(), path, is_private=True)
    rows = read_cells(folder / "t.csv", private, schema=Schema.load(path)).rows
    assert rows["preis"].str.fullmatch(r"\d\.\d{3}").all()
    assert rows["am"].str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    assert rows["zahl"].isna().sum() == 20
    named = as_schema_says(CsvOptions(decimal=".", missing=("x",)), path, is_private=True)
    assert (named.decimal, named.missing, named.dates) == (".", ("x",), ("%d.%m.%Y",))
    orders().to_parquet(tmp_path / "t.parquet")
    ok(call, "schema", tmp_path / "t.parquet", "-o", path, "--force")
    assert as_schema_says(CsvOptions(), path, is_private=True) == CsvOptions()


def test_the_model_tells_what_it_knows(call: Call, folder: Path) -> None:
    told = ok(call, "inspect", folder / "m.tabgan").out
    known = "separator ';', decimal ',', missing 'k. A.', encoding 'latin-1', dates '%d.%m.%Y'"
    assert f"files are read with  {known}\n" in told


def test_what_the_file_or_the_user_says_comes_first(call: Call, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text('größe,preis,am\ngroß,1.5,"02/03/2023"\nklein,2.25,\n', encoding="utf-8")
    arguments = [
        "sample",
        folder / "m.tabgan",
        "--conditions",
        tmp_path / "w.csv",
        "-o",
        tmp_path / "made.csv",
    ]
    refused = call(*arguments)
    told = "'am': 1 of 2 rows are not ISO dates (2024-01-31) of one style or %d.%m.%Y. "
    assert (refused.code, told in refused.err, "--dates" in refused.err) == (3, True, True)
    ok(call, *arguments, "--dates", "%m/%d/%Y")
    made = pd.read_csv(tmp_path / "made.csv", sep=";", dtype=str)
    assert made["preis"].tolist() == ["1,500", "2,250"]
    assert made.loc[0, "am"] == "03.02.2023"
    (tmp_path / "w.csv").write_text("preis|größe\n1.234|groß\n")
    ok(call, *arguments, "--force", "--sep", "|", "--decimal", ".", "--encoding", "utf-8", "--na-values", "x")
    assert pd.read_csv(tmp_path / "made.csv", sep=";", dtype=str)["preis"].tolist() == ["1,234"]


def test_options_of_a_file_that_is_not_there_are_refused(call: Call, folder: Path, tmp_path: Path) -> None:
    for option in (["--sep", ";"], ["--decimal", ","], ["--dates", "%d.%m.%Y"], ["--na-values", "x"]):
        told = call("sample", folder / "m.tabgan", "-n", 5, "-o", tmp_path / "made.csv", *option)
        assert (told.code, told.err.count("\n")) == (2, 1)
        assert "only apply to the file of --conditions" in told.err


def test_other_tables_are_read_as_the_real_one(call: Call, folder: Path, tmp_path: Path) -> None:
    """Such as a holdout whose prices could all be thousands."""
    held_out = orders().head(40).assign(preis="1,234")
    held_out.to_csv(tmp_path / "h.csv", index=False, sep=";", encoding="latin-1")
    ok(call, "sample", folder / "m.tabgan", "-n", 80, "-o", tmp_path / "s.csv", "--seed", 1)
    tables = ["--train", folder / "t.csv", "--synthetic", tmp_path / "s.csv", "--holdout", tmp_path / "h.csv"]
    ok(call, "evaluate", *tables, *NAMED, "--json", tmp_path / "f.json", "--time-budget", 5)
    assert json.loads((tmp_path / "f.json").read_text())["metrics"]


def test_thousands_are_remembered(call: Call, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"pay": [f"{pay:,}" for pay in rng.integers(500, 90_000, 200)], "n": 3})
    table.to_csv(tmp_path / "t.csv", index=False)
    ok(call, "fit", tmp_path / "t.csv", "-m", tmp_path / "m", "--epochs", 1, "-q", "--thousands", ",")
    assert "thousands ','" in ok(call, "inspect", tmp_path / "m").out
    (tmp_path / "w.csv").write_text('pay,n\n"12,345",\n,3\n')
    ok(call, "complete", tmp_path / "m", tmp_path / "w.csv", "-o", tmp_path / "c.csv")
    assert pd.read_csv(tmp_path / "c.csv", dtype=str)["pay"][0] == "12,345"
    ok(call, "sample", tmp_path / "m", "-n", 50, "-o", tmp_path / "s.csv", "--seed", 1)
    pays = pd.read_csv(tmp_path / "s.csv", dtype=str)["pay"]
    assert [f"{int(pay.replace(',', '')):,}" for pay in pays] == pays.tolist()
    assert pays.str.contains(",").any()
    for option in ("ab", "1", "."):
        told = call("schema", tmp_path / "t.csv", "--thousands", option, "--decimal", ".")
        assert (told.code, told.err.count("\n")) == (2, 1)
    assert read_table(tmp_path / "t.csv", CsvOptions(decimal=",").like(CsvStyle(thousands=","))).rows.dtypes[
        "pay"
    ] != np.dtype("int64")


def test_what_a_file_leaves_open_is_as_usual(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    cases = {
        "a\n1,234\n": (CsvOptions(), "a", [1.234]),
        "a;b\n1.234;2\n": (CsvOptions(), "a", ["1.234"]),
        'a,b;c\n"1,5";2\n': (CsvOptions(separator=";"), "a,b", [1.5]),
        "a;b\n1.5;2\n": (CsvOptions(), "a", [1.5]),
        "a,b\n1.5,2\n": (CsvOptions(), "a", [1.5]),
        "a\n1,234\nk. A.\n": (CsvOptions(), "a", [1.234, None]),
    }
    for text, (options, name, expected) in cases.items():
        path.write_text(text)
        cells = read_table(path, options.like(GERMAN)).rows[name]
        assert cells.astype(object).where(cells.notna(), None).tolist() == expected
    path.write_text("am;on\n01.02.2023;01.02.2023\n")
    rows = read_table(path, CsvOptions().like(GERMAN)).rows
    assert (rows["am"].dt.month.tolist(), rows["on"].dt.month.tolist()) == ([2], [1])
    rows = read_table(path, CsvOptions(dates=("%m.%d.%Y",)).like(GERMAN)).rows
    assert (rows["am"].dt.month.tolist(), rows["on"].dt.month.tolist()) == ([1], [1])


def test_a_point_that_may_stand_between_thousands_is_none_beside_a_decimal_comma(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("n;price\n1.234;0,5\n56.789;2,25\n530;2,0\n")
    rows = read_table(path, CsvOptions()).rows
    assert (rows["n"].tolist(), rows["price"].tolist()) == (["1.234", "56.789", "530"], [0.5, 2.25, 2.0])
    rows = read_table(path, CsvOptions(thousands=".", decimal=",")).rows
    assert rows["n"].tolist() == [1234, 56789, 530]
    path.write_text("n;price\n1.234;0.5\n56.789;2.25\n")
    assert read_table(path, CsvOptions()).rows["n"].tolist() == [1.234, 56.789]


def test_a_style_survives_its_json_and_a_damaged_one_is_the_usual() -> None:
    assert CsvStyle.from_dict(json.loads(json.dumps(GERMAN.to_dict()))) == GERMAN
    facts = {**GERMAN.to_dict(), "encoding": "zlib", "missing": "x", "dates": ["%d", "%d.%m.%Y"]}
    found = CsvStyle.from_dict(facts)
    assert (found.encoding, found.missing, found.dates) == (None, (), ("%d.%m.%Y",))


def test_with_a_budget_it_is_remembered_too(folder: Path) -> None:
    options = CsvOptions(encoding="latin-1", decimal=",", missing=("k. A.",), dates=("%d.%m.%Y",))
    style = read_cells(folder / "t.csv", options).style
    assert style == CsvStyle(";", ",", {}, "latin-1", ("k. A.",), ("%d.%m.%Y",))
    rows = read_table(folder / "t.csv", CsvOptions().like(style)).rows
    assert rows["am"].dtype.kind == "M"
