"""Arguments of the wrong type are refused by their name, in a line, before any work."""

from __future__ import annotations

from typing import Any

import pandas as pd
import polars as pl
import pytest

from tabgan import Column, ConditionError, NotFittedError, Range, Schema, TabGAN, Unique, infer_schema
from tabgan.schema import read_schema

TABLE = pd.DataFrame({"a": range(60), "b": ["x", "y"] * 30})


@pytest.fixture(scope="module")
def model() -> TabGAN:
    return TabGAN(epochs=1).fit(TABLE)


def told_of(caught: pytest.ExceptionInfo[TypeError], argument: str) -> str:
    text = str(caught.value)
    assert text.startswith(f"Expected {argument} to ")
    assert len(text.splitlines()) == 1
    assert "secret" not in text
    return text


@pytest.mark.parametrize("epsilon", [None, 1.0])
@pytest.mark.parametrize(
    ("argument", "value", "told"),
    [
        ("rules", [1], "one that holds int"),
        ("rules", 1, "got int"),
        ("rules", None, "got None"),
        ("rules", "Unique", "got str"),
        ("rules", Unique, "got type"),
        ("callbacks", [print, "print"], "one that holds str"),
        ("callbacks", None, "got None"),
        ("personal", ["a"], "got list"),
        ("personal", "a", "got str"),
        ("discrete_columns", "b", "got str"),
        ("discrete_columns", None, "got None"),
        ("discrete_columns", [["a"]], "one that holds list"),
        ("target", ["a"], "got list"),
        ("schema", [Column("a", "numeric")], "got list"),
    ],
)
def test_a_parameter_of_another_type_is_named_before_the_table_is_read(
    argument: str, value: Any, told: str, epsilon: float | None
) -> None:
    model = TabGAN(epsilon=epsilon, **{argument: value})
    with pytest.raises(TypeError) as caught:
        model.fit(TABLE)
    assert told in told_of(caught, argument)
    with pytest.raises(NotFittedError):
        model.sample(1)


def test_a_rule_or_a_callback_may_come_alone() -> None:
    epochs = []
    rule = Unique(("a",))
    model = TabGAN(rules=rule, callbacks=lambda told: epochs.append(told["epoch"]), epochs=1).fit(TABLE)
    assert model.schema_.rules == (rule,)
    assert model.get_params()["rules"] is rule  # kept as it was given
    assert epochs
    assert Schema((Column("a", "numeric"),), rule).rules == (rule,)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "conditions",
    [[("b", "secret")], "secret", pd.Series({"b": "secret"}), {"secret"}, 3, Range("a", "b", "c")],
)
def test_conditions_that_name_no_column_are_refused(model: TabGAN, conditions: Any) -> None:
    with pytest.raises(TypeError) as caught:
        model.sample(5, conditions=conditions)
    assert type(conditions).__name__ in told_of(caught, "conditions")


@pytest.mark.parametrize("argument", ["counts", "shares"])
@pytest.mark.parametrize("wanted", [[("b", 3)], "b", {"b": 0.5}, {"b": ["secret"]}])
def test_counts_and_shares_map_columns_to_mappings(model: TabGAN, argument: str, wanted: Any) -> None:
    with pytest.raises(TypeError) as caught:
        model.sample(5, **{argument: wanted})
    told_of(caught, argument)


def test_a_table_of_conditions_may_be_of_any_library(model: TabGAN) -> None:
    made = model.sample(conditions=pl.DataFrame({"b": ["y", "x", None]}), seed=1)
    assert made["b"].tolist()[:2] == ["y", "x"]
    with pytest.raises(ConditionError):
        model.sample(conditions=pl.DataFrame({"c": ["y"]}))


def test_names_of_columns_are_no_text(tmp_path: Any) -> None:
    with pytest.raises(TypeError) as caught:
        infer_schema(TABLE, discrete_columns="ab")
    assert "got str" in told_of(caught, "discrete_columns")
    assert infer_schema(TABLE, discrete_columns=pd.Index(["a"]))["a"].kind == "categorical"
    assert infer_schema(TABLE, discrete_columns={"a"})["a"].kind == "categorical"
    infer_schema(TABLE).save(tmp_path / "s.json")
    assert read_schema(tmp_path / "s.json") == read_schema(str(tmp_path / "s.json"))


def test_a_misspelt_parameter_is_one_of_tabgan() -> None:
    with pytest.raises(TypeError, match=r"TabGAN.*'epochz'"):
        TabGAN(epochz=1)  # type: ignore[call-arg]


def test_discrete_columns_are_not_lost_where_ctgan_has_them() -> None:
    for names in (["b"], ("a", "b")):
        with pytest.raises(TypeError, match="discrete_columns=") as caught:
            TabGAN(epochs=1).fit(TABLE, names)  # type: ignore[arg-type]
        told_of(caught, "y")
    labels = ["b", "secret"] * 30  # of scikit-learn, one a row
    assert len(TabGAN(epochs=1).fit(TABLE, labels).sample(2)) == 2  # type: ignore[arg-type]
