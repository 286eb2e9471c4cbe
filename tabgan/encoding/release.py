"""What a noisy answer is asked of: released histograms, by whoever holds the rows and chose the noise.

The encoders of private mode know rows only as this. How much noise there is they are told in rows, so
that they know what to believe; what it costs they never see.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy.typing as npt
import pandas as pd

from tabgan.encoding.layout import IntArray


class Release(Protocol):
    """Released counts of rows. A row is in one cell, or has one label.

    The functions that are handed in read every row by itself: what they say of one must not depend
    on any other.
    """

    def deviation(self, what: str) -> float:
        """Deviation of the noise on each count of the release, in rows."""

    def histogram(
        self, cells: Callable[[pd.DataFrame], npt.ArrayLike], *, what: str, n_cells: int
    ) -> IntArray:
        """Rows in each cell; `cells` gives the cell of every row, -1 for none."""

    def labels(self, texts: Callable[[pd.DataFrame], Sequence[str | None]], *, what: str) -> dict[str, int]:
        """Labels that enough rows hold, with counts; `texts` gives the label of every row, or None."""
