from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks.compare import Run, files_in, judged, runs_of, sides_of
from benchmarks.comparison_figures import FIGURES, cell, made_rows, mark_prices, read_results
from benchmarks.comparison_losses import beside, losses, losses_of
from benchmarks.comparison_page import BEGIN, END, PRIVACY, findings_of, section, with_section
from benchmarks.comparison_pictures import draw_pictures
from benchmarks.peers.methods import METHODS
from benchmarks.peers.running import Made


def result(method: str, seed: int, **figures: float) -> dict[str, Any]:
    usual = {"c2st": 0.6, "tstr": 0.9, "cpu": 10.0, "sdmetrics": 0.95}
    found = usual | figures
    private = METHODS[method].is_private
    return {
        "measured": "2026-01-01",
        "machine": {"cores": 2, "processor": "some"},
        "table": "adult",
        "method": method,
        "seed": seed,
        "epsilon": 1.0 if private else None,
        "rows": {"train": 80, "holdout": 20},
        "columns": 3,
        "target": "income",
        "score": "AUC",
        "failure": None,
        "costs": {"fit_cpu_seconds": found["cpu"], "rows_per_cpu_second": 1000.0, "peak_bytes": 10**9},
        "metrics": {
            "c2st_auc": {"value": found["c2st"], "real": 0.5},
            "tstr_auc": {"value": found["tstr"], "real": 0.93},
        },
        "standings": dict.fromkeys(PRIVACY, "no evidence")
        | ({"memorisation": "leak"} if method == "copy" else {}),
        "sdmetrics": {"overall": found["sdmetrics"]},
    }


@pytest.fixture
def results(tmp_path: Path) -> list[dict[str, Any]]:
    runs = [
        result("tabgan", 0, c2st=0.50, cpu=100.0),
        result("tabgan", 1, c2st=0.54, cpu=100.0),
        result("tabularargn", 0, cpu=50.0),
        result("copy", 0),
        result("mst", 0, tstr=0.7),
        result("aim", 0) | {"failure": "stopped after 60 s", "metrics": {}, "costs": {}, "sdmetrics": None},
    ]
    (tmp_path / "compare").mkdir()
    for place, one in enumerate(runs):
        (tmp_path / "compare" / f"{place}.json").write_text(json.dumps(one), encoding="utf-8")
    return read_results(tmp_path)


def test_methods_of_a_seed_and_table_run_together_and_have_names_of_their_own() -> None:
    asked = argparse.Namespace(seeds=[0, 1], methods=["tabgan", "mst"], epsilon=[1.0, 3.0])
    runs = list(runs_of(asked, ["adult", "rain"]))
    assert [(run.seed, run.table) for run in runs] == [
        pair for seed in (0, 1) for pair in [(seed, "adult")] * 3 + [(seed, "rain")] * 3
    ]
    assert len({run.name for run in runs}) == len(runs) == 12
    assert Run("adult", "mst", 0, 3.0) in runs


def test_a_real_half_is_judged_by_the_other_half() -> None:
    train = pd.DataFrame({"a": range(11)})
    learned, given = sides_of(METHODS["half"], train)
    assert len(learned) == 5
    assert sorted([*learned["a"], *given["a"]]) == list(range(11))
    assert all(side is train for side in sides_of(METHODS["copy"], train))


def test_a_folder_of_ones_own_files_is_read_by_name(tmp_path: Path) -> None:
    for name in ("b.csv", "a.parquet", "c.csv.gz", "notes.txt"):
        (tmp_path / name).touch()
    assert list(files_in(tmp_path)) == ["a", "b", "c"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(SystemExit, match="no file that ends in"):
        files_in(tmp_path / "empty")


def test_rows_that_cannot_be_judged_are_a_failure_and_no_crash() -> None:
    train = pd.DataFrame({"x": [0.5, 1.5] * 20, "c": ["a", "b"] * 20})
    made = Made(train.assign(x="seven"), {})
    found = judged(train, made, train, None, 0, {"x": "numeric", "c": "categorical"})
    assert list(found) == ["failure"]
    assert found["failure"].startswith("not judged: Column 'x' holds numbers in the training table")


def test_drawing_twice_changes_nothing_and_leaves_what_was_written_by_hand(
    results: list[dict[str, Any]],
) -> None:
    page = f"# By hand\n\n{BEGIN}\ndrawn before\n{END}\n\nAlso by hand.\n"
    once = with_section(page, section(results))
    assert with_section(once, section(results)) == once
    assert once.startswith(f"# By hand\n\n{BEGIN}\n")
    assert once.endswith(f"{END}\n\nAlso by hand.\n")
    assert "drawn before" not in once
    with pytest.raises(ValueError, match="must hold"):
        with_section("# No markers", "drawn")


def test_the_page_shows_means_spread_failures_and_findings(results: list[dict[str, Any]]) -> None:
    lines = section(results).splitlines()
    ours = next(line for line in lines if line.startswith("| tabgan (this project)"))
    assert "| 2 | .520 ± .020 | .900 ± .000 |" in ours
    assert any("AIM (smartnoise), ε = 1 | 1 | stopped after 60 s" in line for line in lines)
    assert any(line.startswith("| copy") and line.endswith("leak: memorisation |") for line in lines)
    assert any(line.startswith("- TabSyn, not measured:") for line in lines)


def test_a_test_that_was_too_small_is_never_called_no_evidence() -> None:
    sure, small = result("tabgan", 0), result("tabgan", 1)
    small["standings"]["inference"] = "underpowered"
    assert findings_of([sure]) == "no evidence"
    assert findings_of([sure, small]) == "underpowered: inference"


def test_losses_name_the_peer_with_both_figures_and_no_reference_counts(
    results: list[dict[str, Any]],
) -> None:
    told = losses_of(made_rows(results), ("tabgan", None))
    assert list(map(str, told)) == ["fit, CPU s: 50 for TabularARGN, 100 ± 0 for us"]


def test_costs_of_the_less_faithful_stand_apart(results: list[dict[str, Any]]) -> None:
    """TabularARGN is at C2ST .6 here and ours at .52; then it is as faithful."""
    apart = "  Less faithful, and ahead in costs: TabularARGN (C2ST .600: fit, CPU s 50)."
    assert losses(results)[2:] == [
        "- **adult**, tabgan (this project): to nobody in the rows, and in costs to nobody as faithful.",
        apart,
    ]
    for one in results:
        one["metrics"] |= {"c2st_auc": {"value": 0.52, "real": 0.5}}
    assert losses(results)[2:] == [
        "- **adult**, tabgan (this project): fit, CPU s: 50 for TabularARGN, 100 ± 0 for us."
    ]


def test_costs_are_divided_on_one_kind_of_processor_only(results: list[dict[str, Any]]) -> None:
    assert beside(results)[-1].startswith("| adult | .520 ± .020, .600 | .900 ± .000, .900 |")
    assert beside(results)[-1].endswith("| 2.00 | 1.00 |")
    for one in results:
        one["machine"] |= {"bfloat16": one["method"] == "tabgan"}
    mark_prices(results)
    assert beside(results)[-1].endswith("| – | – |")
    assert beside([one for one in results if one["method"] == "tabgan"])[-1].startswith("|---")


def test_costs_on_another_kind_of_processor_are_no_part_of_a_mean_and_are_marked() -> None:
    runs = [result("tabgan", 0, cpu=10.0), result("tabgan", 1, cpu=30.0), result("tabularargn", 0, cpu=5.0)]
    for run in runs[1:]:
        run["machine"] |= {"bfloat16": False}
    mark_prices(runs)
    c2st, cpu = FIGURES[0], next(figure for figure in FIGURES if figure.heading == "fit, CPU s")
    assert (cell(runs[:2], cpu), cell(runs[:2], c2st)) == ("10", ".600 ± .000")
    assert cell(runs[2:], cpu) == "5°"
    assert list(map(str, losses_of(made_rows(runs), ("tabgan", None)))) == [
        "fit, CPU s: 5° for TabularARGN, 10 for us"
    ]
    for run in runs:
        run["machine"] |= {"bfloat16": False}
    mark_prices(runs)
    assert cell(runs[:2], cpu) == "20 ± 10"
    assert list(map(str, losses_of(made_rows(runs), ("tabgan", None)))) == [
        "fit, CPU s: 5 for TabularARGN, 20 ± 10 for us"
    ]
    for run in runs[:2]:
        run["machine"] |= {"bfloat16": True}
    mark_prices(runs)
    assert cell(runs[2:], cpu) == "5°"


def test_equal_results_give_equal_pictures(results: list[dict[str, Any]], tmp_path: Path) -> None:
    for name in ("once", "twice"):
        draw_pictures(results, tmp_path / name)
    once, twice = (
        {path.name: path.read_bytes() for path in sorted((tmp_path / name).iterdir())}
        for name in ("once", "twice")
    )
    assert once == twice
    assert list(once) == ["quality_epsilon.png", "quality_time.png", "speed.png"]
