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

from tabgan.encoding.private_schema import notes_on_gaps
from tabgan.encoding.table import TableEncoder
from tabgan.gan.dp_sgd import NoisySteps, NoisyTeachers
from tabgan.gan.private_training import PrivateRun, train_privately
from tabgan.gan.settings import PrivateSettings
from tabgan.gan.threads import one_thread
from tabgan.gan.trained import Trained
from tabgan.gan.tree import NoisyMarginals
from tabgan.interruption import Interruption
from tabgan.learning import Parameters, blocks_of, chosen_device, private_settings, settings_of
from tabgan.personal_columns import decide_by_header, decisions_told
from tabgan.privacy.config import ADVERSARY, ROWS, PrivacyConfig, notes_on_epsilon
from tabgan.privacy.ledger import Ledger
from tabgan.privacy.rows import PrivateRows
from tabgan.private_marginals import released_marginals, star_of
from tabgan.private_reading import Budget, Reading
from tabgan.rules.reduction import Reduction
from tabgan.schema import Schema, check_columns, check_target, read_schema, without_dropped

Callback: TypeAlias = Callable[[dict[str, Any]], object]

MAX_RATE = 0.5  # of a batch of DP-SGD; an audit may look at whole tables


@dataclass(frozen=True)
class PrivateModel:
    """What private learning leaves: nothing in it but released numbers and what was made of them."""

    encoder: TableEncoder
    reduction: Reduction
    trained: Trained | None
    ledger: Ledger
    n_rows: int
    notes: tuple[str, ...] = ()


class Auditor(Protocol):
    """Who is shown what mechanisms gave out, and so more than the holder of a model file.

    Not shown are noisy gradients of a discriminator, and labels told before there is an encoder.
    """

    def see_counts(self, encoder: TableEncoder, reduction: Reduction, marginals: NoisyMarginals) -> None:
        """How rows become codes, and the noisy marginals, once."""

    def see_step(self, run: PrivateRun, steps: NoisySteps) -> None:
        """A step of DP-SGD: weights, and the noisy gradients in their `grad`, before they are applied."""


def learn_with(
    df: pd.DataFrame,
    parameters: Parameters,
    seed: int,
    *,
    ledger: str | os.PathLike[str] | None,
    auditor: Auditor | None = None,
    interruption: Interruption | None = None,
) -> PrivateModel:
    """`learn_privately` with TabGAN's parameters.

    Raises: ValueError, before the table is looked at, for a parameter that private mode cannot keep;
        SchemaError, before anything is spent, for names of columns that no model file could hold.
    """
    _check_parameters(parameters)
    check_columns(df)
    config = parameters["privacy"] or PrivacyConfig.default(parameters["epsilon"])
    if config.sample_rate > MAX_RATE and auditor is None:
        raise ValueError(
            f"Expected sample_rate <= {MAX_RATE} of PrivacyConfig, got sample_rate={config.sample_rate}: "
            "such large batches cost more in noise than they teach. Take more steps."
        )
    if parameters["recipe"] == "gan":
        config = config.adversary_alone()
    budget = Budget(parameters["epsilon"], parameters["delta"], parameters["max_grad_norm"], config, ledger)
    df, schema = without_dropped(df, parameters["schema"])
    declared = None if schema is None else read_schema(schema)
    choices = parameters["personal"] or {}
    declared, df = decide_by_header(declared, df, choices, parameters["locale"])
    if parameters["rules"]:
        declared = declared or Schema(())
        declared = replace(declared, rules=(*declared.rules, *parameters["rules"]))
    target = parameters["target"]
    check_target(target, df.columns)
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
            callbacks=parameters["callbacks"],
            auditor=auditor,
            interruption=interruption,
        )
    told = decisions_told(learned.encoder.schema, choices)
    public = (*notes_on_epsilon(budget.epsilon), *told, *notes_on_gaps(declared or Schema(())))
    return replace(learned, notes=(*public, *learned.notes))


def _check_parameters(parameters: Parameters) -> None:
    settings_of(parameters)
    for name in ("epochs", "max_seconds", "adversary_weight", "marginals_weight", "likelihood_weight"):
        if parameters[name] is not None:
            raise ValueError(
                f"Expected {name}=None with epsilon: set steps and shares in privacy=PrivacyConfig(...)."
            )
    if parameters["max_categories"] is not None or parameters["infinite"] != "error":
        raise ValueError(
            'Expected max_categories=None and infinite="error" with epsilon: declare the categories; '
            "infinite numbers are taken for missing."
        )
    for name, usual in (("min_rows", 5), ("rare", "fold"), ("broken_rows", "refuse")):
        if parameters[name] != usual:
            raise ValueError(
                f"Expected {name}={usual!r} with epsilon: noise decides what is told, and a row that breaks "
                "a rule is learned as one that keeps it."
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
    interruption: Interruption | None = None,
) -> PrivateModel:
    """Learn the table within the budget. Randomness but the noise is torch's global generator.

    Privacy: (epsilon, delta) for one row added or removed; the ledger lists every release. Names and
        order of the columns, and what is declared, are public.
    Raises: BudgetExceededError before anything runs where the budget allows no plan; SchemaError for
        a declared column that the table lacks, or of which too little is declared.
    """
    reading = Reading.begin(df, declared, budget)
    measured = reading.measured_schema()
    rules = () if declared is None else declared.rules
    reduction = Reduction.declared(Schema(measured.schema.columns, rules))
    encoder, rows = reading.fitted_encoder(reduction)
    ledger, n_rows = reading.rows.ledger, reading.n_rows
    if not encoder.layout.blocks:
        return PrivateModel(encoder, reduction, None, ledger, n_rows, (*measured.notes, *encoder.warnings))
    blocks = blocks_of(encoder, device)
    codes = rows.map(lambda table: torch.from_numpy(encoder.encode(table)).to(device))
    parents = [block.parent for block in encoder.layout.blocks]
    name = reduction.inner_name(target)
    about = () if name is None else encoder.blocks_of(name)
    plan = reading.marginal_plan(star_of(about, parents), about[0] if about else None)
    marginals = released_marginals(codes, blocks, plan)
    if auditor is not None:
        auditor.see_counts(encoder, reduction, marginals)
    watch = None if auditor is None else auditor.see_step
    teachers = NoisyTeachers(
        likelihood=_noisy_steps(codes, ROWS, reading, budget.max_grad_norm, watch),
        adversary=_noisy_steps(codes, ADVERSARY, reading, budget.max_grad_norm),
    )
    interruption = interruption or Interruption()
    with interruption.put_off(), one_thread():
        trained = train_privately(
            marginals,
            teachers,
            blocks,
            settings,
            parents=parents,
            target=about,
            callbacks=tuple(callbacks),
            is_stopped=interruption.is_wanted,
        )
    return PrivateModel(encoder, reduction, trained, ledger, n_rows, (*measured.notes, *encoder.warnings))


def _noisy_steps(
    codes: PrivateRows,
    what: str,
    reading: Reading,
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
    expected = config.sample_rate * reading.n_rows
    return NoisySteps(_as_long(batches), reading.noise[what], expected, watch)


def _as_long(batches: Iterator[Tensor]) -> Iterator[Tensor]:
    for batch in batches:
        yield batch.long()
