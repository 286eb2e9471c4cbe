from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.column import Column
from tabgan.encoding import TableEncoder, likeness
from tabgan.encoding.categorical import CategoricalEncoder
from tabgan.encoding.likeness import _bisected, _compared, by_likeness
from tabgan.schema import Schema

N_LABELS = 400
N_GROUPS = 20


def planes(n_rows: int = 8_000, seed: int = 0) -> pd.DataFrame:
    """Each of 400 planes is of one of 20 carriers, which flies from its own field at its own hours."""
    rng = np.random.default_rng(seed)
    plane = np.where(rng.random(n_rows) < 0.5, rng.integers(0, N_LABELS, n_rows), rng.integers(0, 40, n_rows))
    carrier = plane * 7919 % N_GROUPS
    return pd.DataFrame(
        {
            "coin": rng.choice(["heads", "tails"], n_rows),
            "plane": [f"N{number:03}" for number in plane],
            "carrier": [f"C{number}" for number in carrier],
            "hour": 3.0 * carrier + rng.normal(size=n_rows),
        }
    )


def encoder_of(table: pd.DataFrame, name: str = "plane", schema: Schema | None = None) -> CategoricalEncoder:
    encoder = next(e for e in TableEncoder.fit(table, schema).encoders if e.column.name == name)
    assert isinstance(encoder, CategoricalEncoder)
    return encoder


def carriers_of_coarse_digits(encoder: CategoricalEncoder) -> float:
    """How many carriers the labels of one coarse digit have, on average."""
    carriers = np.array([int(label[1:]) * 7919 % N_GROUPS for label in encoder.labels])
    starts = range(0, len(carriers), encoder.split.digit)
    return float(np.mean([len(set(carriers[start : start + encoder.split.digit])) for start in starts]))


def test_labels_of_a_coarse_digit_go_with_the_same_things() -> None:
    table = planes()
    encoder = encoder_of(table)
    assert encoder.split.digit == 20
    assert carriers_of_coarse_digits(encoder) < 2.5
    # Beside a coin alone there is nothing to be alike in: they stay in the order of their frequency.
    alone = encoder_of(table[["coin", "plane"]])
    counts = table["plane"].value_counts()
    assert [counts[label] for label in alone.labels] == sorted(counts[list(alone.labels)], reverse=True)
    assert carriers_of_coarse_digits(alone) > 10


def test_only_the_order_of_labels_changes_and_none_is_lost() -> None:
    table = planes()
    table.loc[:9, "plane"] = [f"R{number}" for number in range(10)]  # too rare to be told
    ordered, by_count = encoder_of(table), encoder_of(table[["coin", "plane"]])
    assert ordered.labels != by_count.labels
    assert set(ordered.labels) == set(by_count.labels)
    assert dict(zip(ordered.labels, ordered.weights, strict=True)) == dict(
        zip(by_count.labels, by_count.weights, strict=True)
    )
    assert ordered.labels[ordered.most_frequent] == by_count.labels[by_count.most_frequent]
    codes, _ = ordered.encode(table["plane"])
    told = table["plane"].isin(ordered.labels)
    decoded = ordered.decode(codes, np.random.default_rng(0))
    assert decoded[told].equals(table["plane"][told].astype(decoded.dtype))


def test_neither_the_order_of_rows_nor_of_columns_matters() -> None:
    def runs(table: pd.DataFrame) -> list[set[str]]:
        labels = encoder_of(table).labels
        return [set(labels[start : start + 20]) for start in range(0, len(labels), 20)]

    table = planes()
    assert runs(table.sample(frac=1, random_state=0)) == runs(table)
    assert runs(table[["plane", "hour", "coin", "carrier"]]) == runs(table)


def test_where_no_row_may_be_looked_at_or_nothing_is_split_nothing_changes() -> None:
    table = planes()
    encoders = TableEncoder.fit(table[["coin", "plane"]]).encoders
    assert by_likeness(encoders, lambda: None) == encoders
    declared = Schema((Column("plane", "categorical", ordered=True),))
    grades = encoder_of(table, schema=declared).labels
    assert list(grades) == sorted(grades)
    few = table[table["plane"] < "N090"]
    counts = few["plane"].value_counts()
    labels = encoder_of(few).labels
    assert len(labels) <= 100
    assert [counts[label] for label in labels] == sorted(counts[list(labels)], reverse=True)


@given(st.integers(2, 300), st.integers(2, 40), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_on_a_line_the_order_is_that_of_the_line(n_points: int, step: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.permutation(n_points).astype(np.float64)[:, None]
    found = points[_bisected(points, np.ones(n_points), np.arange(n_points), [step**2, step]), 0]
    runs = [found[start : start + step] for start in range(0, n_points, step)]
    assert all(left.max() < right.min() for left, right in pairwise(runs))


@pytest.mark.parametrize("seed", range(3))
def test_groups_of_equal_points_are_never_cut_where_they_fill_their_digits(seed: int) -> None:
    rng = np.random.default_rng(seed)
    group = rng.permutation(np.repeat(np.arange(16), 9))
    points = rng.normal(size=(16, 5))[group]
    order = _bisected(points, rng.random(144), np.arange(144), [9])
    assert all(len(set(run)) == 1 for run in group[order].reshape(16, 9))


def test_a_column_of_too_many_labels_stays_in_the_order_of_its_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    by_count = encoder_of(planes()[["coin", "plane"]])
    monkeypatch.setattr(likeness, "MAX_LABELS", len(by_count.labels) - 1)
    assert encoder_of(planes()).labels == by_count.labels


def test_of_a_wide_table_some_blocks_are_compared_by_lot(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = [np.zeros((3, 2), np.int16) for _ in range(10)]
    assert len(_compared(codes, 4)) == 18
    monkeypatch.setattr(likeness, "MAX_BLOCKS", 5)
    some = _compared(codes, 4)
    assert len(some) == 5
    assert all(code is not codes[4] for code, _ in some)
