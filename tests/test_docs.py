"""docs/privacy.md: what it tells people to run does run, and what it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tabgan.privacy.entry import NEIGHBOURS, UNIT
from tests.privacy.fits import fit, records

ROOT = Path(__file__).resolve().parents[1]
PRIVACY = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")


def test_the_recomputation_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys) -> None:
    fit(records()).save(tmp_path / "model.tabgan")
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", PRIVACY, flags=re.DOTALL)
    exec(compile(code, "privacy.md", "exec"), {})
    assert "The claim holds: recomputed epsilon" in capsys.readouterr().out


def test_files_and_commands_that_are_named_are_there() -> None:
    from tabgan_cli.app import app

    for path in re.findall(r"`(tests/[\w/.]+|tabgan/[\w/]+\.py)`", PRIVACY):
        assert (ROOT / path).exists(), path
    commands = {command.name for command in app.registered_commands}
    assert (
        set(re.findall(r"\btabgan (\w+) real", PRIVACY) + re.findall(r"`tabgan (\w+)`", PRIVACY)) <= commands
    )


def test_unit_and_neighbours_are_those_of_the_ledger() -> None:
    assert f"**Unit: {UNIT}.**" in PRIVACY
    assert NEIGHBOURS == "add or remove one row"
    assert "**Neighbours: one row more or less.**" in PRIVACY


def test_every_invariant_has_a_test_of_its_number() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    numbered = {
        int(number)
        for source in sources
        for name in re.findall(r"def test_invariants?_([\d_and]*\d)", source)
        for number in re.findall(r"\d+", name)
    }
    assert numbered == set(range(1, 16))
