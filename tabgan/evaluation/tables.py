"""The tables that are compared: checked, read alike, and cut to sides of equal size."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from tabgan.evaluation.alignment import check_alike
from tabgan.evaluation.features import IntArray, column_kinds, content_order, draw_rows, shuffled_columns
from tabgan.schema import Schema, check_target, judged_schema


class Sides(NamedTuple):
    """Real rows and three tables of equal size to hold against them.

    `real` are training rows (the first half of them where there is no holdout), `reference` real
    rows that are not among `real`, `floor` training rows with every column shuffled by itself.
    """

    real: pd.DataFrame
    synthetic: pd.DataFrame
    reference: pd.DataFrame
    floor: pd.DataFrame


@dataclass(frozen=True)
class Tables:
    """Training, synthetic and held-out rows with the columns of one schema, in its order.

    Make one by `Tables.checked`. Identifiers stay in: whoever compares leaves them out.
    """

    train: pd.DataFrame
    synthetic: pd.DataFrame
    holdout: pd.DataFrame | None
    schema: Schema
    target: Hashable | None = None
    seed: int = 0

    @classmethod
    def checked(
        cls,
        train: pd.DataFrame,
        synthetic: pd.DataFrame,
        holdout: pd.DataFrame | None = None,
        *,
        schema: Schema | None = None,
        target: Hashable | None = None,
        seed: int = 0,
    ) -> Tables:
        """The tables without columns that the schema does not name.

        Raises: SchemaError when a table has no rows, has other columns than the training table, or
            cells of another sort, or when the target is no column.
        """
        given = [train, synthetic] + ([] if holdout is None else [holdout])
        schema = schema or judged_schema(train)
        for table, what in zip(given[1:], ("synthetic", "held-out"), strict=False):
            if table.columns.is_unique:  # told of below
                check_alike(train, table, what, schema.names)
        names = list(column_kinds(*given, schema=schema))
        check_target(target, names)
        cut = [table[names].reset_index(drop=True) for table in given]
        return cls(cut[0], cut[1], cut[2] if holdout is not None else None, schema, target, seed)

    def rng(self, purpose: str) -> np.random.Generator:
        """A generator of its own for every purpose, so that metrics do not depend on their order."""
        return np.random.default_rng([self.seed, *purpose.encode()])

    @cached_property
    def by_content(self) -> Tables:
        """The same tables, their rows in an order that does not depend on the one they came in.

        Draw from these, and what is drawn stays the same when rows or columns change places.
        """
        holdout = None if self.holdout is None else _sorted(self.holdout, self.schema)
        train = self.train.iloc[self.train_order].reset_index(drop=True)
        return replace(self, train=train, synthetic=_sorted(self.synthetic, self.schema), holdout=holdout)

    @cached_property
    def train_order(self) -> IntArray:
        """Place in `train` of every row of `by_content.train`."""
        return content_order(self.train, self.schema)

    @cached_property
    def _halves(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        train = self.by_content.train
        order = self.rng("halves").permutation(len(train))
        middle = max(1, len(order) // 2)
        first, second = np.sort(order[:middle]), np.sort(order[middle:])
        return train.iloc[first], train.iloc[second if len(second) else first]

    @property
    def unseen(self) -> pd.DataFrame:
        """Real rows that `sides` holds synthetic rows against as a reference: holdout or a half."""
        return self._halves[1] if self.by_content.holdout is None else self.by_content.holdout

    def sides(self, max_rows: int) -> Sides:
        """Random rows of each table: at most `max_rows`, all sides but `real` of equal size.

        A distance between samples shrinks with their size: only equal sizes can be compared.
        """
        rng = self.rng("sides")
        given = self.by_content
        real = self._halves[0] if self.holdout is None else given.train
        n_rows = min(len(given.synthetic), len(self.unseen), max_rows)
        synthetic, reference, floor = (
            draw_rows(table, n_rows, rng) for table in (given.synthetic, self.unseen, given.train)
        )
        return Sides(draw_rows(real, max_rows, rng), synthetic, reference, shuffled_columns(floor, self.seed))


def _sorted(table: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    ordered: pd.DataFrame = table.iloc[content_order(table, schema)].reset_index(drop=True)
    return ordered
