"""Audit of private mode: train with canaries, attack, and say what epsilon the attack refutes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tabgan.arguments import checked_parameters
from tabgan.canaries import Onlooker, Scores, canary_rows
from tabgan.errors import SchemaError
from tabgan.privacy.accounting import rounded_up
from tabgan.privacy.config import PrivacyConfig
from tabgan.privacy.one_run import lower_bound
from tabgan.private_learning import learn_with
from tabgan.schema import Schema
from tabgan.synthesizer import TabGAN

GUESSED = (1 / 8, 1 / 4, 1 / 2, 1.0)  # shares of the canaries that are guessed at, the surest first
FEWEST_CANARIES = 20
NOTE = (
    "The audit trains a model of its own and throws it away. It spends none of a release's budget, but its "
    "figures come from real rows without noise: show them only to those who may see the table."
)


@dataclass(frozen=True)
class Attack:
    """Guesses about canaries, how many were right, and the epsilon that they refute."""

    name: str
    guesses: int
    correct: int
    lower_bound: float


@dataclass(frozen=True)
class Audit:
    """What was claimed, what an attack has shown, and the most that it could have shown.

    `epsilon`, `delta`: claimed. `spent`: what the ledger sums to. `lower_bound`: with probability
    `confidence` the training does not keep a smaller epsilon at this delta. `ceiling`: the bound if
    every guess had been right.
    """

    epsilon: float
    delta: float
    spent: float
    lower_bound: float
    ceiling: float
    confidence: float
    n_rows: int
    n_canaries: int
    attacks: tuple[Attack, ...]

    @property
    def standing(self) -> str:
        """`broken`, `underpowered` (it could not have shown that the claim fails) or `not refuted`."""
        if self.lower_bound > self.epsilon:
            return "broken"
        return "not refuted" if self.ceiling > self.epsilon else "underpowered"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self) | {"standing": self.standing, "note": NOTE}

    def facts(self) -> list[tuple[str, str]]:
        """The figures with their names, as people read them."""
        return [
            ("claimed", f"epsilon {self.epsilon:g} at delta {self.delta:g}"),
            ("sum of the ledger", f"epsilon {rounded_up(self.spent)}"),
            (
                "shown by the attack",
                f"epsilon >= {self.lower_bound:.3f}, with {self.confidence:.0%} confidence",
            ),
            ("a perfect attack would show", f"epsilon >= {self.ceiling:.3f}"),
            ("canaries", f"{self.n_canaries:,} beside {self.n_rows:,} rows"),
            ("standing", self.standing),
        ]

    def __str__(self) -> str:
        return ", ".join(f"{name}: {value}" for name, value in self.facts())


def audit(  # noqa: PLR0913  # what is claimed, and how it is attacked
    df: pd.DataFrame,
    *,
    schema: Schema | Mapping[str, Any] | str | Path | None,
    epsilon: float,
    delta: float | None = None,
    target: Hashable = None,
    privacy: PrivacyConfig | None = None,
    n_canaries: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
    **settings: Any,
) -> Audit:
    """Train privately with canaries in the table and attack what was released.

    `n_canaries` rows are made up, and a fair coin puts each into the table or not. `settings`: further
    parameters of TabGAN.
    `seed`: of canaries and coins; the noise is never seeded, so two audits differ.

    Privacy: the figures are computed from the rows without noise and are not for publication. Nothing
        of the budget of a real release is spent, and no model is left.
    Raises: as `TabGAN.fit` with epsilon.

    Source: Steinke, Nasr & Jagielski 2023, Privacy Auditing with One (1) Training Run.
    """
    if n_canaries < FEWEST_CANARIES:
        raise ValueError(f"Expected n_canaries >= {FEWEST_CANARIES}, got n_canaries={n_canaries!r}.")
    if not 0 < confidence < 1:
        raise ValueError(f"Expected 0 < confidence < 1, got confidence={confidence!r}.")
    model = TabGAN(schema, target, epsilon=epsilon, delta=delta, privacy=privacy, **settings)
    rng = np.random.default_rng(seed)
    canaries = canary_rows(df, n_canaries, rng)
    is_in = rng.random(n_canaries) < 0.5
    config = privacy or PrivacyConfig()
    onlooker = Onlooker(df, canaries, sample_rate=config.sample_rate, seed=seed)
    table = pd.concat([df, canaries[is_in]], ignore_index=True)
    parameters = checked_parameters(model.get_params(deep=False))
    learned = learn_with(table, parameters, seed, ledger=None, auditor=onlooker)
    if learned.trained is None:
        raise SchemaError("No column of the table is learned, so there is nothing to attack.")
    onlooker.see_model(learned.trained)
    ledger = learned.ledger
    attacks, ceiling = judged(onlooker.scores, is_in, delta=ledger.delta, confidence=confidence)
    return Audit(
        epsilon=ledger.epsilon,
        delta=ledger.delta,
        spent=ledger.spent.epsilon,
        lower_bound=max(attack.lower_bound for attack in attacks),
        ceiling=ceiling,
        confidence=confidence,
        n_rows=len(df),
        n_canaries=n_canaries,
        attacks=attacks,
    )


def judged(
    scores: Mapping[str, Scores], is_in: np.ndarray[Any, Any], *, delta: float, confidence: float
) -> tuple[tuple[Attack, ...], float]:
    """Every attack at every number of guesses, and the bound of a perfect one.

    Half of the guesses are "in", for the highest scores, half are "out", for the lowest. The doubt is
    shared out evenly, so that the largest of all bounds has the confidence that is stated.
    """
    n = len(is_in)
    each = 1 - (1 - confidence) / (len(scores) * len(GUESSED))
    attacks = []
    for name, of_rows in scores.items():
        falling = np.argsort(-of_rows, kind="stable")
        for share in GUESSED:
            half = max(1, int(share * n / 2))
            correct = int(is_in[falling[:half]].sum() + (~is_in[falling[-half:]]).sum())
            bound = lower_bound(n, 2 * half, correct, delta=delta, confidence=each)
            attacks.append(Attack(name, 2 * half, correct, bound))
    perfect = {attack.guesses for attack in attacks}
    return tuple(attacks), max(lower_bound(n, r, r, delta=delta, confidence=each) for r in perfect)
