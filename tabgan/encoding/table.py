"""A whole table and its codes: one encoder a column, one matrix of small integers."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from tabgan.encoding.categorical import RareRule
from tabgan.encoding.coarsening import coarse_condition, coarse_table
from tabgan.encoding.conditions import Condition, check_names
from tabgan.encoding.encoders import READERS, ColumnEncoder, fit_columns
from tabgan.encoding.layout import ONE_BLOCK, Block, CodeArray, FloatArray, Layout
from tabgan.encoding.levels import LEAST_LEVELS, MAX_LEVELS
from tabgan.encoding.likeness import by_likeness
from tabgan.encoding.statistics import ColumnStatistics, ExactStatistics
from tabgan.encoding.writing import as_table
from tabgan.errors import ModelFileError, SchemaError
from tabgan.schema import Schema, resolve_schema

VERSION = 1
WIDE_CODES = 65_536  # of all numeric columns together
ROWS_AT_ONCE = 2**20  # of a column while it is encoded, which takes some ten numbers a row


@dataclass(frozen=True)
class TableEncoder:
    """Encodes a table of the schema to codes and decodes codes to a table of the schema.

    `warnings`: what fitting had to leave out, a line each; never a cell value.

    >>> table = pd.DataFrame({"size": ["s", "m"] * 10, "n": range(20)})
    >>> encoder = TableEncoder.fit(table)
    >>> codes = encoder.encode(table)
    >>> codes.shape, encoder.decode(codes, rng=np.random.default_rng(0)).equals(table)
    ((20, 2), False)
    """

    schema: Schema
    encoders: tuple[ColumnEncoder, ...]
    min_rows: int
    warnings: tuple[str, ...] = ()

    @classmethod
    def fit(
        cls,
        df: pd.DataFrame,
        schema: Schema | None = None,
        *,
        min_rows: int = 5,
        rare: RareRule = "fold",
        max_levels: int | None = None,
        max_categories: int | None = None,
        statistics: ColumnStatistics | None = None,
    ) -> TableEncoder:
        """Learn the codes of every column.

        `max_levels`: of a numeric column; None: as many as are learned well, fewer where there are
        hundreds of columns. `max_categories`: labels kept of a column, the most frequent ones.

        Privacy: no stored number or label stands for fewer than `min_rows` rows. `statistics`
            answers every question about the rows; by default exactly.

        Raises: SchemaError when a column cannot be learned.
        """
        is_wide = max_levels is None and levels_of_width(df.shape[1]) < LEAST_LEVELS
        max_levels = levels_of_width(df.shape[1]) if max_levels is None else max_levels
        _check_options(min_rows, rare, max_levels, max_categories)
        if schema is None or not all(column.dtype for column in schema):
            schema = resolve_schema(df, schema, min_rows=min_rows if rare == "fold" else 1)
        schema.check(df)
        df = coarse_table(df, schema)
        if statistics is None:
            statistics = ExactStatistics(df, schema, min_rows)
        if statistics.n_rows() < min_rows:
            raise SchemaError(
                f"The table has {_rows(statistics.n_rows())}: the values of fewer than {min_rows} could be "
                "read from the model. Give more rows, or accept that with min_rows=1 (--allow-tiny)."
            )
        encoders = fit_columns(schema, statistics, rare, max_levels, max_categories)
        told = [line for encoder in encoders for line in encoder.notes]
        if is_wide:
            told.append(
                f"With so many columns each numeric one gets only about {max_levels} codes: relations "
                "between numbers are learned coarsely."
            )
        return cls(schema, by_likeness(encoders, statistics.rows_to_compare), min_rows, tuple(told))

    @cached_property
    def layout(self) -> Layout:
        """Every block of every column, in the order of the code matrix."""
        blocks: list[Block] = []
        for index, encoder in enumerate(self.encoders):
            positions = encoder.positions()
            for place, size in enumerate(encoder.sizes):
                parent = len(blocks) - 1 if place else None
                blocks.append(Block(index, size, positions[place], parent))
        return Layout(tuple(blocks))

    @cached_property
    def slices(self) -> tuple[slice, ...]:
        """Where the codes of each column lie in a row."""
        ends = np.cumsum([0, *(len(encoder.sizes) for encoder in self.encoders)]).tolist()
        return tuple(slice(start, stop) for start, stop in pairwise(ends))

    def encode(self, df: pd.DataFrame) -> CodeArray:
        """Shape: -> [rows, blocks]. Cells without a code of their own get the nearest one."""
        return self.encode_counting(df)[0]

    def encode_counting(self, df: pd.DataFrame) -> tuple[CodeArray, dict[Hashable, int]]:
        """Codes, and for every column with cells that have no code of their own, how many."""
        self.schema.check(df)
        df = coarse_table(df, self.schema)
        codes = np.zeros((len(df), len(self.layout.blocks)), dtype=np.int16)
        foreign: dict[Hashable, int] = {}
        for encoder, where in zip(self.encoders, self.slices, strict=True):
            name = encoder.column.name
            for rows in (slice(start, start + ROWS_AT_ONCE) for start in range(0, len(df), ROWS_AT_ONCE)):
                codes[rows, where], n_foreign = encoder.encode(df[name].iloc[rows])
                foreign[name] = foreign.get(name, 0) + n_foreign
        return codes, {name: n_foreign for name, n_foreign in foreign.items() if n_foreign}

    def decode(
        self,
        codes: CodeArray,
        *,
        rng: np.random.Generator,
        limits: Mapping[Hashable, Condition] | None = None,
        first_row: int = 0,
    ) -> pd.DataFrame:
        """A table of the schema from codes.

        Shape: [rows, blocks] ->. `limits`: the conditions the codes were drawn under (as for
        `allowed`); they hold in every row. `first_row`: number of the first row in the whole
        table, so that identifiers stay unique when it is decoded in pieces.
        """
        limits = limits or {}
        check_names(limits, self.schema)
        columns = {
            encoder.column.name: encoder.decode(
                codes[:, where],
                rng,
                condition=coarse_condition(limits.get(encoder.column.name), encoder.column),
                first_row=first_row,
            )
            for encoder, where in zip(self.encoders, self.slices, strict=True)
        }
        return coarse_table(as_table(columns, len(codes)), self.schema)

    def allowed(self, name: Hashable, condition: Condition) -> FloatArray:
        """Which codes of a column can meet a condition: an array with a dimension a block.

        Of a code it says which share of its values does: an interval may end within a bin. 0: none.
        A condition is a value, a list or set of values, or a tuple (low, high) with both ends
        included and None for an open end. Missing never meets one.

        Raises: ConditionError when the column or value is unknown, or nothing meets it.
        """
        check_names([name], self.schema)
        encoder = self.encoder_of(name)
        return encoder.allowed(coarse_condition(condition, encoder.column))

    def present(self, name: Hashable) -> FloatArray:
        """As `allowed`, of the condition that a cell is not missing."""
        encoder = self.encoder_of(name)
        is_present = np.ones(tuple(encoder.sizes))
        if getattr(encoder, "has_missing", False) and encoder.sizes:
            is_present[-1] = 0.0  # special codes come last in the first block, missing after rare
        return is_present

    def encoder_of(self, name: Hashable) -> ColumnEncoder:
        """The encoder of a column."""
        return self.encoders[self.schema.names.index(name)]

    def blocks_of(self, name: Hashable) -> tuple[int, ...]:
        """The blocks of a column."""
        return self.layout.of_column(self.schema.names.index(name))

    def to_dict(self) -> dict[str, Any]:
        """The whole encoder as strict JSON, its schema included."""
        return {
            "tabgan_encoding": VERSION,
            "schema": self.schema.to_dict(),
            "min_rows": self.min_rows,
            "warnings": list(self.warnings),
            "columns": [encoder.to_dict() for encoder in self.encoders],
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> TableEncoder:
        """The encoder that `to_dict` wrote. Raises: ModelFileError when it is no such thing."""
        if state.get("tabgan_encoding") != VERSION:
            raise ModelFileError(f"The encoding is not of version {VERSION}.")
        try:
            schema = Schema.from_dict(state["schema"])
            encoders = tuple(
                READERS[entry["kind"]].from_dict(entry, column)
                for entry, column in zip(state["columns"], schema, strict=True)
            )
            return cls(schema, encoders, int(state["min_rows"]), tuple(state["warnings"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ModelFileError("The encoding is damaged.") from error


def _rows(n_rows: int) -> str:
    return "1 row" if n_rows == 1 else f"{n_rows} rows"


def levels_of_width(n_columns: int) -> int:
    """Most levels of a numeric column in a table of so many columns.

    >>> levels_of_width(100), levels_of_width(4_000)
    (1024, 15)
    """
    each = WIDE_CODES // max(n_columns, 1)
    # More levels than ONE_BLOCK are written as two digits, which takes fewer codes than ONE_BLOCK.
    return MAX_LEVELS if each > ONE_BLOCK else max(each - 1, 3)


def concat(tables: Sequence[pd.DataFrame], schema: Schema) -> pd.DataFrame:
    """Tables of the schema that were made, one below the other; dtypes stay.

    The categories of an identifier column differ from piece to piece and are united.
    """
    if len(tables) == 1:
        return tables[0]
    whole = pd.concat(tables, ignore_index=True)
    for place, column in enumerate(schema):
        if column.kind == "identifier" and column.dtype == "category":
            pieces = [table.iloc[:, place] for table in tables]
            whole.isetitem(place, pd.Series(union_categoricals(pieces)))
    return whole


def _check_options(min_rows: int, rare: str, max_levels: int, max_categories: int | None) -> None:
    if max_categories is not None and max_categories < 1:
        raise ValueError(f"Expected max_categories >= 1 or None, got max_categories={max_categories}.")
    if min_rows < 1:
        raise ValueError(f"Expected min_rows >= 1, got min_rows={min_rows}.")
    if rare not in ("fold", "token"):
        raise ValueError(f'Expected rare="fold" or "token", got rare={rare!r}.')
    if not 2 <= max_levels <= 10_000:
        raise ValueError(f"Expected 2 <= max_levels <= 10000, got max_levels={max_levels}.")
