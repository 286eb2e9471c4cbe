"""How much was tried against tabgan and how much of it was survived: the committed tests, counted.

    python -m benchmarks.robustness [--tables 2000] [--few] [--only kills mutations]

Runs the tests of odd inputs, random tables, killed processes and mutated model files, and adds up what
they record. `--few`: their short forms, of minutes, without the long ones. `--only`: some of the parts; the
others stay as they were written before. A test that fails is named, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from benchmarks.measuring import RESULTS, write_result

ROOT = Path(__file__).resolve().parents[1]
# What is run, in its short form and in its long one: arguments of pytest.
PARTS = {
    "odd_inputs": (("tests/test_odd_inputs.py",), ("tests/test_odd_inputs.py",)),
    "random_tables": (
        ("tests/test_any_table.py", "-k", "very_many"),
        ("tests/test_any_table.py", "-k", "very_many"),
    ),
    "kills": (
        ("tests/cli/test_kills.py", "-k", "killed", "-m", "not slow"),
        ("tests/cli/test_kills.py", "-k", "killed"),
    ),
    "mutations": (
        ("tests/test_model_mutations.py", "-m", "not slow"),
        ("tests/test_model_mutations.py",),
    ),
}


def run(arguments: tuple[str, ...], n_tables: int) -> dict[str, Any]:
    """The tests of one part: how many passed, which failed, and the sums of what they recorded."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [sys.executable, "-m", "pytest", "-q", "-n", "0", f"--junitxml={report}", *arguments]
        command += ["-o", "junit_family=xunit1"]  # the one that has properties
        begin = time.monotonic()
        environment = {**os.environ, "TABGAN_FUZZ": str(n_tables), "OMP_NUM_THREADS": "1"}
        subprocess.run(command, cwd=ROOT, env=environment, check=False)
        seconds = time.monotonic() - begin
        return told(ET.parse(report)) | {"seconds": round(seconds)}


def told(report: ET.ElementTree) -> dict[str, Any]:  # type: ignore[type-arg]
    """What a report of JUnit's form says."""
    sums: Counter[str] = Counter()
    failed, n_passed = [], 0
    for case in report.iter("testcase"):
        outcome = {child.tag for child in case}
        if outcome & {"failure", "error"}:
            failed.append(case.get("name"))
        elif "skipped" not in outcome:
            n_passed += 1
        for entry in case.iter("property"):
            name, number = entry.get("name", ""), int(entry.get("value", "0"))
            sums[name] = max(sums[name], number) if name.startswith("most_") else sums[name] + number
    return {"tests_passed": n_passed, "tests_failed": failed, **sums}


def main() -> None:
    """Run every part and write the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tables", type=int, default=2_000, help="random tables to try")
    parser.add_argument("--few", action="store_true", help="the short forms")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="these parts")
    options = parser.parse_args()
    form = "short" if options.few else "long"
    found = {name: {"form": form} | run(PARTS[name][form == "long"], options.tables) for name in options.only}
    written = RESULTS / "robustness.json"
    before = json.loads(written.read_text()) if written.exists() else {}
    parts = {name: before[name] for name in PARTS if name in before} | found
    path = write_result("robustness", parts)
    for name, counts in found.items():
        print(f"{name}: {', '.join(f'{key} {value}' for key, value in counts.items())}")
    print(path)
    sys.exit(any(counts["tests_failed"] for counts in found.values()))


if __name__ == "__main__":
    main()
