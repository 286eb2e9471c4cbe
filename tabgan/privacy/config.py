"""How a privacy budget is spent: shares, rates and steps, none of which may come from the rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tabgan.privacy.entry import Entry

# Up to which epsilon: steps, masks, learning rate.
BY_EPSILON = (
    (1.8, (600, 4, 1e-3)),
    (5.5, (1000, 3, 1.5e-3)),
    (math.inf, (1500, 2, 2e-3)),
)


@dataclass(frozen=True)
class PrivacyConfig:
    """What private training may be told; the defaults are those of the benchmark at epsilon 1.

    `n_rows`: the number of rows, where it is public; otherwise it is released with noise.
    `sample_rate`, `steps`, `lr` (learning rate): of the Poisson batches of DP-SGD. `masks`: views of a
    row that are averaged before clipping. The shares say how the budget, as the squared ratio of
    signal to noise, is split between the number of rows, the kinds of columns that nobody declared,
    the releases about columns, those about single codes and pairs, and DP-SGD (the rest).
    `label_delta`: share of delta for categories and kinds that nobody declared.

    Raises: ValueError for shares that leave nothing for the rows.
    """

    n_rows: int | None = None
    sample_rate: float = 0.05
    steps: int = 600
    masks: int = 4
    lr: float = 1e-3
    count_share: float = 0.005
    kinds_share: float = 0.03
    columns_share: float = 0.06
    singles_share: float = 0.04
    pairs_share: float = 0.25
    label_delta: float = 0.1

    def __post_init__(self) -> None:
        if min(self._shares) <= 0 or sum(self._shares) >= 1:
            raise ValueError(f"Expected shares > 0 that sum to less than 1, got {self._shares}.")
        if not 0 < self.sample_rate <= 1 or self.steps < 1 or self.masks < 1 or not self.lr > 0:
            raise ValueError("Expected 0 < sample_rate <= 1, steps >= 1, masks >= 1 and lr > 0.")
        if not 0 < self.label_delta < 1 or (self.n_rows is not None and self.n_rows < 1):
            raise ValueError("Expected 0 < label_delta < 1, and n_rows >= 1 or None.")

    @classmethod
    def default(cls, epsilon: float) -> PrivacyConfig:
        """What the benchmark found at such an epsilon: under less noise more steps pay, and fewer masks do.

        >>> [PrivacyConfig.default(epsilon).steps for epsilon in (0.5, 1.0, 3.0, 10.0)]
        [600, 600, 1000, 1500]
        """
        steps, masks, lr = next(chosen for most, chosen in BY_EPSILON if epsilon <= most)
        return cls(steps=steps, masks=masks, lr=lr)

    @property
    def _shares(self) -> tuple[float, ...]:
        shares = (self.count_share, self.kinds_share, self.columns_share)
        return (*shares, self.singles_share, self.pairs_share)

    def entries(self, votes: Sequence[str], columns: Sequence[str], *, adaptive: bool) -> list[Entry]:
        """What a fit will run, with noise that is right but for a common scale.

        `votes`, `columns`: text of every release of the kind of a column, and of every other one
        about a column. The last entry is DP-SGD. How many releases share a share does not change the
        scale. Labels stand here as counts: their delta is put aside beforehand.
        """
        parts = (
            ([] if self.n_rows is not None else [COUNT], self.count_share),
            (votes, self.kinds_share),
            (columns, self.columns_share),
            ([SINGLES], self.singles_share),
            ([PAIRS], self.pairs_share),
        )
        released = [
            Entry(
                what=what,
                mechanism="discrete_gaussian",
                noise_multiplier=math.sqrt(len(part) / share),
                adaptive=adaptive,
            )
            for part, share in parts
            for what in part
        ]
        rows_share = 1.0 - sum(share for part, share in parts if part)
        training = Entry(
            what=ROWS,
            mechanism="gaussian",
            # As much noise as makes the steps together tell as much as one release of that share.
            noise_multiplier=self.sample_rate * math.sqrt(self.steps / rows_share),
            sample_rate=self.sample_rate,
            steps=self.steps,
            adaptive=adaptive,
        )
        return [*released, training]


COUNT = "Number of rows"
SINGLES = "Rows with each code of each block"
PAIRS = "Rows with each pair of codes of two blocks"
ROWS = "Gradients of the generator, clipped row by row (DP-SGD)"
