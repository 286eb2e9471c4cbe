"""Write a file that is whole or absent, never half there."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A binary file to write to that takes `path`'s name only once everything is on the disk.

    The bytes go to a hidden temporary file in the same folder. At the end of the block it is
    flushed, synced and renamed over `path`; on any error, Ctrl-C included, it is removed and
    what stood at `path` before stays as it was. A link is followed: its target is replaced.

    Raises: OSError, which names `path` and not the temporary file; also where `path` is a folder
        or a device.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole_file(Path(folder, "a.txt")) as handle:
    ...         _ = handle.write(b"whole")
    ...         before = Path(folder, "a.txt").exists()
    ...     before, Path(folder, "a.txt").read_bytes()
    (False, b'whole')
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise OSError(f"{path} is not a regular file and cannot be replaced.")
    temporary = target.with_name(f".tabgan-{secrets.token_hex(8)}.part")
    try:
        # "x" and not tempfile: the file gets the permissions of the user's umask, not 0600.
        with temporary.open("xb") as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        # A full disk names no file, a folder that cannot be written the temporary one.
        if isinstance(error, OSError) and error.errno and error.filename in (None, os.fspath(temporary)):
            raise OSError(error.errno, error.strerror, os.fspath(path)) from error
        raise
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make the new name itself survive a power cut."""
    # Not every system can open or sync a folder; the file is whole either way.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
