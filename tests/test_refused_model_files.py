"""Model files that were changed, forged or written by others: none is read."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from tabgan.errors import ModelFileError
from tabgan.model_file import read_model
from tests.forged_files import (
    MEMBERS,
    SCHEMA,
    members_of,
    refused,
    write,
    zipped,
)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write(tmp_path / "m.tabgan")


def test_a_file_cut_at_any_byte_is_refused(model: Path) -> None:
    data = model.read_bytes()
    for length in [*range(100), *range(100, len(data) - 400, 13), *range(len(data) - 400, len(data))]:
        refused(model, data[:length])


def test_a_changed_byte_anywhere_is_refused(model: Path) -> None:
    data = model.read_bytes()
    for at in range(len(data)):
        for flip in (1 << at % 8, 0xFF):
            changed = bytearray(data)
            changed[at] ^= flip
            refused(model, bytes(changed))


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data + b"\0",
        lambda data: b"#!/bin/sh\n" + data,
        lambda data: data[:-2] + b"\x05\x00hello",
        lambda data: data + data,
        lambda data: data.replace(b"PK\x01\x02", b"\0" * 8 + b"PK\x01\x02", 1),
    ],
    ids=["trailing", "leading", "comment", "twice", "gap"],
)
def test_bytes_around_the_members_are_refused(model: Path, change: Callable[[bytes], bytes]) -> None:
    refused(model, change(model.read_bytes()))


def test_extra_duplicate_missing_and_reordered_members_are_refused(model: Path) -> None:
    members = members_of(model)
    extra = members | {"extra.txt": b"hi"}
    assert "other members" in refused(model, zipped(extra, rehash=False))
    without = {name: data for name, data in members.items() if name != "encoding.json"}
    refused(model, zipped(without, rehash=False))
    refused(model, zipped(dict(reversed(members.items())), rehash=False))
    handle = io.BytesIO(zipped(members, rehash=False))
    with zipfile.ZipFile(handle, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("schema.json", b"{}")
    refused(model, handle.getvalue())


def test_the_forger_of_these_tests_can_make_a_good_file(model: Path) -> None:
    """Control: the refusals below come from what was changed, not from the way the file is put together."""
    members = members_of(model)
    model.write_bytes(zipped(members))
    assert read_model(model).schema == SCHEMA


def test_compressed_members_are_refused(model: Path) -> None:
    members = members_of(model)
    for compression in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        refused(model, zipped(members, rehash=False, compression=compression))


@pytest.mark.parametrize("member", MEMBERS[1:])
def test_a_member_that_does_not_match_its_hash_is_refused(model: Path, member: str) -> None:
    members = members_of(model)
    data = members[member].replace(b"e", b"E", 1)
    assert data != members[member]
    assert "hash" in refused(model, zipped(members | {member: data}, rehash=False))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format_version": 2}, "update tabgan"),
        ({"format_version": 0}, "format version"),
        ({"format_version": True}, "format version"),
        ({"format_version": "1"}, "format version"),
        ({"format": "other"}, "another program"),
        ({"sha256": {}}, "hashes"),
        ({"sha256": None}, "hashes"),
    ],
)
def test_a_manifest_of_another_format_is_refused(model: Path, changes: dict[str, Any], reason: str) -> None:
    members = members_of(model)
    manifest = json.loads(members["manifest.json"]) | changes
    members["manifest.json"] = json.dumps(manifest).encode()
    assert reason in refused(model, zipped(members, rehash=False))


def test_a_newer_format_is_told_even_when_it_has_other_members(model: Path) -> None:
    members = members_of(model)
    manifest = json.loads(members["manifest.json"]) | {"format_version": 2}
    newer = {"manifest.json": json.dumps(manifest).encode(), "weights.bin": b"..."}
    assert "update tabgan" in refused(model, zipped(newer, rehash=False))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'{"a":1,"a":2}', "twice"),
        (b'{"x":{"a":1,"a":2}}', "twice"),
        (b'{"a":NaN}', "not finite"),
        (b'{"a":-Infinity}', "not finite"),
        (b'{"a":1e999}', "not finite"),
        (b"[1]", "not a JSON object"),
        (b"", "not the JSON"),
        (b'{"a":1', "not the JSON"),
        (b'{"a":"\xff"}', "not the JSON"),
        (b'{"a":"\xc3\xa9"}', "not the JSON"),
        (b'{"a":' + b"9" * 5000 + b"}", "not the JSON"),
        (b'{"a":' + b"[" * 40 + b"]" * 40 + b"}", "deep"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not the JSON"),
    ],
    ids=[
        "twice",
        "twice below",
        "nan",
        "inf",
        "1e999",
        "list",
        "empty",
        "cut",
        "latin",
        "utf8",
        "digits",
        "deep",
        "abyss",
    ],
)
@pytest.mark.parametrize("member", MEMBERS[:3])
def test_json_that_tabgan_would_not_write_is_refused(
    model: Path, member: str, text: bytes, reason: str
) -> None:
    members = members_of(model)
    members[member] = text
    assert reason in refused(model, zipped(members, rehash=member != "manifest.json"))


def forged_tensors(model: Path, data: bytes) -> str:
    return refused(model, zipped(members_of(model) | {"model.safetensors": data}))


def test_weights_that_are_not_finite_are_refused(model: Path) -> None:
    for bad in (np.nan, np.inf, -np.inf):
        data = safetensors.numpy.save({"w": np.array([1.0, bad], dtype=np.float32)})
        assert "not finite" in forged_tensors(model, data)


def test_weights_that_are_no_safetensors_are_refused(model: Path) -> None:
    good = members_of(model)["model.safetensors"]
    forged_tensors(model, b"")
    forged_tensors(model, b"\xff" * 64)
    forged_tensors(model, good[:-1])
    forged_tensors(model, good + b"\0")
    forged_tensors(model, good.replace(b"F32", b"F99"))
    forged_tensors(model, good.replace(b'"F32"', b'"BF16"').replace(b"[4,3]", b"[4,6]"))
    forged_tensors(model, struct.pack("<Q", 2**40) + b"{}")
    forged_tensors(model, pickle.dumps({"w": [1.0]}))


def test_a_member_that_claims_to_be_huge_is_refused_before_it_is_read(model: Path) -> None:
    data = bytearray(model.read_bytes())
    data[18:26] = struct.pack("<II", 2**31 - 2, 2**31 - 2)
    assert "larger than a model can be" in refused(model, bytes(data))


def test_a_huge_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as handle:
        handle.truncate(2**31)
    with pytest.raises(ModelFileError, match="larger than a model"):
        read_model(path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"a,b\n1,2\n",
        pickle.dumps([1]),
        b"\x1f\x8b" + b"\0" * 60,
        b"PK\x05\x06" + b"\0" * 18,
        os.urandom(4096),
    ],
    ids=["empty", "csv", "pickle", "gzip", "empty zip", "noise"],
)
def test_foreign_files_are_refused(tmp_path: Path, data: bytes) -> None:
    refused(tmp_path / "foreign", data)


def test_a_pickle_in_any_member_is_never_run(model: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trap"

    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (trap,))

    for member in MEMBERS[1:]:
        refused(model, zipped(members_of(write(tmp_path / "good")) | {member: pickle.dumps(Bomb())}))
    refused(model, pickle.dumps(Bomb()))
    assert not trap.exists()


def test_folders_and_pipes_are_refused_and_missing_files_are_os_errors(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="regular file"):
        read_model(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelFileError, match="regular file"):
        read_model(tmp_path / "pipe")
    with pytest.raises(FileNotFoundError):
        read_model(tmp_path / "missing")


def test_a_single_checksum_is_not_enough_to_pass(model: Path) -> None:
    """A forged member with a right CRC and a right size still has to match the directory at the end."""
    data = model.read_bytes()
    name, body = b"schema.json", members_of(model)["schema.json"]
    changed = body.replace(b"age", b"egg")
    forged = data.replace(body, changed)
    at = forged.index(b"PK\x03\x04", forged.index(name) - 31)
    forged = forged[: at + 14] + struct.pack("<I", zlib.crc32(changed)) + forged[at + 18 :]
    assert "hash" in refused(model, forged)
