from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from tabgan.evaluation import quick_summary
from tabgan.evaluation.report import render_page
from tabgan.evaluation.texts import printable

HOSTILE = "<script>alert('x')</script>$a_b$"


class Assets(HTMLParser):
    """Every tag and every address a page holds."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data")]


@pytest.fixture(scope="module")
def hostile() -> tuple[pd.DataFrame, ...]:
    rng = np.random.default_rng(0)
    tables = []
    for n_rows in (300, 250, 200):
        cell = pd.Series(rng.choice([HOSTILE, "b\u202e\x00\ud800", "plain"], n_rows), dtype=object)
        number = rng.normal(size=n_rows)
        moment = pd.Timestamp("2024-05-01") + pd.to_timedelta(rng.integers(0, 10**7, n_rows), unit="s")
        tables.append(
            pd.DataFrame(
                {HOSTILE: cell, "n\x07": number, None: number > 0, ("t", 1): moment, "empty": np.nan}
            )
        )
    tables[0].loc[:3, HOSTILE] = "only four rows"
    return tuple(tables)


@pytest.fixture(scope="module")
def page(hostile: tuple[pd.DataFrame, ...]) -> str:
    # Lone surrogates cannot be learned, so the schema refuses them: only the report is shown some.
    tables = [t.assign(**{HOSTILE: t[HOSTILE].str.replace("\ud800", "")}) for t in hostile]
    return render_page(quick_summary(*tables, target=None))


def test_the_page_loads_nothing_from_elsewhere(page: str) -> None:
    assets = Assets()
    assets.feed(page)
    assert len(assets.addresses) == 5 + 3
    assert all(address.startswith("data:image/svg+xml;base64,") for address in assets.addresses)
    assert not {"script", "link", "iframe", "object"} & set(assets.tags)
    assert "http" not in re.sub(r"http-equiv", "", page)


def test_names_and_categories_are_escaped(page: str) -> None:
    assert "<script" not in page
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;$a_b$" in page
    assert "\x00" not in page
    assert "\x07" not in page
    assert "\u202e" not in page


def test_every_chart_is_a_well_formed_drawing_without_rare_categories(page: str) -> None:
    for encoded in re.findall(r"base64,([^\"]+)", page):
        drawing = base64.b64decode(encoded).decode()
        assert ET.fromstring(drawing).tag.endswith("svg")
        assert "four rows" not in drawing
    assert "four rows" not in page


def test_equal_summary_equal_bytes_and_a_whole_file(
    hostile: tuple[pd.DataFrame, ...], tmp_path: Path
) -> None:
    tables = [t.drop(columns=[HOSTILE]) for t in hostile]
    summary = quick_summary(*tables)
    for name in ("a.html", "b.html"):
        summary.to_html(tmp_path / name)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.html", "b.html"]


def test_a_table_of_one_column_has_a_page() -> None:
    table = pd.DataFrame({"only": ["x", "y"] * 10})
    page = render_page(quick_summary(table, table, table))
    assert "Pairs of columns" not in page


def test_a_script_the_font_lacks_is_drawn_without_a_warning() -> None:
    table = pd.DataFrame({"漢字": ["日本", "🙂"] * 10, "b": [1, 2] * 10})
    assert "漢字" in render_page(quick_summary(table, table, table))


def test_broken_code_points_are_shown_as_such() -> None:
    assert printable("a\ud800b\u202e") == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"
