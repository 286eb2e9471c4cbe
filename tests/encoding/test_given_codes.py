"""Codes of rows with gaps: what is given is shown to the model, what it cannot know is hidden from it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan.encoding.given_codes import known_codes, unknown_labels
from tabgan.encoding.table import TableEncoder
from tabgan.errors import SchemaError


def test_known_codes_hide_missing_cells_and_columns(mixed):
    encoder = TableEncoder.fit(mixed)
    part = mixed.drop(columns=["age"])
    codes, is_visible = known_codes(encoder, part)
    full = encoder.encode(mixed)
    for index, encoder_of_column in enumerate(encoder.encoders):
        name = encoder_of_column.column.name
        blocks = list(encoder.layout.of_column(index))
        known = np.zeros(len(mixed), bool) if name == "age" else mixed[name].notna().to_numpy()
        for block in blocks:
            np.testing.assert_array_equal(is_visible[:, block], known)
            np.testing.assert_array_equal(codes[known, block], full[known, block])
    with pytest.raises(SchemaError, match="Drop 'new'"):
        known_codes(encoder, part.assign(new=1))


@pytest.mark.parametrize("dtype", ["object", "category", "string"])
def test_a_label_that_was_not_learned_is_hidden_and_not_taken_for_the_most_frequent_one(dtype):
    table = pd.DataFrame({"k": ["u"] * 60 + ["v"] * 40, "x": np.arange(100) % 9, "b": [True, False] * 50})
    encoder = TableEncoder.fit(table.astype({"k": dtype}))
    given = pd.DataFrame({"k": ["new", "u", None, "v"], "x": [3, None, 10**6, -5]}).astype({"k": dtype})
    codes, is_visible = known_codes(encoder, given)
    assert is_visible[:, 0].tolist() == [False, True, False, True]
    assert is_visible[:, 1].tolist() == [True, False, True, True]  # a number has a nearest one
    assert codes[[2, 3], 1].tolist() == [8, 0]
    assert not is_visible[:, 2].any()
    assert unknown_labels(encoder, given) == {"k": 1}


def test_a_label_that_is_not_learned_has_the_code_of_rare_ones():
    table = pd.DataFrame({"k": ["u"] * 60 + ["v"] * 40 + list("efghij"), "x": np.arange(106) % 9})
    encoder = TableEncoder.fit(table)
    given = pd.DataFrame({"k": ["new", "e", "u"]})
    codes, is_visible = known_codes(encoder, given)
    assert codes[:, 0].tolist() == [2, 2, 0]
    assert is_visible[:, 0].all()
    assert unknown_labels(encoder, given) == {}
