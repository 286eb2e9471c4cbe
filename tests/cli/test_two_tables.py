"""Tables that are read beside a model or another table: their encodings, and columns that are left out."""

from __future__ import annotations

import gzip
import json
import sqlite3
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from tabgan_cli.csv_rows import read_csv_text
from tabgan_cli.failures import CommandError, Exit
from tabgan_cli.places import Place
from tabgan_cli.table_file import read_cells, read_table
from tabgan_cli.tables import CsvOptions

from tests.cli.calling import Call, ok

CITIES = ["Köln", "Zürich", "Málaga"]


def real_table(n_rows: int = 90) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "city": [CITIES[n % 3] for n in range(n_rows)],
            "age": [20 + n * 7 % 50 for n in range(n_rows)],
            "cabin": [f"Kü-{n}" for n in range(n_rows)],
        }
    )


@pytest.fixture(scope="module")
def folder(call: Call, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table that is no UTF-8, a model of it without a column, and rows of the model, which are UTF-8."""
    folder = tmp_path_factory.mktemp("latin")
    real_table().to_csv(folder / "real.csv", index=False, encoding="latin-1")
    more = ["--encoding", "latin-1", "--drop", "cabin", "--epochs", 1, "-q"]
    ok(call, "fit", folder / "real.csv", "-m", folder / "m.tabgan", *more)
    ok(call, "sample", folder / "m.tabgan", "-n", 60, "-o", folder / "made.csv", "--seed", 1)
    return folder


def test_a_table_that_is_no_utf8_is_evaluated_beside_one_that_is(
    call: Call, folder: Path, tmp_path: Path
) -> None:
    figures = tmp_path / "figures.json"
    tables = ["--train", folder / "real.csv", "--synthetic", folder / "made.csv", "--json", figures]
    told = ok(call, "evaluate", *tables, "--encoding", "latin-1", "--drop", "cabin", "--time-budget", 20)
    assert "Read 90 rows and 3 columns." in told.err
    metrics = json.loads(figures.read_text())["metrics"]
    assert metrics["category_coverage"]["value"] == 1
    refused = call("evaluate", *tables, "--encoding", "latin-1", "--force")
    assert (refused.code, "it lacks 'cabin'" in refused.err) == (Exit.DATA, True)


def test_the_real_table_is_completed_without_what_the_model_does_not_know(
    call: Call, folder: Path, tmp_path: Path
) -> None:
    arguments = ["complete", folder / "m.tabgan", folder / "real.csv", "-o", tmp_path / "whole.csv"]
    refused = call(*arguments, "--encoding", "latin-1")
    assert (refused.code, "'cabin'" in refused.err) == (Exit.DATA, True)
    ok(call, *arguments, "--encoding", "latin-1", "--drop", "cabin")
    expected = real_table()[["city", "age"]]
    pd.testing.assert_frame_equal(read_table(tmp_path / "whole.csv").rows, expected, check_dtype=False)


def test_a_table_of_conditions_may_be_no_utf8_and_have_columns_too_many(
    call: Call, folder: Path, tmp_path: Path
) -> None:
    arguments = ["sample", folder / "m.tabgan", "-o", tmp_path / "rows.csv", "--encoding", "latin-1"]
    ok(call, *arguments, "--conditions", folder / "real.csv", "--drop", "cabin", "--drop", "age")
    assert read_table(tmp_path / "rows.csv").rows["city"].tolist() == real_table()["city"].tolist()
    refused = call(*arguments, "--force", "-n", 5)
    assert (refused.code, "apply to the file of --conditions" in refused.err) == (Exit.USAGE, True)


@pytest.mark.parametrize("command", ["evaluate", "complete", "audit", "schema", "fit"])
def test_a_dropped_column_that_is_nowhere_is_named(
    call: Call, folder: Path, tmp_path: Path, command: str
) -> None:
    real = folder / "real.csv"
    arguments = {
        "evaluate": ["--train", real, "--synthetic", folder / "made.csv"],
        "complete": [folder / "m.tabgan", real, "-o", tmp_path / "out.csv"],
        "audit": [real, "--epsilon", 1],
        "schema": [real],
        "fit": [real, "-m", tmp_path / "m.tabgan"],
    }[command]
    quiet = [] if command == "schema" else ["-q"]
    told = call(command, *arguments, "--encoding", "latin-1", "--drop", "cabinn", *quiet)
    assert (told.code, told.out) == (Exit.USAGE, "")
    assert "--drop:" in told.err
    assert "column 'cabinn'" in told.err


def test_a_name_that_stands_there_twice_is_dropped_with_both_columns(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "twice.csv"
    path.write_text("a,b,a\n" + "".join(f"2024-13-{n},{n % 7},{n}\n" for n in range(60)))
    refused = call("fit", path, "-m", tmp_path / "m.tabgan", "--epochs", 1)
    assert (refused.code, "'a' (2 times)" in refused.err) == (Exit.DATA, True)
    ok(call, "fit", path, "-m", tmp_path / "m.tabgan", "--epochs", 1, "--drop", "a")
    ok(call, "sample", tmp_path / "m.tabgan", "-n", 5, "-o", tmp_path / "made.csv")
    assert list(read_table(tmp_path / "made.csv").rows) == ["b"]
    assert list(read_cells(path, CsvOptions(dropped=("a",))).rows) == ["a", "b"]
    assert call("fit", path, "-m", tmp_path / "m.tabgan", "--force", "--drop", "b").code == Exit.DATA


@pytest.mark.parametrize("ending", ["xlsx", "db"])
def test_sheets_and_queries_too_may_name_a_column_twice_that_is_dropped(tmp_path: Path, ending: str) -> None:
    rows = [(n, "x" if n % 2 else n, n % 7) for n in range(5)]
    place = Place(str(tmp_path / "t.xlsx"))
    if ending == "xlsx":
        book = openpyxl.Workbook()
        for row in [("a", "a", "b"), *rows]:
            book.active.append(row)
        book.save(tmp_path / "t.xlsx")
    else:
        with sqlite3.connect(tmp_path / "t.db") as database:
            database.execute("CREATE TABLE t (n, a, b)")
            database.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
        place = Place(f"sqlite:///{tmp_path}/t.db#SELECT n AS a, a, b FROM t")
    for read in (read_table, read_cells):
        found = read(place, CsvOptions(dropped=("a",))).rows
        assert list(found) == ["a", "b"]
        assert found["b"].astype(int).tolist() == [n % 7 for n in range(5)]
        with pytest.raises(CommandError, match=r"'a' \(2 times\).*--drop"):
            read(place, CsvOptions(dropped=("b",)))


def test_a_dropped_column_may_stand_in_the_schema(call: Call, folder: Path, tmp_path: Path) -> None:
    named = [folder / "real.csv", "--encoding", "latin-1"]
    ok(call, "schema", *named, "-o", tmp_path / "s.json")
    more = ["--schema", tmp_path / "s.json", "--drop", "cabin", "--epochs", 1, "-q"]
    ok(call, "fit", *named, "-m", tmp_path / "m.tabgan", *more)
    told = ok(call, "schema", *named, "--drop", "cabin")
    assert "cabin" not in told.out


@pytest.mark.parametrize(
    ("data", "encoding", "city"),
    [
        ("city,n\nKöln,1\n".encode(), "latin-1", "Köln"),
        ("city,n\nKöln,1\n".encode("utf-8-sig"), "latin-1", "Köln"),
        ("city,n\nKöln,1\n".encode("latin-1"), "latin-1", "Köln"),
        ("city,n\nKoln,1\n".encode("utf-16-le"), "utf-16-le", "Koln"),  # its bytes are ASCII, and NUL
        ("city,n\nK\u65e5,1\n".encode("iso2022_jp"), "iso2022_jp", "K\u65e5"),  # its bytes are ASCII
        ("city,n\nK\ua9c3,1\n".encode("utf-16-le"), "utf-16-le", "K\ua9c3"),  # and these UTF-8
        (("city,n\n" + f"x,{1:080}\n" * 20_000 + "ö,2\n").encode(), "cp1252", "x"),
    ],
)
def test_the_named_encoding_is_that_of_files_that_are_not_utf8(
    tmp_path: Path, data: bytes, encoding: str, city: str
) -> None:
    (tmp_path / "t.csv").write_bytes(data)
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(data, compresslevel=1))
    for name in ("t.csv", "t.csv.gz"):
        found = read_csv_text(tmp_path / name, encoding=encoding)
        assert found.names == ("city", "n")
        assert found.columns[0][0].as_py() == city


def test_in_private_mode_no_row_decides_how_the_others_are_decoded(tmp_path: Path) -> None:
    for name, last in (("a.csv", b"x"), ("b.csv", b"\xfc")):
        (tmp_path / name).write_bytes("city\nKöln\n".encode() + last + b"\n")
    options = CsvOptions(encoding="latin-1")
    first, second = (read_cells(tmp_path / name, options).rows["city"] for name in ("a.csv", "b.csv"))
    assert first[0] == second[0] == "KÃ¶ln"
