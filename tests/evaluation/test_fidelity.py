from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.stats.contingency import association

from tabgan.evaluation import column_shapes, pair_trends, quality, shuffled_columns
from tabgan.evaluation.fidelity import PAIR_BINS


def brute_force_ks(real: pd.Series, synthetic: pd.Series) -> float:
    a, b = real.dropna().to_numpy(dtype=float), synthetic.dropna().to_numpy(dtype=float)
    return max(abs((a <= x).mean() - (b <= x).mean()) for x in np.union1d(a, b))


def brute_force_variation(real: list[object], synthetic: list[object]) -> float:
    values = set(real) | set(synthetic)
    return sum(abs(real.count(v) / len(real) - synthetic.count(v) / len(synthetic)) for v in values) / 2


def as_discrete(real: pd.Series, cells: pd.Series) -> list[object]:
    """Text of every category, or the number of the bin; the bins are those of the real column."""
    if not pd.api.types.is_numeric_dtype(cells) or cells.dtype == bool:
        return [str(cell) if pd.notna(cell) else None for cell in cells]
    inner = np.linspace(real.min(), real.max(), PAIR_BINS + 1)[1:-1]
    return [None if pd.isna(x) else sum(x >= edge for edge in inner) for x in cells]


def test_shapes_of_a_table_worked_out_by_hand() -> None:
    real = pd.DataFrame({"n": [1.0, 2, 3, 4], "c": ["x", "x", "y", None], "b": [True, True, False, False]})
    synthetic = pd.DataFrame({"n": [1.0, 2, 9, 9], "c": ["x", None, None, "z"], "b": [True] * 4})
    scores = column_shapes(real, synthetic).scores
    # n: after 2 both stand at 1/2, after 4 at 1 and 1/2. c: |2-1| + |1-0| + |1-2| + |0-1| of 4, halved.
    assert scores == {"n": 0.5, "c": 0.5, "b": 0.5}
    assert column_shapes(real, synthetic).mean == 0.5


def test_missing_numbers_are_left_out_and_an_empty_column_equals_only_an_empty_one() -> None:
    real = pd.DataFrame({"n": [1.0, 2.0, np.nan], "e": [np.nan] * 3})
    assert column_shapes(real, pd.DataFrame({"n": [1.0, 2.0], "e": [np.nan] * 2})).mean == 1
    assert column_shapes(real[["n"]], pd.DataFrame({"n": [np.nan] * 2})).mean == 0


def test_pairs_of_a_table_worked_out_by_hand() -> None:
    real = pd.DataFrame({"a": [0.0, 1, 2], "b": [0.0, 1, 2], "c": ["x", "x", "y"]})
    synthetic = pd.DataFrame({"a": [0.0, 1, 2], "b": [2.0, 1, 0], "c": ["x", "x", "x"]})
    trends = pair_trends(real, synthetic)
    assert trends.scores["a", "b"] == pytest.approx(0.0)  # r = 1 and r = -1
    assert trends.scores["a", "c"] == pytest.approx(2 / 3)  # one row of three elsewhere
    assert trends.scores["b", "c"] == pytest.approx(2 / 3)  # (2, y) became (2, x), the others have a twin
    assert trends.real["a", "c"] == pytest.approx(1.0)
    assert trends.synthetic["a", "c"] == 0.0  # c is constant there


def test_only_pairs_related_in_the_real_table_count() -> None:
    rng = np.random.default_rng(0)
    a, c = rng.normal(size=2000), rng.normal(size=2000)
    real = pd.DataFrame({"a": a, "b": a + 0.1 * c, "c": c})
    trends = pair_trends(real, shuffled_columns(real))
    assert trends.related == {("a", "b")}
    assert trends.mean == trends.scores["a", "b"] < 0.6 < trends.mean_all
    unrelated = real[["a", "c"]]
    assert pair_trends(unrelated, unrelated).mean == 1.0


def test_shapes_and_pairs_agree_with_brute_force(train: pd.DataFrame, fresh: pd.DataFrame) -> None:
    real, synthetic = (t.drop(columns="start").iloc[:400] for t in (train, shuffled_columns(fresh)))
    numeric = ["age", "pay"]
    shapes, trends = column_shapes(real, synthetic), pair_trends(real, synthetic)
    for name, score in shapes.scores.items():
        if name in numeric:
            assert score == pytest.approx(1 - brute_force_ks(real[name], synthetic[name]), abs=1e-12)
        else:
            cells = [as_discrete(real[name], table[name]) for table in (real, synthetic)]
            assert score == pytest.approx(1 - brute_force_variation(*cells), abs=1e-12)
    for a, b in combinations(real.columns, 2):
        if a in numeric and b in numeric:
            gap = real[a].corr(real[b]) - synthetic[a].corr(synthetic[b])
            expected = 1 - abs(gap) / 2
        else:
            pairs = [
                list(zip(as_discrete(real[a], t[a]), as_discrete(real[b], t[b]), strict=True))
                for t in (real, synthetic)
            ]
            expected = 1 - brute_force_variation(*pairs)
            crossed = pd.crosstab(*(pd.Series(map(str, side)) for side in zip(*pairs[0], strict=True)))
            assert trends.real[a, b] == pytest.approx(association(crossed.to_numpy()), abs=1e-9)
        assert trends.scores[a, b] == pytest.approx(expected, abs=1e-9)


def test_pairs_of_many_categories_are_counted_alike(
    train: pd.DataFrame, fresh: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = pair_trends(train, fresh)
    monkeypatch.setattr("tabgan.evaluation.fidelity.DENSE_CELLS", 0)
    assert pair_trends(train, fresh) == expected


def test_identical_tables_score_one(train: pd.DataFrame) -> None:
    assert set(column_shapes(train, train).scores.values()) == {1.0}
    assert set(pair_trends(train, train).scores.values()) == {1.0}
    assert quality(train, train) == 1.0


def test_row_order_column_order_names_and_units_do_not_matter(
    train: pd.DataFrame, fresh: pd.DataFrame
) -> None:
    shuffled = shuffled_columns(fresh)
    renamed = {name: f'$"{name}"\u202e;' for name in train}
    variants = {
        "rows": (train.sample(frac=1, random_state=0), shuffled.sample(frac=1, random_state=1)),
        "columns": (train.iloc[:, ::-1], shuffled[["job", "age", "start", "rich", "town", "pay"]]),
        "names": (train.rename(columns=renamed), shuffled.rename(columns=renamed)),
        "units": tuple(t.assign(pay=t["pay"] * 1000 - 5, age=t["age"] * 12) for t in (train, shuffled)),
    }
    expected = quality(train, shuffled)
    assert expected < 0.95
    for name, (real, synthetic) in variants.items():
        assert quality(real, synthetic) == pytest.approx(expected, abs=1e-6), name


def test_very_large_numbers_do_not_overflow() -> None:
    real = pd.DataFrame({"a": [1e308, -1e308, 5e307, 1.0], "b": [1.0, 2.0, 3.0, 4.0], "c": list("xxyy")})
    assert quality(real, real) == 1.0


def test_a_table_of_one_column_has_no_pairs() -> None:
    table = pd.DataFrame({"a": ["x", "y"]})
    assert pair_trends(table, table).scores == {}
    assert quality(table, table) == 1.0
