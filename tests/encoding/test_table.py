from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from tabgan.encoding import ExactStatistics, TableEncoder
from tabgan.encoding.numeric import NumericEncoder
from tabgan.encoding.table import concat
from tabgan.errors import ModelFileError, SchemaError
from tabgan.schema import infer_schema


def back(encoder, table, seed=0):
    return encoder.decode(encoder.encode(table), rng=np.random.default_rng(seed))


def c2st(real, decoded):
    """AUC of telling two tables apart; .5 when they are alike. sd of the null: .005 for 2 x 6,000 rows."""
    both = pd.concat([real, decoded], ignore_index=True)
    for name in both.columns:
        if not pd.api.types.is_numeric_dtype(both[name]):
            both[name] = both[name].astype("category")
    y = np.repeat([1, 0], [len(real), len(decoded)])
    model = HistGradientBoostingClassifier(max_iter=40, categorical_features="from_dtype", random_state=0)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return roc_auc_score(y, cross_val_predict(model, both, y, cv=folds, method="predict_proba")[:, 1])


def test_a_table_comes_back_with_its_columns_dtypes_and_missing_cells(mixed):
    encoder = TableEncoder.fit(mixed)
    out = back(encoder, mixed)
    assert list(out.columns) == list(mixed.columns)
    assert (out.dtypes == mixed.dtypes).all()
    pd.testing.assert_frame_equal(out.isna(), mixed.isna())
    for name in ("job", "grade", "member", "same"):
        pd.testing.assert_series_equal(out[name], mixed[name])


def test_the_layout_tells_every_block(mixed):
    encoder = TableEncoder.fit(mixed)
    codes = encoder.encode(mixed)
    layout = encoder.layout
    assert codes.shape == (len(mixed), len(layout.blocks))
    assert codes.dtype == np.int16
    assert (codes.min(axis=0) >= 0).all()
    assert (codes.max(axis=0) < layout.sizes).all()
    for index, block in enumerate(layout.blocks):
        assert block.parent is None or (
            block.parent == index - 1 and layout.blocks[index - 1].column == block.column
        )
        if block.positions is not None:
            places = np.array(block.positions)
            assert np.nanmin(places) == 0.0
            assert np.nanmax(places) == 1.0


def test_a_table_encoded_in_pieces_has_the_codes_of_the_whole(mixed, monkeypatch):
    encoder = TableEncoder.fit(mixed.iloc[: len(mixed) // 2])
    codes, foreign = encoder.encode_counting(mixed)
    assert foreign
    monkeypatch.setattr("tabgan.encoding.table.ROWS_AT_ONCE", 7)
    in_pieces, also_foreign = encoder.encode_counting(mixed)
    assert np.array_equal(in_pieces, codes)
    assert also_foreign == foreign


def test_encoding_holds_no_number_a_row_beside_the_codes(monkeypatch):
    monkeypatch.setattr("tabgan.encoding.table.ROWS_AT_ONCE", 5_000)
    drawn = np.random.default_rng(0).normal(size=200_000)
    table = pd.DataFrame({"real": drawn, "cents": drawn.round(2), "whole": (100 * drawn).astype(np.int64)})
    encoder = TableEncoder.fit(table)
    tracemalloc.start()
    codes = encoder.encode(table)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < codes.nbytes + len(table) * np.dtype(np.float64).itemsize


def test_json_round_trip_decodes_identically(mixed):
    encoder = TableEncoder.fit(mixed)
    text = json.dumps(encoder.to_dict(), allow_nan=False)
    again = TableEncoder.from_dict(json.loads(text))
    assert json.dumps(again.to_dict(), allow_nan=False) == text
    assert again.layout == encoder.layout
    np.testing.assert_array_equal(again.encode(mixed), encoder.encode(mixed))
    pd.testing.assert_frame_equal(back(again, mixed), back(encoder, mixed))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda state: state.pop("columns"),
        lambda state: state.update(tabgan_encoding=99),
        lambda state: state["columns"].pop(),
        lambda state: state["columns"][0].update(kind="unheard"),
        lambda state: state["columns"][0].pop("levels"),
    ],
)
def test_damaged_json_is_a_model_file_error(mixed, spoil):
    state = json.loads(json.dumps(TableEncoder.fit(mixed).to_dict()))
    spoil(state)
    with pytest.raises(ModelFileError):
        TableEncoder.from_dict(state)


cells = {
    "real": st.floats(-1e300, 1e300, allow_subnormal=True),
    "money": st.integers(-(10**6), 10**6).map(lambda cents: cents / 100),
    "whole": st.integers(-(2**62), 2**62),
    "small": st.integers(0, 5),
    "job": st.sampled_from(["a", "b", "nan", "None", "", "ß\u202e", "c"]),
    "at": st.datetimes(pd.Timestamp("1900-01-01"), pd.Timestamp("2100-01-01")),
}


@st.composite
def tables(draw):
    n = draw(st.integers(12, 60))
    columns = {}
    for name, cell in cells.items():
        values = draw(st.lists(cell, min_size=n, max_size=n))
        few = draw(st.lists(st.sampled_from(values[:3]), min_size=n, max_size=n))
        columns[name] = pd.Series(few if draw(st.booleans()) else values)
        if name not in ("whole", "small") and draw(st.booleans()):
            is_gap = np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)))
            columns[name] = columns[name].mask(is_gap)
    return pd.DataFrame(columns)


@given(table=tables(), min_rows=st.integers(1, 6), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_decode_of_encode_is_the_table_up_to_what_bins_and_rare_labels_lose(table, min_rows, seed):
    schema = infer_schema(table, discrete_columns=["job"])
    try:
        encoder = TableEncoder.fit(table, schema, min_rows=min_rows)
    except SchemaError as error:
        if "values occurs in" not in str(error):
            raise
        return
    out = back(encoder, table, seed)
    assert (out.dtypes == table.dtypes).all()
    for one in encoder.encoders:
        name = one.column.name
        before, after = table[name], out[name]
        if 0 < before.notna().sum() < min_rows:
            assert after.isna().all()
            continue
        np.testing.assert_array_equal(after.isna(), before.isna())
        if isinstance(one, NumericEncoder):
            check_numbers(one, before.dropna().to_numpy(), after.dropna().to_numpy(), min_rows)
        elif name == "job":
            counts = before.value_counts()
            kept = before.isin(counts.index[counts >= min_rows])
            pd.testing.assert_series_equal(before[kept], after[kept])
            assert set(after.dropna()) <= set(counts.index[counts >= min_rows])


def check_numbers(one, before, after, min_rows):
    """Atoms exact, bins within their ends, whole numbers whole, decimals kept."""
    if before.dtype.kind == "f" and one.part.decimals is not None:
        np.testing.assert_array_equal(after, np.round(after, one.part.decimals))
    units = before + 0
    if before.dtype.kind == "f" and one.part.decimals is not None:
        units = np.rint(before * 10.0**one.part.decimals).astype(np.int64)
    flat = one.levels.encode(units)
    is_atom = one.levels.low[flat] == one.levels.high[flat]
    is_held = is_atom & (one.levels.low[flat] == units)
    np.testing.assert_array_equal(after[is_held], before[is_held])
    if one.part.decimals is None or before.dtype.kind == "i":
        assert (after >= one.levels.low[flat]).all()
        assert (after <= one.levels.high[flat]).all()
    values, counts = np.unique(before, return_counts=True)
    if len(values) <= 3 and (counts >= max(min_rows, 1)).all():
        np.testing.assert_array_equal(after, before + 0)  # few repeated values are all atoms


def leaves(state):
    if isinstance(state, (dict, list)):
        inner = state.values() if isinstance(state, dict) else state
        return [leaf for part in inner for leaf in leaves(part)]
    return [state]


def test_no_canary_held_by_few_rows_is_in_the_json():
    """Magic values of one to four rows, in every kind of column; the control row must show up."""
    rng = np.random.default_rng(0)
    n = 10_007
    table = pd.DataFrame(
        {
            "real": rng.normal(size=n),
            "whole": rng.integers(0, 100, n),
            "money": np.round(rng.uniform(0, 100, n), 2),
            "text": rng.choice(["a", "b"], n),
            "level": pd.Categorical(rng.choice(["a", "b"], n), categories=["a", "b", "c4n4ry-level"]),
            "at": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 500, n), unit="D"),
            "id": [f"P{k:07d}" for k in rng.permutation(10**6)[:n]],
        }
    )
    few = [0, 200, 400, 600]
    table.loc[few, "real"] = 12345.678901
    table.loc[few, "whole"] = 987654321
    table.loc[few, "money"] = 7654321.99
    table.loc[few, "text"] = "c4n4ry-text"
    table.loc[few, "level"] = "c4n4ry-level"
    table.loc[few, "at"] = pd.Timestamp("2077-07-07 07:07:07.777")
    table.loc[5, "id"] = "c4n4ry-id"
    encoder = TableEncoder.fit(table)
    text = json.dumps(encoder.to_dict())
    canaries = ["12345.678901", "987654321", "765432199", "7654321.99", "c4n4ry", *table["id"].head(50)]
    stamp = pd.Timestamp("2077-07-07 07:07:07.777")
    canaries += [str(stamp.value // 1000), str((stamp - pd.Timestamp("1970-01-01")).days), "25627777"]
    assert [canary for canary in canaries if canary in text] == []
    assert n not in leaves(json.loads(text))
    out = back(encoder, table)
    assert out["whole"].max() < 987654321
    assert out["real"].max() < 12345.678901
    # The same values held by enough rows are told: the search above can see them.
    table.loc[:49, ["real", "whole", "text"]] = [12345.678901, 987654321, "c4n4ry-text"]
    text = json.dumps(TableEncoder.fit(table).to_dict())
    assert all(canary in text for canary in ("12345.678901", "987654321", "c4n4ry-text"))


def test_more_rows_do_not_make_the_json_longer_than_its_levels_need():
    real = np.random.default_rng(0).normal(size=400_000)
    sizes = [
        len(json.dumps(TableEncoder.fit(pd.DataFrame({"x": real[:n]})).to_dict())) for n in (200_000, 400_000)
    ]
    assert sizes[1] < 1.02 * sizes[0]


def test_a_classifier_cannot_tell_adult_from_its_decoded_codes(adult):
    encoder = TableEncoder.fit(adult)
    rows = np.random.default_rng(0).permutation(len(adult))[:12_000]
    real, other = adult.iloc[rows[:6000]], adult.iloc[rows[6000:]]
    assert c2st(real, back(encoder, other)) <= 0.52
    coarse = TableEncoder.fit(adult, max_levels=4)
    assert c2st(real, back(coarse, other)) > 0.54  # the test sees a poor encoding


def test_a_classifier_cannot_tell_a_continuous_table_from_its_decoded_codes():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(12_000, 4))
    table = pd.DataFrame(
        {"a": z[:, 0], "b": 0.9 * z[:, 0] + 0.1 * z[:, 1], "c": np.exp(2 * z[:, 2]), "d": z[:, 0] * z[:, 3]}
    )
    encoder = TableEncoder.fit(table)
    assert c2st(table[:6000], back(encoder, table[6000:])) <= 0.52


def test_column_order_and_index_of_the_table_do_not_matter(mixed):
    encoder = TableEncoder.fit(mixed)
    shuffled = mixed[mixed.columns[::-1]].set_index(np.arange(len(mixed)) % 7)
    np.testing.assert_array_equal(encoder.encode(shuffled), encoder.encode(mixed))


def test_names_of_any_type_are_kept():
    names = [0, "", ("a", 1), "=cmd", None, 2.5]
    table = pd.DataFrame({place: np.arange(40) % 4 for place in range(len(names))})
    table.columns = pd.Index(names, tupleize_cols=False)
    encoder = TableEncoder.fit(table)
    again = TableEncoder.from_dict(json.loads(json.dumps(encoder.to_dict())))
    assert list(back(again, table).columns) == names


def test_no_rows_decode_to_an_empty_typed_table(mixed):
    encoder = TableEncoder.fit(mixed)
    out = encoder.decode(np.zeros((0, len(encoder.layout.blocks)), np.int16), rng=np.random.default_rng(0))
    assert len(out) == 0
    assert (out.dtypes == mixed.dtypes).all()


def test_a_table_decoded_in_pieces_has_the_dtypes_of_the_whole(mixed):
    table = mixed.assign(key=mixed["key"].astype("category"))
    encoder = TableEncoder.fit(table)
    codes = encoder.encode(table)
    rng = np.random.default_rng(0)
    pieces = [encoder.decode(codes[at : at + 200], rng=rng, first_row=at) for at in range(0, 600, 200)]
    whole = concat(pieces, encoder.schema)
    assert [str(dtype) for dtype in whole.dtypes] == [str(dtype) for dtype in table.dtypes]
    assert whole["key"].is_unique
    assert whole.index.tolist() == list(range(600))


def test_a_thousand_columns_are_no_problem():
    table = pd.DataFrame(np.random.default_rng(0).integers(0, 3, (50, 1000)))
    assert back(TableEncoder.fit(table), table).shape == table.shape


def test_any_codes_decode_to_a_valid_table(mixed):
    """An untrained model draws digits no row had: they still decode."""
    encoder = TableEncoder.fit(mixed)
    rng = np.random.default_rng(0)
    codes = np.stack([rng.integers(0, size, 2000) for size in encoder.layout.sizes], axis=1).astype(np.int16)
    out = encoder.decode(codes, rng=rng)
    assert (out.dtypes == mixed.dtypes).all()
    assert out["key"].is_unique


def test_the_same_generator_decodes_the_same_table(mixed):
    encoder = TableEncoder.fit(mixed)
    pd.testing.assert_frame_equal(back(encoder, mixed, seed=3), back(encoder, mixed, seed=3))
    assert not back(encoder, mixed, seed=3).equals(back(encoder, mixed, seed=4))


def test_too_few_rows_and_bad_options_are_refused(mixed):
    with pytest.raises(SchemaError, match="The table has 4 rows"):
        TableEncoder.fit(mixed.head(4))
    for option in ({"min_rows": 0}, {"rare": "drop"}, {"max_levels": 1}):
        with pytest.raises(ValueError, match="Expected"):
            TableEncoder.fit(mixed, **option)


def test_fitting_asks_the_statistics_and_nothing_else(mixed):
    """An encoder fitted from another table's answers is that table's encoder."""
    schema = infer_schema(mixed)
    answers = ExactStatistics(mixed, schema, 5)
    other = mixed.iloc[:50].copy()
    asked = TableEncoder.fit(other, schema, statistics=answers)
    assert asked.to_dict() == TableEncoder.fit(mixed, schema).to_dict()
