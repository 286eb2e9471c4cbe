"""What a column looks like in two tables, in numbers that may be shown.

Privacy: no category, bin or end of a range shown here stands for fewer than 5 real rows. A
screen for the reader's eye, not differential privacy.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tabgan.evaluation.features import ComparedColumn, FloatArray, compare, scale_of
from tabgan.schema import Kind, Schema

MIN_ROWS = 5
MAX_BARS = 12
MAX_BINS = 40
TAIL = 0.01  # share of the real rows put into the first and the last bin of a long-tailed column


@dataclass(frozen=True)
class ColumnProfile:
    """Shares of a column's categories, or of the bins between `edges`, in two tables.

    Shares are of all rows. `other` holds what is not shown by itself: further and rare
    categories; bins of fewer than 5 real rows. The first and the last bin hold everything beyond.
    """

    name: Hashable
    kind: Kind
    real: FloatArray
    synthetic: FloatArray
    labels: tuple[object, ...] = ()
    edges: FloatArray | None = None
    other: tuple[float, float] = (0.0, 0.0)
    missing: tuple[float, float] = (0.0, 0.0)


def column_profiles(
    real: pd.DataFrame, synthetic: pd.DataFrame, *, schema: Schema | None = None
) -> list[ColumnProfile]:
    """One profile for every column that can be compared, in the order of the table."""
    columns = compare(real, synthetic, schema=schema)
    return [_number_profile(c) if c.is_numeric else _category_profile(c) for c in columns]


def _category_profile(column: ComparedColumn) -> ColumnProfile:
    n_labels = len(column.labels)
    counts = np.stack([np.bincount(codes + 1, minlength=n_labels + 1) for codes in column.codes])
    sizes = counts.sum(axis=1, keepdims=True)
    shares = counts / sizes
    may_show = np.flatnonzero(counts[0, 1:] >= MIN_ROWS) + 1
    # The most frequent of the real table first, whatever the synthetic one holds.
    shown = may_show[np.argsort(-counts[0, may_show], kind="stable")][:MAX_BARS]
    missing = shares[:, 0] if counts[0, 0] == 0 or counts[0, 0] >= MIN_ROWS else np.zeros(2)
    other = 1.0 - shares[:, shown].sum(axis=1) - missing
    return ColumnProfile(
        column.name,
        column.kind,
        real=shares[0, shown],
        synthetic=shares[1, shown],
        labels=tuple(column.labels[i - 1] for i in shown),
        other=_pair(np.maximum(other, 0.0).round(12)),
        missing=_pair(missing),
    )


def _number_profile(column: ComparedColumn) -> ColumnProfile:
    present = [np.sort(numbers[~np.isnan(numbers)]) for numbers in column.numbers]
    sizes = np.array([len(numbers) for numbers in column.numbers])
    missing = 1.0 - np.array([len(numbers) for numbers in present]) / sizes
    if 0 < sizes[0] - len(present[0]) < MIN_ROWS:
        missing[0] = 0.0
    if len(present[0]) < 2 * MIN_ROWS:
        nothing = np.zeros(0)
        return ColumnProfile(
            column.name, column.kind, nothing, nothing, missing=_pair(missing), other=_pair(1 - missing)
        )
    scale = scale_of(present[0])
    edges = _edges(present[0] / scale) * scale
    inside = [np.clip(p, edges[0], np.nextafter(edges[-1], edges[0])) for p in present]
    counts = np.stack([np.histogram(p, bins=edges)[0] for p in inside])
    shares = counts / sizes[:, None]
    rare = (counts[0] > 0) & (counts[0] < MIN_ROWS)
    hidden = shares[:, rare].sum(axis=1)
    shares[:, rare] = 0.0
    return ColumnProfile(
        column.name,
        column.kind,
        real=shares[0],
        synthetic=shares[1],
        edges=edges,
        other=_pair(hidden),
        missing=_pair(missing),
    )


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


def _pair(values: FloatArray) -> tuple[float, float]:
    return float(values[0]), float(values[1])
