"""Do synthetic rows lie where real rows lie, everywhere they do, and not on top of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from tabgan.evaluation.bins import quantiles
from tabgan.evaluation.embedding import embed
from tabgan.evaluation.features import FloatArray, compare
from tabgan.evaluation.intervals import bootstrap, normal
from tabgan.evaluation.metric import Family, Interval, Measure, Metric
from tabgan.evaluation.models import BOOSTING, Problem
from tabgan.evaluation.neighbours import points
from tabgan.evaluation.samples import (
    Discrepancy,
    frechet_distance,
    inception_score,
    maximum_mean_discrepancy,
)
from tabgan.evaluation.support import (
    NEIGHBOURS,
    Estimate,
    Spheres,
    alpha_precision,
    authenticity,
    beta_recall,
    coverage,
    density,
    nearest_other,
    over_rows,
)
from tabgan.evaluation.tables import Sides, Tables
from tabgan.evaluation.targets import find_task

MANIFOLD_ROWS = 3_000  # of each side
SEEN_ROWS = 40_000  # real rows that synthetic ones may be copies of
MMD_ROWS = 1_000  # of each side
INCEPTION_ROWS = 10_000  # real rows that the classifier learns from
QUANTILE_CLASSES = 5
FRECHET_DRAWS = 30
MIN_ROWS = NEIGHBOURS + 2

REAL, SYNTHETIC, REFERENCE, FLOOR = range(4)  # places of the sides
OTHERS = (SYNTHETIC, REFERENCE, FLOOR)
# What ranks and axes are fitted to. Not to the reference: all its rows would be whole steps of the ranks
# away from real rows, and synthetic rows, which may lie between two steps, would seem nearer.
FITTED = (REAL,)

DENSITY = Measure(
    "density",
    "Density",
    "fidelity",
    "nearer",
    1.0,
    "1: synthetic rows lie where real rows lie as densely as real ones; under 1: many lie where few real "
    "rows are; over 1: they crowd where most real rows are.",
    "Mean number of real rows whose 5th nearest real row is no nearer than the synthetic row, over 5. "
    "Gower's distance.",
    "Naeem, Oh, Uh, Choi & Yoo 2020, Reliable fidelity and diversity metrics; interval: bootstrap of the "
    "synthetic rows.",
    overfits=False,
)
COVERAGE = Measure(
    "coverage",
    "Coverage",
    "fidelity",
    "higher",
    1.0,
    "Share of real rows that have a synthetic row among their neighbours: near 1 where no kind of row is "
    "left out.",
    "Share of real rows with a synthetic row no farther than the 5th nearest real one. Gower's distance.",
    "Naeem et al. 2020; interval: Wilson's of other real rows, and a jackknife of the synthetic ones.",
)
ALPHA = Measure(
    "alpha_precision",
    "Alpha-precision",
    "fidelity",
    "higher",
    1.0,
    "1: typical and unusual rows are as frequent among the synthetic rows as among the real ones.",
    "1 - 2 mean |P(alpha) - alpha|, P the share of synthetic rows in the ball that holds a share alpha of "
    "the real rows, around their mean.",
    "Alaa, van Breugel, Saveliev & van der Schaar 2022, without their one-class network: distances are "
    "those of quantile ranks and one-hot categories; interval: bootstrap of the synthetic rows.",
    overfits=False,
)
BETA = Measure(
    "beta_recall",
    "Beta-recall",
    "fidelity",
    "higher",
    None,
    "How well synthetic rows reach every kind of real row. Read it beside the reference: other real rows get "
    "0.5 to 0.7, and less where they are fewer than the rows to be reached. Surely more means copies.",
    "1 - 2 mean |R(beta) - beta|, R the share of real rows whose nearest synthetic row is nearer than the "
    "nearest real one (ties half) and among the share beta most typical synthetic ones.",
    "Alaa et al. 2022, neighbours in Gower's distance, without their network; interval: bootstrap of the "
    "real rows.",
)
AUTHENTICITY = Measure(
    "authenticity",
    "Authenticity",
    "fidelity",
    "nearer",
    None,
    "Share of synthetic rows that are farther from the nearest training row than that row is from another "
    "one. Copies get 0, rows unlike any real one 1, other real rows what the reference says: about 0.5, less "
    "where few columns are all there is.",
    "Mean of d(synthetic, nearest training row) > d(that row, its nearest other training row), ties half. "
    "Gower's distance.",
    "Alaa et al. 2022; interval: bootstrap of the synthetic rows.",
)
FRECHET = Measure(
    "frechet_distance",
    "Fréchet distance of encoded rows",
    "fidelity",
    "lower",
    0.0,
    "How far means and covariances of the columns are from those of real rows: the FID of tables.",
    "|m - m'|² + tr(C + C' - 2 (C C')^½) of rows encoded as √3 × quantile rank and one-hot / √2.",
    "Heusel et al. 2017, the encoding in place of their network; interval: 30 bootstraps of all rows.",
    has_scale=False,
)
INCEPTION = Measure(
    "inception_score",
    "Inception score of the target",
    "fidelity",
    "higher",
    None,
    "How sure a classifier learned from real rows is of each row's class, and how varied the classes are. "
    "Compare it with the reference; the lowest is 1.",
    "exp mean KL(p(class | row) | p(class)), boosted trees on all columns but the target; a number is cut "
    "into 5 classes at its quantiles.",
    "Salimans et al. 2016, the classifier in place of their network; interval: bootstrap of the synthetic "
    "rows.",
    overfits=False,
)
MMD = Measure(
    "mmd",
    "Maximum mean discrepancy (squared)",
    "fidelity",
    "lower",
    0.0,
    "0: no smooth function tells synthetic rows from real ones. The note has the p-value of equal "
    "distributions.",
    "Unbiased, Gaussian kernel of median width on encoded rows; 200 permutations.",
    "Gretton et al. 2012, A kernel two-sample test; interval: bootstrap of all rows.",
    has_scale=False,
)
MEASURES = (DENSITY, COVERAGE, ALPHA, BETA, AUTHENTICITY, FRECHET, INCEPTION, MMD)


def manifold_metrics(tables: Tables) -> Family:
    """Where synthetic rows lie among real ones, from at most 3,000 rows of each side.

    Copies are looked for among at most 40,000 real rows, the MMD takes 1,000 rows of each side.
    The inception score takes the target of `utility_metrics`. Intervals are bootstraps of the
    rows each measure names, that of coverage is Wilson's and a jackknife.
    """
    sides = tables.sides(MANIFOLD_ROWS)
    columns = compare(*sides, schema=tables.schema)
    if not columns:
        return Family.undefined(MEASURES, "there is no column to compare")
    if min(map(len, sides)) < MIN_ROWS:
        return Family.undefined(MEASURES, f"it needs at least {MIN_ROWS} rows of each table")
    encoded = embed(columns, FITTED)
    samples = [_discrepancy(tables, encoded, other) for other in OTHERS]
    frame = pd.DataFrame(
        {
            "rows": ["synthetic", "other real", "shuffled"],
            "mmd": [sample.value for sample in samples],
            "p_value": [sample.p_value for sample in samples],
        }
    )
    metrics = [
        *_neighbourhoods(tables, sides, encoded),
        _frechet(tables, encoded),
        _inception(tables, sides),
        _mmd(samples, min(MMD_ROWS, len(encoded[SYNTHETIC]))),
    ]
    return Family(tuple(metrics), {"mmd": frame})


def _neighbourhoods(tables: Tables, sides: Sides, encoded: list[FloatArray]) -> list[Metric]:
    """Density, coverage, alpha-precision, beta-recall and authenticity."""
    seen = tables.sides(SEEN_ROWS).real
    placed = points(compare(*sides, seen, schema=tables.schema), FITTED)
    rng, spheres = tables.rng("manifold"), Spheres.of(placed[REAL])
    around = [spheres.around(placed[other]) for other in OTHERS]
    covered = [coverage(spheres_held) for _, spheres_held in around]
    n_real, n_rows = len(placed[REAL]), len(placed[SYNTHETIC])
    own = nearest_other(placed[REAL], np.arange(n_real))
    both = list(zip(placed, encoded, strict=False))
    real = both[REAL]
    return [
        _found(DENSITY, [density(n_spheres) for n_spheres, _ in around], rng, (0.0, np.inf), n_rows),
        COVERAGE.of_three([value for value, _ in covered], interval=covered[0][1], rows=n_real),
        _found(ALPHA, [alpha_precision(real[1], encoded[o]) for o in OTHERS], rng, (-1.0, 1.0), n_rows),
        _found(BETA, [beta_recall(real, both[o], own) for o in OTHERS], rng, (-1.0, 1.0), n_real),
        _found(AUTHENTICITY, [authenticity(placed[-1], placed[o]) for o in OTHERS], rng, (0.0, 1.0), n_rows),
    ]


def _found(
    measure: Measure,
    three: Sequence[Estimate],
    rng: np.random.Generator,
    bounds: Interval,
    n_rows: int,
    note: str = "",
) -> Metric:
    """The metric of estimates from synthetic, other real and shuffled rows."""
    interval = three[0].interval(rng, bounds)
    return measure.of_three([one.value for one in three], interval=interval, rows=n_rows, note=note)


def _frechet(tables: Tables, encoded: list[FloatArray]) -> Metric:
    real, others = encoded[REAL], encoded[SYNTHETIC]
    three = [frechet_distance(real, encoded[other]) for other in OTHERS]

    def resampled(rng: np.random.Generator) -> float:
        drawn = (side[rng.integers(len(side), size=len(side))] for side in (real, others))
        return frechet_distance(*drawn)

    interval = bootstrap(three[0], resampled, tables.rng("frechet"), n=FRECHET_DRAWS, bounds=(0.0, np.inf))
    return FRECHET.of_three(three, interval=interval, rows=len(others))


def _discrepancy(tables: Tables, encoded: list[FloatArray], other: int) -> Discrepancy:
    """The MMD of as many real and other rows, the same real ones whatever the others."""
    rng = tables.rng("mmd")
    n_rows = min(MMD_ROWS, len(encoded[REAL]), len(encoded[other]))
    first, second = (
        encoded[side][rng.choice(len(encoded[side]), n_rows, replace=False)] for side in (REAL, other)
    )
    return maximum_mean_discrepancy(first, second, rng)


def _mmd(samples: Sequence[Discrepancy], n_rows: int) -> Metric:
    found, reference, _ = samples
    return MMD.of_three(
        [sample.value for sample in samples],
        interval=normal(found.value, found.draws),
        rows=n_rows,
        note=f"p = {found.p_value:.3f}; real rows against real rows p = {reference.p_value:.3f}",
    )


def _inception(tables: Tables, sides: Sides) -> Metric:
    task = find_task(tables)
    if isinstance(task, str):
        return INCEPTION.undefined(task)
    learned = task.complete(tables.sides(INCEPTION_ROWS).real)
    if len(learned) < MIN_ROWS:
        return INCEPTION.undefined(f"it needs {MIN_ROWS} training rows that have a target")
    # Only the features of these rows are looked at: they need no target.
    problem = _in_classes(Problem.of(task, [learned, *sides[1:]], (0,), tables.schema))
    if problem.truths[0].min() == problem.truths[0].max():
        return INCEPTION.undefined("the target has a single value in the real rows to learn from")
    classifier = problem.learned(BOOSTING, {0: slice(None)}, tables.seed)
    named = [classifier.predict(problem.boosting_rows[t]) for t in (1, 2, 3)]
    three = [_inception_of(probability) for probability in named]
    return _found(INCEPTION, three, tables.rng("inception"), (1.0, np.inf), len(named[0]), task.note)


def _inception_of(probability: FloatArray) -> Estimate:
    return over_rows(lambda rows: inception_score(probability[rows]), len(probability))


def _in_classes(problem: Problem) -> Problem:
    """The same problem, a number cut into five classes at its quantiles."""
    if not problem.task.is_number:
        return problem
    edges = np.unique(quantiles(problem.truths[0], QUANTILE_CLASSES))
    truths = [np.searchsorted(edges, truth, side="right").astype(np.float64) for truth in problem.truths]
    return replace(problem, task=replace(problem.task, is_number=False), truths=tuple(truths))
