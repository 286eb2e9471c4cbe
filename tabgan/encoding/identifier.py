"""Identifier columns: never learned; new values of the same written form, or made-up personal data.

Only whether the cell is missing is a code.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from tabgan.cells import Cells, dense
from tabgan.column import Column
from tabgan.dtypes import largest_number, to_dtype
from tabgan.encoding.conditions import Condition, refusal
from tabgan.encoding.layout import CodeArray, FloatArray, IntArray, Split
from tabgan.encoding.patterns import Pattern
from tabgan.encoding.reading import Numbers, Part, is_duration
from tabgan.encoding.statistics import ColumnStatistics
from tabgan.encoding.writing import write_labels, write_numbers
from tabgan.errors import SchemaError
from tabgan.personal.people import people_of
from tabgan.personal.values import DIGITS, OF_ONE_PERSON, SHAPELESS, made_up
from tabgan.scalars import scalar_to_json

_MOST_SHIFTED = 2**31  # rows, by which columns of one form differ


@dataclass(frozen=True)
class IdentifierEncoder:
    """Row number -> a value of the form; no two rows of a table share one."""

    column: Column
    pattern: Pattern
    has_missing: bool
    notes: tuple[str, ...] = ()

    @classmethod
    def fit(cls, column: Column, statistics: ColumnStatistics) -> IdentifierEncoder:
        """Ask for the written form of one column. Raises: SchemaError if it is no text or number."""
        kinds, dtype = pd.api.types, to_dtype(column.dtype)
        if kinds.is_bool_dtype(dtype) or kinds.is_datetime64_any_dtype(dtype) or is_duration(column):
            raise SchemaError(
                f"Column {column.name!r}: an identifier is text or whole numbers, not {column.dtype}. "
                "Declare another kind."
            )
        if column.locale is not None:
            people_of(column.locale)  # so that a locale that cannot be had is told of now
        has_missing = statistics.missing_count(column.name) > 0
        pattern = statistics.pattern(column.name)
        if column.personal in SHAPELESS and pattern.form == "text":
            pattern = Pattern("text")  # nothing of the column is needed, so nothing is kept
        return cls(column, pattern, has_missing)

    @cached_property
    def _salt(self) -> int:
        """A number for each name, so that columns of one form do not go together."""
        name = json.dumps(scalar_to_json(self.column.name))
        return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")

    @cached_property
    def split(self) -> Split:
        """How the codes are written as blocks."""
        return Split(1, int(self.has_missing))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of codes of each block, coarse first."""
        return self.split.sizes

    def positions(self) -> list[tuple[float, ...] | None]:
        """Places in [0, 1] of the codes of each block; None where they have no order."""
        return [None] * self.split.depth

    def encode(self, cells: Cells) -> tuple[CodeArray, int]:
        """0 where a value is, 1 where it is missing."""
        is_missing = dense(cells).isna().to_numpy(dtype=bool)
        return self.split.split(is_missing.astype(np.int64)), 0

    def decode(
        self,
        codes: CodeArray,
        rng: np.random.Generator,
        *,
        condition: Condition = None,
        first_row: int = 0,
    ) -> Cells:
        """New values for rows `first_row` and following."""
        del rng, condition
        is_missing = self.split.join(codes) == 1
        rows = np.arange(first_row, first_row + len(codes), dtype=np.int64)
        made = self._made_up(rows)
        if self.pattern.form == "number":
            values = self._numbers(rows) if made is None else np.array(made, dtype=np.int64)
            return write_numbers(Numbers(values, is_missing), self.column, Part())
        texts = self.pattern.texts(rows, self._salt) if made is None else made
        if self.column.dtype == "category":
            cells: Cells = pd.Series(pd.Categorical(texts))
            return cells.mask(is_missing)
        places = np.where(is_missing, -1, np.arange(len(codes)))
        return write_labels(places, tuple(texts), self.column)

    def _made_up(self, rows: IntArray) -> list[str] | None:
        """Personal data of the column's form; None where any value of the pattern will do."""
        form = self.column.personal
        if form == "uuid":
            return Pattern("uuid").texts(rows, self._salt) if self.pattern.form == "text" else None
        if form is None:
            return None
        pieces = self.pattern.pieces
        if self.pattern.form == "number":
            if form not in DIGITS or self.pattern.start == 1:
                return None
            # Numbers start below or at the first one of one digit more.
            pieces = (("9", len(str(self.pattern.start - 1))),)
        if form not in OF_ONE_PERSON:
            rows = rows + self._salt % _MOST_SHIFTED
        return made_up(form, rows, pieces, self.column.locale)

    def _numbers(self, rows: IntArray) -> IntArray:
        """Numbers of the rows. Raises: SchemaError where the dtype has no room for so many."""
        largest = largest_number(self.column.dtype)
        room = largest - self.pattern.start + 1
        if rows.max(initial=0) >= room:
            raise SchemaError(
                f"Column {self.column.name!r}: {self.column.dtype} has room for {room} identifiers. "
                "Ask for fewer rows or declare a wider dtype."
            )
        return self.pattern.numbers(rows, self._salt, largest=largest)

    def allowed(self, condition: Condition) -> FloatArray:  # noqa: ARG002
        """Raises: ConditionError, since identifiers are not learned."""
        raise refusal(self.column, "its values are made up, so it takes no condition")

    def to_dict(self) -> dict[str, Any]:
        """State as strict JSON."""
        return {
            "kind": "identifier",
            "pattern": self.pattern.to_dict(),
            "has_missing": self.has_missing,
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any], column: Column) -> IdentifierEncoder:
        """What `to_dict` wrote."""
        return cls(column, Pattern.from_dict(state["pattern"]), bool(state["has_missing"]))
