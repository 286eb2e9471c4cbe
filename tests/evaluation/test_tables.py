from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan.evaluation.features import compare, content_columns, content_order
from tabgan.evaluation.tables import Tables
from tabgan.schema import infer_schema


def test_the_order_by_content_does_not_depend_on_looks(
    train: pd.DataFrame, holdout: pd.DataFrame, fresh: pd.DataFrame
) -> None:
    expected = Tables.checked(train, fresh, holdout).by_content
    for change in (
        lambda t: t.sample(frac=1, random_state=1),
        lambda t: t.iloc[:, ::-1],
        lambda t: t.set_axis(['"', "it's", "b c", "ü", "select", ""], axis=1),
        lambda t: t.assign(age=t["age"] * 2.54, start=t["start"] + pd.Timedelta(days=9)),
    ):
        changed = Tables.checked(*map(change, (train, fresh, holdout))).by_content
        for name in ("train", "synthetic", "holdout"):
            one, other = getattr(expected, name), getattr(changed, name)
            marks = [
                table.iloc[:, list(map(set, map(table.get, table))).index({True, False})]
                for table in (one, other)
            ]
            assert marks[0].tolist() == marks[1].tolist()


def test_places_lead_back_to_the_table_that_was_given(train: pd.DataFrame) -> None:
    tables = Tables.checked(train, train)
    order = tables.train_order
    assert sorted(order) == list(range(len(train)))
    pd.testing.assert_frame_equal(tables.by_content.train, train.iloc[order].reset_index(drop=True))
    assert order.tolist() != list(range(len(train)))


def test_equal_cells_in_other_columns_make_another_row() -> None:
    table = pd.DataFrame({"a": list("xyxx") * 20, "b": list("yxxy") * 20})
    ordered = table.iloc[content_order(table, infer_schema(table))]
    runs = (ordered != ordered.shift()).any(axis=1).sum()
    # Were the cells of a row merely added up, (x, y) and (y, x) would be mixed.
    assert runs == 3


def test_columns_are_ordered_by_their_cells(train: pd.DataFrame, fresh: pd.DataFrame) -> None:
    # The ranks of age and start are the same until a table breaks the bond.
    other = fresh.assign(start=train["start"])
    tables = ((train, other), (train.iloc[::-1, ::-1], other.iloc[:, ::-1]))
    names = [[column.name for column in content_columns(compare(*pair))] for pair in tables]
    assert names[0] == names[1]
    assert sorted(names[0]) == sorted(train.columns)


def test_sides_are_equal_and_the_same_whatever_the_order_of_rows(
    train: pd.DataFrame, holdout: pd.DataFrame, fresh: pd.DataFrame
) -> None:
    for held_out in (holdout, None):
        sides = [
            Tables.checked(t.sample(frac=1, random_state=s), fresh[:900], held_out).sides(500)
            for s, t in enumerate((train, train))
        ]
        for one, other in zip(*sides, strict=True):
            assert len(one) == 500
            pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("label", ["\ud800", "a\0b", "", "O'Neill"])
def test_any_category_has_a_place(label: str) -> None:
    cells = pd.Series([label, "x", None, label], dtype=object)
    table = pd.DataFrame({"c": cells, "n": [1.0, np.nan, 2.0, 1.0]})
    schema = infer_schema(table.assign(c=["y", "x", None, "y"]))
    order = list(content_order(table, schema))
    assert abs(order.index(0) - order.index(3)) == 1
