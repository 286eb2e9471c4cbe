"""TabGAN: learn a table, make a new one. The only file that knows every part."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
from sklearn.base import BaseEstimator

from tabgan.arrow_table import ArrowStream, as_pandas
from tabgan.encoding.table import TableEncoder
from tabgan.errors import ModelFileError, NotFittedError, SchemaError
from tabgan.infinite import InfiniteRule
from tabgan.model_file import read_model, write_model
from tabgan.schema import Declared

if TYPE_CHECKING:
    from tabgan.gan.training import Trained
    from tabgan.privacy.accounting import Spent
    from tabgan.privacy.config import PrivacyConfig
    from tabgan.privacy.ledger import Ledger
    from tabgan.sampling import Sampler


class TabGAN(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A conditional tabular GAN: any columns given, the rest generated.

    Parameters: `schema` (a Schema, a JSON file or SDV metadata) says what is known of the
    columns; what it leaves out is inferred. `target` names the column that a table is about.
    `recipe` picks the teachers: "default" (likelihood, then the adversary at few rounds),
    "gan" (the adversary alone, one round) or "likelihood"; the three weights override it.
    `rounds`: groups of columns that the adversary trains for (1 for "gan", else 4).
    `epochs` or `max_seconds` bound training; with neither it stops when it stops improving.
    `min_rows`: nothing is stored that stands for fewer rows. `rare`: what becomes of rarer
    categories, "fold" into kept ones or the "token" `other`; `max_categories`: so many, the most
    frequent, are kept of a column. `infinite` numbers are an "error", "missing", or "clip"ped to
    finite ones. `personal`: column → "learn", "drop" or a form such as "email", where the
    recognition of personal columns is to be overruled; `locale`, such as "de_DE", has Faker make up
    their names and places. `device`: "auto", "cpu", "cuda" or "mps". `callbacks` get a dict an epoch
    and stop training by returning True.

    `epsilon` switches differential privacy on, for one row added or removed: `delta` must be below
    1 / rows (None: below 1 / rows^1.1 of the released number), `privacy` (a PrivacyConfig) splits the
    budget. Declare bounds and categories in `schema`: what is public costs nothing. "gan" is
    then the plain private GAN. Weights, `epochs` and `max_seconds` are not for private mode.

    Learned: `schema_`, `encoder_`, `generator_`, `quick_generator_`, `order_`,
    `loss_history_` (a DataFrame), `warnings_`; `ledger_`, every release and its cost, and
    `privacy_spent_` (None without epsilon).

    Privacy: none is promised without `epsilon`. Use the evaluation before a release.

    >>> table = pd.DataFrame({"a": [0, 1] * 200, "b": ["x", "y"] * 200})
    >>> model = TabGAN(epochs=30, recipe="likelihood").fit(table)
    >>> model.sample(3, conditions={"b": "y"})["b"].tolist()
    ['y', 'y', 'y']
    """

    # long: scikit-learn wants every setting in the signature and as an attribute, by name
    def __init__(  # noqa: PLR0913
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
        callbacks: Sequence[Callable[[dict[str, Any]], object]] = (),
        epsilon: float | None = None,
        delta: float | None = None,
        max_grad_norm: float = 1.0,
        privacy: PrivacyConfig | None = None,
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

    def fit(
        self,
        df: pd.DataFrame | ArrowStream,
        y: None = None,
        *,
        schema: Declared | None = None,
        ledger: str | os.PathLike[str] | None = None,
    ) -> TabGAN:
        """Learn a table of pandas, Polars, DuckDB, pyarrow or others that speak Arrow; `y` is ignored.

        `schema` takes the place of TabGAN's own. `ledger` (with epsilon): a file that every spend is
        written into first. One that is there is continued: the fit gets what is left.

        Raises: SchemaError, before any training, for a table or column that cannot be learned;
        BudgetExceededError, before anything runs, where too little of the budget is left.
        """
        del y
        df, declared = as_pandas(df), self.schema if schema is None else schema
        if self.epsilon is not None:
            return self._fit_privately(df, declared, ledger)
        if ledger is not None or self.delta is not None or self.privacy is not None:
            raise ValueError("Expected epsilon with ledger, delta or privacy: without it nothing is private.")
        from tabgan.gan.progress import training_bar
        from tabgan.learning import checked_seed, learn, settings_of, two_digits
        from tabgan.preparation import prepare

        parameters = self.get_params(deep=False)
        settings, seed = settings_of(parameters), checked_seed(self.random_state)
        ready = prepare(df, declared, parameters, settings)
        with training_bar(self.verbose) as show:
            trained = learn(
                ready.codes,
                ready.encoder,
                settings,
                target=self.target,
                seed=seed,
                device=self.device,
                callbacks=(show, *self.callbacks),
            )
        self.seed_, self.n_rows_ = seed, two_digits(len(df))
        self._keep(ready.encoder, trained, ready.notes, None)
        return self

    def _fit_privately(self, df: pd.DataFrame, schema: Any, ledger: str | os.PathLike[str] | None) -> TabGAN:
        """Learn under (epsilon, delta). The user's seed fixes nothing that hides a row."""
        from tabgan.gan.progress import training_bar
        from tabgan.learning import checked_seed
        from tabgan.private_learning import learn_with

        parameters = self.get_params(deep=False) | {"schema": schema}
        seed = checked_seed(self.random_state)
        with training_bar(self.verbose) as show:
            learned = learn_with(df, parameters, seed, ledger=ledger, callbacks=(show, *self.callbacks))
        self.seed_, self.n_rows_ = seed, learned.n_rows
        self._keep(learned.encoder, learned.trained, list(learned.notes), learned.ledger)
        return self

    def _keep(
        self, encoder: TableEncoder, trained: Trained | None, told: list[str], ledger: Ledger | None
    ) -> None:
        self.schema_, self.encoder_, self.ledger_ = encoder.schema, encoder, ledger
        self.generator_, self.quick_generator_ = None, None
        self.order_: tuple[int, ...] = ()
        self.loss_history_, self.warnings_ = pd.DataFrame(), told
        if trained is not None:
            self.generator_, self.quick_generator_ = trained.generator, trained.quick
            self.order_ = trained.order
            self.loss_history_ = pd.DataFrame(trained.history)
            self.warnings_ = [*told, *trained.warnings]
        self._sampler: Sampler | None = None

    @property
    def privacy_spent_(self) -> Spent | None:
        """(epsilon, delta, accountant) that all releases cost together; None without a guarantee."""
        self._check_fitted()
        return None if self.ledger_ is None else self.ledger_.spent

    def sample(
        self,
        num_rows: int | None = None,
        *,
        conditions: Mapping[Hashable, Any] | pd.DataFrame | None = None,
        counts: Mapping[Hashable, Mapping[Any, float]] | None = None,
        shares: Mapping[Hashable, Mapping[Any, float]] | None = None,
        rounds: int | None = None,
        seed: int | None = None,
    ) -> pd.DataFrame:
        """New rows, with the columns, order and dtypes of the table that was learned.

        `conditions`: column → a value, a list or set of values, or a tuple (low, high) with both ends
        included; every row keeps them. Or a table: one row is made for each of its rows, keeps its cells
        and has the missing ones drawn. `counts`: column → value or (low, high) → number of rows;
        `shares`: the same with shares of `num_rows`, met to the row; rows beyond them have other
        values. `rounds`: in how many groups the columns are drawn; by default one at a time, which is
        the most faithful; fewer are faster. `seed`: the same seed gives the same rows; None takes a new
        one, kept in `sample_seed_`.

        Raises: ConditionError, before sampling, when a condition cannot be met.
        """
        wanted = {"conditions": conditions, "counts": counts, "shares": shares}
        return next(self.sample_iter(num_rows, None, **wanted, rounds=rounds, seed=seed))  # type: ignore[arg-type]

    def sample_iter(
        self,
        num_rows: int | None = None,
        batch_rows: int | None = 65_536,
        *,
        conditions: Mapping[Hashable, Any] | pd.DataFrame | None = None,
        counts: Mapping[Hashable, Mapping[Any, float]] | None = None,
        shares: Mapping[Hashable, Mapping[Any, float]] | None = None,
        rounds: int | None = None,
        seed: int | None = None,
    ) -> Iterator[pd.DataFrame]:
        """The rows that `sample` gives, in tables of `batch_rows` (None: one), at constant memory."""
        from tabgan.learning import checked_count, checked_seed
        from tabgan.request import Request
        from tabgan.sampling import rebatched

        num_rows, batch_rows = (
            checked_count("num_rows", num_rows, 0),
            checked_count("batch_rows", batch_rows, 1),
        )
        sampler, rounds = self._fitted_sampler(), self._rounds(rounds)
        request = Request.of(num_rows, conditions, counts, shares, self.encoder_)
        request.check(sampler, self.encoder_, rounds)  # so that a bad condition is told of now
        self.sample_seed_ = checked_seed(seed)
        pieces = request.pieces(sampler, self.encoder_, rounds, self.sample_seed_)
        return rebatched(pieces, batch_rows, self.encoder_)

    def complete(
        self, df: pd.DataFrame | ArrowStream, *, rounds: int | None = None, seed: int | None = None
    ) -> pd.DataFrame:
        """Fill the missing cells of given rows, and columns they lack; what is given stays.

        Raises: SchemaError when the rows have columns that the model does not know.
        """
        from tabgan.learning import checked_seed

        sampler, rounds = self._fitted_sampler(), self._rounds(rounds)
        self.sample_seed_ = checked_seed(seed)
        return sampler.complete(as_pandas(df), rounds=rounds, seed=self.sample_seed_)

    def save(self, path: str | os.PathLike[str], *, notes: Mapping[str, Any] | None = None) -> None:
        """Write the model to one file; it appears whole or not at all.

        `notes`: further entries of the manifest, strict JSON.
        """
        self._check_fitted()
        from tabgan.learning import arrays_of

        write_model(
            path,
            manifest={**(notes or {}), **self.summary()},
            schema=self.schema_.to_dict(),
            encoding=self.encoder_.to_dict(),
            tensors=arrays_of(self.generator_, self.quick_generator_),
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, device: str = "auto") -> TabGAN:
        """Read a model that `save` wrote. Runs no code of the file.

        Raises: ModelFileError when the file is damaged, foreign or newer; ValueError when this
        machine has no such device.
        """
        from tabgan.learning import chosen_device
        from tabgan.model_state import restored

        chosen_device(device)  # one that is not there is no fault of the file
        content = read_model(path)
        try:
            return restored(cls, content, device)
        except (KeyError, TypeError, ValueError, RuntimeError, SchemaError) as error:
            raise ModelFileError(f"{Path(path).name} does not hold a whole model.") from error

    def summary(self) -> dict[str, Any]:
        """What the model file says of the training: settings, history, warnings, ledger. Strict JSON."""
        self._check_fitted()
        from tabgan.model_state import summary_of

        return summary_of(self)

    def plot_losses(self) -> Any:
        """`loss_history_` (losses and validation against epochs) as a Plotly figure: show or save it."""
        self._check_fitted()
        from tabgan.model_state import loss_figure

        return loss_figure(self.loss_history_)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "encoder_")

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise NotFittedError("This TabGAN has learned no table yet. Call fit or load first.")

    def _rounds(self, rounds: int | None) -> int | None:
        """The one-round recipe has learned no other way of drawing. Raises: ValueError."""
        if rounds is not None and (rounds < 1 or int(rounds) != rounds):
            raise ValueError(f"Expected rounds to be a whole number > 0 or None, got rounds={rounds!r}.")
        is_one = rounds is None and self.generator_ is self.quick_generator_ and self.recipe == "gan"
        return self.rounds or 1 if is_one else rounds

    def _fitted_sampler(self) -> Sampler:
        self._check_fitted()
        if getattr(self, "_sampler", None) is None:
            from tabgan.gan.drawing import Drawer
            from tabgan.sampling import Sampler

            networks = (self.generator_, self.quick_generator_)
            exact, quick = (None if network is None else Drawer(network) for network in networks)
            self._sampler = Sampler(self.encoder_, self.order_, exact, quick)
        assert self._sampler is not None
        return self._sampler
