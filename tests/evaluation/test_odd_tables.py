from __future__ import annotations

import json
import math

import pytest

from tabgan.evaluation import evaluate
from tabgan.evaluation.report import render_page
from tests.evaluation.conftest import make_odd


@pytest.mark.parametrize("n_rows", [1, 4, 24])
def test_every_figure_is_a_number_or_has_a_reason_whatever_the_columns_hold(n_rows: int) -> None:
    found = evaluate(*(make_odd(n_rows, seed) for seed in range(3)), target="text")
    assert all(
        metric.note if metric.value is None else math.isfinite(metric.value) for metric in found.metrics
    )
    json.dumps(found.to_dict(), allow_nan=False)
    assert "</html>" in render_page(found)
