from __future__ import annotations

import argparse

import pytest

from benchmarks.quality import Bar, Figure, bars_of, result_name, show


def arguments(**given: object) -> argparse.Namespace:
    usual = {
        "blind": False,
        "recipe": "default",
        "rounds": None,
        "max_seconds": None,
        "epochs": None,
        "seed": 0,
        "schema": None,
    }
    return argparse.Namespace(**usual | given)


def test_a_bar_is_met_from_the_right_side() -> None:
    assert Bar(0.53).is_met(0.53)
    assert not Bar(0.53).is_met(0.531)
    assert Bar(0.9, at_most=False).is_met(0.9)
    assert not Bar(0.9, at_most=False).is_met(0.899)


def test_the_bars_of_adult_hold_for_the_defaults_only() -> None:
    bars = bars_of("adult", 48_842, arguments(), trtr=0.930)
    assert bars["tstr"].limit == pytest.approx(0.922)
    assert set(bars) == {
        "c2st_auc",
        "tstr",
        "quality",
        "fit_cpu_seconds",
        "rows_per_second",
        "peak_gb",
        "nearest_neighbour_share",
    }
    assert bars_of("adult", 48_842, arguments(recipe="gan"), None)["c2st_auc"].limit == 0.85
    assert bars_of("adult", 48_842, arguments(rounds=4, max_seconds=450), None) == {"c2st_auc": Bar(0.60)}
    assert bars_of("adult", 48_842, arguments(rounds=4, max_seconds=20), None) == {}


def test_tables_under_two_thousand_rows_have_no_bar() -> None:
    assert bars_of("german_credit", 1_000, arguments(), None) == {}
    assert bars_of("diamonds", 53_940, arguments(), None) == {"c2st_auc": Bar(0.60)}


def test_a_run_with_other_settings_keeps_the_default_result() -> None:
    names = {
        result_name("adult", arguments(**given))
        for given in (
            {},
            {"rounds": 4},
            {"max_seconds": 450.0},
            {"recipe": "gan"},
            {"seed": 1},
            {"epochs": 3},
        )
    }
    assert len(names) == 6
    assert result_name("adult", arguments()) == "quality-adult-default"


def test_a_missed_bar_is_shown_as_missed() -> None:
    table = show(
        [Figure("a", 1.0, "1.0", Bar(0.5)), Figure("b", 1.0, "1.0", Bar(2.0)), Figure("c", 1.0, "1.0")]
    )
    assert list(table.columns[3].cells) == ["MISSED", "met", ""]
