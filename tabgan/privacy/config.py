"""How a privacy budget is spent: shares, rates and steps, none of which may come from the rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from numbers import Integral, Real
from typing import Literal, get_args

from tabgan.privacy.entry import Entry

# Up to which epsilon: steps, masks, learning rate, shares of pairs and triples.
BY_EPSILON = (
    (1.8, (600, 4, 1e-3, 0.2, 0.15)),
    (5.5, (1000, 3, 1.5e-3, 0.2, 0.15)),
    (math.inf, (1500, 2, 2e-3, 0.3, 0.25)),
)
Pairs = Literal["auto", "all", "chosen"]
WEAK_EPSILON = 10.0


@dataclass(frozen=True)
class PrivacyConfig:
    """Settings of private training; the defaults are those of the benchmark at epsilon 1.

    `n_rows`: the number of rows, where it is public; otherwise it is released with noise.
    `sample_rate`, `steps`, `lr` (learning rate): of the Poisson batches of DP-SGD. `masks`: views of a
    row that are averaged before clipping. The shares say how the budget, as the squared ratio of
    signal to noise, is split between the number of rows, the kinds of columns that nobody declared,
    the releases about columns, those about single codes, pairs and triples (0: none; no triples
    without pairs), and DP-SGD (the rest).
    Of that rest `adversary_share` goes to the adversary and what is left to the likelihood, which makes
    better use of it. `label_delta`: share of delta for categories and kinds that nobody declared. `pairs`:
    "all" counts every two columns, "chosen" those that a model gets most wrong, "auto" chooses in
    wide tables and where the noise on all pairs would be too much. Where the number of rows is not known
    before that is settled, a table is taken for one of `USUAL_ROWS`.

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
    pairs_share: float = 0.2
    triples_share: float = 0.15
    label_delta: float = 0.1
    adversary_share: float = 0.0
    pairs: Pairs = "auto"

    def __post_init__(self) -> None:
        for field in fields(self):
            if field.name != "pairs":
                object.__setattr__(self, field.name, _plain(field.name, getattr(self, field.name)))
        together = (self.pairs_share, self.triples_share)
        if min(self._shares) <= 0 or min(together) < 0 or sum(self._shares) + sum(together) >= 1:
            raise ValueError(
                f"Expected shares > 0 that sum to less than 1, got {(*self._shares, *together)}."
            )
        if not 0 <= self.adversary_share <= 1 or self.pairs not in get_args(Pairs):
            raise ValueError('Expected 0 <= adversary_share <= 1 and pairs="auto", "all" or "chosen".')
        if not 0 < self.sample_rate <= 1 or self.steps < 1 or self.masks < 1 or not self.lr > 0:
            raise ValueError("Expected 0 < sample_rate <= 1, steps >= 1, masks >= 1 and lr > 0.")
        if not 0 < self.label_delta < 1 or (self.n_rows is not None and self.n_rows < 1):
            raise ValueError("Expected 0 < label_delta < 1, and n_rows >= 1 or None.")

    @classmethod
    def default(cls, epsilon: float) -> PrivacyConfig:
        """What the benchmark found at such an epsilon: under less noise more steps and counts pay.

        >>> [PrivacyConfig.default(epsilon).steps for epsilon in (0.5, 1.0, 3.0, 10.0)]
        [600, 600, 1000, 1500]
        """
        if not isinstance(epsilon, int | float) or not 0 < epsilon < math.inf:
            raise ValueError(f"Expected epsilon > 0 and finite, got epsilon={epsilon!r}.")
        steps, masks, lr, pairs, triples = next(chosen for most, chosen in BY_EPSILON if epsilon <= most)
        return cls(steps=steps, masks=masks, lr=lr, pairs_share=pairs, triples_share=triples)

    @property
    def _shares(self) -> tuple[float, ...]:
        shares = (self.count_share, self.kinds_share, self.columns_share)
        return (*shares, self.singles_share)

    def adversary_alone(self) -> PrivacyConfig:
        """The plain private GAN: no pairs, triples or likelihood."""
        return replace(self, pairs_share=0.0, triples_share=0.0, adversary_share=1.0)

    def of_columns(self, n_columns: int) -> PrivacyConfig:
        """The same, where there are no three columns without a share for triples."""
        return self if n_columns > 2 else replace(self, triples_share=0.0)

    def chooses_pairs(self, n_columns: int, n_rows: int | None, pairs_noise: float) -> bool:
        """Whether pairs are chosen: public facts alone. `n_rows`: public or released; else None."""
        if self.pairs != "auto" or n_columns < 3:
            return self.pairs == "chosen"
        n_pairs = n_columns * (n_columns - 1) / 2
        error = 0.4 * pairs_noise * math.sqrt(n_pairs) * CELLS / (n_rows or USUAL_ROWS)
        return n_columns >= WIDE or error > MAX_PAIR_ERROR

    def entries(
        self,
        votes: Sequence[str],
        columns: Sequence[str],
        *,
        adaptive: bool,
        own: Sequence[tuple[Sequence[str], float]] = (),
    ) -> list[Entry]:
        """What a fit will run, with noise that is right but for a common scale.

        `votes`, `columns`: text of every release of the kind of a column, and of every other one
        about a column; `own`: those of each column that has a share of its own. The last entries are
        DP-SGD. How many releases share a share does not change the scale. Labels stand here as
        counts: their delta is put aside beforehand.
        """
        parts = (
            ([] if self.n_rows is not None else [COUNT], self.count_share),
            (votes, self.kinds_share),
            (columns, self.columns_share),
            *own,
            ([SINGLES], self.singles_share),
            ([PAIRS] if self.pairs_share else [], self.pairs_share),
            ([TRIPLES] if self.pairs_share and self.triples_share else [], self.triples_share),
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
        if rows_share <= 0:
            raise ValueError("Expected shares of columns that leave something for the rows. Lower them.")
        steps = [
            self._training(what, share * rows_share, adaptive=adaptive)
            for what, share in ((ROWS, 1 - self.adversary_share), (ADVERSARY, self.adversary_share))
            if share
        ]
        return [*released, *steps]

    def _training(self, what: str, share: float, *, adaptive: bool) -> Entry:
        """DP-SGD with as much noise as makes all steps tell as much as one release of that share."""
        return Entry(
            what=what,
            mechanism="gaussian",
            noise_multiplier=self.sample_rate * math.sqrt(self.steps / share),
            sample_rate=self.sample_rate,
            steps=self.steps,
            adaptive=adaptive,
        )


def _plain(name: str, value: object) -> int | float | None:
    """The number as Python's own, whoever's it was: a model file holds no others."""
    if name in ("n_rows", "steps", "masks"):
        if not isinstance(value, bool) and isinstance(value, Integral):
            return int(value)
        if name != "n_rows" or value is not None:
            raise ValueError(f"Expected {name} to be a whole number, got {name}={value!r}.")
        return None
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError(f"Expected {name} to be a finite number, got {name}={value!r}.")
    return float(value)


# Pairs of columns are chosen from so many columns on, or where counting all of them would err by more
# than this: the mean total variation that noise alone makes in a table of so many cells.
WIDE, MAX_PAIR_ERROR, CELLS, USUAL_ROWS = 60, 0.12, 100, 30_000

COUNT = "Number of rows"
SINGLES = "Rows with each code of each block"
PAIRS = "Rows with each pair of codes of two blocks"
TRIPLES = "Rows with each code of the target, of what goes with it most, and of a third block"
ADVERSARY = "Gradients of the discriminator, clipped row by row (DP-SGD)"
ROWS = "Gradients of the generator, clipped row by row (DP-SGD)"


def notes_on_epsilon(epsilon: float) -> list[str]:
    """What must be said of an epsilon that promises next to nothing; nothing of a smaller one.

    Source: the tiers of Ponomareva et al. 2023, How to DP-fy ML: up to 1 strong, up to 10 reasonable.

    >>> notes_on_epsilon(10.0), len(notes_on_epsilon(10.5))
    ([], 1)
    """
    if epsilon <= WEAK_EPSILON:
        return []
    return [
        f"An epsilon of {epsilon:g} promises next to nothing: one row may make a result exp({epsilon:g}) "
        "times as probable. The smaller, the stricter; 1 is usual."
    ]
