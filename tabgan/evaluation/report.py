"""The summary as one self-contained HTML page."""

from __future__ import annotations

import base64
import os
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from jinja2 import Environment, StrictUndefined

import tabgan
from tabgan.evaluation.charts import heat_map_svg, overlay_svg
from tabgan.evaluation.features import FloatArray
from tabgan.evaluation.fidelity import PairTrends
from tabgan.evaluation.texts import printable, shown
from tabgan.whole_file import whole_file

if TYPE_CHECKING:
    from tabgan.evaluation.summary import Metric, Summary

MAX_COLUMNS = 60
MAX_HEAT_MAP = 40


def write_page(summary: Summary, path: str | os.PathLike[str]) -> None:
    """Write the page; the file appears whole or not at all."""
    page = render_page(summary)
    with whole_file(path) as handle:
        handle.write(page.encode("utf-8", "replace"))


def render_page(summary: Summary) -> str:
    """The page as text. Every name and category is escaped; charts are pictures inside it."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["shown"] = shown
    source = files(__package__).joinpath("report.html.j2").read_text(encoding="utf-8")
    # The worst column first: that is what one looks for.
    profiles = sorted(summary.profiles, key=lambda p: summary.shapes.scores[p.name])
    columns = [
        {
            "name": printable(profile.name, 60),
            "kind": profile.kind,
            "score": summary.shapes.scores[profile.name],
            "chart": _picture(overlay_svg(profile)),
            "is_number": profile.edges is not None,
            "missing": profile.missing,
            "other": profile.other,
        }
        for profile in profiles[:MAX_COLUMNS]
    ]
    return environment.from_string(source).render(
        groups=[(g, list(m)) for g, m in groupby(summary.metrics, key=lambda m: m.group)],
        place=_place,
        columns=columns,
        n_columns=len(profiles),
        heat_maps=_heat_maps(summary),
        weakest=_weakest_pairs(summary.trends),
        n_rows=summary.n_rows,
        target=None if summary.target is None else printable(summary.target, 60),
        seed=summary.seed,
        version=tabgan.__version__,
        caps=summary.to_dict()["caps"],
    )


def _place(metric: Metric) -> float | None:
    """Where a value stands between shuffled columns (0) and real rows (100), in percent."""
    if metric.floor is None or metric.reference is None:
        return None
    span = metric.reference - metric.floor
    # Where shuffling changes nothing, as with single columns, there is no scale.
    if abs(span) < 0.03:
        return None
    return float(np.clip(100 * (metric.value - metric.floor) / span, 0, 100))


def _heat_maps(summary: Summary) -> list[dict[str, str]]:
    names = list(summary.shapes.scores)[:MAX_HEAT_MAP]
    if len(names) < 2:
        return []
    real, synthetic = (_matrix(names, table) for table in (summary.trends.real, summary.trends.synthetic))
    drawn = (
        ("Real", np.abs(real), False),
        ("Synthetic", np.abs(synthetic), False),
        ("Difference", np.abs(real - synthetic), True),
    )
    return [
        {"title": title, "chart": _picture(heat_map_svg(matrix, names, is_difference=difference))}
        for title, matrix, difference in drawn
    ]


def _matrix(names: list[object], associations: dict[tuple[object, object], float]) -> FloatArray:
    place = {name: i for i, name in enumerate(names)}
    matrix = np.eye(len(names))
    for (a, b), strength in associations.items():
        if a in place and b in place:
            matrix[place[a], place[b]] = matrix[place[b], place[a]] = strength
    return matrix


def _weakest_pairs(trends: PairTrends) -> list[tuple[str, str, float, float, float]]:
    """The five pairs with the lowest score: names, score, association in real and synthetic."""
    worst = sorted(trends.scores.items(), key=lambda item: item[1])[:5]
    return [
        (printable(a, 40), printable(b, 40), score, trends.real[a, b], trends.synthetic[a, b])
        for (a, b), score in worst
    ]


def _picture(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode("utf-8", "replace")).decode()
