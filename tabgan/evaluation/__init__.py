"""Is a synthetic table faithful, useful and no copy: judged from the tables alone."""

from __future__ import annotations

from tabgan.evaluation.detection import c2st_auc
from tabgan.evaluation.distances import ExactMatches, exact_matches, nearest_neighbour_share
from tabgan.evaluation.features import shuffled_columns
from tabgan.evaluation.fidelity import (
    ColumnShapes,
    PairTrends,
    column_shapes,
    pair_trends,
    quality,
)
from tabgan.evaluation.summary import Metric, Summary, quick_summary
from tabgan.evaluation.utility import tstr_auc

__all__ = [
    "ColumnShapes",
    "ExactMatches",
    "Metric",
    "PairTrends",
    "Summary",
    "c2st_auc",
    "column_shapes",
    "exact_matches",
    "nearest_neighbour_share",
    "pair_trends",
    "quality",
    "quick_summary",
    "shuffled_columns",
    "tstr_auc",
]
