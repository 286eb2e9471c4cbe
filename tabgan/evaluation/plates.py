"""Which charts stand under which question of the report."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from tabgan.evaluation.charts import Figure, bars, curves, heat_map, intervals, overlay, rates
from tabgan.evaluation.features import FloatArray
from tabgan.evaluation.metric import Family
from tabgan.evaluation.profiles import ColumnProfile
from tabgan.evaluation.texts import printable, shown
from tabgan.evaluation.verdict import LEAK

MAX_COLUMNS = 100
MAX_HEAT_MAP = 40
MAX_BARS = 20


@dataclass(frozen=True)
class Chart:
    """One drawing with its caption."""

    figure: Figure
    title: str = ""
    remark: str = ""


@dataclass(frozen=True)
class Plate:
    """Charts that belong together, with the sentence above them."""

    title: str
    text: str
    shape: Literal["grid", "maps"]
    charts: tuple[Chart, ...]
    has_legend: bool = False


def plates_of(question: str, family: Family, profiles: tuple[ColumnProfile, ...]) -> list[Plate]:
    """The plates under one question; none where there is nothing to draw."""
    found = _overlays(profiles) if question == "columns" else []
    for name, table in family.details.items():
        if len(table) == 0:
            continue
        if name == "pairs":
            found += _heat_maps(table, [profile.name for profile in profiles])
        elif name == "c2st_columns":
            found.append(_giveaways(table))
        elif name == "membership_roc":
            found.append(_roc(table))
        elif {"attack", "naive", "control", "risk", "low", "high"} <= set(table.columns):
            found.append(_attacks(table))
    return found


def _giveaways(table: pd.DataFrame) -> Plate:
    part = table.head(MAX_BARS)
    names = list(part["column"])
    drawn = (
        ("With all others", "auc_drop", "AUC lost if shuffled", 0.0),
        ("With all others, after rounding", "auc_drop_rounded", "AUC lost if shuffled", 0.0),
        ("By itself", "auc_alone", "AUC with this column only", 0.5),
    )
    charts = tuple(
        Chart(bars(names, part[key].to_numpy(dtype=np.float64), title=title, start=start), caption)
        for caption, key, title, start in drawn
    )
    text = (
        "What each column adds to telling synthetic rows from real ones. A column that matters with all "
        "others but not by itself is related to them in a wrong way."
    )
    return Plate("Columns that give rows away", text, "maps", charts)


def _roc(table: pd.DataFrame) -> Plate:
    sides = {
        str(name): (
            part["false_positive_rate"].to_numpy(dtype=np.float64),
            part["true_positive_rate"].to_numpy(dtype=np.float64),
        )
        for name, part in table.groupby("attack", sort=False)
    }
    titles = ("rows held out that are named", "training rows that are named")
    text = (
        "Training rows an attack names, over the rows held out that it names by mistake. Guessing draws the "
        "dashed line."
    )
    return Plate("Members found", text, "maps", (Chart(curves(sides, titles=titles)),))


def _attacks(table: pd.DataFrame) -> Plate:
    worst = table.sort_values("low", ascending=False, kind="stable").head(MAX_BARS)
    before = list(worst.columns[: list(worst.columns).index("trials")])
    names = [" · ".join(str(cell) for cell in row) for row in worst[before].itertuples(index=False)]
    sides = {
        title: worst[key].to_numpy(dtype=np.float64)
        for title, key in (("training rows", "attack"), ("rows held out", "control"), ("guessing", "naive"))
    }
    ends = worst[["low", "high"]].to_numpy(dtype=np.float64).T
    risk = worst["risk"].to_numpy(dtype=np.float64)
    charts = (
        Chart(rates(names, sides, title="share that succeeds"), "Success"),
        Chart(intervals(names, risk, ends, title="excess over rows held out", lines=(0.0, LEAK)), "Risk"),
    )
    more = f" The {len(worst)} worst of {len(table)}." if len(table) > len(worst) else ""
    text = (
        "How often the attack succeeds on training rows, on rows held out and by guessing; beside it the "
        "excess with its interval: one that lies beyond the first dashed line is weak evidence, beyond the "
        f"second a leak.{more}"
    )
    return Plate("Attacks", text, "maps", charts)


def _overlays(profiles: tuple[ColumnProfile, ...]) -> list[Plate]:
    ordered = sorted(profiles, key=lambda profile: profile.overlap)[:MAX_COLUMNS]
    charts = tuple(
        Chart(overlay(profile), printable(profile.name, 60), f"{profile.kind} · {shown(profile.overlap)}")
        for profile in ordered
    )
    more = f" The {len(ordered)} worst of {len(profiles)} columns." if len(profiles) > len(ordered) else ""
    text = (
        "Shares of rows; the column that fits worst comes first. The number is the share of the drawing that "
        f"real and synthetic rows have in common (1 is equal). The outer bins hold everything beyond.{more}"
    )
    return [Plate("Column by column", text, "grid", charts, has_legend=True)] if charts else []


def _heat_maps(table: pd.DataFrame, names: list[Hashable]) -> list[Plate]:
    looked_at = {*table["first"], *table["second"]}
    drawn_names = [name for name in names if name in looked_at][:MAX_HEAT_MAP]
    real, synthetic = (
        _matrix(table, drawn_names, side) for side in ("real_corrected", "synthetic_corrected")
    )
    drawn = (("Real", real, False), ("Synthetic", synthetic, False), ("Difference", real - synthetic, True))
    charts = tuple(
        Chart(heat_map(np.abs(matrix), drawn_names, is_difference=difference), title)
        for title, matrix, difference in drawn
    )
    more = f" The first {len(drawn_names)} of {len(names)} columns." if len(names) > len(drawn_names) else ""
    text = f"How strongly two columns go together, and where the synthetic table differs.{more}"
    return [Plate("Pair by pair", text, "maps", charts)] if len(drawn_names) > 1 else []


def _matrix(table: pd.DataFrame, names: list[Hashable], side: str) -> FloatArray:
    place = {name: i for i, name in enumerate(names)}
    matrix = np.eye(len(names))
    for a, b, strength in zip(table["first"], table["second"], table[side], strict=True):
        if a in place and b in place:
            matrix[place[a], place[b]] = matrix[place[b], place[a]] = strength
    return matrix
