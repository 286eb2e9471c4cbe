"""How the networks are shaped and trained: every number in one frozen place."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

Recipe = Literal["default", "gan", "likelihood"]
RECIPES: tuple[Recipe, ...] = ("default", "gan", "likelihood")


@dataclass(frozen=True)
class Teachers:
    """Weight of each teacher's loss in the generator's; 0 switches it off.

    `likelihood` counts while the adversary trains; the phase before that is likelihood alone.
    """

    adversary: float = 1.0
    likelihood: float = 4.0
    marginals: float = 0.0

    @property
    def draw_rows(self) -> bool:
        """Whether one of them needs rows that are drawn while the generator is trained."""
        return self.adversary > 0 or self.marginals > 0


def teachers_of(recipe: Recipe, rounds: int | None) -> Teachers:
    """The weights of a recipe, for a generator that is to draw in so many rounds; None: block by block.

    Block by block there is nothing that noise must coordinate, so "default" trains the adversary only for
    rounds.
    """
    if recipe == "gan":
        return Teachers(likelihood=0.0)
    if recipe == "likelihood" or rounds is None:
        return Teachers(adversary=0.0)
    return Teachers()


@dataclass(frozen=True)
class Settings:
    """Settings of one training run.

    `rounds`: groups of blocks that are drawn together; None: every block by itself.
    `likelihood_steps`, `adversary_steps`: generator steps of the two phases, when neither
    `epochs` nor `max_seconds` says otherwise; the first of as many more, up to `most_likelihood_steps`, as
    `likelihood_epochs` of a large table take, the second of so many `adversary_epochs` at most;
    `scratch_steps`: those of an adversary alone. `adversary_share`: the second phase's share of
    `epochs` or `max_seconds`.
    `prefix_share`: share of rows whose visible blocks are the first ones of the drawing order,
    which is how rows are drawn; the others see random blocks.
    `late_share`: share of rows of which the layers see fewer visible blocks than the sum of vectors shows,
    as they do within a group that is drawn in turn.
    `view_share`: range of the share of blocks that the discriminator is shown of a row.
    `rejection`: whether a judge of rows drawn in `rounds_drawn` (None: the runs of the order) is taught after
    all, in `judge_steps` at most, or `judge_share` of `max_seconds`.
    """

    teachers: Teachers = field(default_factory=Teachers)
    rounds: int | None = None
    embedding_dim: int = 64
    generator_dim: tuple[int, ...] = (256, 256, 256)
    discriminator_dim: tuple[int, ...] = (256, 256)
    pac: int = 1
    loss: str = "non-saturating"
    penalty_weight: float = 1.0
    label_smoothing: float = 0.0
    spectral_norm: bool = False
    feature_matching: float = 0.0
    auxiliary: float = 0.0
    discriminator_views: bool = True
    view_share: tuple[float, float] = (0.3, 1.0)
    discriminator_steps: int = 1
    warm_up_steps: int = 100
    epochs: int | None = None
    max_seconds: float | None = None
    batch_size: int = 1024
    likelihood_steps: int = 2400
    likelihood_epochs: int = 30
    most_likelihood_steps: int = 9600
    adversary_steps: int = 4000
    adversary_epochs: int = 120
    scratch_steps: int = 3000
    adversary_share: float = 0.4
    likelihood_lr: float = 2e-3
    generator_lr: float = 8e-4
    discriminator_lr: float = 3e-3
    gradient_clip: float = 1.0
    generator_dropout: float = 0.25
    discriminator_dropout: float = 0.1
    rejection: bool = False
    rounds_drawn: int | None = None
    judge_steps: int = 3000
    judge_lr: float = 1e-3
    judge_dropout: float = 0.2
    judge_share: float = 0.2
    prefix_share: float = 0.7
    late_share: float = 0.25
    conditional_share: float = 0.25
    ema: float = 0.995
    patience: int = 2
    validation_share: float = 0.05
    max_validation_rows: int = 4096

    @property
    def but_judging(self) -> Settings:
        """The same with the seconds that are left to the phases before a judge is taught."""
        if self.max_seconds is None or not self.rejection:
            return self
        return replace(self, max_seconds=self.max_seconds * (1 - self.judge_share))

    def likelihood_steps_of(self, steps_per_epoch: int) -> int:
        """Steps of the first phase, for a table that takes so many steps an epoch."""
        wanted = min(self.likelihood_epochs * steps_per_epoch, self.most_likelihood_steps)
        return max(self.likelihood_steps, wanted)


@dataclass(frozen=True)
class PrivateSettings:
    """Settings of differentially private training; none may be chosen by looking at the rows.

    `masks`: views of a row whose gradients are averaged before clipping. `steps`: steps that see
    rows. `warm_steps` (twice), `distil_steps`: steps that see released counts only. `warm_rows`,
    `pool_rows`: rows drawn to be weighted by them.
    `discriminator_steps`: noisy steps of the discriminator for each `generator_steps` of the
    generator, which see no row and cost nothing.
    """

    embedding_dim: int = 8
    generator_dim: tuple[int, ...] = (128, 128, 128)
    masks: int = 4
    steps: int = 600
    max_grad_norm: float = 1.0
    lr: float = 1e-3
    ema: float = 0.99
    prefix_share: float = 0.7
    warm_steps: int = 500
    warm_lr: float = 2e-3
    distil_steps: int = 1000
    distil_lr: float = 1e-3
    public_batch_size: int = 1024
    warm_rows: int = 60_000
    pool_rows: int = 100_000
    rounds: int = 4
    loss: str = "non-saturating"
    label_smoothing: float = 0.0
    discriminator_dim: tuple[int, ...] = (128, 128)
    discriminator_views: bool = True
    view_share: tuple[float, float] = (0.3, 1.0)
    discriminator_steps: int = 1
    generator_steps: int = 1
    discriminator_lr: float = 5e-3
    generator_lr: float = 5e-4
    adversary_ema: float = 0.99
