"""CSV files: found separators, checked rows, errors that name the line and never a cell."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tabgan_cli.csv_rows import CsvText, read_csv_text
from tabgan_cli.failures import CommandError, Exit


def read(tmp_path: Path, data: bytes | str, name: str = "t.csv", **options: str) -> CsvText:
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_csv_text(path, **options)


def rows_of(text: CsvText) -> list[tuple[str, ...]]:
    return list(zip(*(column.to_pylist() for column in text.columns), strict=True))


def refused(tmp_path: Path, data: bytes | str, name: str = "t.csv", **options: str) -> str:
    with pytest.raises(CommandError) as caught:
        read(tmp_path, data, name, **options)
    assert caught.value.code == Exit.DATA
    assert "secret" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(tmp_path: Path, separator: str) -> None:
    lines = [["name", "note", "n"], ["a", "x, y; z | w", "1,5"], ["b", "p, q", "2,5"]]
    handle = io.StringIO()
    csv.writer(handle, delimiter=separator).writerows(lines)
    found = read(tmp_path, handle.getvalue())
    assert found.separator == separator
    assert rows_of(found) == [tuple(line) for line in lines[1:]]


def test_a_decimal_comma_does_not_pass_for_a_separator(tmp_path: Path) -> None:
    found = read(tmp_path, "a;b\n1,5;2,5\n3,5;4,5\n")
    assert found.names == ("a", "b")


def test_a_separator_can_be_named(tmp_path: Path) -> None:
    assert read(tmp_path, "a b\n1 2\n", separator=" ").names == ("a", "b")
    assert read(tmp_path, "a,b\n1,2\n", separator=";").names == ("a,b",)


def test_tsv_files_are_cut_at_tabs(tmp_path: Path) -> None:
    assert read(tmp_path, "a,b\tc\n1,2\t3\n", "t.tsv").names == ("a,b", "c")


def test_a_single_column_needs_no_separator(tmp_path: Path) -> None:
    assert rows_of(read(tmp_path, "name\na\n\nb\n\n")) == [("a",), ("",), ("b",)]


def test_quotes_line_breaks_and_blank_lines(tmp_path: Path) -> None:
    text = 'a,b\r\n"x ""y""","line 1\nline 2"\r\n\r\n5" pipe,\r\n'
    assert rows_of(read(tmp_path, text)) == [('x "y"', "line 1\nline 2"), ('5" pipe', "")]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_marks_tell_the_encoding(tmp_path: Path, encoding: str) -> None:
    found = read(tmp_path, "grün,b\nä,2\n".encode(encoding))
    assert found.names == ("grün", "b")
    assert rows_of(found) == [("ä", "2")]


def test_a_byte_order_mark_is_dropped_where_utf8_is_named_too(tmp_path: Path) -> None:
    assert read(tmp_path, "a,b\n1,2\n".encode("utf-8-sig"), encoding="UTF-8").names == ("a", "b")


def test_gzip_is_unpacked(tmp_path: Path) -> None:
    assert rows_of(read(tmp_path, gzip.compress(b"a,b\n1,2\n"), "t.csv.gz")) == [("1", "2")]


@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=3, max_size=3
        ),
        max_size=6,
    )
)
def test_what_the_csv_module_writes_is_read_unchanged(rows: list[list[str]]) -> None:
    handle = io.StringIO()
    csv.writer(handle).writerows([["a", "b", "c"], *rows])
    path = Path("t.csv")
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "t.csv")
        path.write_bytes(handle.getvalue().encode())
        assert rows_of(read_csv_text(path, separator=",")) == [tuple(row) for row in rows]


def test_rows_of_another_length_are_named_by_their_line(tmp_path: Path) -> None:
    assert "line 3 has 2 cells, but the header names 3" in refused(tmp_path, "a,b,c\n1,2,3\nsecret,2\n")
    assert "line 2 has 4 cells, but the header names 3" in refused(tmp_path, "a,b,c\nsecret,2,3,4\n")
    text = 'a,b\n"x\ny\nz",1\n\n1,2\nsecret\n'
    assert "line 7 has 1 cell," in refused(tmp_path, text)


def test_quotes_that_do_not_close_are_named_by_the_line_they_start_in(tmp_path: Path) -> None:
    assert "line 3: a quote is not closed" in refused(tmp_path, 'a,b\n1,2\n"secret,2\n3,4\n')
    assert "line 2: a quote is not closed" in refused(tmp_path, 'a,b\n"secret"x,2\n')


def test_names_that_stand_twice_are_all_told(tmp_path: Path) -> None:
    message = refused(tmp_path, "a,b,a,b,a\n1,2,3,4,5\n")
    assert "'a' (3 times), 'b' (2 times)" in message
    refused(tmp_path, ",,\n1,2,3\n")


def test_text_of_another_encoding_is_named_by_its_line(tmp_path: Path) -> None:
    data = "a,b\n1,2\nsecrét,3\n".encode("latin-1")
    assert "line 3 is not UTF-8 text. Name its encoding with --encoding" in refused(tmp_path, data)
    assert rows_of(read(tmp_path, data, encoding="latin-1")) == [("1", "2"), ("secrét", "3")]
    assert "is not UTF-16 text" in refused(tmp_path, "a,b\n1,2\n".encode("utf-16")[:-1])


def test_nul_and_endless_cells_are_refused(tmp_path: Path) -> None:
    assert "line 2 holds a NUL" in refused(tmp_path, b"a,b\nsecret,\x00\n")
    assert "line 1 holds a NUL character. If the file is UTF-16" in refused(
        tmp_path, "a,b\n".encode("utf-16-le")
    )
    assert "longer than" in refused(tmp_path, "a,b\n" + "x" * 200_000 + ",1\n")


def test_a_gzip_bomb_of_one_line_is_refused_at_bounded_memory(tmp_path: Path) -> None:
    bomb = gzip.compress(b"a,b\n" + b"x" * (40 * 2**20))
    assert "line 2" in refused(tmp_path, bomb, "t.csv.gz")


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_files_without_a_header_are_refused(tmp_path: Path, data: bytes) -> None:
    assert "no header line with the column names" in refused(tmp_path, data)


@pytest.mark.parametrize(
    "data", [b"a,b\n1,2\n", gzip.compress(b"a,b\n1,2\n" * 1000, mtime=0)[:-9], b"\x1f\x8b\x08\x00junkjunk"]
)
def test_damaged_gzip_is_refused(tmp_path: Path, data: bytes) -> None:
    assert "not a whole gzip file" in refused(tmp_path, data, "t.csv.gz")


def test_a_header_alone_is_a_table_without_rows(tmp_path: Path) -> None:
    found = read(tmp_path, "a,b\n")
    assert found.names == ("a", "b")
    assert rows_of(found) == []
