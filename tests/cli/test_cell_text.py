"""Text cells get a type only where every cell is written that way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tabgan_cli.cell_text import Declared, TypedColumn, decimal_mark, type_column, write_column
from tabgan_cli.failures import CommandError


def typed(texts: list[str], **options: Any) -> TypedColumn:
    return type_column("c", pa.chunked_array([pa.array(texts, pa.string())]), **options)


def rewritten(column: TypedColumn, decimal: str = ".") -> list[str]:
    cells, _ = write_column(column.cells, column.style, decimal)
    text = pd.DataFrame({"c": cells}).to_csv(index=False, header=False, decimal=decimal)
    return text.replace('""', "").splitlines()


@pytest.mark.parametrize(
    ("texts", "dtype"),
    [
        (["1", "-20", "0"], "int64"),
        (["1", "", "3"], "Int64"),
        (["9223372036854775807", ""], "Int64"),
        (["1.5", "2"], "float64"),
        (["1.5", ""], "float64"),
        (["1e5", "-.5", "3."], "float64"),
        (["True", "False"], "bool"),
        (["true", ""], "boolean"),
        (["1", "inf", "-INF", ""], "float64"),
        (["+Infinity", "2.5"], "float64"),
        (["2024-01-31"], "datetime64[s]"),
        (["2024-01-31T10:00:00.123"], "datetime64[ms]"),
        (["2024-01-31T10:00:00.1234Z"], "datetime64[us, UTC]"),
        (["2024-01-31 10:00+02:00", ""], "datetime64[s, UTC+02:00]"),
    ],
)
def test_cells_that_all_look_like_a_type_get_it(texts: list[str], dtype: str) -> None:
    column = typed(texts)
    assert str(column.cells.dtype) == dtype
    assert column.cells.isna().tolist() == [text == "" for text in texts]
    assert column.warning == ""


@pytest.mark.parametrize(
    "texts",
    [
        ["00123", "12345"],
        ["007", "1"],
        ["NA", "null", "nan", "None"],
        ["+49", "+50"],
        ["1,234", "5"],
        ["1_000"],
        ["0x10"],
        ["inf", "-Infinity"],
        ["inf", "1.5", "low"],
        ["1e999"],
        ["true", "True"],
        ["yes", "no"],
        ["2024-02-31"],
        ["10:30"],
        [" padded", "text "],
        ["-"],
        ["e5"],
        ["."],
        ["１"],
    ],
)
def test_every_other_column_keeps_its_text(texts: list[str]) -> None:
    column = typed([*texts, ""])
    assert column.cells.tolist()[:-1] == texts
    assert pd.isna(column.cells.iloc[-1])
    assert column.cells.dtype == pd.Series(["a"]).dtype


def test_only_empty_cells_and_the_words_that_are_named_are_missing() -> None:
    assert typed(["NA", "", "null"]).cells.isna().tolist() == [False, True, False]
    assert typed(["NA", "", "null"], missing=["NA"]).cells.isna().tolist() == [True, True, False]
    assert typed(["1", "NA", "3"], missing=["NA"]).cells.dtype == "Int64"


def test_infinite_cells_are_numbers_among_numbers() -> None:
    cells = typed(["3", "inf", "-Infinity", "+INF"]).cells
    assert cells.tolist() == [3, np.inf, -np.inf, np.inf]
    assert typed(["1,5", "inf"], decimal=",").cells.tolist() == [1.5, np.inf]
    assert decimal_mark(pa.chunked_array([["1,5", "inf"]])) == ","
    assert "--na-values 'NA'" in typed(["1.5", "inf", "NA"]).warning
    column = typed(["7", "inf", ""])
    assert write_column(column.cells.replace(np.inf, 9.0), column.style)[0].tolist() == ["7", "9", None]


def test_a_column_without_any_cell_is_missing_throughout() -> None:
    assert typed(["", ""]).cells.isna().all()


def test_blanks_around_numbers_are_no_text() -> None:
    assert typed([" 1", "2 "]).cells.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("texts", "signs", "numbers"),
    [
        (["1,234", "-12,345,678", "999", ""], ",.", [1_234, -12_345_678, 999]),
        (["1,234.50", "0.25", "1,000.00"], ",.", [1234.5, 0.25, 1000.0]),
        (["1.234,5", "7,0"], ".,", [1234.5, 7.0]),
        (["1 234,5", "12 345 678,25"], " ,", [1_234.5, 12_345_678.25]),
        (["1'234", "5"], "'.", [1_234, 5]),
    ],
)
def test_thousands_that_are_put_apart_are_read_and_written(
    texts: list[str], signs: str, numbers: list[float]
) -> None:
    thousands, decimal = signs
    column = typed(texts, thousands=thousands, decimal=decimal)
    assert column.cells.dropna().tolist() == numbers
    assert [text or "" for text in write_column(column.cells, column.style, decimal, thousands)[0]] == texts
    assert decimal_mark(pa.chunked_array([texts]), thousands=thousands) in (decimal, "")
    plain = write_column(column.cells, column.style, decimal)[0]  # beside a table without thousands
    assert typed([text or "" for text in plain], decimal=decimal).cells.dropna().tolist() == numbers
    assert typed(["1234", *texts], thousands=thousands, decimal=decimal).cells[0] == 1234


@pytest.mark.parametrize(
    "texts", [["1,23", "5"], ["0,123"], ["1,2345"], ["12,34,567"], ["1,234", "a"], [",123"]]
)
def test_a_sign_elsewhere_than_between_thousands_leaves_text(texts: list[str]) -> None:
    assert typed(texts, thousands=",").cells.tolist() == texts


def test_cells_of_nothing_but_blanks_are_missing_in_what_is_no_text() -> None:
    cells = typed(["12.5", " ", "3.25", "\t "]).cells
    assert cells.isna().tolist() == [False, True, False, True]
    assert cells.dropna().tolist() == [12.5, 3.25]
    assert typed(["7", " "]).cells.dtype == "Int64"
    assert typed(["true", " "]).cells.dtype == "boolean"
    assert typed(["2024-01-31", " "]).cells.dtype == "datetime64[s]"
    assert typed(["7", " "], declared="whole").cells.isna().tolist() == [False, True]
    assert typed(["a", " "]).cells.tolist() == ["a", " "]
    assert typed([" "]).cells.tolist() == [" "]
    assert typed(["7", " "], declared="text").cells.tolist() == ["7", " "]
    assert decimal_mark(pa.chunked_array([["1,5", " "]])) == ","
    assert "'NA'" in typed(["7", " ", "NA"]).warning


def test_a_decimal_comma_is_read_and_written() -> None:
    column = typed(["1,5", "20,25", ""], decimal=",")
    assert column.cells.dropna().tolist() == [1.5, 20.25]
    assert rewritten(column, ",") == ['"1,5"', '"20,25"', ""]
    assert rewritten(typed(["1,50", "2,25"], decimal=","), ",") == ['"1,50"', '"2,25"']
    assert typed(["1.5"], decimal=",").cells.tolist() == ["1.5"]


@pytest.mark.parametrize(
    "texts",
    [
        ["12.50", "0.10", "3.00"],
        ["12.5", "0.25"],
        ["1", "2", "", "4"],
        ["TRUE", "FALSE", ""],
        ["true", "false"],
        ["True"],
        ["2024-01-31", "", "1900-01-01"],
        ["00123", "", "NA"],
        ["1e-07", "2.5"],
    ],
)
def test_a_column_is_written_as_it_was_read(texts: list[str]) -> None:
    assert rewritten(typed(texts)) == texts


@given(st.lists(st.integers(-(2**63), 2**63 - 1) | st.none(), min_size=1))
def test_whole_numbers_never_lose_a_digit(numbers: list[int | None]) -> None:
    texts = ["" if number is None else str(number) for number in numbers]
    cells = typed(texts).cells
    assert [None if pd.isna(cell) else int(cell) for cell in cells] == numbers


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_floats_are_read_exactly(numbers: list[float]) -> None:
    texts = [repr(number) for number in numbers]
    np.testing.assert_array_equal(typed(texts).cells.to_numpy(dtype=float), numbers)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1))
def test_no_text_is_ever_changed(texts: list[str]) -> None:
    cells = typed([*texts, "text"]).cells
    assert [text for text in texts if text] == cells.dropna().tolist()[:-1]


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["1", "2", "NA", "NA"], "2 rows; if these are missing cells, pass --na-values 'NA'."),
        (["2024-01-01", "null"], "--na-values 'null'"),
        (["1,5", "2,5"], "--decimal ','"),
        (["99999999999999999999"], "64 bits"),
    ],
)
def test_text_that_may_be_meant_otherwise_is_told_of(texts: list[str], told: str) -> None:
    column = typed(texts)
    assert column.cells.tolist() == texts
    assert told in column.warning


def test_points_that_may_stand_between_thousands_are_told_of() -> None:
    column = typed(["530", "1.234", "-99.999", "0", ""])
    assert "pass --thousands '.'" in column.warning
    assert typed(["530", "1.234"], thousands=".", decimal=",").cells.tolist() == [530, 1234]
    others = ("530.000 1.234", "0.530 1.234 2", "5300 1.234", "1.234", "530", "1,234 5")
    assert not any("--thousands" in typed(texts.split()).warning for texts in others)
    assert typed(["530", "1.234"], declared="number").warning == ""


def test_times_of_several_offsets_are_told_to_become_utc() -> None:
    column = typed(["2024-01-01T10:00+01:00", "2024-07-01T10:00+02:00", ""])
    assert rewritten(column) == ["2024-01-01T09:00Z", "2024-07-01T08:00Z", ""]
    assert "'c'" in column.warning
    assert "written as UTC (Z)" in column.warning
    for texts in (["2024-01-01T10:00+01:00", "2024-07-01T10:00+01:00"], ["2024-01-01T10:00Z"]):
        column = typed(texts)
        assert column.warning == ""
        assert rewritten(column) == texts


def test_ordinary_text_is_not_told_of() -> None:
    assert typed(["NA", "a"]).warning == ""
    assert typed(["NA", "null"]).warning == ""
    assert typed(["?", "Private"]).warning == ""


@pytest.mark.parametrize(
    ("texts", "declared", "dtype"),
    [
        (["1", "2"], "text", "str"),
        (["2024-01-01"], "text", "str"),
        (["1", "2"], "whole", "int64"),
        (["1", ""], "whole", "Int64"),
        (["1", "2"], "number", "float64"),
        (["1", ""], "number", "float64"),
        (["2024-01-01"], "datetime", "datetime64[s]"),
    ],
)
def test_a_declared_type_wins_over_looks(texts: list[str], declared: Declared, dtype: str) -> None:
    dtype = str(pd.Series(["a"]).dtype) if dtype == "str" else dtype
    assert str(typed(texts, declared=declared).cells.dtype) == dtype


@pytest.mark.parametrize(
    ("declared", "told"),
    [("number", "2 of 4 rows are not numbers"), ("datetime", "4 of 4 rows are not ISO dates")],
)
def test_a_declared_type_that_does_not_fit_is_an_error_with_the_number_of_rows(
    declared: Declared, told: str
) -> None:
    with pytest.raises(CommandError, match=told) as caught:
        typed(["1", "secret", "secret", "4"], declared=declared)
    assert "secret" not in str(caught.value)
    assert "'c'" in str(caught.value)


def test_dates_of_mixed_styles_are_an_error_where_dates_are_declared() -> None:
    with pytest.raises(CommandError, match="some rows are not ISO dates"):
        typed(["2024-01-01", "2024-01-01 10:00"], declared="datetime")
