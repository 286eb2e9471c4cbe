"""The parameters of TabGAN, each by name, as scikit-learn wants them; TabGAN says what they mean."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from sklearn.base import BaseEstimator

from tabgan.infinite import InfiniteRule
from tabgan.schema import Declared

if TYPE_CHECKING:
    from tabgan.privacy.config import PrivacyConfig
    from tabgan.rule import Rule

Callback: TypeAlias = Callable[[dict[str, Any]], object]


class Estimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """What a TabGAN is told before it sees a table: kept as it is given, checked by `fit`."""

    def __init__(  # noqa: PLR0913  # long: scikit-learn wants every setting here and below, by name
        self,
        schema: Declared | None = None,
        target: Hashable = None,
        *,
        recipe: Literal["default", "gan", "likelihood"] = "default",
        adversary_weight: float | None = None,
        likelihood_weight: float | None = None,
        marginals_weight: float | None = None,
        rounds: int | None = None,
        embedding_dim: int = 64,
        generator_dim: Sequence[int] | None = None,
        discriminator_dim: Sequence[int] = (256, 256),
        pac: int = 1,
        loss: str = "non-saturating",
        label_smoothing: float = 0.0,
        spectral_norm: bool = False,
        feature_matching_weight: float = 0.0,
        auxiliary_weight: float = 0.0,
        discriminator_views: bool = True,
        discriminator_steps: int = 1,
        rejection: bool = False,
        epochs: int | None = None,
        max_seconds: float | None = None,
        batch_size: int = 1024,
        generator_lr: float | None = None,
        discriminator_lr: float | None = None,
        likelihood_lr: float = 2e-3,
        gradient_clip: float = 1.0,
        discrete_columns: Sequence[Hashable] = (),
        min_rows: int = 5,
        rare: Literal["fold", "token"] = "fold",
        max_categories: int | None = None,
        infinite: InfiniteRule = "error",
        personal: Mapping[Hashable, str] | None = None,
        locale: str | None = None,
        random_state: int | None = 0,
        device: str = "auto",
        verbose: bool = False,
        callbacks: Callback | Sequence[Callback] = (),
        epsilon: float | None = None,
        delta: float | None = None,
        max_grad_norm: float = 1.0,
        privacy: PrivacyConfig | None = None,
        rules: Rule | Sequence[Rule] = (),
        broken_rows: Literal["refuse", "drop"] = "refuse",
    ) -> None:
        self.schema = schema
        self.target = target
        self.recipe = recipe
        self.adversary_weight = adversary_weight
        self.likelihood_weight = likelihood_weight
        self.marginals_weight = marginals_weight
        self.rounds = rounds
        self.embedding_dim = embedding_dim
        self.generator_dim = generator_dim
        self.discriminator_dim = discriminator_dim
        self.pac = pac
        self.loss = loss
        self.label_smoothing = label_smoothing
        self.spectral_norm = spectral_norm
        self.feature_matching_weight = feature_matching_weight
        self.auxiliary_weight = auxiliary_weight
        self.discriminator_views = discriminator_views
        self.discriminator_steps = discriminator_steps
        self.rejection = rejection
        self.epochs = epochs
        self.max_seconds = max_seconds
        self.batch_size = batch_size
        self.generator_lr = generator_lr
        self.discriminator_lr = discriminator_lr
        self.likelihood_lr = likelihood_lr
        self.gradient_clip = gradient_clip
        self.discrete_columns = discrete_columns
        self.min_rows = min_rows
        self.rare = rare
        self.max_categories = max_categories
        self.infinite = infinite
        self.personal = personal
        self.locale = locale
        self.random_state = random_state
        self.device = device
        self.verbose = verbose
        self.callbacks = callbacks
        self.epsilon = epsilon
        self.delta = delta
        self.max_grad_norm = max_grad_norm
        self.privacy = privacy
        self.rules = rules
        self.broken_rows = broken_rows


# Python takes the name of a function for the TypeError about a misspelt argument.
Estimator.__init__.__qualname__ = "TabGAN.__init__"
