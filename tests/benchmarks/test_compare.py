from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks.compare import FIRST, Run, carry_out, files_in, has_result, judged, runs_of, sides_of
from benchmarks.comparison_figures import FIGURES, cell, made_rows, mark_prices, read_results
from benchmarks.comparison_losses import beside, losses, losses_of
from benchmarks.comparison_pace import AROUND_SECONDS, Pace
from benchmarks.comparison_page import (
    BEGIN,
    END,
    PRIVACY,
    README,
    draw_page,
    findings_of,
    section,
    shown,
    states_of,
    with_section,
)
from benchmarks.comparison_pictures import draw_pictures, pictured
from benchmarks.measuring import console
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
        "costs": {"fit_cpu_seconds": found["cpu"], "rows_per_cpu_second": 1000.0, "peak_bytes": 10**9}
        | {"fit_wall_seconds": found["cpu"], "sample_cpu_seconds": 2.0, "speed_rows": 3000},
        "evaluation_cpu_seconds": 5.0,
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


def test_the_most_telling_runs_come_first_and_all_have_names_of_their_own() -> None:
    methods = ["mst", "copy", "tabularargn", "tabgan"]
    asked = argparse.Namespace(seeds=[0, 1], methods=methods, epsilon=[1.0, 3.0])
    runs = list(runs_of(asked, ["adult", "rain"]))
    both = ("adult", "rain")
    assert [run.seed for run in runs] == [0] * 10 + [1] * 10
    assert runs[:4] == [Run(table, method, 0) for table in both for method in FIRST[0]]
    assert runs[4:6] == [Run(table, "copy", 0) for table in both]
    assert runs[6:10] == [Run(table, "mst", 0, epsilon) for table in both for epsilon in (1.0, 3.0)]
    assert len({run.name for run in runs}) == len(runs)


def test_time_is_reckoned_from_what_was_published_and_how_fast_fits_are_here() -> None:
    pace = Pace([result("tabgan", 0, cpu=100.0), result("tabgan", 1, cpu=140.0), result("copy", 0, cpu=0.0)])
    ours, copy, other = ("adult", "tabgan", None), ("adult", "copy", None), ("adult", "tvae", None)
    assert pace.seconds(ours) == AROUND_SECONDS + 120 + 2 + 3 + 5
    assert pace.seconds(other) == AROUND_SECONDS
    pace.learn(result("tvae", 0, cpu=1000.0))  # never published: it tells nothing
    assert pace.slowness == 1.0
    pace.learn(result("tabgan", 0, cpu=360.0))
    assert pace.slowness == 3.0
    assert pace.seconds(copy) == 3 * (AROUND_SECONDS + 10)


def test_nothing_is_begun_that_cannot_end_and_nothing_is_measured_twice(tmp_path: Path) -> None:
    (tmp_path / "small.csv").write_text("a,b\n" + "1,x\n2,y\n" * 20, encoding="utf-8")
    asked = {"data": tmp_path, "target": None, "results": tmp_path / "own", "seeds": [0], "epsilon": [1.0]}
    limits = {"minutes": AROUND_SECONDS / 61, "limit": 60, "force": False, "smoke": False}
    (tmp_path / "own" / "compare").mkdir(parents=True)
    for method, failure in (("copy", None), ("tvae", "not installed: no such index")):
        told = json.dumps({"failure": failure})
        (tmp_path / "own" / f"{Run('small', method, 0).name}.json").write_text(told, encoding="utf-8")
    said: list[str] = []
    carry_out(argparse.Namespace(**asked, **limits, methods=["copy", "half", "tvae"]), said.append)
    assert said == [
        "1 runs had a result already; --force measures them again",
        "2 runs had no time left, from compare/small-half-seed0 on; the same command goes on from there",
    ]
    assert len(list((tmp_path / "own" / "compare").iterdir())) == 2


def test_a_peer_that_could_not_be_installed_is_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    assert not has_result(path)
    for failure, found in ((None, True), ("stopped after 9 s", True), ("not installed: no index", False)):
        path.write_text(json.dumps({"failure": failure}), encoding="utf-8")
        assert has_result(path) is found


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
    with pytest.raises(SystemExit, match="no such folder"):
        files_in(tmp_path / "b.csv")


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
    once = with_section(page, section(results, {}, {}))
    assert with_section(once, section(results, {}, {})) == once
    assert once.startswith(f"# By hand\n\n{BEGIN}\n")
    assert once.endswith(f"{END}\n\nAlso by hand.\n")
    assert "drawn before" not in once
    with pytest.raises(ValueError, match="must hold"):
        with_section("# No markers", "drawn")


def test_the_page_shows_means_spread_failures_and_findings(results: list[dict[str, Any]]) -> None:
    pictures = {"speed.png": "Rows drawn"}
    lines = section(results, pictures, {"tvae": "not installed: no index"}).splitlines()
    ours = next(line for line in lines if line.startswith("| tabgan (this project)"))
    assert "| 2 | .520 ± .020 | .900 ± .000 |" in ours
    assert any("AIM (smartnoise), ε = 1 | 1 | stopped after 60 s" in line for line in lines)
    assert any(line.startswith("| copy") and line.endswith("leak: memorisation |") for line in lines)
    assert "![Rows drawn](pictures/speed.png)" in lines
    assert lines[-1].startswith("| TVAE | ctgan ")
    assert lines[-1].endswith(" | not installed: no index |")


def test_ones_own_page_is_drawn_beside_ones_own_results(
    results: list[dict[str, Any]], tmp_path: Path
) -> None:
    """The published page and its pictures are not touched."""
    published = {path: path.read_bytes() for path in (README, *(README.parent / "pictures").iterdir())}
    for one in results:
        one["table"] = "my_table"
    draw_page(results, tmp_path)
    page = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "\n### my table\n" in page
    assert "![TSTR against epsilon, My table](pictures/quality_epsilon.png)" in page
    assert "TabSyn" not in page
    assert "| TabularARGN | mostlyai-engine 2.7.3 | Apache-2.0 | installed |" in page
    assert len(list((tmp_path / "pictures").iterdir())) == 3
    assert {path: path.read_bytes() for path in published} == published
    private = [one for one in results if one["epsilon"] is not None]
    draw_page([one for one in results if one not in private], tmp_path / "public")
    assert {path.name for path in (tmp_path / "public" / "pictures").iterdir()} == {
        "quality_time.png",
        "speed.png",
    }


def test_only_peers_that_were_asked_are_told_of(results: list[dict[str, Any]]) -> None:
    failed = results[0] | {"method": "tvae", "failure": "not installed: no index"}
    assert states_of([*results, failed]) == {
        "tabularargn": "installed",
        "tvae": "not installed: no index",
        "mst": "installed",
        "aim": "installed",
    }


def test_the_terminal_shows_ours_beside_the_others(results: list[dict[str, Any]]) -> None:
    terminal = console()
    with terminal.capture() as captured:
        terminal.print(*shown(results))
    lines = captured.get().splitlines()
    assert lines[0].strip() == "adult"
    ours = next(line for line in lines if "this project" in line)
    assert [word for word in ours.split() if word != "│"][3:6] == ["2", ".520", ".900"]
    assert any("TabularARGN" in line and ".600" in line for line in lines)
    assert not any("AIM" in line for line in lines)


def test_the_table_of_the_pictures_is_adult_or_that_of_most_methods(results: list[dict[str, Any]]) -> None:
    rain = [one | {"table": "rain"} for one in results]
    assert pictured(results + rain) == "adult"
    assert pictured(results[:1] + rain) == "rain"


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
    assert losses([one for one in results if one["method"] in ("tabgan", "copy")]) == []
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
    assert beside([one for one in results if one["method"] == "tabgan"]) == []


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
        draw_pictures(results, tmp_path / name, [])
    once, twice = (
        {path.name: path.read_bytes() for path in sorted((tmp_path / name).iterdir())}
        for name in ("once", "twice")
    )
    assert once == twice
    assert list(once) == ["quality_epsilon.png", "quality_time.png", "speed.png"]
