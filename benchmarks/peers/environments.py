"""A virtual environment for each peer, made on first use from a file of pinned versions.

python -m benchmarks.peers.environments [NAME ...]     make them now; all if none is named

What came of it is written to results/peers.json, with the reason where a peer cannot be had.
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
import math
import re
import subprocess
import sys
import time
import venv
from pathlib import Path

from benchmarks.measuring import RESULTS, write_result
from benchmarks.peers.methods import CHECKOUTS

FOLDER = Path(__file__).resolve().parent
REQUIREMENTS = FOLDER / "requirements"
ENVIRONMENTS = FOLDER.parent / ".peers"
LENT = re.compile("torch|triton|(nvidia|cuda)[-_].*")  # torch, and what its builds for GPUs bring along
SOURCES = ENVIRONMENTS / "sources"  # of peers without a package, where their runners look for them


class NotInstalledError(RuntimeError):
    """A peer that cannot be installed here, with the reason pip gives."""


def python_of(name: str | None, end: float = math.inf) -> Path:
    """The Python that has this peer; None is the one that runs now.

    `end`: of `time.monotonic()`, when an installation is broken off. What failed is not tried again by the
    same process. Raises: NotInstalledError.
    """
    if name is None:
        return Path(sys.executable)
    if name in CHECKOUTS and not (SOURCES / name).is_dir():
        raise NotInstalledError(f"its code is wanted: {cure_of(name)}")
    if failure := _install(name, end):
        raise NotInstalledError(failure)
    return _python_in(ENVIRONMENTS / name)


@functools.cache
def _install(name: str, end: float) -> str | None:
    """Make the environment unless it is there as it should be; why it cannot be made."""
    folder, wanted = ENVIRONMENTS / name, (REQUIREMENTS / f"{name}.txt").read_text(encoding="ascii")
    ready = folder / "ready"
    if ready.exists() and ready.read_text(encoding="ascii") == wanted:
        return None
    venv.create(folder, clear=True, with_pip=True)
    lend_torch(_python_in(folder), wanted.splitlines())
    # The files are complete: what a peer asks for beyond them (another torch, say) is left out on purpose.
    command = [_python_in(folder), "-m", "pip", "install", "--quiet", "--no-deps"]
    command += ["--requirement", REQUIREMENTS / f"{name}.txt"]
    limit = None if end == math.inf else max(end - time.monotonic(), 0)
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=limit)
    except subprocess.TimeoutExpired:
        return "there was no time left"
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or [""]
        return lines[0].removeprefix("ERROR: ")[:300]
    ready.write_text(wanted, encoding="ascii")
    return None


def _python_in(folder: Path) -> Path:
    return folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"


def lend_torch(python: Path, wanted: list[str]) -> None:
    """Link the torch of this project into an environment that asks for the same version of it.

    The torch of the index is built for GPUs on many machines: without three gigabytes of other packages,
    which no file of pinned versions names, it cannot be imported.
    """
    version = importlib.metadata.version("torch").partition("+")[0]
    if f"torch=={version}" not in wanted or sys.platform == "win32":
        return
    (target,) = python.parents[1].glob("lib/python*/site-packages")
    for package in importlib.metadata.distributions():
        if LENT.fullmatch(package.name.lower()):
            tops = {file.parts[0] for file in package.files or ()} - {"..", "__pycache__"}
            for top in sorted(tops):
                (target / top).unlink(missing_ok=True)
                (target / top).symlink_to(Path(str(package.locate_file(top))).resolve())


def cure_of(name: str) -> str:
    """The command that puts the code of a peer without a package where its runner looks for it."""
    address, commit = CHECKOUTS[name]
    place = f"benchmarks/{ENVIRONMENTS.name}/{SOURCES.name}/{name}"
    return f"git clone {address} {place} && git -C {place} checkout {commit[:8]}"


def state_of(name: str) -> str:
    """`installed`, or why not."""
    try:
        python_of(name)
    except NotInstalledError as error:
        return f"not installed: {error}"
    return "installed"


def main() -> None:
    """Make the environments that were named, or all, and write what came of it."""
    states = {}
    for name in sys.argv[1:] or sorted(path.stem for path in REQUIREMENTS.glob("*.txt")):
        states[name] = state_of(name)
        print(f"{name}: {states[name]}", flush=True)
    known = RESULTS / "peers.json"
    before = json.loads(known.read_text(encoding="utf-8"))["environments"] if known.exists() else {}
    print(f"written to {write_result('peers', {'environments': before | states})}")


if __name__ == "__main__":
    main()
