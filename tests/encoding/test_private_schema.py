from __future__ import annotations

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import pytest

from tabgan.encoding.noisy_statistics import fit_encoder
from tabgan.encoding.private_schema import measure_schema, planned_votes, vote_of, with_dtype
from tabgan.encoding.row_wise import row_wise_table
from tabgan.schema import Column, Schema
from tests.encoding.releases import Counting

N = 600


def table():
    rng = np.random.default_rng(0)
    minutes = pd.to_timedelta(rng.integers(0, 500 * 24 * 60, N), unit="min")
    return pd.DataFrame(
        {
            "age": rng.integers(17, 90, N),
            "gappy": pd.Series(rng.integers(0, 9, N)).mask(rng.random(N) < 0.2),
            "price": np.round(rng.random(N) * 100, 2),
            "ratio": rng.normal(size=N),
            "member": rng.random(N) < 0.3,
            "maybe": pd.Series(rng.random(N) < 0.3, dtype=object).mask(rng.random(N) < 0.2),
            "born": (pd.Timestamp("2023-01-01") + minutes).normalize(),
            "seen": pd.Timestamp("2023-01-01") + minutes,
            "job": rng.choice(["clerk", "nurse", "smith"], N),
            "key": [f"K-{n:06d}" for n in range(N)],
        }
    )


def measured(df, declared=None, **noise):
    return measure_schema(Counting(df, **noise), tuple(df.columns), declared, n_rows=len(df))


def as_text(df):
    """As a file read without types."""
    return df.astype(object).map(lambda cell: None if pd.isna(cell) else str(cell))


@pytest.mark.parametrize("as_read", [lambda df: df, lambda df: df.astype(object), as_text])
def test_kinds_are_found_whatever_the_dtypes(as_read):
    schema = measured(as_read(table()), claimed=3.0).schema
    assert [(c.name, c.kind, c.dtype, c.decimals) for c in schema] == [
        ("age", "numeric", "int64", 0),
        ("gappy", "numeric", "Int64", 0),
        ("price", "numeric", "float64", 2),
        ("ratio", "numeric", "float64", None),
        ("member", "boolean", "bool", None),
        ("maybe", "boolean", "boolean", None),
        ("born", "datetime", "datetime64[us]", None),
        ("seen", "datetime", "datetime64[us]", None),
        ("job", "categorical", "str", None),
        ("key", "identifier", "str", None),
    ]
    assert set(schema["job"].categories) == {"clerk", "nurse", "smith"}


def test_a_column_of_which_nothing_is_shared_gets_a_note_without_a_cell():
    (note,) = measured(table()).notes
    assert note.startswith("Column 'key': no kind and no text is shared by enough rows")
    assert "K-0" not in note


def test_few_missing_cells_are_noise():
    df = pd.DataFrame({"x": [1, 2] * 300 + [None] * 20})
    assert measured(df, claimed=10.0).schema["x"].dtype == "int64"
    assert measured(df, claimed=2.0).schema["x"].dtype == "Int64"


def test_what_is_declared_is_kept_and_not_asked():
    declared = Schema(
        (Column("age", "categorical", dtype="int64", categories=(1, 2)), Column("price", "numeric"))
    )
    release = Counting(table())
    schema = measure_schema(release, tuple(table().columns), declared, n_rows=N).schema
    assert schema["age"] == declared["age"]
    assert schema["price"].dtype == "float64"
    assert schema.names == tuple(table().columns)
    assert release.asked == planned_votes(table().columns, declared.names)


@pytest.mark.parametrize(
    ("cell", "vote"),
    [
        (None, "missing"),
        (pd.NaT, "missing"),
        (np.int8(3), "0"),
        (3.0, "0"),
        ("3", "0"),
        ("03", "text:03"),
        ("1e3", "0"),
        ("-2.50", "1"),
        (decimal.Decimal("2.50"), "1"),
        (0.1 + 0.2, "float"),
        (float("inf"), "missing"),
        (np.False_, "truth"),
        ("TRUE", "truth"),
        ("2024-02-29", "date"),
        ("2024-02-30", "text:2024-02-30"),
        (dt.datetime(2024, 2, 29, 1), "date-time"),
        (pd.Timestamp("2024-02-29"), "date"),
        ("clerk", "text:clerk"),
        ("x" * 1000, "strange"),
        ("a\nb", "text:a\nb"),
        ("\ud800", "strange"),
        ([1], "strange"),
        (b"x", "strange"),
    ],
)
def test_a_cell_votes_by_itself(cell, vote):
    assert vote_of(cell) == vote


@pytest.mark.parametrize(
    ("column", "dtype"),
    [
        (Column("x", "numeric"), "float64"),
        (Column("x", "numeric", decimals=0, missing="nan"), "Int64"),
        (Column("x", "categorical", categories=(1, 2)), "object"),
        (Column("x", "categorical", categories=("a",)), "str"),
        (Column("x", "identifier"), "str"),
        (Column("x", "numeric", dtype="int8"), "int8"),
    ],
)
def test_dtypes_follow_from_what_is_declared(column, dtype):
    assert with_dtype(column).dtype == dtype


def test_a_measured_schema_can_be_encoded():
    df = table()
    schema = measured(df, claimed=3.0).schema
    encoder = fit_encoder(schema, Counting(df, schema, claimed=3.0), n_rows=N)
    back = encoder.decode(encoder.encode(row_wise_table(df, schema)), rng=np.random.default_rng(0))
    assert (back["job"].astype(object) == df["job"].astype(object)).all()
    assert abs(back["age"].astype(float) - df["age"]).mean() < 10
