"""Mutated model files: refused in one line, or harmless; in little memory; on the command line as well."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.mutations.judging import MUTATIONS, mutated
from tests.odd_inputs.tiny import call

MOST_MIB = 512
INPUT_OUTPUT = 5

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="memory is limited as Linux does"
)


def judge(first: int, stop: int, record: Callable[[str, object], None]) -> None:
    command = [sys.executable, "-m", "tests.mutations.judging", str(first), str(stop)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[1], check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["wrong"] == []
    assert told["peak_mib"] < MOST_MIB
    assert told["refused"] > told["harmless"]
    record("mutations_refused", told["refused"])
    record("mutations_harmless", told["harmless"])
    record("most_mib", told["peak_mib"])


def test_every_kind_of_mutation_is_refused_or_harmless(record_property):
    judge(0, len(MUTATIONS), record_property)


@pytest.mark.slow
def test_a_thousand_mutations_are(record_property):
    judge(1000, 2000, record_property)


def refused_or_done(number: int, folder: Path) -> None:
    """One line and an exit code from `inspect` and `sample`; `call` raises what is no such line."""
    name, must_be_refused, data = mutated(number)
    model, rows = folder / "bad.tabgan", folder / "rows.csv"
    model.write_bytes(data)
    rows.unlink(missing_ok=True)
    for command in (("inspect", model), ("sample", model, "-n", 3, "-o", rows, "--seed", 0)):
        code = call(*command).code
        assert code == INPUT_OUTPUT or (code == 0 and not must_be_refused), (number, name, command[0])
    assert {path.name for path in folder.iterdir()} == {"bad.tabgan", *(["rows.csv"] if code == 0 else [])}


def test_the_command_line_says_so_in_one_line(tmp_path: Path):
    for number in range(0, 2 * len(MUTATIONS), 4):
        refused_or_done(number, tmp_path)


@pytest.mark.slow
def test_the_command_line_does_so_for_many(tmp_path: Path):
    for number in range(1000, 1300):
        refused_or_done(number, tmp_path)
