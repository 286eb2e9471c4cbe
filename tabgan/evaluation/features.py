"""Several tables as columns that can be compared: numbers, or codes that mean the same in all.

Everything else in `evaluation` starts here, so that tables are read alike whoever made them. The
kinds are those of the schema, or inferred from the first (real) table.
"""

from __future__ import annotations

import decimal
import math
import re
import warnings
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabgan.cell_keys import PER_SECOND, KeyArray, cell_keys, tick_keys
from tabgan.errors import SchemaError
from tabgan.schema import Kind, Schema, judged_schema

FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]
Cells: TypeAlias = "pd.Series[Any]"

MISSING = -1  # the code of a missing category
MAX_CATEGORIES = 254  # a boosted tree of scikit-learn takes 255, the last one is "all others"
SECONDS_PER_DAY = 86_400
GIANT = 1e300  # the difference of two numbers beyond may be infinite
EXACT = 2.0**53  # whole numbers below are exact as floats
FAR_SECONDS = 2**33  # the year 2242; microseconds before are told apart by seconds as floats


@dataclass(frozen=True)
class ComparedColumn:
    """One column of several tables: numbers of each table, or codes of its categories.

    Codes are ordered by frequency over all tables; `labels[code]` is the category. `keys`: equal
    where cells are, of numbers that are too large or too fine for floats to tell apart; else empty.
    """

    name: Hashable
    kind: Kind
    numbers: tuple[FloatArray, ...] = ()
    codes: tuple[IntArray, ...] = ()
    labels: tuple[object, ...] = ()
    keys: tuple[KeyArray, ...] = ()

    @property
    def is_numeric(self) -> bool:
        """Whether the column is held as numbers (numeric and datetime) and not as codes."""
        return self.kind in ("numeric", "datetime")

    @property
    def cells(self) -> tuple[FloatArray, ...] | tuple[IntArray, ...]:
        """The numbers or codes of each table."""
        return self.numbers if self.is_numeric else self.codes

    @property
    def is_missing(self) -> list[npt.NDArray[np.bool_]]:
        """Which cells of each table are missing."""
        return [np.isnan(cells) if self.is_numeric else cells == MISSING for cells in self.cells]

    def split(self, rows: IntArray) -> list[IntArray]:
        """What was made of the rows of all tables, one table after the other, table by table."""
        return np.split(rows, np.cumsum([len(cells) for cells in self.cells])[:-1])

    def tables(self, places: Sequence[int]) -> ComparedColumn:
        """The column of some of the tables."""
        numbers = tuple(self.numbers[t] for t in places if self.numbers)
        codes = tuple(self.codes[t] for t in places if self.codes)
        keys = tuple(self.keys[t] for t in places if self.keys)
        return replace(self, numbers=numbers, codes=codes, keys=keys)

    def rows(self, places: Sequence[IntArray | slice]) -> ComparedColumn:
        """The column of some rows of each table."""
        numbers = tuple(cells[at] for cells, at in zip(self.numbers, places, strict=False))
        codes = tuple(cells[at] for cells, at in zip(self.codes, places, strict=False))
        keys = tuple(cells[at] for cells, at in zip(self.keys, places, strict=False))
        return replace(self, numbers=numbers, codes=codes, keys=keys)


def compare(
    *tables: pd.DataFrame, schema: Schema | None = None, ignore: Sequence[Hashable] = ()
) -> list[ComparedColumn]:
    """The columns of the first (real) table, read alike in all of them; identifiers left out.

    Raises: SchemaError when a table lacks a column of the first one or has no rows.
    """
    kinds = column_kinds(*tables, schema=schema)
    return [
        _compared(name, kind, [table[name] for table in tables])
        for name, kind in kinds.items()
        if kind != "identifier" and name not in ignore
    ]


def column_kinds(*tables: pd.DataFrame, schema: Schema | None = None) -> dict[Hashable, Kind]:
    """Kind of every column, of the schema or inferred from the first table, once all have it."""
    for table in tables:
        if len(table) == 0:
            raise SchemaError("A table to compare has 0 rows. Give tables with at least one row.")
        if not table.columns.is_unique:
            raise SchemaError("A table to compare has duplicate column names. Rename them.")
    schema = schema or judged_schema(tables[0])
    kinds: Mapping[Hashable, Kind] = {column.name: column.kind for column in schema}
    for table in tables:
        lacking = [name for name in kinds if name not in table.columns]
        if lacking:
            raise SchemaError(
                f"Column {lacking[0]!r} is not in a table to compare "
                f"({len(lacking)} of {len(kinds)} columns are missing). Give tables with the same columns."
            )
    return dict(kinds)


def classifier_matrix(columns: Sequence[ComparedColumn], table: int) -> FloatArray:
    """One table as numbers for a boosted-tree classifier.

    Shape: [rows, features]. Missing cells are NaN. A categorical column keeps its 254 most
    frequent categories, the rest share one more code. A datetime column is three features: the
    moment, the day of the week and the second of the day, because trees cannot see weekends or
    office hours in a time stamp.
    """
    features: list[FloatArray] = []
    for column in columns:
        if not column.is_numeric:
            codes = np.minimum(column.codes[table], MAX_CATEGORIES).astype(np.float64)
            codes[column.codes[table] == MISSING] = np.nan
            features.append(codes)
            continue
        numbers = column.numbers[table]
        features.append(numbers / max(map(scale_of, column.numbers)))
        if column.kind == "datetime":
            features += [np.floor(numbers / SECONDS_PER_DAY) % 7, numbers % SECONDS_PER_DAY]
    return np.column_stack(features) if features else np.zeros((0, 0))


def categorical_features(columns: Sequence[ComparedColumn]) -> npt.NDArray[np.bool_]:
    """Which features of their `classifier_matrix` are categorical."""
    return np.repeat([not column.is_numeric for column in columns], _widths(columns))


def feature_slices(columns: Sequence[ComparedColumn]) -> list[slice]:
    """Where the features of each column stand in its `classifier_matrix`."""
    widths = _widths(columns)
    return [slice(end - width, end) for end, width in zip(np.cumsum(widths), widths, strict=True)]


def _widths(columns: Sequence[ComparedColumn]) -> list[int]:
    return [3 if column.kind == "datetime" else 1 for column in columns]


def has_values(rows: FloatArray) -> npt.NDArray[np.bool_]:
    """Which features hold anything at all: scikit-learn's trees fail to bin one that does not."""
    return np.array([not np.isnan(feature).all() for feature in rows.T], dtype=np.bool_)


def as_numbers(cells: Cells, kind: Kind) -> FloatArray:
    """A numeric or datetime column as float64; dates and durations in seconds, missing as NaN.

    A time with a zone is read at its local clock, where its weekday and hour mean something.
    """
    if (ticks := _ticks(cells, kind)) is not None:
        return _seconds(ticks)
    if not pd.api.types.is_numeric_dtype(cells.dtype):
        cells = pd.to_numeric(cells.astype(object).where(cells.notna(), np.nan), errors="coerce")
    numbers = np.asarray(cells.to_numpy(dtype=np.float64, na_value=np.nan))
    # An infinity has no place among bins.
    return np.where(np.isfinite(numbers), numbers, np.nan)


def content_order(table: pd.DataFrame, schema: Schema) -> IntArray:
    """Places of the rows in an order that their cells alone decide.

    Rows drawn at random from a table in this order do not depend on the order in which its rows
    and columns came, on the columns' names or on the units of its numbers. Identifiers are not
    looked at. Shape: [rows].
    """
    key = np.zeros(len(table), dtype=np.uint64)
    for column in compare(table, schema=schema):
        cells = _cell_keys(column)
        # The column's own sum tells it from others, so that equal cells may not change places.
        key += scattered(cells + cells.sum())
    return np.argsort(key, kind="stable")


def content_columns(columns: Sequence[ComparedColumn]) -> list[ComparedColumn]:
    """The columns in an order that their cells alone decide, for random choices among them."""
    return sorted(columns, key=lambda column: int(_cell_keys(column).sum()))


def draw_rows(table: pd.DataFrame, n_rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """`n_rows` rows drawn without replacement (all of them, as they are, if there are no more)."""
    if len(table) > n_rows:
        table = table.iloc[np.sort(rng.choice(len(table), n_rows, replace=False))]
    drawn: pd.DataFrame = table.reset_index(drop=True)
    return drawn


def scale_of(numbers: FloatArray) -> float:
    """What to divide numbers by so that their range does not overflow; 1 but for giants."""
    largest = float(np.fmax.reduce(np.abs(numbers), initial=0.0))
    return largest if largest > GIANT else 1.0


def shuffled_columns(table: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """The table with every column shuffled by itself: right columns, no relation between them."""
    rng = np.random.default_rng(seed)
    shuffled: pd.DataFrame = table.reset_index(drop=True)
    for name in table.columns:
        order = rng.permutation(len(table))
        shuffled[name] = table[name].iloc[order].reset_index(drop=True)
    return shuffled


def _cell_keys(column: ComparedColumn) -> npt.NDArray[np.uint64]:
    """A scattered number for every cell of all tables: of its rank, or of its category."""
    if column.is_numeric:
        found = pd.factorize(np.concatenate(column.numbers), sort=True)[0].astype(np.int64)
    else:
        texts = [str(label).encode("utf-8", "backslashreplace").decode() for label in column.labels]
        hashes = pd.util.hash_array(np.array([*texts, ""], dtype=object), categorize=False)
        found = hashes.astype(np.int64)[np.concatenate(column.codes)]
    return scattered(found.astype(np.uint64))


def scattered(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Numbers mixed so that near ones lie anywhere. Source: Steele et al. 2014, SplitMix."""
    mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    last: npt.NDArray[np.uint64] = mixed ^ (mixed >> np.uint64(31))
    return last


def _ticks(cells: Cells, kind: Kind) -> npt.NDArray[Any] | None:
    """Dates or durations as np.datetime64 or np.timedelta64; None of numbers."""
    if kind == "datetime":
        return _moments(cells)
    if _is_arrow(cells, "duration"):
        unit = re.findall(r"\[(\w+)\]", str(cells.dtype))[0]
        return np.asarray(cells.to_numpy(), dtype=f"timedelta64[{unit}]")
    return cells.to_numpy() if pd.api.types.is_timedelta64_dtype(cells.dtype) else None


def _moments(cells: Cells) -> npt.NDArray[Any]:
    if _is_arrow(cells, "date") or _is_arrow(cells, "timestamp"):
        cells = cells.astype(object)
    with warnings.catch_warnings():
        # A synthetic table may hold anything where the real one holds dates: no date is missing.
        warnings.simplefilter("ignore")
        moments = pd.to_datetime(cells, errors="coerce")
    if getattr(moments.dtype, "tz", None) is not None:
        moments = moments.dt.tz_localize(None)
    found: npt.NDArray[Any] = moments.to_numpy()
    return found if found.dtype.kind == "M" else found.astype("datetime64[us]")


def _seconds(ticks: npt.NDArray[Any]) -> FloatArray:
    whole = ticks.astype(f"{ticks.dtype.kind}8[us]").astype(np.int64)
    return np.where(np.isnat(ticks), np.nan, whole.astype(np.float64) / 1e6)


def _keys(columns: Sequence[Cells], numbers: Sequence[FloatArray], kind: Kind) -> tuple[KeyArray, ...]:
    """Keys of the cells where floats may not tell them apart; else none."""
    ticks = [_ticks(cells, kind) for cells in columns]
    spans = [each for each in ticks if each is not None]
    if spans:
        is_fine = len(spans) == len(ticks) and any(map(_is_fine, spans))
        return tuple(map(tick_keys, spans)) if is_fine else ()
    if not any((np.abs(each) >= EXACT).any() for each in numbers) and not any(map(_is_decimal, columns)):
        return ()
    return tuple(cell_keys(_exact_numbers(cells)) for cells in columns)


def _is_fine(ticks: npt.NDArray[Any]) -> bool:
    """Whether some are finer than microseconds, or than seconds in far times."""
    per_second = PER_SECOND[np.datetime_data(ticks.dtype)[0]]
    whole = ticks[~np.isnat(ticks)].view(np.int64)
    is_far = np.abs(whole) // per_second >= FAR_SECONDS
    return bool(((whole % max(per_second // 10**6, 1) != 0) | (is_far & (whole % per_second != 0))).any())


def _is_decimal(cells: Cells) -> bool:
    """Whether cells may have more digits than a float keeps."""
    if _is_arrow(cells, "decimal"):
        return True
    return cells.dtype == object and pd.api.types.infer_dtype(cells, skipna=True) == "decimal"


def _exact_numbers(cells: Cells) -> Cells:
    """Cells of which all that are no numbers are missing; text becomes the number that it writes."""
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return cells
    exact: Cells = pd.Series([_exact_number(cell) for cell in cells.astype(object)], dtype=object)
    return exact


def _exact_number(cell: Any) -> Any:
    if isinstance(cell, str):
        try:
            cell = decimal.Decimal(cell)
        except decimal.InvalidOperation:
            return None
    is_number = isinstance(cell, (int, float, decimal.Decimal, np.number, np.bool_))
    return cell if is_number and math.isfinite(cell) else None


def _is_arrow(cells: Cells, kind: str) -> bool:
    return isinstance(cells.dtype, pd.ArrowDtype) and str(cells.dtype).startswith(kind)


def _compared(name: Hashable, kind: Kind, columns: list[Cells]) -> ComparedColumn:
    if kind in ("numeric", "datetime"):
        numbers = tuple(as_numbers(c, kind) for c in columns)
        return ComparedColumn(name, kind, numbers=numbers, keys=_keys(columns, numbers, kind))
    cells = np.concatenate([column.astype(object).to_numpy() for column in columns])
    codes, labels = pd.factorize(cells)
    counts = np.bincount(codes[codes >= 0], minlength=len(labels))
    # Most frequent first; ties stay in order of appearance, so that renaming changes nothing.
    order = np.argsort(-counts, kind="stable")
    rank = np.full(len(labels) + 1, MISSING, dtype=np.int64)
    rank[order] = np.arange(len(labels))
    ends = np.cumsum([len(column) for column in columns])[:-1]
    return ComparedColumn(name, kind, codes=tuple(np.split(rank[codes], ends)), labels=tuple(labels[order]))
