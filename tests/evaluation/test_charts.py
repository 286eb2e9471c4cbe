from __future__ import annotations

import json

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from tabgan.evaluation.charts import Figure, bars, curves, heat_map, intervals, overlay, rates
from tabgan.evaluation.metric import Family
from tabgan.evaluation.plates import MAX_BARS, plates_of
from tabgan.evaluation.profiles import column_profiles


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


def test_details_without_rows_or_of_unknown_shape_draw_nothing() -> None:
    details = {"pairs": pd.DataFrame(), "other": pd.DataFrame({"a": [1]})}
    assert plates_of("pairs", Family((), details), ()) == []
