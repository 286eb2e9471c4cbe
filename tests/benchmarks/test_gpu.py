from __future__ import annotations

import sys

import pytest
import torch

from benchmarks import gpu
from benchmarks.measuring import RESULTS


def test_without_a_device_one_line_says_so_and_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(RESULTS.glob("gpu-*"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(sys, "argv", ["gpu"])
    gpu.main()
    assert capsys.readouterr().out == f"{gpu.NOT_RUN}\n"
    assert sorted(RESULTS.glob("gpu-*")) == before
