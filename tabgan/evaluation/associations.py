"""How strongly two columns go together: of all pairs at once, in every group of rows and every draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.stats import rankdata

from tabgan.evaluation.bins import BinnedColumn
from tabgan.evaluation.features import ComparedColumn, FloatArray
from tabgan.evaluation.resampling import ALL_GROUPS, RowGroups

FAR = 1e60  # standard deviations; a number beyond counts as so far
FLAT = 1e-12  # of the mean square: a variance below is rounding, the column is constant


@dataclass(frozen=True)
class Moments:
    """Sums over the rows where both of two columns have a number.

    `sums[..., i, j]` and `squares[..., i, j]` are of column i. Shape of all: [..., columns, columns].
    """

    rows: FloatArray
    sums: FloatArray
    squares: FloatArray
    products: FloatArray

    def correlations(self) -> FloatArray:
        """Pearson's r of every two columns; 0 where one is constant. Shape: [..., columns, columns]."""
        rows = np.maximum(self.rows, 1)
        spread = self.squares - self.sums**2 / rows
        spread = np.where(spread > FLAT * self.squares, spread, 0.0)
        joint = self.products - self.sums * np.swapaxes(self.sums, -1, -2) / rows
        scale = np.sqrt(spread * np.swapaxes(spread, -1, -2))
        return np.clip(np.divide(joint, scale, out=np.zeros_like(joint), where=scale > 0), -1, 1)


def standardised(columns: Sequence[ComparedColumn]) -> FloatArray:
    """Numbers of all sides with mean 0 and variance 1 among the real rows, so that sums stay exact.

    Shape: [rows of all sides, columns].
    """
    return np.column_stack([_standardised(column) for column in columns])


def _standardised(column: ComparedColumn) -> FloatArray:
    numbers = np.concatenate(column.numbers)
    # Divided before anything is squared, which keeps very large numbers finite.
    scaled: FloatArray = numbers / max(
        float(np.nanmax(np.abs(numbers), initial=0.0)), np.finfo(np.float64).tiny
    )
    real = scaled[: len(column.numbers[0])]
    real = real[~np.isnan(real)]
    if len(real) == 0:
        return scaled
    # A deviation may be tiny beside a synthetic giant: the product of four such stays finite.
    return np.asarray(np.clip((scaled - real.mean()) / (float(real.std()) or 1.0), -FAR, FAR))


def ranked(columns: Sequence[ComparedColumn]) -> FloatArray:
    """Ranks within each side, from -1 to 1; ties share a rank, missing cells have none.

    Shape: [rows of all sides, columns].
    """
    ranks = []
    for column in columns:
        sides = [rankdata(numbers, nan_policy="omit") for numbers in column.numbers]
        present = [max(int((~np.isnan(side)).sum()), 1) for side in sides]
        ranks.append(np.concatenate([2 * r / n - 1 for r, n in zip(sides, present, strict=True)]))
    return np.column_stack(ranks)


def moments_by_group(numbers: FloatArray, groups: RowGroups) -> Moments:
    """Moments of every two columns in every group of rows. Shape: [82, columns, columns]."""
    shape = (ALL_GROUPS, numbers.shape[1], numbers.shape[1])
    found = Moments(*(np.zeros(shape) for _ in range(4)))
    order = np.argsort(groups.group, kind="stable")
    ends = np.searchsorted(groups.group[order], np.arange(ALL_GROUPS + 1))
    for group in range(ALL_GROUPS):
        rows = numbers[order[ends[group] : ends[group + 1]]]
        is_there = (~np.isnan(rows)).astype(np.float64)
        rows = np.where(is_there > 0, rows, 0.0)
        found.rows[group] = is_there.T @ is_there
        found.sums[group] = rows.T @ is_there
        found.squares[group] = (rows**2).T @ is_there
        found.products[group] = rows.T @ rows
    return found


def correlation_ratio_sums(numbers: FloatArray, column: BinnedColumn, groups: RowGroups) -> FloatArray:
    """Rows, sums and sums of squares of all numbers by group and category, for `correlation_ratios`.

    Shape: numbers [rows of all sides, numbers] -> [82, categories, 3, numbers].
    """
    is_there = ~np.isnan(numbers)
    filled = np.where(is_there, numbers, 0.0)
    n_rows = len(numbers)
    place = groups.group * column.n_codes + column.codes
    one_hot = csr_array(
        (np.ones(n_rows), place, np.arange(n_rows + 1)), shape=(n_rows, ALL_GROUPS * column.n_codes)
    )
    sums = one_hot.T @ np.column_stack([is_there, filled, filled**2])
    return np.asarray(sums).reshape(ALL_GROUPS, column.n_codes, 3, -1)


def correlation_ratios(sums: FloatArray) -> FloatArray:
    """Eta: the root of the share of a number's variance that lies between the categories.

    0 where the number is constant. Shape: [..., categories, 3, numbers] -> [..., numbers].
    Source: Pearson 1905, On the general theory of skew correlation; Fisher 1925.
    """
    rows, totals, squares = (sums[..., part, :] for part in range(3))
    all_rows, all_squares = np.maximum(rows.sum(axis=-2), 1), squares.sum(axis=-2)
    centre = totals.sum(axis=-2) ** 2 / all_rows
    between = (totals**2 / np.maximum(rows, 1)).sum(axis=-2) - centre
    spread = all_squares - centre
    spread = np.where(spread > FLAT * all_squares, spread, 0.0)
    share = np.divide(between, spread, out=np.zeros_like(between), where=spread > 0)
    return np.asarray(np.sqrt(np.clip(share, 0, 1)))
