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
from tests.cli.calling import Call
from tests.forked import SECONDS, command, ended, forked

OFTEN = 0.1  # seconds between checkpoints, in place of a minute


def stopped(
    arguments: list[object], folder: Path, until: str, told: Path, *numbers: signal.Signals
) -> tuple[int, list[str]]:
    """Start a command, send the signals once a file like `until` is there; exit code and what it told."""
    process = forked(command, arguments, told, None, OFTEN)
    deadline = time.monotonic() + SECONDS
    while not list(folder.glob(until)):
        assert process.is_alive(), "it ended before it was interrupted"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    for number in numbers:
        os.kill(process.pid, number)
    return ended(process), told.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    ("name", "number", "code"), [("out.csv", signal.SIGINT, 130), ("out.parquet", signal.SIGTERM, 143)]
)
def test_an_interrupted_sample_leaves_nothing(
    census_model: Path, tmp_path: Path, told: Path, name: str, number: signal.Signals, code: int
) -> None:
    arguments = ["sample", census_model, "-n", "100000000", "-o", tmp_path / name]
    assert stopped(arguments, tmp_path, ".tabgan-*.part", told, number)[0] == code
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_fit_writes_the_best_model_so_far_and_goes_on(
    call: Call, census_csv: Path, tmp_path: Path, told: Path, number: signal.Signals, code: int
) -> None:
    model, checkpoint = tmp_path / "m.tabgan", tmp_path / "m.tabgan.checkpoint"
    model.write_bytes(b"old")
    fit = ["fit", census_csv, "-m", model, "--epochs", 60, "-q", "--force"]
    found, lines = stopped(fit, tmp_path, checkpoint.name, told, number)
    assert found == code
    assert re.fullmatch(
        r"Training was interrupted after [\d.]+ epochs; the best weights so far are kept\. "
        rf"Wrote {model}\. Run the same command with --resume --force to continue\.",
        lines[-1],
    )
    assert all(line.startswith("Warning: ") for line in lines[:-1])
    assert len(TabGAN.load(model).sample(5)) == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["census.csv", model.name, checkpoint.name]
    if number == signal.SIGINT:
        again = call(*fit[:-1])
        told_twice = f"Error: {checkpoint} is the checkpoint of a stopped fit. Pass --resume to continue it"
        assert (again.code, again.err.split(",")[0]) == (5, told_twice)
        assert call(*fit, "--resume").code == 0
        whole = tmp_path / "whole.tabgan"
        assert call("fit", census_csv, "-m", whole, "--epochs", 60, "-q").code == 0
        assert whole.read_bytes() == model.read_bytes()
        assert not checkpoint.exists()


def test_two_signals_leave_the_old_model_or_a_whole_one(census_csv: Path, tmp_path: Path, told: Path) -> None:
    model = tmp_path / "m.tabgan"
    model.write_bytes(b"old")
    fit = ["fit", census_csv, "-m", model, "--max-seconds", 600, "-q", "--force"]
    code, _ = stopped(fit, tmp_path, "m.tabgan.checkpoint", told, signal.SIGINT, signal.SIGTERM)
    # Interrupted inside `exec` of a text, as dataclasses do on import, Python ends by the signal itself.
    assert code in (130, 143, -signal.SIGINT)
    if model.read_bytes() != b"old":
        assert len(TabGAN.load(model).sample(5)) == 5
    assert not list(tmp_path.glob("*.part"))


def test_an_interrupted_run_writes_no_table(census_csv: Path, tmp_path: Path, told: Path) -> None:
    run = ["run", census_csv, "-o", tmp_path / "out.csv", "--max-seconds", 600, "-q"]
    code, lines = stopped(run, tmp_path, "out.csv.checkpoint", told, signal.SIGTERM)
    assert code == 143
    assert lines[-1].endswith("No table was written. Run the same command with --resume to continue.")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["census.csv", "out.csv.checkpoint"]


def test_a_fit_that_is_interrupted_while_it_reads_leaves_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tabgan_cli", "fit", "-", "-m", str(tmp_path / "m.tabgan")]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # see tests/forked.py
    ) as process:
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


def test_a_full_disk_is_one_line_and_leaves_nothing(census_model: Path, tmp_path: Path, told: Path) -> None:
    arguments = ["sample", census_model, "-n", "5000", "-o", tmp_path / "out.csv", "-q"]
    assert ended(forked(command, arguments, told, None, None, 20_000)) == 5
    (line,) = told.read_text(encoding="utf-8").splitlines()
    assert line.startswith("Error: ")
    assert list(tmp_path.iterdir()) == []
