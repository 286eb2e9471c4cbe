"""Nearest neighbours among rows of mixed columns, in Gower's distance on quantile ranks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tabgan.evaluation.embedding import column_ranks
from tabgan.evaluation.features import MISSING, ComparedColumn, FloatArray, IntArray

Int32Array = npt.NDArray[np.int32]

GRID = 1 << 20  # places between the lowest and the highest rank
CHUNK_CELLS = 1 << 19  # distances held at once: they stay in the processor's cache


@dataclass(frozen=True)
class Points:
    """The rows of one table on a grid of whole numbers, where sums of distances are exact.

    `cells[column, row]` is a code or a rank times `unit`, MISSING where there is none. Whole
    numbers because ties must stay ties whatever the order in which columns are added.
    """

    cells: Int32Array
    is_code: tuple[bool, ...]
    unit: int

    def __len__(self) -> int:
        return int(self.cells.shape[1])

    def rows(self, rows: IntArray | slice) -> Points:
        """The points of these rows."""
        return Points(np.ascontiguousarray(self.cells[:, rows]), self.is_code, self.unit)

    def columns(self, columns: Sequence[int]) -> Points:
        """The points in these columns alone."""
        return Points(self.cells[list(columns)], tuple(self.is_code[c] for c in columns), self.unit)


def points(columns: Sequence[ComparedColumn], reference: Sequence[int]) -> list[Points]:
    """The rows of every compared table; ranks are those among the tables in `reference`.

    Ranks have no unit and no outlier can dominate them. A number between two of the reference has
    a rank between theirs. Give as reference real tables; of two that are held against each other
    both, in equal numbers, or neither.
    """
    if not columns:
        return []
    # As many columns as there are, the largest distance of all fits into 31 bits.
    unit = min(GRID, (2**31 - 1) // len(columns))
    placed = [
        column.codes if not column.is_numeric else _places(column.numbers, reference, unit)
        for column in columns
    ]
    is_code = tuple(not column.is_numeric for column in columns)
    return [
        Points(np.stack([cells[table] for cells in placed]).astype(np.int32), is_code, unit)
        for table in range(len(placed[0]))
    ]


def nearest(query: Points, others: Points, k: int = 1) -> tuple[FloatArray, IntArray]:
    """Distances to and places of the k nearest of the other rows, nearest first.

    The distance is the sum over the columns of |difference of the ranks|, or of 0 / 1 for codes;
    missing against present counts 1. Of others equally near the first come first. The time is that
    of all pairs of rows (about .2 ns a pair and column): cut the tables before.
    Shape: [rows of query, k], k at most the number of others.

    >>> import numpy as np
    >>> from tabgan.evaluation.features import ComparedColumn
    >>> towns = ComparedColumn("town", "categorical", codes=(np.array([0]), np.array([1, 0, 0])))
    >>> nearest(*points([towns], reference=(1,)), k=2)
    (array([[0., 0.]]), array([[1, 2]]))
    """
    n_others, k = len(others), min(k, len(others))
    found = np.empty((len(query), k), dtype=np.int64)
    totals = np.empty((len(query), k))
    order = np.arange(n_others)
    for chunk in chunks(query, others):
        total = distances(query.rows(chunk), others)
        if k == 1:
            found[chunk, 0] = total.argmin(axis=1)
        else:
            # Distance and place in one number, so that ties are settled by the place.
            keys = np.partition(total.astype(np.int64) * n_others + order, k - 1, axis=1)[:, :k]
            found[chunk] = np.sort(keys, axis=1) % n_others
        totals[chunk] = np.take_along_axis(total, found[chunk], axis=1)
    return totals / query.unit, found


def chunks(query: Points, others: Points) -> Iterator[slice]:
    """Blocks of rows of the query, each small enough for its distances to be held at once."""
    step = max(1, CHUNK_CELLS // max(1, len(others)))
    for start in range(0, len(query), step):
        yield slice(start, min(start + step, len(query)))


def distances(query: Points, others: Points) -> Int32Array:
    """Distance of every row to every other, in units of the grid. Shape: [query, others].

    For one block of `chunks` at a time.
    """
    total = np.zeros((len(query), len(others)), dtype=np.int32)
    held, is_unequal = np.empty_like(total), np.empty(total.shape, dtype=np.bool_)
    n_unequal = np.zeros(total.shape, dtype=np.uint8 if len(query.is_code) < 256 else np.uint16)
    for column, is_code in enumerate(query.is_code):
        if is_code:
            # Counted in single bytes, which is several times faster than in whole numbers.
            _is_unequal(query, others, column, is_unequal)
            n_unequal += is_unequal.view(np.uint8)
        else:
            total += _rank_gap(query, others, column, held)
    if any(query.is_code):
        total += np.multiply(n_unequal, query.unit, out=held, dtype=np.int32)
    return total


def column_distances(query: Points, others: Points, column: int) -> Int32Array:
    """What one column adds to `distances`. Shape: [query, others]."""
    held = np.empty((len(query), len(others)), dtype=np.int32)
    if not query.is_code[column]:
        return _rank_gap(query, others, column, held)
    is_unequal = np.empty(held.shape, dtype=np.bool_)
    _is_unequal(query, others, column, is_unequal)
    return np.multiply(is_unequal, query.unit, out=held, dtype=np.int32)


def _is_unequal(query: Points, others: Points, column: int, out: npt.NDArray[np.bool_]) -> None:
    a, b = query.cells[column], others.cells[column]
    # The fewer bytes a code has, the more of them are compared at once.
    fits = max(a.max(initial=0), b.max(initial=0)) < 2**7
    kind = np.int8 if fits else np.int32
    np.not_equal(a.astype(kind)[:, None], b.astype(kind)[None, :], out=out)


def _rank_gap(query: Points, others: Points, column: int, out: Int32Array) -> Int32Array:
    a, b = query.cells[column], others.cells[column]
    np.subtract(a[:, None], b[None, :], out=out)
    np.abs(out, out=out)
    a_missing, b_missing = a == MISSING, b == MISSING
    if a_missing.any() or b_missing.any():
        out[a_missing] = query.unit
        out[:, b_missing] = query.unit
        out[np.ix_(a_missing, b_missing)] = 0
    return out


def _places(numbers: Sequence[FloatArray], reference: Sequence[int], unit: int) -> list[IntArray]:
    ranks = column_ranks(numbers, reference)
    return [
        np.where(np.isnan(rank), MISSING, np.rint(np.nan_to_num(rank) * unit).astype(np.int64))
        for rank in ranks
    ]
