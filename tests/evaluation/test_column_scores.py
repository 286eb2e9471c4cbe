from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.evaluation.column_scores import Scores, scores_of, shape_draws
from tabgan.evaluation.features import ComparedColumn, compare
from tabgan.evaluation.fidelity import column_shape
from tabgan.evaluation.resampling import RowGroups
from tabgan.evaluation.tables import Sides

NUMBERS = st.lists(st.one_of(st.integers(-4, 4).map(float), st.just(np.nan)), min_size=1, max_size=12)


def scored(*sides: list[object], seed: int = 0) -> tuple[ComparedColumn, RowGroups, dict[str, Scores]]:
    frames = Sides(*(pd.DataFrame({"a": side}) for side in sides))
    column = compare(*frames)[0]
    groups = RowGroups.of(frames, np.random.default_rng(seed))
    return column, groups, scores_of(column, groups)


@pytest.mark.parametrize(
    ("other", "covered"),
    [([0.0, 10.0], 1.0), ([2.0, 7.0], 0.5), ([-5.0, 5.0], 0.5), ([20.0, 30.0], 0.0), ([10.0, 99.0], 0.0)],
)
def test_the_range_that_is_covered_worked_out_by_hand(other: list[float], covered: float) -> None:
    found = scored([0.0, 10.0, 4.5], other, [0.0], [np.nan])[2]
    assert found["range_coverage"].three == pytest.approx((covered, 0.0, 0.0))


def test_a_single_value_is_covered_or_not() -> None:
    assert scored([3.5], [2.5, 4.5], [3.5], [9.5])[2]["range_coverage"].three == (1.0, 1.0, 0.0)
    tiny = [-5e-324, 5e-324] * 4
    assert scored(tiny, [-1.0, 1.0], [1e300, 1e308], [0.0])[2]["range_coverage"].three[:2] == (1.0, 0.0)


def test_categories_are_covered_whatever_their_number_of_rows() -> None:
    found = scored(list("aabcd"), list("aaaaab"), list("dz"), list("abcd"))[2]
    assert found["category_coverage"].three == (0.5, 0.25, 1.0)


def test_missing_categories_count_for_the_shape_alone() -> None:
    found = scored(["x", "y"] * 100, ["x", "y", None, None] * 50, ["x"] * 9, [None] * 9)[2]
    assert (found["column_shapes"].three[0], found["tv_complement"].three[0]) == (0.5, 1.0)
    assert found["column_shapes"].draws.mean() < 0.6 < 0.8 < found["tv_complement"].draws.mean()


@settings(max_examples=60, deadline=None)
@given(NUMBERS, NUMBERS, NUMBERS)
def test_scores_are_within_bounds_and_equal_sides_are_perfect(
    real: list[float], synthetic: list[float], reference: list[float]
) -> None:
    sides = tuple(np.array(side) for side in (real, synthetic, reference, real))
    column = ComparedColumn("a", "numeric", numbers=sides)
    frames = Sides(*(pd.DataFrame({"a": side}) for side in sides))
    for key, score in scores_of(column, RowGroups.of(frames, np.random.default_rng(0))).items():
        perfect = 0.0 if key == "wasserstein" else 1.0
        assert score.three[2] == pytest.approx(perfect)
        assert np.isfinite(score.draws).all()
        if key != "wasserstein":
            assert 0 <= min(score.three) <= max(score.three) <= 1
            assert -1e-12 <= score.draws.min() <= score.draws.max() <= 1 + 1e-12


@pytest.mark.parametrize("kind", ["numeric", "categorical"])
def test_the_interval_holds_what_new_samples_give(kind: str) -> None:
    rng = np.random.default_rng(11)

    def drawn(shift: float) -> list[object]:
        numbers = rng.normal(shift, 1, 400).round(1)
        return list(numbers) if kind == "numeric" else [str(round(x)) for x in numbers]

    values, spreads = [], []
    for seed in range(40):
        column, groups, found = scored(drawn(0), drawn(0.5), drawn(0)[:5], drawn(0)[:5], seed=seed)
        values.append(column_shape(column, 1))
        assert values[-1] == found["column_shapes"].three[0]
        spreads.append(shape_draws(column, groups).std())
    assert np.mean(spreads) == pytest.approx(np.std(values), rel=0.35)
