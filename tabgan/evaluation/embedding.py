"""Rows as points of a vector space, for distances and models that need one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tabgan.evaluation.features import MISSING, ComparedColumn, FloatArray, IntArray

MAX_WIDTH = 256  # dimensions; wider rows are projected at random
MAX_ONE_HOT = 50  # categories of a column with a dimension of their own; the others share one
RANK_SCALE = 3.0**0.5  # two random ranks are then as far apart as two tosses of a fair coin


def embed(columns: Sequence[ComparedColumn], fitted_on: Sequence[int]) -> list[FloatArray]:
    """The rows of every compared table as points; only the tables in `fitted_on` place the axes.

    A number is its quantile rank among the real rows (so no unit and no outlier matters), times
    √3; a missing one is the middle and has a dimension that says so. Categories are one-hot, over
    √2, those that no real row has and all but the 50 most frequent as one. The squared distance of
    two rows has at most 3 for a number and 1 for a category. More than 256 dimensions are projected
    on 256 random ones, always the same for equal columns. Shape: [rows, dimensions] each.
    Source of the projection: Johnson & Lindenstrauss 1984.
    """
    blocks = [_number(c, fitted_on) if c.is_numeric else _category(c, fitted_on) for c in columns]
    if not blocks:
        return []
    width = sum(block[0].shape[1] for block in blocks)
    if width > MAX_WIDTH:
        return _projected(blocks, np.random.default_rng(width))
    return [np.hstack([block[t] for block in blocks]) for t in range(len(blocks[0]))]


def column_ranks(tables: Sequence[FloatArray], reference: Sequence[int]) -> list[FloatArray]:
    """Place of every number among those of the tables in `reference`, from 0 to 1; NaN stays NaN.

    Shape: as `tables`.

    >>> column_ranks([np.array([0.0, 1.5, 9.0]), np.array([1.0, 2.0])], (1,))[0]
    array([0.25, 0.5 , 0.75])
    """
    real = np.concatenate([tables[t] for t in reference])
    values, counts = np.unique(real[~np.isnan(real)], return_counts=True)
    if len(values) == 0:
        return [np.where(np.isnan(numbers), np.nan, 0.5) for numbers in tables]
    ranks = (np.cumsum(counts) - counts / 2) / counts.sum()
    scale = float(np.abs(values).max()) or 1.0
    # Neighbours 1e-310 apart have no finite slope between them: any rank between theirs will do.
    with np.errstate(over="ignore", invalid="ignore"):
        placed = [np.interp(numbers / scale, values / scale, ranks) for numbers in tables]
    return [
        np.where(np.isnan(numbers), np.nan, np.clip(np.nan_to_num(one), 0.0, 1.0))
        for numbers, one in zip(tables, placed, strict=True)
    ]


def _number(column: ComparedColumn, fitted_on: Sequence[int]) -> list[FloatArray]:
    ranks = column_ranks(column.numbers, fitted_on)
    points = [np.nan_to_num(rank, nan=0.5)[:, None] * RANK_SCALE for rank in ranks]
    if not any(np.isnan(rank).any() for rank in ranks):
        return points
    return [
        np.hstack([p, np.isnan(r)[:, None].astype(np.float64)]) for p, r in zip(points, ranks, strict=True)
    ]


def _category(column: ComparedColumn, fitted_on: Sequence[int]) -> list[FloatArray]:
    places, width = own_codes(column, fitted_on)
    axes = np.eye(width) / np.sqrt(2)
    return [axes[codes] for codes in places]


def own_codes(
    column: ComparedColumn, fitted_on: Sequence[int], most: int = MAX_ONE_HOT
) -> tuple[list[IntArray], int]:
    """Codes from 0 of every table, by frequency in the real tables, and how many there can be.

    The `most` most frequent categories and missing have a code of their own; the last one is that
    of all others.
    """
    real = np.concatenate([column.codes[t] for t in fitted_on])
    n_labels = max(int(codes.max(initial=MISSING)) for codes in column.codes) + 1
    counts = np.bincount(real + 1, minlength=n_labels + 1)
    order = np.argsort(-counts, kind="stable")[:most]
    order = order[counts[order] > 0]
    own = np.full(n_labels + 1, len(order), dtype=np.int64)
    own[order] = np.arange(len(order))
    return [own[codes + 1] for codes in column.codes], len(order) + 1


def _projected(blocks: Sequence[list[FloatArray]], rng: np.random.Generator) -> list[FloatArray]:
    """Points of each table on random axes; blocks are added one by one, so that wide rows are never held."""
    projected = [np.zeros((len(points), MAX_WIDTH)) for points in blocks[0]]
    for block in blocks:
        axes = rng.normal(scale=MAX_WIDTH**-0.5, size=(block[0].shape[1], MAX_WIDTH))
        for table, points in enumerate(block):
            projected[table] += points @ axes
    return projected
