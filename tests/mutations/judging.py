"""Load mutated model files and judge what happens: `python -m tests.mutations.judging FIRST STOP`.

A process of its own, so that its memory can be limited and measured. It prints one line of JSON: how
many files were refused, how many were harmless (the model then works), the memory they took in MiB,
and what must not be, a line each.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from tabgan import TabGAN
from tabgan.errors import ModelFileError, TabganWarning
from tests.mutations.damage import DAMAGE
from tests.mutations.values import OTHER_FACTS
from tests.mutations.weights import OTHER_WEIGHTS

MUTATIONS = (*DAMAGE, *OTHER_FACTS, *OTHER_WEIGHTS)
GOLDEN = sorted(Path(__file__).parents[1].glob("golden/*.tabgan"))
MOST_SECONDS = 60  # of one file, on whatever machine
ROOM = 2 * 2**30  # bytes of addresses, beyond those of a process that has sampled from good files


def mutated(number: int) -> tuple[str, bool, bytes]:
    """The name of the mutation of that number, whether the file must be refused, and its bytes."""
    lap, place = divmod(number, len(MUTATIONS))
    good = GOLDEN[lap % len(GOLDEN)].read_bytes()
    bad = MUTATIONS[place](good, np.random.default_rng(number))
    return MUTATIONS[place].__name__, place < len(DAMAGE) and bad != good, bad


def works(model: TabGAN) -> None:
    """Sample, complete, tell what was spent."""
    rows = model.sample(30, seed=1)
    assert (len(rows), tuple(rows.columns)) == (30, model.schema_.names)
    model.complete(rows.head(5), seed=1)
    if model.ledger_ is not None:
        assert model.privacy_spent_.epsilon >= 0


def outcome(path: Path, must_be_refused: bool) -> str:
    """What becomes of the file; anything but "refused" and "harmless" must not be."""
    try:
        model = TabGAN.load(path, device="cpu")
    except ModelFileError as error:
        return "refused" if "\n" not in str(error) else "refused in several lines"
    if must_be_refused:
        return "damaged, and loaded"
    works(model)
    return "harmless"


def judged(first: int, stop: int) -> dict[str, Any]:
    """Counts of the outcomes, and a line for each that must not be."""
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bad.tabgan")
        for number in range(first, stop):
            name, must_be_refused, data = mutated(number)
            path.write_bytes(data)
            signal.alarm(MOST_SECONDS)  # ends the process
            try:
                found = outcome(path, must_be_refused)
            except Exception as error:  # whatever comes is a finding
                found = f"{type(error).__name__}: {error}"[:300]
            signal.alarm(0)
            counts[found if found in ("refused", "harmless") else "wrong"] += 1
            wrong += [] if found in ("refused", "harmless") else [f"{number} {name}: {found}"]
    return {"refused": counts["refused"], "harmless": counts["harmless"], "wrong": wrong}


def main() -> None:
    """Good files first, so that what they take is not counted."""
    warnings.simplefilter("error")
    warnings.simplefilter("ignore", TabganWarning)  # of values that another model never learned
    for path in GOLDEN:
        works(TabGAN.load(path, device="cpu"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (in_use + ROOM, -1))
    told = judged(int(sys.argv[1]), int(sys.argv[2]))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(json.dumps(told | {"peak_mib": grown // 1024}))


if __name__ == "__main__":
    main()
