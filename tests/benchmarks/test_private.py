from __future__ import annotations

from typing import Any

import pytest

from benchmarks.datasets import SOURCES, load
from benchmarks.private import SCHEMAS, bars_of, result_name, show, summary
from tabgan.schema import Schema


def runs(*scores: float) -> list[dict[str, Any]]:
    shared = {"trtr": 0.93, "pair_error": 0.03, "pair_error_related": 0.03, "c2st_auc": 0.8}
    costs = {"fit_cpu_seconds": 300.0, "peak_gb": 1.0}
    return [{"seed": seed, "figures": {"tstr": score} | shared | costs} for seed, score in enumerate(scores)]


def test_the_mean_over_seeds_is_held_against_the_bar() -> None:
    found = summary("adult", 1.0, runs(0.89, 0.90, 0.91), is_declared=True)
    assert found["mean"]["tstr"] == pytest.approx(0.9)
    assert found["spread"]["tstr"] == pytest.approx(0.01)
    assert {key: bar["met"] for key, bar in found["bars"].items()} == dict.fromkeys(
        ("tstr", "pair_error", "c2st_auc", "fit_cpu_seconds"), True
    )
    missed = summary("adult", 1.0, runs(0.88, 0.88), is_declared=True)
    assert not missed["bars"]["tstr"]["met"]
    assert list(show([found, missed]).columns[3].cells)[1] == "0.880 ± 0.000\nMISSED ≥ 0.895"


def test_bars_hold_where_they_were_promised() -> None:
    assert bars_of("adult", 2.0, is_declared=True, default_tstr=0.92) == {}
    assert bars_of("adult", 1.0, is_declared=False, default_tstr=0.92)["tstr"].limit == 0.87
    assert bars_of("compas", 1.0, is_declared=True, default_tstr=0.97)["tstr"].limit == pytest.approx(0.93)
    assert set(bars_of("compas", 3.0, is_declared=True, default_tstr=0.97)) == set()


def test_results_of_other_promises_have_other_names() -> None:
    names = {
        result_name("adult", epsilon, is_declared=flag) for epsilon in (0.5, 1.0) for flag in (True, False)
    }
    assert len(names) == 4
    assert "private-adult-eps0.5" in names


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*-public.json")), ids=lambda path: path.stem)
def test_a_declared_schema_is_one_of_a_known_table(path: Any) -> None:
    table = path.name.removesuffix("-public.json")
    assert table in SOURCES
    assert SOURCES[table].target in Schema.load(path).names


def test_what_adult_declares_is_so() -> None:
    schema, rows = Schema.load(SCHEMAS / "adult-public.json"), load("adult").table
    schema.check(rows)
    for column in schema:
        cells = rows[column.name]
        assert (column.missing is not None) == bool(cells.isna().any()), column.name
        if column.kind == "categorical":
            assert set(column.categories or ()) == set(cells.dropna()), column.name
        else:
            assert cells.between(column.minimum, column.maximum).all(), column.name
