"""Ctrl-C and kill leave nothing half-written; training keeps the best model so far, and goes on."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tabgan import TabGAN
from tests.cli.calling import OFTEN, Call


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


def stopped(arguments: list[object], checkpoint: Path, *numbers: signal.Signals) -> tuple[int, list[str]]:
    """Start a command, send the signals once it trains; exit code and the lines of standard error."""
    command = [sys.executable, "-c", OFTEN, *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        deadline = time.monotonic() + 120
        while not checkpoint.exists():
            assert process.poll() is None, "it ended before it was interrupted"
            assert time.monotonic() < deadline
            time.sleep(0.01)
        for number in numbers:
            process.send_signal(number)
        _, told = process.communicate(timeout=60)
        return process.returncode, told.splitlines()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_fit_writes_the_best_model_so_far_and_goes_on(
    call: Call, census_csv: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    model, checkpoint = tmp_path / "m.tabgan", tmp_path / "m.tabgan.checkpoint"
    model.write_bytes(b"old")
    fit = ["fit", census_csv, "-m", model, "--epochs", 60, "-q", "--force"]
    found, told = stopped(fit, checkpoint, number)
    assert found == code
    assert re.fullmatch(
        r"Training was interrupted after [\d.]+ epochs; the best weights so far are kept\. "
        rf"Wrote {model}\. The same command with --resume --force goes on\.",
        told[-1],
    )
    assert all(line.startswith("Warning: ") for line in told[:-1])
    assert len(TabGAN.load(model).sample(5)) == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["census.csv", model.name, checkpoint.name]
    if number == signal.SIGINT:
        again = call(*fit[:-1])
        told_twice = f"Error: {checkpoint} holds training that was stopped. Pass --resume to go on from it"
        assert (again.code, again.err.split(",")[0]) == (5, told_twice)
        assert call(*fit, "--resume").code == 0
        whole = tmp_path / "whole.tabgan"
        assert call("fit", census_csv, "-m", whole, "--epochs", 60, "-q").code == 0
        assert whole.read_bytes() == model.read_bytes()
        assert not checkpoint.exists()


def test_two_signals_leave_the_old_model_or_a_whole_one(census_csv: Path, tmp_path: Path) -> None:
    model = tmp_path / "m.tabgan"
    model.write_bytes(b"old")
    fit = ["fit", census_csv, "-m", model, "--max-seconds", 600, "-q", "--force"]
    code, _ = stopped(fit, tmp_path / "m.tabgan.checkpoint", signal.SIGINT, signal.SIGTERM)
    # Interrupted inside `exec` of a text, as dataclasses do on import, Python ends by the signal itself.
    assert code in (130, 143, -signal.SIGINT)
    if model.read_bytes() != b"old":
        assert len(TabGAN.load(model).sample(5)) == 5
    assert not list(tmp_path.glob("*.part"))


def test_an_interrupted_run_writes_no_table(census_csv: Path, tmp_path: Path) -> None:
    run = ["run", census_csv, "-o", tmp_path / "out.csv", "--max-seconds", 600, "-q"]
    code, told = stopped(run, tmp_path / "out.csv.checkpoint", signal.SIGTERM)
    assert code == 143
    assert told[-1].endswith("No table was written. The same command with --resume goes on.")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["census.csv", "out.csv.checkpoint"]


def test_a_fit_that_is_interrupted_while_it_reads_leaves_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tabgan_cli", "fit", "-", "-m", str(tmp_path / "m.tabgan")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(b"a,b\n" + b"1,x\n" * 20_000)
        process.stdin.flush()  # more than a pipe holds: it reads
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=60)[1].decode()
        assert process.returncode in (130, -signal.SIGINT)
    assert told.splitlines()[-1] == "Interrupted."
    assert list(tmp_path.iterdir()) == []


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
