"""The members of a model file, and a file of any members, with right hashes where that is wanted."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np

from tabgan.stored_zip import write_members

Rng = np.random.Generator
Members = dict[str, bytes]
Mutation = Callable[[bytes, Rng], bytes]
MANIFEST, SCHEMA, ENCODING, WEIGHTS = "manifest.json", "schema.json", "encoding.json", "model.safetensors"
JSON_MEMBERS = (MANIFEST, SCHEMA, ENCODING)


def members_of(good: bytes) -> Members:
    """The members of a model file."""
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def stored(members: Members, *, fresh_hashes: bool = True) -> bytes:
    """A file of these members as tabgan lays it out."""
    if fresh_hashes and MANIFEST in members:
        hashes = {
            name: hashlib.sha256(data).hexdigest() for name, data in members.items() if name != MANIFEST
        }
        manifest = json.loads(members[MANIFEST]) | {"sha256": hashes}
        members = members | {MANIFEST: as_json(manifest)}
    handle = io.BytesIO()
    write_members(handle, members)
    return handle.getvalue()


def as_json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def picked(rng: Rng, choices: Any) -> Any:
    return choices[int(rng.integers(len(choices)))]
