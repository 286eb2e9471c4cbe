from __future__ import annotations

import io
import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from tabgan.errors import SchemaError, TabganError
from tabgan.evaluation import Evaluation, evaluate
from tabgan.evaluation import evaluation as module
from tabgan.evaluation.questions import METRIC_KEYS, QUESTIONS
from tabgan.evaluation.standing import WORST_FIRST
from tabgan.schema import Column, Schema
from tests.evaluation.conftest import make_people

FORBIDDEN = "anonym"


@pytest.fixture(scope="module")
def found() -> Evaluation:
    return evaluate(make_people(200, 1), make_people(200, 3), make_people(200, 2), target="rich", seed=3)


@pytest.fixture(scope="module")
def copied() -> Evaluation:
    return evaluate(make_people(100, 1), make_people(100, 1), make_people(100, 2), target="rich", seed=3)


@pytest.fixture(scope="module")
def tiny() -> Evaluation:
    return evaluate(make_people(12, 1), make_people(12, 2), time_budget=1e-9)


@pytest.fixture(scope="module")
def alone() -> Evaluation:
    """Without a holdout, and with a schema of one column."""
    return evaluate(make_people(60, 1), make_people(60, 2), schema=Schema((Column("age", "categorical"),)))


def standing_of(evaluation: Evaluation, question: str) -> str:
    return next(answer.standing for answer in evaluation.answers if answer.question.key == question)


def test_every_metric_of_every_question_is_there_once(found: Evaluation) -> None:
    keys = [metric.key for metric in found.metrics]
    assert keys == list(METRIC_KEYS)
    assert len(set(keys)) == len(keys)
    assert {question.group for question in QUESTIONS} == {"fidelity", "utility", "privacy"}
    assert sorted(question.turn for question in QUESTIONS) == list(range(1, len(QUESTIONS) + 1))


def test_no_value_is_undefined_without_a_reason(found: Evaluation, tiny: Evaluation) -> None:
    for metric in (*found.metrics, *tiny.metrics):
        if metric.value is None:
            assert metric.note, metric.key
        else:
            assert math.isfinite(metric.value), metric.key
            assert metric.interval is not None, metric.key
            assert metric.rows > 0, metric.key


def test_a_fresh_sample_of_real_rows_is_no_leak_and_a_copy_is(found: Evaluation, copied: Evaluation) -> None:
    for answer in found.answers:
        assert answer.standing not in ("leak", "far from real rows"), answer.question.key
    for question in ("membership", "memorisation"):
        assert standing_of(copied, question) == "leak"


def test_the_gravest_answer_comes_first(copied: Evaluation) -> None:
    ranks = [WORST_FIRST.index(answer.standing) for answer in copied.answers]
    assert ranks == sorted(ranks)
    for answer in copied.answers:
        defined = [metric.value is not None for metric in answer.metrics]
        assert defined == sorted(defined, reverse=True)


def test_metrics_and_details_are_found_by_name(found: Evaluation) -> None:
    assert found["c2st_auc"].key == "c2st_auc"
    with pytest.raises(TabganError, match="no metric 'c2st'"):
        _ = found["c2st"]
    columns = found.details("columns")
    assert set(columns["column"]) == {"age", "job", "pay", "town", "start", "rich"}
    columns["column"] = "changed"
    assert "changed" not in set(found.details("columns")["column"])
    with pytest.raises(TabganError, match="no details 'column'"):
        found.details("column")


def test_the_dict_is_strict_json_with_what_is_needed_to_read_it(found: Evaluation) -> None:
    told = json.loads(found.to_json())
    assert (told["format"], told["version"], told["seed"]) == ("tabgan-evaluation", 1, 3)
    assert told["rows"]["holdout"] == {"given": 200, "used": 200}
    assert told["caps"]["table_rows"] == module.MAX_ROWS
    assert told["metrics"]["c2st_auc"]["value"] == found["c2st_auc"].value
    assert set(told["details"]) == set(found.detail_names)
    assert [one["standing"] for one in told["questions"]] == [answer.standing for answer in found.answers]


def test_the_summary_is_a_table_of_all_metrics_and_never_calms_anyone_falsely(found: Evaluation) -> None:
    text = io.StringIO()
    Console(file=text, width=200).print(found.summary())
    lines = text.getvalue()
    assert all(answer.question.text in lines for answer in found.answers)
    assert all(metric.measure.name in lines for metric in found.metrics)
    assert FORBIDDEN not in (lines + found.to_json()).lower()


def test_in_short_a_question_is_told_with_its_worst_metric_or_the_reason_there_is_none(
    found: Evaluation, tiny: Evaluation
) -> None:
    measured = [answer for answer in found.answers if answer.metrics[0].value is not None]
    assert len(found.text_rows(every_metric=False)) == len(QUESTIONS) + len(measured)
    short = tiny.text_rows(every_metric=False)
    assert len(short) == len(QUESTIONS)
    assert all("time budget" in row[-1] for row in short)


def test_equal_tables_and_seed_equal_json_and_no_order_nor_the_index_matters() -> None:
    rng = np.random.default_rng(0)

    def stirred(table: pd.DataFrame) -> pd.DataFrame:
        return table.sample(frac=1, random_state=5)[list(rng.permutation(table.columns))]

    tables = [make_people(45, seed)[["age", "job", "start", "rich"]] for seed in (1, 2, 3)]
    first, second, other = (
        evaluate(*these, target="rich", seed=2**62 + 1)
        for these in (tables, tables, [stirred(table) for table in tables])
    )
    assert first.to_json() == second.to_json()
    for metric in first.metrics:
        if metric.value is not None and metric.interval is not None:
            low, high = metric.interval
            value = other[metric.key].value
            assert value is not None
            assert low - 0.1 <= value <= high + 0.1, metric.key


def test_a_spent_time_budget_leaves_reasons_and_no_holes(tiny: Evaluation) -> None:
    assert len(tiny.metrics) == len(METRIC_KEYS)
    assert {metric.note for metric in tiny.metrics} == {
        "the time budget of 1e-09 s was spent before its turn"
    }
    assert all(answer.standing in ("not measured", "underpowered") for answer in tiny.answers)
    assert tiny.seconds == {}


def test_without_a_holdout_privacy_is_left_open(alone: Evaluation) -> None:
    for answer in alone.answers:
        if answer.question.group == "privacy":
            assert answer.standing in ("underpowered", "not measured"), answer.question.key
    assert alone["c2st_auc"].reference is not None


def test_large_tables_are_cut_and_exposed_rows_keep_their_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ROWS", 60)
    train = make_people(150, 1)
    found = evaluate(train, train, make_people(150, 2))
    assert found.rows["train"] == {"given": 150, "used": 60}
    exposed = found.details("exposed_rows")["row"]
    assert exposed.between(0, 149).all()
    assert exposed.max() >= 60


def test_an_evaluation_is_shown_in_a_line_a_question(found: Evaluation, tiny: Evaluation) -> None:
    for evaluation in (found, tiny):
        lines = repr(evaluation).splitlines()
        assert len(lines) == len(QUESTIONS) + 2
        assert max(map(len, lines)) < 160
        for line, answer in zip(lines[1:-1], evaluation.answers, strict=True):
            assert answer.question.text in line
            assert answer.standing in line
    assert repr(found).startswith("Evaluation of 200 synthetic rows beside 200 real ones, 200 held out")
    worst = next(answer for answer in found.answers if answer.question.key == "detection").metrics[0]
    assert f"{worst.measure.name} {worst.value:.3f}, real rows {worst.reference:.3f}" in repr(found)
    assert "outside epsilon" in repr(tiny.in_private_mode(1)).replace("\n", " ")


def test_a_metric_is_shown_in_a_line_beside_its_references(found: Evaluation) -> None:
    told = found["c2st_auc"]
    assert repr(told).startswith(f"c2st_auc: {told.value:.3f} ({told.interval[0]:.3f} … ")
    assert f"real rows {told.reference:.3f}, shuffled columns {told.floor:.3f}" in repr(told)
    attacked = replace(told, reference=None, floor=None, verdict="leak", note="why")
    assert repr(attacked).endswith("), leak\n  why")
    assert repr(told.measure.undefined("too few rows")) == "c2st_auc: not measured, too few rows"
    assert all(len(line) < 250 for metric in found.metrics for line in repr(metric).splitlines())


def test_private_mode_is_said_to_end_at_these_figures(found: Evaluation) -> None:
    private = found.in_private_mode(2)
    assert found.epsilon is None
    assert private.to_dict()["epsilon"] == 2.0
    assert "outside epsilon" in str(private.to_dict()["note"])
    for epsilon in (0, -1, math.nan):
        with pytest.raises(ValueError, match="epsilon"):
            found.in_private_mode(epsilon)


def test_a_schema_may_declare_some_columns_only(alone: Evaluation) -> None:
    kinds = alone.details("columns").set_index("column")["kind"]
    assert kinds["age"] == "categorical"
    assert kinds["pay"] == "numeric"


@pytest.mark.parametrize(
    "options", [{"seed": -1}, {"seed": "3"}, {"seed": 2**63}, {"time_budget": 0}, {"time_budget": math.nan}]
)
def test_numbers_out_of_range_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="Expected"):
        evaluate(make_people(9, 1), make_people(9, 2), **options)  # type: ignore[arg-type]


def test_tables_that_cannot_be_compared_are_refused_with_the_cure() -> None:
    table = make_people(9, 1)
    lists = table.assign(town=pd.Series([[1]] * 9))
    for other, match in (
        (table.drop(columns=["age"]), "it lacks 'age'"),
        (table.iloc[:0], "The (synthetic|held-out) table has no rows"),
        (pd.concat([table, table[["age"]]], axis=1), "more than one column"),
        ([1, 2], "pandas DataFrame"),
        (lists, "Column 'town'"),
    ):
        for tables in ((table, other), (table, table, other)):
            with pytest.raises(SchemaError, match=match):
                evaluate(*tables)  # type: ignore[arg-type]
    with pytest.raises(SchemaError, match="'no' is not a column of the table"):
        evaluate(table, table, target="no")
