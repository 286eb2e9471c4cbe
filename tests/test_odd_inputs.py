"""The 53 kinds of odd and bad input, by number; each is tried the whole way and behaves as written."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.odd_inputs import files, moments, numbers, shapes, texts, uses

ROWS: dict[str, Callable[[Path], None]] = {
    name.removeprefix("row_"): check
    for module in (shapes, numbers, texts, moments, files, uses)
    for name, check in vars(module).items()
    if name.startswith("row_")
}


def test_every_row_is_tried():
    assert sorted(int(re.match(r"\d+", name)[0]) for name in ROWS) == list(range(1, 54))


@pytest.mark.parametrize("row", sorted(ROWS))
def test_row(row: str, tmp_path: Path):
    ROWS[row](tmp_path)
