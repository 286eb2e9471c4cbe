"""`sample` with counts, shares and tables of conditions; `fit` with decisions on personal columns."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from tabgan_cli.table_file import read_table

from tests.cli.calling import Call


def test_counts_and_shares_are_met_to_the_row(call: Call, census_model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    counts = ["--counts", "income=>50K=30", "--counts", "income=<=50K=10", "--where", "sex=Female"]
    told = call("sample", census_model, "-o", out, *counts)
    assert (told.code, "Wrote 40 rows" in told.err) == (0, True), told.err
    rows = read_table(out).rows
    assert rows["income"].value_counts().to_dict() == {">50K": 30, "<=50K": 10}
    assert (rows["sex"] == "Female").all()
    shares = ["--shares", "age=17:40=.25", "--shares", "age=41:=.75"]
    assert call("sample", census_model, "-n", 80, "-o", out, "--force", *shares).code == 0
    assert (read_table(out).rows["age"] <= 40).sum() == 20
    assert call("sample", census_model, "-n", 80, "-o", out, "--force", "--shares", "sex=Male=.3").code == 0
    assert (read_table(out).rows["sex"] == "Male").sum() == 24


def test_a_row_is_made_for_each_row_of_a_file(call: Call, census_model: Path, tmp_path: Path) -> None:
    given = pd.DataFrame({"income": [">50K", "<=50K", ""] * 5, "age": ["30", "", "51"] * 5})
    given.to_csv(tmp_path / "given.csv", index=False)
    out = tmp_path / "out.csv"
    told = call("sample", census_model, "--conditions", tmp_path / "given.csv", "-o", out)
    assert (told.code, "Wrote 15 rows" in told.err) == (0, True), told.err
    rows = read_table(out).rows
    assert rows["income"].iloc[:2].tolist() == [">50K", "<=50K"]
    assert rows["age"].iloc[[0, 2]].tolist() == [30, 51]
    assert list(rows) == ["age", "education", "sex", "income"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "How many rows"),
        (["--counts", "income=>50K=many"], "--counts must end with a number"),
        (["--counts", "income"], "--counts must end with a number"),
        (["--counts", "age=30:40=3", "--counts", "age=30:40=5"], "--counts, column 'age'.* given twice"),
        (["--counts", "age=30:40=3", "--counts", "age=40:50=5"], "'age'.*overlap"),
        (["--counts", "work=a=3"], "--counts: there is no column 'work'"),
        (["--counts", "age=old=3"], "--counts, column 'age'"),
        (["--counts", "income=90K=3"], "'income'"),
        (["-n", "9", "--counts", "income=>50K=10"], "more than 9"),
        (["-n", "9", "--shares", "income=>50K=1.5"], "more than 1"),
        (["-n", "9", "--conditions", "{rows}"], "--conditions cannot be combined with -n"),
        (["--conditions", "{rows}"], "'income'.*Use one of"),
    ],
)
def test_bad_requests_get_one_line(
    call: Call, census_model: Path, tmp_path: Path, options: list[str], told: str
) -> None:
    (tmp_path / "rows.csv").write_text("income\n90K\n")
    given = [option.replace("{rows}", str(tmp_path / "rows.csv")) for option in options]
    found = call("sample", census_model, "-o", tmp_path / "out.csv", *given)
    assert found.code == 2
    assert len(found.err.splitlines()) == 1
    assert pd.Series([found.err]).str.contains(told).all(), found.err
    assert not (tmp_path / "out.csv").exists()


def test_fit_decides_on_personal_columns(call: Call, tmp_path: Path) -> None:
    n_rows = 120
    table = pd.DataFrame(
        {
            "email": [f"u{n}@corp.net" for n in range(n_rows)],
            "phone": [f"+44 20 7946 {n:04d}" for n in range(n_rows)],
            "surname": ["Okafor", "Petrov", "Yamada"] * (n_rows // 3),
            "age": [20 + n % 50 for n in range(n_rows)],
        }
    )
    table.to_csv(tmp_path / "t.csv", index=False)
    seen = call("schema", tmp_path / "t.csv", "-o", tmp_path / "schema.json")
    assert seen.out.count("confidence") == 3
    model, out = tmp_path / "m.tabgan", tmp_path / "out.csv"
    choices = ["--personal", "surname=learn", "--personal", "phone=drop", "--epochs", "2"]
    told = call("fit", tmp_path / "t.csv", "-m", model, "--locale", "de_DE", *choices)
    assert told.code == 0, told.err
    assert all(word in told.err for word in ("'email' holds", "'surname' is learned", "'phone' is dropped"))
    assert call("sample", model, "-n", 50, "-o", out).code == 0
    rows = read_table(out).rows
    assert list(rows) == ["email", "surname", "age"]
    assert rows["email"].str.contains("@example.").all()
    assert set(rows["surname"]) <= set(table["surname"])
    wrong = {
        "surname": "no column is named",
        "surname=hide": "no choice 'hide'",
        "=drop": "no column is named",
    }
    for bad, what in wrong.items():
        found = call("fit", tmp_path / "t.csv", "-m", tmp_path / "no.tabgan", "--personal", bad)
        assert (found.code, len(found.err.splitlines())) == (2, 1)
        assert f"--personal '{bad}': " in found.err
        assert what in found.err
