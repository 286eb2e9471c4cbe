"""Does the synthetic table repeat training rows: nearest neighbours and exact matches.

A screen, not evidence of privacy: a bad value is a leak, a good one proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tabgan.evaluation.bins import exact
from tabgan.evaluation.features import (
    ComparedColumn,
    IntArray,
    column_kinds,
    compare,
    draw_rows,
)
from tabgan.evaluation.matches import Matches
from tabgan.evaluation.neighbours import nearest, points
from tabgan.schema import Schema, judged_schema

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
    schema = schema or judged_schema(train)
    column_kinds(train, synthetic, holdout, schema=schema)
    rng = np.random.default_rng(seed)
    n_rows = min(len(train), len(holdout), max_rows)
    tables = [
        draw_rows(train, n_rows, rng),
        draw_rows(holdout, n_rows, rng),
        draw_rows(synthetic, max_rows, rng),
    ]
    columns = compare(*tables, schema=schema)
    if not columns:
        return 0.5
    *real, placed = points(columns, reference=(0, 1))
    to_train, to_holdout = (nearest(placed, one)[0][:, 0] for one in real)
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
    if not columns:  # rows without a cell are equal
        return ExactMatches(1.0, 1.0)
    found = Matches.of(row_groups(columns))
    return ExactMatches(found.found.rate, found.by_chance)


def row_groups(columns: Sequence[ComparedColumn]) -> list[IntArray]:
    """A number for every row of every table, equal where all cells are. Shape: [rows] a table."""
    rows = exact(columns[0]).codes
    for column in columns[1:]:
        cells = exact(column)
        # Folded back to 0..rows at every column, so that the product never overflows.
        rows = np.unique(rows * cells.n_codes + cells.codes, return_inverse=True)[1]
    return columns[0].split(rows)
