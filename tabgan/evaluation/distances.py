"""Does the synthetic table repeat training rows: nearest neighbours and exact matches.

A screen, not evidence of privacy: a bad value is a leak, a good one proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabgan.evaluation.bins import exact
from tabgan.evaluation.features import (
    ComparedColumn,
    FloatArray,
    IntArray,
    column_kinds,
    compare,
    draw_rows,
)
from tabgan.evaluation.matches import Matches
from tabgan.schema import Schema, infer_schema

NEIGHBOUR_ROWS = 10_000
TIE = 1e-5


@dataclass(frozen=True)
class ExactMatches:
    """Share of synthetic rows that stand, cell for cell, in the training table, and what chance gives."""

    synthetic: float
    by_chance: float


def nearest_neighbour_share(
    train: pd.DataFrame,
    synthetic: pd.DataFrame,
    holdout: pd.DataFrame,
    seed: int = 0,
    *,
    schema: Schema | None = None,
    max_rows: int = NEIGHBOUR_ROWS,
) -> float:
    """Share of synthetic rows nearer to a training row than to a holdout row; ties count half.

    .5 says that the synthetic rows are no nearer to the rows the generator saw than to others.
    A verbatim copy gets 1 where the holdout is as large as the training table, and
    .5 + .5 * holdout rows / training rows where it is smaller: `exact_matches` sees it better.
    Training and holdout rows are drawn in equal numbers, at most `max_rows` of each and of the
    synthetic rows. Distance: Gower's, the sum over the columns of |difference| of the
    quantile ranks (numbers, dates) or of 0 / 1 (categories); missing against present counts 1.
    """
    schema = schema or infer_schema(train)
    column_kinds(train, synthetic, holdout, schema=schema)
    rng = np.random.default_rng(seed)
    n_rows = min(len(train), len(holdout), max_rows)
    tables = [
        draw_rows(train, n_rows, rng),
        draw_rows(holdout, n_rows, rng),
        draw_rows(synthetic, max_rows, rng),
    ]
    encoded = [_gower_columns(column) for column in compare(*tables, schema=schema)]
    to_train, to_holdout = (
        _nearest([(c[2], c[reference], is_code) for c, is_code in encoded], len(tables[2]))
        for reference in (0, 1)
    )
    gap = to_holdout - to_train
    return float(((gap > TIE) + 0.5 * (np.abs(gap) <= TIE)).mean())


def exact_matches(
    train: pd.DataFrame,
    synthetic: pd.DataFrame,
    holdout: pd.DataFrame,
    *,
    schema: Schema | None = None,
) -> ExactMatches:
    """Share of synthetic rows equal to a training row, and what chance gives.

    By chance, in a table with few or coarse columns, the same rows stand among as many held-out rows
    too. Where fewer rows are held out, draws of as many training rows are compared, and what they
    hold in excess is scaled to all of them.

    >>> train = pd.DataFrame({"a": [1, 2, 3]})
    >>> exact_matches(train, train.iloc[:2], pd.DataFrame({"a": [2, 4, 5]}))
    ExactMatches(synthetic=1.0, by_chance=0.5)
    """
    columns = compare(train, holdout, synthetic, schema=schema)
    found = Matches.of(row_groups(columns, [len(train), len(holdout), len(synthetic)]))
    return ExactMatches(found.found.rate, found.by_chance)


def row_groups(columns: Sequence[ComparedColumn], sizes: Sequence[int]) -> list[IntArray]:
    """A number for every row of every table, equal where all cells are. Shape: [rows] a table."""
    rows = np.zeros(sum(sizes), dtype=np.int64)
    for column in columns:
        cells = exact(column)
        # Folded back to 0..rows at every column, so that the product never overflows.
        rows = np.unique(rows * cells.n_codes + cells.codes, return_inverse=True)[1]
    return np.split(rows, np.cumsum(sizes)[:-1])


def _gower_columns(column: ComparedColumn) -> tuple[list[FloatArray] | list[IntArray], bool]:
    """The column of every table, ready for a distance: codes, or ranks in [0, 1] with NaN."""
    if not column.is_numeric:
        return list(column.codes), True
    # Ranks among the real rows: no unit, no outlier can dominate. A value between two real ones
    # has a rank between theirs; otherwise it would tie with both.
    reference = np.concatenate(column.numbers[:2])
    values, counts = np.unique(reference[~np.isnan(reference)], return_counts=True)
    if len(values) == 0:
        return [np.where(np.isnan(numbers), np.nan, 0.0) for numbers in column.numbers], False
    ranks = (np.cumsum(counts) - counts / 2) / counts.sum()
    scale = float(np.abs(values).max()) or 1.0
    # Neighbours 1e-310 apart have no finite slope between them: any rank between theirs will do.
    with np.errstate(over="ignore", invalid="ignore"):
        placed = [np.interp(numbers / scale, values / scale, ranks) for numbers in column.numbers]
    return [np.clip(one, 0.0, 1.0) for one in placed], False


def _nearest(
    columns: list[tuple[FloatArray | IntArray, FloatArray | IntArray, bool]], n_rows: int
) -> FloatArray:
    """Distance of every row to its nearest neighbour in the other table. Shape: [rows]."""
    if not columns:
        return np.zeros(n_rows)
    nearest = np.empty(n_rows)
    n_others = len(columns[0][1])
    step = max(1, 4_000_000 // n_others)
    for start in range(0, n_rows, step):
        chunk = slice(start, start + step)
        total = np.zeros((len(columns[0][0][chunk]), n_others), dtype=np.float32)
        for rows, others, is_code in columns:
            total += _differences(rows[chunk], others, is_code=is_code)
        nearest[chunk] = total.min(axis=1)
    return nearest


def _differences(
    rows: FloatArray | IntArray, others: FloatArray | IntArray, *, is_code: bool
) -> npt.NDArray[np.float32]:
    if is_code:
        unequal: npt.NDArray[np.bool_] = rows.astype(np.int32)[:, None] != others.astype(np.int32)[None, :]
        return unequal.astype(np.float32)
    a, b = rows.astype(np.float32)[:, None], others.astype(np.float32)[None, :]
    gap: npt.NDArray[np.float32] = np.abs(a - b)
    if np.isnan(a).any() or np.isnan(b).any():
        gap[np.isnan(gap)] = 1.0
        gap[np.isnan(a) & np.isnan(b)] = 0.0
    return gap
