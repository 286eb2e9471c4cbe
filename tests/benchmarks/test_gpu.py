from __future__ import annotations

import os
import subprocess
import sys

from benchmarks.gpu import NOT_RUN
from benchmarks.measuring import RESULTS, ROOT


def test_without_a_device_one_line_says_so_and_nothing_is_written() -> None:
    before = sorted(RESULTS.glob("gpu-*"))
    hidden = os.environ | {"CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-m", "benchmarks.gpu"]
    done = subprocess.run(command, check=True, cwd=ROOT, env=hidden, capture_output=True, text=True)
    assert done.stdout == f"{NOT_RUN}\n"
    assert sorted(RESULTS.glob("gpu-*")) == before
