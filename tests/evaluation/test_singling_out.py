from __future__ import annotations

import numpy as np
import pandas as pd

from tabgan.evaluation.attack_rows import HOLDOUT, SYNTHETIC, AttackRows, attack_rows
from tabgan.evaluation.features import MISSING
from tabgan.evaluation.singling_out import (
    MARGIN,
    Predicate,
    attack,
    multivariate,
    random_predicates,
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
    risk = attack(rows, [predicate((0, place, place)) for place in range(4)], [predicate((0, 0, 2))])
    assert (risk.attack.rate, risk.control.rate, risk.naive.rate) == (0.5, 0.5, 0.0)
    # Three predicates that point at one row are one finding.
    risk = attack(rows, [predicate((0, 0, high)) for high in (0, 0, 0)], [])
    assert (risk.attack.successes, risk.attack.independent) == (3, (1, 1))


def test_univariate_predicates_are_true_of_one_synthetic_row_alone() -> None:
    synthetic = pd.DataFrame({"n": [1.0, 2.0, 2.0, 9.0, None], "c": ["x", "x", "y", "y", "x"]})
    rows = made(make_two(6), synthetic, make_two(5))
    found = univariate(rows)
    assert all(len(one.rows(rows.places[SYNTHETIC])) == 1 for one in found)
    # Alone are 1, 9 and missing; at and beyond 1, at and beyond 9.
    assert len(found) == 5


def make_two(n: int) -> pd.DataFrame:
    return pd.DataFrame({"n": np.arange(n) * 3.0, "c": ["x", "y"] * (n // 2) + ["x"] * (n % 2)})


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


def test_details_have_a_row_for_each_attack() -> None:
    details = singling_out_metrics(Tables.checked(*(make_people(200, s) for s in (1, 2, 3)))).details
    assert list(details) == ["singling_out"]
    assert details["singling_out"]["predicates"].tolist() == ["univariate", "multivariate"]
    assert details["singling_out"]["attack"].between(0, 1).all()
