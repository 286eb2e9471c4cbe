"""The charts of the report as plain data: what Plotly draws in the browser, checked by the tests.

Every text that comes from a table is escaped here, because Plotly reads some HTML in its labels.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from tabgan.evaluation.features import FloatArray
from tabgan.evaluation.profiles import ColumnProfile
from tabgan.evaluation.texts import printable

Figure: TypeAlias = dict[str, Any]

REAL, SYNTHETIC, HOLDOUT = "#9db4d0", "#d9480f", "#1f4e79"
COLORS, GREY = (SYNTHETIC, "#7a4b94", "#2f7f6f"), "#8a95a1"
INK, LINE = "#30363d", "#e3e8ed"
NAMES = ("Real", "Synthetic", "Holdout")
LABEL = 22
OVERLAY_HEIGHT = 250
MIN_BARS = 6  # room for as many, so that two bars are not fat
TOP_LEGEND: Figure = {
    "showlegend": True,
    "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
}
BLUES = [[0, "#f7fafc"], [0.5, "#7fa3c7"], [1, "#173f67"]]
ORANGES = [[0, "#fffaf7"], [0.5, "#f0a27f"], [1, "#a83208"]]


def overlay(profile: ColumnProfile) -> Figure:
    """Real, synthetic and held-out rows of one column: bars of categories or outlines of histograms."""
    return _bars(profile) if profile.edges is None else _histogram(profile, profile.edges)


def heat_map(matrix: FloatArray, names: Sequence[object], *, is_difference: bool) -> Figure:
    """A square of associations between columns; light is none, dark is strong."""
    n = len(names)
    top = 0.25 if is_difference else 1.0
    labels = [text(name, 16) for name in names]
    ticks = {"tickvals": list(range(n)), "ticktext": labels, "tickfont": {"size": 10 if n <= 20 else 8}}
    trace = {
        "type": "heatmap",
        "z": np.round(matrix, 3).tolist(),
        "zmin": 0,
        "zmax": top,
        "colorscale": ORANGES if is_difference else BLUES,
        "colorbar": {"thickness": 8, "outlinewidth": 0, "len": 0.6, "nticks": 5},
        "hovertemplate": "%{y} × %{x}: %{z:.3f}<extra></extra>",
        "xgap": 1,
        "ygap": 1,
    }
    axes = {
        "xaxis": {**ticks, "tickangle": -90, "showgrid": False, "zeroline": False},
        "yaxis": {**ticks, "autorange": "reversed", "showgrid": False, "zeroline": False},
    }
    return _figure([trace], min(300 + 9 * n, 620), **axes)


def bars(names: Sequence[object], values: FloatArray, *, title: str, start: float = 0.0) -> Figure:
    """Lying bars from a start to each value, the first at the top."""
    trace: Figure = {
        "type": "bar",
        "orientation": "h",
        "base": start,
        "x": _numbers(values - start),
        "y": list(range(len(names))),
        "width": 0.65,
        "marker": {"color": SYNTHETIC},
        "customdata": _numbers(values),
        "hovertemplate": "%{y}: %{customdata:.3f}<extra></extra>",
    }
    return _figure([trace], 60 + 22 * max(len(names), 2), **_lying(names, title))


def rates(names: Sequence[object], sides: Mapping[str, FloatArray], *, title: str) -> Figure:
    """Points on one line a name: the rate of an attack beside its control and what guessing gets."""
    looks = zip(sides.items(), (SYNTHETIC, HOLDOUT, GREY), ("circle", "diamond", "x-thin"), strict=False)
    traces = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": side,
            "x": _numbers(values),
            "y": list(range(len(names))),
            "marker": {"color": color, "size": 10, "symbol": symbol, "line": {"width": 2, "color": color}},
            "customdata": [text(name, 200) for name in names],
            "hovertemplate": f"%{{customdata}}<br>{side}: %{{x:.3f}}<extra></extra>",
        }
        for (side, values), color, symbol in looks
    ]
    return _figure(traces, _height_of(names), **_lying(names, title), **TOP_LEGEND)


def intervals(
    names: Sequence[object], values: FloatArray, ends: FloatArray, *, title: str, lines: Sequence[float]
) -> Figure:
    """A point with its interval for each name, and dashed lines to hold it against.

    Shape: `ends` [2, names].
    """
    trace: Figure = {
        "type": "scatter",
        "mode": "markers",
        "x": _numbers(values),
        "y": list(range(len(names))),
        "marker": {"color": SYNTHETIC, "size": 9},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": _numbers(ends[1] - values),
            "arrayminus": _numbers(values - ends[0]),
            "color": SYNTHETIC,
            "thickness": 1.5,
            "width": 4,
        },
        "customdata": [text(name, 200) for name in names],
        "hovertemplate": "%{customdata}<br>%{x:.3f}<extra></extra>",
    }
    layout = _lying(names, title)
    layout["shapes"] = [_line(x) for x in lines]
    return _figure([trace], _height_of(names), **layout)


def curves(sides: Mapping[str, tuple[FloatArray, FloatArray]], *, titles: tuple[str, str]) -> Figure:
    """Curves over a logarithmic axis of shares, and the dashed one that chance draws."""
    places = np.geomspace(min((x.min() for x, _ in sides.values()), default=0.01), 1.0, 40)
    every = {**sides, "chance": (places, places)}
    looks = zip(every.items(), (*COLORS[: len(sides)], GREY), strict=True)
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": text(name, 40),
            "x": _numbers(x),
            "y": _numbers(y),
            "line": {"color": color, "width": 2, "dash": "dash" if name == "chance" else "solid"},
            "hovertemplate": "%{x:.1%}: %{y:.1%}",
        }
        for (name, (x, y)), color in looks
    ]
    axis = {"gridcolor": LINE, "tickformat": "~%", "type": "log", "dtick": 1}
    return _figure(
        traces,
        340,
        xaxis={**axis, "title": {"text": titles[0]}},
        yaxis={**axis, "title": {"text": titles[1]}},
        **TOP_LEGEND,
    )


def text(value: object, length: int = LABEL) -> str:
    """Any name as a label that Plotly shows as it is."""
    return html.escape(printable(value, length), quote=False)


def _bars(profile: ColumnProfile) -> Figure:
    labels: list[object] = list(profile.labels)
    shares = profile.shares
    for label, more in (("(missing)", profile.missing), ("(others)", profile.other)):
        if (more > 0).any():
            labels.append(label)
            shares = np.column_stack([shares, more])
    n = len(labels)
    traces: list[Figure] = [
        {
            "type": "bar",
            "orientation": "h",
            "name": NAMES[side],
            "x": _numbers(shares[side]),
            "y": list(range(n)),
            "width": 0.4,
            "offset": -0.4 if side == 0 else 0,
            "marker": {"color": (REAL, SYNTHETIC)[side]},
            "hovertemplate": "%{y}: %{x:.2%}",
        }
        for side in (0, 1)
    ]
    if len(shares) > 2:
        marker = {"symbol": "line-ns-open", "size": 8, "color": HOLDOUT, "line": {"width": 2}}
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": NAMES[2],
                "x": _numbers(shares[2]),
                "y": [place - 0.2 for place in range(n)],
                "marker": marker,
                "customdata": [text(label) for label in labels],
                "hovertemplate": "%{customdata}: %{x:.2%}",
            }
        )
    layout = _lying(labels, "")
    layout["xaxis"] |= {"tickformat": ".0%", "nticks": 5}
    layout["yaxis"]["range"] = [max(n, MIN_BARS) - 0.4, -0.6]
    return _figure(traces, OVERLAY_HEIGHT, **layout)


def _histogram(profile: ColumnProfile, edges: FloatArray) -> Figure:
    title = ""
    if profile.kind == "datetime":
        places: list[Any] = [str(np.datetime64(int(second), "s")) for second in edges]
    else:
        power = _power_of_ten(edges)
        title = f"× 1e{power}" if power else ""
        # In two steps, since 1e-324 is no number.
        places = (edges / 10.0 ** (power // 2) / 10.0 ** (power - power // 2)).tolist()
    looks: list[Figure] = [
        {"fill": "tozeroy", "fillcolor": REAL, "line": {"shape": "hv", "width": 0, "color": REAL}},
        {"line": {"shape": "hv", "width": 1.8, "color": SYNTHETIC}},
        {"line": {"shape": "hv", "width": 1.4, "color": HOLDOUT, "dash": "dot"}},
    ]
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": NAMES[side],
            "x": places,
            "y": _numbers(np.append(shares, shares[-1:])),
            "hovertemplate": "%{y:.2%}",
            **looks[side],
        }
        for side, shares in enumerate(profile.shares)
    ]
    x_axis: Figure = {"type": "date" if profile.kind == "datetime" else "linear", "title": {"text": title}}
    y_axis: Figure = {"tickformat": ".0%", "rangemode": "tozero", "nticks": 5, "gridcolor": LINE}
    x_axis |= {"showgrid": False, "nticks": 6, "zeroline": False}
    return _figure(traces, OVERLAY_HEIGHT, xaxis=x_axis, yaxis=y_axis, hovermode="x unified")


def _lying(names: Sequence[object], title: str) -> Figure:
    """Axes of a chart whose rows are names; the first is at the top."""
    return {
        "xaxis": {"title": {"text": title, "font": {"size": 11}}, "gridcolor": LINE, "zerolinecolor": LINE},
        "yaxis": {
            "tickvals": list(range(len(names))),
            "ticktext": [text(name) for name in names],
            "range": [len(names) - 0.4, -0.6],
            "showgrid": False,
            "zeroline": False,
        },
    }


def _figure(traces: list[Figure], height: int, **layout: Any) -> Figure:
    for axis in ("xaxis", "yaxis"):
        layout[axis] = {"automargin": True, "fixedrange": True, **layout[axis]}
    shared = {
        "height": height,
        "margin": {"l": 8, "r": 12, "t": 8, "b": 28, "pad": 2},
        "font": {
            "family": "system-ui, -apple-system, Segoe UI, Roboto, sans-serif",
            "size": 11,
            "color": INK,
        },
        "paper_bgcolor": "#fff",
        "plot_bgcolor": "#fff",
        "showlegend": False,
        "bargap": 0.2,
        "hoverlabel": {"align": "left"},
    }
    return {"data": traces, "layout": {**shared, **layout}}


def _line(x: float) -> Figure:
    dash = {"color": HOLDOUT, "width": 1.5, "dash": "dash"}
    return {"type": "line", "x0": x, "x1": x, "yref": "paper", "y0": 0, "y1": 1, "line": dash}


def _height_of(names: Sequence[object]) -> int:
    return 100 + 30 * max(len(names), 2)


def _numbers(values: FloatArray) -> list[float | None]:
    """Rounded for a short page; what is not finite is a gap."""
    return [round(float(value), 5) if np.isfinite(value) else None for value in values]


def _power_of_ten(edges: FloatArray) -> int:
    """What an axis of very large or small numbers is divided by; 0 for numbers one reads as they are."""
    largest = float(np.abs(edges).max())
    power = int(np.floor(np.log10(largest))) if largest > 0 else 0
    return power if power > 9 or power < -5 else 0
