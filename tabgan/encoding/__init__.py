"""A table and its codes: every column becomes one or more blocks of small integers, and back.

Encoders ask a statistics object about the rows and never read the rows themselves while
fitting, so that whoever answers decides whether the answers are exact or noisy.
"""

from __future__ import annotations

from tabgan.encoding.layout import Block, Layout
from tabgan.encoding.statistics import ColumnStatistics, ExactStatistics
from tabgan.encoding.table import TableEncoder

__all__ = ["Block", "ColumnStatistics", "ExactStatistics", "Layout", "TableEncoder"]
