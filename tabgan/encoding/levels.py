"""Levels: a number axis cut into repeated values (atoms) and bins between them.

Every stored number stands for a group of rows: an atom is a value that many rows hold, and
the edges of a bin lie midway between means of neighbouring groups.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabgan.encoding.conditions import Limit
from tabgan.encoding.layout import BoolArray, FloatArray, IntArray
from tabgan.encoding.reading import Numeric, Part
from tabgan.encoding.statistics import ColumnStatistics

MAX_LEVELS = 1024
MAX_ATOMS = 512
# A bin is worth its code only with rows to learn it from: finer ones are learned by heart.
LEVEL_ROWS = 150
LEAST_LEVELS = 32
ATOM_SHARE = 0.01
NEARLY_ALL = 0.99
LEAST_SHARE = 1e-9  # of a level that meets a limit in a point: it can be drawn where nothing else can
REDRAWS = 8  # of values beyond a limit, before they are spread evenly over what it leaves of their level


@dataclass(frozen=True)
class Levels:
    """Sorted levels; an atom has one edge, a bin its two ends and knots between.

    Whole numbers (`is_whole`) lie in closed bins of int64; real ones in float64 bins.
    """

    edges: tuple[tuple[float, ...], ...]
    is_whole: bool

    def __len__(self) -> int:
        return len(self.edges)

    @property
    def dtype(self) -> type[np.int64] | type[np.float64]:
        """Type of the numbers."""
        return np.int64 if self.is_whole else np.float64

    @cached_property
    def low(self) -> Numeric:
        """Smallest number of every level."""
        return np.array([edge[0] for edge in self.edges], dtype=self.dtype)

    @cached_property
    def high(self) -> Numeric:
        """Largest number of every level."""
        return np.array([edge[-1] for edge in self.edges], dtype=self.dtype)

    @cached_property
    def _flat(self) -> tuple[Numeric, IntArray, IntArray]:
        """All edges one after another, where a level starts, and its number of segments."""
        sizes = np.array([len(edge) for edge in self.edges], dtype=np.int64)
        flat = np.array([place for edge in self.edges for place in edge], dtype=self.dtype)
        return flat, np.cumsum(sizes) - sizes, sizes - 1

    @cached_property
    def _segments_of_levels(self) -> tuple[Numeric, Numeric, IntArray]:
        """Both ends of every segment, an atom being one without width, and the level that it is of."""
        ends = [pairwise(edge if len(edge) > 1 else edge * 2) for edge in self.edges]
        parts = [(low, high, level) for level, pairs in enumerate(ends) for low, high in pairs]
        low, high, level = zip(*parts, strict=True) if parts else ((), (), ())
        return np.array(low, self.dtype), np.array(high, self.dtype), np.array(level, np.int64)

    @classmethod
    def fit(
        cls,
        statistics: ColumnStatistics,
        name: Any,
        part: Part,
        *,
        n_rows: int,
        max_levels: int = MAX_LEVELS,
    ) -> Levels:
        """Cut the axis by what the statistics tell of `n_rows` rows that are not missing."""
        min_rows = statistics.min_rows
        atoms, counts = statistics.repeated_values(name, part, at_least=min_rows)
        if len(atoms) > min(MAX_ATOMS, max_levels) or counts.sum() < NEARLY_ALL * n_rows:
            # Few levels leave room for few atoms; many of them for all that are worth one.
            share = min(ATOM_SHARE * max(1.0, LEAST_LEVELS / max_levels), 1.5 / max_levels)
            is_atom = counts >= max(min_rows, share * n_rows)
            atoms, counts = atoms[is_atom], counts[is_atom]
        n_rest = n_rows - int(counts.sum())
        smallest = statistics.group_rows(name)
        is_whole = part.decimals is not None
        bins: list[tuple[float, ...]] = []
        if n_rest >= max(min_rows, 1):
            n_levels = min(max_levels, max(LEAST_LEVELS, n_rows // LEVEL_ROWS))
            most = max(1, round(n_levels * n_rest / max(n_rows, 1)))
            n_bins = min(max(n_rest // smallest, 1), most)
            n_knots = min(max(n_rest // (n_bins * smallest), 1), max(4, min(64, 2048 // n_bins)))
            means = statistics.group_means(name, part, without=atoms, n_groups=n_bins * n_knots)
            bins = _bins(means, n_knots, is_whole=is_whole)
        single = [(value,) for value in atoms.tolist()]
        return cls(tuple(sorted({*single, *bins})), is_whole)

    def clipped(self, low: float | None, high: float | None) -> Levels:
        """The same levels within declared bounds; a bin cut to one value becomes an atom."""
        kind = int if self.is_whole else float
        least = -np.inf if low is None else kind(low)
        most = np.inf if high is None else kind(high)
        cut = {tuple(kind(min(max(place, least), most)) for place in edge) for edge in self.edges}
        whole = {edge if edge[0] < edge[-1] else edge[:1] for edge in cut}
        return Levels(tuple(sorted(whole)), self.is_whole)

    def encode(self, values: Numeric) -> IntArray:
        """Shape: [rows] -> [rows]; the nearest level where none holds the value."""
        is_atom = self.low == self.high
        atom_ids, bin_ids = np.flatnonzero(is_atom), np.flatnonzero(~is_atom)
        atoms, lows, highs = self.low[is_atom], self.low[~is_atom], self.high[~is_atom]
        if len(bin_ids) == 0:
            return atom_ids[_nearest(atoms, values)]
        place = np.maximum(np.searchsorted(lows, values, side="right") - 1, 0)
        codes = bin_ids[place]
        if len(atom_ids):
            near = _nearest(atoms, values)
            gap = np.maximum(lows[place] - values.astype(float), values.astype(float) - highs[place])
            is_nearer = (gap > 0) & (np.abs(atoms[near] - values.astype(float)) < gap)
            codes = np.where((atoms[near] == values) | is_nearer, atom_ids[near], codes)
        return codes

    def decode(
        self,
        codes: IntArray,
        rng: np.random.Generator,
        *,
        low: Numeric | None = None,
        high: Numeric | None = None,
    ) -> Numeric:
        """Shape: [rows] -> [rows]: atoms as they are, a draw within the bin otherwise.

        `low` and `high` (a number a row) narrow the bin; the value never leaves them.
        """
        values = self._drawn(codes, rng)
        if low is None or high is None:
            return values
        low = np.maximum(low, self.low[codes])
        high = np.maximum(np.minimum(high, self.high[codes]), low)
        for _ in range(REDRAWS):
            out = np.flatnonzero((values < low) | (values > high))
            values[out] = self._drawn(codes[out], rng)
        out = np.flatnonzero((values < low) | (values > high))
        values[out] = self._between(low[out], high[out], rng.random(len(out)))
        return values

    def _drawn(self, codes: IntArray, rng: np.random.Generator) -> Numeric:
        flat, starts, segments = self._flat
        values = self.low[codes]
        drawn = np.flatnonzero(segments[codes] > 0)
        if len(drawn):
            picked = codes[drawn]
            place = rng.random(len(drawn)) * segments[picked]
            segment = np.minimum(place.astype(np.int64), segments[picked] - 1)
            at = starts[picked] + segment
            values[drawn] = self._between(flat[at], flat[at + 1], place - segment)
        return values

    def _between(self, low: Numeric, high: Numeric, share: NDArray[np.float64]) -> Numeric:
        if not self.is_whole:
            # Not low + share * (high - low): the difference may overflow.
            return np.clip(low * (1 - share) + high * share, low, high)
        width = high.view(np.uint64) - low.view(np.uint64)  # modulo 2**64, hence exact
        step = np.minimum((share * (width.astype(np.float64) + 1)), 1.8e19).astype(np.uint64)
        return (low.view(np.uint64) + np.minimum(step, width)).view(np.int64)

    def shares_within(self, limit: Limit) -> FloatArray:
        """Shape: -> [levels]: the share of what is drawn of each level that meets the limit.

        More than 0 where any value does. Of real numbers that are listed, all that lies between the same two
        edges counts as each of them, since none is ever drawn exactly.
        """
        low, high, level = self._segments_of_levels
        share = self._shares_of(low, high, limit)
        total = np.bincount(level, weights=share, minlength=len(self))
        return np.asarray(total / np.bincount(level, minlength=len(self)))

    def _shares_of(self, low: Numeric, high: Numeric, limit: Limit) -> FloatArray:
        """Shape: ends of segments [segments], [segments] -> [segments]."""
        first, last = low.astype(np.float64), high.astype(np.float64)
        room = 1 + last - first if self.is_whole else last / 2 - first / 2  # halves cannot overflow
        if limit.members is not None:
            members = np.array(sorted(limit.members), dtype=self.dtype)
            n_met = np.searchsorted(members, high, side="right") - np.searchsorted(members, low, side="left")
            return np.asarray(n_met / room if self.is_whole else np.minimum(n_met, 1.0))
        first, last = np.maximum(first, limit.low), np.minimum(last, limit.high)
        met = 1 + last - first if self.is_whole else last / 2 - first / 2
        share = np.divide(met, room, out=np.ones_like(met), where=room > 0)
        return np.where((high >= limit.low) & (low <= limit.high), np.maximum(share, LEAST_SHARE), 0.0)

    def holds(self, members: tuple[float, ...]) -> BoolArray:
        """Shape: [members] -> [members]: whether some level holds the number."""
        numbers = np.array(members, dtype=self.dtype)
        inside = (self.low[None, :] <= numbers[:, None]) & (numbers[:, None] <= self.high[None, :])
        return np.asarray(inside.any(axis=1))

    def to_dict(self) -> dict[str, Any]:
        """State as strict JSON."""
        return {"edges": [list(edge) for edge in self.edges], "is_whole": self.is_whole}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Levels:
        """What `to_dict` wrote. Raises: ValueError for levels that `fit` never makes."""
        kind = int if state["is_whole"] else float
        edges = tuple(tuple(kind(place) for place in edge) for edge in state["edges"])
        # Within a bin edges may be equal: so many of its rows had that value.
        if not all(edge and all(low <= high for low, high in pairwise(edge)) for edge in edges):
            raise ValueError("Expected no falling edges in any level.")
        if any(len(edge) > 1 and edge[0] == edge[-1] for edge in edges):
            raise ValueError("Expected a level of one value to have one edge.")
        if not all(before[0] <= after[0] for before, after in pairwise(edges)):
            raise ValueError("Expected levels from the lowest to the highest.")
        return cls(edges, bool(state["is_whole"]))


def _nearest(sorted_values: Numeric, values: Numeric) -> IntArray:
    after = np.clip(np.searchsorted(sorted_values, values), 0, len(sorted_values) - 1)
    before = np.maximum(after - 1, 0)
    to_after = np.abs(sorted_values[after] - values.astype(float))
    to_before = np.abs(values.astype(float) - sorted_values[before])
    is_exact = sorted_values[after] == values
    return np.where(is_exact | (to_after <= to_before), after, before)


def _midway(low: float, high: float, *, is_whole: bool) -> float:
    return (low + high) // 2 if is_whole else low / 2 + high / 2


def _bins(means: Numeric, n_knots: int, *, is_whole: bool) -> list[tuple[float, ...]]:
    """Bins of `n_knots` group means each; their borders lie midway between groups.

    The outermost bins end at the outermost means, so that no single extreme value shows.
    """
    knots = means.tolist()
    middles = [_midway(a, b, is_whole=is_whole) for a, b in pairwise(knots)]
    edges = [knots[0], *middles, knots[-1]]
    bins: list[tuple[float, ...]] = []
    low = edges[0]
    for start in range(0, len(knots), n_knots):
        stop = min(start + n_knots, len(knots))
        high = edges[stop]
        if high < low or (high == low and bins and not is_whole):
            continue  # ties: the bin before holds these rows already
        inner = [edge for edge in edges[start + 1 : stop] if low < edge < high]
        bins.append((low, *inner, high) if high > low else (low,))
        low = high + 1 if is_whole else high
    return bins
