"""kill -9 at any moment leaves the old file or the new one; other failures are one line and leave nothing."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from tabgan_cli.places import Place
from tabgan_cli.table_file import read_table, table_writer

from tabgan import TabGAN
from tabgan.model_file import CHECKPOINT, read_model
from tests.cli.calling import Call
from tests.forked import (
    FIT,
    SECONDS,
    ended,
    event,
    few_orders,
    fit_and_wait,
    forked,
    write_for_ever,
    write_much,
)

N_ROWS = 3000


def killed(after: float, work: Callable[..., None], *arguments: object) -> None:
    """Let a process begin this work, and kill it so many seconds later."""
    begun = event()
    process = forked(work, *arguments, begun)
    assert begun.wait(SECONDS)
    time.sleep(after)
    process.kill()
    assert ended(process) == -signal.SIGKILL


def survives(
    place: str, n_kills: int, record: Callable[[str, object], None], *, seed: int, longest: float = 0.06
) -> set[int]:
    """The tables seen after every kill, told by their cells; each is one that is whole."""
    rng = random.Random(seed)
    seen = set()
    n_lost = 0
    with table_writer(Place(place)) as write:
        write(pd.DataFrame({"n": [0] * N_ROWS}))
    for _ in range(n_kills):
        killed(rng.uniform(0, longest), write_for_ever, place)
        cells = read_table(Place(place)).rows["n"]
        n_lost += N_ROWS - len(cells)
        assert len(cells) == N_ROWS
        assert cells.nunique() == 1
        seen.add(int(cells[0]))
    record("kills_survived", n_kills)
    record("rows_lost", n_lost)
    return seen


@pytest.mark.parametrize(
    ("name", "n_kills"), [("t.csv", 16), ("t.parquet", 8), ("t.jsonl.zst", 8), ("t.db", 8)]
)
def test_a_killed_writer_leaves_a_whole_table(
    tmp_path: Path, name: str, n_kills: int, record_property: Callable[[str, object], None]
) -> None:
    place = f"sqlite:///{tmp_path / name}#t" if name == "t.db" else str(tmp_path / name)
    assert survives(place, n_kills, record_property, seed=0) <= {0, 1}


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["t.csv", "t.csv.gz", "t.parquet", "t.feather", "t.jsonl.zst", "t.xlsx", "t.db"]
)
def test_fifty_killed_writers_leave_a_whole_table(
    tmp_path: Path, name: str, record_property: Callable[[str, object], None]
) -> None:
    place = f"sqlite:///{tmp_path / name}#t" if name == "t.db" else str(tmp_path / name)
    longest = {"t.xlsx": 1.0, "t.db": 0.3}.get(name, 0.06)  # seconds: long enough for some tables
    assert survives(place, 50, record_property, seed=1, longest=longest) == {0, 1}


@pytest.mark.slow
@pytest.mark.parametrize("command", ["sample", "fit"])
def test_fifty_killed_commands_leave_the_old_file_or_the_new(
    census_model: Path,
    census_csv: Path,
    tmp_path: Path,
    command: str,
    record_property: Callable[[str, object], None],
) -> None:
    output = tmp_path / {"sample": "out.csv", "fit": "m.tabgan"}[command]
    arguments = {
        "sample": ["sample", census_model, "-n", "3000", "-o", output, "--force", "-q"],
        "fit": ["fit", census_csv, "-m", output, "--force", "-q", "--epochs", "1"],
    }[command]
    rng = random.Random(0)
    begin = time.monotonic()
    assert (
        subprocess.run([sys.executable, "-m", "tabgan_cli", *map(str, arguments)], check=False).returncode
        == 0
    )
    seconds = time.monotonic() - begin
    for _ in range(50):
        output.write_bytes(b"old")
        with subprocess.Popen([sys.executable, "-m", "tabgan_cli", *map(str, arguments)]) as process:
            # Most of the time goes to imports: half of the kills fall into the last quarter.
            first = rng.choice([0.0, 0.75])
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=rng.uniform(first, 1.05) * seconds)
            process.kill()
        if output.read_bytes() != b"old":
            if command == "sample":
                assert len(read_table(output).rows) == 3000
            else:
                assert len(TabGAN.load(output).sample(5)) == 5
    record_property("kills_survived", 50)
    record_property("rows_lost", 0)  # each of the tables above was read and counted


def killed_fits(folder: Path, n_kills: int, *, seed: int) -> None:
    """Kill fits at random moments; what goes on from them ends as one that was never killed."""
    rng, model, checkpoint = random.Random(seed), folder / "m.tabgan", folder / "c"
    TabGAN(**FIT).fit(few_orders()).save(folder / "whole.tabgan")
    expected = (folder / "whole.tabgan").read_bytes()
    n_found = 0
    for _ in range(n_kills):
        killed(rng.uniform(0, 0.5), fit_and_wait, checkpoint, model)
        if checkpoint.exists():
            n_found += 1
            assert read_model(checkpoint, CHECKPOINT).manifest["standing"]
        if model.exists():
            assert model.read_bytes() == expected
            model.unlink()
    assert n_found
    TabGAN(**FIT).fit(few_orders(), checkpoint=checkpoint).save(model)
    assert model.read_bytes() == expected
    assert not checkpoint.exists()


def test_killed_fits_go_on_to_the_same_model(tmp_path: Path) -> None:
    killed_fits(tmp_path, 3, seed=0)


@pytest.mark.slow
def test_fifty_killed_fits_go_on_to_the_same_models(tmp_path: Path) -> None:
    killed_fits(tmp_path, 50, seed=1)


@pytest.mark.parametrize(
    "name", ["out.csv", "out.csv.zst", "out.parquet", "out.feather", "out.jsonl", "out.xlsx"]
)
def test_a_full_disk_is_one_line_that_names_the_file(tmp_path: Path, told: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"old")
    assert ended(forked(write_much, tmp_path / name, told)) == 5
    assert told.read_text(encoding="utf-8") == f"Error: {tmp_path / name}: File too large.\n"
    assert (tmp_path / name).read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("place", ["{folder}/a.csv", "sqlite:///{folder}/a.db#t"])
def test_a_folder_that_cannot_be_written_is_one_line(
    call: Call, census_model: Path, tmp_path: Path, place: str
) -> None:
    output = place.format(folder=tmp_path / "missing")
    told = call("sample", census_model, "-n", "5", "-o", output)
    assert told.code == 5
    assert len(told.err.splitlines()) == 1
    assert not (tmp_path / "missing").exists()
