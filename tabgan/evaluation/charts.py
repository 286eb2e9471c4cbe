"""The charts of the report, each as one SVG drawing; matplotlib without its global state."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from tabgan.evaluation.features import FloatArray
from tabgan.evaluation.profiles import ColumnProfile
from tabgan.evaluation.texts import printable

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType  # newer than the oldest matplotlib that works

REAL = "#9db4d0"
SYNTHETIC = "#d9480f"
INK = "#30363d"

STYLE: dict[RcKeyType, Any] = {
    "font.family": "sans-serif",
    "font.size": 8.5,
    "text.parse_math": False,  # a "$" in a category is a dollar
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#b0b8c0",
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "svg.hashsalt": "tabgan",  # equal input, equal bytes
    "axes.formatter.useoffset": False,
}


def overlay_svg(profile: ColumnProfile) -> str:
    """Real beside synthetic: bars of categories, or the outlines of two histograms."""
    if profile.edges is None:
        n_bars = len(profile.labels) + sum(max(e) > 0 for e in (profile.other, profile.missing))
        figure = Figure(figsize=(4.3, 0.5 + 0.19 * max(n_bars, 3)), layout="constrained")
        draw = _draw_bars
    else:
        figure = Figure(figsize=(4.3, 2.2), layout="constrained")
        draw = _draw_histogram
    with mpl.rc_context(STYLE):
        draw(figure.add_subplot(), profile)
        return _svg(figure)


def heat_map_svg(matrix: FloatArray, names: Sequence[object], *, is_difference: bool) -> str:
    """A square of associations between columns; light is none, dark is strong."""
    n = len(names)
    size = min(3.1 + 0.1 * n, 7.0)
    figure = Figure(figsize=(size, 0.92 * size), layout="constrained")
    with mpl.rc_context(STYLE):
        axes = figure.add_subplot()
        colours = "Oranges" if is_difference else "Blues"
        image = axes.imshow(matrix, cmap=colours, vmin=0, vmax=0.25 if is_difference else 1)
        labels = [printable(name, 16) for name in names]
        small = 8 if n <= 16 else 6 if n <= 30 else 4.5
        axes.set_xticks(range(n), labels, rotation=90, fontsize=small)
        axes.set_yticks(range(n), labels, fontsize=small)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        bar = figure.colorbar(image, ax=axes, shrink=0.6, extend="max" if is_difference else "neither")
        bar.outline.set_visible(False)
        return _svg(figure)


def _draw_bars(axes: Axes, profile: ColumnProfile) -> None:
    labels = [printable(label) for label in profile.labels]
    real, synthetic = list(profile.real), list(profile.synthetic)
    for label, (first, second) in (("(missing)", profile.missing), ("(others)", profile.other)):
        if first > 0 or second > 0:
            labels.append(label)
            real.append(first)
            synthetic.append(second)
    place = np.arange(len(labels))
    axes.barh(place - 0.2, real, height=0.4, color=REAL)
    axes.barh(place + 0.2, synthetic, height=0.4, color=SYNTHETIC)
    axes.set_yticks(place, labels)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.xaxis.set_major_locator(MaxNLocator(5))


def _draw_histogram(axes: Axes, profile: ColumnProfile) -> None:
    assert profile.edges is not None
    edges = profile.edges
    axes.xaxis.set_major_locator(MaxNLocator(5))
    if profile.kind == "datetime":
        unit = _date_unit(float(edges[-1] - edges[0]))
        axes.xaxis.set_major_formatter(lambda second, _: _date(second, unit))
    else:
        power = _power_of_ten(edges)
        edges = edges / 10.0**power if power else edges
        axes.xaxis.set_major_formatter(lambda x, _: f"{x:,.10g}")
        axes.set_xlabel(f"1e{power}" if power else "")
    axes.stairs(profile.real, edges, fill=True, color=REAL)
    axes.stairs(profile.synthetic, edges, color=SYNTHETIC, linewidth=1.4)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.yaxis.set_major_locator(MaxNLocator(4))


def _power_of_ten(edges: FloatArray) -> int:
    """What an axis of very large or small numbers is divided by; 0 for numbers one reads as they are.

    Matplotlib's own arithmetic overflows near 1e308.
    """
    largest = float(np.abs(edges).max())
    power = int(np.floor(np.log10(largest))) if largest > 0 else 0
    return power if power > 9 or power < -5 else 0


def _date_unit(seconds: float) -> str:
    """Coarsest unit that tells the ticks of an axis of this length apart."""
    days = seconds / 86_400
    return "Y" if days > 3000 else "M" if days > 400 else "D" if days > 8 else "m"


def _date(second: float, unit: str) -> str:
    return str(np.datetime64(int(second), "s").astype(f"datetime64[{unit}]")).replace("T", " ")


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    with warnings.catch_warnings():
        # A script the font does not hold is drawn as boxes; that is no reason to fail.
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()
