"""Dates of files of text that are not ISO: read in the format that is named, and written back in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tabgan_cli.cell_text import write_column
from tabgan_cli.date_formats import is_format
from tabgan_cli.table_file import read_cells, read_table, table_writer
from tabgan_cli.tables import CsvOptions

from tabgan.schema import Column, Schema

FORMATS = ["%d.%m.%Y", "%m/%d/%Y %H:%M:%S", "%d %b %Y", "%b %d, %Y", "%d-%m-%y", "%Y/%m/%d %I:%M %p"]


def stamps(n: int, form: str) -> list[str]:
    rng = np.random.default_rng(0)
    seconds = rng.integers(0, 3 * 365 * 86_400, n)
    return (pd.Timestamp("2021-01-01") + pd.to_timedelta(seconds, unit="s")).strftime(form).tolist()


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_read_is_written_as_it_was(tmp_path: Path, form: str) -> None:
    texts = [*stamps(50, form), ""]
    pd.DataFrame({"at": texts, "n": range(51)}).to_csv(tmp_path / "t.csv", index=False)
    found = read_table(tmp_path / "t.csv", CsvOptions(dates=("%d. %m. %Y", form)))
    assert found.rows["at"].dtype.kind == "M"
    assert found.style.columns["at"] == form
    written, style = write_column(found.rows["at"], form)
    assert written.tolist() == [*texts[:-1], None]
    assert style == form


def test_cells_of_another_form_leave_the_column_text(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("at,n\n31.12.2024,1\nsoon,2\n")
    assert read_table(tmp_path / "t.csv", CsvOptions(dates=("%d.%m.%Y",))).rows["at"].tolist() == [
        "31.12.2024",
        "soon",
    ]


def test_with_a_budget_each_cell_is_read_by_itself(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("at,n\n31.12.2024,1\nsoon,2\n,3\n01.02.2024,4\n")
    found = read_cells(tmp_path / "t.csv", CsvOptions(dates=("%d.%m.%Y",))).rows
    assert found["at"].tolist() == ["2024-12-31", "soon", None, "2024-02-01"]
    form = "%d.%m.%Y %H:%M:%S.%f"
    fine = ["31.12.9999 10:00:00.5", "01.01.2020 10:00:00.123456789"]  # no unit of pandas holds both
    (tmp_path / "t.csv").write_text("at,n\n" + "".join(f"{cell},1\n" for cell in fine))
    found = read_cells(tmp_path / "t.csv", CsvOptions(dates=(form,))).rows
    assert found["at"].tolist() == ["9999-12-31T10:00:00.500000", fine[1]]


@pytest.mark.parametrize("name", ["t.jsonl", "t.xlsx"])
def test_text_of_other_formats_is_read_alike(tmp_path: Path, name: str) -> None:
    table = pd.DataFrame({"at": ["31.12.2024", "01.02.2024", None], "n": [1, "k. A.", 2]})
    with table_writer(tmp_path / name) as write:
        write(table)
    found = read_table(tmp_path / name, CsvOptions(dates=("%d.%m.%Y",), missing=("k. A.",)))
    assert found.rows["at"].dt.month.tolist()[:2] == [12, 2]
    assert found.rows["n"].tolist() == [1, pd.NA, 2]
    with table_writer(tmp_path / "u.jsonl", found.style) as write:
        write(found.rows)
    assert '"at": "01.02.2024", "n": null' in (tmp_path / "u.jsonl").read_text()
    schema = Schema((Column("at", "datetime"), Column("n", "numeric")))
    cells = read_cells(tmp_path / name, CsvOptions(dates=("%d.%m.%Y",), missing=("k. A.",)), schema=schema)
    assert cells.rows["at"].tolist() == ["2024-12-31", "2024-02-01", None]
    assert cells.rows["n"].tolist() == ["1", None, "2"]


@pytest.mark.parametrize(
    "text", ["", "%", "%d.%m", "=%d.%m.%Y", "%d.%m.%Y=1+1", "%Q", "%H:%M", "%d.%d.%Y", "%Y%m%d"]
)
def test_formats_that_name_no_date_or_begin_a_formula_are_none(text: str) -> None:
    assert not is_format(text)


def test_fit_sample_complete_and_evaluate_know_the_format(tmp_path, monkeypatch, call) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"day": stamps(300, "%m/%d/%Y"), "n": rng.integers(0, 9, 300)})
    table.to_csv("t.csv", index=False)
    told = call("fit", "t.csv", "-m", "m.tabgan", "--epochs", 1)
    assert '(of CSV, JSON lines, Excel: --dates "%m/%d/%Y")' in told.err
    assert call("fit", "t.csv", "-m", "m.tabgan", "--epochs", 1, "--dates", "%m/%d/%Y", "--force").code == 0
    assert call("sample", "m.tabgan", "-n", 50, "-o", "s.csv").code == 0
    drawn = pd.read_csv("s.csv")["day"]
    assert pd.to_datetime(drawn, format="%m/%d/%Y").between("2020-12-25", "2024-01-08").all()
    table.assign(n=None).head(5).to_csv("gaps.csv", index=False)
    assert call("complete", "m.tabgan", "gaps.csv", "-o", "f.csv", "--dates", "%m/%d/%Y").code == 0
    assert pd.read_csv("f.csv")["day"].tolist() == table["day"].head(5).tolist()
    refused = call("fit", "t.csv", "-m", "x.tabgan", "--dates", "%d.%m")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
