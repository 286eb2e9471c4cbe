"""Answers to an encoder's questions from noisy histograms over public cells.

All looks at the rows are taken when the object is made, in an order and a number that the schema
alone decides (`planned_releases`); every answer after that is arithmetic on what was released.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Hashable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from tabgan.column import Column
from tabgan.dtypes import can_hold_missing, to_dtype
from tabgan.encoding.layout import IntArray
from tabgan.encoding.levels import LEAST_LEVELS, MAX_LEVELS
from tabgan.encoding.noisy_columns import (
    CATEGORIES,
    LABELS,
    Asker,
    Axis,
    NoisyNumbers,
    has_few_values,
    is_bounded,
    measure_dates,
    measure_numbers,
    planned_of,
    surely,
    what_of,
)
from tabgan.encoding.patterns import Pattern
from tabgan.encoding.reading import Numeric, Part, is_duration, python_scalar
from tabgan.encoding.release import Release
from tabgan.encoding.row_wise import OTHER
from tabgan.encoding.statistics import MIN_BIN_ROWS, CategoryCounts
from tabgan.encoding.table import TableEncoder
from tabgan.errors import SchemaError
from tabgan.scalars import scalar_from_json, scalar_to_json
from tabgan.schema import Schema

GROUP_DEVIATIONS = 10.0  # a group of numbers that is told apart stands for so many deviations of the noise


def planned_releases(schema: Schema, measured: Collection[Hashable] | None = None) -> list[str]:
    """Every look at the rows that `NoisyStatistics` will take, in its order, as the ledger calls it.

    `measured`: the columns that are looked at; None for all.

    Privacy: depends on the schema alone, so that a budget can be made before any row is read.

    >>> from tabgan.schema import Column
    >>> schema = Schema((Column("age", "numeric", dtype="int64", minimum=0, maximum=120),))
    >>> planned_releases(schema)
    ["Column 'age': rows by values"]
    """
    looked_at = set(schema.names if measured is None else measured)
    return [what for column in schema if column.name in looked_at for what in planned_of(column)]


def columns_worth_measuring(schema: Schema) -> tuple[Hashable, ...]:
    """Columns of which the schema says too little, or too little to cut them well: the default of a plan.

    Left out are labels and small domains of whole numbers that are declared: all their values are told
    anyway.
    """
    return tuple(column.name for column in schema if _is_worth_measuring(column))


def columns_to_measure(schema: Schema, declared: Schema | None) -> tuple[Hashable, ...]:
    """Columns that a private fit looks at: all that nobody declared, and those declared too little.

    A declared column has missing cells if it declares `missing`; of other columns only rows tell. A
    policy says otherwise: a public column is not looked at, a private one, or one with a share, is.
    """
    known = () if declared is None else declared.names
    wanted = columns_worth_measuring(declared or Schema(()))

    def is_wanted(column: Column) -> bool:
        if column.policy == "public":
            return False
        is_asked_for = column.policy == "private" or column.share is not None
        return is_asked_for or column.name not in known or column.name in wanted

    return tuple(column.name for column in schema if is_wanted(column))


def shared_and_own(
    schema: Schema, measured: Sequence[Hashable]
) -> tuple[list[str], list[tuple[list[str], float]]]:
    """Releases about columns that share a budget, and those of columns that have a share of their own."""
    shared: list[str] = []
    own: list[tuple[list[str], float]] = []
    for column in schema:
        found = planned_of(column) if column.name in measured else []
        if column.share is None:
            shared += found
        elif found:
            own.append((found, column.share))
    return shared, own


def _is_worth_measuring(column: Column) -> bool:
    if column.kind == "categorical":
        return column.categories is None
    return column.kind in ("numeric", "datetime") and not has_few_values(column)


def fit_encoder(
    schema: Schema,
    release: Release,
    *,
    n_rows: int,
    measured: Collection[Hashable] | None = None,
    max_levels: int = MAX_LEVELS,
) -> TableEncoder:
    """The encoder of a table that only `release` sees; its rows must be read by `row_wise_table`.

    Raises: SchemaError for a column that is neither declared nor measured.
    """
    statistics = NoisyStatistics(schema, release, n_rows=n_rows, measured=measured)
    nothing = pd.DataFrame(columns=pd.Index(list(schema.names), tupleize_cols=False))
    encoder = TableEncoder.fit(nothing, schema, statistics=statistics, max_levels=max_levels)
    if max_levels < LEAST_LEVELS and any(column.kind == "numeric" for column in schema):
        statistics.notes.append(
            f"Under this noise each numeric column has about {max_levels} codes: relations between numbers "
            "are learned coarsely. More rows or a larger epsilon give more."
        )
    return replace(encoder, warnings=(*encoder.warnings, *statistics.notes))


class NoisyStatistics:
    """Answers made of released counts.

    `release` reads rows that `row_wise_table` made. `n_rows`: the released or declared number of rows.
    `measured`: the columns that may be looked at; of all others the schema must say enough (bounds or
    categories), and rows are taken to lie evenly over that. Where noise is large nothing is told that it
    could have made up.

    Privacy: each release is over public cells, one cell a row, so of sensitivity 1; `planned_releases`
        lists them. Answers are post-processing.
    Learned: `notes`, a line for each column of which no value could be told.
    Raises: SchemaError for a column that is neither declared nor measured.
    """

    min_rows = 5

    def __init__(
        self,
        schema: Schema,
        release: Release,
        *,
        n_rows: int,
        measured: Collection[Hashable] | None = None,
    ) -> None:
        self.notes: list[str] = []
        self._n_rows = n_rows
        self._numbers: dict[Hashable, NoisyNumbers] = {}
        self._categories: dict[Hashable, tuple[CategoryCounts, int]] = {}
        self._columns = {column.name: column for column in schema}
        looked_at = set(schema.names if measured is None else measured)
        for column in schema:
            _check(column, is_measured=column.name in looked_at)
        for column in schema:
            self._measure(column, release if column.name in looked_at else None)

    def _measure(self, column: Column, release: Release | None) -> None:
        ask = Asker(release, column, self._n_rows)
        if column.kind == "numeric":
            self._numbers[column.name] = measure_numbers(column, ask)
        elif column.kind == "datetime":
            self._numbers[column.name] = measure_dates(column, ask)
        elif column.kind != "identifier":
            found = _measure_categories(column, ask)
            if found is None:
                found, note = _nothing_told(column, self._n_rows)
                self.notes.append(note)
            self._categories[column.name] = found
        if column.name in self._numbers and self._numbers[column.name].is_guessed:
            self.notes.append(_guessed(column))

    def n_rows(self) -> int:
        """Rows of the table, as released."""
        return self._n_rows

    def group_rows(self, name: Hashable) -> int:
        """Rows of the smallest group of numbers whose mean is worth telling: many deviations of the noise."""
        deviation = max(getattr(axis, "deviation", 0.0) for axis in self._numbers[name].axes.values())
        return max(self.min_rows, MIN_BIN_ROWS, math.ceil(GROUP_DEVIATIONS * deviation))

    def missing_count(self, name: Hashable) -> int:
        """Rows whose cell is missing; 0 where that may be noise or the dtype has no missing cell."""
        column = self._columns[name]
        if column.kind == "identifier" or not can_hold_missing(column.dtype):
            return 0
        told = self._categories[name][1] if name in self._categories else self._numbers[name].n_missing
        return min(told, self._n_rows)

    def outermost_days(self, name: Hashable) -> None:
        """No row may be looked at: first and last weeks are whole, unless bounds are declared."""

    def rows_to_compare(self) -> None:
        """No row may be looked at: labels stay in the order of their noisy counts."""

    def category_counts(self, name: Hashable) -> CategoryCounts:
        """Labels that are declared or passed the threshold, with their noisy counts."""
        return self._categories[name][0]

    def fits_whole(self, name: Hashable, decimals: int) -> bool:
        """Whether the column was counted in units of 10**-decimals."""
        return self._numbers[name].part.decimals == decimals

    def resolution(self, name: Hashable) -> int:
        """Ticks of the coarsest clock unit that nearly all are multiples of."""
        return self._numbers[name].step

    def repeated_values(self, name: Hashable, part: Part, *, at_least: int) -> tuple[Numeric, IntArray]:
        """Sorted values held by at least that many rows, beyond doubt, and by how many."""
        axis = self._axis(name, part)
        if axis is None:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        return axis.repeated(at_least)

    def group_means(self, name: Hashable, part: Part, *, without: Numeric, n_groups: int) -> Numeric:
        """Middles of equal groups of neighbouring values, and both ends; one value where none is left."""
        axis = self._axis(name, part)
        assert axis is not None
        return axis.group_means(without=without, n_groups=n_groups)

    def pattern(self, name: Hashable) -> Pattern:
        """A form that says nothing of the column: numbers from 1, or random text."""
        column = self._columns[name]
        is_number = pd.api.types.is_numeric_dtype(to_dtype(column.dtype)) or column.element in (
            "int",
            "float",
        )
        return Pattern("number") if is_number else Pattern("text", pieces=(("x", 12),))

    def _axis(self, name: Hashable, part: Part) -> Axis | None:
        return self._numbers[name].axes.get(part.of)


def _check(column: Column, *, is_measured: bool) -> None:
    """Raises: SchemaError, before any look, when the schema says too little."""
    if not column.dtype:
        raise SchemaError(
            f"Column {column.name!r}: its dtype is not declared and may not be read from the rows."
        )
    labels = column.categories or ()
    if len(set(labels)) < len(labels):
        raise SchemaError(f"Column {column.name!r}: two of its categories are equal, such as 1 and True.")
    if is_measured or column.kind in ("identifier", "boolean"):
        return
    is_told = column.categories if column.kind == "categorical" else is_bounded(column)
    if not is_told:
        wanted = "categories" if column.kind == "categorical" else "minimum and maximum"
        raise SchemaError(f"Column {column.name!r}: it is not measured, so declare its {wanted}.")


def _measure_categories(column: Column, ask: Asker) -> tuple[CategoryCounts, int] | None:
    """Counts of the labels, and rows that are missing; None where no label passes the threshold."""
    if column.known_labels is None:
        return _measure_labels(column, ask)
    plain = tuple(python_scalar(label) for label in column.known_labels)
    if ask.release is None:
        each = max(ask.n_rows // len(plain), 1)
        return CategoryCounts(plain, (each,) * len(plain), n_rest=0, n_hidden=0), ask.n_missing
    places: dict[Any, int] = {(type(label), label): place for place, label in enumerate(plain)}
    other, missing = len(plain), len(plain) + 1

    def placed(cells: pd.Series[Any]) -> IntArray:
        found = [missing if cell is None else places.get((type(cell), cell), other) for cell in cells]
        return np.array(found, dtype=np.int64)

    counts, deviation = ask.histogram(CATEGORIES, placed, len(plain) + 2)
    told = tuple(int(count) for count in np.maximum(counts[: len(plain)], 0))
    n_rest = surely(counts[other], deviation)
    return CategoryCounts(plain, told, n_rest, n_hidden=0), surely(counts[missing], deviation)


def _measure_labels(column: Column, ask: Asker) -> tuple[CategoryCounts, int] | None:
    assert ask.release is not None
    what, name = what_of(column, LABELS), column.name
    held = ask.release.labels(lambda table: label_texts(table[name]), what=what)
    n_missing = held.pop(json.dumps(None), 0)
    if not held:
        return None
    rest = ask.n_rows - n_missing - sum(held.values())
    n_rest = surely(rest, ask.release.deviation(what) * math.sqrt(len(held) + 1))
    labels = tuple(scalar_from_json(json.loads(text)) for text in held)
    return CategoryCounts(labels, tuple(held.values()), n_rest, n_hidden=0), n_missing


def _nothing_told(column: Column, n_rows: int) -> tuple[tuple[CategoryCounts, int], str]:
    """A column of missing cells, of zeros where the dtype has no missing cell, and what to say of it.

    An error would come after the budget is spent, and would itself tell of the rows.
    """
    has_gaps = can_hold_missing(column.dtype)
    told = CategoryCounts(() if has_gaps else (0,), () if has_gaps else (n_rows,), n_rest=0, n_hidden=0)
    note = (
        f"Column {column.name!r}: no value occurs in enough rows to stand out from the noise, so all its "
        f'cells come out {"missing" if has_gaps else "zero"}. Declare its categories, or kind="identifier".'
    )
    return (told, n_rows if has_gaps else 0), note


def _guessed(column: Column) -> str:
    """What to say of a column of whose bounds nothing could be told."""
    cure = "Drop it" if is_duration(column) else "Declare its minimum and maximum"
    return (
        f"Column {column.name!r}: no range of values is held by enough rows to be told under this noise, so "
        f"its bounds are a guess. {cure}."
    )


def label_texts(cells: pd.Series[Any]) -> Sequence[str | None]:
    """The label of every row as JSON, missing as null; None for a label that nobody could write."""
    known: dict[Any, str | None] = {(type(OTHER), OTHER): None}
    for cell in cells:
        if (type(cell), cell) not in known:
            known[type(cell), cell] = json.dumps(scalar_to_json(cell))
    return [known[type(cell), cell] for cell in cells]
