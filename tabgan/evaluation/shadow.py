"""Membership inference with shadow models, for a synthesizer that can be fitted several times.

Not part of `evaluate`: it needs the synthesizer and not only its rows, and fits it `n_models` times.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from tabgan.evaluation.features import FloatArray, compare, content_columns, draw_rows
from tabgan.evaluation.intervals import CONFIDENCE, delong
from tabgan.evaluation.membership import MIN_ROWS, named_at
from tabgan.evaluation.metric import Family, Interval, Measure, Metric
from tabgan.evaluation.neighbours import nearest, points
from tabgan.evaluation.risk import NO_COLUMN
from tabgan.evaluation.tables import Tables
from tabgan.evaluation.verdict import verdict_of
from tabgan.schema import Schema

POOL_ROWS = 2_000
SYNTHETIC_ROWS = 10_000
RATE = 0.01
SMOOTH = 0.01  # of a usual distance, which counts as next to nothing
MIN_MODELS = 4  # fewer leave no model to compare with where a row was, or was not, among the rows

SOURCE = "Shokri et al. 2017, Membership inference attacks; Carlini et al. 2022 (a shadow score for each row)"
FORMULA = (
    "score of a row in a model: -log distance to its nearest synthetic row, less the middle of what the "
    "row gets from the other models fitted with and without it; "
)

MEASURES: tuple[Measure, ...] = (
    Measure(
        "shadow_auc",
        "Membership by shadow models: AUC",
        "privacy",
        "nearer",
        0.5,
        "How well an attacker who can fit the synthesizer again and again tells the rows it was fitted on "
        "from rows it was not. .5 is guessing, 1 always right.",
        FORMULA + "AUC of rows within against rows without, mean over the models",
        SOURCE,
    ),
    Measure(
        "shadow_tpr_at_1_percent",
        "Membership by shadow models: found at 1 % false alarms",
        "privacy",
        "lower",
        RATE,
        "Share of the rows it was fitted on that this attacker names when wrong about 1 % of the others. "
        "Chance names 1 %.",
        FORMULA + "true positive rate at a false positive rate of 1 %, mean over the models",
        SOURCE,
    ),
)


def shadow_membership(
    synthesizer: Callable[[pd.DataFrame], pd.DataFrame],
    train: pd.DataFrame,
    holdout: pd.DataFrame,
    *,
    schema: Schema | None = None,
    n_models: int = 8,
    max_rows: int = POOL_ROWS,
    seed: int = 0,
) -> Family:
    """Attack a synthesizer: a function that fits itself to a table and returns synthetic rows.

    Training and held-out rows in equal numbers, at most `max_rows` together, are one pool. Each of
    `n_models` (even, at least 4) models is fitted to another random half of it, so that every row
    is in half of the models; each model is attacked in turn with the others as its shadows. The
    figures are those of a table of half the pool: fewer rows leak more. Intervals: Student's t
    over the models; verdicts corrected for both tests. Details "shadow_models": a row a model.
    Raises: ValueError for a number of models that is odd or below 4, SchemaError when the tables
        or the synthetic rows do not fit together.
    """
    if n_models < MIN_MODELS or n_models % 2:
        raise ValueError(f"Expected an even n_models >= {MIN_MODELS}, got n_models={n_models}.")
    tables = Tables.checked(train, train, holdout, schema=schema, seed=seed).by_content
    rng = tables.rng("shadow")
    pool = _pool(tables, max_rows, rng)
    if len(pool) // 2 < max(MIN_ROWS, round(1 / RATE)):
        reason = f"it needs at least {round(1 / RATE):,} training rows and as many held out"
        return _undefined(reason, rows=len(pool))
    # Half of the models hold a row; which half is drawn for every row.
    is_in = np.argsort(rng.random((n_models, len(pool))), axis=0) < n_models // 2
    made = [
        draw_rows(synthesizer(pool[is_in[model]].reset_index(drop=True)), SYNTHETIC_ROWS, rng)
        for model in range(n_models)
    ]
    columns = content_columns(compare(pool, *made, schema=tables.schema))
    if not columns:
        return _undefined(NO_COLUMN, rows=len(pool))
    rows, *synthetic = points(columns, reference=(0,))
    distances = np.stack([nearest(rows, one)[0][:, 0] for one in synthetic])
    smooth = SMOOTH * (float(np.median(distances[~is_in])) or 1.0)
    return _judged(_calibrated(-np.log(distances + smooth), is_in), is_in)


def _pool(tables: Tables, max_rows: int, rng: np.random.Generator) -> pd.DataFrame:
    assert tables.holdout is not None
    n_each = min(len(tables.train), len(tables.holdout), max_rows // 2)
    pool: pd.DataFrame = pd.concat(
        [draw_rows(table, n_each, rng) for table in (tables.train, tables.holdout)], ignore_index=True
    )
    return pool


def _calibrated(closeness: FloatArray, is_in: npt.NDArray[np.bool_]) -> FloatArray:
    """Closeness less the middle between models with and without the row, this model left out.

    Shape: [models, rows] -> [models, rows].
    """
    middles = []
    for chosen in (is_in, ~is_in):
        sums = (closeness * chosen).sum(axis=0) - closeness * chosen
        middles.append(sums / (chosen.sum(axis=0) - chosen))
    calibrated: FloatArray = closeness - (middles[0] + middles[1]) / 2
    return calibrated


def _judged(scores: FloatArray, is_in: npt.NDArray[np.bool_]) -> Family:
    sides = [(one[chosen], one[~chosen]) for one, chosen in zip(scores, is_in, strict=True)]
    aucs = np.array([delong(*side)[0] for side in sides])
    named = [named_at(RATE, *side) for side in sides]
    found, wrong = (np.array([count[kind] for count in named]) for kind in (0, 1))
    shares = found / np.array([len(members) for members, _ in sides])
    alarms = wrong / np.array([len(others) for _, others in sides])
    n_rows = is_in.shape[1]
    level = 1 - (1 - CONFIDENCE) / len(MEASURES)
    metrics: list[Metric] = [
        measure.found(
            float(values.mean()),
            reference=measure.perfect,
            interval=_over_models(values, CONFIDENCE, (0.0, 1.0)),
            rows=n_rows,
            verdict=verdict_of(_over_models(excess, level, (-1.0, 1.0))),
        )
        for measure, values, excess in zip(
            MEASURES, (aucs, shares), (2 * aucs - 1, shares - alarms), strict=True
        )
    ]
    models = pd.DataFrame({"model": np.arange(len(aucs)), "auc": aucs, "tpr_at_1_percent": shares})
    return Family(tuple(metrics), {"shadow_models": models})


def _over_models(values: FloatArray, level: float, bounds: Interval) -> Interval:
    mean, error = float(values.mean()), float(np.std(values, ddof=1) / np.sqrt(len(values)))
    half = float(stats.t.ppf((1 + level) / 2, len(values) - 1)) * error
    return max(bounds[0], mean - half), min(bounds[1], mean + half)


def _undefined(reason: str, *, rows: int) -> Family:
    return Family(tuple(m.undefined(reason, rows=rows, verdict="underpowered") for m in MEASURES))
