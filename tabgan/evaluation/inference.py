"""Attribute inference: do the synthetic rows give away a cell to someone who knows the others?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabgan.evaluation.attack_rows import HOLDOUT, SYNTHETIC, TRAIN, attack_rows, share_of_pairs
from tabgan.evaluation.features import ComparedColumn, FloatArray, IntArray, scale_of
from tabgan.evaluation.metric import Family, Measure
from tabgan.evaluation.neighbours import Points, chunks, column_distances, distances
from tabgan.evaluation.risk import NO_COLUMN, NO_HOLDOUT, Risk, Trials, gravest_verdict, worst_of
from tabgan.evaluation.tables import Tables
from tabgan.evaluation.texts import counted, printable

TOLERANCE = 0.05
ONE_COLUMN = "a cell can be inferred only from another column that differs"
ROUNDING = 1e-9  # of the tolerance: a guess at its very edge is right in every unit

INFERENCE = Measure(
    "inference",
    "Attribute inference",
    "privacy",
    "lower",
    0.0,
    "Share of training rows of which one cell is guessed right from the synthetic row that is "
    "nearest in all other columns, beyond the same share of rows held out. 0: no more than chance.",
    "(attack - control) / (1 - control), of the worst column as the secret; a number is right within "
    "0.05 × max(|truth - median|, interquartile range)",
    "Giomi et al. 2023, A unified framework for quantifying privacy risk in synthetic data, 4.3",
)
MEASURES = (INFERENCE,)


def inference_metrics(tables: Tables) -> Family:
    """Attribute inference with every column as the secret, the worst reported.

    The guess is the secret's cell in the synthetic row that is nearest in all other columns. The
    attack is tried on distinct training rows, the control on as many held out (at most 3,000 of
    each), against as many synthetic rows as 2e9 compared cells allow; naive guesses the cell of a
    synthetic row drawn at random. A missing cell is a secret like any other: it is guessed right
    by a missing cell alone. Columns with one value in the rows attacked have no secret. Distance:
    Gower's, of quantile ranks. Interval: Newcombe's of the difference, Bonferroni-corrected for
    the number of columns.
    """
    if tables.holdout is None:
        return Family.undefined(MEASURES, NO_HOLDOUT, verdict="underpowered")
    rows = attack_rows(tables, share_of_pairs)
    if len(rows.columns) < 2:
        return Family.undefined(MEASURES, ONE_COLUMN if rows.columns else NO_COLUMN)
    secrets = [c for c, cells in enumerate(rows.real_places()) if cells.min() < cells.max()]
    if not secrets:
        return Family.undefined(MEASURES, "all real rows are alike, none has a secret")
    train, synthetic, control = rows.points()
    guesses = [nearest_without(points, synthetic, secrets) for points in (train, control)]
    drawn = tables.rng("inference").integers(len(synthetic), size=len(train))
    risks = []
    for place, column in enumerate(rows.targets()[c] for c in secrets):
        sides = (TRAIN, guesses[0][place]), (TRAIN, drawn), (HOLDOUT, guesses[1][place])
        attack, naive, on_control = (
            Trials(int(right_guesses(column, side, picked).sum()), len(train)) for side, picked in sides
        )
        risks.append(Risk(attack, naive, on_control, tests=len(secrets)))
    names = [rows.columns[c].name for c in secrets]
    found = worst_of(risks)
    note = f"worst of {counted(len(secrets), 'column')} as the secret: {printable(names[found], 60)}"
    metric = risks[found].metric(INFERENCE, rows=2 * len(train), note=note)
    details = [{"column": name, **risk.to_row()} for name, risk in zip(names, risks, strict=True)]
    return Family((replace(metric, verdict=gravest_verdict(risks)),), {"inference": pd.DataFrame(details)})


def nearest_without(query: Points, synthetic: Points, secrets: list[int]) -> IntArray:
    """The synthetic row nearest in all columns but one, for each of `secrets`.

    Shape: [secrets, rows of query]. Of rows equally near the first.
    """
    found = np.empty((len(secrets), len(query)), dtype=np.int64)
    for chunk in chunks(query, synthetic):
        rows = query.rows(chunk)
        total = distances(rows, synthetic)
        for place, secret in enumerate(secrets):
            found[place, chunk] = (total - column_distances(rows, synthetic, secret)).argmin(axis=1)
    return found


def right_guesses(column: ComparedColumn, side: int, picked: IntArray) -> npt.NDArray[np.bool_]:
    """Whether the cells of the picked synthetic rows are those of the rows of a side.

    A number (or date) is right within a tolerance that does not depend on its unit or on where
    the unit has its zero: 5 % of the truth's distance from the median, or of the interquartile
    range where that is more. Median and range are those of the training and held-out rows.
    """
    if not column.is_numeric:
        is_right: npt.NDArray[np.bool_] = column.codes[side] == column.codes[SYNTHETIC][picked]
        return is_right
    scale = max(map(scale_of, column.numbers))
    truth, guess = column.numbers[side] / scale, column.numbers[SYNTHETIC][picked] / scale
    real = np.concatenate([column.numbers[TRAIN], column.numbers[HOLDOUT]]) / scale
    is_near = np.abs(guess - truth) <= tolerance(truth, real[~np.isnan(real)])
    return is_near | (np.isnan(guess) & np.isnan(truth))


def tolerance(truth: FloatArray, real: FloatArray) -> FloatArray:
    """How far a guess of each number may be off.

    >>> tolerance(np.array([10.0, 50.0]), np.array([0.0, 10.0, 20.0, 30.0, 40.0])).round(2)
    array([1. , 1.5])
    """
    if len(real) == 0:
        return np.zeros(len(truth))
    low, middle, high = np.quantile(real, [0.25, 0.5, 0.75])
    allowed: FloatArray = TOLERANCE * (1 + ROUNDING) * np.fmax(np.abs(truth - middle), high - low)
    return allowed
