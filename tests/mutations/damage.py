"""A model file that was damaged or put together by somebody else: its hashes stay as they were."""

from __future__ import annotations

import io
import struct
import zipfile

import numpy as np

from tests.mutations.members import (
    ENCODING,
    MANIFEST,
    SCHEMA,
    WEIGHTS,
    Mutation,
    Rng,
    members_of,
    picked,
    stored,
)


def cut_anywhere(good: bytes, rng: Rng) -> bytes:
    return good[: int(rng.integers(len(good)))]


def cut_within_the_first_header(good: bytes, rng: Rng) -> bytes:
    return good[: int(rng.integers(64))]


def cut_at_a_member(good: bytes, rng: Rng) -> bytes:
    starts = [place for place in range(len(good) - 4) if good[place : place + 2] == b"PK"]
    return good[: picked(rng, starts) + int(rng.integers(5))]


def cut_at_the_end(good: bytes, rng: Rng) -> bytes:
    return good[: -int(rng.integers(1, 200))]


def flip_a_bit(good: bytes, rng: Rng) -> bytes:
    changed = bytearray(good)
    changed[int(rng.integers(len(good)))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def flip_many_bits(good: bytes, rng: Rng) -> bytes:
    changed = np.frombuffer(good, np.uint8).copy()
    places = rng.integers(0, len(good), int(rng.integers(2, 500)))
    changed[places] ^= rng.integers(1, 256, len(places), dtype=np.uint8)
    return changed.tobytes()


def blank_a_run(good: bytes, rng: Rng) -> bytes:
    start, length = int(rng.integers(len(good) - 600)), int(rng.integers(32, 600))
    return good[:start] + picked(rng, [b"\0", b"\xff", b"0"]) * length + good[start + length :]


def insert_bytes(good: bytes, rng: Rng) -> bytes:
    place = int(rng.integers(len(good) + 1))
    return good[:place] + rng.bytes(int(rng.integers(1, 300))) + good[place:]


def lose_bytes(good: bytes, rng: Rng) -> bytes:
    place = int(rng.integers(len(good) - 1))
    return good[:place] + good[place + int(rng.integers(1, 300)) :]


def exchange_two_stretches(good: bytes, rng: Rng) -> bytes:
    a, b, c, d = sorted(rng.choice(len(good), 4, replace=False).tolist())
    return good[:a] + good[c:d] + good[b:c] + good[a:b] + good[d:]


def write_it_twice(good: bytes, rng: Rng) -> bytes:
    return good + good[int(rng.integers(len(good))) :]


def put_something_before(good: bytes, rng: Rng) -> bytes:
    return picked(rng, [b"\0", b"#!/bin/sh\n", b"PK\x03\x04", b"\x80\x04\x95"]) + good


def declare_huge_sizes(good: bytes, rng: Rng) -> bytes:
    starts = [place for place in range(len(good) - 30) if good[place : place + 4] == b"PK\x03\x04"]
    place, size = picked(rng, starts) + 18, int(rng.choice([2**20, 2**24, 2**30, 2**31 - 1, 2**32 - 1]))
    sizes = struct.pack("<II", size, size)
    return good[:place] + sizes + good[place + 8 :]


def random_bytes(good: bytes, rng: Rng) -> bytes:
    return picked(rng, [b"", b"PK\x03\x04", good[:100]]) + rng.bytes(int(rng.integers(1, 5000)))


def write_a_compressed_zip(good: bytes, rng: Rng) -> bytes:
    """Its last member is a bomb: a thousand times as large as it looks."""
    members = members_of(good) | {WEIGHTS: bytes(2**24)}
    handle = io.BytesIO()
    with zipfile.ZipFile(handle, "w", picked(rng, [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return handle.getvalue()


def add_a_member(good: bytes, rng: Rng) -> bytes:
    names = ["extra.txt", "../../escaped", "/etc/passwd", "C:\\x", "manifest.json/x", "a" * 5000, "m.pkl"]
    handle = io.BytesIO(good)
    with zipfile.ZipFile(handle, "a") as archive:
        archive.writestr(picked(rng, names), rng.bytes(30))
    return handle.getvalue()


def rename_a_member(good: bytes, rng: Rng) -> bytes:
    members = members_of(good)
    old, new = (
        picked(rng, list(members)),
        picked(rng, ["../manifest.json", "/schema.json", "MANIFEST.JSON", ""]),
    )
    return stored({new if name == old else name: data for name, data in members.items()}, fresh_hashes=False)


def repeat_a_member(good: bytes, rng: Rng) -> bytes:
    name = picked(rng, [MANIFEST, SCHEMA, ENCODING, WEIGHTS])
    whole, at = stored(members_of(good), fresh_hashes=False), good.index(name.encode()) - 30
    end = at + 30 + len(name) + len(members_of(good)[name])
    return whole[:end] + whole[at:end] + whole[end:]


def reorder_the_members(good: bytes, rng: Rng) -> bytes:
    members = list(members_of(good).items())
    return stored(dict(members[place] for place in (1, 0, 2, 3)), fresh_hashes=bool(rng.integers(2)))


def lose_a_member(good: bytes, rng: Rng) -> bytes:
    members = members_of(good)
    del members[picked(rng, list(members))]
    return stored(members, fresh_hashes=bool(rng.integers(2)))


def keep_old_hashes(good: bytes, rng: Rng) -> bytes:
    members, name = members_of(good), picked(rng, [SCHEMA, ENCODING, WEIGHTS])
    data = bytearray(members[name])
    data[int(rng.integers(len(data)))] ^= 1
    return stored(members | {name: bytes(data)}, fresh_hashes=False)


DAMAGE: tuple[Mutation, ...] = (
    *(cut_anywhere, cut_within_the_first_header, cut_at_a_member, cut_at_the_end, flip_a_bit, flip_many_bits),
    *(blank_a_run, insert_bytes, lose_bytes, exchange_two_stretches, write_it_twice, put_something_before),
    *(declare_huge_sizes, random_bytes, write_a_compressed_zip, add_a_member, rename_a_member),
    *(repeat_a_member, reorder_the_members, lose_a_member, keep_old_hashes),
)
