"""Noisy tables made smooth: neighbouring levels are looked at together, as far as that pays.

In a fine table of two numbers the noise of its cells is more than the rows in them, while the shape
that many cells share is plain. How far to smooth is chosen for each table by Stein's unbiased estimate
of the error that is left, which needs the released counts and their noise alone: post-processing.

Source: Stein 1981 (the estimate); Nadaraya 1964, Watson 1964 (the kernel, weighted by what is expected).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tabgan.gan.blocks import Blocks
from tabgan.gan.tree import FloatArray, NoisyMarginals, NoisyTable, nearest_distribution, scaled_to

# In levels; without end, all levels deviate alike.
BANDWIDTHS = (0.0, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 4.5, 8.0, math.inf)
FIRST = 2  # of them: where the search starts
SWEEPS = 2
LEAST_ERROR = 0.15  # of the noise: a cell is never believed to be better known
FITTING_ROUNDS = 10
TINY = 1e-9


def smoothed(marginals: NoisyMarginals, blocks: Blocks) -> NoisyMarginals:
    """The same marginals: pairs shrunk to independence, triples to what their pairs tell.

    `sigma` of each table is then the estimated error of a cell.
    """
    shares, places = marginals.shares(blocks), level_places(blocks)
    pairs = {}
    for (i, j), released in marginals.pairs.items():
        alone = np.outer(shares[i], shares[j])
        table, error = _smooth(released, alone, [places[i], places[j]], marginals.n_rows)
        table = scaled_to(table, shares[i], shares[j])
        pairs[i, j] = NoisyTable(table * marginals.n_rows, error)
    made = replace(marginals, pairs=pairs)
    triples = {}
    for three, released in marginals.triples.items():
        expected = without_interaction(made, three, shares)
        table, error = _smooth(released, expected, [places[block] for block in three], marginals.n_rows)
        triples[three] = NoisyTable(table * marginals.n_rows, error)
    return replace(made, triples=triples)


def level_places(blocks: Blocks) -> list[FloatArray | None]:
    """Number of each code of a block along its order, NaN for one without place; None for no order."""
    found: list[FloatArray | None] = []
    for codes in blocks.slices:
        has_place = blocks.features[codes, 1].cpu().numpy() > 0
        place = np.where(has_place, np.arange(len(has_place)), np.nan)
        found.append(place if has_place.any() else None)
    return found


def without_interaction(
    marginals: NoisyMarginals, three: tuple[int, int, int], shares: Sequence[FloatArray]
) -> FloatArray:
    """The distribution of three blocks that has their pairs, and else nothing of its own.

    Source: Deming & Stephan 1940 (iterative proportional fitting).
    """
    first, second, third = three
    known = (
        marginals.pair(first, second, shares)[:, :, None],
        marginals.pair(first, third, shares)[:, None, :],
        marginals.pair(second, third, shares)[None, :, :],
    )
    table = known[0] * known[1] / np.maximum(known[1].sum(2, keepdims=True), TINY)
    for _ in range(FITTING_ROUNDS):
        for axis, wanted in zip((2, 1, 0), known, strict=True):
            table = table * (wanted / np.maximum(table.sum(axis, keepdims=True), 1e-15))
    return np.asarray(table / table.sum())


def _smooth(
    released: NoisyTable, expected: FloatArray, places: Sequence[FloatArray | None], n_rows: float
) -> tuple[FloatArray, float]:
    """What a table deviates from the expected distribution by, smoothed; as distribution, and its error.

    Unit of the error: rows a cell.
    """
    rough = released.counts - expected * n_rows
    weights = expected + TINY / expected.size
    choices: list[list[FloatArray | None]] = [
        [None] if place is None else [_kernel(place, width) for width in BANDWIDTHS] for place in places
    ]
    best = [0 if place is None else FIRST for place in places]
    risk, smooth = _risk(rough, weights, _chosen(choices, best), released.sigma)
    for _ in range(SWEEPS):
        for axis, kernels in enumerate(choices):
            for place in range(len(kernels)):
                trial = [*best[:axis], place, *best[axis + 1 :]]
                if trial == best:
                    continue
                found = _risk(rough, weights, _chosen(choices, trial), released.sigma)
                if found[0] < risk:
                    (risk, smooth), best = found, trial
    table = expected + smooth / n_rows
    error = min(1.0, max(LEAST_ERROR, math.sqrt(max(risk, 0.0) / rough.size) / released.sigma))
    return nearest_distribution(table.ravel()).reshape(table.shape), error * released.sigma


def _chosen(choices: list[list[FloatArray | None]], places: list[int]) -> list[FloatArray | None]:
    return [kernels[place] for kernels, place in zip(choices, places, strict=True)]


def _risk(
    rough: FloatArray, weights: FloatArray, kernels: list[FloatArray | None], sigma: float
) -> tuple[float, FloatArray]:
    """Stein's estimate of the squared error of the smoothed table, and the table, shrunk as is best."""
    weighed = weights / _applied(weights, kernels)  # the kernels' own weight in each cell's mean
    smooth = weighed * _applied(rough, kernels)
    freedom = sigma**2 * float(weighed.sum())
    along = float((rough * smooth).sum())
    share = min(1.0, max(0.0, (along - freedom) / max(float((smooth**2).sum()), 1e-30)))
    smooth = share * smooth
    left = float(((rough - smooth) ** 2).sum())
    return left + 2 * share * freedom - rough.size * sigma**2, smooth


def _applied(table: FloatArray, kernels: list[FloatArray | None]) -> FloatArray:
    for axis, kernel in enumerate(kernels):
        if kernel is not None:
            table = np.moveaxis(np.tensordot(kernel, table, (1, axis)), 0, axis)
    return table


def _kernel(place: FloatArray, bandwidth: float) -> FloatArray:
    """Weights of every level for every other one, 1 for itself; a code without place stands alone."""
    apart = np.abs(place[:, None] - place[None, :])
    if bandwidth == 0.0:
        return np.eye(len(place))
    kernel = np.nan_to_num(np.exp(-0.5 * (apart / bandwidth) ** 2), nan=0.0)
    np.fill_diagonal(kernel, 1.0)
    return np.asarray(kernel)
