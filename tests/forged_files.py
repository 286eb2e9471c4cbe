"""A small model file, and what a forger could make of it."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tabgan import model_file
from tabgan.errors import ModelFileError
from tabgan.model_file import read_model, write_model

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
