"""The README: its examples run, its links lead somewhere, and the file map names every file."""

from __future__ import annotations

import re
import runpy
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_examples_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}  # each example goes on from the one before
    for code in re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL):
        assert len([line for line in code.splitlines() if line.strip()]) <= 20
        exec(compile(code.replace("max_seconds=20", "max_seconds=4"), "README.md", "exec"), names)
    assert (tmp_path / "adult.tabgan").is_file()


def test_the_quickstart_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(ROOT / "examples" / "quickstart.py"))["main"](max_seconds=3)
    assert "occupation" in capsys.readouterr().out


@pytest.mark.slow
def test_the_rare_class_is_made_and_measured(capsys: pytest.CaptureFixture[str]) -> None:
    example = runpy.run_path(str(ROOT / "examples" / "rare_class.py"))
    example["main"](n_rows=1_500, epochs=2, seeds=1)
    assert "synthetic, balance" in capsys.readouterr().out


def test_the_example_of_rules_is_the_one_that_runs(capsys: pytest.CaptureFixture[str]) -> None:
    script = ROOT / "examples" / "rules.py"
    (shown,) = re.findall(r"```\n(rules = .*?)```", README, flags=re.DOTALL)
    assert textwrap.indent(shown, "    ") in script.read_text(encoding="utf-8")
    runpy.run_path(str(script))["main"](max_seconds=2)
    assert "Sum('net' + 'vat' = 'gross')" in capsys.readouterr().out


def test_the_file_map_names_every_file() -> None:
    assert "(docs/files.md)" in README
    files = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")
    folders = ("tabgan", "cli", "benchmarks/peers", "benchmarks/oracles", "examples")
    sources = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    sources += (ROOT / "benchmarks").glob("*.py")  # beside them lie environments of thousands of files
    named = {word.rstrip(",") for word in files.split()}
    missing = [
        path.name
        for path in sources
        if path.name not in named and f"examples/{path.name}" not in named and path.name != "__init__.py"
    ]
    assert missing == []
    assert {name for name in named if name.endswith(".py")} <= {
        name for path in sources for name in (path.name, f"examples/{path.name}")
    }


def test_pictures_and_links_are_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if not target.startswith("http"):
            assert (ROOT / target).is_file(), target


def test_links_to_a_section_find_its_heading() -> None:
    for target, anchor in re.findall(r"\]\(([\w/.]*)#([^)]+)\)", README):
        text = (ROOT / target).read_text(encoding="utf-8") if target else README
        headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
        slugs = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
        assert anchor in slugs, (target, anchor)


def test_nobody_is_told_to_install_the_other_project() -> None:
    assert "pip install tabgan" not in README
