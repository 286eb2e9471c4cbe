from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan.evaluation.attack_rows import attack_rows
from tabgan.evaluation.features import ComparedColumn
from tabgan.evaluation.linkability import column_splits, linkability_metrics, links
from tabgan.evaluation.neighbours import distances, points
from tabgan.evaluation.tables import Tables
from tests.evaluation.conftest import make_people


def column(*codes: list[int]) -> ComparedColumn:
    return ComparedColumn("c", "categorical", codes=tuple(np.array(one) for one in codes))


def test_links_worked_out_by_hand() -> None:
    # Four synthetic rows; the first query has both halves in row 0, the second in rows 1 and 2, the
    # third has one half in row 3 and one that is as near to all of them.
    query, synthetic = points(
        [column([0, 1, 3], [0, 1, 2, 3]), column([0, 2, 9], [0, 1, 2, 3])], reference=(1,)
    )
    linked, by_chance = links(query, synthetic, [((0,), (1,))])
    assert linked.tolist() == [[True, False, True]]
    assert by_chance[0] == pytest.approx([1 / 4, 1 / 4, 1 - (1 - 1 / 4) ** 4])


def test_links_agree_with_brute_force() -> None:
    tables = Tables.checked(*(make_people(60, seed) for seed in (1, 2, 3)))
    rows = attack_rows(tables, lambda *sizes: 1.0)
    splits = column_splits(rows)
    train, synthetic, _ = rows.points()
    linked, _ = links(train, synthetic, splits)
    for split, found in zip(splits, linked, strict=True):
        for row in range(len(train)):
            near = []
            for half in split:
                one = train.rows(np.array([row])).columns(half)
                far = distances(one, synthetic.columns(half))[0].tolist()
                near.append({place for place, d in enumerate(far) if d <= min(far)})
            assert found[row] == bool(near[0] & near[1])
    assert linked.any()
    assert not linked.all()


def test_splits_halve_the_columns_in_different_ways() -> None:
    tables = Tables.checked(*(make_people(300, seed) for seed in (1, 2, 3)))
    rows = attack_rows(tables, lambda *sizes: 1.0)
    names = [column.name for column in rows.columns]
    splits = column_splits(rows)
    assert 2 <= len(splits) <= 4
    for first, second in splits:
        assert sorted((*first, *second)) == list(range(len(names)))
        assert abs(len(first) - len(second)) <= 1
    # `start` follows from `age`: some split keeps them together, some takes them apart.
    age, start = names.index("age"), names.index("start")
    assert {(age in first) == (start in first) for first, _ in splits} == {True, False}


def test_two_columns_have_one_split_and_one_none() -> None:
    tables = [make_people(200, seed)[["pay", "age"]] for seed in (1, 2, 3)]
    family = linkability_metrics(Tables.checked(*tables))
    assert len(family.details["linkability"]) == 1
    single = linkability_metrics(Tables.checked(*(table[["pay"]] for table in tables)))["linkability"]
    assert single.value is None
    assert "two columns" in single.note


def test_details_name_the_halves() -> None:
    tables = [make_people(100, seed).rename(columns={"age": 5}) for seed in (1, 2, 3)]
    details = linkability_metrics(Tables.checked(*tables)).details["linkability"]
    assert list(details.columns)[:3] == ["first", "second", "trials"]
    for first, second in zip(details["first"], details["second"], strict=True):
        assert sorted([*first.split(", "), *second.split(", ")]) == [
            "5",
            "job",
            "pay",
            "rich",
            "start",
            "town",
        ]


def test_a_noisy_copy_is_linked() -> None:
    train, holdout = make_people(400, 1), make_people(400, 2)
    noise = np.random.default_rng(0).normal(size=400)
    noisy = train.assign(
        pay=train["pay"] * (1 + 1e-4 * noise), start=train["start"] + pd.to_timedelta(noise, unit="h")
    )
    assert linkability_metrics(Tables.checked(train, noisy, holdout))["linkability"].verdict == "leak"
