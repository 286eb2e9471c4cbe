"""The model file: what is written is read back, and nothing else is."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tabgan import __version__, model_file
from tabgan.errors import ModelFileError
from tabgan.model_file import ModelFile, read_model, write_model

MEMBERS = ("manifest.json", "schema.json", "encoding.json", "model.safetensors")
MANIFEST = {"rows": 500, "settings": {"epochs": 3, "lr": 1e-3}, "name": "gründlich"}
SCHEMA = {"columns": [{"name": "age", "kind": "numeric"}, {"name": {"tuple": [1, "b"]}}]}
ENCODING = {"levels": [0.1, -3, 2**60, 1e300], "empty": {}, "none": None, "flag": True}


def small_tensors() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {"w": rng.normal(size=(4, 3)).astype(np.float32), "b": np.arange(3), "scale": np.float32(2.5)[()]}


def write(path: Path, **changes: Any) -> Path:
    tensors = {name: np.asarray(value) for name, value in small_tensors().items()}
    parts = {"manifest": MANIFEST, "schema": SCHEMA, "encoding": ENCODING, "tensors": tensors} | changes
    write_model(path, **parts)
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write(tmp_path / "m.tabgan")


def refused(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(ModelFileError) as caught:
        read_model(path)
    message = str(caught.value)
    assert "\n" not in message
    return message


def members_of(model: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(model) as archive:
        return {name: archive.read(name) for name in MEMBERS}


def zipped(members: dict[str, bytes], *, rehash: bool = True, compression: int = zipfile.ZIP_STORED) -> bytes:
    """A file of these members as tabgan would lay it out, with fresh hashes: what a forger could make."""
    if rehash:
        manifest = json.loads(members["manifest.json"])
        manifest["sha256"] = {
            name: hashlib.sha256(data).hexdigest()
            for name, data in members.items()
            if name != "manifest.json"
        }
        members = members | {"manifest.json": json.dumps(manifest).encode()}
    if compression == zipfile.ZIP_STORED:
        handle = io.BytesIO()
        model_file.write_members(handle, members)
        return handle.getvalue()
    handle = io.BytesIO()
    with zipfile.ZipFile(handle, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return handle.getvalue()


def test_what_is_written_is_read_back(model: Path) -> None:
    found = read_model(model)
    assert isinstance(found, ModelFile)
    assert {key: found.manifest[key] for key in MANIFEST} == MANIFEST
    assert found.schema == SCHEMA
    assert found.encoding == ENCODING
    for name, tensor in small_tensors().items():
        assert found.tensors[name].dtype == np.asarray(tensor).dtype
        np.testing.assert_array_equal(found.tensors[name], tensor)


def test_the_manifest_gets_versions_and_the_hash_of_every_other_member(model: Path) -> None:
    manifest = read_model(model).manifest
    assert (manifest["format"], manifest["format_version"]) == ("tabgan", 1)
    assert manifest["tabgan_version"] == __version__
    members = members_of(model)
    assert manifest["sha256"] == {name: hashlib.sha256(members[name]).hexdigest() for name in MEMBERS[1:]}


def test_any_zip_tool_can_open_it_and_finds_four_stored_members(model: Path) -> None:
    with zipfile.ZipFile(model) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == list(MEMBERS)
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_equal_models_are_equal_bytes_whatever_the_order_of_the_tensors(tmp_path: Path) -> None:
    tensors = {name: np.asarray(value) for name, value in small_tensors().items()}
    first = write(tmp_path / "a", tensors=tensors)
    second = write(tmp_path / "b", tensors=dict(reversed(tensors.items())))
    assert first.read_bytes() == second.read_bytes()


def test_tensors_are_stored_as_they_read_not_as_they_lie_in_memory(tmp_path: Path) -> None:
    grid = np.arange(12, dtype=np.float32).reshape(3, 4)
    tensors = {
        "transposed": grid.T,
        "strided": grid[:, ::2],
        "big_endian": grid.astype(">f4"),
        "empty": grid[:0],
        "alone": grid[1, 2],
        "flags": grid > 3,
    }
    dense = {name: np.asarray(value) for name, value in tensors.items()}
    found = read_model(write(tmp_path / "m", tensors=dense)).tensors
    for name, tensor in dense.items():
        np.testing.assert_array_equal(found[name], tensor)
        assert found[name].shape == tensor.shape


JSON_LEAF = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
JSON_OBJECT = st.dictionaries(
    st.text(),
    st.recursive(JSON_LEAF, lambda part: st.lists(part) | st.dictionaries(st.text(), part)),
    max_size=4,
)
TENSOR_DTYPE = st.sampled_from(["float16", "float32", "float64", "int8", "int16", "int64", "uint8", "bool"])
TENSOR = TENSOR_DTYPE.flatmap(
    lambda dtype: hnp.arrays(
        dtype,
        hnp.array_shapes(min_dims=0, min_side=0, max_side=4),
        elements=hnp.from_dtype(np.dtype(dtype), allow_nan=False, allow_infinity=False),
    )
)


@settings(max_examples=60, deadline=None)
@given(
    manifest=JSON_OBJECT,
    schema=JSON_OBJECT,
    encoding=JSON_OBJECT,
    tensors=st.dictionaries(
        st.text(min_size=1, max_size=5).filter(lambda n: n != "__metadata__"), TENSOR, max_size=3
    ),
)
def test_every_model_survives_the_file(
    manifest: dict[str, Any], schema: dict[str, Any], encoding: dict[str, Any], tensors: dict[str, Any]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder, "m"), manifest=manifest, schema=schema, encoding=encoding, tensors=tensors)
        found = read_model(path)
        kept = {key: value for key, value in manifest.items() if key not in model_file.RESERVED}
        assert {key: found.manifest[key] for key in kept} == kept
        assert (found.schema, found.encoding) == (schema, encoding)
        assert set(found.tensors) == set(tensors)
        for name, tensor in tensors.items():
            np.testing.assert_array_equal(found.tensors[name], tensor)
            assert (found.tensors[name].dtype, found.tensors[name].shape) == (tensor.dtype, tensor.shape)


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


@pytest.mark.parametrize(
    "changes",
    [
        {"tensors": {"w": np.array([np.nan])}},
        {"tensors": {"w": np.array(["text"])}},
        {"tensors": {"w": np.array([1j])}},
        {"manifest": {"a": float("nan")}},
        {"encoding": {"a": np.float32(1)}},
        {"encoding": {1: "a"}},
        {"schema": {"a": {"b": [{2: 3}]}}},
    ],
)
def test_what_could_not_be_read_back_is_not_written(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(ModelFileError):
        write(tmp_path / "m", **changes)
    assert list(tmp_path.iterdir()) == []


def test_json_nested_deeper_than_the_reader_allows_is_not_written(tmp_path: Path) -> None:
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"a": deep}
    with pytest.raises(ModelFileError, match="deep"):
        write(tmp_path / "m", encoding=deep)


def test_a_member_over_its_limit_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"manifest\.json"):
        write(tmp_path / "m", manifest={"text": "a" * (16 * 2**20)})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError("No space left on device")])
def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(
    model: Path, error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = model.read_bytes()

    def fail(descriptor: int) -> None:
        raise error

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(type(error) if isinstance(error, OSError) else KeyboardInterrupt):
        write(model, manifest={"other": 1})
    assert model.read_bytes() == before
    assert list(model.parent.iterdir()) == [model]


def test_writing_into_a_missing_folder_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write(tmp_path / "missing" / "m")


def test_a_single_checksum_is_not_enough_to_pass(model: Path) -> None:
    """A forged member with a right CRC and a right size still has to match the directory at the end."""
    data = model.read_bytes()
    name, body = b"schema.json", members_of(model)["schema.json"]
    changed = body.replace(b"age", b"egg")
    forged = data.replace(body, changed)
    at = forged.index(b"PK\x03\x04", forged.index(name) - 31)
    forged = forged[: at + 14] + struct.pack("<I", zlib.crc32(changed)) + forged[at + 18 :]
    assert "hash" in refused(model, forged)
