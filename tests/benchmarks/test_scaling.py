from __future__ import annotations

from typing import Any

import pytest

from benchmarks.scaling import COSTS, PEAK_BYTES, ROWS, measure, mixed, show, summary


def point(rows: int, columns: int, seconds: float, peak: int = 10**9) -> dict[str, Any]:
    memory = {"table_bytes": 10**8, "table_peak_bytes": 10**8, "peak_bytes": peak, "estimated_bytes": 10**9}
    return {"rows": rows, "columns": columns, "cpu_seconds": dict.fromkeys(COSTS, seconds), **memory}


def test_a_cost_that_grows_faster_than_the_rows_is_seen() -> None:
    straight = [point(rows, 20, 2e-6 * rows) for rows in ROWS]
    steep = [point(10_000, columns, 1e-4 * columns**1.5) for columns in (10, 30, 100)]
    found = summary({"rows": straight, "columns": steep})
    assert found["slopes"]["rows"]["encode"] == pytest.approx(1.0)
    assert found["slopes"]["columns"]["encode"] == pytest.approx(1.5)
    assert list(show(found, "rows").columns[2].cells)[-1] == "1.00 straight"
    assert list(show(found, "columns").columns[2].cells)[-1] == "1.50 STEEPER"


def test_the_bar_of_memory_is_for_the_largest_table_alone() -> None:
    large = summary({"rows": [point(ROWS[-1], 20, 1.0, PEAK_BYTES + 1)], "columns": []})
    assert large["peak_bar"] == {"limit": PEAK_BYTES, "met": False}
    assert summary({"rows": [point(10**6, 20, 1.0)], "columns": []})["peak_bar"] is None


@pytest.mark.slow
def test_a_small_table_is_measured_through() -> None:
    assert mixed(50, 40).shape == (50, 40)
    found = measure(300, 20)
    assert set(found["cpu_seconds"]) == set(COSTS)
    assert found["peak_bytes"] >= found["table_peak_bytes"] > found["table_bytes"] > 0
