from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from tabgan.evaluation.distances import exact_matches, nearest_neighbour_share
from tabgan.evaluation.features import shuffled_columns
from tabgan.evaluation.intervals import wilson
from tabgan.evaluation.memorisation import MEASURES, SUBSETS, Duel, _draw_subsets, memorisation_metrics
from tabgan.evaluation.metric import Family
from tabgan.evaluation.tables import Tables
from tests.evaluation.conftest import make_people

ALARMS = ("leak", "weak evidence")


def found(train: pd.DataFrame, synthetic: pd.DataFrame, holdout: pd.DataFrame) -> Family:
    return memorisation_metrics(Tables.checked(train, synthetic, holdout))


def categories(n_rows: int, seed: int, n_columns: int = 6) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame({f"c{i}": rng.choice(list("abc"), n_rows) for i in range(n_columns)})


def test_every_text_says_that_it_is_a_screen() -> None:
    for measure in MEASURES:
        assert measure.meaning.startswith("Screen, not evidence of privacy: ")
    assert {"nearest_neighbour_share", "exact_matches"} <= {measure.key for measure in MEASURES}


def test_figures_are_those_of_the_public_functions(
    train: pd.DataFrame, holdout: pd.DataFrame, fresh: pd.DataFrame
) -> None:
    half = pd.concat([train[:600], fresh[600:]])
    family = found(train, half, holdout)
    matches = exact_matches(train, half, holdout)
    assert family["exact_matches"].value == matches.synthetic
    assert family["exact_matches"].reference == matches.by_chance
    # Some rows stand in a table twice; the family compares different ones.
    share = nearest_neighbour_share(train, half, holdout)
    assert family["nearest_neighbour_share"].value == pytest.approx(share, abs=0.01)
    assert family["neighbour_ties"].verdict is None


def test_neighbours_worked_out_by_hand() -> None:
    train, holdout = pd.DataFrame({"n": [0.0, 10.0, 20.0]}), pd.DataFrame({"n": [4.0, 14.0, 24.0]})
    # Ranks of 0, 4, 10, 14, 20, 24 are 1, 3, 5, 7, 9, 11 twelfths; 12 has the rank 6, 2 the rank 2.
    synthetic = pd.DataFrame({"n": [10.0, 4.0, 12.0, 2.0, 24.0, 20.0]})
    family = found(train, synthetic, holdout)
    assert family["nearest_neighbour_share"].value == 0.5
    assert family["neighbour_ties"].value == pytest.approx(2 / 6)
    # To train 0/4, 2/2, 1/3, 1/3, 2/6, 0/4; to holdout 2/2, 0/4, 1/3, 1/5, 0/4, 2/2.
    assert family["neighbour_ratio_share"].value == pytest.approx((1 + 0 + 0.5 + 0 + 0 + 1) / 6)
    assert family["exact_matches"].value == pytest.approx(2 / 6)
    assert family["exact_matches"].reference == pytest.approx(2 / 6)


def test_a_copy_of_categories_looks_bad_however_many_ties_there_are() -> None:
    train, holdout, fresh = (categories(1500, seed) for seed in (1, 2, 3))
    copy, other = found(train, train, holdout), found(train, fresh, holdout)
    assert other["neighbour_ties"].value > 0.6
    assert copy["neighbour_ties"].value > 0.8
    for key in ("exact_matches", "nearest_neighbour_share", "neighbour_ratio_share"):
        assert copy[key].verdict == "leak"
        assert other[key].verdict not in ALARMS
    assert copy["exact_matches"].value == 1.0


def test_a_table_of_ties_alone_calms_nobody() -> None:
    train, holdout, fresh = (categories(900, seed, n_columns=3) for seed in (1, 2, 3))
    for synthetic in (train, fresh):
        family = found(train, synthetic, holdout)
        assert family["neighbour_ties"].value == 1.0
        assert family["nearest_neighbour_share"].value == 0.5
        assert family["nearest_neighbour_share"].verdict == "underpowered"
        assert family["exact_matches"].value == family["exact_matches"].reference == 1.0
        assert family["exact_matches"].verdict not in ALARMS


@pytest.mark.parametrize("side", [0, 1, 2])
def test_one_outlier_flips_nothing(
    side: int, train: pd.DataFrame, holdout: pd.DataFrame, fresh: pd.DataFrame
) -> None:
    for synthetic, is_copy in ((train, True), (fresh, False)):
        tables = [train, synthetic, holdout]
        tables[side] = tables[side].assign(pay=tables[side]["pay"].where(np.arange(1200) != 5, 1e15))
        before, after = found(train, synthetic, holdout), found(*tables)
        for key in ("exact_matches", "nearest_neighbour_share", "neighbour_ratio_share"):
            assert after[key].value == pytest.approx(before[key].value, abs=0.02)
            assert (after[key].verdict == "leak") == is_copy
            assert (after[key].verdict in ALARMS) == is_copy


def test_rows_copied_in_part_are_found_in_the_columns_that_were_copied() -> None:
    rng = np.random.default_rng(0)
    train, holdout = (pd.DataFrame(rng.normal(size=(1500, 4)), columns=list("abcd")) for _ in range(2))
    synthetic = pd.concat([train[["a", "b"]], shuffled_columns(train)[["c", "d"]]], axis=1)
    family = found(train, synthetic, holdout)
    assert family["exact_matches"].verdict == "no evidence"
    worst = family["worst_subset_share"]
    assert worst.verdict == "leak"
    assert worst.value == pytest.approx(1.0)
    subsets = family.details["column_subsets"]
    assert len(subsets) == SUBSETS
    assert subsets.set_index("columns")["verdict"]["a, b"] == "leak"
    assert subsets.set_index("columns")["verdict"]["c, d"] not in ALARMS


@pytest.mark.parametrize("n_columns", [3, 4, 5, 6, 15, 40])
def test_subsets_are_different_halves(n_columns: int) -> None:
    subsets = _draw_subsets(n_columns, np.random.default_rng(0))
    assert 3 <= len(subsets) <= SUBSETS
    assert len(set(subsets)) == len(subsets)
    for subset in subsets:
        assert len(subset) == max(2, n_columns // 2)
        assert all(0 <= a < b < n_columns for a, b in pairwise(subset))


def test_rows_won_by_one_real_row_count_as_one() -> None:
    duel = Duel(np.array([1.0, 1.0, 1.0, 1.0, 0.0, 0.5, 0.5, 0.5]), np.array([3, 3, 3, 3, -2, 0, 1, 2]))
    assert duel.share == 5.5 / 8
    assert duel.ties == 3 / 8
    # Clusters of 4 and 1 weigh as 25 / 17 rows: one, and of five rows won four are won by train.
    assert duel.untied(0.95) == wilson(1, 1)
    assert duel.interval()[1] == pytest.approx(5 / 8 + 3 / 16)
    assert duel.verdict(0.95) == "underpowered"


def test_some_training_rows_again_and_again_are_a_leak(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    assert found(train, train.iloc[list(range(20)) * 25], holdout)["exact_matches"].verdict == "leak"
    one = found(train, train.iloc[[7] * 500], holdout)["exact_matches"]
    assert (one.verdict, one.note) == ("underpowered", "different rows that are found: 1")


def test_rows_that_are_found_are_held_against_the_same_rows_among_those_held_out() -> None:
    def towns(n_rows: int, seed: int, sharpness: float) -> pd.DataFrame:
        rng, weights = np.random.default_rng(seed), np.arange(1.0, 9) ** -sharpness
        cells = rng.choice(list("abcdefgh"), (n_rows, 5), p=weights / weights.sum())
        return pd.DataFrame(cells, columns=list("vwxyz"))

    train, holdout = towns(800, 1, 1.0), towns(800, 2, 1.0)
    # Made without a look at training rows, but of the frequent ones; and some copies among noise.
    sharp, copies = towns(800, 3, 1.6), pd.concat([train.iloc[:160], towns(640, 4, -1.0)])
    for synthetic, is_copy in ((sharp, False), (copies, True)):
        for key in ("exact_matches", "unique_exact_matches"):
            assert (found(train, synthetic, holdout)[key].verdict in ALARMS) == is_copy


def test_false_alarms_are_rare() -> None:
    alarms = 0
    for seed in range(6):
        for n_train, n_holdout in ((300, 300), (1000, 250)):
            tables = [make_people(n, 10 * seed + i) for i, n in enumerate((n_train, 400, n_holdout), start=1)]
            alarms += any(metric.verdict in ALARMS for metric in found(*tables).metrics)
    # At 2.5 % each, 3 of 12 come in .3 % of all cases.
    assert alarms <= 2


def test_too_little_to_compare_is_said() -> None:
    one = pd.DataFrame({"n": [1.0]})
    family = found(one, one, one)
    assert family["exact_matches"].verdict == "underpowered"
    assert "two different" in family["neighbour_ratio_share"].note
    assert "3 columns" in family["worst_subset_share"].note
