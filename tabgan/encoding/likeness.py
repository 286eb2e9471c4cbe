"""Labels in an order in which neighbours are alike.

More than 100 labels are written as digits. By frequency, the labels of one coarse digit have nothing in
common, and each would have to be learned by itself. Here those of one digit are held by rows that look alike:
what a label goes with is mostly told by its coarse digit, which has many more rows.

Source: correspondence analysis (Greenacre 1984), and bisection along the principal axis (Boley 1998,
Principal direction divisive partitioning).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.linalg import eigh

from tabgan.encoding.categorical import CategoricalEncoder
from tabgan.encoding.layout import CodeArray, FloatArray, IntArray

MAX_LABELS = 2**16  # of a column; more stay in the order of their frequency
MAX_BLOCKS = 64  # that labels are compared by
MAX_FEATURES = 1_000  # codes of those blocks
MAX_CELLS = 2**24  # of labels and such codes
MAX_AXES = 32
DEVIATIONS = 3  # of the chi-square of chance, which a block must exceed to tell anything


def by_likeness(encoders: Sequence[Any], ask: Callable[[], pd.DataFrame | None]) -> tuple[Any, ...]:
    """The same encoders, labels of those with several digits in an order in which neighbours are alike.

    `ask` gives the rows by which labels are compared, and is called where there are such labels; None
    where no row may be looked at: nothing is changed.
    """
    wanted = [place for place, encoder in enumerate(encoders) if _has_free_digits(encoder)]
    rows = ask() if wanted else None
    if rows is None:
        return tuple(encoders)
    codes = [encoder.encode(rows[encoder.column.name])[0] for encoder in encoders]
    ordered = list(encoders)
    for place in wanted:
        encoder = encoders[place]
        flat = encoder.split.join(codes[place])
        is_label = flat < len(encoder.labels)
        others = [code[is_label, block] for code, block in _compared(codes, place)]
        deviations, weights = _profiles(flat[is_label], len(encoder.labels), others)
        steps = [encoder.split.digit**power for power in range(encoder.split.depth - 1, 0, -1)]
        order = _bisected(_axes(deviations, weights), weights, np.arange(len(weights)), steps)
        ordered[place] = encoder.reordered(order.tolist())
    return tuple(ordered)


def _has_free_digits(encoder: Any) -> bool:
    if not isinstance(encoder, CategoricalEncoder) or encoder.column.ordered:
        return False
    return encoder.split.depth > 1 and len(encoder.labels) <= MAX_LABELS


def _compared(codes: Sequence[CodeArray], place: int) -> list[tuple[CodeArray, int]]:
    """The blocks of the other columns; of a wide table some by lot, so that time grows with its width."""
    blocks = [
        (code, block) for other, code in enumerate(codes) if other != place for block in range(code.shape[1])
    ]
    if len(blocks) <= MAX_BLOCKS:
        return blocks
    lot = np.random.default_rng(place).choice(len(blocks), MAX_BLOCKS, replace=False)
    return [blocks[index] for index in np.sort(lot)]


def _profiles(labels: IntArray, n_labels: int, others: Sequence[CodeArray]) -> tuple[FloatArray, FloatArray]:
    """How far the rows of each label are from all rows in the shares of every code, and their number.

    Blocks of codes that tell most come first, until there are as many codes as are compared.
    Shape: -> [labels, codes], [labels].
    """
    n_rows = np.bincount(labels, minlength=n_labels).astype(np.float64)
    excess = [_deviations(labels, n_rows, codes)[0] for codes in others]
    kept, room = [np.zeros((n_labels, 1))], min(MAX_FEATURES, MAX_CELLS // n_labels)
    for place in np.argsort([-told for told in excess], kind="stable"):
        if excess[place] > 0:
            deviations = _deviations(labels, n_rows, others[place])[1]
            room -= deviations.shape[1]
            if room < 0:
                break
            kept.append(deviations)
    return np.concatenate(kept, axis=1), n_rows


def _deviations(labels: IntArray, n_rows: FloatArray, codes: CodeArray) -> tuple[float, FloatArray]:
    """Chi-square of a block beyond chance, 0 where it may be chance; and the deviations it consists of.

    Deviations are scaled by the share of the chi-square that chance does not explain. Shape: [rows],
    [labels], [rows] -> [labels, codes].
    """
    size = int(codes.max(initial=0)) + 1
    flat = np.bincount(labels * size + codes, minlength=len(n_rows) * size)
    counts = flat.reshape(len(n_rows), size)
    shares = counts.sum(0) / max(len(labels), 1)
    counts, shares = counts[:, shares > 0], shares[shares > 0]
    deviations = (counts / np.maximum(n_rows, 1)[:, None] - shares) / np.sqrt(shares)
    deviations[n_rows == 0] = 0.0
    chi_square = float((n_rows[:, None] * deviations**2).sum())
    by_chance = (len(n_rows) - 1) * (len(shares) - 1)
    if chi_square <= by_chance + DEVIATIONS * np.sqrt(2 * by_chance):
        return 0.0, deviations
    return chi_square - by_chance, deviations * (1 - by_chance / chi_square)


def _axes(deviations: FloatArray, weights: FloatArray) -> FloatArray:
    """Coordinates on the axes along which labels differ most. Shape: [labels, codes] -> [labels, axes]."""
    return deviations @ _directions(deviations, weights, MAX_AXES)


def _directions(points: FloatArray, weights: FloatArray, n_axes: int) -> FloatArray:
    """Principal directions of weighted points, the widest last, each with its largest part above zero."""
    centred = points - np.average(points, axis=0, weights=np.maximum(weights, 1e-9))
    centred *= np.sqrt(weights)[:, None]
    width = points.shape[1]
    wanted = (max(0, width - n_axes), width - 1)
    directions = eigh(centred.T @ centred, subset_by_index=wanted, check_finite=False)[1]
    largest = np.abs(directions).argmax(axis=0)
    return np.asarray(directions * np.sign(directions[largest, np.arange(len(largest))]))


def _bisected(points: FloatArray, weights: FloatArray, places: IntArray, steps: Sequence[int]) -> IntArray:
    """The places in an order in which each run of so many, for every step, holds points that are near.

    Cut in two along the widest direction, at a multiple of the step, until no run is longer; labels of
    the last runs are in the order of their frequency.
    """
    steps = [step for step in steps if step < len(places)]
    if not steps:
        return places[np.argsort(-weights[places], kind="stable")]
    direction = _directions(points[places], weights[places], 1)[:, 0]
    places = places[np.argsort(points[places] @ direction, kind="stable")]
    cut = steps[0] * (-(-len(places) // steps[0]) // 2)
    return np.concatenate([_bisected(points, weights, half, steps) for half in np.split(places, [cut])])
