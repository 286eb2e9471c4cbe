"""Where a table is: files by their ending, standard input and output, databases; no password shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from tabgan_cli.failures import CommandError, Exit
from tabgan_cli.paths import check_inputs, check_outputs, check_table_path
from tabgan_cli.places import Place


@pytest.mark.parametrize(
    ("text", "kind", "packing"),
    [
        ("a.csv", "csv", ""),
        ("a.CSV.GZ", "csv", ".gz"),
        ("a.tsv.zst", "csv", ".zst"),
        ("a.txt.gz", "csv", ".gz"),
        ("a.jsonl", "json lines", ""),
        ("a.ndjson.gz", "json lines", ".gz"),
        ("a.parquet", "parquet", ""),
        ("a.pq", "parquet", ""),
        ("a.feather", "arrow", ""),
        ("a.arrow", "arrow", ""),
        ("a.xlsx", "excel", ""),
        ("-", "csv", ""),
        ("-.jsonl.gz", "json lines", ".gz"),
        ("sqlite:///shop.db#orders", "database", ""),
        ("postgresql+pg8000://me@host/shop#SELECT 1", "database", ""),
    ],
)
def test_the_place_tells_the_format(text: str, kind: str, packing: str) -> None:
    place = Place(text)
    assert (place.format, place.packing if kind != "database" else "") == (kind, packing)
    check_table_path(place)


@pytest.mark.parametrize("name", ["a", "a.xls", "a.json", "a.gz", "a.parquet.gz", "a.xlsx.zst", "-.pdf"])
def test_unknown_endings_are_usage_errors(name: str) -> None:
    with pytest.raises(CommandError, match="unknown kind of table") as caught:
        check_table_path(Place(name))
    assert caught.value.code == Exit.USAGE


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:secret@host/shop#orders", "postgresql://me:***@host/shop#orders"),
        ("postgresql://me:se:cret@host:1/shop#a@b", "postgresql://me:***@host:1/shop#a@b"),
        ("postgresql://me:se@cret@host/shop#o", "postgresql://me:***@host/shop#o"),
        ("postgresql://me:se%23cret@host/shop#o", "postgresql://me:***@host/shop#o"),
        ("postgresql://me:se#cret@host/shop#o", "postgresql://me:***@host/shop#o"),
        ("postgresql://me:se/cret@host/shop#o", "postgresql://me:***@host/shop#o"),
        ("postgresql://me@host/shop#orders", "postgresql://me@host/shop#orders"),
        ("sqlite:///a:b@c.db#t", "sqlite:///a:b@c.db#t"),
    ],
)
def test_passwords_are_never_shown(url: str, shown: str) -> None:
    assert str(Place(url)) == shown


def test_standard_input_is_read_once_only(tmp_path: Path) -> None:
    check_inputs(Place("-"), None)
    with pytest.raises(CommandError, match="only once"):
        check_inputs(Place("-"), Place("-.jsonl"))
    check_outputs(Place("-"), inputs=(Place("-"),), force=False)
    with pytest.raises(CommandError, match="named twice"):
        check_outputs(Place("-"), Place("-"), inputs=(), force=False)


@pytest.mark.parametrize(("name", "extra"), [("a.xlsx", "excel"), ("sqlite:///a.db#t", "sql")])
def test_a_missing_extra_is_one_line_with_the_cure(
    name: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tabgan_cli.paths.find_spec", lambda module: None)
    with pytest.raises(CommandError, match=rf"tabgan-toolkit\[{extra}\]") as caught:
        check_table_path(Place(name))
    assert caught.value.code == Exit.USAGE
    check_table_path(Place("a.csv"))
