"""How many different keys a model can make, and which."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from tabgan.cells import Cells
from tabgan.encoding.categorical import CategoricalEncoder
from tabgan.encoding.numeric import NumericEncoder
from tabgan.encoding.reading import Numbers
from tabgan.encoding.table import TableEncoder
from tabgan.encoding.writing import as_table, write_numbers
from tabgan.rule import Unique
from tabgan.rules.limits import meets
from tabgan.rules.reduction import Reduction

MOST_KEYS = 1_000_000
MOST_OF_A_COLUMN = 100_000


def n_keys(rule: Unique, encoder: TableEncoder, reduction: Reduction) -> float:
    """At most so many rows have different keys; infinite where there is no telling."""
    room = 1.0
    for name in rule.columns:
        room *= _room(name, encoder, reduction)
    return room


def _room(name: Hashable, encoder: TableEncoder, reduction: Reduction) -> float:
    if name in reduction.left_out:
        return math.inf
    own = encoder.encoder_of(name)
    if getattr(own, "has_missing", False):
        return math.inf  # rows without a whole key are not counted
    if isinstance(own, CategoricalEncoder):
        return max(len(own.labels) + int(own.rare == "token"), 1)
    if isinstance(own, NumericEncoder) and own.levels.is_whole and len(own.levels):
        return float((own.levels.high - own.levels.low + 1).astype(float).sum())
    return math.inf


def all_keys(
    rule: Unique, encoder: TableEncoder, reduction: Reduction, conditions: Mapping[Hashable, Any]
) -> pd.DataFrame | None:
    """Every key that can be made under the conditions; None where there are too many to list.

    Shape: -> [keys, columns of the rule].
    """
    values: list[Cells] = []
    for name in rule.columns:
        if name in reduction.left_out or _room(name, encoder, reduction) > MOST_OF_A_COLUMN:
            return None
        cells = _values(encoder, name)
        if name in conditions:
            cells = cells[meets(cells, encoder.schema[name], conditions[name])].reset_index(drop=True)
        values.append(cells)
    sizes = tuple(map(len, values))
    if math.prod(sizes) > MOST_KEYS:
        return None
    places = np.indices(sizes).reshape(len(sizes), -1)
    columns = [cells.iloc[rows].reset_index(drop=True) for cells, rows in zip(values, places, strict=True)]
    return as_table(dict(zip(rule.columns, columns, strict=True)), math.prod(sizes))


def _values(encoder: TableEncoder, name: Hashable) -> Cells:
    """Every value of a column, in its dtype."""
    own = encoder.encoder_of(name)
    if isinstance(own, NumericEncoder):
        pairs = zip(own.levels.low.tolist(), own.levels.high.tolist(), strict=True)
        found: Any = np.unique(np.concatenate([np.arange(low, high + 1) for low, high in pairs]))
        return write_numbers(Numbers(found, np.zeros(len(found), dtype=bool)), own.column, own.part)
    assert isinstance(own, CategoricalEncoder)
    codes = np.arange(len(own.labels) + int(own.rare == "token"), dtype=np.int64)
    return own.decode(own.split.split(codes), np.random.default_rng(0))
