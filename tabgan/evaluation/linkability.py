"""Linkability: do the synthetic rows tell which two halves of a row belong together?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabgan.evaluation.attack_rows import AttackRows, attack_rows, share_of_pairs
from tabgan.evaluation.bins import by_frequency
from tabgan.evaluation.features import MISSING, FloatArray, IntArray
from tabgan.evaluation.metric import Family, Measure
from tabgan.evaluation.neighbours import Int32Array, Points, chunks, distances
from tabgan.evaluation.risk import NO_COLUMN, NO_HOLDOUT, Risk, Trials, gravest_verdict, worst_of
from tabgan.evaluation.tables import Tables

BINS = 8
ASSOCIATED_COLUMNS = 150  # with more of them the association of all pairs is not looked at

LINKABILITY = Measure(
    "linkability",
    "Linkability",
    "privacy",
    "lower",
    0.0,
    "Share of training rows whose two halves (two sets of columns) have a nearest synthetic row in "
    "common, beyond the same share of rows held out. 0: no more than chance.",
    "(attack - control) / (1 - control), of the worst of several splits of the columns",
    "Giomi et al. 2023, A unified framework for quantifying privacy risk in synthetic data, 4.2",
)
MEASURES = (LINKABILITY,)

Split = tuple[tuple[int, ...], tuple[int, ...]]


def linkability_metrics(tables: Tables) -> Family:
    """Linkability for up to four splits of the columns into two halves, the worst reported.

    A row is linked where the nearest synthetic rows of its one half and of its other half have one
    in common; all that are equally near are the nearest. The attack is tried on distinct training
    rows, the control on as many held out (at most 3,000 of each), against as many synthetic rows
    as 2e9 compared cells allow. Naive is the expected number of links when as many synthetic rows
    are drawn at random. Distance: Gower's, of quantile ranks. Interval: Newcombe's of the
    difference, Bonferroni-corrected for the number of splits.
    """
    if tables.holdout is None:
        return Family.undefined(MEASURES, NO_HOLDOUT, verdict="underpowered")
    rows = attack_rows(tables, share_of_pairs)
    if len(rows.columns) < 2:
        reason = "a row can be halved only where two columns differ" if rows.columns else NO_COLUMN
        return Family.undefined(MEASURES, reason)
    splits = column_splits(rows)
    train, synthetic, control = rows.points()
    on_train, by_chance = links(train, synthetic, splits)
    on_control, _ = links(control, synthetic, splits)
    risks = [
        Risk(
            attack=Trials(int(on_train[split].sum()), rows.n_targets),
            naive=Trials(round(float(by_chance[split].sum())), rows.n_targets),
            control=Trials(int(on_control[split].sum()), rows.n_targets),
            tests=len(splits),
        )
        for split in range(len(splits))
    ]
    names = [[", ".join(str(rows.columns[c].name) for c in half) for half in split] for split in splits]
    details = [
        {"first": first, "second": second, **risk.to_row()}
        for (first, second), risk in zip(names, risks, strict=True)
    ]
    note = f"worst of {len(splits)} splits of the columns" if len(splits) > 1 else ""
    metric = risks[worst_of(risks)].metric(LINKABILITY, rows=2 * rows.n_targets, note=note)
    return Family((replace(metric, verdict=gravest_verdict(risks)),), {"linkability": pd.DataFrame(details)})


def column_splits(rows: AttackRows) -> list[Split]:
    """Ways to split the columns into two halves, found from the columns' cells alone.

    Two give both halves columns that tell rows apart (most telling first, dealt 1-2-1-2 and
    1-2-2-1). Two go by association, along a chain in which every column follows the one it is most
    associated with: its first against its second half (related columns stay together), and dealt
    1-2-1-2 (related columns come apart).
    """
    real = rows.real_places()
    n_columns = len(real)
    telling = np.argsort([-_entropy(cells) for cells in real], kind="stable")
    turn = np.arange(n_columns)
    halves = [telling[turn % 2 == 0], telling[(turn + 1) % 4 < 2]]
    if n_columns <= ASSOCIATED_COLUMNS:
        bins = [_bins(c, column.is_numeric) for c, column in zip(real, rows.columns, strict=True)]
        chain = _chain(_association(np.stack(bins)), int(telling[0]))
        halves += [chain[: (n_columns + 1) // 2], chain[turn % 2 == 0]]
    splits: dict[frozenset[tuple[int, ...]], Split] = {}
    for half in halves:
        split = tuple(sorted(half.tolist())), tuple(sorted(set(range(n_columns)) - set(half.tolist())))
        splits.setdefault(frozenset(split), split)
    return list(splits.values())


def links(
    query: Points, synthetic: Points, splits: Sequence[Split]
) -> tuple[npt.NDArray[np.bool_], FloatArray]:
    """Which rows are linked under each split, and how probable each link is by chance.

    Shape: both [splits, rows of query].
    """
    linked = np.zeros((len(splits), len(query)), dtype=np.bool_)
    by_chance = np.zeros(linked.shape)
    for chunk in chunks(query, synthetic):
        rows = query.rows(chunk)
        total = distances(rows, synthetic)
        for place, (first, _) in enumerate(splits):
            to_first = distances(rows.columns(first), synthetic.columns(first))
            near_first, near_second = _near(to_first), _near(total - to_first)
            linked[place, chunk] = (near_first & near_second).any(axis=1)
            shares = near_first.mean(axis=1), near_second.sum(axis=1)
            by_chance[place, chunk] = 1.0 - (1.0 - shares[0]) ** shares[1]
    return linked, by_chance


def _near(distance: Int32Array) -> npt.NDArray[np.bool_]:
    """The nearest and all that are as near."""
    near: npt.NDArray[np.bool_] = distance <= distance.min(axis=1, keepdims=True)
    return near


def _entropy(cells: IntArray) -> float:
    shares = np.sort(np.unique(cells, return_counts=True)[1]) / len(cells)
    # Rounded: that of two columns alike must not differ in the last digit.
    return round(float(-(shares * np.log(shares)).sum()), 9)


def _bins(cells: IntArray, is_numeric: bool) -> IntArray:
    """Bins 0..8: of numbers by rank, of categories the most frequent; a missing number has its own."""
    if is_numeric:
        bins = np.searchsorted(np.sort(cells), cells) * BINS // len(cells)
        return np.where(cells == MISSING, BINS, bins)
    found, counts = np.unique(cells, return_inverse=True, return_counts=True)[1:]
    return np.minimum(by_frequency(counts)[found], BINS)


def _association(bins: IntArray) -> FloatArray:
    """Cramér's V of all pairs of columns. Shape: [columns, rows] -> [columns, columns]."""
    n_columns, width = len(bins), BINS + 1
    rows = (bins[:, :, None] == np.arange(width)).transpose(1, 0, 2).reshape(bins.shape[1], -1)
    counts = rows.sum(axis=0)
    scaled = rows / np.sqrt(np.maximum(counts, 1))
    phi2 = ((scaled.T @ scaled) ** 2).reshape(n_columns, width, n_columns, width).sum(axis=(1, 3)) - 1
    degrees = (counts.reshape(n_columns, width) > 0).sum(axis=1) - 1
    smaller = np.maximum(1, np.minimum(degrees[:, None], degrees[None, :]))
    # Rounded: those of two pairs alike must not differ in the last digit.
    association: FloatArray = np.round(np.sqrt(np.maximum(phi2, 0.0) / smaller), 9)
    return association


def _chain(association: FloatArray, first: int) -> IntArray:
    """The columns from `first` on, each followed by the one left that it is most associated with."""
    chain, left = [first], [column for column in range(len(association)) if column != first]
    while left:
        chain.append(max(left, key=lambda column: float(association[chain[-1], column])))
        left.remove(chain[-1])
    return np.array(chain)
