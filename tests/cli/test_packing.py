"""Packed text comes back whole; damage is told of, never read over."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
from tabgan_cli.failures import CommandError, Exit
from tabgan_cli.packing import open_packed, open_unpacked
from tabgan_cli.places import Place

TEXT = b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * n % 97) for n in range(50_000))


def packed(packing: str, data: bytes = TEXT) -> bytes:
    handle = io.BytesIO()
    with open_packed(handle, packing) as writer:
        for start in range(0, len(data), 1000):
            writer.write(data[start : start + 1000])
    assert not handle.closed
    return handle.getvalue()


def unpacked(path: Path, data: bytes) -> bytes:
    path.write_bytes(data)
    with open_unpacked(Place.of(path)) as handle:
        return handle.read()


@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
def test_what_is_packed_comes_back_and_equal_texts_are_equal_files(packing: str, tmp_path: Path) -> None:
    assert unpacked(tmp_path / f"a.csv{packing}", packed(packing)) == TEXT
    assert packed(packing) == packed(packing)
    assert (len(packed(packing)) < len(TEXT) / 2) == bool(packing)


@pytest.mark.parametrize("packing", [".gz", ".zst"])
def test_parts_that_follow_each_other_are_one_text(packing: str, tmp_path: Path) -> None:
    data = packed(packing, b"a\n1\n") + packed(packing, b"2\n")
    assert unpacked(tmp_path / f"a.csv{packing}", data) == b"a\n1\n2\n"


# Zstandard checks no sum unless its writer has asked for it, so a flipped bit may stay unseen there.
@pytest.mark.parametrize(
    ("packing", "damage"),
    [(".gz", "cut"), (".gz", "foreign"), (".gz", "flipped"), (".zst", "cut"), (".zst", "foreign")],
)
def test_damage_is_a_data_error(packing: str, damage: str, tmp_path: Path) -> None:
    whole = packed(packing)
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :]
    data = {"cut": whole[:-9], "foreign": b"a,b\n1,2\n", "flipped": flipped}[damage]
    with pytest.raises(CommandError, match="is not a whole") as caught:
        unpacked(tmp_path / f"a.csv{packing}", data)
    assert caught.value.code == Exit.DATA


def test_files_of_the_gzip_program_are_read(tmp_path: Path) -> None:
    assert unpacked(tmp_path / "a.csv.gz", gzip.compress(TEXT)) == TEXT
