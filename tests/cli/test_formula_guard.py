"""No cell of text that is written to CSV is a formula, and what was guarded is read back as it was."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tabgan_cli.formula_guard import guarded, unguarded
from tabgan_cli.table_file import read_table, table_writer

FORMULAS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1,1)",
    "\t=1",
    "\r=1",
    " =1",
    "-A1",
    "+HYPERLINK(1)",
    "\uff1d1+1",
    "'=1+1",
    "-.5+x",
]
HARMLESS = ["", "a=b", "-", "-5", "+49 30 1234", "-1.50", "+1,000.00", "it's", "'t Hooft", "5-3", "a@b.org"]
SIGNS = st.text(st.sampled_from("=+-@'\t \r\n0aA1.,(\uff1d"), max_size=6)


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_gets_a_sign_before_it(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_stays(text: str) -> None:
    assert guarded(text) == text


@given(SIGNS | st.text())
@example("''=")
def test_what_was_guarded_is_read_back(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert guarded(unguarded(text)) in (text, guarded(text))


@pytest.mark.parametrize("dtype", ["object", "str", "string", "category"])
def test_text_of_every_dtype_is_guarded_names_too(tmp_path: Path, dtype: str) -> None:
    rows = pd.DataFrame({"=name": pd.Series(["=1", "plain", None, "-5"], dtype=dtype), "n": [-1, -2, 3, 4]})
    for guards, first in ((True, "'=1"), (False, "=1")):
        with table_writer(tmp_path / "t.csv", guards_formulas=guards) as write:
            write(rows)
        lines = (tmp_path / "t.csv").read_text().splitlines()
        name = "'=name" if guards else "=name"
        assert lines == [f"{name},n", f"{first},-1", "plain,-2", ",3", "-5,4"]
        found = read_table(tmp_path / "t.csv").rows
        assert list(found) == ["=name", "n"]
        assert found["=name"].tolist()[:2] == ["=1", "plain"]
        assert found["n"].tolist() == [-1, -2, 3, 4]


def test_negative_numbers_and_dates_are_no_text(tmp_path: Path) -> None:
    text = "n,f,x,d\n-1,-1.50,-1e-300,2024-01-31\n2,2.25,3.5,2024-02-01\n"
    (tmp_path / "a.csv").write_text(text)
    table = read_table(tmp_path / "a.csv")
    with table_writer(tmp_path / "b.csv", table.style) as write:
        write(table.rows)
    assert (tmp_path / "b.csv").read_text() == text
