"""A virtual environment for each peer, made on first use from a file of pinned versions.

python -m benchmarks.peers.environments [NAME ...]     make them now; all if none is named

What came of it is written to results/peers.json, with the reason where a peer cannot be had.
"""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.measuring import RESULTS, write_result
from benchmarks.peers.methods import ABSENT

FOLDER = Path(__file__).resolve().parent
REQUIREMENTS = FOLDER / "requirements"
ENVIRONMENTS = FOLDER.parent / ".peers"


class NotInstalledError(RuntimeError):
    """A peer that cannot be installed here, with the reason pip gives."""


def python_of(name: str | None) -> Path:
    """The Python that has this peer; None is the one that runs now.

    Raises: NotInstalledError.
    """
    if name is None:
        return Path(sys.executable)
    folder = ENVIRONMENTS / name
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    wanted = REQUIREMENTS / f"{name}.txt"
    ready = folder / "ready"
    if ready.exists() and ready.read_text(encoding="ascii") == wanted.read_text(encoding="ascii"):
        return python
    venv.create(folder, clear=True, with_pip=True)
    # The files are complete: what a peer asks for beyond them (another torch, say) is left out on purpose.
    command = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--requirement", wanted]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or [""]
        raise NotInstalledError(lines[0].removeprefix("ERROR: ")[:300])
    ready.write_text(wanted.read_text(encoding="ascii"), encoding="ascii")
    return python


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
    print(f"written to {write_result('peers', {'environments': before | states, 'absent': ABSENT})}")


if __name__ == "__main__":
    main()
