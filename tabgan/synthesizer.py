"""TabGAN: learn a table, make a new one. The only file that knows every part."""

from __future__ import annotations

import itertools
import os
import warnings
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tabgan.arrow_table import ArrowStream, as_pandas
from tabgan.errors import ConstraintError, ModelFileError, NotFittedError, TabganWarning
from tabgan.interruption import Interruption
from tabgan.model_file import read_model, write_model
from tabgan.parameters import Estimator
from tabgan.schema import Declared

if TYPE_CHECKING:
    from tabgan.checkpoint import Checkpoint
    from tabgan.fitting import Learned
    from tabgan.privacy.accounting import Spent
    from tabgan.rule import Predicate
    from tabgan.ruled_sampling import RuledSampler
    from tabgan.sampling import Sampler


class TabGAN(Estimator):
    """A conditional tabular GAN: given any columns, it generates the rest.

    Parameters: `schema` (a Schema, a JSON file or SDV metadata) says what is known about the
    columns; what it leaves out is inferred. `target` names the column that the table is about.
    `recipe` picks the teachers: "default" (likelihood; then, with `rounds`, the adversary),
    "gan" (the adversary alone, one round) or "likelihood"; the three weights override it.
    `rounds`: passes of `sample` through the hidden layers per row; the adversary trains for that many.
    None: as few as lose next to nothing, without an adversary. `rejection`: a discriminator is taught last,
    and rows that it takes for synthetic are drawn again, unless `sample` is given a number of rounds.
    `epochs` or `max_seconds` limit training. Without them it ends when it no longer improves, at the latest
    after 2,400 steps or, for a large table, 30 epochs, but no more than 9,600 steps.
    `min_rows`: nothing is stored that stands for fewer rows. `rare`: rarer categories "fold" into
    those that are kept or become the "token" `other`; `max_categories`: at most this many categories of
    a column are kept, the most frequent. `infinite` numbers are an "error", "missing", or "clip"ped to
    finite ones. `personal`: column → "learn", "drop" or a form such as "email", to overrule the
    recognition of personal columns; with a `locale` such as "de_DE" their names and places come from
    Faker. `rules` between columns, added to those of the schema, hold in every row that is made;
    `broken_rows`: whether real rows that break one are refused or dropped.
    `device`: "auto", "cpu", "cuda" or "mps"; a missing one is replaced by the CPU, with a warning.
    `callbacks` get a dict per epoch and stop training by returning True (not with `epsilon`: its steps are
    planned). A single callback or rule needs no list.

    `epsilon` switches differential privacy on, for one row added or removed: `delta` must be below
    1 / rows (None: below 1 / rows^1.1 of the released number), `privacy` (a PrivacyConfig) splits the
    budget. Declare bounds and categories in `schema`: what is public costs nothing. "gan" is
    then the plain private GAN. Weights, `epochs` and `max_seconds` do not apply to private mode.

    Learned: `schema_`, `encoder_`, `generator_`, `quick_generator_`, `judge_`, `order_`, `runs_`, `groups_`,
    `loss_history_` (a DataFrame), `warnings_`; `ledger_`, every release and its cost, and
    `privacy_spent_` (None without epsilon).

    Privacy: nothing is promised without `epsilon`. Evaluate before a release.

    >>> table = pd.DataFrame({"a": [0, 1] * 200, "b": ["x", "y"] * 200})
    >>> model = TabGAN(epochs=30, recipe="likelihood").fit(table)
    >>> model.sample(3, conditions={"b": "y"})["b"].tolist()
    ['y', 'y', 'y']
    """

    def fit(
        self,
        df: pd.DataFrame | ArrowStream,
        y: None = None,
        *,
        schema: Declared | None = None,
        ledger: str | os.PathLike[str] | None = None,
        checkpoint: str | os.PathLike[str] | Checkpoint | None = None,
    ) -> TabGAN:
        """Learn a table of pandas, Polars, DuckDB, pyarrow or others that speak Arrow; `y` is ignored.

        `schema` replaces the model's own. `ledger` (with epsilon): a file that every spend is written to
        before it happens. An existing one is continued: the fit gets what is left. `checkpoint` (without
        epsilon): a file that training is saved to about once a minute and when it is interrupted; a fit
        that finds the file resumes from it, and removes it at the end. On a CPU the model is then, bit for
        bit, that of a fit that was never stopped.

        Ctrl-C stops training within a step: the model keeps the best weights so far and can be used and
        saved; only then is KeyboardInterrupt raised. A second Ctrl-C acts at once. SIGTERM is deferred in
        the same way where the program handles it.

        What a user should know, such as columns that are not learned as they are or too few rows, is kept
        in `warnings_`, and each line is given as a TabganWarning.

        Raises: SchemaError, before any training, for a table or column that cannot be learned;
        BudgetExceededError, before anything runs, where too little of the budget is left;
        ModelFileError for a checkpoint that is damaged, or of another table or other parameters.
        """
        from tabgan import fitting
        from tabgan.arguments import check_no_names

        df = as_pandas(df)
        check_no_names(y, df)
        parameters = self.get_params(deep=False)
        parameters |= {} if schema is None else {"schema": schema}
        files, interruption = fitting.Files(ledger, checkpoint), Interruption()
        learned, seed = fitting.learned(df, parameters, files, interruption)
        self._keep(learned, seed)
        try:
            _warn(self.warnings_)
        finally:  # also where warnings are errors
            interruption.act(fitting.told_of_stop(learned) or "Interrupted; training had already finished.")
        return self

    def _keep(self, learned: Learned, seed: int) -> None:
        from tabgan.learning import notes_on_device

        encoder, reduction, trained = learned.encoder, learned.reduction, learned.trained
        told = [*notes_on_device(self.device), *learned.notes]
        self.n_rows_, self.seed_ = learned.n_rows, seed
        self.schema_, self.encoder_, self.ledger_ = reduction.schema, encoder, learned.ledger
        self.reduction_ = reduction.with_encoder(encoder)
        self.generator_, self.quick_generator_, self.judge_ = None, None, None
        self.order_: tuple[int, ...] = ()
        self.runs_: tuple[int, ...] = ()
        self.groups_: tuple[tuple[int, ...], ...] = ()
        self.loss_history_, self.warnings_ = pd.DataFrame(), told
        if trained is not None:
            self.generator_, self.quick_generator_ = trained.generator, trained.quick
            self.judge_ = trained.judge
            self.order_, self.groups_ = trained.order, trained.groups
            self.runs_ = tuple(map(len, trained.runs))
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
        conditions: Mapping[Hashable, Any] | pd.DataFrame | ArrowStream | None = None,
        counts: Mapping[Hashable, Mapping[Any, float]] | None = None,
        shares: Mapping[Hashable, Mapping[Any, float]] | None = None,
        rounds: int | None = None,
        seed: int | None = None,
    ) -> pd.DataFrame:
        """New rows, with the columns, order and dtypes of the table that was learned.

        `conditions`: column → a value, a list or set of values, or a tuple (low, high) with both ends
        included; they hold in every row. Or a table: one row is made for each of its rows; its cells are
        kept and the missing ones drawn. `counts`: column → value or (low, high) → number of rows, also as a
        Series; `shares`: the same as shares of `num_rows`. Both are met exactly, so their values and
        intervals may not overlap; any further rows have other values. `rounds`: passes through the hidden
        layers per row, fewer being faster; by default as many as the model was fitted for; a number larger
        than that of the blocks means one for each. `seed`: the same seed gives the same rows; None takes a
        new one, kept in `sample_seed_`.

        Raises: ConditionError or, for a rule, ConstraintError, before sampling, when one cannot be met;
        TypeError for conditions, counts or shares of the wrong form.
        """
        wanted = {"conditions": conditions, "counts": counts, "shares": shares}
        return next(self.sample_iter(num_rows, None, **wanted, rounds=rounds, seed=seed))  # type: ignore[arg-type]

    def sample_iter(
        self,
        num_rows: int | None = None,
        batch_rows: int | None = 65_536,
        *,
        conditions: Mapping[Hashable, Any] | pd.DataFrame | ArrowStream | None = None,
        counts: Mapping[Hashable, Mapping[Any, float]] | None = None,
        shares: Mapping[Hashable, Mapping[Any, float]] | None = None,
        rounds: int | None = None,
        seed: int | None = None,
    ) -> Iterator[pd.DataFrame]:
        """The rows that `sample` gives, in tables of `batch_rows` (None: one), at constant memory."""
        from tabgan.arguments import check_request, checked_count, checked_seed
        from tabgan.parts import rebatched
        from tabgan.request import Request
        from tabgan.ruled_table import seen_from_outside

        if conditions is not None and not isinstance(conditions, Mapping):
            conditions = as_pandas(conditions)
        check_request(conditions, counts, shares)
        num_rows = checked_count("num_rows", num_rows, 0)
        batch_rows = checked_count("batch_rows", batch_rows, 1)
        sampler, rounds = self._fitted_sampler(rounds), self._rounds(rounds)
        table = seen_from_outside(self.encoder_, self.reduction_)
        request = Request.of(num_rows, conditions, counts, shares, table)
        request.check(sampler, table, rounds)  # so that a bad condition is told of now
        self.sample_seed_ = checked_seed(seed)
        pieces = request.pieces(sampler, table, rounds, self.sample_seed_)
        if self.schema_.rules:  # so that rules that cannot be kept are told of now
            pieces = itertools.chain([next(pieces)], pieces)
        return rebatched(pieces, batch_rows, self.schema_)

    def complete(
        self, df: pd.DataFrame | ArrowStream, *, rounds: int | None = None, seed: int | None = None
    ) -> pd.DataFrame:
        """Fill the missing cells of given rows, and columns they lack; given cells stay.

        A given value that was not learned has no influence on the other cells; a warning counts such rows.

        Raises: SchemaError for columns that the model does not know; ConstraintError for a broken rule.
        """
        from tabgan.arguments import checked_seed
        from tabgan.given_cells import notes_on_unknown

        sampler, rounds, given = self._fitted_sampler(rounds), self._rounds(rounds), as_pandas(df)
        self.sample_seed_ = checked_seed(seed)
        completed = sampler.complete(given, rounds=rounds, seed=self.sample_seed_)
        _warn(notes_on_unknown(given, self.encoder_, self.reduction_))
        return completed

    def save(self, path: str | os.PathLike[str], *, notes: Mapping[str, Any] | None = None) -> None:
        """Write the model to one file; it appears whole or not at all.

        `notes`: further entries of the manifest, strict JSON.
        """
        self._check_fitted()
        from tabgan.model_state import encoding_of
        from tabgan.weights import arrays_of

        write_model(
            path,
            manifest={**(notes or {}), **self.summary()},
            schema=self.schema_.to_dict(),
            encoding=encoding_of(self),
            tensors=arrays_of(self.generator_, self.quick_generator_, self.judge_),
        )

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        device: str = "auto",
        predicates: Mapping[str, Predicate] | None = None,
    ) -> TabGAN:
        """Read a model that `save` wrote. Runs no code of the file.

        `predicates`: the functions of the model's `Custom` rules by name, since no file holds them.

        Raises: ModelFileError when the file is damaged, foreign or newer; ConstraintError when the
        predicate of a rule is not given; ValueError for an unknown name of a device.
        """
        from tabgan.learning import notes_on_device
        from tabgan.model_state import restored

        notes = notes_on_device(device)  # before: a name that is none is no fault of the file
        content = read_model(path)
        try:
            model = restored(cls, content, device, predicates or {})
        except ConstraintError:
            raise
        except Exception as error:  # whatever it is, the file has caused it
            raise ModelFileError(f"{Path(path).name} does not hold a whole model.") from error
        model.warnings_ = [*notes, *(line for line in model.warnings_ if line not in notes)]
        _warn(notes)
        return model

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
        """As many as asked for, or fitted for; the plain GAN draws in one. Raises: ValueError."""
        if rounds is not None and (not isinstance(rounds, int | np.integer) or rounds < 1):
            raise ValueError(f"Expected rounds to be a whole number > 0 or None, got rounds={rounds!r}.")
        is_gan = self.generator_ is self.quick_generator_ and self.recipe == "gan"
        return rounds or self.rounds or (1 if is_gan else None)

    def _fitted_sampler(self, rounds: int | None = None) -> Sampler | RuledSampler:
        """Who draws the rows; in another number of rounds than the model was made for, nobody judges them."""
        self._check_fitted()
        from tabgan.ruled_sampling import RuledSampler

        if getattr(self, "_sampler", None) is None:
            from tabgan.gan.drawing import Drawer
            from tabgan.sampling import Sampler

            networks = (self.generator_, self.quick_generator_)
            exact, quick = (None if network is None else Drawer(network) for network in networks)
            order = (self.order_, self.runs_, self.groups_)
            self._sampler = Sampler(self.encoder_, *order, exact, quick, self.judge_)
        assert self._sampler is not None
        sampler = (
            self._sampler if rounds is None or self.judge_ is None else replace(self._sampler, judge=None)
        )
        return RuledSampler(sampler, self.reduction_) if self.schema_.rules else sampler


def _warn(lines: Iterable[str]) -> None:
    """Give each line as a warning of whoever called the method that calls this."""
    for line in lines:
        warnings.warn(line, TabganWarning, stacklevel=3)
