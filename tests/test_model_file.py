"""The model file: what is written is read back, whole, or nothing is written."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tabgan import __version__
from tabgan.errors import ModelFileError
from tabgan.model_file import ModelFile, read_model
from tests.forged_files import (
    ENCODING,
    MANIFEST,
    MEMBERS,
    SCHEMA,
    members_of,
    small_tensors,
    write,
)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write(tmp_path / "m.tabgan")


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
        own = {"format", "format_version", "tabgan_version", "sha256"}
        assert all(found.manifest[key] == value for key, value in manifest.items() if key not in own)
        assert (found.schema, found.encoding) == (schema, encoding)
        assert set(found.tensors) == set(tensors)
        for name, tensor in tensors.items():
            np.testing.assert_array_equal(found.tensors[name], tensor)
            assert (found.tensors[name].dtype, found.tensors[name].shape) == (tensor.dtype, tensor.shape)


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
