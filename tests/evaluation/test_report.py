from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest

from tabgan.evaluation import Evaluation, evaluate
from tabgan.evaluation.questions import QUESTIONS
from tabgan.evaluation.report import render_page
from tabgan.evaluation.standing import MEANINGS
from tabgan.evaluation.texts import printable
from tests.evaluation.conftest import make_people


class Parts(HTMLParser):
    """Every tag, every address, and the text of the scripts of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.scripts: list[str] = []
        self.text: list[str] = []
        self._is_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data")]
        self._is_script = tag == "script"
        if self._is_script:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._is_script = False

    def handle_data(self, data: str) -> None:
        if self._is_script:
            self.scripts[-1] += data
        else:
            self.text.append(data)


def parts_of(page: str) -> Parts:
    parts = Parts()
    parts.feed(page)
    return parts


@pytest.fixture(scope="module")
def page(hostile: Evaluation) -> str:
    return render_page(hostile)


@pytest.fixture(scope="module")
def parts(page: str) -> Parts:
    return parts_of(page)


@pytest.fixture(scope="module")
def figures(parts: Parts) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(parts.scripts[0])
    return found


def test_the_page_loads_nothing_from_elsewhere(page: str, parts: Parts) -> None:
    assert all(address.startswith(("#", "data:")) for address in parts.addresses)
    assert not {"iframe", "object", "embed", "img"} & set(parts.tags)
    policy = re.search(r'content="(default-src[^"]+)"', page)
    assert policy is not None
    assert "default-src 'none'" in policy[1]
    assert "http" not in policy[1]
    assert len(re.findall("sha256-", policy[1])) == 2


def test_names_and_categories_are_escaped(page: str, parts: Parts) -> None:
    assert len(parts.scripts) == 3
    markup = page.replace(parts.scripts[1], "")
    assert "alert('x')</script>" not in markup
    assert "&lt;script&gt;alert(&#39;x&#39;)" in markup
    assert not set("\x00\x07\u202e") & set(markup)


def test_every_chart_is_one_that_plotly_knows(figures: list[dict[str, Any]], parts: Parts) -> None:
    assert len(figures) >= 5 + 3
    for figure in figures:
        go.Figure(figure)  # refuses unknown properties and values
        assert figure["layout"]["height"] > 0
    assert parts.tags.count("figure") == len(figures)


def test_labels_of_charts_are_escaped_for_plotly(figures: list[dict[str, Any]]) -> None:
    told = json.dumps(figures)
    assert "&lt;script&gt;" in told
    assert "<script" not in told


def test_categories_of_fewer_than_five_real_rows_are_nowhere(hostile: Evaluation, page: str) -> None:
    assert "four rows" not in page
    assert "four rows" not in hostile.to_json()


def test_equal_evaluation_equal_bytes_and_a_whole_file(hostile: Evaluation, tmp_path: Path) -> None:
    for name in ("a.html", "b.html"):
        hostile.to_html(tmp_path / name)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.html", "b.html"]


def test_no_explanation_points_at_a_place_since_the_worst_figure_comes_first() -> None:
    for question in QUESTIONS:
        for measure in question.measures:
            said = f"{measure.name} {measure.meaning} {measure.formula}".lower()
            assert not re.search(
                r"\b(as|test) above\b|\bthe same (with|trees)\b|\bthese (\w+ )?trees\b", said
            ), measure.key


def test_names_of_columns_are_harmless_in_notes(hostile: Evaluation) -> None:
    text = "".join(metric.note for metric in hostile.metrics)
    assert "<script>" in text
    assert not set("\x07\u202e") & set(text)


def test_every_metric_is_explained_and_every_question_has_its_word(hostile: Evaluation, parts: Parts) -> None:
    text = re.sub(r"\s+", " ", " ".join(parts.text))
    for metric in hostile.metrics:
        for told in (metric.measure.name, metric.measure.meaning, metric.measure.formula):
            assert re.sub(r"\s+", " ", told) in text, metric.key
        assert metric.value is not None or metric.note in text
        assert metric.key in text
    assert all(answer.question.text in text for answer in hostile.answers)
    assert all(meaning in text for meaning in MEANINGS.values())
    assert "anonym" not in text.lower()


def test_private_mode_is_told_on_the_page() -> None:
    table = make_people(30, 1)
    found = evaluate(table, table, time_budget=1e-9)
    assert "No rows were held out" in render_page(found)
    assert "outside epsilon" not in render_page(found)
    assert "outside epsilon" in render_page(found.in_private_mode(1.0))


def test_a_table_of_one_column_has_a_page() -> None:
    table = pd.DataFrame({"only": ["x", "y"] * 10})
    page = render_page(evaluate(table, table, table))
    assert "Pair by pair" not in page
    assert "Column by column" in page


def test_broken_code_points_are_shown_as_such() -> None:
    assert printable("a\ud800b\u202e") == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"
