from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan.evaluation.attack_rows import (
    HOLDOUT,
    PAIR_CELLS,
    SYNTHETIC,
    TARGETS,
    TRAIN,
    AttackRows,
    attack_rows,
    share_of_pairs,
)
from tabgan.evaluation.features import MISSING
from tabgan.evaluation.tables import Tables
from tests.evaluation.conftest import make_people


def all_of(
    train: pd.DataFrame, synthetic: pd.DataFrame, holdout: pd.DataFrame, share: float = 1.0
) -> AttackRows:
    return attack_rows(Tables.checked(train, synthetic, holdout), lambda *sizes: share)


def test_rows_are_distinct_and_places_keep_the_order_of_numbers() -> None:
    train = pd.DataFrame({"n": [5.0, 5.0, np.nan, -1.0], "c": ["x", "x", None, "y"], "k": [1, 1, 1, 1]})
    rows = all_of(train, pd.DataFrame({"n": [7.0], "c": ["x"], "k": 1}), train)
    assert [column.name for column in rows.columns] == sorted(
        ["n", "c"], key=[column.name for column in rows.columns].index
    )
    numbers = next(place for place, column in enumerate(rows.columns) if column.is_numeric)
    cells = rows.places[TRAIN][numbers]
    assert len(cells) == 3
    # -1 < 5 < 7, or the other way round: one direction for every unit.
    assert set(cells.tolist()) in ({MISSING, 0, 1}, {MISSING, 2, 1})
    assert set(rows.places[SYNTHETIC][numbers].tolist()) <= {0, 2}


def test_training_and_held_out_rows_are_attacked_in_equal_numbers() -> None:
    # Rows with a pay are distinct; one that repeats is dealt into several samples.
    train, synthetic, holdout = (
        make_people(n, s).dropna(subset="pay") for s, n in enumerate((1100, 50, 350))
    )
    train, holdout = train[:1000], holdout[:300]
    rows = all_of(train, synthetic, holdout)
    assert len(rows.samples) == 3
    assert rows.ratio == pytest.approx(1000 / 300)
    assert {len(sample) for sample in rows.samples} == {len(rows.control)}
    assert len(rows.control) >= 295
    # No training row is dealt twice.
    dealt = np.concatenate(rows.samples)
    assert len(np.unique(dealt)) == len(dealt)
    smaller = all_of(holdout, synthetic, train)
    assert (len(smaller.samples), smaller.ratio) == (1, 1.0)
    assert len(smaller.samples[0]) == len(smaller.control)


def test_a_share_of_the_rows_keeps_copies_together() -> None:
    train, fresh, holdout = (make_people(4000, seed) for seed in (1, 2, 3))
    synthetic = pd.concat([train[:2000], fresh[:2000]])
    rows = all_of(train, synthetic, holdout, share=0.1)
    kept = [{tuple(row) for row in rows.places[t].T.tolist()} for t in (TRAIN, SYNTHETIC, HOLDOUT)]
    assert all(300 < len(rows) < 500 for rows in kept)
    assert 0.45 < len(kept[TRAIN] & kept[SYNTHETIC]) / len(kept[SYNTHETIC]) < 0.55


def test_a_row_that_is_there_often_is_drawn_as_often_as_in_any_sample() -> None:
    # Half the rows are one row: a sample has it, and as many others as it has rows besides.
    often = pd.DataFrame({"a": [0] * 500 + list(range(1, 501)), "b": "x"})
    few = pd.DataFrame({"a": [0] * 50 + list(range(1000, 1050)), "b": "y"})
    rows = all_of(often, few, few)
    assert len(rows.samples) == 10
    a = rows.columns[0].numbers or rows.columns[1].numbers
    assert all(0.0 in a[TRAIN][sample] for sample in rows.samples)
    assert 0.0 in a[HOLDOUT][rows.control]
    assert 40 <= len(rows.control) <= 51


def test_the_work_is_bounded_whatever_the_sizes() -> None:
    for n_train, n_synthetic, n_holdout in (
        (10**6, 10**6, 250_000),
        (10**6, 10**6, 4000),
        (39_000, 39_000, 9769),
    ):
        for n_columns in (2, 15, 300, 10_000):
            share = share_of_pairs(n_train, n_synthetic, n_holdout, n_columns)
            n_targets = min(TARGETS, share * min(n_train, n_holdout))
            assert 0 < share <= 1
            assert n_targets * share * n_synthetic * n_columns <= 1.01 * PAIR_CELLS
    assert share_of_pairs(39_000, 39_000, 9769, 15) == 1.0


def test_the_seed_decides_which_rows_are_dealt() -> None:
    train, synthetic, holdout = make_people(600, 1), make_people(50, 2), make_people(300, 3)
    one, same, other = (
        attack_rows(Tables.checked(train, synthetic, holdout, seed=seed), lambda *sizes: 1.0)
        for seed in (0, 0, 1)
    )

    def pay(rows: AttackRows) -> set[float]:
        (numbers,) = (column.numbers[TRAIN] for column in rows.columns if column.name == "pay")
        return set(np.nan_to_num(numbers[rows.samples[0]]).tolist())

    assert pay(one) == pay(same) != pay(other)
