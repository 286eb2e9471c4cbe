from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan.evaluation.attack_rows import HOLDOUT, SYNTHETIC, AttackRows, attack_rows
from tabgan.evaluation.features import MISSING
from tabgan.evaluation.singling_out import (
    MARGIN,
    Predicate,
    attempt,
    multivariate,
    random_predicates,
    risk_of,
    singling_out_metrics,
    univariate,
)
from tabgan.evaluation.tables import Tables
from tabgan.schema import Column, Schema
from tests.evaluation.conftest import make_people


def made(train: pd.DataFrame, synthetic: pd.DataFrame, holdout: pd.DataFrame) -> AttackRows:
    return attack_rows(Tables.checked(train, synthetic, holdout), lambda *sizes: 1.0)


def predicate(*parts: tuple[int, int, int]) -> Predicate:
    return Predicate(*(np.array(part) for part in zip(*parts, strict=True)))


def test_predicates_worked_out_by_hand() -> None:
    places = np.array([[0, 1, 2, MISSING], [0, 0, 1, 1]])
    assert predicate((0, 1, 2)).rows(places).tolist() == [1, 2]
    assert predicate((0, 1, 2), (1, 0, 0)).rows(places).tolist() == [1]
    assert predicate((0, MISSING, MISSING)).rows(places).tolist() == [3]
    assert predicate((0, 0, 2), (1, 1, 1)).needed(places) == 2
    assert predicate((0, 0, 0), (1, 1, 1)).needed(places) == 1


def test_an_attack_worked_out_by_hand() -> None:
    train = np.array([[0, 1, 2, 2]])
    control = np.array([[0, 0, 2, 3]])
    rows = AttackRows((), (train, train, control), (np.arange(4),), np.arange(4), 1.0)
    # Place 0 points at one training row, 1 at one, 2 at two, 3 at none; of the control 2 and 3 at one.
    tried = attempt(rows, [predicate((0, place, place)) for place in range(4)], [predicate((0, 0, 2))])
    risk = risk_of(rows, [tried])
    assert (risk.attack.rate, risk.control.rate, risk.naive.rate) == (0.5, 0.5, 0.0)
    # Three predicates that point at one row are one finding.
    risk = risk_of(rows, [attempt(rows, [predicate((0, 0, 0))], [])] * 3)
    assert (risk.attack.successes, risk.attack.independent) == (3, (1, 1))


def test_values_that_are_alone_and_the_ends_of_a_column_are_tried() -> None:
    synthetic = pd.DataFrame({"n": [1.0, 2.0, 2.0, 9.0, None], "c": ["x", "x", "y", "y", "x"]})
    train = pd.DataFrame({"n": [0.0, 2.0, 10.0, 11.0, None], "c": list("xxyyy")})
    rows = made(train, synthetic, train.iloc[1:])
    tried = {c.name: univariate(rows, i, np.random.default_rng(0)) for i, c in enumerate(rows.columns)}
    assert tried["c"].n_predicates == 0
    # 1 and less, 9 and more, missing: of the four rows held out the last alone is one's own.
    assert tried["n"].n_predicates == 3
    assert rows.places[HOLDOUT][[c.name for c in rows.columns].index("n")][tried["n"].on_control] == [MISSING]


@pytest.mark.parametrize("sizes", [(400, 90, 60), (100, 300, 200)])
def test_all_values_at_once_do_what_they_do_one_by_one(sizes: tuple[int, int, int]) -> None:
    people = (make_people(n, seed) for seed, n in enumerate(sizes))
    rows = made(*(table.assign(pay=table["pay"].round(-1)) for table in people))
    n_found = 0
    for column, cells in enumerate(rows.places[SYNTHETIC]):
        values, counts = np.unique(cells, return_counts=True)
        present = values[values != MISSING]
        is_number = rows.columns[column].is_numeric
        one_by_one = [
            predicate(
                (
                    column,
                    0 if is_number and value == present[0] else value,
                    rows.tops[column] if is_number and value == present[-1] else value,
                )
            )
            for value in values[counts == 1]
        ]
        expected = attempt(rows, one_by_one, [])
        tried = univariate(rows, column, np.random.default_rng(0))
        assert tried.n_predicates == expected.n_predicates == tried.naive.trials
        assert sorted(tried.on_train) == sorted(expected.on_train)
        assert sorted(tried.on_control) == sorted(expected.on_control)
        n_found += len(tried.on_train)
    assert n_found > 10


def test_rare_values_that_one_column_gives_away_are_not_drowned_by_others() -> None:
    def table(seed: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        numbers = {f"x{i}": rng.normal(size=3000) for i in range(4)}
        place = rng.integers(0, 10**6, 3000)
        return pd.DataFrame({**numbers, "place": [f"p{n}" if n < 10**5 else "none" for n in place]})

    train, holdout, fresh = table(1), table(2), table(3)
    schema = Schema([*(Column(f"x{i}", "numeric") for i in range(4)), Column("place", "categorical")])
    told = fresh.assign(place=train["place"].sample(frac=1, random_state=0).to_numpy())
    metric, _ = singling_out_metrics(Tables.checked(train, told, holdout, schema=schema)).metrics
    assert metric.verdict == "leak"
    assert metric.value is not None
    assert metric.value > 0.9
    assert "worst of 5 columns: place" in metric.note
    metric, _ = singling_out_metrics(Tables.checked(train, fresh, holdout, schema=schema)).metrics
    assert metric.verdict in ("no evidence", "underpowered")


def test_multivariate_predicates_are_true_of_one_synthetic_row_alone() -> None:
    rows = made(*(make_people(200, seed) for seed in (1, 2, 3)))
    rng = np.random.default_rng(0)
    found = multivariate(rows, rng)
    n_alone = sum(len(one.rows(rows.places[SYNTHETIC])) == 1 for one in found)
    assert n_alone == len(found) >= 190
    for one in found:
        needed = one.needed(rows.places[SYNTHETIC])
        assert len(one.columns) == min(max(2, MARGIN * needed), 2 * len(rows.columns))
    naive = random_predicates(rows, found, rng)
    assert [len(one.columns) for one in naive] == [len(np.unique(one.columns)) for one in found]


def test_predicates_agree_with_masks_of_the_table() -> None:
    rows = made(*(make_people(150, seed) for seed in (1, 2, 3)))
    table = {column.name: column for column in rows.columns}
    age = list(table).index("age")
    cells, numbers = rows.places[HOLDOUT][age], table["age"].numbers[HOLDOUT]
    for row in range(0, 150, 10):
        found = predicate((age, int(cells[row]), int(cells.max()))).rows(rows.places[HOLDOUT])
        assert found.tolist() == np.flatnonzero(numbers >= numbers[row]).tolist()


def test_a_copy_whose_strings_hold_quotes_is_found() -> None:
    def table(seed: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        return pd.DataFrame(
            {
                "c": [f"O'Neil \"{n}\" \\' {n}" for n in rng.integers(0, 10**6, 300)],
                "d": rng.integers(0, 5, 300),
            }
        )

    schema = Schema([Column("c", "categorical"), Column("d", "numeric")])
    train, holdout = table(1), table(2)
    # Of fresh rows the attack finds nobody, and guessing neither.
    for synthetic, verdict in ((train, "leak"), (table(3), "underpowered")):
        family = singling_out_metrics(Tables.checked(train, synthetic, holdout, schema=schema))
        assert [metric.verdict for metric in family.metrics] == [verdict] * 2


def test_a_table_of_one_column_has_no_multivariate_attack() -> None:
    one, two, three = (make_people(100, seed)[["pay"]] for seed in (1, 2, 3))
    family = singling_out_metrics(Tables.checked(one, two, three))
    assert family["singling_out_univariate"].value is not None
    assert family["singling_out_multivariate"].value is None
    assert "two columns" in family["singling_out_multivariate"].note


def test_categories_that_all_repeat_have_no_univariate_attack() -> None:
    tables = [make_people(200, seed)[["job", "rich", "town"]] for seed in (1, 2, 3)]
    metric = singling_out_metrics(Tables.checked(*tables))["singling_out_univariate"]
    assert (metric.value, metric.note) == (None, "no cell of the synthetic rows is alone in its column")


def test_details_have_a_row_for_each_attack_and_column() -> None:
    details = singling_out_metrics(Tables.checked(*(make_people(200, s) for s in (1, 2, 3)))).details
    table = details["singling_out"]
    assert table["predicates"].tolist() == [*["univariate"] * 4, "multivariate"]
    assert set(table["columns"]) == {"all", "age", "pay", "start", "several"}
    assert table["attack"].between(0, 1).all()
    whole, *columns = table["trials"][:4]
    assert whole == sum(columns)
