"""Packed text: gzip and Zstandard, in and out, as a file that is read or written like a plain one."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

import pyarrow as pa
from tabgan_cli.failures import CommandError, Exit
from tabgan_cli.places import Place


@contextmanager
def open_unpacked(place: Place) -> Iterator[BinaryIO]:
    """The bytes of a file from the start, unpacked. Raises: CommandError where the packing is damaged."""
    with place.open() as handle:
        if place.packing == ".gz":
            try:
                with gzip.open(handle) as unpacked:
                    yield cast(BinaryIO, unpacked)
            except (EOFError, zlib.error, gzip.BadGzipFile):
                raise CommandError(Exit.DATA, f"{place} is not a whole gzip file.") from None
        elif place.packing == ".zst":
            yield cast(BinaryIO, io.BufferedReader(_Zstandard(place, handle)))
        else:
            yield handle


class _Zstandard(io.RawIOBase):
    """Unpacked bytes; a damaged file is told of, a disk that cannot be read is an OSError of its own."""

    def __init__(self, place: Place, handle: BinaryIO) -> None:
        self._place = place
        self._stream = pa.CompressedInputStream(pa.PythonFile(handle, mode="r"), "zstd")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            data = self._stream.read(len(buffer))
        except OSError as error:
            if error.errno:
                raise
            raise CommandError(Exit.DATA, f"{self._place} is not a whole Zstandard file.") from None
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def open_packed(handle: BinaryIO, packing: str) -> Iterator[BinaryIO]:
    """A file to write to whose bytes go packed to the handle, which stays open. Equal in, equal out."""
    if packing == ".gz":
        # No name and no time inside: equal tables are equal files.
        with gzip.GzipFile(filename="", mode="wb", fileobj=handle, mtime=0, compresslevel=6) as packed:
            yield cast(BinaryIO, packed)
    elif packing == ".zst":
        sink = pa.PythonFile(_LeftOpen(handle), mode="w")
        with pa.CompressedOutputStream(sink, "zstd") as packed:
            yield cast(BinaryIO, packed)
    else:
        yield handle


class _LeftOpen(io.RawIOBase):
    """The handle, without its end: Arrow closes what it writes to."""

    def __init__(self, handle: BinaryIO) -> None:
        self._handle = handle

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        return self._handle.write(data)
