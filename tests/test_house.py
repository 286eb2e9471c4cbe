"""Rules of the house that no linter knows; a comment `# long: why` excuses a file or a function."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(path for folder in ("tabgan", "cli") for path in (ROOT / folder).rglob("*.py"))
MAX_FILE, MAX_FUNCTION = 350, 40
EXCUSE = "# long: "
UNSAFE = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@functools.cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its signature and its docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    assert len(lines) <= MAX_FILE or EXCUSE in text, f"{len(lines)} lines"
    for node in ast.walk(_parsed(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            whole = "\n".join(lines[node.lineno - 1 : node.end_lineno])
            assert _body_lines(node) <= MAX_FUNCTION or EXCUSE in whole, f"{node.name}: too long"


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_nothing_is_imported_that_runs_code_from_a_file(path: Path) -> None:
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.Import):
            assert not {alias.name.split(".")[0] for alias in node.names} & UNSAFE
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] not in UNSAFE
        if isinstance(node, ast.Attribute):
            assert ast.unparse(node) not in (
                "torch.load",
                "torch.save",
                "pd.read_pickle",
                "pandas.read_pickle",
            )


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_every_file_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(_parsed(path))


def test_no_file_is_a_grab_bag() -> None:
    assert not {path.stem for path in SOURCES} & {"utils", "common", "helpers", "base", "core", "manager"}


def test_importing_the_package_loads_no_torch() -> None:
    code = "import sys, tabgan; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
