from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tabgan.encoding.noisy_statistics import (
    NoisyStatistics,
    columns_to_measure,
    columns_worth_measuring,
    fit_encoder,
    planned_releases,
)
from tabgan.encoding.reading import Part
from tabgan.encoding.row_wise import row_wise_table
from tabgan.encoding.table import TableEncoder
from tabgan.errors import SchemaError
from tabgan.evaluation.detection import c2st_auc
from tabgan.schema import Column, Schema, infer_schema
from tests.encoding.releases import Counting

JOB = Column("job", "categorical", dtype="str", categories=("smith", "clerk", "nurse"))


def asked(df, *columns, **noise):
    schema = Schema(columns)
    return NoisyStatistics(schema, Counting(df, schema, **noise), n_rows=len(df))


def test_declared_labels_are_all_told_in_their_order_with_noisy_counts():
    df = pd.DataFrame({"job": ["clerk"] * 70 + ["nurse"] * 20 + ["spy"] * 30 + [None] * 25})
    told = asked(df, JOB, claimed=5.0).category_counts("job")
    assert (told.labels, told.counts) == (("smith", "clerk", "nurse"), (0, 70, 20))
    assert told.n_rest == 30
    assert asked(df, JOB, claimed=10.0).category_counts("job").n_rest == 0


def test_counts_below_zero_are_zero():
    df = pd.DataFrame({"job": ["clerk"] * 70})
    assert min(asked(df, JOB, noise=20.0).category_counts("job").counts) >= 0


def test_missing_cells_are_told_only_when_surely_there():
    df = pd.DataFrame({"job": ["clerk"] * 70 + [None] * 25})
    assert asked(df, JOB, claimed=5.0).missing_count("job") == 25
    assert asked(df, JOB, claimed=10.0).missing_count("job") == 0


def test_a_dtype_without_missing_cells_has_none():
    df = pd.DataFrame({"x": [1.0] * 50 + [np.nan] * 50})
    assert asked(df, Column("x", "numeric", dtype="int64", minimum=0, maximum=9)).missing_count("x") == 0


def test_labels_that_nobody_declared_come_from_the_labels_release():
    df = pd.DataFrame({"job": ["clerk"] * 70 + ["nurse"] * 20 + ["spy"] + [None] * 9})
    statistics = asked(df, replace(JOB, categories=None), claimed=0.1)
    told = statistics.category_counts("job")
    assert (told.labels, told.counts, told.n_rest) == (("clerk", "nurse"), (70, 20), 1)
    assert statistics.missing_count("job") == 9


@pytest.mark.parametrize(("dtype", "outcome"), [("str", "missing"), ("Int64", "missing"), ("int64", "zero")])
def test_labels_that_all_stay_under_the_threshold_leave_a_column_that_says_nothing(dtype, outcome):
    """An error would come after the budget is spent, and tell that the rows are as they are."""
    df = pd.DataFrame({"job": range(100, 190)})
    schema = Schema((Column("job", "categorical", dtype=dtype),))
    encoder = fit_encoder(schema, Counting(df, schema), n_rows=90)
    codes = encoder.encode(row_wise_table(df, schema))
    column = encoder.decode(codes, rng=np.random.default_rng(0))["job"]
    assert column.dtype == pd.Series(dtype=dtype).dtype
    assert column.isna().all() if outcome == "missing" else (column == 0).all()
    (note,) = encoder.warnings
    assert "'job': no value occurs in enough rows to stand out from the noise" in note
    assert f"all its cells come out {outcome}" in note
    assert "Declare its categories" in note


@pytest.mark.parametrize(
    ("cells", "cure"),
    [
        (pd.Series(np.arange(90.0) - 45), "Declare its minimum and maximum"),
        (pd.Series(pd.date_range("1900", periods=90, freq="YS")), "Declare its minimum and maximum"),
        (pd.Series(pd.to_timedelta(np.arange(90), "h")), "Drop it"),
    ],
)
def test_bounds_that_noise_hides_are_a_guess_that_a_note_tells_of(cells, cure):
    """Values of 0 to 1, say, instead of thousands: nobody could see that from the rows."""
    df = pd.DataFrame({"x": cells})
    schema = infer_schema(df)
    (note,) = fit_encoder(schema, Counting(df, schema, claimed=60.0), n_rows=90).warnings
    assert note.startswith("Column 'x': no range of values is held by enough rows")
    assert cure in note
    if cure != "Drop it":
        column = replace(schema["x"], minimum=df["x"].min(), maximum=df["x"].max())
        schema = Schema((column,))
        assert fit_encoder(schema, Counting(df, schema, claimed=60.0), n_rows=90).warnings == ()


def test_few_codes_because_of_noise_are_not_laid_to_the_number_of_columns():
    df = pd.DataFrame({"x": np.arange(900), "y": ["a", "b", "c"] * 300})
    schema = Schema((Column("x", "numeric", "int64", minimum=0, maximum=899),))
    (note,) = fit_encoder(schema, Counting(df, schema), n_rows=900, max_levels=16).warnings
    assert note.startswith("Under this noise each numeric column has about 16 codes")
    schema = Schema((Column("y", "categorical", "str", categories=("a", "b", "c")),))
    assert fit_encoder(schema, Counting(df, schema), n_rows=900, max_levels=16).warnings == ()


def test_whole_labels_keep_their_type():
    df = pd.DataFrame({"x": [1.0, 2.0, np.nan] * 30})
    told = asked(df, Column("x", "categorical", dtype="Int64")).category_counts("x")
    assert told.labels == (1, 2)
    assert all(type(label) is int for label in told.labels)


def test_groups_stand_for_many_deviations_of_the_noise():
    df = pd.DataFrame({"x": np.arange(5000)})
    column = Column("x", "numeric", dtype="int64", minimum=0, maximum=4999)
    assert asked(df, column).group_rows("x") == 8
    assert asked(df, column, claimed=30.0).group_rows("x") == 300


def test_identifiers_get_a_form_that_says_nothing():
    columns = (Column("n", "identifier", dtype="int64"), Column("t", "identifier", dtype="str"))
    df = pd.DataFrame({"n": [9_999_999], "t": ["Zaphod"]})
    statistics = asked(df, *columns)
    assert statistics.pattern("n").to_dict() == {"form": "number", "start": 1, "pieces": []}
    assert statistics.pattern("t").pieces == (("x", 12),)
    assert statistics.missing_count("t") == 0


def test_a_column_that_is_neither_declared_nor_measured_is_refused_before_any_look():
    release = Counting(pd.DataFrame({"job": ["a"], "x": [1]}))
    for column, cure in (
        (replace(JOB, categories=None), "categories"),
        (Column("x", "numeric", dtype="int64"), "minimum"),
    ):
        with pytest.raises(SchemaError, match=f"not measured, so declare its {cure}"):
            NoisyStatistics(Schema((column,)), release, n_rows=100, measured=())
    with pytest.raises(SchemaError, match="its dtype is not declared"):
        NoisyStatistics(Schema((Column("x", "numeric"),)), release, n_rows=100)
    column = Column("x", "categorical", dtype="object", categories=(1, True))
    with pytest.raises(SchemaError, match="two of its categories are equal"):
        NoisyStatistics(Schema((column,)), release, n_rows=100)
    assert release.asked == []


def test_missing_cells_of_a_column_not_measured_are_those_that_are_declared():
    silent = Schema((JOB, replace(JOB, name="gappy", missing="nan"), Column("b", "boolean", dtype="boolean")))
    statistics = NoisyStatistics(silent, Counting(pd.DataFrame()), n_rows=100, measured=())
    assert [statistics.missing_count(name) > 0 for name in silent.names] == [False, True, True]


def test_columns_that_say_enough_are_not_worth_measuring():
    schema = Schema(
        (
            Column("age", "numeric", dtype="int64", minimum=17, maximum=90),
            Column("pay", "numeric", dtype="int64", minimum=0, maximum=99_999),
            Column("rate", "numeric", dtype="float64", decimals=0, minimum=0, maximum=9),
            JOB,
            replace(JOB, name="gappy", missing="nan"),
            replace(JOB, name="free", categories=None),
            Column("member", "boolean", dtype="bool"),
            Column("born", "datetime", dtype="datetime64[s]"),
            Column("key", "identifier", dtype="str"),
        )
    )
    measured = columns_worth_measuring(schema)
    assert measured == ("age", "pay", "free", "born")
    about = {what.split(": rows by ")[0] for what in planned_releases(schema, measured)}
    assert about == {f"Column {name!r}" for name in measured}


def test_a_column_that_nobody_declared_is_measured_however_much_is_known_of_it_by_now():
    full = replace(JOB, name="voted")  # its categories were found by vote, its gaps were not
    schema = Schema((JOB, full, replace(JOB, name="gappy", missing="nan")))
    assert columns_to_measure(schema, Schema((JOB, schema["gappy"]))) == ("voted",)
    assert columns_to_measure(schema, schema) == ()
    assert columns_to_measure(schema, None) == ("job", "voted", "gappy")


def test_the_looks_that_are_taken_are_the_planned_ones(mixed):
    schema = Schema(tuple(replace(column, categories=None) for column in infer_schema(mixed)))
    for measured in (None, [name for name in schema.names if schema[name].kind != "identifier"]):
        release = Counting(mixed, schema)
        fit_encoder(schema, release, n_rows=len(mixed), measured=measured)
        assert release.asked == planned_releases(schema, measured)


def test_without_noise_every_kind_comes_back_as_it_went_in(mixed):
    schema = infer_schema(mixed)
    encoder = fit_encoder(schema, Counting(mixed, schema), n_rows=len(mixed))
    codes = encoder.encode(row_wise_table(mixed, schema))
    back = encoder.decode(codes, rng=np.random.default_rng(0))
    assert back.dtypes.astype(str).tolist() == mixed.dtypes.astype(str).tolist()
    for column in schema:
        if column.kind in ("categorical", "boolean"):
            share = (back[column.name].astype(object) == mixed[column.name].astype(object)).mean()
            assert share > 0.75, column.name
        if column.kind != "identifier":
            gap = back[column.name].isna().mean() - mixed[column.name].isna().mean()
            assert abs(gap) < 0.05, column.name
    assert TableEncoder.from_dict(encoder.to_dict()).to_dict() == encoder.to_dict()


def declared_adult(adult):
    """Public bounds, categories and gaps of the Adult census table."""

    def declared(column):
        cells = adult[column.name].dropna()
        if column.kind == "numeric":
            return replace(column, minimum=int(cells.min()), maximum=int(cells.max()))
        gaps = "nan" if len(cells) < len(adult) else None
        return replace(column, categories=tuple(sorted(cells.unique())), missing=gaps)

    return Schema(tuple(declared(column) for column in infer_schema(adult)))


@pytest.mark.slow
@pytest.mark.parametrize(("noise", "worst"), [(10.0, 0.53), (60.0, 0.62), (150.0, 0.64)])
def test_adult_comes_back_hardly_changed_under_noise(adult, noise, worst):
    schema = declared_adult(adult)
    measured = columns_worth_measuring(schema)
    assert measured == ("age", "fnlwgt", "capital-gain", "capital-loss", "hours-per-week")
    order = np.random.default_rng(0).permutation(len(adult))
    train, holdout = adult.iloc[order[:39_073]], adult.iloc[order[39_073:]]
    release = Counting(train, schema, noise=noise)
    encoder = fit_encoder(schema, release, n_rows=39_100, measured=measured)
    back = encoder.decode(encoder.encode(release.table), rng=np.random.default_rng(0))
    assert c2st_auc(holdout, back) < worst


def test_group_means_of_a_part_that_was_not_counted_are_never_asked():
    column = Column("x", "datetime", dtype="datetime64[s]", minimum="1900-01-01", maximum="2020-12-31")
    df = pd.DataFrame({"x": [pd.Timestamp("1950-06-01")] * 100})
    values, counts = asked(df, column).repeated_values("x", Part("day"), at_least=5)
    assert (len(values), len(counts)) == (0, 0)
