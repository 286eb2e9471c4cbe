from __future__ import annotations

import json

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from tabgan.evaluation.charts import Figure, bars, curves, heat_map, intervals, overlay, rates
from tabgan.evaluation.metric import Family
from tabgan.evaluation.pairs import MAX_COLUMNS, pair_metrics
from tabgan.evaluation.plates import MAX_BARS, MAX_HEAT_MAP, plates_of
from tabgan.evaluation.profiles import column_profiles
from tabgan.evaluation.tables import Tables


def drawn(table: pd.DataFrame, holdout: pd.DataFrame | None = None) -> Figure:
    (profile,) = column_profiles(table, table, holdout)
    return overlay(profile)


def valid(figure: Figure) -> Figure:
    go.Figure(json.loads(json.dumps(figure, allow_nan=False)))
    return figure


@pytest.mark.parametrize("giant", [1e308, 1e15, 1.0, 1e-7, 1e-310, 1e-323])
def test_axes_of_giant_and_tiny_numbers_stay_finite(giant: float) -> None:
    figure = valid(drawn(pd.DataFrame({"v": giant * np.linspace(-1, 1, 100)})))
    places = np.array(figure["data"][0]["x"])
    assert np.isfinite(np.ptp(places))
    assert np.ptp(places) > 0


def test_dates_have_a_date_axis_and_categories_that_look_like_dates_have_none() -> None:
    days = pd.DataFrame({"v": pd.date_range("2024-01-01", periods=100)})
    figure = valid(drawn(days))
    assert figure["layout"]["xaxis"]["type"] == "date"
    assert figure["data"][0]["x"][0].startswith("2024-01-0")
    words = pd.DataFrame({"v": ["2024", "2025"] * 10}).astype("category")
    assert valid(drawn(words))["layout"]["yaxis"]["ticktext"] == ["2024", "2025"]


def test_the_holdout_is_a_third_trace() -> None:
    table = pd.DataFrame({"v": ["a", "b"] * 10})
    assert [trace["name"] for trace in drawn(table, table)["data"]] == ["Real", "Synthetic", "Holdout"]
    numbers = pd.DataFrame({"v": np.arange(30.5)})
    assert [trace["name"] for trace in drawn(numbers)["data"]] == ["Real", "Synthetic"]


def test_outlines_reach_the_last_edge() -> None:
    line = drawn(pd.DataFrame({"v": np.tile(np.arange(4), 10)}))["data"][1]
    assert line["x"] == [-0.5, 0.5, 1.5, 2.5, 3.5]
    assert line["y"] == [0.25] * 5


def test_every_kind_of_chart_is_one_that_plotly_knows() -> None:
    names, values = ["<b>a", "b"], np.array([0.2, np.nan])
    assert "&lt;b&gt;a" in json.dumps(valid(bars(names, values, title="t", start=0.5)))
    valid(heat_map(np.eye(2), names, is_difference=True))
    valid(rates(names, {"x": values, "y": values, "z": values}, title="t"))
    valid(curves({"one": (np.array([0.1, 1.0]), values)}, titles=("x", "y")))
    figure = valid(intervals(names, values, np.stack([values - 0.1, values + 0.3]), title="t", lines=(0.0,)))
    assert figure["data"][0]["error_x"]["array"] == [0.3, None]
    assert figure["data"][0]["error_x"]["arrayminus"] == [0.1, None]


def test_attacks_are_drawn_worst_first_and_no_more_than_can_be_read() -> None:
    n_rows = MAX_BARS + 3
    low = np.linspace(-0.1, 0.5, n_rows)
    table = pd.DataFrame({"column": [f"c{i}" for i in range(n_rows)], "trials": 9, "attack": 0.5})
    table = table.assign(naive=0.1, control=0.2, risk=low + 0.1, low=low, high=low + 0.2, verdict="leak")
    (plate,) = plates_of("inference", Family((), {"inference": table}), ())
    labels = plate.charts[0].figure["layout"]["yaxis"]["ticktext"]
    assert labels[0] == f"c{n_rows - 1}"
    assert len(labels) == MAX_BARS
    assert "20 worst of 23" in plate.text


def test_a_heat_map_shows_only_pairs_that_were_looked_at() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({f"c{i:03}": rng.normal(size=60) for i in range(MAX_COLUMNS + 30)})
    family = pair_metrics(Tables.checked(table, table, table))
    names = [str(name) for name in table]
    looked_at = {*family.details["pairs"]["first"], *family.details["pairs"]["second"]}
    assert not looked_at.issuperset(names[:MAX_HEAT_MAP])
    (plate,) = plates_of("pairs", family, tuple(column_profiles(table, table)))
    for chart in plate.charts:
        labels = chart.figure["layout"]["xaxis"]["ticktext"]
        assert labels == [name for name in names if name in looked_at][:MAX_HEAT_MAP]
    assert "The first 40 of 130 columns" in plate.text


def test_columns_without_relation_are_pale_in_either_table_however_few_rows_it_has() -> None:
    rng = np.random.default_rng(0)
    many, few = (
        pd.DataFrame({"town": rng.integers(0, 30, n).astype(str), "job": rng.integers(0, 9, n).astype(str)})
        for n in (5_000, 300)
    )
    family = pair_metrics(Tables.checked(many, few, few))
    (pair,) = family.details["pairs"].to_dict("records")
    assert pair["synthetic"] > pair["real"] + 0.15  # Cramér's V of few rows is large by chance
    (plate,) = plates_of("pairs", family, tuple(column_profiles(many, few)))
    for chart in plate.charts:
        assert chart.figure["data"][0]["z"][0][1] < 0.08


def test_details_without_rows_or_of_unknown_shape_draw_nothing() -> None:
    details = {"pairs": pd.DataFrame(), "other": pd.DataFrame({"a": [1]})}
    assert plates_of("pairs", Family((), details), ()) == []
