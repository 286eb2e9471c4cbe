"""Files are whole or absent."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tabgan.whole_file import whole_file


def test_the_name_appears_only_when_the_block_is_done(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with whole_file(path) as handle:
        handle.write(b"all")
        assert not path.exists()
    assert path.read_bytes() == b"all"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_in_the_block_leaves_what_was_there(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"old")

    def write_half() -> None:
        with whole_file(path) as handle:
            handle.write(b"half")
            raise error

    with pytest.raises(error):
        write_half()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "folder" / "a", tmp_path / "link"
    target.parent.mkdir()
    link.symlink_to(target)
    with whole_file(link) as handle:
        handle.write(b"all")
    assert link.is_symlink()
    assert target.read_bytes() == b"all"


def test_folders_and_devices_are_never_replaced(tmp_path: Path) -> None:
    for path in (tmp_path, Path(os.devnull)):
        with pytest.raises(OSError, match="regular file"), whole_file(path):
            pass
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_the_file_has_the_permissions_of_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with whole_file(tmp_path / "a") as handle:
            handle.write(b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640
