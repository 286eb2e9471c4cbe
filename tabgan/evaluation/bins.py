"""Columns cut into few codes that mean the same in every table; the real rows alone place the cuts."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from tabgan.evaluation.features import MISSING, ComparedColumn, FloatArray, IntArray

REAL_SIDES = (0, 2)  # of `Tables.sides`: training rows, and the real rows that are their reference


@dataclass(frozen=True)
class BinnedColumn:
    """Codes of one column in the rows of all tables, one table after the other.

    Shape: [rows of all tables]. A missing cell has code 0, all codes are below `n_codes`.
    """

    name: Hashable
    codes: IntArray
    n_codes: int


def binned(column: ComparedColumn, n_bins: int, *, max_categories: int | None = None) -> BinnedColumn:
    """Numbers in about `n_bins` bins of equally many real rows, categories as they are.

    A number that fills a bin by itself (the many zeros of an amount) has a bin of its own. The
    outer bins are open. With `max_categories` only so many categories, those most frequent in the
    real tables, keep a code; the others share one.
    """
    if column.is_numeric:
        pooled = np.concatenate([column.numbers[t] for t in REAL_SIDES])
        edges = quantile_edges(pooled[~np.isnan(pooled)], n_bins)
        numbers = np.concatenate(column.numbers)
        codes = np.searchsorted(edges, numbers, side="right") + 1
        return BinnedColumn(column.name, np.where(np.isnan(numbers), 0, codes), len(edges) + 2)
    codes, n_labels = np.concatenate(column.codes), len(column.labels)
    if max_categories is None or n_labels <= max_categories:
        return BinnedColumn(column.name, codes + 1, n_labels + 1)
    pooled_codes = np.concatenate([column.codes[t] for t in REAL_SIDES])
    counts = np.bincount(pooled_codes[pooled_codes >= 0], minlength=n_labels)
    rank = np.append(by_frequency(counts), MISSING)
    return BinnedColumn(column.name, np.minimum(rank[codes], max_categories) + 1, max_categories + 2)


def exact(column: ComparedColumn) -> BinnedColumn:
    """Equal cells have equal codes, different cells different ones."""
    if not column.is_numeric:
        return BinnedColumn(column.name, np.concatenate(column.codes) + 1, len(column.labels) + 1)
    numbers = np.concatenate(column.numbers)
    is_there = ~np.isnan(numbers)
    cells = np.concatenate(column.keys) if column.keys else numbers
    values, inverse = np.unique(cells[is_there], return_inverse=True)
    codes = np.zeros(len(numbers), dtype=np.int64)
    codes[is_there] = inverse.reshape(-1) + 1
    return BinnedColumn(column.name, codes, len(values) + 1)


def quantile_edges(numbers: FloatArray, n_bins: int) -> FloatArray:
    """Lower ends of all bins but the first; a bin holds its lower end.

    >>> quantile_edges(np.arange(8.0), 4)
    array([2., 4., 6.])
    >>> quantile_edges(np.array([0.0, 0.0, 0.0, 5.0]), 4)  # 0 alone, then what is greater
    array([0.e+000, 5.e-324, 5.e+000])
    """
    edges, repeats = np.unique(quantiles(numbers, n_bins), return_counts=True)
    with np.errstate(over="ignore", under="ignore"):
        beyond = np.nextafter(edges[repeats > 1], np.inf)
    return np.unique(np.concatenate([edges, beyond]))


def by_frequency(counts: IntArray) -> IntArray:
    """The rank of each, 0 for the greatest; of equal ones the first comes first.

    >>> by_frequency(np.array([3, 9, 3]))
    array([1, 0, 2])
    """
    return np.argsort(np.argsort(-counts, kind="stable"))


def quantiles(numbers: FloatArray, n_bins: int) -> FloatArray:
    """The n_bins - 1 numbers that part them into equally many, some maybe equal; none of none.

    Numbers of the table itself: an interpolated one could overflow, and would move with the unit.
    """
    ordered = np.sort(numbers)
    return ordered[np.arange(1, n_bins) * len(ordered) // n_bins] if len(ordered) else ordered


def cells_of(columns: Sequence[BinnedColumn]) -> tuple[IntArray, int]:
    """One code for the combination of all columns in every row, and how many there can be."""
    cells, n_cells = columns[0].codes, columns[0].n_codes
    for column in columns[1:]:
        cells, n_cells = cells * column.n_codes + column.codes, n_cells * column.n_codes
    return cells, n_cells


def compact(cells: IntArray, n_cells: int, most: int) -> tuple[IntArray, int]:
    """Codes without those that no row has, where there are more than `most`: tables stay small."""
    if n_cells <= most:
        return cells, n_cells
    found, inverse = np.unique(cells, return_inverse=True)
    return inverse.reshape(-1).astype(np.int64), len(found)
