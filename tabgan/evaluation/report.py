"""The evaluation as one self-contained HTML page."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, StrictUndefined
from plotly.offline import get_plotlyjs

import tabgan
from tabgan.evaluation.plates import Plate, plates_of
from tabgan.evaluation.profiles import MIN_ROWS
from tabgan.evaluation.questions import GROUPS
from tabgan.evaluation.standing import MEANINGS, Standing, standing
from tabgan.evaluation.texts import plain, printable, shown
from tabgan.whole_file import whole_file

if TYPE_CHECKING:
    import pandas as pd

    from tabgan.evaluation.evaluation import Answer, Evaluation
    from tabgan.evaluation.metric import Metric
    from tabgan.evaluation.metric import Question as Group

MAX_TABLE = 100  # rows of a table on the page; `details` has all
TONES: dict[Standing, str] = {
    "leak": "bad",
    "overfitting suspected": "bad",
    "weak evidence": "warn",
    "far from real rows": "warn",
    "differs from real rows": "mild",
    "underpowered": "mild",
    "near real rows": "calm",
    "like real rows": "calm",
    "no evidence": "slate",
    "no reference": "none",
    "not measured": "none",
}
ROW_NAMES = {
    "train": "real rows it was learned from",
    "synthetic": "synthetic rows",
    "holdout": "real rows held out",
}


def write_page(evaluation: Evaluation, path: str | os.PathLike[str]) -> None:
    """Write the page; the file appears whole or not at all."""
    page = render_page(evaluation)
    with whole_file(path) as handle:
        handle.write(page.encode("utf-8", "replace"))


def render_page(evaluation: Evaluation) -> str:
    """The page as text: every name and category escaped, the drawing library and all data inside it."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["shown"] = shown
    folder = files(__package__)
    figures: list[dict[str, Any]] = []
    library, script = get_plotlyjs(), folder.joinpath("report.js").read_text(encoding="utf-8")
    groups = _groups(evaluation, figures)
    return environment.from_string(folder.joinpath("report.html.j2").read_text(encoding="utf-8")).render(
        groups=groups,
        figures=_json_in_html(figures),
        library=library,
        script=script,
        script_hashes=f"{_hash(library)} {_hash(script)}",
        tones=TONES,
        evaluation=evaluation,
        rows=evaluation.rows,
        row_names=ROW_NAMES,
        target=None if evaluation.target is None else printable(evaluation.target, 60),
        words=MEANINGS,
        version=tabgan.__version__,
        min_rows=MIN_ROWS,
    )


def _groups(evaluation: Evaluation, figures: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Answers by group; the group with the gravest answer first, like the answers in it."""
    groups: dict[Group, list[Answer]] = {}
    for answer in evaluation.answers:
        groups.setdefault(answer.question.group, []).append(answer)
    return [
        {"title": GROUPS[key], "key": key, "answers": [_answer(evaluation, each, figures) for each in told]}
        for key, told in groups.items()
    ]


def _answer(evaluation: Evaluation, answer: Answer, figures: list[dict[str, Any]]) -> dict[str, Any]:
    key = answer.question.key
    family = evaluation.families[key]
    return {
        "key": key,
        "text": answer.question.text,
        "standing": answer.standing,
        "metrics": [(metric, standing(metric), _scale(metric)) for metric in answer.metrics],
        "plates": [_plate(plate, figures) for plate in plates_of(key, family, evaluation.profiles)],
        "tables": [_table(name, table) for name, table in family.details.items() if len(table)],
    }


def _scale(metric: Metric) -> dict[str, Any] | None:
    """Places in percent of value, interval, reference and floor on one line; None without a reference."""
    if metric.value is None or (metric.reference is None and metric.floor is None):
        return None
    ends = metric.interval or (metric.value, metric.value)
    marks = [mark for mark in (metric.value, metric.reference, metric.floor, *ends) if mark is not None]
    low, span = min(marks), max(marks) - min(marks)

    def place(mark: float | None) -> float | None:
        return None if mark is None else round(5 + 90 * (mark - low) / span, 1) if span > 0 else 50.0

    left, right = place(ends[0]) or 0.0, place(ends[1]) or 0.0
    return {
        "at": place(metric.value),
        "real": place(metric.reference),
        "floor": place(metric.floor),
        "range": (left, round(right - left, 1)) if metric.interval else None,
    }


def _plate(plate: Plate, figures: list[dict[str, Any]]) -> tuple[Plate, int]:
    """The plate and the number of its first drawing."""
    first = len(figures)
    figures += [chart.figure for chart in plate.charts]
    return plate, first


def _table(name: str, table: pd.DataFrame) -> dict[str, Any]:
    part = table.head(MAX_TABLE)
    columns = [[_cell(plain(cell)) for cell in part[column]] for column in part.columns]
    return {
        "name": name.replace("_", " "),
        "n_rows": len(table),
        "heads": [printable(head, 40).replace("_", " ") for head in part.columns],
        "rows": list(zip(*columns, strict=True)),
    }


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or isinstance(value, float):
        return shown(value)
    return f"{value:,}" if isinstance(value, int) else printable(value, 60)


def _json_in_html(value: object) -> str:
    """JSON that no HTML parser takes for a tag."""
    told = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return told.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
