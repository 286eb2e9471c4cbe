"""The ledger on the disk: a line of JSON for the budget, then a line for each booking.

A line {"delta": …} among the bookings settles delta anew: the default follows from a released number
of rows, which has to be booked first.

A line is written whole and synced before anyone hears of it. What a crash can leave:

- nothing of the last line, or all of it: spent as far as it is written;
- all but its line end: it reads as JSON, so it counts as spent;
- a part of it: what it booked cannot be told, so the file is refused. (Its mechanism never ran, as
  the booking never returned; but a file that has lost its end may have lost more.)

Where writing itself fails, the part is cut off again at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tabgan.errors import BudgetExceededError, ModelFileError
from tabgan.whole_file import sync_folder

if sys.platform != "win32":
    import fcntl


class LedgerFile:
    """A file that lines are only ever added to, by one process at a time."""

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self._size = size

    @classmethod
    def open(
        cls, path: str | os.PathLike[str], *, header: Mapping[str, Any]
    ) -> tuple[LedgerFile, dict[str, Any], list[list[Any]]]:
        """The file, made or continued, its header as settled, and the bookings that it holds already.

        A file may be gone on with by its first header or by the settled one. Where nothing was ever
        booked, another header takes the place of the first.

        Raises: BudgetExceededError for another header; ModelFileError for a damaged file.
        """
        place, wanted = Path(path), dict(header)
        written = place.read_bytes() if place.exists() else b""
        file = cls(place, len(written))
        if not written:
            file._write(_line(wanted))
            sync_folder(place.parent)
            return file, wanted, []
        first, *lines = (_parsed(place, line) for line in written.removesuffix(b"\n").split(b"\n"))
        if not all(isinstance(line, list) or _is_delta(line) for line in lines):
            raise ModelFileError(f"{place} is damaged: a line is not a booking. Start a new ledger.")
        if not lines and isinstance(first, dict) and first != wanted and set(first) == set(wanted):
            file._write(_line(wanted), anew=True)
            return file, wanted, []
        bookings = [line for line in lines if isinstance(line, list)]
        settled = dict(first) if isinstance(first, dict) else {}
        for line in lines:
            settled |= line if isinstance(line, dict) else {}
        if wanted not in (first, settled):
            raise BudgetExceededError(
                f"{place} was opened for another budget; continue with that one or name a new file. "
                "Nothing was run."
            )
        if not written.endswith(b"\n"):
            file._write(b"\n")
        return file, settled, bookings

    def append(self, line: list[dict[str, Any]] | dict[str, float]) -> None:
        """Add a booking, or a delta, and wait until it is on the disk."""
        self._write(_line(line))

    def _write(self, line: bytes, *, anew: bool = False) -> None:
        creating = 0 if self._size else os.O_CREAT  # a ledger that vanished is not begun anew
        binary = getattr(os, "O_BINARY", 0)
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | creating | binary, 0o666)
        try:
            with _locked(descriptor):
                if os.fstat(descriptor).st_size != self._size:
                    raise ModelFileError(f"{self.path} was changed by another program; nothing was run.")
                if anew:
                    os.ftruncate(descriptor, 0)
                    self._size = 0
                try:
                    _write_all(descriptor, line)
                    os.fsync(descriptor)
                except OSError:
                    with contextlib.suppress(OSError):
                        os.ftruncate(descriptor, self._size)
                    raise
                self._size += len(line)
        finally:
            os.close(descriptor)


def _line(values: object) -> bytes:
    return json.dumps(values, allow_nan=False, ensure_ascii=False).encode() + b"\n"


def _parsed(path: Path, line: bytes) -> Any:
    try:
        return json.loads(line, parse_constant=_refuse)
    except ValueError:  # of the JSON and of its encoding
        raise ModelFileError(
            f"{path} is damaged: a line is torn, so what was spent cannot be told. Start a new ledger with "
            "a new budget."
        ) from None


def _is_delta(line: object) -> bool:
    return isinstance(line, dict) and set(line) == {"delta"} and isinstance(line["delta"], float)


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def _write_all(descriptor: int, line: bytes) -> None:
    written = 0
    while written < len(line):
        written += os.write(descriptor, line[written:])


@contextlib.contextmanager
def _locked(descriptor: int) -> Iterator[None]:
    """Keep other processes out where the system can; the check of the size does the rest."""
    if sys.platform == "win32":
        yield
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
