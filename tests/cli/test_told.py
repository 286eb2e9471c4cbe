"""What commands tell: of files that were named, in the right number, each line once."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from tabgan import TabGAN, TabganWarning
from tests.cli.calling import Call


@pytest.mark.parametrize("command", ["fit", "run"])
def test_only_files_that_were_named_are_told_of(call: Call, census_csv: Path, command: str) -> None:
    """Beside the model, or the table, lie the checkpoint and the ledger of a fit."""
    missing = census_csv.parent / "nodir"
    output = {"fit": ["-m", missing / "a.tabgan"], "run": ["-o", missing / "a.csv"]}[command]
    for more in ([], ["--epsilon", "1"]):
        told = call(command, census_csv, *output, *more)
        assert (told.code, told.err.count("\n")) == (5, 1)
        assert told.err.startswith(f"Error: {output[1]}: there is no folder")
    table = census_csv.with_name("model.csv")
    output = [] if command == "fit" else ["-o", census_csv.with_name("a.csv")]
    told = call(command, census_csv, *output, "-m", table)
    assert told.code == 2
    assert "name of a table" in told.err
    assert not table.exists()


def test_one_row_is_told_of_as_one(call: Call, tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("a\n1\n")
    assert "one.csv: 1 row, 1 column\n" in call("schema", tmp_path / "one.csv").out


def test_a_fit_that_is_refused_leaves_no_empty_line(call: Call, tmp_path: Path) -> None:
    (tmp_path / "none.csv").write_text("a,b\n")
    told = call("fit", tmp_path / "none.csv", "-m", tmp_path / "m.tabgan")
    assert told.err.splitlines() == ["Read 0 rows and 2 columns.", "Error: The table has no rows."]


def test_warnings_of_a_fit_are_printed_and_not_given_again(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email,age\n" + "".join(f"a{n}@mail.net,{n % 9}\n" for n in range(60)))
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        told = call("fit", path, "-m", tmp_path / "m.tabgan", "--epochs", "1", "-q")
    lines = TabGAN.load(tmp_path / "m.tabgan").warnings_
    assert [line for line in told.err.splitlines() if line.startswith("Warning: ")] == [
        f"Warning: {line}" for line in lines
    ]
    assert not [one for one in given if issubclass(one.category, TabganWarning)]


def test_warnings_about_a_table_go_to_stderr(call: Call, tmp_path: Path) -> None:
    rows: list[object] = [*range(20), "NA"]
    (tmp_path / "t.csv").write_text("n\n" + "\n".join(str(row) for row in rows) + "\n")
    told = call("schema", tmp_path / "t.csv")
    assert (
        "Warning: Column 'n' stays text because of 1 row; if it is a missing cell, pass --na-values 'NA'."
        in told.err
    )
    assert "Warning" not in told.out
    told = call("schema", tmp_path / "t.csv", "--na-values", "NA")
    assert told.err == ""
    assert "Int64" in told.out


def test_rejection_is_told_of_while_it_is_learned_and_is_not_for_a_budget(
    call: Call, census_csv: Path, tmp_path: Path
) -> None:
    model, output = tmp_path / "m.tabgan", tmp_path / "out.csv"
    told = call("fit", census_csv, "-m", model, "--rejection", "--epochs", "40")
    assert (told.code, "rejection" in told.err) == (0, True)  # in the line of progress
    assert call("sample", model, "-n", "50", "-o", output).code == 0
    assert len(output.read_text().splitlines()) == 51
    budget = ("--rejection", "--epsilon", "1")
    for command in (["fit", "-m", tmp_path / "other.tabgan"], ["run", "-o", tmp_path / "other.csv"]):
        told = call(command[0], census_csv, *command[1:], *budget)
        assert (told.code, told.err.count("\n")) == (2, 1)
        assert "--rejection" in told.err
    assert not list(tmp_path.glob("other*"))
