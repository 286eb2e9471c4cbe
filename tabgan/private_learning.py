"""Private learning: from private rows to a generator, every look at them booked before it happens."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias

import pandas as pd
import torch
from torch import Tensor

from tabgan.encoding.grids import levels_worth_telling
from tabgan.encoding.noisy_statistics import columns_to_measure, fit_encoder, shared_and_own
from tabgan.encoding.private_schema import MeasuredSchema, measure_schema, planned_votes, with_dtype
from tabgan.encoding.rehearsal import rehearsed_encoder
from tabgan.encoding.row_wise import row_wise_table
from tabgan.encoding.table import TableEncoder
from tabgan.errors import BudgetExceededError, SchemaError
from tabgan.gan.dp_sgd import NoisySteps, NoisyTeachers
from tabgan.gan.private_training import PrivateRun, train_privately
from tabgan.gan.settings import PrivateSettings
from tabgan.gan.threads import one_thread
from tabgan.gan.training import Trained
from tabgan.learning import Parameters, blocks_of, chosen_device, private_settings, settings_of
from tabgan.personal_columns import decide_by_header, decisions_told
from tabgan.privacy.accounting import check_delta, default_delta, noise_for, rounded_up
from tabgan.privacy.config import ADVERSARY, COUNT, PAIRS, ROWS, SINGLES, PrivacyConfig
from tabgan.privacy.entry import Entry
from tabgan.privacy.ledger import Ledger
from tabgan.privacy.rows import BoundRelease, PrivateRows
from tabgan.private_marginals import MarginalPlan, deviation_of_pairs, released_marginals, star_of
from tabgan.schema import Schema, read_schema, without_dropped

Callback: TypeAlias = Callable[[dict[str, Any]], object]

LEAST_LEFT = 0.05  # of epsilon; a fit on less would learn noise
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


@dataclass(frozen=True)
class PrivateModel:
    """What private learning leaves: nothing in it but released numbers and what was made of them."""

    encoder: TableEncoder
    trained: Trained | None
    ledger: Ledger
    n_rows: int
    notes: tuple[str, ...] = ()


class Auditor(Protocol):
    """Who is shown everything that mechanisms gave out, and so more than the holder of a model file."""

    def see_counts(self, encoder: TableEncoder, marginals: NoisyMarginals) -> None:
        """The encoder and the noisy marginals, once."""

    def see_step(self, run: PrivateRun, steps: NoisySteps) -> None:
        """A step of DP-SGD: weights, and the noisy gradients in their `grad`, before they are applied."""


def learn_with(
    df: pd.DataFrame,
    parameters: Parameters,
    seed: int,
    *,
    ledger: str | os.PathLike[str] | None,
    callbacks: Sequence[Callback],
    auditor: Auditor | None = None,
) -> PrivateModel:
    """`learn_privately` with TabGAN's parameters.

    Raises: ValueError, before the table is looked at, for a parameter that private mode cannot keep.
    """
    _check_parameters(parameters)
    config = parameters["privacy"] or PrivacyConfig.default(parameters["epsilon"])
    if parameters["recipe"] == "gan":
        config = config.adversary_alone()
    budget = Budget(parameters["epsilon"], parameters["delta"], parameters["max_grad_norm"], config, ledger)
    df, schema = without_dropped(df, parameters["schema"])
    declared = None if schema is None else read_schema(schema)
    choices = parameters["personal"] or {}
    declared, df = decide_by_header(declared, df, choices, parameters["locale"])
    target = parameters["target"]
    if target is not None and target not in df.columns:
        raise SchemaError(f"There is no column {target!r} to be the target. Name one of the table.")
    settings = PrivateSettings(**private_settings(parameters, config))
    place = chosen_device(parameters["device"])
    with torch.random.fork_rng(devices=[place] if place.type == "cuda" else []):
        torch.manual_seed(seed)
        learned = learn_privately(
            df,
            declared,
            budget,
            settings=settings,
            target=target,
            device=place,
            callbacks=callbacks,
            auditor=auditor,
        )
    told = decisions_told(learned.encoder.schema, choices)
    return replace(learned, notes=(*told, *learned.notes))


def _check_parameters(parameters: Parameters) -> None:
    settings_of(parameters)
    for name in ("epochs", "max_seconds", "adversary_weight", "marginals_weight", "likelihood_weight"):
        if parameters[name] is not None:
            raise ValueError(
                f"Expected {name}=None with epsilon: set steps and shares in privacy=PrivacyConfig(...)."
            )
    if not parameters["max_grad_norm"] > 0 or not math.isfinite(parameters["max_grad_norm"]):
        raise ValueError(f"Expected max_grad_norm > 0, got max_grad_norm={parameters['max_grad_norm']!r}.")
    if len(parameters["discrete_columns"]):
        raise ValueError("Expected no discrete_columns with epsilon: declare them in the schema.")


def learn_privately(  # noqa: PLR0913  # a fit, and those who look on
    df: pd.DataFrame,
    declared: Schema | None,
    budget: Budget,
    *,
    settings: PrivateSettings,
    target: Hashable | None,
    device: torch.device,
    callbacks: Sequence[Callback] = (),
    auditor: Auditor | None = None,
) -> PrivateModel:
    """Learn the table within the budget. Randomness but the noise is torch's global generator.

    Privacy: (epsilon, delta) for one row added or removed; the ledger lists every release. Names and
        order of the columns, and what is declared, are public.
    Raises: BudgetExceededError before anything runs where the budget allows no plan; SchemaError for
        a declared column that the table lacks, or of which too little is declared.
    """
    reading = _Reading.begin(df, declared, budget)
    measured = reading.measured_schema()
    encoder, rows = reading.fitted_encoder(measured.schema)
    ledger, n_rows = reading.rows.ledger, reading.n_rows
    if not encoder.layout.blocks:
        return PrivateModel(encoder, None, ledger, n_rows, (*measured.notes, *encoder.warnings))
    blocks = blocks_of(encoder, device)
    codes = rows.map(lambda table: torch.from_numpy(encoder.encode(table)).to(device))
    parents = [block.parent for block in encoder.layout.blocks]
    about = () if target is None else encoder.layout.of_column(encoder.schema.names.index(target))
    marginals = released_marginals(codes, blocks, reading.marginal_plan(star_of(about, parents)))
    if auditor is not None:
        auditor.see_counts(encoder, marginals)
    watch = None if auditor is None else auditor.see_step
    teachers = NoisyTeachers(
        likelihood=_noisy_steps(codes, ROWS, reading, budget.max_grad_norm, watch),
        adversary=_noisy_steps(codes, ADVERSARY, reading, budget.max_grad_norm),
    )
    with one_thread():
        trained = train_privately(
            marginals,
            teachers,
            blocks,
            settings,
            parents=parents,
            target=about,
            callbacks=tuple(callbacks),
        )
    return PrivateModel(encoder, trained, ledger, n_rows, (*measured.notes, *encoder.warnings))


@dataclass
class _Reading:
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
    def begin(cls, df: pd.DataFrame, declared: Schema | None, budget: Budget) -> _Reading:
        """Plan everything, open the ledger, and release the number of rows unless it is public.

        Without a delta and a public number of rows, delta follows the released number: the count
        runs under the noise of a delta that no table here needs, and what comes after it is adaptive.
        """
        config = budget.config
        names: list[Hashable] = list(df.columns)
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
        made.n_rows = config.n_rows or made.rows.row_count(
            what=COUNT, noise_multiplier=made.noise[COUNT], adaptive=is_adaptive
        )
        if delta is None:
            made.delta = max(default_delta(made.n_rows), SMALLEST_DELTA)
            ledger.settle(made.delta)
            made._set_noise()
        check_delta(made.delta, made.n_rows)
        return made

    def _set_noise(self) -> None:
        """Noise of every release that is known before the first one, and the scale of the rest."""
        known = Schema(()) if self.declared is None else self.declared
        votes = planned_votes(self.names, known)
        columns, own = shared_and_own(known, columns_to_measure(known, known))
        columns = columns or ["Columns"] * bool(votes)
        votes_what = [vote.what for vote in votes]
        plan = self.config.entries(votes_what, columns, adaptive=self.is_adaptive, own=own)
        # What all labels may cost of delta is put aside as a whole; so here they have none.
        delta = self.delta * (1 - self.config.label_delta)
        self.scale = noise_for(self.rows.ledger.epsilon, delta, plan, spent=self.spent_before)
        self.noise = {entry.what: entry.scaled(self.scale).noise_multiplier for entry in plan}

    def marginal_plan(self, star: frozenset[tuple[int, int]]) -> MarginalPlan:
        """What of the marginals is counted."""
        n_columns = len(self.names)
        return MarginalPlan(self.noise, self.n_rows, n_columns, self._is_chosen, self.is_adaptive, star)

    @property
    def _is_chosen(self) -> bool:
        """Whether pairs are chosen, by what is public or, where the ledger says adaptive, released."""
        n_rows = self.n_rows if self.is_adaptive else self.config.n_rows
        has_pairs = PAIRS in self.noise
        return has_pairs and self.config.chooses_pairs(len(self.names), n_rows, self.noise[PAIRS])

    @property
    def _pair_deviation(self) -> float:
        """Deviation of the noise on a pair of codes of two columns; without pairs, on a code."""
        if PAIRS not in self.noise:
            return self.noise[SINGLES] * math.sqrt(len(self.names))
        return deviation_of_pairs(self.noise[PAIRS], len(self.names), is_chosen=self._is_chosen)

    @property
    def label_delta(self) -> float:
        """Delta of each release of labels: an equal part for each column, whether it needs one or not."""
        return self.config.label_delta * self.delta / len(self.names)

    def measured_schema(self) -> MeasuredSchema:
        """What is declared, and the kinds of the other columns by vote."""
        release = BoundRelease(self.rows, self.noise, self.label_delta, self.is_adaptive)
        return measure_schema(release, self.names, self.declared, n_rows=self.n_rows)

    def fitted_encoder(self, schema: Schema) -> tuple[TableEncoder, PrivateRows]:
        """The encoder, and the rows read as it reads them."""
        measured = columns_to_measure(schema, self.declared)
        columns, own = shared_and_own(schema, measured)
        plan = self.config.entries([], columns, adaptive=self.is_adaptive, own=own)
        asked = {*columns, *(what for part, _ in own for what in part)}
        self.noise |= {
            entry.what: entry.scaled(self.scale).noise_multiplier for entry in plan if entry.what in asked
        }
        rows = self.rows.map(lambda table: row_wise_table(table, schema))
        release = BoundRelease(rows, self.noise, self.label_delta, self.is_adaptive)
        max_levels = levels_worth_telling(self.n_rows, self._pair_deviation)
        encoder = fit_encoder(schema, release, n_rows=self.n_rows, measured=measured, max_levels=max_levels)
        return encoder, rows


def _checked_schema(names: Sequence[Hashable], declared: Schema | None) -> Schema | None:
    """What is declared, with dtypes. What is wrong with it is told here, before anything is spent."""
    if not names or len(set(names)) < len(names):
        raise SchemaError("Expected a table with columns, each name once. Rename or add columns.")
    lacking = [column.name for column in declared or () if column.name not in names]
    if lacking:
        raise SchemaError(f"Column {lacking[0]!r} is declared but not in the table. Drop it from the schema.")
    if declared is None:
        return None
    declared = Schema(tuple(map(with_dtype, declared)))
    rehearsed_encoder(declared, n_rows=REHEARSED_ROWS, noise={})
    return declared


def _checked_left(ledger: Ledger) -> tuple[Entry, ...]:
    """What the ledger holds. Raises: BudgetExceededError where it leaves too little for a fit."""
    spent = ledger.spent
    if ledger.epsilon - spent.epsilon < LEAST_LEFT * ledger.epsilon:
        raise BudgetExceededError(
            f"Of epsilon {ledger.epsilon:g} {rounded_up(spent.epsilon)} is spent already, too little is left "
            "for a fit; nothing was run. Another ledger file is another budget, and both costs add up."
        )
    return ledger.entries


def _noisy_steps(
    codes: PrivateRows,
    what: str,
    reading: _Reading,
    max_grad_norm: float,
    watch: Callable[[PrivateRun, NoisySteps], None] | None = None,
) -> NoisySteps | None:
    """The batches of a teacher, booked; None for one that has no share."""
    if what not in reading.noise:
        return None
    config = reading.config
    batches = codes.poisson_batches(
        what=what,
        sample_rate=config.sample_rate,
        steps=config.steps,
        noise_multiplier=reading.noise[what],
        sensitivity=max_grad_norm,
        adaptive=reading.is_adaptive,
    )
    return NoisySteps(_as_long(batches), reading.noise[what], config.sample_rate * reading.n_rows)


def _as_long(batches: Iterator[Tensor]) -> Iterator[Tensor]:
    for batch in batches:
        yield batch.long()
