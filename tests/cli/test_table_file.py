"""Tables in and out by the file's ending; what is written is whole and reads back alike."""

from __future__ import annotations

import datetime as dt
import decimal
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tabgan_cli.failures import CommandError
from tabgan_cli.table_file import read_table, table_writer
from tabgan_cli.tables import CsvOptions, CsvStyle, Table

from tabgan.schema import Column, Schema


def write(path: Path, *tables: pd.DataFrame, style: CsvStyle | None = None) -> Path:
    with table_writer(path, style) as rows:
        for table in tables:
            rows(table)
    return path


def rewrite(source: Path, target: Path) -> str:
    table = read_table(source)
    return write(target, table.rows, style=table.style).read_text()


@pytest.mark.parametrize(
    "text",
    [
        "zip,day,price\n00123,2024-01-31,1.50\n,,\n80331,2024-02-29,12.25\n",
        "a;b\n1,5;x,y\n;z\n",
        'a\tb\n"x\ty"\ttrue\nz\t\n',
        'a,b\n"x, y",1\n"line\nbreak",\n"say ""hi""",3\n',
        'only\nx\n""\ny\n',
        "\"a,b\",,'=cmd\n1,NA,'=x\n2,null,\n",
    ],
)
def test_a_csv_file_is_written_as_it_was_read(tmp_path: Path, text: str) -> None:
    source = tmp_path / "a.csv"
    source.write_text(text)
    table = read_table(source)
    assert write(tmp_path / "b.csv", table.rows, style=table.style).read_text() == text


@pytest.mark.parametrize(
    ("text", "decimal"),
    [
        ("a;b\n1,5;x\n2;y\n", ","),
        ('a,b\n"1,5",x\n"2,25",y\n', ","),
        ("a;b\n1,5;2.5\n2,5;3.5\n", "."),  # which of them?
        ("a;b\n1,234;x\n12,345;y\n", "."),  # thousands, perhaps
        ("a;b\n1,234;x\n0,5;y\n", ","),
        ("a;b\n1,5;x\nso;y\n", "."),
        ("a;b\n1.5;x,y\n2;y\n", "."),
        ("a,b\n1,x\n,\n", "."),
    ],
)
def test_the_decimal_point_is_found_and_can_be_named(tmp_path: Path, text: str, decimal: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    assert read_table(tmp_path / "a.csv").style.decimal == decimal
    for named in (".", ","):
        assert read_table(tmp_path / "a.csv", CsvOptions(decimal=named)).style.decimal == named
    is_number = pd.api.types.is_numeric_dtype(read_table(tmp_path / "a.csv").rows["a"].dtype)
    assert is_number == (decimal == "," or text.startswith(("a;b\n1.5", "a,b\n1,x")))


def test_the_shop_is_written_as_it_was_read(shop_csv: Path, tmp_path: Path) -> None:
    assert rewrite(shop_csv, tmp_path / "b.csv") == shop_csv.read_text()


def test_types_are_found(shop_csv: Path) -> None:
    rows = read_table(shop_csv).rows
    text = str(pd.Series(["a"]).dtype)
    expected = [text, "datetime64[s]", "datetime64[s, UTC]", "Int64", "float64", "bool", text]
    assert rows.dtypes.astype(str).tolist() == expected
    assert rows["note"].isin(["NA", "null", "so, so", 'a "quote"']).all()


def test_gzip_is_packed_the_same_way_each_time(tmp_path: Path) -> None:
    table = pd.DataFrame({"a": [1, 2]})
    first, second = (write(tmp_path / name, table) for name in ("a.csv.gz", "b.csv.gz"))
    assert first.read_bytes() == second.read_bytes()
    assert gzip.decompress(first.read_bytes()) == b"a\n1\n2\n"


@pytest.mark.parametrize(
    "name",
    ["t.csv", "t.csv.gz", "t.csv.zst", "t.tsv", "t.parquet", "t.feather", "t.arrow", "t.jsonl", "t.xlsx"],
)
def test_batches_make_the_same_file_as_one_table(tmp_path: Path, shop_csv: Path, name: str) -> None:
    table = read_table(shop_csv)
    whole = write(tmp_path / name, table.rows, style=table.style)
    (tmp_path / "parts").mkdir()
    batches = [table.rows.iloc[start : start + 70] for start in range(0, 300, 70)]
    parts = write(tmp_path / "parts" / name, *batches, style=table.style)
    pd.testing.assert_frame_equal(read_table(whole).rows, read_table(parts).rows)
    if "csv" in name:
        assert whole.read_bytes() == parts.read_bytes()


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.feather", "t.xlsx"])
def test_an_empty_table_keeps_its_columns(tmp_path: Path, shop_csv: Path, name: str) -> None:
    table = read_table(shop_csv)
    found = read_table(write(tmp_path / name, table.rows.iloc[:0], style=table.style)).rows
    assert list(found) == list(table.rows)
    assert len(found) == 0


def test_parquet_keeps_the_types_of_pandas(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "whole": pd.array([1, None, 3], dtype="Int64"),
            "small": np.array([1, 2, 3], dtype="uint8"),
            "text": ["a", None, "c"],
            "kind": pd.Categorical(["x", "y", None], categories=["y", "x", "z"], ordered=True),
            "flag": [True, False, True],
            "maybe": pd.array([True, None, False], dtype="boolean"),
            "at": pd.to_datetime(["2024-01-01", None, "2024-01-03"])
            .tz_localize("Europe/Paris")
            .as_unit("ms"),
            "float": np.array([1.5, np.nan, 2.5], dtype="float32"),
        }
    )
    found = read_table(write(tmp_path / "t.parquet", table)).rows
    pd.testing.assert_frame_equal(found, table)


def test_parquet_of_other_programs_keeps_whole_numbers_booleans_dates_and_decimals(tmp_path: Path) -> None:
    arrow = pa.table(
        {
            "whole": pa.array([2**60 + 1, None], pa.int64()),
            "small": pa.array([1, None], pa.uint8()),
            "flag": pa.array([True, None]),
            "day": pa.array([dt.date(2024, 1, 31), None]),
            "price": pa.array([decimal.Decimal("1.50"), None], pa.decimal128(10, 2)),
        }
    )
    pq.write_table(arrow, tmp_path / "t.parquet")
    rows = read_table(tmp_path / "t.parquet").rows
    assert rows.dtypes.astype(str).tolist() == [
        "Int64",
        "UInt8",
        "boolean",
        "date32[day][pyarrow]",
        "decimal128(10, 2)[pyarrow]",
    ]
    assert rows["whole"][0] == 2**60 + 1
    again = pq.read_table(write(tmp_path / "again.parquet", rows))
    assert again.schema.types == arrow.schema.types
    assert again.to_pydict() == arrow.to_pydict()
    assert write(tmp_path / "t.csv", rows).read_text().splitlines()[1:] == [
        f"{2**60 + 1},1,True,2024-01-31,1.50",
        ",,,,",
    ]


def test_the_index_of_a_parquet_file_is_left_out_and_told_of(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}, index=pd.Index(["x", "y"], name="key"))
    frame.to_parquet(tmp_path / "t.parquet")
    table = read_table(tmp_path / "t.parquet")
    assert list(table.rows) == ["a"]
    assert "index is left out" in table.warnings[0]
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "plain.parquet")
    assert read_table(tmp_path / "plain.parquet").warnings == ()


def test_folders_called_like_a_column_add_none(tmp_path: Path) -> None:
    folder = tmp_path / "year=2024"
    folder.mkdir()
    assert list(read_table(write(folder / "t.parquet", pd.DataFrame({"a": [1]}))).rows) == ["a"]


@pytest.mark.parametrize(
    ("name", "told"),
    [("t.parquet", "Parquet"), ("t.feather", "Arrow"), ("t.arrow", "Arrow"), ("t.xlsx", "Excel")],
)
def test_damaged_binary_files_are_refused(tmp_path: Path, name: str, told: str) -> None:
    path = write(tmp_path / name, pd.DataFrame({"a": range(1000), "s": ["x", "yy"] * 500}))
    whole, edge = path.read_bytes(), path.read_bytes()[:4]
    for data in (b"", b"a,b\n1,2\n", whole[:-20], whole[: len(whole) // 2], edge + b"\0" * 100 + edge):
        path.write_bytes(data)
        with pytest.raises(CommandError, match=f"not a readable {told} file"):
            read_table(path)


def test_arrow_streams_are_read(tmp_path: Path) -> None:
    arrow = pa.table({"a": [1, None], "s": ["x", None]})
    with pa.OSFile(str(tmp_path / "t.arrow"), "wb") as sink, pa.ipc.new_stream(sink, arrow.schema) as writer:
        writer.write_table(arrow)
    rows = read_table(tmp_path / "t.arrow").rows
    assert rows["a"].dtype == "Int64"
    assert rows["s"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    "name", ["t.csv", "t.csv.gz", "t.csv.zst", "t.parquet", "t.arrow", "t.jsonl", "t.xlsx"]
)
@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_interrupted_file_is_not_there(tmp_path: Path, name: str, error: type[BaseException]) -> None:
    def fail() -> None:
        with table_writer(tmp_path / name) as rows:
            rows(pd.DataFrame({"a": range(100)}))
            raise error

    with pytest.raises(error):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_schema_decides_how_text_is_read(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("zip,size,rate,day\n123,1,2,2024-01-01\n456,,,\n")
    schema = Schema(
        (
            Column("zip", "categorical", dtype="str"),
            Column("size", "numeric", dtype="int64"),
            Column("rate", "numeric", dtype="float64"),
            Column("day", "datetime", dtype="datetime64[us]"),
            Column("other", "numeric", dtype="int64"),
        )
    )
    rows = read_table(tmp_path / "t.csv", schema=schema).rows
    assert rows["zip"].tolist() == ["123", "456"]
    assert rows.dtypes.astype(str).tolist()[1:] == ["Int64", "float64", "datetime64[s]"]


def test_names_that_are_all_numbers_are_told_of(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("39,2174\n50,13\n")
    assert "header line missing" in read_table(tmp_path / "t.csv").warnings[0]


def test_names_that_are_no_text_are_written_as_text(tmp_path: Path) -> None:
    table = pd.DataFrame({0: [1], ("a", 1): [2], None: [3]})
    for name in ("t.csv", "t.parquet"):
        assert list(read_table(write(tmp_path / name, table, table)).rows) == ["0", "('a', 1)", "None"]


@pytest.mark.parametrize(
    "facts",
    [
        None,
        [],
        {},
        {"separator": "", "decimal": "."},
        {"separator": ",", "decimal": "x", "columns": {}},
        {"columns": 1},
    ],
)
def test_a_damaged_style_is_the_usual_one(facts: Any) -> None:
    assert CsvStyle.from_dict(facts) == CsvStyle()


def test_a_table_is_told_nothing_by_default() -> None:
    assert Table(pd.DataFrame()).warnings == ()
