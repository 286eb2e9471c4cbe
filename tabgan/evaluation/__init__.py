"""Is a synthetic table faithful, useful and no copy: judged from the tables alone."""

from __future__ import annotations

from tabgan.evaluation.detection import c2st_auc
from tabgan.evaluation.distances import ExactMatches, exact_matches, nearest_neighbour_share
from tabgan.evaluation.evaluation import Evaluation, evaluate
from tabgan.evaluation.features import shuffled_columns
from tabgan.evaluation.fidelity import (
    ColumnShapes,
    PairTrends,
    column_shapes,
    pair_trends,
    quality,
)
from tabgan.evaluation.metric import Metric
from tabgan.evaluation.utility import tstr_auc

__all__ = [
    "ColumnShapes",
    "Evaluation",
    "ExactMatches",
    "Metric",
    "PairTrends",
    "c2st_auc",
    "column_shapes",
    "evaluate",
    "exact_matches",
    "nearest_neighbour_share",
    "pair_trends",
    "quality",
    "shuffled_columns",
    "tstr_auc",
]
