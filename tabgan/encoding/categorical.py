"""Categorical and boolean columns: a code a label, a code for missing, one for all rare labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from tabgan.cells import Cells
from tabgan.column import COMBINATION, Column
from tabgan.encoding.conditions import Condition, label_places
from tabgan.encoding.layout import BoolArray, CodeArray, FloatArray, IntArray, Split
from tabgan.encoding.numeric import too_few
from tabgan.encoding.reading import read_labels
from tabgan.encoding.statistics import CategoryCounts, ColumnStatistics
from tabgan.encoding.writing import write_labels, write_levels
from tabgan.errors import SchemaError
from tabgan.scalars import scalar_from_json, scalar_to_json
from tabgan.schema import listed

RareRule: TypeAlias = Literal["fold", "token"]
RARE_TOKEN = "other"
LEAVE_OUT = "Leave out the rule by which these columns are learned as one"


class AllRareError(SchemaError):
    """No value of a column is held by enough rows; told of with all columns alike, `refusal_of_rare`."""

    def __init__(self, column: Column, n_values: int) -> None:
        super().__init__(column, n_values)
        self.column, self.n_values = column, n_values


def refusal_of_rare(errors: Sequence[AllRareError], min_rows: int) -> str:
    """What to tell of columns of which no value can be kept.

    >>> print(refusal_of_rare([AllRareError(Column("cabin", "categorical"), 60)], 5).split(". ")[0])
    Column 'cabin': none of its 60 different values occurs in 5 rows
    """
    combined = [error for error in errors if error.column.reason == COMBINATION]
    errors = combined or errors
    if len(errors) == 1:
        told = (
            f"Column {errors[0].column.name!r}: none of its {errors[0].n_values} different values occurs in"
        )
        it, form = "it", "its form"
    else:
        told = f"Columns {listed([error.column.name for error in errors])}: none of their values occurs in"
        it, form = "them", "their form"
    if combined:
        return f"{told} {min_rows} rows. {LEAVE_OUT}, or, in Python, give a smaller min_rows."
    return (
        f'{told} {min_rows} rows. Declare {it} kind="identifier" (--schema) to have values of {form} '
        f"made up, drop {it} (--drop), or, in Python, give a smaller min_rows."
    )


@dataclass(frozen=True)
class CategoricalEncoder:
    """Codes of a categorical column.

    `labels`: one a code, by frequency, or in their order when the column is ordered; where they take
    several blocks, so that neighbours are alike.
    `weights`: rows of each label, kept only when rare labels fold into the others.
    `rare`: what the code after the labels stands for; None when no label is rare.
    `levels`: categories of a pandas category dtype; None for every other dtype.
    """

    column: Column
    labels: tuple[Any, ...]
    has_missing: bool
    most_frequent: int = 0
    rare: RareRule | None = None
    weights: tuple[int, ...] = ()
    levels: tuple[Any, ...] | None = None
    levels_dtype: str | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def fit(
        cls,
        column: Column,
        statistics: ColumnStatistics,
        *,
        rare: RareRule = "fold",
        max_categories: int | None = None,
    ) -> CategoricalEncoder:
        """Ask for the labels of one column. Raises: AllRareError when all of them are rare."""
        asked = statistics.category_counts(column.name)
        told = _most_frequent(asked, max_categories)
        has_rare = told.n_rest >= max(statistics.min_rows, 1)
        if rare == "token" and not all(isinstance(label, str) for label in told.labels):
            rare = "fold"  # the token is text and the labels are not
        if has_rare and not told.labels and rare == "fold":
            raise AllRareError(column, told.n_hidden)
        order = _drawing_order(column, told)
        labels = tuple(told.labels[place] for place in order)
        counts = [told.counts[place] for place in order]
        weights = [count if count >= statistics.min_rows else 0 for count in counts]
        token = (RARE_TOKEN,) if has_rare and rare == "token" else ()
        return cls(
            column=column,
            labels=labels,
            has_missing=statistics.missing_count(column.name) > 0 or not (labels or has_rare),
            most_frequent=int(np.argmax(counts)) if counts else 0,
            rare=rare if has_rare else None,
            weights=tuple(weights) if has_rare and rare == "fold" else (),
            levels=_levels(column, told, token) if column.dtype == "category" else None,
            levels_dtype=told.levels_dtype,
            notes=_notes(column, asked, told, statistics.min_rows, has_token=bool(token)),
        )

    def reordered(self, places: Sequence[int]) -> CategoricalEncoder:
        """The same labels, the one at `places[code]` under this code."""
        return replace(
            self,
            labels=tuple(self.labels[place] for place in places),
            most_frequent=list(places).index(self.most_frequent),
            weights=tuple(self.weights[place] for place in places) if self.weights else (),
        )

    @cached_property
    def split(self) -> Split:
        """How the codes are written as blocks."""
        return Split(len(self.labels), int(self.rare is not None) + int(self.has_missing))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of codes of each block, coarse first."""
        return self.split.sizes

    @property
    def rare_code(self) -> int | None:
        """The code of all rare labels together."""
        return None if self.rare is None else len(self.labels)

    @property
    def missing_code(self) -> int:
        """The code of a missing cell."""
        return len(self.labels) + int(self.rare is not None)

    def positions(self) -> list[tuple[float, ...] | None]:
        """Places in [0, 1] of the codes of each block; None where they have no order."""
        if self.column.ordered:
            return [*self.split.positions()]
        return [None] * self.split.depth

    def encode(self, cells: Cells) -> tuple[CodeArray, int]:
        """Codes of the cells, and how many of them have no code of their own."""
        seen = read_labels(cells)
        default = self.most_frequent if self.rare_code is None else self.rare_code
        table, is_foreign = self._codes_of(seen.labels, default)
        missing = self.missing_code if self.has_missing else default
        flat = np.append(table, missing)[seen.codes]
        n_foreign = int(np.append(is_foreign, not self.has_missing)[seen.codes].sum())
        return self.split.split(np.minimum(flat, max(self.split.n_total - 1, 0))), n_foreign

    def is_unknown(self, cells: Cells) -> BoolArray:
        """Cells whose label has no code, not even that of rare ones; a missing cell has none to look for."""
        seen = read_labels(cells)
        return np.append(self._codes_of(seen.labels, 0)[1], False)[seen.codes]

    def _codes_of(self, labels: tuple[Any, ...], default: int) -> tuple[IntArray, BoolArray]:
        """Code of every label: the same type and value, else an equal value, else the default."""
        typed = {(type(label), label): code for code, label in enumerate(self.labels)}
        equal = {(isinstance(label, bool), label): code for code, label in enumerate(self.labels)}
        found = [
            typed.get((type(label), label), equal.get((isinstance(label, bool), label))) for label in labels
        ]
        codes = np.array([default if code is None else code for code in found], dtype=np.int64)
        is_foreign = np.array([code is None for code in found], dtype=bool)
        return codes, is_foreign if self.rare is None else np.zeros(len(found), dtype=bool)

    def decode(
        self,
        codes: CodeArray,
        rng: np.random.Generator,
        *,
        condition: Condition = None,
        first_row: int = 0,
    ) -> Cells:
        """A column of the output dtype; rare cells become kept labels by their frequency."""
        del condition, first_row  # only codes that meet the condition are drawn
        flat = self.split.join(codes)
        labels = self.shown
        if self.rare == "fold":
            is_rare = np.flatnonzero(flat == self.rare_code)
            weights = np.array(self.weights, dtype=np.float64)
            share = weights / weights.sum() if weights.sum() else None
            flat[is_rare] = rng.choice(len(weights), size=len(is_rare), p=share)
        if self.has_missing:
            flat = np.where(flat == self.missing_code, -1, flat)
        if self.levels is None:
            return write_labels(flat, labels, self.column)
        return write_levels(flat, labels, self.levels, self.levels_dtype, self.column)

    @property
    def shown(self) -> tuple[Any, ...]:
        """What cells can hold: the labels and, where rare ones become it, the token."""
        return (*self.labels, RARE_TOKEN) if self.rare == "token" else self.labels

    def allowed(self, condition: Condition) -> FloatArray:
        """Shape: -> sizes. Raises: ConditionError when a label is unknown."""
        is_named = np.zeros(self.split.n_total)
        is_named[label_places(condition, self.shown, self.column)] = 1.0
        return self.split.spread(is_named)

    def to_dict(self) -> dict[str, Any]:
        """State as strict JSON."""
        levels = None if self.levels is None else [scalar_to_json(level) for level in self.levels]
        return {
            "kind": "categorical",
            "labels": [scalar_to_json(label) for label in self.labels],
            "has_missing": self.has_missing,
            "most_frequent": self.most_frequent,
            "rare": self.rare,
            "weights": list(self.weights),
            "levels": levels,
            "levels_dtype": self.levels_dtype,
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any], column: Column) -> CategoricalEncoder:
        """What `to_dict` wrote. Raises: ValueError for weights that are not those of the labels."""
        levels, n_labels, weights = state["levels"], len(state["labels"]), state["weights"]
        if not 0 <= state["most_frequent"] < max(n_labels, 1):
            raise ValueError("Expected the place of the most frequent label.")
        if state["rare"] not in (None, *get_args(RareRule)):
            raise ValueError("Expected a rule for rare labels.")
        if len(weights) != (n_labels if state["rare"] == "fold" else 0) or min(weights, default=0) < 0:
            raise ValueError("Expected a weight >= 0 of every label where rare ones fold.")
        return cls(
            column=column,
            labels=tuple(scalar_from_json(label) for label in state["labels"]),
            has_missing=bool(state["has_missing"]),
            most_frequent=int(state["most_frequent"]),
            rare=state["rare"],
            weights=tuple(int(weight) for weight in state["weights"]),
            levels=None if levels is None else tuple(scalar_from_json(level) for level in levels),
            levels_dtype=state["levels_dtype"],
        )


def _drawing_order(column: Column, told: CategoryCounts) -> list[int]:
    """Places of the labels: by frequency, or as declared, as the dtype says or sorted."""
    places = range(len(told.labels))
    if not column.ordered:
        return sorted(places, key=lambda place: -told.counts[place])
    order = column.categories or told.levels
    if order is None:
        return sorted(places, key=lambda place: _sortable(told.labels[place]))
    rank = {(type(label), label): index for index, label in enumerate(order)}
    return sorted(
        places, key=lambda place: rank.get((type(told.labels[place]), told.labels[place]), len(rank))
    )


def _sortable(label: Any) -> tuple[str, Any]:
    is_number = isinstance(label, (int, float))
    return ("", label) if is_number else (type(label).__name__, label)


def _most_frequent(told: CategoryCounts, at_most: int | None) -> CategoryCounts:
    """The same counts with so many labels told; the rows of the others are in the rest."""
    n_cut = 0 if at_most is None else len(told.labels) - at_most
    if n_cut <= 0:
        return told
    by_count = sorted(range(len(told.labels)), key=lambda place: (-told.counts[place], place))
    kept = sorted(by_count[:at_most])
    counts = tuple(told.counts[place] for place in kept)
    return replace(
        told,
        labels=tuple(told.labels[place] for place in kept),
        counts=counts,
        n_rest=told.n_rest + sum(told.counts) - sum(counts),
        n_hidden=told.n_hidden + n_cut,
    )


def _notes(
    column: Column, asked: CategoryCounts, told: CategoryCounts, min_rows: int, *, has_token: bool
) -> tuple[str, ...]:
    became = f'"{RARE_TOKEN}"' if has_token else "more frequent ones"
    notes = []
    if not told.labels and not has_token and told.n_hidden:
        return (too_few(column, min_rows),)
    if asked.n_hidden:
        n_rows = f"fewer than {min_rows}" if asked.n_rest < min_rows else str(asked.n_rest)
        notes.append(
            f"values that occur in fewer than {min_rows} rows ({n_rows} rows in all) become {became}."
        )
    if asked.n_hidden and not has_token and told.n_rest > max(sum(told.counts), min_rows - 1):
        cure = 'Declare it kind="identifier" to have values of its form made up, or drop it'
        notes.append(
            f"more than half of its rows ({told.n_rest}) hold such a value, so the frequent ones come out "
            f"far too often. {LEAVE_OUT if column.reason == COMBINATION else cure}."
        )
    if told is not asked:
        notes.append(f"all but its {len(told.labels)} most frequent values become {became}.")
    return tuple(f"Column {column.name!r}: {note}" for note in notes)


def _levels(column: Column, told: CategoryCounts, token: tuple[str, ...]) -> tuple[Any, ...]:
    """Categories of the output dtype: as declared, then as seen, then the token."""
    seen = told.labels if told.levels is None else told.levels
    declared = column.categories or ()
    return tuple({(type(label), label): label for label in (*declared, *seen, *token)}.values())
