"""A short summary of a synthetic table beside its references, for a terminal, a file or a page."""

from __future__ import annotations

import os
from collections.abc import Hashable
from dataclasses import asdict, dataclass

import pandas as pd

from tabgan.evaluation.detection import C2ST_ROWS, c2st_auc
from tabgan.evaluation.distances import NEIGHBOUR_ROWS, exact_matches, nearest_neighbour_share
from tabgan.evaluation.features import shuffled_columns
from tabgan.evaluation.fidelity import ColumnShapes, PairTrends, column_shapes, pair_trends
from tabgan.evaluation.profiles import ColumnProfile, column_profiles
from tabgan.evaluation.texts import shown
from tabgan.evaluation.utility import TRAIN_ROWS, is_regression, tstr_auc
from tabgan.schema import Schema, infer_schema

VERSION = 1


@dataclass(frozen=True)
class Metric:
    """One number with what it is to be read against.

    `reference` is what real rows get that the generator has not seen, `floor` what a table with
    shuffled columns gets (right columns, no relation between them).
    """

    key: str
    name: str
    value: float
    reference: float | None
    floor: float | None
    meaning: str
    group: str


@dataclass(frozen=True)
class Summary:
    """What `quick_summary` found; nothing in it stands for fewer than 5 real rows."""

    metrics: tuple[Metric, ...]
    shapes: ColumnShapes
    trends: PairTrends
    profiles: tuple[ColumnProfile, ...]
    n_rows: dict[str, int]
    target: Hashable | None
    seed: int

    def __getitem__(self, key: str) -> float:
        """Value of the metric with this key, such as `c2st_auc`."""
        return next(metric.value for metric in self.metrics if metric.key == key)

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Name, value, reference and meaning of every metric, as text for a table."""
        return [(m.name, shown(m.value), _references(m), m.meaning) for m in self.metrics]

    def to_dict(self) -> dict[str, object]:
        """The same as plain values for JSON; column names become text."""
        return {
            "version": VERSION,
            "seed": self.seed,
            "target": None if self.target is None else str(self.target),
            "rows": dict(self.n_rows),
            "caps": {
                "c2st_rows": C2ST_ROWS,
                "tstr_rows": TRAIN_ROWS,
                "nearest_neighbour_rows": NEIGHBOUR_ROWS,
            },
            "metrics": {metric.key: _without_key(metric) for metric in self.metrics},
            "column_shapes": [
                {"column": str(name), "score": score} for name, score in self.shapes.scores.items()
            ],
            "pair_trends": [
                {"columns": [str(name) for name in pair], "score": score}
                for pair, score in self.trends.scores.items()
            ],
        }

    def to_html(self, path: str | os.PathLike[str]) -> None:
        """Write one self-contained HTML page; nothing in it is loaded from elsewhere."""
        # Charts take a second to import; a terminal summary does without.
        from tabgan.evaluation.report import write_page

        write_page(self, path)


def quick_summary(
    train: pd.DataFrame,
    synthetic: pd.DataFrame,
    holdout: pd.DataFrame,
    *,
    target: Hashable | None = None,
    schema: Schema | None = None,
    seed: int = 0,
) -> Summary:
    """Judge a synthetic table by the rows it was learned from and by rows held out.

    Every number comes with what the holdout itself gets and what shuffled columns get. Same
    tables and seed, same summary. Large tables are judged on random rows (the caps are stated).
    """
    schema = schema or infer_schema(train)
    floor = shuffled_columns(train, seed)
    shapes = column_shapes(train, synthetic, schema=schema)
    trends = pair_trends(train, synthetic, schema=schema)
    metrics = [
        _c2st(train, synthetic, holdout, floor, schema=schema, seed=seed),
        *_similarity(train, holdout, floor, shapes, trends, schema=schema),
    ]
    if target is not None:
        metrics.append(_tstr((train, synthetic, holdout, floor), target, schema=schema, seed=seed))
    metrics += _copies(train, synthetic, holdout, schema=schema, seed=seed)
    return Summary(
        metrics=tuple(metrics),
        shapes=shapes,
        trends=trends,
        profiles=tuple(column_profiles(train, synthetic, schema=schema)),
        n_rows={"train": len(train), "synthetic": len(synthetic), "holdout": len(holdout)},
        target=target,
        seed=seed,
    )


def _c2st(
    train: pd.DataFrame,
    synthetic: pd.DataFrame,
    holdout: pd.DataFrame,
    floor: pd.DataFrame,
    *,
    schema: Schema,
    seed: int,
) -> Metric:
    value, reference, worst = (
        c2st_auc(holdout, other, seed, schema=schema) for other in (synthetic, train, floor)
    )
    return Metric(
        "c2st_auc",
        "Classifier test (C2ST AUC)",
        value,
        reference,
        worst,
        "0.5: boosted trees cannot tell synthetic rows from real ones; 1: they always can.",
        "Is it faithful?",
    )


def _similarity(
    train: pd.DataFrame,
    holdout: pd.DataFrame,
    floor: pd.DataFrame,
    shapes: ColumnShapes,
    trends: PairTrends,
    *,
    schema: Schema,
) -> list[Metric]:
    real, none = (
        (column_shapes(train, t, schema=schema).mean, pair_trends(train, t, schema=schema).mean)
        for t in (holdout, floor)
    )
    means = (
        ("column_shapes", "Column shapes", shapes.mean, real[0], none[0],
         "1: every column by itself is spread as in the real table."),
        ("pair_trends", "Pair trends", trends.mean, real[1], none[1],
         "1: related columns go together as in the real table."),
        ("quality", "Quality", (shapes.mean + trends.mean) / 2, sum(real) / 2, sum(none) / 2,
         "Mean of the two above; forgiving, so read the classifier test first."),
    )  # fmt: skip
    return [Metric(*mean, group="Is it faithful?") for mean in means]


def _tstr(tables: tuple[pd.DataFrame, ...], target: Hashable, *, schema: Schema, seed: int) -> Metric:
    train, synthetic, holdout, floor = tables
    value, reference, worst = (
        tstr_auc(learned, holdout, target, seed, schema=schema) for learned in (synthetic, train, floor)
    )
    score = "R2" if is_regression(holdout, target, schema=schema) else "AUC"
    return Metric(
        "tstr_auc",
        f"Train on synthetic, test on real ({score})",
        value,
        reference,
        worst,
        "How well a model learned from synthetic rows predicts the target of real ones.",
        "Is it useful?",
    )


def _copies(
    train: pd.DataFrame,
    synthetic: pd.DataFrame,
    holdout: pd.DataFrame,
    *,
    schema: Schema,
    seed: int,
) -> list[Metric]:
    share = nearest_neighbour_share(train, synthetic, holdout, seed, schema=schema)
    matches = exact_matches(train, synthetic, holdout, schema=schema)
    group = "Does it repeat rows?"
    return [
        Metric("nearest_neighbour_share", "Nearer to training rows", share, 0.5, None,
               "0.5: no nearer to the rows learned from than to rows held out. A screen, "
               "not evidence of privacy.", group),
        Metric("exact_matches", "Rows found in the training table", matches.synthetic,
               matches.holdout, None,
               "Rows equal in every cell; chance alone gives the holdout's share.", group),
    ]  # fmt: skip


def _references(metric: Metric) -> str:
    floor = "" if metric.floor is None else f", shuffled {shown(metric.floor)}"
    return f"real {shown(metric.reference)}{floor}"


def _without_key(metric: Metric) -> dict[str, object]:
    return {name: value for name, value in asdict(metric).items() if name != "key"}
