from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan.evaluation.models import MODELS, Problem
from tabgan.evaluation.targets import Task
from tabgan.schema import infer_schema


def problem_of(train: pd.DataFrame, test: pd.DataFrame, target: str, *, is_number: bool) -> Problem:
    schema = infer_schema(train)
    task = Task(target, schema[target].kind, is_number, was_given=True)
    return Problem.of(task, [task.complete(train), task.complete(test)], (0,), schema)


@pytest.mark.parametrize("model", MODELS)
def test_every_model_learns_a_class(model: str, train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    problem = problem_of(train, holdout, "rich", is_number=False)
    predicted = problem.learned(model, {0: slice(None)}, 0).predict(problem.rows_of(model)[1])
    assert predicted.shape == (1200, 2)
    assert predicted.sum(axis=1) == pytest.approx(np.ones(1200))
    assert (predicted.argmax(axis=1) == problem.truths[1]).mean() > 0.85


@pytest.mark.parametrize("model", MODELS)
def test_every_model_learns_a_number_in_its_unit(
    model: str, train: pd.DataFrame, holdout: pd.DataFrame
) -> None:
    errors = []
    for unit in (1.0, 1e300):
        tables = [table.assign(pay=table["pay"] * unit) for table in (train, holdout)]
        problem = problem_of(*tables, "pay", is_number=True)
        predicted = problem.learned(model, {0: slice(None)}, 0).predict(problem.rows_of(model)[1])
        truth = problem.truths[1] / unit
        errors.append(np.mean((predicted / unit - truth) ** 2) / truth.var())
    assert errors[0] < 0.7
    assert errors[1] == pytest.approx(errors[0], rel=0.05)


@pytest.mark.parametrize("model", MODELS)
def test_a_single_class_is_predicted_for_sure(model: str, train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    problem = problem_of(train, holdout, "rich", is_number=False)
    only = np.flatnonzero(problem.truths[0] == 1)
    predicted = problem.learned(model, {0: only}, 0).predict(problem.rows_of(model)[1])
    assert (predicted == [0.0, 1.0]).all()


@pytest.mark.parametrize("model", MODELS)
def test_three_rows_do_not_fail(model: str, train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    problem = problem_of(train, holdout, "job", is_number=False)
    places = np.unique(problem.truths[0], return_index=True)[1][:3]
    predicted = problem.learned(model, {0: places}, 0).predict(problem.rows_of(model)[1])
    assert predicted.shape == (1200, 4)
    assert (predicted[:, 3] == 0).all()  # never seen, never predicted


def test_rows_of_two_tables_are_learned_together(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    schema = infer_schema(train)
    task = Task("rich", "boolean", is_number=False, was_given=True)
    halves = [train[train["rich"]].reset_index(drop=True), train[~train["rich"]].reset_index(drop=True)]
    problem = Problem.of(task, [*halves, holdout], (0, 1), schema)
    joined = problem.learned("linear", {0: slice(None), 1: slice(None)}, 0)
    predicted = joined.predict(problem.rows_of("linear")[2])
    assert (predicted.argmax(axis=1) == problem.truths[2]).mean() > 0.85


def test_a_category_never_seen_has_its_place(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    problem = problem_of(train, holdout.assign(job="pilot"), "rich", is_number=False)
    for model in MODELS:
        predicted = problem.learned(model, {0: slice(None)}, 0).predict(problem.rows_of(model)[1])
        assert np.isfinite(predicted).all()
