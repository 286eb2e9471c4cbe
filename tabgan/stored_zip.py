"""The one zip a model file may be: members stored in a fixed order, every header byte known.

A general zip reader has to forgive: gaps, comments, second directories, members named twice.
Here the writer and the reader build the same header bytes from (name, checksum, size), and the
reader compares, so a byte that this module would not have written is found wherever it stands.
Any zip tool can still open the file.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

# Zip dates start in 1980; a fixed one makes equal models equal files.
_DATE = (1 << 5) | 1
_STORED = 0
_VERSION = 20
_LOCAL_BYTES = 30
# Offsets and sizes have 32 bits each; staying below 2 GiB keeps every reader of zips happy.
MAX_BYTES = 2**31 - 1


class StoredZipError(Exception):
    """The bytes are not the zip that `write_members` would have written."""


def write_members(handle: BinaryIO, members: Mapping[str, bytes]) -> None:
    """Write the members in their order, then the directory.

    >>> import io
    >>> handle = io.BytesIO()
    >>> write_members(handle, {"a.txt": b"hello"})
    >>> _ = handle.seek(0)
    >>> list(read_members(handle, {"a.txt": 100}))
    [('a.txt', b'hello')]
    """
    written = []
    for name, data in members.items():
        header = _local_header(name, zlib.crc32(data), len(data))
        written.append((name, zlib.crc32(data), len(data)))
        handle.write(header)
        handle.write(data)
    handle.write(_directory(written))


def read_members(handle: BinaryIO, max_bytes: Mapping[str, int]) -> Iterator[tuple[str, bytes]]:
    """Each member as soon as it is read and its checksum holds; the directory is compared last.

    A member that says it is larger than its `max_bytes` is refused before it is read.
    Raises: StoredZipError with the reason.
    """
    seen = []
    for name, most in max_bytes.items():
        checksum, size = _read_local_header(handle, name)
        if size > most:
            raise StoredZipError(f"{name} is larger than a model can be")
        if size > _left(handle):  # asked first, because room for `size` bytes is made before they are read
            raise StoredZipError("it is cut short")
        data = handle.read(size)
        if zlib.crc32(data) != checksum:
            raise StoredZipError(f"{name} was changed after it was written")
        seen.append((name, checksum, size))
        yield name, data
    expected = _directory(seen)
    found = handle.read(len(expected) + 1)
    if len(found) < len(expected) and expected.startswith(found):
        raise StoredZipError("it is cut short")
    if found != expected:
        raise StoredZipError("it holds other members or other bytes than tabgan writes")


def _left(handle: BinaryIO) -> int:
    """Bytes from here to the end."""
    here = handle.tell()
    end = handle.seek(0, os.SEEK_END)
    handle.seek(here)
    return end - here


def _read_local_header(handle: BinaryIO, name: str) -> tuple[int, int]:
    """Checksum and size of the member that starts here."""
    length = _LOCAL_BYTES + len(name)
    found = handle.read(length)
    if found[:4] != b"PK\x03\x04"[: len(found)]:
        is_first = handle.tell() == len(found)
        raise StoredZipError("tabgan did not write it" if is_first else f"{name} is not where it should be")
    if len(found) < length:
        raise StoredZipError("it is cut short")
    checksum, size = struct.unpack_from("<II", found, 14)
    if found != _local_header(name, checksum, size):
        raise StoredZipError(f"{name} is not stored the way tabgan stores it")
    return checksum, size


def _fields(checksum: int, size: int, name: str) -> bytes:
    """The fields that the local header and the directory share."""
    sizes = struct.pack("<IIIHH", checksum, size, size, len(name), 0)
    return struct.pack("<HHHHH", _VERSION, 0, _STORED, 0, _DATE) + sizes


def _local_header(name: str, checksum: int, size: int) -> bytes:
    return b"PK\x03\x04" + _fields(checksum, size, name) + name.encode("ascii")


def _directory(members: Sequence[tuple[str, int, int]]) -> bytes:
    """The central directory and the end record, for (name, checksum, size) in file order."""
    entries = b""
    offset = 0
    for name, checksum, size in members:
        entries += b"PK\x01\x02" + struct.pack("<H", _VERSION) + _fields(checksum, size, name)
        entries += struct.pack("<HHHII", 0, 0, 0, 0, offset) + name.encode("ascii")
        offset += _LOCAL_BYTES + len(name) + size
    counts = struct.pack("<HHHH", 0, 0, len(members), len(members))
    return entries + b"PK\x05\x06" + counts + struct.pack("<IIH", len(entries), offset, 0)
