"""Synthetic rows that stand among training rows, beside the same rows looked up among rows held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from tabgan.evaluation.features import FloatArray, IntArray
from tabgan.evaluation.intervals import clopper_pearson, wilson
from tabgan.evaluation.metric import Interval
from tabgan.evaluation.risk import Trials


@dataclass(frozen=True)
class Matches:
    """Different synthetic rows: how often each stands in the table, and how often among real rows.

    The same rows are looked up on both sides, in random draws of as many rows as the smaller side
    has. Held-out rows looked up among training rows would say how often real rows repeat each other,
    not how often these rows are met by chance. Shape: rows [different synthetic rows], real [training
    and held-out, different synthetic rows]; sizes: training and held-out rows.
    Source: Hurlbert 1971, The nonconcept of species diversity, for draws of equal size.
    """

    rows: IntArray
    real: IntArray
    sizes: tuple[int, int]

    @classmethod
    def of(cls, groups: Sequence[IntArray], *, is_rare: bool = False) -> Matches:
        """Of training, held-out and synthetic rows, where equal numbers are equal rows.

        `is_rare` counts only real rows that stand on one side alone, as rarely as the rarest there.
        """
        *sides, synthetic = groups
        kinds, rows = np.unique(synthetic, return_counts=True)
        real = np.stack([_counts(kinds, side) for side in sides])
        if is_rare:
            fewest = [[int(np.unique(side, return_counts=True)[1].min())] for side in sides]
            real = np.where((real == fewest) & (real[::-1] == 0), real, 0)
        return cls(rows, real, (len(sides[0]), len(sides[1])))

    @property
    def found(self) -> Trials:
        """Rows that stand in the training table; where every row stands twice, two count as one."""
        return Trials(int(self.rows @ (self.real[0] > 0)), int(self.rows.sum()), int(self.rows.min()))

    @property
    def n_found(self) -> int:
        """Different synthetic rows that stand in the training table."""
        return int((self.real[0] > 0).sum())

    @property
    def ratio(self) -> float:
        """How many times as many training rows there are as are drawn."""
        return self.sizes[0] / min(self.sizes)

    @property
    def excess(self) -> float:
        """Share found beyond chance: the difference of equal draws, scaled to all training rows."""
        only_train, only_holdout = self._found_once()
        return self.ratio * (only_train - only_holdout) / float(self.rows.sum())

    @property
    def by_chance(self) -> float:
        """Share found without the excess: of tables of equal size that found among rows held out."""
        return float(np.clip(self.found.rate - self.excess, 0.0, 1.0))

    def interval(self, confidence: float) -> Interval:
        """Interval of the excess.

        Whoever has not seen the training rows meets either side as easily as it is large. So each
        different row that is found on one side only is a toss, and their number is told from all
        synthetic rows. One row is one toss however often it is repeated: a generator may be stuck on a
        row that is frequent among people (one of zeros, say) and stands on one side by chance.
        """
        n_rows, trials = float(self.rows.sum()), self.found.independent[1]
        once = sum(self._found_once()) / n_rows
        ends = []
        for share in clopper_pearson(*self._tosses(), confidence):
            in_draw = share / self.sizes[0], (1 - share) / self.sizes[1]
            gap = (in_draw[0] - in_draw[1]) / (in_draw[0] + in_draw[1])
            ends += [self.ratio * gap * end for end in wilson(round(once * trials), trials, confidence)]
        return max(-1.0, min(ends)), min(1.0, max(ends))

    def _found_once(self) -> tuple[float, float]:
        """Synthetic rows found in a draw of training rows alone, and in one of held-out rows alone."""
        train, holdout = (
            _in_draw(counts, size, min(self.sizes))
            for counts, size in zip(self.real, self.sizes, strict=True)
        )
        return float(self.rows @ (train * (1 - holdout))), float(self.rows @ (holdout * (1 - train)))

    def _tosses(self) -> tuple[int, int]:
        """Different rows found in the training table alone, and on one side alone, of mean weight.

        The weight is the mean over the rows that may be found on either side, and not over those
        that were: a side on which nothing was found does not weigh less.
        """
        n_drawn, pooled, total = min(self.sizes), self.real.sum(axis=0), sum(self.sizes)
        once = _in_draw(pooled, total, 2 * n_drawn) - _in_draw(pooled, total, n_drawn)
        if not once.any():
            return 0, 0
        # Kish 1965: rows of unequal weight are worth as many of this weight.
        weight = float(self.rows**2 @ once) / float(self.rows @ once)
        train, holdout = (
            found * size / n_drawn / weight
            for found, size in zip(self._found_once(), self.sizes, strict=True)
        )
        return round(train), round(train) + round(holdout)


def _counts(kinds: IntArray, side: IntArray) -> IntArray:
    """How often each kind stands on a side."""
    found, counts = np.unique(side, return_counts=True)
    places = np.minimum(np.searchsorted(found, kinds), len(found) - 1)
    return np.where(found[places] == kinds, counts[places], 0)


def _in_draw(counts: IntArray, n_rows: int, n_drawn: int) -> FloatArray:
    """Probability that `n_drawn` of `n_rows` hold any of as many equal rows.

    >>> _in_draw(np.array([0, 1, 3]), n_rows=4, n_drawn=2).round(2)
    array([0. , 0.5, 1. ])
    """
    left = n_rows - counts
    # Binomial coefficients by their logarithms; where fewer other rows are left than drawn, one is drawn.
    log_none = (
        special.gammaln(left + 1.0)
        - special.gammaln(np.maximum(left - n_drawn, 0) + 1.0)
        - special.gammaln(n_rows + 1.0)
        + special.gammaln(n_rows - n_drawn + 1.0)
    )
    none = np.where(left < n_drawn, 0.0, np.exp(np.minimum(log_none, 0.0)))
    return np.asarray(np.where(counts == 0, 0.0, 1.0 - none))
