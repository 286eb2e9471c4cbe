"""The figures of the comparison: read from results/compare/, averaged over seeds, and written.

A cost counts only where it was measured on the kind of processor that ours ran on; else it is marked.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.comparison_pictures import ELSEWHERE, OURS
from benchmarks.datasets import SOURCES
from benchmarks.measuring import RESULTS
from benchmarks.peers.methods import METHODS

Key = tuple[str, float | None]


@dataclass(frozen=True)
class Figure:
    """A column of the tables: its heading, where it lies in a result, how it is written, what is better."""

    heading: str
    path: tuple[str, ...]
    digits: int
    factor: float = 1.0
    better: str | None = None  # "low" or "high"

    @property
    def is_cost(self) -> bool:
        """Whether it is about time or memory, not about the rows."""
        return self.path[0] == "costs"

    def read(self, result: dict[str, Any]) -> float | None:
        """The figure of one run; None where it was not measured."""
        found: Any = result
        for name in self.path:
            found = (found or {}).get(name)
        return None if found is None else found * self.factor


FIGURES = (
    Figure("C2ST", ("metrics", "c2st_auc", "value"), 3, better="low"),
    Figure("TSTR", ("metrics", "tstr_auc", "value"), 3, better="high"),
    Figure("quality", ("metrics", "quality", "value"), 3),
    Figure("SDMetrics", ("sdmetrics", "overall"), 3, better="high"),
    Figure("fit, CPU s", ("costs", "fit_cpu_seconds"), 0, better="low"),
    Figure("wall s", ("costs", "fit_wall_seconds"), 0),
    Figure("peak GB", ("costs", "peak_bytes"), 2, 1e-9, "low"),
    Figure("rows / CPU s", ("costs", "rows_per_cpu_second"), 0, better="high"),
    Figure("model MB", ("costs", "model_bytes"), 2, 1e-6),
)


def read_results(folder: Path = RESULTS) -> list[dict[str, Any]]:
    """Every run, in the order of tables, methods, epsilon and seeds."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in (folder / "compare").glob("*.json")]
    mark_prices(found)
    places = {name: place for place, name in enumerate((*SOURCES, *METHODS))}
    return sorted(
        found,
        key=lambda one: (
            places.get(one["table"], -1),
            one["table"],
            places.get(one["method"], -1),
            one["epsilon"] or 0.0,
            one["seed"],
        ),
    )


def mark_prices(results: list[dict[str, Any]]) -> None:
    """Say of which runs time and memory compare, in place: those of one kind of processor a table.

    Without products in bfloat16 ours take twice as long and most of the others' do not. A table's costs
    are those on the kind that ours ran on; with bfloat16 where they ran on both.
    """
    for runs in by_table(results).values():
        is_fast = [run["machine"].get("bfloat16") is not False for run in runs]
        ours = [fast for run, fast in zip(runs, is_fast, strict=True) if run["method"] == OURS]
        for run, fast in zip(runs, is_fast, strict=True):
            run["is_priced"] = fast == any(ours or is_fast)


def by_method(results: list[dict[str, Any]]) -> dict[Key, list[dict[str, Any]]]:
    """The runs of one table, those that differ by their seed together."""
    groups: dict[Key, list[dict[str, Any]]] = defaultdict(list)
    for one in results:
        groups[one["method"], one["epsilon"]].append(one)
    return groups


def measured(runs: list[dict[str, Any]], figure: Figure, *, is_priced: bool = True) -> list[float]:
    """The figure of every run that has it; of a cost, of those on our kind of processor, or of the others."""
    fit = [run for run in runs if not figure.is_cost or run.get("is_priced", True) == is_priced]
    return [value for value in map(figure.read, fit) if value is not None]


def average(runs: list[dict[str, Any]], figure: Figure) -> tuple[float, float] | None:
    """Mean over the seeds, and the furthest seed from it; None where nothing was measured."""
    values, _ = _best_measured(runs, figure)
    return (mean(values), max(abs(value - mean(values)) for value in values)) if values else None


def _best_measured(runs: list[dict[str, Any]], figure: Figure) -> tuple[list[float], str]:
    """The figure on our kind of processor, where there it was measured, else on another, which is marked."""
    values = measured(runs, figure)
    return (
        (values, "") if values or not figure.is_cost else (measured(runs, figure, is_priced=False), ELSEWHERE)
    )


def by_table(results: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    tables: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in results:
        tables[one["table"]].append(one)
    return tables


def made_rows(results: list[dict[str, Any]]) -> dict[Key, list[dict[str, Any]]]:
    """Runs that did not fail, by method."""
    return by_method([run for run in results if not run["failure"]])


def title_of(key: Key) -> str:
    method, epsilon = key
    title = METHODS[method].title if method in METHODS else method
    return title if epsilon is None else f"{title}, ε = {epsilon:g}"


def cell(runs: list[dict[str, Any]], figure: Figure) -> str:
    found, (values, mark) = average(runs, figure), _best_measured(runs, figure)
    if found is None:
        return "–"
    texts = [f"{value:,.{figure.digits}f}" for value in found[: 2 if len(values) > 1 else 1]]
    return " ± ".join(text.removeprefix("0") if figure.digits == 3 else text for text in texts) + mark
