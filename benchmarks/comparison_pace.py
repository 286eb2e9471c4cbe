"""How long a run will take here: what it took when it was published, times how slow this machine is."""

from __future__ import annotations

from collections import defaultdict
from statistics import mean
from typing import Any

AROUND_SECONDS = 15.0  # of a run, that no result tells: reading, imports, SDMetrics

Line = tuple[str, str, float | None]  # table, method, epsilon


class Pace:
    """Seconds of wall time that a run will take here, known once the run was published.

    All is done on one thread, so that published CPU seconds are the wall seconds of an idle machine. How much
    slower this one is, or how busy, is learned from the fits that were made here; before the first it is as
    fast.
    """

    def __init__(self, published: list[dict[str, Any]]) -> None:
        runs: dict[Line, list[tuple[float, float]]] = defaultdict(list)
        for one in published:
            if not one["failure"]:
                runs[line_of(one)].append((one["costs"]["fit_cpu_seconds"], cpu_seconds(one)))
        self._fit = {line: mean(fit for fit, _ in told) for line, told in runs.items()}
        self._whole = {line: mean(whole for _, whole in told) for line, told in runs.items()}
        self._here = self._there = 0.0

    def learn(self, result: dict[str, Any]) -> None:
        """Compare a fit that was made here with the published one."""
        line = line_of(result)
        if line in self._fit and not result["failure"]:
            self._here += result["costs"]["fit_wall_seconds"]
            self._there += self._fit[line]

    @property
    def slowness(self) -> float:
        """Wall seconds here for a published CPU second."""
        return self._here / self._there if self._there else 1.0

    def seconds(self, line: Line) -> float:
        """What a run of this method on this table will take, at least where it was not published."""
        return self._whole.get(line, AROUND_SECONDS) * self.slowness


def line_of(result: dict[str, Any]) -> Line:
    return result["table"], result["method"], result["epsilon"]


def cpu_seconds(result: dict[str, Any]) -> float:
    """CPU seconds of a published run: learning, drawing rows twice and judging them."""
    costs = result["costs"]
    drawn = costs["speed_rows"] / costs["rows_per_cpu_second"] if "speed_rows" in costs else 0.0
    told = costs["fit_cpu_seconds"] + costs["sample_cpu_seconds"] + drawn + result["evaluation_cpu_seconds"]
    return AROUND_SECONDS + told
