"""The page in a real browser: charts are drawn, nothing complains, nothing is asked of the network."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from tabgan.evaluation import Evaluation
from tests.chromium import Chromium, find_chromium

SCROLL_THROUGH = """
(async () => {
  const boxes = [...document.querySelectorAll("[data-figure]")];
  const at_first = boxes.filter((box) => box.dataset.state).length;
  for (const box of boxes) {
    box.scrollIntoView();
    for (let i = 0; i < 200 && box.dataset.state !== "drawn"; i++) {
      await new Promise((go) => setTimeout(go, 20));
    }
  }
  scrollTo(0, 0);
  const marks = ".cartesianlayer .trace path, .cartesianlayer .hm image";
  const drawn = boxes.filter((box) => box.dataset.state === "drawn" && box.querySelector(marks));
  return { charts: boxes.length, at_first, drawn: drawn.length };
})()
"""
WIDTHS = "[...document.querySelectorAll('{}')].map((box) => box.offsetWidth)"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, hostile: Evaluation) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    hostile.in_private_mode(1.0).to_html(path)
    return path


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chromium]:
    with Chromium(find_chromium(), tmp_path / "profile") as browser:
        yield browser


def test_every_chart_is_drawn_without_a_complaint_or_a_request(
    browser: Chromium, page: Path, tmp_path: Path
) -> None:
    browser.open(page)
    seen = browser.run(SCROLL_THROUGH)
    assert seen["charts"] == seen["drawn"] >= 6 + 3
    assert browser.complaints == []
    assert [one for one in browser.requests if not one.startswith("data:")] == [page.as_uri()]
    picture = browser.screenshot()
    (tmp_path / "report.png").write_bytes(picture)
    width, height = struct.unpack(">II", picture[16:24])
    assert (width, height > 2000) == (1280, True)
    assert len(picture) > 100_000


def test_charts_out_of_sight_wait_and_printing_draws_them_and_explains_the_words(
    browser: Chromium, page: Path
) -> None:
    browser.open(page)
    count = (
        "document.querySelectorAll('[data-state]').length < document.querySelectorAll('[data-figure]').length"
    )
    assert browser.run(count)
    assert browser.ask("Page.printToPDF")["data"]
    assert not browser.run(count)
    assert browser.run("document.getElementById('words').open")
    assert browser.complaints == []


def test_a_narrow_window_shows_every_figure_below_a_sentence_of_full_width(
    browser: Chromium, page: Path
) -> None:
    browser.resize(390, 900)
    browser.open(page)
    browser.run(SCROLL_THROUGH)
    assert browser.run(OVERFLOW) <= 0
    assert browser.run(f"Math.min(...{WIDTHS.format('td.name')})") > 300
    assert browser.run(f"Math.max(...{WIDTHS.format('.wide-table')})") <= 390
    beyond = (
        "[...document.querySelectorAll('.wide-table')].filter((box) => box.scrollWidth > box.clientWidth)"
    )
    assert browser.run(f"{beyond}.length") == 0
