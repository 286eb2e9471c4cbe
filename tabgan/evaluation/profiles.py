"""What a column looks like in the real, the synthetic and the held-out table, in numbers that may be shown.

Privacy: no category, bin or end of a range shown here stands for fewer than 5 real rows. A
screen for the reader's eye, not differential privacy.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabgan.evaluation.features import ComparedColumn, FloatArray, IntArray, compare, scale_of
from tabgan.schema import Kind, Schema

MIN_ROWS = 5  # real rows that anything shown must stand for
MAX_BARS = 12
MAX_BINS = 40
TAIL = 0.01  # share of the real rows put into the first and the last bin of a long-tailed column
SYNTHETIC = 1  # its place among the tables


@dataclass(frozen=True)
class ColumnProfile:
    """Shares of a column's categories, or of the bins between `edges`, in two or three tables.

    Shape: `shares` [tables, categories or bins], of all rows; tables are real, synthetic and, if
    there is one, holdout. `other` holds what is not shown by itself: further and rare categories;
    bins of fewer than 5 real rows. The first and the last bin hold everything beyond.
    """

    name: Hashable
    kind: Kind
    shares: FloatArray
    other: FloatArray
    missing: FloatArray
    labels: tuple[object, ...] = ()
    edges: FloatArray | None = None

    @property
    def overlap(self) -> float:
        """The share of what is shown that real and synthetic rows have in common; 1 is equal."""
        shown = np.column_stack([self.shares, self.other, self.missing])
        return 1.0 - float(np.abs(shown[0] - shown[1]).sum()) / 2


def column_profiles(
    real: pd.DataFrame,
    synthetic: pd.DataFrame,
    holdout: pd.DataFrame | None = None,
    *,
    schema: Schema | None = None,
) -> list[ColumnProfile]:
    """One profile for every column that can be compared, in the order of the table."""
    tables = (real, synthetic) if holdout is None else (real, synthetic, holdout)
    columns = compare(*tables, schema=schema)
    return [_number_profile(c) if c.is_numeric else _category_profile(c) for c in columns]


def _category_profile(column: ComparedColumn) -> ColumnProfile:
    n_labels = len(column.labels)
    counts = np.stack([np.bincount(codes + 1, minlength=n_labels + 1) for codes in column.codes])
    sizes = counts.sum(axis=1, keepdims=True)
    hidden = _rare(counts)
    # The most frequent of the real table first, whatever the synthetic one holds.
    may_show = np.flatnonzero(counts[0, 1:] >= MIN_ROWS) + 1
    shown = may_show[np.argsort(-counts[0, may_show], kind="stable")][:MAX_BARS]
    shares = np.where(hidden, 0, counts) / sizes
    if hidden[0, 0]:
        shares[:, 0] = 0.0
    other = 1.0 - shares[:, shown].sum(axis=1) - shares[:, 0]
    return ColumnProfile(
        column.name,
        column.kind,
        shares=shares[:, shown],
        other=np.maximum(other, 0.0).round(12),
        missing=shares[:, 0],
        labels=tuple(column.labels[i - 1] for i in shown),
    )


def _number_profile(column: ComparedColumn) -> ColumnProfile:
    present = [np.sort(numbers[~np.isnan(numbers)]) for numbers in column.numbers]
    sizes = np.array([len(numbers) for numbers in column.numbers])
    n_missing = sizes - np.array([len(numbers) for numbers in present])
    missing = np.where(_rare(n_missing[:, None])[:, 0], 0.0, n_missing / sizes)
    if len(present[0]) < 2 * MIN_ROWS:
        return ColumnProfile(
            column.name, column.kind, np.zeros((len(sizes), 0)), other=1 - missing, missing=missing
        )
    real = np.sort(np.concatenate([present[0], *present[SYNTHETIC + 1 :]]))
    scale = scale_of(real)
    with np.errstate(over="ignore"):
        edges = np.nan_to_num(_edges(real / scale) * scale)  # no end is farther than the largest float
    inside = [np.clip(p, edges[0], np.nextafter(edges[-1], edges[0])) for p in present]
    counts = np.stack([np.histogram(p, bins=edges)[0] for p in inside])
    hidden = _rare(counts)
    # What the synthetic table has at a lone real row would show that row.
    hidden[SYNTHETIC] = hidden[0]
    shares = counts / sizes[:, None]
    return ColumnProfile(
        column.name,
        column.kind,
        shares=np.where(hidden, 0.0, shares),
        other=np.where(hidden, shares, 0.0).sum(axis=1),
        missing=missing,
        edges=edges,
    )


def _rare(counts: IntArray) -> npt.NDArray[np.bool_]:
    """Which cells stand for 1 to 4 real rows. Shape: [tables, cells] -> the same."""
    rare: npt.NDArray[np.bool_] = (counts > 0) & (counts < MIN_ROWS)
    rare[SYNTHETIC] = False
    return rare


def _edges(real: FloatArray) -> FloatArray:
    """Ends of at most 40 equal bins over the sorted real values, tails cut to the outer bins.

    An end is the mean of 5 values or more, so that no single row's value is seen.
    """
    low, high = real[:MIN_ROWS].mean(), real[-MIN_ROWS:].mean()
    tails = np.quantile(real, [TAIL, 1 - TAIL])
    if high - low > 3 * (tails[1] - tails[0]) > 0:
        width = max(MIN_ROWS, round(TAIL * len(real)))
        low, high = real[:width].max(initial=low), real[-width:].min(initial=high)
    if (real == np.round(real)).all() and max(-low, high) < 2**52:
        # Whole numbers: every bin as many values as the next one, or the shape has teeth.
        low, high = np.floor(low), np.ceil(high)
        step = np.ceil((high - low + 1) / MAX_BINS)
        return np.asarray(np.arange(low, high + step + 0.5, step) - 0.5)
    if high <= low:
        half = max(abs(low) * 1e-6, 1e-9)
        return np.array([low - half, low + half])
    return np.linspace(low, high, MAX_BINS + 1)
