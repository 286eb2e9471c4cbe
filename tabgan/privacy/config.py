"""How a privacy budget is spent: shares, rates and steps, none of which may come from the rows."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tabgan.privacy.entry import Entry


@dataclass(frozen=True)
class PrivacyConfig:
    """What private training may be told; the defaults are those of the benchmark.

    `n_rows`: the number of rows, where it is public; otherwise it is released with noise.
    `sample_rate`, `steps`: of the Poisson batches of DP-SGD. `masks`: views of a row that are
    averaged before clipping. The shares say how the budget, as the squared ratio of signal to noise,
    is split between the releases about columns, those about pairs, and DP-SGD (the rest).
    `label_delta`: share of delta for categories that nobody declared.

    Raises: ValueError for shares that leave nothing for the rows.
    """

    n_rows: int | None = None
    sample_rate: float = 0.05
    steps: int = 600
    masks: int = 4
    count_share: float = 0.005
    columns_share: float = 0.06
    singles_share: float = 0.04
    pairs_share: float = 0.25
    label_delta: float = 0.1

    def __post_init__(self) -> None:
        shares = (self.count_share, self.columns_share, self.singles_share, self.pairs_share)
        if min(shares) <= 0 or sum(shares) >= 1:
            raise ValueError(f"Expected shares > 0 that sum to less than 1, got {shares}.")
        if not 0 < self.sample_rate <= 1 or self.steps < 1 or self.masks < 1:
            raise ValueError("Expected 0 < sample_rate <= 1, steps >= 1 and masks >= 1.")
        if not 0 < self.label_delta < 1 or (self.n_rows is not None and self.n_rows < 1):
            raise ValueError("Expected 0 < label_delta < 1, and n_rows >= 1 or None.")

    @property
    def rows_share(self) -> float:
        """What is left for DP-SGD."""
        shares = self.count_share + self.columns_share + self.singles_share + self.pairs_share
        return 1.0 - shares

    def entries(self, columns: dict[str, float], *, adaptive: bool) -> list[Entry]:
        """What a fit will run, with noise that is right but for a common scale.

        `columns`: text of every release about a column, with its delta (0 for counts of declared
        cells). Two texts are fixed: `SINGLES` and `PAIRS`; the last entry is DP-SGD.
        """
        counted = [] if self.n_rows is not None else [_release(COUNT, self.count_share, adaptive=adaptive)]
        share = self.columns_share / max(1, len(columns))
        about_columns = [_release(what, share, delta, adaptive=adaptive) for what, delta in columns.items()]
        of_codes = [
            _release(SINGLES, self.singles_share, adaptive=adaptive),
            _release(PAIRS, self.pairs_share, adaptive=adaptive),
        ]
        training = Entry(
            what=ROWS,
            mechanism="gaussian",
            # As much noise as makes the steps together tell as much as one release of that share.
            noise_multiplier=self.sample_rate * math.sqrt(self.steps / self.rows_share),
            sample_rate=self.sample_rate,
            steps=self.steps,
            adaptive=adaptive,
        )
        return [*counted, *about_columns, *of_codes, training]


COUNT = "Number of rows"
SINGLES = "Rows with each code of each block"
PAIRS = "Rows with each pair of codes of two blocks"
ROWS = "Gradients of the generator, clipped row by row (DP-SGD)"


def _release(what: str, share: float, delta: float = 0.0, *, adaptive: bool) -> Entry:
    noise = 1.0 / math.sqrt(share)
    if not delta:
        return Entry(what=what, mechanism="discrete_gaussian", noise_multiplier=noise, adaptive=adaptive)
    bare = Entry(
        what=what,
        mechanism="stability_histogram",
        noise_multiplier=noise,
        delta=delta,
        threshold=2**40,
        adaptive=adaptive,
    )
    return bare.scaled(1.0)
