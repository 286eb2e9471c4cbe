"""Invariants of how private mode reads a table, each on neighbouring tables with frozen noise."""

from __future__ import annotations

import datetime as dt
import functools
import json
import re

import numpy as np
import pandas as pd
import pytest

from tabgan.encoding.noisy_statistics import fit_encoder, planned_releases
from tabgan.encoding.private_schema import measure_schema, planned_votes
from tabgan.encoding.row_wise import row_wise_table
from tabgan.errors import SchemaError
from tabgan.privacy.accounting import default_delta
from tabgan.privacy.config import PrivacyConfig
from tabgan.privacy.ledger import Ledger
from tabgan.privacy.rows import BoundRelease, PrivateRows
from tabgan.private_reading import Budget, Reading
from tabgan.schema import Column, Schema
from tests.privacy.replaying import distances, recorded, replayed

N_ROWS = 400
NOISE = 3.0


def records(seed=0):
    """Rows of plain Python values: what dtypes a DataFrame makes of them is up to all of them."""
    rng = np.random.default_rng(seed)
    day = dt.datetime(2020, 1, 1)
    return [
        {
            "age": int(rng.integers(17, 91)),
            "income": int(rng.choice([0, 0, 0, 15_024, rng.integers(1, 99_999)])),
            "price": round(float(rng.exponential(20)), 2),
            "ratio": float(rng.normal()),
            "grade": int(rng.integers(1, 4)),
            "job": str(rng.choice(["clerk", "nurse", "smith"])),
            "city": str(rng.choice(["Rome", "Oslo"])),
            "member": bool(rng.random() < 0.4),
            "born": day + dt.timedelta(days=int(rng.integers(0, 9000))),
            "seen": day + dt.timedelta(minutes=int(rng.integers(0, 600_000))),
            "key": f"K-{rng.integers(10**6)}",
        }
        for _ in range(N_ROWS)
    ]


DECLARED = Schema(
    (
        Column("age", "numeric", dtype="int64", minimum=17, maximum=90),
        Column("income", "numeric", dtype="int64", minimum=0, maximum=99_999),
        Column("price", "numeric", dtype="float64", decimals=2, minimum=0, maximum=500),
        Column("ratio", "numeric", dtype="float64", minimum=-5, maximum=5),
        Column("grade", "categorical", dtype="int64", categories=(1, 2, 3), ordered=True),
        Column("job", "categorical", dtype="str", categories=("clerk", "nurse", "smith")),
        Column("city", "categorical", dtype="str", categories=("Oslo", "Rome")),
        Column("member", "boolean", dtype="bool"),
        Column("born", "datetime", dtype="datetime64[us]", minimum="2019-01-01", maximum="2049-12-31"),
        Column("seen", "datetime", dtype="datetime64[us]", minimum="2020-01-01", maximum="2021-12-31"),
        Column("key", "identifier", dtype="str"),
    )
)
HALF = Schema(
    (
        Column("age", "numeric", dtype="int64", minimum=0),
        Column("income", "numeric", dtype="int64"),
        Column("price", "numeric", dtype="float64", decimals=2),
        Column("ratio", "numeric", dtype="float64"),
        Column("grade", "categorical", dtype="int64"),
        Column("job", "categorical", dtype="str"),
        Column("city", "categorical", dtype="category"),
        Column("member", "boolean", dtype="boolean"),
        Column("born", "datetime", dtype="datetime64[ns]"),
        Column("seen", "datetime", dtype="datetime64[s]"),
        Column("key", "identifier", dtype="str"),
    )
)

ODD_ROWS = {
    "an outlier": {
        "age": 10**6,
        "income": -(10**12),
        "price": 1e300,
        "ratio": -1e18,
        "born": dt.datetime(1700, 1, 1),
    },
    "a new category": {"grade": 9, "job": "spy", "city": "Ys"},
    "missing cells": dict.fromkeys(records()[0]),
    "a float among whole numbers": {"age": 30.5, "income": 0.5, "grade": 2.5},
    "text among numbers": dict.fromkeys(records()[0], "oops"),
    "numbers as text": {
        "age": "44",
        "income": "15024",
        "grade": "2",
        "member": "True",
        "seen": "2020-03-01 10:30",
    },
    "infinite and huge": {
        "age": 10**400,
        "income": float("inf"),
        "price": float("-inf"),
        "ratio": float("nan"),
    },
    "things": {"age": [1], "job": (1, 2), "city": b"x", "grade": {"a": 1}, "seen": object(), "member": 3j},
    "a date object and a time zone": {
        "born": dt.date(2020, 5, 5),
        "seen": dt.datetime(2020, 5, 5, tzinfo=dt.timezone.utc),
        "age": True,
    },
    "a lone surrogate": {"job": "\ud800", "city": "x" * 100_000},
}


def neighbours():
    """Every table that lacks one row or has one more, and the place of that row."""
    rows = records()
    for name, place in (("first", 0), ("last", N_ROWS - 1), ("middle", 200)):
        yield pytest.param(rows[:place] + rows[place + 1 :], place, id=f"no {name} row")
    for name, odd in ODD_ROWS.items():
        for where, place in (("first", 0), ("last", N_ROWS)):
            more = [*rows[:place], {**rows[7], **odd}, *rows[place:]]
            yield pytest.param(more, place, id=f"{name}, {where}")


NEIGHBOURS = list(neighbours())


def table_of(rows):
    try:
        return pd.DataFrame(rows)
    except (UnicodeEncodeError, OverflowError):  # cells that no column but one of objects can hold
        return pd.DataFrame(rows, dtype=object)


def fitted(df, schema, *, noise=NOISE, n_rows=N_ROWS):
    """Encoder, ledger entries and the released number of rows."""
    ledger = Ledger(10_000.0, 1e-2)
    private = PrivateRows(df, ledger)
    count = private.row_count(noise_multiplier=noise)
    private = private.map(lambda table: row_wise_table(table, schema))
    encoder = fit_encoder(schema, BoundRelease(private, noise, delta=1e-6), n_rows=count)
    return encoder, ledger.entries


def as_json(encoder):
    return json.dumps(encoder.to_dict(), sort_keys=False)


@functools.cache
def recorded_once(schema):
    with pytest.MonkeyPatch.context() as patch:
        first = recorded(patch)
        return first, *fitted(table_of(records()), schema)


@functools.cache
def coded_once(schema):
    base = table_of(records())
    encoder, _ = fitted(base, schema)
    return encoder, encoder.encode(row_wise_table(base, schema))


def kinds_of(df):
    ledger = Ledger(10_000.0, 1e-2)
    release = BoundRelease(PrivateRows(df, ledger), NOISE, delta=1e-6)
    return measure_schema(release, tuple(records()[0]), n_rows=N_ROWS), ledger.entries


@functools.cache
def kinds_once():
    with pytest.MonkeyPatch.context() as patch:
        first = recorded(patch)
        return first, *kinds_of(table_of(records()))


def pair(monkeypatch, rows, schema):
    first, encoder, entries = recorded_once(schema)
    with monkeypatch.context() as patch:
        second = replayed(patch, first)
        other, other_entries = fitted(table_of(rows), schema)
    return (first, encoder, entries), (second, other, other_entries)


@pytest.mark.parametrize("schema", [DECLARED, HALF], ids=["declared", "half declared"])
@pytest.mark.parametrize(("rows", "place"), NEIGHBOURS)
def test_invariants_2_and_3_on_neighbouring_tables(monkeypatch, rows, place, schema):
    (first, encoder, entries), (second, other, other_entries) = pair(monkeypatch, rows, schema)
    assert as_json(other) == as_json(encoder)
    assert second.releases == first.releases
    assert other_entries == entries
    for distance, sensitivity in distances(first, second):
        assert np.isfinite(distance)
        assert distance <= sensitivity
    assert any(distance > 0 for distance, _ in distances(first, second))


@pytest.mark.parametrize("schema", [DECLARED, HALF], ids=["declared", "half declared"])
@pytest.mark.parametrize(("rows", "place"), NEIGHBOURS)
def test_invariant_2_rows_that_two_tables_share_have_the_same_codes(rows, place, schema):
    encoder, codes = coded_once(schema)
    others = encoder.encode(row_wise_table(table_of(rows), schema))
    assert others.dtype == codes.dtype
    if len(rows) < N_ROWS:
        codes = np.delete(codes, place, axis=0)
    else:
        others = np.delete(others, place, axis=0)
    np.testing.assert_array_equal(others, codes)


@pytest.mark.parametrize(("rows", "place"), NEIGHBOURS)
def test_invariants_2_and_3_of_kinds_that_nobody_declared(monkeypatch, rows, place):
    first, found, entries = kinds_once()
    with monkeypatch.context() as patch:
        second = replayed(patch, first)
        other, other_entries = kinds_of(table_of(rows))
    assert other.schema.to_json() == found.schema.to_json()
    assert (other.notes, other_entries) == (found.notes, entries)
    assert all(distance <= sensitivity for distance, sensitivity in distances(first, second))


@pytest.mark.parametrize("schema", [DECLARED, HALF], ids=["declared", "half declared"])
def test_invariant_2_the_releases_are_the_planned_ones_whatever_the_rows(schema):
    planned = planned_releases(schema)
    for df in (
        table_of(records()),
        table_of(records(5)[:40] * 10),
        table_of([dict.fromkeys(records()[0])] * 50),
    ):
        ledger = Ledger(10_000.0, 1e-2)
        private = PrivateRows(df, ledger).map(lambda table: row_wise_table(table, schema))
        fit_encoder(schema, BoundRelease(private, NOISE, delta=1e-6), n_rows=N_ROWS)
        assert [entry.what for entry in ledger.entries] == planned


def test_the_votes_are_the_planned_ones():
    ledger = Ledger(10_000.0, 1e-2)
    release = BoundRelease(PrivateRows(table_of(records()), ledger), NOISE, delta=1e-6)
    names = tuple(records()[0])
    declared = Schema((Column("age", "numeric", minimum=0, maximum=99, decimals=0),))
    measure_schema(release, names, declared, n_rows=N_ROWS)
    planned = planned_votes(names, declared.names)
    assert [entry.what for entry in ledger.entries] == planned
    assert {entry.mechanism for entry in ledger.entries} == {"stability_histogram"}


def test_invariant_4_a_full_public_schema_needs_no_look_and_gives_one_encoder():
    class Nobody:
        def __getattr__(self, name):
            raise AssertionError("nothing may be asked")

    first, second = (fit_encoder(DECLARED, Nobody(), n_rows=N_ROWS, measured=()) for _ in range(2))
    assert as_json(first) == as_json(second)
    for seed in (0, 1):
        codes = first.encode(row_wise_table(table_of(records(seed)), DECLARED))
        back = first.decode(codes, rng=np.random.default_rng(0))
        assert list(back.columns) == list(DECLARED.names)


def test_invariant_4_the_same_answers_give_one_encoder_of_two_tables(monkeypatch):
    with monkeypatch.context() as patch:
        first = recorded(patch)
        encoder, _ = fitted(table_of(records(0)), DECLARED)
    with monkeypatch.context() as patch:
        replayed(patch, first)
        other, _ = fitted(table_of(records(99)[:123]), DECLARED)
    assert as_json(other) == as_json(encoder)


def test_invariant_5_the_encoder_holds_no_number_or_text_of_a_single_row():
    strange = {
        "income": 12_345,
        "price": 123.45,
        "ratio": 1.2345678901,
        "job": "Zaphod-Canary",
        "city": "Canary",
    }
    rows = [*records(), {**records()[0], **strange}]
    for schema in (DECLARED, HALF):
        told = as_json(fitted(table_of(rows), schema)[0])
        assert "Canary" not in told
        assert "1.23456789" not in told
        assert "12345" not in told.replace("123456", "")


def test_invariant_9_one_row_more_or_less_changes_nothing_but_the_released_count(monkeypatch):
    for rows in (records()[1:], [*records(), records()[0]]):
        (_, encoder, entries), (_, other, other_entries) = pair(monkeypatch, rows, DECLARED)
        assert as_json(other) == as_json(encoder)
        assert other_entries == entries


def test_invariant_14_delta_is_below_one_in_the_rows_however_low_their_count_came_out():
    few = pd.DataFrame(records()[:100])[["age", "member"]]
    declared = Schema(tuple(column for column in DECLARED if column.name in few))
    lows, refusals = 0, []
    for _ in range(40):
        try:
            reading = Reading.begin(few, declared, Budget(1.0, None, 1.0, PrivacyConfig.default(1.0)))
        except SchemaError as error:
            refusals.append(str(error))
            continue
        lows += default_delta(reading.n_rows) >= 1 / len(few)
        assert reading.rows.ledger.delta < 1 / len(few)
    assert lows > 4  # the count alone would have allowed it
    assert refusals
    for told in refusals:  # before anything else ran, with what helps
        assert re.fullmatch(r"The number of rows was released as .*: too few .*a larger epsilon.*", told)
