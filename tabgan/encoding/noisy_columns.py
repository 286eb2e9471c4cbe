"""What is released about one column, and the answers that follow from it.

The looks at a column depend on its schema alone: their number, their kind and, given the answers
before, their cells. A row is in one cell of each; a missing cell is a cell like others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from tabgan.cell_keys import PER_SECOND
from tabgan.column import Column
from tabgan.dtypes import number_dtype, to_dtype
from tabgan.encoding.conditions import instant_limits, number_limit
from tabgan.encoding.grids import (
    FEW_VALUES,
    MAX_SINGLES,
    MAX_SPIKES,
    SURE,
    Grid,
    NoisyAxis,
    PublicAxis,
    cells_worth_asking,
)
from tabgan.encoding.layout import IntArray
from tabgan.encoding.reading import (
    TICKS_PER_DAY,
    Numbers,
    Part,
    clock_steps,
    is_duration,
    is_whole,
    read_numbers,
    unit_of,
)
from tabgan.encoding.release import Release
from tabgan.privacy.quantiles import log_edges, noisy_bounds

Axis: TypeAlias = NoisyAxis | PublicAxis

CLOCK, BOUNDS, VALUES, SPIKES = "clock units", "rough bounds", "values", "single values"
DATES, WEEKDAYS, TIMES = "dates", "weekdays", "times of day"
CATEGORIES, LABELS = "declared categories", "labels"
FIRST_YEAR, LAST_YEAR = 1600, 2400
_POWERS = log_edges(smallest=2.0**-20, largest=2.0**62)


def planned_of(column: Column) -> list[str]:
    """What the ledger calls the looks that will be taken at a column, in their order.

    Depends on the schema alone.
    """
    purposes: list[str] = []
    if column.kind in ("categorical", "boolean"):
        purposes = [LABELS if column.known_labels is None else CATEGORIES]
    elif column.kind == "numeric":
        purposes = [CLOCK] * is_duration(column) + [BOUNDS] * (not is_bounded(column)) + [VALUES]
        purposes += [SPIKES] * has_spikes(column)
    elif column.kind == "datetime":
        purposes = [BOUNDS] * (not is_bounded(column)) + [DATES, WEEKDAYS]
        purposes += [] if has_no_time(column) else [CLOCK, TIMES]
    return [what_of(column, purpose) for purpose in purposes]


def what_of(column: Column, purpose: str) -> str:
    """What the ledger calls the look."""
    return f"Column {column.name!r}: rows by {purpose}"


def is_bounded(column: Column) -> bool:
    """Whether both ends are declared; those of a duration cannot be."""
    return column.minimum is not None and column.maximum is not None and not is_duration(column)


def has_no_time(column: Column) -> bool:
    """Whether the dtype holds dates without time of day."""
    return column.element == "date" or column.dtype.startswith(("date32", "date64"))


def has_spikes(column: Column) -> bool:
    """Whether the declared values are too many for cells of their own, yet few enough to look for spikes."""
    return MAX_SINGLES < _declared_values(column) <= MAX_SPIKES


def has_few_values(column: Column) -> bool:
    """Whether the declared values are so few that each is told, whoever holds it."""
    return _declared_values(column) <= FEW_VALUES


def _declared_values(column: Column) -> float:
    """Number of the values that a numeric column can have by its bounds and decimals."""
    if column.kind != "numeric" or not is_bounded(column):
        return np.inf
    bounds = (column.minimum, column.maximum)
    part = _value_part(column, bounds, 1)
    limit = number_limit(bounds, column, part)
    return np.inf if part.decimals is None else limit.high - limit.low + 1


@dataclass(frozen=True)
class Asker:
    """Asks about one column, or (`release` is None) about none: then the public facts answer."""

    release: Release | None
    column: Column
    n_rows: int

    @property
    def n_missing(self) -> int:
        """A few rows where the schema says that cells are missing, none otherwise: for a column not asked."""
        dtype = to_dtype(self.column.dtype)
        is_nullable = not isinstance(
            dtype, (np.dtype, pd.StringDtype, pd.CategoricalDtype, pd.DatetimeTZDtype)
        )
        return 1 if self.column.missing is not None or is_nullable else 0

    def cells_worth_asking(self, purpose: str) -> int:
        """Cells of a grid that suit the noise of that look."""
        deviation = 0.0 if self.release is None else self.release.deviation(what_of(self.column, purpose))
        return cells_worth_asking(self.n_rows, deviation)

    def histogram(
        self, purpose: str, cells: Callable[[pd.Series[Any]], IntArray], n_cells: int
    ) -> tuple[IntArray, float]:
        """Noisy counts of the cells and the deviation of their noise."""
        assert self.release is not None
        name, what = self.column.name, what_of(self.column, purpose)
        counts = self.release.histogram(lambda table: cells(table[name]), what=what, n_cells=n_cells)
        return np.asarray(counts, dtype=np.int64), self.release.deviation(what)

    def axis(self, purpose: str, grid: Grid, part: Part) -> tuple[Axis, int]:
        """Counts of the cells of a grid, and rows that are missing."""
        if self.release is None:
            return PublicAxis(grid, self.n_rows), self.n_missing

        def placed(cells: pd.Series[Any]) -> IntArray:
            numbers = read_numbers(cells, self.column, part)
            return _or_missing(grid.cells(numbers.values), numbers, len(grid))

        counts, deviation = self.histogram(purpose, placed, len(grid) + 1)
        n_missing = surely(counts[-1], deviation)
        return NoisyAxis(grid, counts[:-1], deviation, self.n_rows - n_missing), n_missing


@dataclass(frozen=True)
class NoisyNumbers:
    """Answers about a numeric or datetime column. `axes` by what they count, `step` in ticks.

    `is_guessed`: nothing could be told of bounds, and others stand in for them.
    """

    n_missing: int
    axes: Mapping[str, Axis]
    part: Part = field(default_factory=Part)
    step: int = 1
    is_guessed: bool = False


def surely(count: Any, deviation: float) -> int:
    """The noisy count, or 0 where it may be noise alone."""
    return int(count) if count > SURE * deviation else 0


def _or_missing(cells: IntArray, numbers: Numbers, missing: int) -> IntArray:
    return np.where(numbers.is_missing, missing, cells)


def measure_numbers(column: Column, ask: Asker) -> NoisyNumbers:
    """Bounds where none are declared, then the values on a grid between them."""
    step = _clock(column, ask) if is_duration(column) else 1
    (low, high), is_guessed = _number_bounds(column, ask)
    part = _value_part(column, (low, high), step)
    if is_duration(column):
        low, high = int(low) // step, int(high) // step
    else:
        limit = number_limit((low, high), column, part)
        low, high = limit.low, limit.high
    n_cells = ask.cells_worth_asking(VALUES)
    grid = Grid.between(low, high, is_whole=part.decimals is not None, n_cells=n_cells, singles=(0,))
    axis, n_missing = ask.axis(VALUES, grid, part)
    if has_spikes(column):
        spikes, _ = ask.axis(SPIKES, Grid.singles(low, high), part)
        axis = axis.with_spikes(spikes)
    return NoisyNumbers(n_missing, {"value": axis}, part, step, is_guessed)


def _value_part(column: Column, bounds: tuple[Any, Any], step: int) -> Part:
    """What the numbers count: as the encoder will choose it."""
    if is_duration(column):
        return Part(step=step)
    if is_whole(column):
        return Part(decimals=0)
    largest = max(abs(float(bound)) for bound in bounds)
    fits = column.decimals is not None and largest < 2.0**53 / 10.0**column.decimals
    return Part(decimals=column.decimals if fits else None)


def _number_bounds(column: Column, ask: Asker) -> tuple[tuple[Any, Any], bool]:
    """Both bounds, and whether nothing could be told of them."""
    if is_bounded(column):
        return (column.minimum, column.maximum), False
    part = Part() if is_duration(column) else Part(decimals=None)

    def powers(cells: pd.Series[Any]) -> IntArray:
        numbers = read_numbers(cells, column, part)
        return _or_missing(_cells_of(_POWERS, numbers.values.astype(np.float64)), numbers, -1)

    counts, deviation = ask.histogram(BOUNDS, powers, len(_POWERS) - 1)
    found = noisy_bounds(_POWERS, counts, sigma=deviation)
    low, high = found or (0.0, 1.0)
    if is_duration(column):
        return (low, high), found is None
    least, most = _room(column)
    ends: tuple[Any, Any] = (
        max(low, least) if column.minimum is None else column.minimum,
        min(high, most) if column.maximum is None else column.maximum,
    )
    return (min(ends), max(ends)), found is None


def _room(column: Column) -> tuple[float, float]:
    """Numbers that the output dtype has room for."""
    plain = number_dtype(column.dtype)
    if plain.kind in "iu":
        return float(np.iinfo(plain).min), float(np.iinfo(plain).max)
    return -np.inf, np.inf


def _cells_of(edges: Any, values: Any) -> IntArray:
    places: IntArray = np.searchsorted(edges, values, side="right") - 1
    return np.clip(places, 0, len(edges) - 2)


def _clock(column: Column, ask: Asker) -> int:
    """Ticks of the coarsest clock unit that all but noise are multiples of; a second where nobody may ask."""
    if ask.release is None:
        return PER_SECOND[unit_of(column)]
    steps = clock_steps(unit_of(column))

    def units(cells: pd.Series[Any]) -> IntArray:
        numbers = _ticks(cells, column)
        finer = sum((numbers.values % step != 0).astype(np.int64) for step in steps)
        return _or_missing(np.asarray(finer), numbers, -1)

    counts, deviation = ask.histogram(CLOCK, units, len(steps) + 1)
    for place, step in enumerate(steps):
        finer = counts[place + 1 :]
        if finer.sum() < max(SURE * deviation * np.sqrt(len(finer)), 1.0):
            return step
    return 1


def _ticks(cells: pd.Series[Any], column: Column) -> Numbers:
    """Ticks of durations, or of instants since 1970 on the wall clock."""
    if is_duration(column):
        return read_numbers(cells, column, Part())
    values = cells.to_numpy().view(np.int64).copy()
    is_missing = cells.isna().to_numpy(dtype=bool)
    values[is_missing] = 0
    return Numbers(values, is_missing)


def measure_dates(column: Column, ask: Asker) -> NoisyNumbers:
    """Bounds where none are declared; days or weeks between them, weekdays, clock unit, times of day."""
    per_day = TICKS_PER_DAY[unit_of(column)]
    bounds, is_guessed = _date_bounds(column, ask)
    low, high = (bound // per_day for bound in bounds)
    axes: dict[str, Axis] = {}
    days = Grid.between(low, high, is_whole=True)
    weeks = Grid.between((low + 3) // 7, (high + 3) // 7, is_whole=True)
    if days.is_single.all():
        axes["day"], n_missing = ask.axis(DATES, days, Part("day"))
        axes["week"] = axes["day"].merged((days.starts + 3) // 7, weeks)
    else:
        axes["week"], n_missing = ask.axis(DATES, weeks, Part("week"))
    axes["weekday"], _ = ask.axis(WEEKDAYS, Grid.between(0, 6, is_whole=True), Part("weekday"))
    if has_no_time(column):
        return NoisyNumbers(n_missing, axes, step=per_day, is_guessed=is_guessed)
    step = _clock(column, ask)
    minute = per_day // 1440
    starts = np.unique(np.array([0, 1, *range(0, per_day, minute)], dtype=np.int64))
    times, _ = ask.axis(TIMES, Grid(starts, np.int64(per_day - 1)), Part("time"))
    if step < per_day:
        axes["time"] = _times_in_steps(times, step, minute, per_day)
    return NoisyNumbers(n_missing, axes, step=step, is_guessed=is_guessed)


def _times_in_steps(times: Axis, step: int, minute: int, per_day: int) -> Axis:
    """Times of day counted in steps instead of ticks."""
    if step < minute:
        starts = np.unique(-(-times.grid.starts // step))
        return times.merged(-(-times.grid.starts // step), Grid(starts, np.int64(per_day // step - 1)))
    singles = Grid.between(0, per_day // step - 1, is_whole=True)
    return times.picked(times.grid.cells(singles.starts * step), singles)


def _date_bounds(column: Column, ask: Asker) -> tuple[tuple[int, int], bool]:
    """First and last tick: as declared, else of the years that hold more than noise; or whether none do."""
    wall, _ = instant_limits((column.minimum, column.maximum), column)
    if is_bounded(column):
        return (int(wall.low), int(wall.high)), False
    unit: Any = unit_of(column)
    years = np.arange(FIRST_YEAR, LAST_YEAR + 1)
    if unit == "ns":
        years = years[(years > 1678) & (years < 2262)]
    edges = (years - 1970).astype("M8[Y]").astype(f"M8[{unit}]").view(np.int64)

    def placed(cells: pd.Series[Any]) -> IntArray:
        numbers = _ticks(cells, column)
        return _or_missing(_cells_of(edges, numbers.values), numbers, -1)

    counts, deviation = ask.histogram(BOUNDS, placed, len(edges) - 1)
    first_years = years.astype(np.float64)
    found = noisy_bounds(first_years, counts, sigma=deviation)
    first, end = (int(edges[np.searchsorted(years, year)]) for year in found or (1970.0, 2070.0))
    low_tick = first if column.minimum is None else int(wall.low)
    high_tick = end - 1 if column.maximum is None else int(wall.high)
    return (low_tick, max(low_tick, high_tick)), found is None
