from __future__ import annotations

import uuid

import numpy as np
import pandas as pd
import pytest

from tabgan.encoding import TableEncoder
from tabgan.encoding.patterns import Pattern, pattern_of_text
from tabgan.errors import ConditionError, SchemaError
from tabgan.schema import Column, Schema

N = 2000
RNG = np.random.default_rng(0)


def hexes(length):
    return ["".join(row) for row in RNG.choice(list("0123456789abcdef"), (N, length))]


def words(length):
    return ["".join(row) for row in RNG.choice(list("abcdefghij"), (N, length))]


FORMS = [
    ([f"CUST-{k:05d}" for k in range(N)], r"CUST-\d+"),
    ([f"user{k}@mail.example" for k in range(N)], r"user\d+@mail\.example"),
    (hexes(32), r"[0-9a-f]{32}"),
    (
        [f"{word}.{number}" for word, number in zip(words(6), RNG.integers(0, 10**9, N), strict=True)],
        r"[a-z]+\.\d+",
    ),
    ([f"{a}-{b}" for a, b in zip(hexes(4), hexes(8), strict=True)], r"[0-9a-f]{4}-[0-9a-f]{8}"),
    ([f"{k:08d}" for k in RNG.permutation(10**6)[:N]], r"\d{8,}"),
    (
        [str(uuid.UUID(int=int(k), version=4)) for k in RNG.integers(0, 2**62, N)],
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    ),
]


@pytest.mark.parametrize(("texts", "form"), FORMS, ids=[form for _, form in FORMS])
def test_new_texts_have_the_form_are_unique_and_are_no_old_ones(texts, form):
    made = pattern_of_text(texts, min_rows=5).texts(np.arange(30_000))
    assert len(set(made)) == 30_000
    assert pd.Series(made).str.fullmatch(form).all()
    assert len(set(made) & set(texts)) <= 0.001 * len(made)


def test_a_character_of_few_rows_is_not_told():
    texts = [f"A{k:06d}" for k in range(N)] + [f"Q{k:06d}" for k in range(3)]
    assert "Q" not in str(pattern_of_text(texts, min_rows=5).to_dict())
    texts = [f"A{k:06d}" for k in range(N)] + ["SECRET NAME", "x"]
    assert "SECRET" not in str(pattern_of_text(texts, min_rows=5).to_dict())


def test_a_form_that_is_full_goes_on_uniquely():
    made = Pattern("text", pieces=(("=", "K"), ("9", 2))).texts(np.arange(250))
    assert len(set(made)) == 250


def identifiers(cells, **options):
    table = pd.DataFrame({"key": cells, "x": RNG.normal(size=len(cells))})
    return TableEncoder.fit(table, **options), table


def test_running_numbers_start_above_all_that_were_seen():
    encoder, table = identifiers(np.arange(1, N + 1))
    assert encoder.schema["key"].kind == "identifier"
    assert encoder.layout.of_column(0) == ()
    codes = encoder.encode(table)
    first = encoder.decode(codes, rng=np.random.default_rng(0))["key"]
    second = encoder.decode(codes, rng=np.random.default_rng(0), first_row=N)["key"]
    both = pd.concat([first, second])
    assert both.is_unique
    assert not both.isin(table["key"]).any()
    assert both.dtype == table["key"].dtype


def test_missing_identifiers_are_a_code():
    cells = pd.Series([f"K-{k:06d}" for k in range(N)]).mask(RNG.random(N) < 0.2)
    encoder, table = identifiers(cells)
    out = encoder.decode(encoder.encode(table), rng=np.random.default_rng(0))
    np.testing.assert_array_equal(out["key"].isna(), cells.isna())


def test_no_identifier_is_in_the_json():
    cells = [f"{a}{b}" for a, b in zip(hexes(8), words(9), strict=True)]
    encoder, _ = identifiers(cells)
    text = str(encoder.to_dict())
    assert not any(cell in text for cell in cells)


def test_identifiers_take_no_condition():
    encoder, _ = identifiers(np.arange(N))
    with pytest.raises(ConditionError, match=r"Column 'key'.*never learned"):
        encoder.allowed("key", 3)


def test_a_dtype_without_room_for_more_identifiers_is_an_error():
    schema = Schema((Column("key", "identifier", "int8"), Column("x", "numeric", "float64")))
    encoder, _table = identifiers(np.arange(100, dtype="int8"), schema=schema)
    codes = np.zeros((100, len(encoder.layout.blocks)), dtype=np.int16)
    assert encoder.decode(codes, rng=np.random.default_rng(0))["key"].is_unique
    with pytest.raises(SchemaError, match="Column 'key': int8 has room for"):
        encoder.decode(codes, rng=np.random.default_rng(0), first_row=100)


def test_a_date_is_no_identifier():
    schema = Schema((Column("key", "identifier", "datetime64[s]"), Column("x", "numeric", "float64")))
    with pytest.raises(SchemaError, match="Column 'key': an identifier is text or whole numbers"):
        identifiers(pd.date_range("2020-01-01", periods=N, unit="s"), schema=schema)


@pytest.mark.parametrize("length", [64, 65, 300, 5_000])
def test_forms_of_any_length_give_other_texts_for_other_rows(length):
    texts = Pattern("text", pieces=(("=", "K-"), ("a", length))).texts(np.arange(200))
    assert {len(text) for text in texts} == {length + 2}
    assert len(set(texts)) == 200
