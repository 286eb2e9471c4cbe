from __future__ import annotations

import uuid

import numpy as np
import pandas as pd
import pytest

from tabgan.dtypes import largest_number
from tabgan.encoding import TableEncoder
from tabgan.encoding.patterns import Pattern, pattern_of_numbers, pattern_of_text
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
    assert len(set(made[:N]) & set(texts)) <= 0.1 * N


LIKE = {
    "order": ([f"ORD-{k:05d}" for k in range(1, 301)], r"ORD-\d{5}"),
    "account": ([f"{k:06d}" for k in RNG.permutation(10**6)[:300]], r"\d{6}"),
    "no zero first": ([str(k) for k in RNG.choice(range(10**4, 10**5), 300, replace=False)], r"[1-9]\d{4}"),
    "plate": ([f"{a}{k:03d}" for a, k in zip(words(2), range(500, 800), strict=False)], r"[a-z]{2}\d{3}"),
    "version": ([f"{k % 9}.{k % 7}.{k}" for k in range(100, 400)], r"\d\.\d\.\d{3}"),
    "64 bits": ([str(k) for k in RNG.integers(0, 2**64 - 1, 300, dtype=np.uint64)], r"[1-9]\d{18,19}"),
}


@pytest.mark.parametrize(("texts", "form"), LIKE.values(), ids=LIKE)
def test_new_texts_are_as_long_as_the_old_ones(texts, form):
    made = pattern_of_text(texts, min_rows=5).texts(np.arange(300), salt=1)
    assert pd.Series(made).str.fullmatch(form).all()
    assert len(set(made)) == 300
    if texts is LIKE["64 bits"][0]:
        assert max(map(int, made)) < 2**64


@pytest.mark.parametrize("numbers", [range(1, 301), range(9_600, 10_000), range(5_000, 5_300)])
def test_texts_of_running_numbers_lie_where_no_old_one_is(numbers):
    pattern = pattern_of_text([f"ORD-{k:04d}-x" for k in numbers], min_rows=5)
    made = pattern.texts(np.arange(12_000), salt=3)
    assert len(set(made)) == 12_000
    assert {len(text) for text in made[:500]} == {10}
    assert not set(made) & {f"ORD-{k:04d}-x" for k in numbers}
    assert Pattern.from_dict(pattern.to_dict()) == pattern


@pytest.mark.parametrize("taken", [[0], [3, 2], [-1, 4], [2, 17], [1, 2, 3]])
def test_parts_that_there_are_not_are_refused(taken):
    state = Pattern("text", pieces=(("9", 3),)).to_dict()
    assert "taken" not in state
    with pytest.raises(ValueError, match="sixteenth"):
        Pattern.from_dict({**state, "taken": taken})


def test_a_form_that_is_nearly_full_is_made_longer():
    for texts, length in (([f"{k:03d}" for k in range(400)], 3), ([f"{k:03d}" for k in range(600)], 4)):
        assert {len(text) for text in pattern_of_text(texts, min_rows=5).texts(np.arange(50))} == {length}
    assert {
        len(t) for t in pattern_of_text([f"K{k}" for k in range(600)], min_rows=5).texts(np.arange(9))
    } == {5}


def test_texts_are_longer_only_once_those_of_the_form_run_out():
    made = Pattern("text", pieces=(("=", "K"), ("9", 2), ("=", "-"), ("a", 1))).texts(
        np.arange(30_000), salt=9
    )
    assert [len(text) for text in made] == [5] * 2600 + [6] * 26_000 + [7] * 1400
    assert len(set(made)) == 30_000
    assert (
        made[27_000]
        == Pattern("text", pieces=(("=", "K"), ("9", 2), ("=", "-"), ("a", 1))).texts(
            np.array([27_000]), salt=9
        )[0]
    )


def test_identifiers_of_one_form_share_nothing_but_the_form():
    forms = [f"K{k:06d}" for k in RNG.permutation(10**6)[:N]]
    table = pd.DataFrame({"a": forms, "b": forms[::-1], "u": [str(uuid.UUID(int=k)) for k in range(N)]})
    table["v"] = table["u"][::-1].to_list()
    encoder = TableEncoder.fit(table)
    out = encoder.decode(encoder.encode(table), rng=np.random.default_rng(0))
    for one, two in (("a", "b"), ("u", "v")):
        assert out[one].str.len().eq(table[one].str.len()).all()
        assert (out[one] == out[two]).sum() < 5
        assert sum(map(str.__eq__, "".join(out[one]), "".join(out[two]))) < 0.45 * out[one].str.len().sum()
    again = TableEncoder.from_dict(encoder.to_dict()).decode(
        encoder.encode(table), rng=np.random.default_rng(0)
    )
    pd.testing.assert_frame_equal(again, out)


def test_numbers_keep_their_length_until_those_of_it_run_out():
    made = Pattern("number", start=820).numbers(np.arange(9400), salt=3)
    assert sorted(made[:180]) == list(range(820, 1000))
    assert sorted(made[180:9180]) == list(range(1000, 10_000))
    assert {len(str(number)) for number in made[9180:]} == {5}
    assert len(set(made)) == 9400
    parts = [
        Pattern("number", start=820).numbers(rows, salt=3) for rows in np.split(np.arange(9400), [170, 200])
    ]
    np.testing.assert_array_equal(np.concatenate(parts), made)


@pytest.mark.parametrize(("start", "largest"), [(1, 127), (20, 127), (1, 2**63 - 1), (10**18, 2**63 - 1)])
def test_numbers_go_up_to_the_largest(start, largest):
    n_rows = min(largest - start + 1, 3000)
    made = Pattern("number", start=start).numbers(np.arange(n_rows), salt=8, largest=largest)
    assert len(set(made)) == n_rows
    assert start <= made.min() <= made.max() <= largest


@pytest.mark.parametrize("dtype", ["int64", "int16", "Int64", "float64", "object", "int64[pyarrow]"])
def test_identifiers_of_numbers_do_not_go_together(dtype):
    whole = np.arange(1, N + 1)
    table = pd.DataFrame({"order": whole, "customer": whole[::-1] + 5000, "line": whole}).astype(dtype)
    element = "int" if dtype == "object" else None
    schema = Schema(tuple(Column(name, "identifier", dtype, element=element) for name in table))
    encoder = TableEncoder.fit(table, schema=schema)
    out = encoder.decode(np.zeros((N, 0), dtype=np.int16), rng=np.random.default_rng(0))
    assert out.dtypes.equals(table.dtypes)
    numbers = out.astype("float64")
    assert all(numbers[name].is_unique for name in table)
    assert numbers[["order", "customer"]].map(lambda number: len(f"{number:.0f}") == 4).all(axis=None)
    assert np.abs(np.triu(np.corrcoef([*numbers.to_numpy().T, np.arange(N)]), 1)).max() < 0.1


@pytest.mark.parametrize(
    ("dtype", "largest"), [("float64", 2**53), ("float32", 2**24), ("uint64", 2**63 - 1)]
)
def test_no_number_is_beyond_those_that_a_column_holds_exactly(dtype, largest):
    assert largest_number(dtype) == largest
    assert int(np.array([largest], dtype)[0]) == largest


@pytest.mark.parametrize(("last", "n_digits"), [(300, 3), (2000, 4), (995, 4), (99_999, 6)])
def test_running_numbers_start_above_with_as_many_digits_where_there_is_room(last, n_digits):
    out = pattern_of_numbers(np.arange(1, last + 1), Column("k", "identifier", "int64"), min_rows=5)
    assert last < out.start <= 1.15 * last + 10
    assert len(str(out.start)) == n_digits


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
    with pytest.raises(ConditionError, match=r"Column 'key'.*made up, so it takes no condition"):
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
