"""What rows are asked for: any, under conditions, so many of each value, or one for each given row."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from numbers import Real
from typing import Any, Protocol

import numpy as np
import pandas as pd

from tabgan.column import Column
from tabgan.dtypes import to_dtype
from tabgan.encoding.categorical import CategoricalEncoder
from tabgan.encoding.coarsening import coarse_condition
from tabgan.encoding.conditions import check_names, label_places
from tabgan.encoding.table import TableEncoder
from tabgan.errors import ConditionError
from tabgan.parts import Conditions, Part
from tabgan.rules.limits import limit_of

Wanted = Mapping[Hashable, Mapping[Any, float]]


class TableSampler(Protocol):
    """What draws tables."""

    def plan(self, conditions: Conditions | None, rounds: int | None) -> object:
        """Raises: ConditionError for conditions that cannot be met."""

    def blocks_of_rows(
        self, parts: Sequence[Part], *, rounds: int | None, seed: int
    ) -> Iterator[pd.DataFrame]:
        """New rows of every part, mixed, in pieces."""

    def complete(
        self, df: pd.DataFrame, *, rounds: int | None, seed: int, may_be_missing: bool = False
    ) -> pd.DataFrame:
        """Given rows with their gaps filled."""


@dataclass(frozen=True)
class Request:
    """Parts that are mixed at random, or rows (`given`) that are made whole."""

    parts: tuple[Part, ...]
    given: pd.DataFrame | None = None

    @classmethod
    def of(
        cls,
        num_rows: int | None,
        conditions: Conditions | pd.DataFrame | None,
        counts: Wanted | None,
        shares: Wanted | None,
        encoder: TableEncoder,
    ) -> Request:
        """Raises: ValueError or ConditionError where this is too little or too much to be one request."""
        if isinstance(conditions, pd.DataFrame):
            if counts or shares or num_rows not in (None, len(conditions)):
                raise ConditionError(
                    "A table of conditions cannot be combined with num_rows, counts or shares."
                )
            return cls((), _typed(conditions, encoder))
        if num_rows is not None and num_rows < 0:
            raise ValueError(f"Expected num_rows >= 0, got {num_rows}.")
        if counts and shares:
            raise ConditionError("Counts and shares cannot be combined. Give one of them.")
        if counts:
            wanted = _counted(counts, num_rows)
        elif num_rows is None:
            raise ValueError("Expected num_rows, counts or a table of conditions, got none of them.")
        elif shares:
            wanted = _shared(shares, num_rows)
        else:
            return cls((Part(num_rows, conditions or {}),))
        return cls(_parts(wanted, conditions or {}, num_rows, encoder))

    def check(self, sampler: TableSampler, encoder: TableEncoder, rounds: int | None) -> None:
        """Raise ConditionError, before anything is drawn, when a condition cannot be met."""
        for part in self.parts:
            sampler.plan(part.conditions, rounds)
        if self.given is not None:
            for name, cells in self.given.items():
                if len(present := cells.dropna()) and encoder.schema[name].kind in ("numeric", "datetime"):
                    sampler.plan({name: (None, present.min())}, rounds)  # none is below what was learned,
                    sampler.plan({name: (present.max(), None)}, rounds)  # none above

    def pieces(
        self, sampler: TableSampler, encoder: TableEncoder, rounds: int | None, seed: int
    ) -> Iterator[pd.DataFrame]:
        """The rows, in pieces of about `ROW_BLOCK` rows at most."""
        if self.given is not None:
            made = sampler.complete(self.given, rounds=rounds, seed=seed, may_be_missing=True)
            return iter([_as_made(made, encoder)])
        parts = [part for part in self.parts if part.n_rows] or self.parts[:1]
        return sampler.blocks_of_rows(parts, rounds=rounds, seed=seed)


def _only(wanted: Wanted) -> tuple[Hashable, Mapping[Any, float]]:
    if len(wanted) != 1:
        raise ConditionError(
            "Counts or shares can be given for one column only. Put the others into conditions."
        )
    ((name, of_values),) = wanted.items()
    told = dict(of_values.items())  # of a Series too
    if not told:
        raise ConditionError(f"Column {name!r}: no value is given. Give at least one.")
    if len(told) < len(of_values):
        raise ConditionError(f"Column {name!r}: a value is given twice. Give it once.")
    return name, told


def _is_number(number: object) -> bool:
    return isinstance(number, Real) and not isinstance(number, bool)


def _counted(counts: Wanted, num_rows: int | None) -> dict[Hashable, dict[Any, int]]:
    """Raises: ConditionError for counts that are none, or are more than `num_rows`."""
    name, of_values = _only(counts)
    for count in of_values.values():
        if not _is_number(count) or not count >= 0 or not float(count).is_integer():
            raise ConditionError(
                f"Column {name!r}: expected counts that are whole numbers >= 0, got {count!r}."
            )
    told = {value: int(count) for value, count in of_values.items()}
    if num_rows is not None and sum(told.values()) > num_rows:
        raise ConditionError(f"Column {name!r}: the counts add up to more than {num_rows} rows.")
    return {name: told}


def _shared(shares: Wanted, num_rows: int) -> dict[Hashable, dict[Any, int]]:
    """Shares as counts, rounded so that no count is off by a row and they add up (largest remainders)."""
    name, of_values = _only(shares)
    if not all(_is_number(share) and math.isfinite(share) and share >= 0 for share in of_values.values()):
        raise ConditionError(f"Column {name!r}: expected shares from 0 to 1.")
    total = math.fsum(of_values.values())
    if total > 1 + 1e-9:
        raise ConditionError(f"Column {name!r}: the shares add up to {total:g}, which is more than 1.")
    exact = [share * num_rows for share in of_values.values()]
    floors = [math.floor(count + 1e-9) for count in exact]
    n_left = round(total * num_rows) - sum(floors)
    by_rest = sorted(range(len(exact)), key=lambda place: floors[place] - exact[place])
    for place in by_rest[: max(n_left, 0)]:
        floors[place] += 1
    return {name: dict(zip(of_values, floors, strict=True))}


def _parts(
    wanted: Mapping[Hashable, Mapping[Any, int]],
    conditions: Conditions,
    num_rows: int | None,
    encoder: TableEncoder,
) -> tuple[Part, ...]:
    ((name, counts),) = wanted.items()
    if name in conditions:
        raise ConditionError(f"Column {name!r} is in the conditions and in counts or shares. Give it once.")
    _refuse_overlaps(name, list(counts), encoder)
    parts = [Part(count, {**conditions, name: value}) for value, count in counts.items()]
    n_rest = 0 if num_rows is None else num_rows - sum(counts.values())
    if n_rest:
        parts.append(Part(n_rest, {**conditions, name: _other_values(name, list(counts), encoder)}))
    return tuple(parts)


def _refuse_overlaps(name: Hashable, named: Sequence[Any], encoder: TableEncoder) -> None:
    """Raise ConditionError where a cell could count for two of what is named: no number would be met."""
    allowed = [encoder.allowed(name, condition) for condition in named]
    column = encoder.schema[name]
    if column.kind in ("numeric", "datetime"):  # codes are coarser than what is named
        limits = [limit_of(column, coarse_condition(condition, column)) for condition in named]
        ends = [(end, end) for limit in limits for end in limit.members or ()]
        ends += [(limit.low, limit.high) for limit in limits if limit.members is None]
        is_shared = any(low <= high for (_, high), (low, _) in pairwise(sorted(ends)))
    else:
        is_shared = bool((np.add.reduce(allowed) > 1).any())
    if is_shared:
        raise ConditionError(
            f"Column {name!r}: the given values or intervals overlap; an interval includes both of its ends. "
            "Let each end before the next one begins, such as (0, 9) and (10, 19)."
        )


def _other_values(name: Hashable, named: Sequence[Any], encoder: TableEncoder) -> list[Any]:
    """The labels of a column that are not named, for the rows that are left."""
    encoder.allowed(name, named[0])  # the column is there and its values are known
    of_column = encoder.encoder_of(name)
    if not isinstance(of_column, CategoricalEncoder):
        raise ConditionError(f"Column {name!r} has no categories. Give intervals for all of the rows.")
    taken = {place for value in named for place in label_places(value, of_column.shown, of_column.column)}
    left = [label for place, label in enumerate(of_column.shown) if place not in taken]
    if not left:
        raise ConditionError(
            f"Column {name!r}: every value is given, but not for all of the rows. Give larger numbers."
        )
    return left


def _typed(conditions: pd.DataFrame, encoder: TableEncoder) -> pd.DataFrame:
    """The table of conditions with labels and dates as the model writes them.

    Raises: ConditionError for an unknown column or label, or cells that are no dates.
    """
    if not conditions.columns.is_unique:
        raise ConditionError("Several columns of the conditions share a name. Rename or drop them.")
    typed: pd.DataFrame = conditions.copy()
    check_names(conditions.columns, encoder.schema)
    for place, name in enumerate(conditions.columns):
        of_column = encoder.encoder_of(name)
        cells = conditions.iloc[:, place]
        if isinstance(of_column, CategoricalEncoder):
            labels = of_column.shown
            found = {
                cell: labels[label_places([cell], labels, of_column.column)[0]] for cell in _distinct(cells)
            }
            typed.isetitem(place, cells.astype(object).map(found).array)
        elif of_column.column.kind != "identifier":
            typed.isetitem(place, _measures(cells, of_column.column).array)
    return typed


def _distinct(cells: pd.Series[Any]) -> list[Any]:
    try:
        return list(cells.dropna().astype(object).unique())
    except TypeError:  # unhashable
        told = "some cells of the conditions are lists or the like. Give one value per cell"
        raise ConditionError(f"Column {cells.name!r}: {told}.") from None


def _measures(cells: pd.Series[Any], column: Column) -> pd.Series[Any]:
    """Dates and durations as such, numbers looked at."""
    dtype, kinds = to_dtype(column.dtype), pd.api.types
    try:
        if kinds.is_datetime64_any_dtype(dtype) or kinds.is_timedelta64_dtype(dtype):
            return cells.astype(dtype)
        numbers = cells.dropna().astype("float64") if kinds.is_numeric_dtype(dtype) else cells.iloc[:0]
        if kinds.is_integer_dtype(dtype) and (numbers % 1 != 0).any():
            raise ValueError
    except (ValueError, TypeError):
        told = f"some of its cells in the conditions are not {column.dtype}. Write them as the table has them"
        raise ConditionError(f"Column {column.name!r}: {told}.") from None
    return cells


def _as_made(table: pd.DataFrame, encoder: TableEncoder) -> pd.DataFrame:
    """The table with the dtypes of rows that are sampled."""
    nothing = np.zeros((0, len(encoder.layout.blocks)), dtype=np.int16)
    like = encoder.decode(nothing, rng=np.random.default_rng(0))
    for place, column in enumerate(encoder.schema):
        if column.kind != "identifier" and table.dtypes.iloc[place] != like.dtypes.iloc[place]:
            table.isetitem(place, table.iloc[:, place].astype(like.dtypes.iloc[place]).array)
    made: pd.DataFrame = table.reset_index(drop=True)
    return made
