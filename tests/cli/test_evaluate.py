"""`tabgan evaluate`: files in and out, and the gate of a release."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from tabgan_cli.failures import CommandError, Exit
from tabgan_cli.gate import read_rules

from tests.cli.calling import Call, Outcome
from tests.evaluation.conftest import make_people


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("tables")
    paths = {}
    for seed, name in enumerate(("train", "synthetic", "holdout")):
        table = make_people(60, seed).drop(columns="start")
        table["code"] = [f"{code:03d}" for code in table["age"]]
        if name == "synthetic":
            table["age"] += 0.5
            table["code"] = table["code"].str.lstrip("0")
        paths[name] = folder / f"{name}.csv"
        table.to_csv(paths[name], index=False)
    return paths


def call_evaluate(call: Call, files: dict[str, Path], *more: object) -> Outcome:
    named = [part for name, path in files.items() for part in (f"--{name}", path)]
    return call("evaluate", *named, "--time-budget", "0.001", *more)


@pytest.fixture(scope="module")
def judged(
    call: Call, files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Outcome, Path, Path]:
    """All questions asked, with rules that do not hold; the page and the figures."""
    folder = tmp_path_factory.mktemp("judged")
    page, figures = folder / "r.html", folder / "m.json"
    options = ["--target", "rich", "--seed", "5", "--json", figures, "--html", page, "--epsilon", "2"]
    rules = ["--fail-if", "c2st_auc>1", "--fail-if", "quality<.1"]
    named = [part for name, path in files.items() for part in (f"--{name}", path)]
    return call("evaluate", *named, *options, *rules), page, figures


def test_figures_are_printed_and_written(judged: tuple[Outcome, Path, Path]) -> None:
    told, page, figures = judged
    assert told.code == 0, told.err
    assert "Classifier test" in told.out
    assert "Can one person be singled out?" in told.out
    assert "outside epsilon" in told.err
    found = json.loads(figures.read_text())
    assert (found["seed"], found["target"], found["epsilon"]) == (5, "rich", 2.0)
    assert found["metrics"]["c2st_auc"]["value"] > 0.5
    kinds = {one["column"]: one["kind"] for one in found["details"]["columns"]}
    assert kinds["code"] == "categorical"
    assert page.read_text().startswith("<!DOCTYPE html>")


def test_a_rule_that_holds_or_cannot_be_decided_fails_the_gate(
    call: Call, files: dict[str, Path], tmp_path: Path
) -> None:
    rules = ["--fail-if", "column_shapes<0.999", "--fail-if", "c2st_auc > 0", "--fail-if", "quality<=1e-3"]
    figures = tmp_path / "m.json"
    told = call("evaluate", *[p for n, f in files.items() for p in (f"--{n}", f)], *rules, "--json", figures)
    assert told.code == Exit.GATE == 6
    (line,) = [line for line in told.err.splitlines() if line.startswith("Error:")]
    assert "column_shapes<0.999: it is 0." in line
    assert "c2st_auc > 0: it is 0." in line
    assert "quality" not in line
    assert figures.exists()
    told = call_evaluate(call, files, "--fail-if", "exposed_rows_share>0.5")
    assert told.code == 6
    assert "exposed_rows_share>0.5: cannot be decided, the time budget" in told.err


def test_a_rule_about_an_attack_is_open_where_the_control_was_learned_from(
    call: Call, files: dict[str, Path]
) -> None:
    tables = ["--train", files["train"], "--synthetic", files["synthetic"], "--holdout", files["train"]]
    rules = ["--fail-if", "inference>0.9", "--fail-if", "column_shapes<.1"]
    told = call("evaluate", *tables, *rules)
    assert told.code == 6
    assert "Warning: 60 of 60 rows held out stand in the training table" in told.err
    assert "inference>0.9: cannot be decided, rows held out stand in the training table" in told.err
    assert "column_shapes" not in told.err


def test_rules_that_do_not_hold_pass(judged: tuple[Outcome, Path, Path]) -> None:
    assert judged[0].code == 0


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("c2st>0.6", "no metric 'c2st'. Use one of c2st_auc, c2st_rounded_auc."),
        ("exact_match>0", "Use one of exact_matches, unique_exact_matches."),
        ("nearest_neighbor_share>.6", "Use one of nearest_neighbour_share,"),
        ("dcr>.6", "Use one of column_shapes, ks_complement,"),
        ("c2st_auc=0.6", "is not a rule"),
        ("c2st_auc>", "is not a rule"),
        ("c2st_auc>nan", "is not a rule"),
        ("c2st_auc>0.6 or 1", "is not a rule"),
        ("", "is not a rule"),
    ],
)
def test_a_rule_nobody_can_check_is_a_usage_error_before_any_work(call: Call, rule: str, told: str) -> None:
    outcome = call("evaluate", "--train", "none.csv", "--synthetic", "none.csv", "--fail-if", rule)
    assert outcome.code == Exit.USAGE
    assert told in outcome.err


def test_rules_are_read_with_blanks_and_every_sign() -> None:
    texts = ["a_b>1", "a_b >= -1.5", "a_b<.5", " a_b <= 1e-3 "]
    with pytest.raises(CommandError, match="no metric 'a_b'"):
        read_rules(texts)
    rules = read_rules([text.replace("a_b", "c2st_auc") for text in texts])
    assert [(rule.sign, rule.limit) for rule in rules] == [(">", 1), (">=", -1.5), ("<", 0.5), ("<=", 0.001)]
    assert read_rules(None) == ()


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["--time-budget", "0"], Exit.USAGE, "--time-budget"),
        (["--epsilon", "-1"], Exit.USAGE, "--epsilon"),
        (["--target", "nobody"], Exit.DATA, "'nobody' is not a column of the table"),
        (["--holdout", "there.pdf"], Exit.USAGE, "unknown kind of table"),
        (["--holdout", "there.csv"], Exit.INPUT_OUTPUT, "no such file"),
        (["--json", "/no/folder/m.json"], Exit.INPUT_OUTPUT, "no folder"),
    ],
)
def test_what_cannot_be_done_is_told(
    call: Call, files: dict[str, Path], options: list[str], code: Exit, told: str
) -> None:
    outcome = call_evaluate(call, files, *options)
    assert (outcome.code, told in outcome.err) == (code, True), outcome.err


def test_outputs_are_not_overwritten_unless_forced(
    call: Call, files: dict[str, Path], tmp_path: Path
) -> None:
    page = tmp_path / "r.html"
    page.write_text("precious")
    assert call_evaluate(call, files, "--html", page).code == Exit.INPUT_OUTPUT
    assert page.read_text() == "precious"
    assert call_evaluate(call, files, "--html", page, "--force").code == 0
    assert "</html>" in page.read_text()
    assert call_evaluate(call, files, "--html", files["train"], "--force").code == Exit.USAGE


def test_a_column_that_is_lacking_is_named(call: Call, files: dict[str, Path], tmp_path: Path) -> None:
    pd.read_csv(files["synthetic"]).drop(columns="pay").to_csv(tmp_path / "s.csv", index=False)
    outcome = call_evaluate(call, files, "--synthetic", tmp_path / "s.csv")
    assert outcome.code == Exit.DATA
    assert "it lacks 'pay'" in outcome.err
