from __future__ import annotations

import numpy as np
import pytest

from tabgan.evaluation.features import ComparedColumn, FloatArray
from tabgan.evaluation.neighbours import Points, points
from tabgan.evaluation.support import (
    Spheres,
    alpha_precision,
    authenticity,
    beta_recall,
    coverage,
    density,
    nearest_other,
)


def on_a_line(*tables: list[float]) -> list[Points]:
    """Points whose distances are those of the numbers: the first table's ranks are its places."""
    return points([ComparedColumn("x", "numeric", numbers=tuple(np.array(t) for t in tables))], (0,))


def plane(n_rows: int, seed: int) -> tuple[Points, FloatArray]:
    rng = np.random.default_rng(seed)
    rows = rng.random((n_rows, 4))
    columns = [
        ComparedColumn(f"x{i}", "numeric", numbers=(np.linspace(0, 1, 1001), rows[:, i])) for i in range(4)
    ]
    return points(columns, (0,))[1], rows


def test_density_and_coverage_worked_out_by_hand() -> None:
    # Real rows 0..6: the 5th nearest of 3 is 3 away, of 2 and 4 it is 3, of 1 and 5 it is 4, then 5.
    real, inside, outside = on_a_line([float(i) for i in range(7)], [3.0], [6.0])
    spheres = Spheres.of(real)
    assert list(np.rint(spheres.radii / real.unit * 7)) == [5, 4, 3, 3, 3, 4, 5]
    n_spheres, covered = spheres.around(inside)
    assert list(n_spheres) == [7]
    assert covered.spheres.all()
    n_spheres, covered = spheres.around(outside)
    # 6 lies in the spheres of 3 (radius 3), 4, 5 and 6; not in those of 0, 1 and 2.
    assert list(covered.spheres) == [False, False, False, True, True, True, True]
    assert list(covered.alone) == [4]
    assert density(n_spheres).value == pytest.approx(4 / 5)
    assert coverage(covered)[0] == pytest.approx(4 / 7)
    # 0, 1 and 2 hold 3 alone, the others hold both.
    assert list(spheres.around(on_a_line([float(i) for i in range(7)], [3.0, 6.0])[1])[1].alone) == [3, 0]


def test_the_interval_of_coverage_holds_what_other_draws_of_both_sides_get() -> None:
    rng = np.random.default_rng(0)
    found = []
    for _ in range(100):
        real, fresh = on_a_line(list(rng.normal(size=200)), list(rng.normal(size=100)))
        found.append(coverage(Spheres.of(real).around(fresh)[1]))
    truth = np.mean([value for value, _ in found])
    held = [low <= truth <= high for _, (low, high) in found]
    # Spheres on a line overlap, so that one row decides about many: the score interval alone holds 75.
    assert sum(held) >= 90


def test_real_rows_have_a_density_of_one_and_cover() -> None:
    (real, _), (fresh, _) = plane(800, 0), plane(800, 1)
    n_spheres, covered = Spheres.of(real).around(fresh)
    assert density(n_spheres).value == pytest.approx(1, abs=0.1)
    # Of as many rows each, 1 - 2^-k of the spheres are hit (Naeem et al. 2020, section 3.2).
    assert coverage(covered)[0] == pytest.approx(1 - 2**-5, abs=0.02)


def test_alpha_precision_of_a_sample_is_one_and_of_a_point_a_half() -> None:
    rng = np.random.default_rng(0)
    real = rng.normal(size=(3000, 3))
    assert alpha_precision(real, rng.normal(size=(3000, 3))).value > 0.95
    # All rows in the middle: P is 1 at (almost) every alpha, and so is the area 1/2.
    assert alpha_precision(real, np.tile(real.mean(axis=0), (50, 1))).value == pytest.approx(0, abs=0.05)
    assert alpha_precision(real, real + 100).value == pytest.approx(0, abs=0.05)


def test_beta_recall_tells_a_sample_from_a_copy_and_from_a_corner() -> None:
    real, fresh = plane(600, 0), plane(600, 1)
    own = nearest_other(real[0], np.arange(600))
    assert beta_recall(real, fresh, own).value == pytest.approx(0.5, abs=0.08)
    assert beta_recall(real, real, own).value > 0.95
    corner = fresh[1] < 0.2
    rows = np.flatnonzero(corner[:, 0])
    assert beta_recall(real, (fresh[0].rows(rows), fresh[1][rows]), own).value < 0.4


def test_authenticity_is_zero_of_a_copy_one_of_strangers_and_between_for_a_sample() -> None:
    (seen, _), (fresh, _) = plane(600, 0), plane(600, 1)
    assert authenticity(seen, seen).value == 0
    assert 0.4 < authenticity(seen, fresh).value < 0.7
    half = Points(np.hstack([seen.cells[:, :300], fresh.cells[:, :300]]), seen.is_code, seen.unit)
    assert 0.2 < authenticity(seen, half).value < 0.35
    near, far = on_a_line([float(i) for i in range(10)] + [100.0], [60.0, 70.0])
    assert authenticity(near, far).value <= 0.5  # 100 has its nearest row 91 away


def test_ties_of_coarse_rows_are_halves() -> None:
    codes = ComparedColumn("x", "categorical", codes=(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])))
    seen, others = points([codes], (0,))
    assert authenticity(seen, others).value == 0.5


def test_intervals_hold_the_value_and_shrink_with_rows() -> None:
    widths = []
    for n_rows in (100, 1600):
        (seen, _), (fresh, _) = plane(n_rows, 0), plane(n_rows, 1)
        estimate = authenticity(seen, fresh)
        low, high = estimate.interval(np.random.default_rng(0), (0.0, 1.0))
        assert low < estimate.value < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 2.5
