"""JSON lines: every digit, every missing cell; errors name the line and no cell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tabgan_cli.failures import CommandError, Exit
from tabgan_cli.table_file import read_table, table_writer

from tabgan.schema import Column, Schema


def read(tmp_path: Path, text: str | bytes) -> pd.DataFrame:
    path = tmp_path / "t.jsonl"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_table(path).rows


def test_entries_may_lack_and_come_in_any_order(tmp_path: Path) -> None:
    rows = read(tmp_path, '{"a": 1, "b": "x"}\n\n{"b": null}\r\n{"c": true, "a": 3}\n')
    assert list(rows) == ["a", "b", "c"]
    assert rows.dtypes.astype(str).tolist() == ["Int64", str(pd.Series(["x"]).dtype), "boolean"]
    assert rows.isna().sum().tolist() == [1, 2, 2]


def test_types_that_differ_between_distant_rows_are_joined(tmp_path: Path) -> None:
    lines = [{"n": 1, "late": None}] * 20_000 + [{"n": 2.5, "late": "x", "new": 2**60}]
    rows = read(tmp_path, "".join(f"{json.dumps(line)}\n" for line in lines))
    assert rows.dtypes.astype(str).tolist()[0] == "float64"
    assert rows["late"].iloc[-1] == "x"
    assert rows["new"].iloc[-1] == 2**60
    assert rows["new"].isna().sum() == 20_000


def test_text_stays_text_and_iso_dates_are_dates(tmp_path: Path) -> None:
    rows = read(tmp_path, '{"zip": "00123", "no": "", "day": "2024-01-31", "at": "2024-01-31T10:00Z"}\n')
    assert rows["zip"].tolist() == ["00123"]
    assert rows["no"].tolist() == [""]
    assert rows.dtypes.astype(str).tolist()[2:] == ["datetime64[s]", "datetime64[s, UTC]"]


def test_a_file_is_written_as_it_was_read(tmp_path: Path) -> None:
    text = '{"a \\"b\\"": 1, "n": -0.1, "day": "2024-01-31T10:00Z", "ok": true, "s": "grün \\\\ \\n="}\n'
    read(tmp_path, text)
    table = read_table(tmp_path / "t.jsonl")
    with table_writer(tmp_path / "u.jsonl", table.style) as write:
        write(table.rows)
    assert (tmp_path / "u.jsonl").read_text() == text


def test_numbers_keep_every_digit(tmp_path: Path) -> None:
    numbers = pd.DataFrame({"i": [2**62 + 1, -(2**62)], "f": [0.1 + 0.2, np.nextafter(1e300, 2e300)]})
    with table_writer(tmp_path / "t.jsonl.zst") as write:
        write(numbers)
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.jsonl.zst").rows, numbers, check_exact=True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"a": 1}\n{"a": secret}\n', "line 2: it is not JSON"),
        ('{"a": 1}\n[1, 2]\n', "line 2 is not a JSON object"),
        ('[{"a": "secret"}]\n', "line 1 is not a JSON object"),
        ('{"a": 1, "a": 2}\n', "line 1: a name occurs twice in the object"),
        ("[" * 100_000 + "\n", "line 1: it is not JSON"),
        (b'{"a": "secr\xe9t"}\n', "is not UTF-8 text"),
        ('{"a": 1}\n{"a":\n', "line 2: it is not JSON"),
    ],
)
def test_damage_is_one_line(tmp_path: Path, text: str | bytes, told: str) -> None:
    with pytest.raises(CommandError, match=told) as caught:
        read(tmp_path, text)
    assert caught.value.code == Exit.DATA
    assert "secret" not in str(caught.value)


def test_infinite_numbers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="'x'"), table_writer(tmp_path / "t.jsonl") as write:
        write(pd.DataFrame({"x": [1.0, np.inf]}))
    assert list(tmp_path.iterdir()) == []


def test_a_schema_decides_how_cells_are_read(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"zip": 123, "rate": 1, "day": "2024-01-31", "size": "5"}\n')
    columns: list[tuple[str, Any, str]] = [
        ("zip", "categorical", "str"),
        ("rate", "numeric", "float64"),
        ("day", "categorical", "str"),
        ("size", "numeric", "int64"),
    ]
    schema = Schema(tuple(Column(name, kind, dtype=dtype) for name, kind, dtype in columns))
    rows = read_table(tmp_path / "t.jsonl", schema=schema).rows
    assert rows.iloc[0].tolist() == ["123", 1.0, "2024-01-31", 5]
