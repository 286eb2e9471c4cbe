"""The `.tabgan` file: one stored zip of JSON and safetensors that runs no code when it is read.

    manifest.json       format, versions, SHA-256 of the other members, facts about the training
    schema.json         the public facts of the table
    encoding.json       released statistics: levels, categories, formats
    model.safetensors   the weights

Reading accepts exactly what writing produces. The hashes guard against damage, not against
forgery: whoever can rewrite the whole file can also rewrite its hashes. What a forged file can
do is give bad rows; it cannot run code, and it cannot ask for more memory than the limits below.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import safetensors
import safetensors.numpy

from tabgan.errors import ModelFileError
from tabgan.stored_zip import MAX_BYTES, StoredZipError, read_members, write_members
from tabgan.whole_file import whole_file

FORMAT, CHECKPOINT = "tabgan", "tabgan-checkpoint"
KINDS = {FORMAT: "model file", CHECKPOINT: "checkpoint of training"}
FORMAT_VERSION = 1

_MANIFEST, _SCHEMA, _ENCODING = "manifest.json", "schema.json", "encoding.json"
_TENSORS = "model.safetensors"
_MIB = 2**20
_MAX_BYTES = {_MANIFEST: 16 * _MIB, _SCHEMA: 64 * _MIB, _ENCODING: 64 * _MIB, _TENSORS: 1024 * _MIB}
_MAX_TENSOR_HEADER_BYTES = 4 * _MIB
_MAX_DEPTH = 32
_DTYPES = {"bool", "float16", "float32", "float64"} | {
    f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)
}


@dataclass(frozen=True)
class ModelFile:
    """What a model file holds: three JSON objects and the weights by name."""

    manifest: dict[str, Any]
    schema: dict[str, Any]
    encoding: dict[str, Any]
    tensors: dict[str, np.ndarray[Any, Any]]


def write_model(
    path: str | os.PathLike[str],
    *,
    manifest: Mapping[str, Any],
    schema: Mapping[str, Any],
    encoding: Mapping[str, Any],
    tensors: Mapping[str, np.ndarray[Any, Any]],
    form: str = FORMAT,
) -> None:
    """Write a model so that the file is whole or absent; equal content gives equal bytes.

    `form`: FORMAT, or CHECKPOINT for one that is still being trained. The manifest gets four entries of
    its own, over any of the same name: "format", "format_version", "tabgan_version" and "sha256".
    Raises: ModelFileError where the content could not be read back, before anything is written;
        OSError where the file cannot be written.
    """
    members = {
        _SCHEMA: _to_json(_SCHEMA, schema),
        _ENCODING: _to_json(_ENCODING, encoding),
        _TENSORS: _to_safetensors(tensors),
    }
    facts = {
        **manifest,
        "format": form,
        "format_version": FORMAT_VERSION,
        "tabgan_version": _tabgan_version(),
        "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in members.items()},
    }
    members = {_MANIFEST: _to_json(_MANIFEST, facts), **members}
    for name, data in members.items():
        if len(data) > _MAX_BYTES[name]:
            limit = _MAX_BYTES[name] // _MIB
            raise ModelFileError(f"{name} would be {len(data) // _MIB} MiB; a model holds up to {limit}.")
    with whole_file(path) as handle:
        write_members(handle, members)


def read_model(path: str | os.PathLike[str], form: str = FORMAT) -> ModelFile:
    """Read a model file, or a checkpoint, or say why it is refused; no code in it is ever run.

    Raises: ModelFileError with the reason; OSError where there is no file or no permission.
    """
    # Looked at before opening: opening a pipe would wait for ever.
    status = Path(path).stat()
    if not stat.S_ISREG(status.st_mode):
        raise ModelFileError(f"{path} is not a regular file.")
    if status.st_size > MAX_BYTES:
        raise ModelFileError(f"{path} is not a model: it is larger than a model can be.")
    objects: dict[str, dict[str, Any]] = {}
    tensors: dict[str, np.ndarray[Any, Any]] = {}
    try:
        with Path(path).open("rb") as handle:
            for name, data in read_members(handle, _MAX_BYTES):
                if name != _MANIFEST:
                    _check_hash(name, data, objects[_MANIFEST])
                if name == _TENSORS:
                    tensors = _from_safetensors(data)
                    continue
                objects[name] = _from_json(name, data)
                if name == _MANIFEST:
                    _check_manifest(objects[name], form)
    except (StoredZipError, ModelFileError) as error:
        reason = str(error).rstrip(".")
        raise ModelFileError(f"{path} is not a usable {KINDS[form]}: {reason}.") from None
    return ModelFile(objects[_MANIFEST], objects[_SCHEMA], objects[_ENCODING], tensors)


def _tabgan_version() -> str:
    # Late, because the package is still being imported when this module is.
    from tabgan import __version__

    return __version__


def _check_manifest(manifest: Mapping[str, Any], form: str) -> None:
    """The file says it is ours, of a version we know, and hashes exactly the other members."""
    found = manifest.get("format")
    if found != form:
        is_ours = isinstance(found, str) and found in KINDS
        told = f"it is a {KINDS[str(found)]}" if is_ours else "it was written by another program"
        raise ModelFileError(told)
    version = manifest.get("format_version")
    if type(version) is not int or version < 1:
        raise ModelFileError("its format version is not a number")
    if version > FORMAT_VERSION:
        raise ModelFileError(
            f"it has format {version}, this tabgan reads up to {FORMAT_VERSION}; update tabgan"
        )
    hashes = manifest.get("sha256")
    if not isinstance(hashes, dict) or set(hashes) != set(_MAX_BYTES) - {_MANIFEST}:
        raise ModelFileError("its manifest does not list the hashes of its members")


def _check_hash(name: str, data: bytes, manifest: Mapping[str, Any]) -> None:
    if hashlib.sha256(data).hexdigest() != manifest["sha256"][name]:
        raise ModelFileError(f"{name} does not match its hash in the manifest")


def _to_json(name: str, value: Mapping[str, Any]) -> bytes:
    """Strict JSON: text keys, finite numbers, ASCII, in the order given."""
    _check_tree(name, value)
    try:
        text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise ModelFileError(f"{name} cannot be written as JSON: {error}.") from None
    return text.encode("ascii")


def _from_json(name: str, data: bytes) -> dict[str, Any]:
    def refuse(_: str) -> NoReturn:
        raise ModelFileError(f"{name} holds a number that is not finite")

    def finite(text: str) -> float:
        number = float(text)
        return number if math.isfinite(number) else refuse(text)

    def no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        entries = dict(pairs)
        if len(entries) < len(pairs):
            raise ModelFileError(f"{name} names an entry twice")
        return entries

    try:
        value = json.loads(
            data.decode("ascii"),
            object_pairs_hook=no_duplicates,
            parse_constant=refuse,
            parse_float=finite,
        )
    except (ValueError, RecursionError):
        raise ModelFileError(f"{name} is not the JSON that tabgan writes") from None
    if not isinstance(value, dict):
        raise ModelFileError(f"{name} is not a JSON object")
    _check_tree(name, value)
    return value


def _check_tree(name: str, value: object) -> None:
    """Every key is text and nothing is nested deeper than any model needs."""
    level: list[object] = [value]
    for _ in range(_MAX_DEPTH):
        below: list[object] = []
        for node in level:
            if isinstance(node, Mapping):
                if not all(isinstance(key, str) for key in node):
                    raise ModelFileError(f"{name} has a key that is not text")
                below.extend(node.values())
            elif isinstance(node, list | tuple):
                below.extend(node)
        if not below:
            return
        level = below
    raise ModelFileError(f"{name} is nested too deeply")


def _to_safetensors(tensors: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    for name, tensor in tensors.items():
        if tensor.dtype.name not in _DTYPES:
            raise ModelFileError(f"Tensor '{name}' has dtype {tensor.dtype}, which is not stored.")
        _check_finite(name, tensor)
    # safetensors copies memory as it lies, so every tensor must lie in C order; asarray keeps
    # tensors without dimensions, which ascontiguousarray would turn into vectors.
    dense = {name: np.asarray(tensor, order="C") for name, tensor in tensors.items()}
    return safetensors.numpy.save(dense)


def _from_safetensors(data: bytes) -> dict[str, np.ndarray[Any, Any]]:
    """Weights as arrays of their own, checked to be finite."""
    if int.from_bytes(data[:8], "little") > _MAX_TENSOR_HEADER_BYTES:
        raise ModelFileError(f"{_TENSORS} has a header larger than a model needs")
    try:
        tensors = safetensors.numpy.load(data)
    except (safetensors.SafetensorError, KeyError, ValueError):
        # KeyError: a dtype that numpy does not have.
        raise ModelFileError(f"{_TENSORS} is not a safetensors file") from None
    for name, tensor in tensors.items():
        _check_finite(name, tensor)
    return tensors


def _check_finite(name: str, tensor: np.ndarray[Any, Any]) -> None:
    # Booleans and whole numbers are always finite.
    if tensor.dtype.kind == "f" and not np.isfinite(tensor).all():
        raise ModelFileError(f"Tensor '{name}' holds numbers that are not finite.")
