from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan.evaluation.profiles import MAX_BARS, MAX_BINS, ColumnProfile, column_profiles
from tabgan.schema import Column, Schema


def profile(real: pd.Series, synthetic: pd.Series | None = None, kind: str = "categorical") -> ColumnProfile:
    schema = Schema((Column("v", kind),))  # type: ignore[arg-type]
    tables = [pd.DataFrame({"v": cells}) for cells in (real, real if synthetic is None else synthetic)]
    return column_profiles(*tables, schema=schema)[0]


def test_a_category_of_four_real_rows_is_not_shown() -> None:
    seen = profile(
        pd.Series(["many"] * 91 + ["five"] * 5 + ["four"] * 4), pd.Series(["four"] * 50 + ["new"] * 50)
    )
    assert seen.labels == ("many", "five")
    assert seen.shares[0].tolist() == [0.91, 0.05]
    assert seen.other.tolist() == [pytest.approx(0.04), pytest.approx(1.0)]


def test_shares_add_up_whatever_is_shown() -> None:
    rng = np.random.default_rng(0)
    cells = pd.Series(rng.choice([f"c{i}" for i in range(40)] + [None], 3000), dtype=object)
    seen = profile(cells, cells.sample(frac=1, random_state=0))
    assert len(seen.labels) == MAX_BARS
    for side, shares in enumerate(seen.shares):
        assert shares.sum() + seen.other[side] + seen.missing[side] == pytest.approx(1.0)


def test_the_ends_of_a_range_are_means_of_five_values_and_rare_bins_are_empty() -> None:
    numbers = pd.Series(np.append(np.linspace(0.05, 1, 500), [1.9, 2.0]))
    seen = profile(numbers, kind="numeric")
    assert seen.edges is not None
    assert seen.edges[-1] == pytest.approx(np.sort(numbers)[-5:].mean())
    assert ((seen.shares[0] == 0) | (seen.shares[0] * len(numbers) >= 4.999)).all()
    assert seen.shares[0].sum() + seen.other[0] == pytest.approx(1.0)


def test_a_long_tail_goes_to_the_outer_bin() -> None:
    numbers = pd.Series(np.append(np.arange(1000) / 999, np.full(8, 1e9)))
    seen = profile(numbers, kind="numeric")
    assert seen.edges is not None
    assert seen.edges[-1] < 2
    assert seen.shares[0][-1] > 0.02


def test_whole_numbers_have_bins_of_equal_many_values() -> None:
    few = profile(pd.Series(np.tile(np.arange(7), 50)), kind="numeric")
    assert few.edges is not None
    np.testing.assert_array_equal(few.edges, np.arange(8) - 0.5)
    np.testing.assert_allclose(few.shares[0], 1 / 7)
    many = profile(pd.Series(np.arange(1000)), kind="numeric")
    assert many.edges is not None
    assert len(many.edges) <= MAX_BINS + 2
    assert set(np.diff(many.edges)) == {25.0}


@pytest.mark.parametrize("number", [0.0, 3.25, -1e300, 1e15])
def test_a_constant_column_has_one_bin(number: float) -> None:
    seen = profile(pd.Series([number] * 20), kind="numeric")
    assert seen.shares[0].tolist() == [1.0]


def test_too_few_numbers_show_nothing() -> None:
    seen = profile(pd.Series([1.0, 2.0, np.nan]), kind="numeric")
    assert seen.shares.shape[1] == 0
    assert seen.missing[0] == 0.0  # one missing cell of one row is not told either


def test_held_out_rows_are_drawn_and_hidden_like_training_rows() -> None:
    def table(*cells: str) -> pd.DataFrame:
        return pd.DataFrame({"v": list(cells)})

    schema = Schema((Column("v", "categorical"),))
    real, holdout = table(*"a" * 10, *"b" * 10), table(*"a" * 16, *"b" * 4)
    (seen,) = column_profiles(real, table("a", "b"), holdout, schema=schema)
    assert seen.labels == ("a", "b")
    assert seen.shares.tolist() == [[0.5, 0.5], [0.5, 0.5], [0.8, 0.0]]
    assert seen.other.tolist() == [0.0, 0.0, pytest.approx(0.2)]


def test_what_synthetic_rows_have_at_a_lone_real_row_is_hidden() -> None:
    real = pd.Series(np.append(np.repeat(np.arange(10.0), 20), 5.5))
    seen = profile(real, pd.Series(np.append(np.arange(10.0), [5.5] * 10)), kind="numeric")
    assert seen.edges is not None
    place = int(np.searchsorted(seen.edges, 5.5, "right")) - 1
    assert seen.shares[:, place].tolist() == [0.0, 0.0]


def test_overlap_is_what_both_have_in_common() -> None:
    assert profile(pd.Series(["x"] * 10 + ["y"] * 10), pd.Series(["x"] * 3 + ["y"])).overlap == pytest.approx(
        0.75
    )


@pytest.mark.parametrize("cells", [[-1.0], [1.0], [-1.0, 1.0], [0.3, 0.5, 0.9]])
def test_bins_of_the_largest_numbers_end_at_the_largest_number(cells: list[float]) -> None:
    giant = float(np.finfo(np.float64).max)
    seen = profile(pd.Series(np.repeat(cells, 40) * giant), kind="numeric")
    assert seen.edges is not None
    assert np.isfinite(seen.edges).all()
    assert (seen.edges[1:] > seen.edges[:-1]).all()
    assert seen.shares.sum(axis=1) == pytest.approx(1.0)
