"""Where we lose and to whom, and ours beside one peer, from the figures of the comparison."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from statistics import mean
from typing import Any

from benchmarks.comparison_figures import (
    FIGURES,
    Figure,
    Key,
    average,
    by_table,
    cell,
    made_rows,
    measured,
    title_of,
)
from benchmarks.comparison_pictures import OURS
from benchmarks.peers.methods import METHODS

NOBODY = "to nobody in the rows, and in costs to nobody as faithful"
AS_FAITHFUL = 0.02  # of C2ST
RIVAL = "tabularargn"  # the fastest of the faithful


@dataclass(frozen=True)
class Loss:
    """A figure in which a peer is ahead of us, as both are written."""

    figure: Figure
    peer: Key
    theirs: str
    own: str

    def __str__(self) -> str:
        return f"{self.figure.heading}: {self.theirs} for {title_of(self.peer)}, {self.own} for us"


def losses_of(groups: dict[Key, list[dict[str, Any]]], ours: Key) -> list[Loss]:
    """Every figure in which a peer of the same kind is ahead of us. `groups`: runs that made rows."""
    told = []
    for figure in FIGURES:
        own = average(groups[ours], figure)
        if figure.better is None or own is None:
            continue
        for peer in _peers(groups, ours):
            other = average(groups[peer], figure)
            if other is not None and (other[0] < own[0] if figure.better == "low" else other[0] > own[0]):
                told.append(Loss(figure, peer, cell(groups[peer], figure), cell(groups[ours], figure)))
    return told


def _peers(groups: dict[Key, list[dict[str, Any]]], ours: Key) -> list[Key]:
    """Methods of others with our epsilon."""
    return [
        key for key in groups if key[0] in METHODS and METHODS[key[0]].kind == "peer" and key[1] == ours[1]
    ]


def losses(results: list[dict[str, Any]]) -> list[str]:
    """Where we lose, table by table with a peer: in the rows, in costs to the as faithful and to others."""
    lines = []
    for table, runs in by_table(results).items():
        groups = made_rows(runs)
        for key in (key for key in groups if key[0] in ("tabgan", "tabgan_private")):
            if not _peers(groups, key):
                continue
            told = losses_of(groups, key)
            worse = {peer for peer in groups if not _is_as_faithful(groups, peer, key)}
            against = [str(loss) for loss in told if not loss.figure.is_cost or loss.peer not in worse]
            lines.append(f"- **{table.replace('_', ' ')}**, {title_of(key)}: {'; '.join(against) or NOBODY}.")
            if cheap := _cheap_at_a_price(
                groups, [one for one in told if one.figure.is_cost and one.peer in worse]
            ):
                lines.append(f"  Less faithful, and ahead in costs: {cheap}.")
    return ["### Where we lose", "", *lines] if lines else []


def _is_as_faithful(groups: dict[Key, list[dict[str, Any]]], peer: Key, ours: Key) -> bool:
    """Whether the classifier test tells a peer's rows hardly better than ours; so where nobody knows."""
    theirs, own = (average(groups[key], FIGURES[0]) for key in (peer, ours))
    return theirs is None or own is None or theirs[0] <= own[0] + AS_FAITHFUL


def _cheap_at_a_price(groups: dict[Key, list[dict[str, Any]]], told: list[Loss]) -> str:
    """Each method with its C2ST and what it does with less."""
    by_peer: dict[Key, list[str]] = defaultdict(list)
    for loss in told:
        by_peer[loss.peer].append(f"{loss.figure.heading} {loss.theirs}")
    return "; ".join(
        f"{title_of(peer)} (C2ST {cell(groups[peer], FIGURES[0])}: {', '.join(texts)})"
        for peer, texts in by_peer.items()
    )


def beside(results: list[dict[str, Any]]) -> list[str]:
    """Ours and TabularARGN's rows and costs, on every table with both; costs of one kind of machine only."""
    title = METHODS[RIVAL].title
    heading = [
        f"### Beside {title}",
        "",
        "Ours first. Costs are ratios of means, of runs on one kind of processor: the share of its CPU time",
        "that we learn in, and how many rows we draw in the time in which it draws one.",
        "",
        "| table | C2ST | TSTR | quality | fit, CPU time | rows drawn |",
        "|---|---|---|---|---|---|",
    ]
    by_heading = {figure.heading: figure for figure in FIGURES}
    lines = []
    rows, costs = ("C2ST", "TSTR", "quality"), ("fit, CPU s", "rows / CPU s")
    for table, runs in by_table(results).items():
        groups = made_rows(runs)
        if not groups.keys() >= {(OURS, None), (RIVAL, None)}:
            continue
        ours, theirs = groups[OURS, None], groups[RIVAL, None]
        cells = [f"{cell(ours, by_heading[name])}, {cell(theirs, by_heading[name])}" for name in rows]
        cells += [_ratio(ours, theirs, by_heading[name]) for name in costs]
        lines.append(f"| {table.replace('_', ' ')} | {' | '.join(cells)} |")
    return [*heading, *lines] if lines else []


def _ratio(ours: list[dict[str, Any]], theirs: list[dict[str, Any]], figure: Figure) -> str:
    both = [measured(runs, figure) for runs in (ours, theirs)]
    return f"{mean(both[0]) / mean(both[1]):.2f}" if all(both) else "–"
