"""The three pictures of the comparison: quality by training time, by epsilon; speed of sampling."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.peers.methods import METHODS
from benchmarks.picture import STYLE

TABLE = "adult"
OURS = "tabgan"
ELSEWHERE = "°"  # measured on another kind of processor than ours
NAME_HEIGHT = 0.026  # of a line of text, in TSTR
COLOURS = {"ours": "#d9480f", "peer": "#1f4e79", "reference": "#8a949e"}
Results = list[dict[str, Any]]


def draw_pictures(results: Results, folder: Path, own: Results) -> dict[str, str]:
    """Write the pictures of one table, and give the titles of their files; equal results give equal files.

    `own`: results of `benchmarks.private` for our curve over epsilon. What there is nothing to show of is
    not drawn.
    """
    table = pictured(results)
    made = [one for one in results if one["table"] == table and not one["failure"]]
    curves = curves_of(made, own if table == TABLE else [])
    others = [one for one in made if one["epsilon"] is None and METHODS[one["method"]].kind != "reference"]
    folder.mkdir(parents=True, exist_ok=True)
    told = {}
    for name, title, draw in (
        ("quality_time", "C2ST against the CPU time of the fit", others and partial(quality_by_time, made)),
        ("quality_epsilon", "TSTR against epsilon", curves and partial(quality_by_epsilon, made, curves)),
        ("speed", "Rows drawn in a CPU second and how well they are told", others and partial(speed, made)),
    ):
        if draw:
            with rc_context(STYLE):
                figure = Figure(figsize=(7.5, 4.2), layout="constrained")
                draw(figure.subplots())
                figure.savefig(folder / f"{name}.png", dpi=110, metadata={"Software": None})
            told[f"{name}.png"] = f"{title}, {table[0].upper()}{table[1:]}".replace("_", " ")
    return told


def pictured(results: Results) -> str:
    """The table of the pictures: Adult where ours has another beside it, else that of most methods."""
    methods: dict[str, set[str]] = defaultdict(set)
    for one in results:
        if not one["failure"] and METHODS[one["method"]].kind != "reference":
            methods[one["table"]].add(one["method"])
    if len(methods[TABLE]) > 1:
        return TABLE
    return max(dict.fromkeys(one["table"] for one in results), key=lambda table: len(methods[table]))


def quality_by_time(made: Results, axes: Axes) -> None:
    """C2ST of methods without epsilon by the CPU time of their fit; references as lines."""
    found = sorted(_means(made, _fit_seconds, _c2st).items(), key=lambda one: one[1][1])
    titles = _titles(made)
    references = [(method, auc) for method, (_, auc) in found if METHODS[method].kind == "reference"]
    for place, (method, auc) in enumerate(references):
        axes.axhline(auc, color=COLOURS["reference"], linewidth=1, linestyle=":")
        # The lowest and the highest under their lines, where nothing else is written.
        where = _UNDER if place in (0, len(references) - 1) else _ABOVE
        axes.annotate(
            titles[method].rstrip(ELSEWHERE), (0.99, auc), xycoords=("axes fraction", "data"), **where
        )
    for method, (seconds, auc) in found:
        if METHODS[method].kind != "reference":
            axes.scatter(seconds, auc, color=COLOURS[METHODS[method].kind], s=40, zorder=3)
            # Ours are named on their left, where nobody else is.
            is_ours = METHODS[method].kind == "ours"
            where = {"xytext": (-6, 3), "ha": "right"} if is_ours else {"xytext": (6, 4)}
            axes.annotate(titles[method], (seconds, auc), textcoords="offset points", **where)
    axes.set_xscale("log")
    fits = (seconds for method, (seconds, _) in found if METHODS[method].kind != "reference")
    axes.set_xlim(min(0.5, min(fits) / 2), 50_000)
    axes.xaxis.set_major_formatter("{x:,g}")
    label = f"CPU seconds of the fit{_legend(titles)}"
    axes.set(ylim=(0.45, 1.03), xlabel=label, ylabel="C2ST AUC (.5: not told apart)")


Curves = dict[str, dict[float, list[float]]]  # TSTR of every seed, by method and epsilon


def curves_of(made: Results, own: Results) -> Curves:
    """TSTR of private methods; ours, where it is not among them, as `benchmarks.private` measured it."""
    curves: Curves = defaultdict(lambda: defaultdict(list))
    for one in made:
        if one["epsilon"] is not None and "tstr_auc" in one["metrics"]:
            curves[one["method"]][one["epsilon"]].append(one["metrics"]["tstr_auc"]["value"])
    for one in own:
        if one["is_declared"] and not one.get("within"):
            curves["tabgan_private"].setdefault(one["epsilon"], [one["mean"]["tstr"]])
    return curves


def quality_by_epsilon(made: Results, curves: Curves, axes: Axes) -> None:
    """TSTR of private methods by epsilon; the real rows' as a line."""
    written: dict[float, float] = {}  # the height of the highest name beside each epsilon
    lines = {
        method: {place: mean(points[place]) for place in sorted(points)} for method, points in curves.items()
    }
    for method, line in sorted(lines.items(), key=lambda one: list(one[1].values())[-1]):
        (*_, (last, score)) = line.items()
        axes.plot(
            *zip(*line.items(), strict=True), color=COLOURS[METHODS[method].kind], marker="o", linewidth=1.6
        )
        height = written[last] = max(score - NAME_HEIGHT / 2, written.get(last, 0.0) + NAME_HEIGHT)
        axes.annotate(METHODS[method].title, (last, height), xytext=(8, 0), va="center", **_BESIDE)
    real = [one["metrics"]["tstr_auc"]["real"] for one in made if "tstr_auc" in one["metrics"]]
    if real:
        axes.axhline(real[0], color=COLOURS["reference"], linewidth=1, linestyle=":")
        axes.annotate("real rows", (0.99, real[0]), xycoords=("axes fraction", "data"), **_ABOVE)
    axes.set_xscale("log")
    axes.set_xticks([0.5, 1, 3, 10], ["0.5", "1", "3", "10"])
    axes.set_xlim(0.4, 30)
    axes.minorticks_off()
    axes.set(xlabel="epsilon (delta = 1e-5)", ylabel="TSTR AUC")


def speed(made: Results, axes: Axes) -> None:
    """Rows drawn in a CPU second, the fastest first, each with how well its rows are told."""
    found = {
        method: pair
        for method, pair in _means(made, _rows_per_second, _c2st).items()
        if METHODS[method].kind != "reference"
    }
    names = sorted(found, key=lambda method: -found[method][0])
    colours = [COLOURS[METHODS[name].kind] for name in names]
    titles = _titles(made)
    axes.barh([titles[name] for name in names], [found[name][0] for name in names], color=colours)
    labels = [f"{rate:,.0f} (C2ST {auc:.2f})" for rate, auc in (found[name] for name in names)]
    axes.bar_label(axes.containers[0], labels=labels, padding=4)
    axes.invert_yaxis()
    axes.margins(x=0.28)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set(xlabel=f"rows in a CPU second{_legend({name: titles[name] for name in names})}")


_ABOVE: dict[str, Any] = {
    "xytext": (0, 2),
    "textcoords": "offset points",
    "ha": "right",
    "va": "bottom",
    "fontsize": 8,
    "color": COLOURS["reference"],
}
_UNDER = _ABOVE | {"xytext": (0, -3), "va": "top"}
_BESIDE: dict[str, Any] = {"textcoords": "offset points", "fontsize": 9}


Read = Callable[[dict[str, Any]], float | None]


def _means(made: Results, first: Read, second: Read) -> dict[str, tuple[float, float]]:
    """Means over the seeds of two figures of every method that has no epsilon."""
    pairs: dict[str, dict[bool, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    for one in made:
        a, b = first(one), second(one)
        if one["epsilon"] is None and a is not None and b is not None:
            pairs[one["method"]][one.get("is_priced", True)].append((a, b))
    # All that is drawn by these means is about costs.
    found = {method: by_kind.get(True) or by_kind[False] for method, by_kind in pairs.items()}
    return {method: (mean(a for a, _ in runs), mean(b for _, b in runs)) for method, runs in found.items()}


def _titles(made: Results) -> dict[str, str]:
    """Names of methods, marked where no run was on our kind of processor."""
    here = {one["method"] for one in made if one.get("is_priced", True)}
    names = {one["method"] for one in made}
    return {name: METHODS[name].title + ("" if name in here else ELSEWHERE) for name in names}


def _legend(titles: dict[str, str]) -> str:
    is_marked = any(title.endswith(ELSEWHERE) for title in titles.values())
    return f" ({ELSEWHERE} on another kind of processor)" if is_marked else ""


def _fit_seconds(one: dict[str, Any]) -> float | None:
    return one["costs"]["fit_cpu_seconds"]


def _c2st(one: dict[str, Any]) -> float | None:
    return one["metrics"].get("c2st_auc", {}).get("value")


def _rows_per_second(one: dict[str, Any]) -> float | None:
    return one["costs"].get("rows_per_cpu_second")
