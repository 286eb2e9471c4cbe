"""Reading a private table: the plan of every release, the encoder, the noise that each look runs under."""

from __future__ import annotations

import os
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import pandas as pd

from tabgan.encoding.grids import levels_worth_telling
from tabgan.encoding.noisy_statistics import columns_to_measure, fit_encoder, shared_and_own
from tabgan.encoding.private_schema import MeasuredSchema, measure_schema, planned_votes, with_dtype
from tabgan.encoding.rehearsal import rehearsed_encoder
from tabgan.encoding.table import TableEncoder
from tabgan.errors import BudgetExceededError, SchemaError
from tabgan.privacy.accounting import check_delta, default_delta, noise_for, rounded_up, with_room
from tabgan.privacy.config import COUNT, PAIRS, PrivacyConfig
from tabgan.privacy.entry import Entry
from tabgan.privacy.ledger import Ledger
from tabgan.privacy.rows import BoundRelease, PrivateRows
from tabgan.private_marginals import MarginalPlan, deviation_on_codes
from tabgan.rules.public import public_reduction, reduced_rows
from tabgan.rules.reduction import Reduction
from tabgan.schema import Schema

LEAST_LEFT = 0.05  # of epsilon; a fit on less would learn noise
LEAST_ROWS = 5  # released; noise alone makes as many
REHEARSED_ROWS = 1000
SMALLEST_DELTA = 1e-9  # below the default of any table of fewer than a hundred million rows


@dataclass(frozen=True)
class Budget:
    """What may be spent, and how.

    `delta` None: the default for the released number of rows. `ledger`: the file that every spend is
    written into first; one that is there is continued, with what it has left.
    """

    epsilon: float
    delta: float | None
    max_grad_norm: float
    config: PrivacyConfig
    ledger: str | os.PathLike[str] | None = None


@dataclass
class Reading:
    """A private table being read: its handle, the released number of rows, the noise of each release.

    `is_adaptive`: noise or the number of releases follow from earlier ones, which the accountant is
    told. `scale`: what the plan's noise is multiplied with. `spent_before`: what the ledger held.
    """

    rows: PrivateRows
    declared: Schema | None
    names: list[Hashable]
    config: PrivacyConfig
    delta: float
    is_adaptive: bool
    scale: float
    noise: dict[str, float]
    spent_before: tuple[Entry, ...] = ()
    n_rows: int = 0

    @classmethod
    def begin(cls, df: pd.DataFrame, declared: Schema | None, budget: Budget) -> Reading:
        """Plan everything, open the ledger, and release the number of rows unless it is public.

        Without a delta and a public number of rows, delta follows the released number: the count
        runs under the noise of a delta that no table here needs, and what comes after it is adaptive.
        """
        names: list[Hashable] = list(df.columns)
        config = budget.config.of_columns(len(names))
        declared = _checked_schema(names, declared)
        delta = budget.delta
        if config.n_rows is not None:
            delta = default_delta(config.n_rows) if delta is None else delta
            check_delta(delta, config.n_rows)
        ledger = Ledger(budget.epsilon, SMALLEST_DELTA if delta is None else delta, path=budget.ledger)
        is_adaptive = delta is None or bool(planned_votes(names, declared or ()) or ledger.entries)
        if ledger.delta > SMALLEST_DELTA:
            delta = ledger.delta  # settled already, where a fit is continued
        made = cls(PrivateRows(df, ledger), declared, names, config, ledger.delta, is_adaptive, 1.0, {})
        made.spent_before = _checked_left(ledger)
        made._set_noise()
        most_rows = made._count_rows()
        if delta is None:
            made.delta = max(default_delta(most_rows), SMALLEST_DELTA)
            ledger.settle(made.delta)
            made._set_noise()
        check_delta(made.delta, most_rows)
        return made

    def _count_rows(self) -> int:
        """Release the number of rows, unless it is public. Returns no fewer than there are.

        Raises: SchemaError where it says too little to go on; nothing else has run by then.
        """
        if self.config.n_rows is not None:
            self.n_rows = self.config.n_rows
            return self.n_rows
        noise = self.noise[COUNT]
        self.n_rows = self.rows.row_count(what=COUNT, noise_multiplier=noise, adaptive=self.is_adaptive)
        if self.n_rows < LEAST_ROWS:
            raise SchemaError(
                f"The number of rows was released as {self.n_rows}, with noise of deviation {noise:.0f}: too "
                "few to learn from. Give more rows or a larger epsilon, or declare the number where it is "
                "public (n_rows of PrivacyConfig)."
            )
        return with_room(self.n_rows, noise)

    def _set_noise(self) -> None:
        """Noise of every release that is known before the first one, and the scale of the rest."""
        known = self._public
        votes = planned_votes(self.names, self.declared or ())
        columns, own = shared_and_own(known, columns_to_measure(known, known))
        columns = columns or ["Columns"] * bool(votes)
        plan = self.config.entries(votes, columns, adaptive=self.is_adaptive, own=own)
        # What all labels may cost of delta is put aside as a whole; so here they have none.
        delta = self.delta * (1 - self.config.label_delta)
        self.scale = noise_for(self.rows.ledger.epsilon, delta, plan, spent=self.spent_before)
        self.noise = {entry.what: entry.scaled(self.scale).noise_multiplier for entry in plan}

    @property
    def _public(self) -> Schema:
        """What is learned of the declared columns, as the rules have it."""
        return public_reduction(self.declared or Schema(()), self.names).inner

    def marginal_plan(self, star: frozenset[tuple[int, int]], target: int | None) -> MarginalPlan:
        """What of the marginals is counted."""
        return MarginalPlan(
            self.noise, self.n_rows, self._n_columns, self._is_chosen, self.is_adaptive, star, target
        )

    @property
    def _n_columns(self) -> int:
        """How many columns are learned: rules have some computed, and some learned as one."""
        return len(self.names) - len(self.declared or ()) + len(self._public)

    @property
    def _is_chosen(self) -> bool:
        """Whether pairs are chosen, by what is public or, where the ledger says adaptive, released."""
        n_rows = self.n_rows if self.is_adaptive else self.config.n_rows
        has_pairs = PAIRS in self.noise
        return has_pairs and self.config.chooses_pairs(self._n_columns, n_rows, self.noise[PAIRS])

    @property
    def _pair_deviation(self) -> float:
        """Deviation of the noise on a pair of codes of two columns; without pairs, on a code."""
        return deviation_on_codes(self.noise, self._n_columns, is_chosen=self._is_chosen)

    @property
    def label_delta(self) -> float:
        """Delta of each release of labels: an equal part for each column, whether it needs one or not."""
        return self.config.label_delta * self.delta / len(self.names)

    def measured_schema(self) -> MeasuredSchema:
        """What is declared, and the kinds of the other columns by vote."""
        release = BoundRelease(self.rows, self.noise, self.label_delta, self.is_adaptive)
        return measure_schema(release, self.names, self.declared, n_rows=self.n_rows)

    def fitted_encoder(self, reduction: Reduction) -> tuple[TableEncoder, PrivateRows]:
        """The encoder, and the rows read as it reads them."""
        schema = reduction.inner
        measured = columns_to_measure(schema, self._public)
        columns, own = shared_and_own(schema, measured)
        plan = self.config.entries([], columns, adaptive=self.is_adaptive, own=own)
        asked = {*columns, *(what for part, _ in own for what in part)}
        self.noise |= {
            entry.what: entry.scaled(self.scale).noise_multiplier for entry in plan if entry.what in asked
        }
        rows = self.rows.map(lambda table: reduced_rows(table, reduction))
        release = BoundRelease(rows, self.noise, self.label_delta, self.is_adaptive)
        max_levels = levels_worth_telling(self.n_rows, self._pair_deviation)
        encoder = fit_encoder(schema, release, n_rows=self.n_rows, measured=measured, max_levels=max_levels)
        return encoder, rows


def _checked_schema(names: Sequence[Hashable], declared: Schema | None) -> Schema | None:
    """What is declared, with dtypes. What is wrong with it is told here, before anything is spent."""
    lacking = [column.name for column in declared or () if column.name not in names]
    if lacking:
        raise SchemaError(
            f"Column {lacking[0]!r} is declared but not in the table. Remove it from the schema."
        )
    if declared is None:
        return None
    declared = Schema(tuple(map(with_dtype, declared)), declared.rules)
    rehearsed_encoder(public_reduction(declared, names).inner, n_rows=REHEARSED_ROWS, noise={})
    return declared


def _checked_left(ledger: Ledger) -> tuple[Entry, ...]:
    """What the ledger holds. Raises: BudgetExceededError where it leaves too little for a fit."""
    spent = ledger.spent
    if ledger.epsilon - spent.epsilon < LEAST_LEFT * ledger.epsilon:
        raise BudgetExceededError(
            f"Of epsilon {ledger.epsilon:g}, {rounded_up(spent.epsilon)} is already spent: too little is "
            "left for a fit; nothing was run. A new ledger file is a new budget; the costs of both add up."
        )
    return ledger.entries
