"""Ctrl-C and kill leave nothing half-written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest


def interrupted(arguments: list[str], folder: Path, until: str, number: signal.Signals) -> int:
    """Start a command, send the signal once a file like `until` is in the folder; the exit code."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tabgan_cli", *arguments]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while not list(folder.glob(until)):
            assert process.poll() is None, "it ended before it was interrupted"
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(number)
        return process.wait(timeout=30)


@pytest.mark.parametrize(
    ("name", "number", "code"), [("out.csv", signal.SIGINT, 130), ("out.parquet", signal.SIGTERM, 143)]
)
def test_an_interrupted_sample_leaves_nothing(
    census_model: Path, tmp_path: Path, name: str, number: signal.Signals, code: int
) -> None:
    arguments = ["sample", str(census_model), "-n", "100000000", "-o", str(tmp_path / name)]
    assert interrupted(arguments, tmp_path, ".tabgan-*.part", number) == code
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_fit_leaves_the_old_model(census_csv: Path, tmp_path: Path) -> None:
    model = tmp_path / "m.tabgan"
    model.write_bytes(b"old")
    log = tmp_path / "log"
    arguments = ["fit", str(census_csv), "-m", str(model), "--force", "--max-seconds", "600"]
    command = [sys.executable, "-m", "tabgan_cli", *arguments]
    with log.open("wb") as handle, subprocess.Popen(command, stderr=handle) as process:
        while "Read 400 rows" not in log.read_text():
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        # Interrupted inside `exec` of a text, as dataclasses do on import, Python ends by the signal itself:
        # a shell calls both 130.
        assert process.wait(timeout=30) in (130, -signal.SIGINT)
    assert log.read_text().splitlines()[-1] == "Interrupted."
    assert model.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["census.csv", "log", "m.tabgan"]


def test_a_closed_pipe_ends_quietly(census_model: Path) -> None:
    command = [sys.executable, "-m", "tabgan_cli", "inspect", str(census_model)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        told = process.stderr.read()
        process.wait(timeout=30)
    assert b"Traceback" not in told


def test_a_full_disk_is_one_line_and_leaves_nothing(census_model: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    # A limit on the size of files stands in for a full disk; Python ignores the signal that comes with it.
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000)); "
        "from tabgan_cli.app import main; main()"
    )
    arguments = ["sample", str(census_model), "-n", "5000", "-o", str(output), "-q"]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 5
    assert done.stderr.startswith("Error: ")
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
