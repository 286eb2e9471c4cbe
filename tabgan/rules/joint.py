"""Columns learned as one: every combination of their cells is a label of a single column."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from tabgan.cells import Cells
from tabgan.column import COMBINATION, Column
from tabgan.encoding.conditions import label_places, refusal
from tabgan.encoding.layout import BoolArray, IntArray
from tabgan.encoding.reading import Numbers, read_labels
from tabgan.encoding.row_wise import Other
from tabgan.encoding.writing import write_labels, write_levels
from tabgan.rules.limits import meets
from tabgan.rules.units import is_writable, read_units, resolution_of, write_units
from tabgan.scalars import scalar_from_json, scalar_to_json
from tabgan.schema import Schema

Levels: TypeAlias = Mapping[Hashable, tuple[tuple[Any, ...], str | None]]


@dataclass(frozen=True)
class Joint:
    """One categorical column `name` for several.

    A label is the JSON list of its parts, null where one is missing; whole units stand for numbers and
    dates. `one_hot`: every row with all parts has exactly one 1. `levels`: categories and their dtype of
    columns of pandas categories. `labels`: those that were learned, the most frequent first.
    """

    name: Hashable
    columns: tuple[Hashable, ...]
    one_hot: bool = False
    levels: Levels = field(default_factory=dict)
    labels: tuple[str, ...] = ()

    @property
    def derived(self) -> tuple[Hashable, ...]:
        """Columns that are computed and not learned."""
        return self.columns

    @property
    def sources(self) -> tuple[Hashable, ...]:
        """Columns of the table that must be there before."""
        return ()

    def inner_columns(self, schema: Schema) -> tuple[Column, ...]:
        """What is learned instead."""
        declared = None
        if self.one_hot:
            size = len(self.columns)
            kinds = [schema[name].kind for name in self.columns]
            rows = [[_truth(place == one, kinds[place]) for place in range(size)] for one in range(size)]
            declared = tuple(_text(row) for row in rows)
        joint = Column(self.name, "categorical", "object", element="text", categories=declared)
        return (replace(joint, reason=COMBINATION),)

    def reduce(self, table: pd.DataFrame, schema: Schema, *, has_gaps: bool = False) -> dict[Hashable, Cells]:
        """The joint column. `has_gaps`: a missing part is not known, so neither is the combination."""
        codes, rows = self._combinations(table, schema)
        known = {_key(parts): label for label, parts in zip(self.labels, self._parts, strict=True)}
        texts = np.empty(len(rows), dtype=object)
        for place, parts in enumerate(rows):
            is_unknown = any(isinstance(part, Other) or (has_gaps and part is None) for part in parts)
            texts[place] = None if is_unknown else known.get(_key(parts)) or _text(parts)
        return {self.name: pd.Series(texts[codes], dtype=object)}

    def _combinations(self, table: pd.DataFrame, schema: Schema) -> tuple[IntArray, list[tuple[Any, ...]]]:
        """Number of the combination of every row, and the combinations."""
        codes, rows = np.zeros(len(table), dtype=np.int64), [()]
        for name in self.columns:
            own, values = _distinct(table[name], schema[name])
            width = len(values)
            pairs, codes = np.unique(codes * width + own, return_inverse=True)
            rows = [(*rows[pair // width], values[pair % width]) for pair in pairs.tolist()]
        return codes.reshape(-1), rows

    def restore(self, cells: Mapping[Hashable, Cells], schema: Schema) -> dict[Hashable, Cells]:
        """The columns again; a combination that was not learned becomes the most frequent one."""
        place = {label: index for index, label in enumerate(self.labels)}
        codes, texts = pd.factorize(cells[self.name])
        table = np.array([*(place.get(text, 0) for text in texts), 0], dtype=np.int64)
        rows = table[codes]
        return {
            name: self._written([parts[index] for parts in self._parts], rows, schema[name])
            for index, name in enumerate(self.columns)
        }

    def _written(self, parts: list[Any], rows: IntArray, column: Column) -> Cells:
        if not parts:  # nothing was learned: every cell is missing
            parts, rows = [None], np.zeros(len(rows), dtype=np.int64)
        is_missing = np.array([part is None for part in parts], dtype=bool)
        if _is_counted(column):
            kind: Any = np.float64 if resolution_of(column) is None else np.int64
            values = np.array([0 if part is None else part for part in parts], dtype=kind)
            return write_units(Numbers(values[rows], is_missing[rows]), column, resolution_of(column))
        labels = tuple({(type(part), part): part for part in parts if part is not None}.values())
        place = {(type(label), label): index for index, label in enumerate(labels)}
        codes = np.array([-1 if part is None else place[type(part), part] for part in parts], dtype=np.int64)
        if column.dtype == "category":
            levels, dtype = self.levels.get(column.name, (column.categories or (), None))
            known = {(type(level), level): level for level in (*levels, *labels)}
            return write_levels(codes[rows], labels, list(known.values()), dtype, column)
        return write_labels(codes[rows], labels, column)

    @cached_property
    def _parts(self) -> list[tuple[Any, ...]]:
        return [_parsed(label, len(self.columns)) for label in self.labels]

    def allowed(self, conditions: Mapping[Hashable, Any], schema: Schema) -> list[str]:
        """The labels whose parts meet the conditions on these columns. Raises: ConditionError if none."""
        is_met = np.ones(len(self.labels), dtype=bool)
        for index, name in enumerate(self.columns):
            if name in conditions:
                parts = [row[index] for row in self._parts]
                is_met &= self._meeting(parts, schema[name], conditions[name])
                if not is_met.any():
                    raise refusal(
                        schema[name],
                        f"no learned combination of {self.columns} meets the condition",
                    )
        return [label for label, fits in zip(self.labels, is_met.tolist(), strict=True) if fits]

    def _meeting(self, parts: list[Any], column: Column, condition: Any) -> BoolArray:
        rows = np.arange(len(parts), dtype=np.int64)
        if _is_counted(column):
            return meets(self._written(parts, rows, column), column, condition)
        levels = self.levels.get(column.name, ((), None))[0] if column.ordered else ()
        known = list(dict.fromkeys(part for part in (*levels, *parts) if part is not None))
        wanted = {known[place] for place in label_places(condition, known, column)}
        return np.array([part is not None and part in wanted for part in parts], dtype=bool)

    def parts_of(self, name: Hashable) -> list[Any]:
        """The values that a column has in the learned combinations."""
        index = self.columns.index(name)
        return list(dict.fromkeys(row[index] for row in self._parts if row[index] is not None))

    def completing(self, text: str, *, may_be_missing: bool = False) -> list[str] | None:
        """Labels that agree with one of which parts are not yet known, and have no missing part.

        None where any will do: all parts are known, or no label is whole. Empty where none agrees.
        """
        parts = _parsed(text, len(self.columns))
        given = {place: part for place, part in enumerate(_key(parts)) if part[1] is not None}
        whole = [
            (label, _key(row))
            for label, row in zip(self.labels, self._parts, strict=True)
            if may_be_missing or None not in row
        ]
        if len(given) == len(parts) or (not given and not whole):
            return None
        return [label for label, row in whole if all(row[place] == part for place, part in given.items())]

    def is_learned(self, table: pd.DataFrame, schema: Schema) -> BoolArray:
        """Rows whose combination was learned."""
        texts = self.reduce(table, schema)[self.name]
        return texts.isin(self.labels).to_numpy(dtype=bool)

    def to_dict(self) -> dict[str, Any]:
        """State as strict JSON; the labels are the encoder's."""
        return {
            "step": "joint",
            "name": scalar_to_json(self.name),
            "columns": [scalar_to_json(name) for name in self.columns],
            "one_hot": self.one_hot,
            "levels": [
                [scalar_to_json(name), [scalar_to_json(level) for level in levels], dtype]
                for name, (levels, dtype) in self.levels.items()
            ],
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Joint:
        """What `to_dict` wrote."""
        levels = {
            scalar_from_json(name): (tuple(map(scalar_from_json, told)), dtype)
            for name, told, dtype in state["levels"]
        }
        columns = tuple(map(scalar_from_json, state["columns"]))
        return cls(scalar_from_json(state["name"]), columns, bool(state["one_hot"]), levels)


def _is_counted(column: Column) -> bool:
    """Whether the label holds the column's cells as units."""
    return column.kind in ("numeric", "datetime") and is_writable(column)


def _distinct(cells: Cells, column: Column) -> tuple[IntArray, list[Any]]:
    """Number of the value of every row, and the values, None where missing."""
    if _is_counted(column):
        numbers = read_units(cells, column, resolution_of(column))
        distinct, codes = np.unique(numbers.values, return_inverse=True)
        codes = np.where(numbers.is_missing, len(distinct), codes.reshape(-1))
        return codes, [*distinct.tolist(), None]
    seen = read_labels(cells)
    return np.where(seen.codes < 0, len(seen.labels), seen.codes), [*seen.labels, None]


def _truth(value: bool, kind: str) -> Any:
    return value if kind == "boolean" else int(value)


def _text(parts: Sequence[Any]) -> str:
    return json.dumps([scalar_to_json(part) for part in parts], ensure_ascii=False, separators=(",", ":"))


def _parsed(label: str, size: int) -> tuple[Any, ...]:
    """The parts of a label; all missing for one that is none."""
    try:
        parts = tuple(map(scalar_from_json, json.loads(label)))
    except (ValueError, TypeError):
        return (None,) * size
    return parts if len(parts) == size else (None,) * size


def _key(parts: Sequence[Any]) -> tuple[Any, ...]:
    """Equal for equal parts: 1 and 1.0 are, 1 and True are not."""
    return tuple((isinstance(part, bool), part) for part in parts)
