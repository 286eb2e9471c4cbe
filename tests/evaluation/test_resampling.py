from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan.evaluation.metric import Measure
from tabgan.evaluation.resampling import ALL_GROUPS, GROUPS, RowGroups, side_totals, variation
from tabgan.evaluation.tables import Sides

SHARE = Measure("share", "Share", "fidelity", "higher", 1.0, "")


def groups_of(*sizes: int, seed: int = 0) -> RowGroups:
    frames = [pd.DataFrame({"a": np.zeros(size)}) for size in sizes]
    return RowGroups.of(Sides(*frames), np.random.default_rng(seed))


@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (3, 100, 7, 7), (401, 97, 50, 50)])
def test_every_row_is_in_one_group_of_its_own_side(sizes: tuple[int, int, int, int]) -> None:
    groups = groups_of(*sizes)
    real, synthetic = np.split(groups.group, np.cumsum(sizes)[:-1])[:2]
    assert real.max() < GROUPS <= synthetic.min()
    for part, size in ((np.bincount(real), sizes[0]), (np.bincount(synthetic - GROUPS), sizes[1])):
        assert part.sum() == size
        assert part.max() - part.min() <= 1
    # Weights lie on groups with rows, and every draw weighs as much as all of them.
    for t in (0, 1):
        filled = min(GROUPS, sizes[t])
        assert (groups.draws[t, :, filled:] == 0).all()
        assert groups.draws[t].sum(axis=1) == pytest.approx(filled)


def test_counts_by_group_add_up_to_counts_by_side() -> None:
    rng = np.random.default_rng(3)
    groups = groups_of(120, 60, 30, 30)
    cells = rng.integers(0, 5, 240)
    by_group = groups.by_group(cells, 5)
    assert by_group.shape == (ALL_GROUPS, 5)
    expected = [np.bincount(part, minlength=5) for part in np.split(cells, [120, 180, 210])]
    assert (side_totals(by_group) == expected).all()
    assert (groups.of_sides(cells, 5) == expected).all()


def test_draws_of_a_mean_vary_as_its_standard_error_says() -> None:
    rng = np.random.default_rng(5)
    n = 4000
    cells = (rng.random(2 * n + 20) < 0.3).astype(np.int64)
    found = []
    for seed in range(20):
        groups = groups_of(n, n, 10, 10, seed=seed)
        found.append(groups.drawn(groups.by_group(cells, 2))[0][:, 1].std(ddof=1) / n)
    assert np.mean(found) == pytest.approx(cells[:n].std() / np.sqrt(n), rel=0.1)


def test_draws_of_a_distance_vary_as_new_samples_do() -> None:
    # The distance of two samples of one distribution is all noise: the hardest case for a bootstrap.
    def distance(seed: int) -> tuple[float, float]:
        rng = np.random.default_rng(seed)
        groups = groups_of(1000, 1000, 10, 10, seed=seed)
        cells = rng.integers(0, 300, 2020)
        counts = groups.of_sides(cells, 300)
        draws = variation(*groups.drawn(groups.by_group(cells, 300)))
        return float(variation(counts[0], counts[1])), float(draws.std(ddof=1))

    values, spreads = np.array([distance(seed) for seed in range(60)]).T
    assert np.mean(spreads) == pytest.approx(values.std(), rel=0.35)


def test_variation_of_counts_worked_out_by_hand() -> None:
    assert variation(np.array([1, 1]), np.array([0, 5])) == 0.5
    assert variation(np.array([0, 0]), np.array([0, 5])) == 1.0
    assert variation(np.array([0, 0]), np.array([0, 0])) == 0.0


def test_too_few_rows_have_a_value_and_no_interval() -> None:
    metric = groups_of(4, 9, 9, 9).found(SHARE, [0.5, 0.6, 0.1], np.array([0.4, 0.6]))
    assert metric.value == 0.5
    assert metric.interval is None
    metric = groups_of(9, 9, 9, 9).found(SHARE, [0.5, 0.6, 0.1], np.array([0.4, 0.6]), bounds=(0.45, 1.0))
    assert metric.interval is not None
    assert metric.interval[0] == 0.45
    assert (metric.reference, metric.floor, metric.rows) == (0.6, 0.1, 9)
