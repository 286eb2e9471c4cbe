from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan.encoding import TableEncoder
from tabgan.encoding.given_codes import known_codes
from tabgan.errors import SchemaError
from tabgan.schema import Column, Schema


def fit(cells, **options):
    table = pd.DataFrame({"x": cells})
    return TableEncoder.fit(table, **options), table


def decoded(encoder, codes, seed=0):
    return encoder.decode(np.asarray(codes, dtype=np.int16), rng=np.random.default_rng(seed))["x"]


def test_codes_follow_frequency_and_missing_comes_last():
    encoder, _table = fit(["b"] * 10 + ["a"] * 20 + [None] * 5)
    assert decoded(encoder, [[0], [1], [2]]).tolist()[:2] == ["a", "b"]
    assert decoded(encoder, [[2]]).isna().all()
    assert encoder.layout.blocks[0].positions is None


def test_missing_differs_from_the_text_nan():
    encoder, table = fit(["nan"] * 10 + [np.nan] * 10 + ["a"] * 10)
    pd.testing.assert_series_equal(decoded(encoder, encoder.encode(table)), table["x"])


def test_ordered_categories_have_places_in_their_order():
    cells = pd.Categorical(["low"] * 10 + ["high"] * 30 + ["mid"] * 20, ["low", "mid", "high"], ordered=True)
    encoder, _table = fit(cells)
    assert encoder.layout.blocks[0].positions == (0.0, 0.5, 1.0)
    assert decoded(encoder, [[0], [1], [2]]).tolist() == ["low", "mid", "high"]


def test_rare_labels_fold_into_kept_ones_by_their_frequency():
    encoder, table = fit(["a"] * 600 + ["b"] * 300 + [f"rare {k}" for k in range(100)])
    codes = encoder.encode(table)
    assert encoder.layout.sizes == (3,)
    out = decoded(encoder, np.full((30_000, 1), codes[-1, 0]))
    assert set(out) == {"a", "b"}
    assert abs((out == "a").mean() - 2 / 3) < 0.02
    (warning,) = encoder.warnings
    assert "100 rows" in warning
    assert "rare 1" not in warning


def test_rare_labels_can_become_a_token():
    encoder, table = fit(["a"] * 60 + [f"rare {k}" for k in range(10)], rare="token")
    out = decoded(encoder, encoder.encode(table))
    assert out[60:].tolist() == ["other"] * 10
    assert encoder.allowed("x", "other").tolist() == [False, True]


def test_a_token_becomes_a_level_of_a_pandas_category():
    encoder, table = fit(pd.Categorical(["a"] * 60 + [f"rare {k}" for k in range(10)]), rare="token")
    out = decoded(encoder, encoder.encode(table))
    assert list(out.cat.categories) == ["a", "other"]


def test_a_token_may_be_a_level_already():
    cells = ["other"] * 30 + ["a"] * 30 + [f"rare {k}" for k in range(10)]
    encoder, table = fit(pd.Categorical(cells), rare="token")
    out = decoded(encoder, encoder.encode(table))
    assert out.tolist() == ["other"] * 30 + ["a"] * 30 + ["other"] * 10
    assert out.cat.categories.is_unique


def test_min_rows_1_keeps_every_label():
    encoder, table = fit(["a"] * 60 + [f"rare {k}" for k in range(10)], min_rows=1)
    pd.testing.assert_series_equal(decoded(encoder, encoder.encode(table)), table["x"])
    assert encoder.warnings == ()


def test_a_handful_of_rare_rows_gets_no_code_of_its_own():
    encoder, table = fit(["a"] * 60 + ["b"] * 20 + ["once"])
    assert encoder.layout.sizes == (2,)
    assert decoded(encoder, encoder.encode(table)).iloc[-1] == "a"
    assert "(fewer than 5 rows in all)" in encoder.warnings[0]


@pytest.mark.parametrize("rare", ["fold", "token"])
def test_a_few_rows_of_nothing_but_rare_labels_come_out_missing_and_are_not_counted(rare):
    """No value is more frequent, and a count of two would tell of two rows."""
    encoder, table = fit(["once", "twice"] + [None] * 60, rare=rare)
    assert decoded(encoder, encoder.encode(table)).isna().all()
    (note,) = encoder.warnings
    assert note.startswith("Column 'x': fewer than 5 rows have a value, so ")


def test_labels_declared_in_the_schema_are_public_and_kept_whatever_their_count():
    schema = Schema((Column("x", "categorical", "str", categories=("a", "b", "once")),))
    encoder, table = fit(pd.Series(["a"] * 60 + ["b"] * 20 + ["once"], dtype="str"), schema=schema)
    pd.testing.assert_series_equal(decoded(encoder, encoder.encode(table)), table["x"])


def test_levels_of_a_category_dtype_stay_and_unused_ones_are_never_drawn():
    levels = ["unused", "a", "b", "held by two"]
    encoder, _table = fit(pd.Categorical(["a"] * 60 + ["b"] * 20 + ["held by two"] * 2, categories=levels))
    every_code = np.arange(encoder.layout.sizes[0])[:, None]
    out = decoded(encoder, every_code)
    assert list(out.cat.categories) == ["unused", "a", "b"]
    assert set(out.dropna()) <= {"a", "b"}


def test_a_thousand_labels_take_two_small_blocks():
    labels = [f"label {k}" for k in range(1000)]
    encoder, table = fit(pd.Series(labels * 6, dtype="category"))
    assert encoder.layout.sizes == (32, 32)
    assert encoder.layout.blocks[1].parent == 0
    pd.testing.assert_series_equal(decoded(encoder, encoder.encode(table)), table["x"])
    assert np.argwhere(encoder.allowed("x", "label 0")).shape == (1, 2)


def test_more_than_ten_thousand_labels_take_three():
    encoder, table = fit(pd.Series(np.arange(12_000).repeat(5)).astype("category"))
    assert encoder.layout.sizes == (23, 23, 23)
    pd.testing.assert_series_equal(decoded(encoder, encoder.encode(table)), table["x"])


def test_a_column_of_rare_labels_only_is_an_error_with_a_cure():
    schema = Schema((Column("x", "categorical", "str"),))
    with pytest.raises(SchemaError, match="none of its 60 different values") as caught:
        fit([f"note {k}" for k in range(60)], schema=schema)
    assert "note 1" not in str(caught.value)
    encoder, table = fit([f"note {k}" for k in range(60)], schema=schema, rare="token")
    assert set(decoded(encoder, encoder.encode(table))) == {"other"}


def test_columns_of_rare_labels_only_are_told_of_at_once():
    notes = [f"note {k}" for k in range(60)]
    table = pd.DataFrame({"a": notes, "x": ["x"] * 60, "b": notes})
    with pytest.raises(SchemaError, match=r"Columns 'a', 'b': none .*--drop.*min_rows") as caught:
        TableEncoder.fit(table, Schema(tuple(Column(name, "categorical", "str") for name in table)))
    assert "note 1" not in str(caught.value)


def test_a_fold_of_most_rows_is_told_of_plainly():
    for n_often, is_told in ((20, True), (60, False)):
        encoder, _ = fit(["often"] * n_often + [f"rare {k}" for k in range(40)])
        assert ("more than half of its rows (40)" in " ".join(encoder.warnings)) == is_told


def test_an_unseen_label_is_rare_or_else_the_most_frequent_and_counted():
    encoder, _ = fit(["a"] * 60 + ["b"] * 70)
    codes, foreign = encoder.encode_counting(pd.DataFrame({"x": ["new", "a", None]}))
    assert decoded(encoder, codes).tolist() == ["b", "a", "b"]
    assert foreign == {"x": 2}
    encoder, _ = fit(["a"] * 60 + ["b"] * 70 + [f"rare {k}" for k in range(9)])
    codes, foreign = encoder.encode_counting(pd.DataFrame({"x": ["new"]}))
    assert codes.tolist() == [[2]]
    assert foreign == {}


def test_whole_labels_are_recognised_when_gaps_made_them_floats():
    schema = Schema((Column("x", "categorical", "int64"),))
    encoder, _ = fit([1] * 20 + [2] * 30, schema=schema)
    codes, is_visible = known_codes(encoder, pd.DataFrame({"x": [1.0, np.nan, 2.0]}))
    assert decoded(encoder, codes[is_visible[:, 0]]).tolist() == [1, 2]


def test_a_boolean_that_is_nearly_always_false_keeps_both_values():
    encoder, table = fit([True] * 2 + [False] * 98)
    out = decoded(encoder, encoder.encode(table))
    assert out.dtype == bool
    pd.testing.assert_series_equal(out, table["x"])


def test_a_constant_needs_no_block():
    encoder, table = fit(["k"] * 30)
    assert encoder.layout.sizes == ()
    pd.testing.assert_series_equal(decoded(encoder, encoder.encode(table)), table["x"])
