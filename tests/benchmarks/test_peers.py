from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.measuring import ROOT
from benchmarks.peers import environments
from benchmarks.peers.environments import REQUIREMENTS, SOURCES, lend_torch
from benchmarks.peers.methods import CHECKOUTS, METHODS, Method
from benchmarks.peers.running import RUNNERS, Task, as_read, run
from tabgan.schema import infer_schema

PEERS = {"ctgan", "sdv", "copulas", "rdt", "mostlyai", "snsynth", "arfpy", "ForestDiffusion", "sdmetrics"}
PEERS |= set(CHECKOUTS)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(
        {
            "number": rng.normal(size=60).round(3),
            "count": rng.integers(0, 9, size=60),
            "label": rng.choice(["a", "NA", "b, c", "None"], size=60),
            "flag": rng.random(60) < 0.5,
            "day": pd.Timestamp("2024-01-01", tz="Europe/Berlin")
            + pd.to_timedelta(rng.integers(0, 300, size=60), unit="D"),
        }
    )
    return rows.mask(pd.DataFrame(rng.random(rows.shape) < 0.1, columns=rows.columns)).astype(
        {"flag": "boolean", "count": "Int64"}
    )


@pytest.fixture(scope="module")
def kinds(table: pd.DataFrame) -> dict[str, str]:
    return {str(column.name): column.kind for column in infer_schema(table)}


def test_every_runner_reads_the_same_cells(table: pd.DataFrame, kinds: dict[str, str]) -> None:
    read = as_read(table, kinds)
    assert read.isna().equals(table.isna())
    assert set(read["label"].dropna()) == {"a", "NA", "b, c", "None"}
    assert set(read["flag"].dropna()) == {"True", "False"}
    assert (read["day"].dropna() == table["day"].dropna().dt.tz_convert(None)).all()
    assert as_read(read, kinds).equals(read)


@pytest.mark.parametrize("name", ["independent", "half"])
def test_the_protocol_gives_rows_and_costs(name: str, table: pd.DataFrame, kinds: dict[str, str]) -> None:
    train = as_read(table, kinds)
    made = run(METHODS[name], train, Task(seed=1, kinds=kinds, speed_rows=100))
    assert made.failure is None
    assert made.rows is not None
    assert made.rows.shape == train.shape
    assert list(made.rows.columns) == list(train.columns)
    for column in train:
        assert set(made.rows[column].dropna()) <= set(train[column].dropna())
    whole = [str(row) for row in train.itertuples(index=False)]
    if METHODS[name].options["what"] == "copy":
        assert sorted(str(row) for row in made.rows.itertuples(index=False)) == sorted(whole)
    else:
        assert not set(whole) >= {str(row) for row in made.rows.itertuples(index=False)}
    assert {"fit_wall_seconds", "fit_cpu_seconds", "rows_per_second", "peak_bytes", "versions"} <= set(
        made.figures
    )
    assert made.figures["peak_bytes"] > 10**7


@pytest.mark.slow
def test_rounds_that_are_asked_for_are_trained_for(table: pd.DataFrame, kinds: dict[str, str]) -> None:
    """Such a model keeps a second generator, that of the adversary."""
    train = as_read(table, kinds)
    sizes = []
    for name in ("tabgan", "tabgan_1round"):
        method = METHODS[name]
        made = run(method, train, Task(0, kinds, method.options | method.quick, speed_rows=100))
        assert made.failure is None
        assert made.rows is not None
        sizes.append(made.figures["model_bytes"])
    assert sizes[1] > 1.5 * sizes[0]


def test_a_runner_that_fails_tells_why_and_leaves_no_rows(table: pd.DataFrame, kinds: dict[str, str]) -> None:
    made = run(Method("broken", "run_reference"), as_read(table, kinds), Task(0, kinds))
    assert (made.rows, made.failure) == (None, "KeyError: 'what'")


def test_a_runner_that_takes_too_long_is_stopped(table: pd.DataFrame, kinds: dict[str, str]) -> None:
    made = run(METHODS["copy"], as_read(table, kinds), Task(0, kinds, limit=0.05))
    assert (made.rows, made.failure) == (None, "stopped after 0 s")


def test_a_peer_without_a_package_says_what_to_clone(
    table: pd.DataFrame, kinds: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environments, "SOURCES", tmp_path / "sources")
    for name, (address, commit) in CHECKOUTS.items():
        made = run(METHODS[name], as_read(table, kinds), Task(0, kinds))
        assert made.rows is None
        assert (made.failure or "").startswith(f"not installed: its code is wanted: git clone {address} ")
        assert f"/sources/{name} checkout {commit[:8]}" in (made.failure or "")


@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKOUTS)
@pytest.mark.parametrize("kept", [("number", "count"), ("label", "flag"), ("number", "label", "day")])
def test_a_peer_without_a_package_makes_rows_of_any_columns(
    name: str, kept: tuple[str, ...], table: pd.DataFrame, kinds: dict[str, str]
) -> None:
    if not (SOURCES / name).is_dir():
        pytest.skip(f"the code of {name} is not there")
    kinds = {column: kinds[column] for column in kept}
    train = as_read(table[list(kept)], kinds)
    made = run(METHODS[name], train, Task(0, kinds, METHODS[name].quick, speed_rows=100))
    assert made.failure is None
    assert made.rows is not None
    assert made.rows.shape == train.shape
    for column in kept:
        drawn, real = made.rows[column].dropna(), train[column].dropna()
        if kinds[column] in ("numeric", "datetime"):
            assert drawn.between(real.min(), real.max()).all()
        else:
            assert set(drawn) <= set(real)


def test_every_method_has_a_runner_and_pinned_versions() -> None:
    for name, method in METHODS.items():
        assert (RUNNERS / f"{method.runner}.py").exists(), name
        if method.environment is not None:
            lines = (REQUIREMENTS / f"{method.environment}.txt").read_text(encoding="ascii").splitlines()
            assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9_.]+", line) for line in lines), name
            if method.environment not in CHECKOUTS:
                assert any(line.lower().startswith(f"{method.package.lower()}==") for line in lines), name
            assert {line for line in lines if line.startswith("torch==")} <= {"torch==2.13.0"}, name


@pytest.mark.skipif(sys.platform == "win32", reason="there are no links")
def test_peers_are_lent_the_torch_of_this_project_and_no_other(tmp_path: Path) -> None:
    """Of an index whose torch is for GPUs it could not be imported without packages that nobody pins."""
    venv.create(tmp_path)
    python = tmp_path / "bin" / "python"
    version = importlib.metadata.version("torch")
    ask = "from importlib import metadata, util; print(metadata.version('torch'), util.find_spec('torch'))"

    def told() -> list[str]:
        done = subprocess.run([python, "-I", "-c", ask], capture_output=True, text=True, check=False)
        return done.stdout.split()

    lend_torch(python, ["numpy==1.0", "torch==0.1"])
    assert told() == []
    for _ in range(2):
        lend_torch(python, ["numpy==1.0", f"torch=={version.partition('+')[0]}"])
        assert told()[0] == version
        linked = next(tmp_path.glob("lib/python*/site-packages/torch"))
        assert linked.samefile(str(importlib.metadata.distribution("torch").locate_file("torch")))


def test_only_runners_and_children_import_other_synthesizers() -> None:
    ours = [ROOT / "benchmarks", ROOT / "benchmarks" / "peers", ROOT / "benchmarks" / "oracles"]
    paths = [path for folder in ours for path in folder.glob("*.py")] + list((ROOT / "tabgan").rglob("*.py"))
    for path in paths:
        assert path.name.endswith("_child.py") or not _imported(path) & PEERS, path


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").split(".")[0])
    return names
