"""`-` is standard input and output: rows there, every word on the other stream."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from tabgan_cli.app import app
from tabgan_cli.places import Place
from tabgan_cli.table_file import read_table, table_writer
from typer.testing import CliRunner, Result

FULL = Path("/dev/full")
# Writes rows for ever, as a command would that samples them.
ENDLESS = """
import pandas as pd, typer
from tabgan_cli.failures import reports_failures
from tabgan_cli.places import Place
from tabgan_cli.table_file import table_writer
app = typer.Typer()
@app.command()
@reports_failures
def command():
    with table_writer(Place("-")) as write:
        while True:
            write(pd.DataFrame({"n": range(10_000)}))
app()
"""


def tabgan(*arguments: object, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)


def test_rows_go_from_command_to_command(census_model: Path, tmp_path: Path) -> None:
    made = tabgan("sample", census_model, "-n", 50, "-o", "-", "--seed", 1)
    assert (made.exit_code, made.stderr) == (0, "Wrote 50 rows to -.\n")
    assert len(pd.read_csv(io.StringIO(made.stdout))) == 50
    told = tabgan("schema", "-", stdin=made.stdout_bytes)
    assert told.exit_code == 0, told.stderr
    assert "50 rows, 4 columns" in told.stdout


def test_run_keeps_its_summary_from_the_rows(census_csv: Path) -> None:
    options = ["-n", 30, "--epochs", 1, "--time-budget", 1, "-q"]
    told = tabgan("run", "-", "-o", "-", *options, stdin=census_csv.read_bytes())
    assert told.exit_code == 0, told.stderr
    assert len(pd.read_csv(io.StringIO(told.stdout))) == 30
    assert "told from real ones?" in told.stderr


@pytest.mark.parametrize("ending", ["csv", "csv.zst", "jsonl.gz", "parquet", "feather", "xlsx"])
def test_another_format_is_named_by_an_ending(
    monkeypatch: pytest.MonkeyPatch, ending: str, census: pd.DataFrame
) -> None:
    with io.TextIOWrapper(io.BytesIO()) as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        with table_writer(Place(f"-.{ending}")) as write:
            write(census.head(5))
        monkeypatch.undo()
        assert not stream.buffer.closed
        stream.buffer.seek(0)
        monkeypatch.setattr(sys, "stdin", stream)
        rows = read_table(Place(f"-.{ending}")).rows
    pd.testing.assert_frame_equal(rows, census.head(5))


def test_standard_input_is_sniffed_like_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    data = gzip.compress("a;b\n1,5;ü\n".encode("utf-8-sig"))
    with io.TextIOWrapper(io.BytesIO(data)) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert read_table(Place("-.csv.gz")).rows.to_dict("list") == {"a": [1.5], "b": ["ü"]}


def test_a_closed_pipe_ends_quietly() -> None:
    command = [sys.executable, "-c", ENDLESS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"n\n"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 141  # as other tools, which SIGPIPE ends


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full on this system")
def test_a_full_disk_behind_standard_output_is_one_line() -> None:
    with FULL.open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", ENDLESS], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 5
    assert done.stderr == b"Error: standard output: No space left on device.\n"


def test_standard_input_of_another_format_is_an_argument(tmp_path: Path, census: pd.DataFrame) -> None:
    """Although it looks like an option."""
    lines = census.head(80).to_json(orient="records", lines=True).encode()
    for place, command in enumerate((["-.jsonl", "-q"], ["-q", "-.jsonl"])):
        fitted = tabgan("fit", "--epochs", 1, *command, "-m", tmp_path / f"{place}.tabgan", stdin=lines)
        assert fitted.exit_code == 0, fitted.stderr
    made = tabgan("complete", tmp_path / "0.tabgan", "-.jsonl", "-o", "-.jsonl", "-q", stdin=b'{"age": 31}')
    assert (made.exit_code, '"age": 31' in made.stdout) == (0, True)
    assert tabgan("fit", "-.jsonl", "-x", "-m", "a").exit_code == 2


@pytest.mark.parametrize(
    ("command", "closed", "code", "told"),
    [(["fit", "-", "-m", "m.tabgan"], "<&-", 3, b"- is empty"), (["--version"], ">&-", 0, b"")],
)
def test_streams_that_are_closed_are_empty(
    tmp_path: Path, command: list[str], closed: str, code: int, told: bytes
) -> None:
    line = f'exec "$0" -m tabgan_cli "$@" {closed}'
    shell = ["sh", "-c", line, sys.executable, *command]
    done = subprocess.run(shell, stderr=subprocess.PIPE, check=False, cwd=tmp_path)
    assert (done.returncode, told in done.stderr, b"Traceback" in done.stderr) == (code, True, False)
