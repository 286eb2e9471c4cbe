"""`evaluate`: every question about a synthetic table, asked of the tables alone."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from rich.markup import escape
from rich.table import Table

import tabgan
from tabgan.arrow_table import ArrowStream, as_pandas
from tabgan.cells import element_of, refuse_dtype
from tabgan.errors import SchemaError, TabganError
from tabgan.evaluation.control import repeated_rows, unlike_rows, without_calm
from tabgan.evaluation.features import IntArray
from tabgan.evaluation.metric import Family, Metric
from tabgan.evaluation.profiles import ColumnProfile, column_profiles
from tabgan.evaluation.questions import QUESTIONS, Question
from tabgan.evaluation.standing import WORST_FIRST, Standing, gravest, standing, worst_first
from tabgan.evaluation.tables import Tables
from tabgan.evaluation.texts import plain, shown
from tabgan.evaluation.threads import one_thread
from tabgan.schema import Schema, check_table, judged_schema

FORMAT, VERSION = "tabgan-evaluation", 1
MAX_ROWS = 1_000_000  # rows of each table that are looked at; a family may look at fewer
MAX_SEED = 2**63
CLASSIFIER_SEEDS = 2**32  # scikit-learn takes no larger seed

OUTSIDE_EPSILON = (
    "The synthetic rows come from private mode. This evaluation reads the real rows, which is outside "
    "epsilon: the guarantee covers the synthetic rows, not these figures. Keep them with the real table."
)


@dataclass(frozen=True)
class Answer:
    """One question, the verdict on it, and the metrics behind that, worst first."""

    question: Question
    standing: Standing
    metrics: tuple[Metric, ...]


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` found. It holds no row: categories and bins stand for 5 real rows or more.

    `rows`: how many rows of each table were given and how many used, at most `max_rows`; a metric may use
    fewer (its own `rows`). `epsilon` is not None if the synthetic rows come from private mode (see
    `in_private_mode`). `warnings` say why held-out rows are no fair control. `seconds`: the time that each
    question took.
    """

    families: dict[str, Family]
    profiles: tuple[ColumnProfile, ...]
    rows: dict[str, dict[str, int]]
    target: Hashable | None
    seed: int
    max_rows: int = MAX_ROWS
    epsilon: float | None = None
    warnings: tuple[str, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict, compare=False)

    def __getitem__(self, key: str) -> Metric:
        """The metric with this key, such as `evaluation["c2st_auc"]`. Raises: TabganError."""
        return self._whole[key]

    def __repr__(self) -> str:
        held_out = f", {self.rows['holdout']['given']:,} held out" if "holdout" in self.rows else ""
        train, synthetic = (f"{self.rows[name]['given']:,}" for name in ("train", "synthetic"))
        lines = [f"Evaluation of {synthetic} synthetic rows beside {train} real ones{held_out}"]
        for answer in self.answers:
            worst, told = answer.metrics[0], ""
            if worst.value is not None:
                told = f": {worst.measure.name} {shown(worst.value)}, real rows {shown(worst.reference)}"
            lines.append(f"  {answer.question.text:<60}{answer.standing}{told}")
        lines += [f"Warning: {told}" for told in self.warnings]
        lines += [self.note] if self.note else []
        return "\n".join([*lines, "More in summary(), details(name), to_html(path), to_dict() and by [key]."])

    @property
    def note(self) -> str:
        """What must be said along with the figures; empty unless in private mode."""
        return "" if self.epsilon is None else OUTSIDE_EPSILON

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """All metrics in the order of the questions, undefined ones too."""
        return self._whole.metrics

    @property
    def answers(self) -> list[Answer]:
        """Every question with its metrics; the gravest answer first."""
        told = [_answer(question, self.families[question.key]) for question in QUESTIONS]
        return sorted(told, key=lambda answer: WORST_FIRST.index(answer.standing))

    def in_private_mode(self, epsilon: float) -> Evaluation:
        """The same, saying that the synthetic rows were made under this epsilon and it was not."""
        if not epsilon > 0:
            raise ValueError(f"Expected epsilon > 0, got epsilon={epsilon!r}.")
        return replace(self, epsilon=float(epsilon))

    def details(self, name: str) -> pd.DataFrame:
        """A copy of the table behind some metrics, such as `columns` or `pairs`. Raises: TabganError."""
        tables = self._whole.details
        if name not in tables:
            raise TabganError(f"There are no details {name!r}. Choose one of {', '.join(sorted(tables))}.")
        copied: pd.DataFrame = tables[name].copy()
        return copied

    @property
    def detail_names(self) -> tuple[str, ...]:
        """The names `details` takes."""
        return tuple(self._whole.details)

    def summary(self) -> Table:
        """A table to print with rich: the questions, worst first, each with its metrics."""
        table = Table(title="Synthetic rows beside real ones", title_justify="left", box=None, pad_edge=False)
        for head in HEADS:
            table.add_column(head, overflow="fold")
        for row in self.text_rows():
            style = None if row[0].startswith(" ") else "bold"
            table.add_row(*map(escape, row), style=style)
        table.caption = "\n".join([*self.warnings, self.note]).strip() or None
        return table

    def text_rows(self, *, every_metric: bool = True) -> list[tuple[str, ...]]:
        """The cells of `summary` as text: a row a question, then a row for each metric or the worst."""
        rows: list[tuple[str, ...]] = []
        for answer in self.answers:
            metrics = answer.metrics if every_metric else answer.metrics[:1]
            is_open = not every_metric and metrics[0].value is None
            reason = f": {metrics[0].note}" if is_open else ""
            rows.append((answer.question.text, "", "", "", "", f"{answer.standing}{reason}"))
            rows += [] if is_open else [_text_row(metric) for metric in metrics]
        return rows

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON; None where something is undefined, names of columns as text."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "tabgan": tabgan.__version__,
            "seed": self.seed,
            "target": plain(self.target),
            "rows": {name: dict(counts) for name, counts in self.rows.items()},
            "caps": {"table_rows": self.max_rows, "metric_rows": "`rows` of each metric"},
            "epsilon": self.epsilon,
            "note": self.note,
            "warnings": list(self.warnings),
            "questions": [
                {
                    "key": answer.question.key,
                    "question": answer.question.text,
                    "group": answer.question.group,
                    "standing": answer.standing,
                    "metrics": [metric.key for metric in answer.metrics],
                }
                for answer in self.answers
            ],
            "metrics": {m.key: m.to_dict() | {"standing": standing(m)} for m in self.metrics},
            "details": {name: _records(table) for name, table in self._whole.details.items()},
        }

    def to_json(self) -> str:
        """`to_dict` as strict JSON text: equal tables and seed, equal text."""
        return json.dumps(self.to_dict(), allow_nan=False, indent=1)

    def to_html(self, path: str | os.PathLike[str]) -> None:
        """Write one self-contained HTML page; nothing in it is loaded from elsewhere."""
        # The drawing library need not be there for a summary in a terminal.
        from tabgan.evaluation.report import write_page

        write_page(self, path)

    @property
    def _whole(self) -> Family:
        return Family.join(list(self.families.values()))


HEADS = ("measure", "value", "95 % interval", "real rows", "shuffled", "finding")


def evaluate(  # noqa: PLR0913  # every setting by its name
    train: pd.DataFrame | ArrowStream,
    synthetic: pd.DataFrame | ArrowStream,
    holdout: pd.DataFrame | ArrowStream | None = None,
    *,
    schema: Schema | None = None,
    target: Hashable | None = None,
    seed: int = 0,
    time_budget: float | None = None,
    callback: Callable[[str], object] | None = None,
) -> Evaluation:
    """Judge a synthetic table against the rows it was learned from and against held-out real rows.

    Every metric comes with what real rows score, what shuffled columns score, and an interval. The
    privacy questions need a holdout; without one they stay open, and the reference of the others is one
    half of the training rows compared with the other. Held-out rows that were learned from, or that
    differ from the training rows, cause `warnings`. The same tables and seed give the same result.

    Unit: `time_budget` in seconds. Once it is spent no further question is started, and the metrics of
    those left say so; the most telling questions come first. Of tables with more than a million rows, a
    million random rows are used. `callback` gets the text of each question before it is asked.
    Raises: SchemaError when the tables cannot be compared, ValueError for a seed or a time budget
        out of range.
    """
    begin = time.monotonic()
    if time_budget is not None and not time_budget > 0:
        raise ValueError(f"Expected time_budget > 0 or None, got time_budget={time_budget!r}.")
    if not isinstance(seed, int | np.integer) or not 0 <= seed < MAX_SEED:
        raise ValueError(f"Expected a seed from 0 to 2**63 - 1, got seed={seed!r}.")
    train, synthetic = as_pandas(train), as_pandas(synthetic)
    holdout = None if holdout is None else as_pandas(holdout)
    for what, table in (("training", train), ("synthetic", synthetic), ("held-out", holdout)):
        if isinstance(table, pd.DataFrame) and table.empty and table.shape[1]:
            raise SchemaError(f"The {what} table has no rows.")
    schema = judged_schema(train, schema)
    for table in (synthetic,) if holdout is None else (synthetic, holdout):
        _check_cells(table)
    given = Tables.checked(
        train, synthetic, holdout, schema=schema, target=target, seed=int(seed) % CLASSIFIER_SEEDS
    )
    tables, kept = _cut(given)
    budget = math.inf if time_budget is None else time_budget
    with one_thread():
        repeated = repeated_rows(tables)
        families, seconds = _ask(tables, begin, budget, callback or (lambda _: None))
    if repeated:
        families = without_calm(families)
    unlike = "" if holdout is None else unlike_rows(families["detection"]["c2st_auc"])
    return Evaluation(
        families=_with_rows_of(families, kept),
        profiles=tuple(column_profiles(tables.train, tables.synthetic, tables.holdout, schema=tables.schema)),
        rows=_row_counts(given, tables),
        target=target,
        seed=int(seed),
        max_rows=MAX_ROWS,
        warnings=tuple(filter(None, (repeated, unlike))),
        seconds=seconds,
    )


def _check_cells(table: pd.DataFrame) -> None:
    """Raise SchemaError for cells of a kind that no column can have; the real table's schema has done so."""
    check_table(table)
    for place, name in enumerate(table.columns):
        cells = table.iloc[:, place]
        refuse_dtype(name, cells.dtype)
        if cells.dtype == object:
            present = cells.dropna()
            for _, alike in present.groupby(present.map(type), sort=False):
                element_of(name, alike)


def _cut(tables: Tables) -> tuple[Tables, IntArray]:
    """The tables with at most MAX_ROWS rows each, and the places of the training rows kept."""
    rng = tables.rng("cut")

    def drawn(table: pd.DataFrame) -> tuple[pd.DataFrame, IntArray]:
        if len(table) <= MAX_ROWS:
            return table, np.arange(len(table))
        places = np.sort(rng.choice(len(table), MAX_ROWS, replace=False))
        return table.iloc[places].reset_index(drop=True), places

    train, kept = drawn(tables.train)
    synthetic, _ = drawn(tables.synthetic)
    holdout = None if tables.holdout is None else drawn(tables.holdout)[0]
    return replace(tables, train=train, synthetic=synthetic, holdout=holdout), kept


def _ask(
    tables: Tables, begin: float, budget: float, callback: Callable[[str], object]
) -> tuple[dict[str, Family], dict[str, float]]:
    """Every question in its turn while there is time; answers in the order of the questions."""
    found: dict[str, Family] = {}
    seconds: dict[str, float] = {}
    for question in sorted(QUESTIONS, key=lambda one: one.turn):
        start = time.monotonic()
        if start - begin > budget:
            reason = f"the time budget of {budget:g} s was spent before its turn"
            found[question.key] = Family.undefined(question.measures, reason)
            continue
        callback(question.text)
        found[question.key] = question.answer(tables)
        seconds[question.key] = time.monotonic() - start
    return {question.key: found[question.key] for question in QUESTIONS}, seconds


def _with_rows_of(families: dict[str, Family], kept: IntArray) -> dict[str, Family]:
    """Exposed rows by their place in the table that was given, not in the one that was cut."""
    exposed = families["exposure"].details.get("exposed_rows")
    if exposed is not None:
        exposed["row"] = kept[exposed["row"].to_numpy(dtype=np.int64)]
    return families


def _row_counts(given: Tables, used: Tables) -> dict[str, dict[str, int]]:
    pairs = {
        "train": (given.train, used.train),
        "synthetic": (given.synthetic, used.synthetic),
        "holdout": (given.holdout, used.holdout),
    }
    return {
        name: {"given": len(whole), "used": len(cut)}
        for name, (whole, cut) in pairs.items()
        if whole is not None and cut is not None
    }


def _answer(question: Question, family: Family) -> Answer:
    judged = [metric for metric in family.metrics if metric.verdict is not None]
    return Answer(
        question, gravest(map(standing, judged or family.metrics)), tuple(worst_first(family.metrics))
    )


def _text_row(metric: Metric) -> tuple[str, ...]:
    note = f": {metric.note}" if metric.value is None else ""
    interval = "–" if metric.interval is None else " … ".join(map(shown, metric.interval))
    figures = (shown(metric.value), interval, shown(metric.reference), shown(metric.floor))
    return (f"  {metric.measure.name}", *figures, f"{standing(metric)}{note}")


def _records(table: pd.DataFrame) -> list[dict[str, object]]:
    columns = [[plain(cell) for cell in table[name]] for name in table.columns]
    return [dict(zip(map(str, table.columns), row, strict=True)) for row in zip(*columns, strict=True)]
