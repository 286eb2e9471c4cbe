"""The README's picture: Adult's real rows beside synthetic ones.

python -m benchmarks.picture synthetic.parquet [-o examples/real_beside_synthetic.png]

The synthetic table is what `python -m benchmarks.quality --keep synthetic.parquet` leaves, or any
table with Adult's columns.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from benchmarks.datasets import load
from benchmarks.measuring import ROOT, split
from tabgan.evaluation import c2st_auc, pair_trends
from tabgan.evaluation.charts import REAL, SYNTHETIC
from tabgan.schema import infer_schema

PICTURE = ROOT / "examples" / "real_beside_synthetic.png"
RICH = ">50K"
INK = "#30363d"
STYLE = {
    "font.size": 8.5,
    "text.parse_math": False,  # a "$" in a category is a dollar
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#b0b8c0",
    **dict.fromkeys(("axes.labelcolor", "xtick.color", "ytick.color", "text.color"), INK),
}


def histogram(axes: Axes, real: pd.Series, synthetic: pd.Series, bins: np.ndarray) -> None:
    for cells, is_real in ((real, True), (synthetic, False)):
        shares = np.histogram(cells, bins=bins)[0] / len(cells)
        colour = REAL if is_real else SYNTHETIC
        width = None if is_real else 1.6
        axes.stairs(shares, bins, fill=is_real, color=colour, linewidth=width, label=_label(is_real))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_title(str(real.name), loc="left")


def bars(axes: Axes, real: pd.Series, synthetic: pd.Series) -> None:
    """Shares of two categories' values, the real table's most frequent first."""
    names = list(real.index)
    place = np.arange(len(names))
    axes.barh(place - 0.2, real, height=0.4, color=REAL)
    axes.barh(place + 0.2, synthetic.reindex(names, fill_value=0.0), height=0.4, color=SYNTHETIC)
    axes.set_yticks(place, names)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))


def density(axes: Axes, table: pd.DataFrame, title: str) -> None:
    bins = [np.arange(16.5, 91, 2), np.arange(0.5, 100, 4)]
    counts = np.histogram2d(table["age"], table["hours-per-week"], bins=bins)[0] / len(table)
    axes.pcolormesh(*bins, np.sqrt(counts).T, cmap="Blues", vmin=0, vmax=0.2, rasterized=True)
    axes.set(xlabel="age", ylabel="hours-per-week")
    axes.set_title(title, loc="left")


def heat(axes: Axes, strengths: dict[tuple[object, object], float], names: list[str], title: str) -> None:
    matrix = np.eye(len(names))
    for (a, b), strength in strengths.items():
        i, j = names.index(str(a)), names.index(str(b))
        matrix[i, j] = matrix[j, i] = abs(strength)
    axes.imshow(matrix, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks([])
    axes.set_yticks(range(len(names)), names, fontsize=6.5)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(title, loc="left")


def draw(real: pd.DataFrame, synthetic: pd.DataFrame, headline: str) -> Figure:
    figure = Figure(figsize=(11, 8.6), layout="constrained")
    figure.suptitle(headline, x=0.01, ha="left", fontsize=11)
    axes = figure.subplots(3, 3)
    histogram(axes[0, 0], real["age"], synthetic["age"], np.arange(16.5, 91, 2))
    histogram(axes[0, 1], real["hours-per-week"], synthetic["hours-per-week"], np.arange(0.5, 100, 2))
    bars(axes[0, 2], *(t["education"].value_counts(normalize=True).iloc[:10] for t in (real, synthetic)))
    axes[0, 2].set_title("education", loc="left")
    axes[0, 0].legend(frameon=False)
    density(axes[1, 0], real, "age and hours, real")
    density(axes[1, 1], synthetic, "age and hours, synthetic")
    rich = [_share_of_rich(table) for table in (real, synthetic)]
    bars(axes[1, 2], rich[0], rich[1])
    axes[1, 2].set_title(f"income {RICH}, by occupation", loc="left")
    trends = pair_trends(real, synthetic)
    names = [str(name) for name in real.columns]
    heat(axes[2, 0], trends.real, names, "association of columns, real")
    heat(axes[2, 1], trends.synthetic, names, "association of columns, synthetic")
    pairs = list(trends.real)
    xs, ys = ([abs(side[pair]) for pair in pairs] for side in (trends.real, trends.synthetic))
    axes[2, 2].plot([0, 1], [0, 1], color="#b0b8c0", linewidth=1)
    axes[2, 2].scatter(xs, ys, s=14, color=SYNTHETIC, alpha=0.7, linewidths=0)
    axes[2, 2].set(xlabel="real", ylabel="synthetic", aspect="equal")
    axes[2, 2].set_title("association, every pair of columns", loc="left")
    return figure


def _share_of_rich(table: pd.DataFrame) -> pd.Series:
    share: pd.Series = (table["income"] == RICH).groupby(table["occupation"]).mean()
    counts = table["occupation"].value_counts()
    return share[counts[counts >= 200].index].sort_values(ascending=False)


def _label(is_real: bool) -> str:
    return "real" if is_real else "synthetic"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("synthetic", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=PICTURE)
    arguments = parser.parse_args()
    train, holdout = split(load("adult").table, 0)
    synthetic = pd.read_parquet(arguments.synthetic)
    auc = c2st_auc(holdout, synthetic, schema=infer_schema(train))
    headline = (
        f"Adult census: {len(train):,} real rows beside {len(synthetic):,} synthetic ones.\n"
        f"Boosted trees tell them apart with AUC {auc:.2f} (0.5: not at all, 1: always)."
    )
    with rc_context(STYLE):
        draw(train, synthetic, headline).savefig(arguments.output, dpi=130, metadata={"Software": None})
    print(f"written to {arguments.output}")


if __name__ == "__main__":
    main()
