from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan.evaluation.features import MISSING, compare
from tabgan.evaluation.tables import Tables
from tabgan.evaluation.targets import LEARNED_CLASSES, NONE_FOUND, Task, find_task, truths_of


def found(table: pd.DataFrame, target: str | None = None) -> Task | str:
    return find_task(Tables.checked(table, table, target=target))


def task_of(table: pd.DataFrame, target: str | None = None) -> Task:
    task = found(table, target)
    assert isinstance(task, Task)
    return task


def test_a_given_target_is_taken_and_said_so(train: pd.DataFrame) -> None:
    task = task_of(train, "town")
    assert (task.target, task.is_number, task.was_given) == ("town", False, True)
    assert task.note == "target 'town' (given)"
    assert task_of(train, "pay").is_number
    assert task_of(train, "start").is_number


def test_the_last_column_that_others_predict_is_chosen(train: pd.DataFrame) -> None:
    assert task_of(train).target == "rich"
    noise = np.random.default_rng(0)
    after = train.assign(coin=noise.random(len(train)) < 0.5, dice=noise.normal(size=len(train)))
    task = task_of(after)
    assert task.target == "rich"
    assert "chosen" in task.note
    assert task_of(train[["rich", "pay"]]).target == "pay"


def test_noise_has_no_target_and_says_so() -> None:
    rng = np.random.default_rng(0)
    assert found(pd.DataFrame(rng.normal(size=(500, 3)), columns=list("abc"))) == NONE_FOUND


def test_what_cannot_be_a_target_is_named(train: pd.DataFrame) -> None:
    numbered = train.assign(id=[f"a{i:06}" for i in range(len(train))])
    assert "identifier" in str(found(numbered, "id"))
    assert "no two columns" in str(found(numbered[["id", "rich"]]))
    assert "fewer than two" in str(found(train.assign(town="West"), "town"))
    assert "no two columns" in str(found(train[["rich"]]))


def test_classes_are_counted_in_the_real_tables_and_the_rest_share_one() -> None:
    real = pd.DataFrame({"y": np.repeat([f"c{i:02}" for i in range(14)], range(30, 2, -2)), "x": 1.0})
    synthetic = pd.DataFrame({"y": ["new"] * 90 + ["c00", None], "x": 1.0})
    task = Task("y", "categorical", is_number=False, was_given=True)
    truths = truths_of(task, compare(real, synthetic)[0], (0,))
    assert truths[0].max() == LEARNED_CLASSES
    assert (truths[0] == 0).sum() == 30
    assert list(truths[1][:90]) == [LEARNED_CLASSES] * 90
    assert list(truths[1][90:]) == [0, MISSING]


def test_a_number_with_few_values_is_a_class() -> None:
    table = pd.DataFrame({"y": [5.0, 5.0, 1.0, np.nan], "x": [1, 2, 3, 4]})
    task = task_of(pd.concat([table] * 20), "y")
    assert not task.is_number
    assert list(truths_of(task, compare(table)[0], (0,))[0]) == [0, 0, 1, MISSING]


def test_rows_without_a_target_are_left_out() -> None:
    table = pd.DataFrame({"y": [1.0, np.nan, 3.0], "x": [1, 2, 3]})
    task = Task("y", "numeric", is_number=True, was_given=True)
    assert list(task.complete(table)["x"]) == [1, 3]
    # A synthetic table may hold text where the real one has numbers.
    assert list(task.complete(table.assign(y=["1", "none", None]))["x"]) == [1]


@pytest.mark.parametrize("n_rows", [1, 2, 5])
def test_few_rows_do_not_fail(train: pd.DataFrame, n_rows: int) -> None:
    assert found(train.head(n_rows)) == NONE_FOUND
