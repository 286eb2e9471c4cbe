"""The command itself: help, version, usage errors, and how fast it answers."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tabgan import __version__
from tests.cli.calling import Call

COMMANDS = ("run", "fit", "sample", "complete", "evaluate", "audit", "schema", "plan", "inspect")


def test_help_names_every_command(call: Call) -> None:
    told = call("--help")
    assert told.code == 0
    assert all(command in told.out for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(call: Call, command: str) -> None:
    told = call(command, "--help")
    assert told.code == 0
    assert "--debug" in told.out
    assert not re.search(r"<bool>|<Place>|\d{10}", told.out)


def test_the_version_is_told(call: Call) -> None:
    assert call("--version").out == f"tabgan {__version__}\n"


def test_without_a_command_the_help_is_shown(call: Call) -> None:
    told = call()
    assert told.code in (0, 2)  # Typer has changed its mind
    assert "complete" in told.out + told.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["fit"],
        ["fit", "a.csv"],
        ["sample", "m", "-n", "-1", "-o", "a.csv"],
        ["sample", "m", "-n", "x", "-o", "a.csv"],
        ["fit", "a.csv", "-m", "m", "--epochs", "0"],
        ["fit", "a.csv", "-m", "m", "--device", "tpu"],
        ["fit", "a.csv", "-m", "m", "--seed", str(2**63)],
        ["evaluate", "--train", "a.csv"],
        ["unknown"],
    ],
)
def test_wrong_usage_exits_with_2(call: Call, arguments: list[str]) -> None:
    assert call(*arguments).code == 2


def test_help_loads_neither_torch_nor_pandas_nor_tabgan() -> None:
    heavy = ("torch", "pandas", "numpy", "tabgan")
    code = f"import sys, tabgan_cli.app; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_inspect_and_schema_do_without_torch() -> None:
    code = (
        "import sys, tabgan_cli.table_file, tabgan.schema, tabgan.model_file; print('torch' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"


def test_a_command_that_is_misspelt_is_answered_with_the_one_like_it_in_a_line(call: Call) -> None:
    told = call("evalute")
    assert (told.code, told.err.count("\n")) == (2, 1)
    assert "?." not in told.err


def test_help_has_a_short_name(call: Call) -> None:
    assert call("-h").out == call("--help").out
    assert call("fit", "-h").out == call("fit", "--help").out
