from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan.evaluation.features import compare, shuffled_columns
from tabgan.evaluation.propensity import PropensityScore, logistic_detection, pmse_ratio, propensity_metrics
from tabgan.evaluation.tables import Tables


def pmse(real: pd.DataFrame, synthetic: pd.DataFrame) -> PropensityScore:
    score = pmse_ratio(compare(real, synthetic))
    assert score is not None
    return score


def test_a_binary_column_gives_the_ratio_worked_out_by_hand() -> None:
    # 30 of 100 real rows and 70 of 100 synthetic ones are b: p = .3 for a, .7 for b, so that
    # mean((p - .5)²) = .04, and chance gives 1 x .5 x .5 / 200 = .00125.
    real, synthetic = (pd.DataFrame({"x": ["b"] * n + ["a"] * (100 - n)}) for n in (30, 70))
    score = pmse(real, synthetic)
    assert score.ratio == pytest.approx(0.04 / 0.00125, rel=0.01)  # a weak penalty pulls it in
    assert score.interval[0] < score.ratio < score.interval[1]
    assert score.deviations == pytest.approx(31 / 2**0.5, rel=0.02)


def test_chance_has_a_ratio_of_one() -> None:
    rng = np.random.default_rng(0)
    ratios = []
    for _ in range(60):
        x = rng.normal(size=(400, 5))
        x[:, 4] = x[:, 0] + x[:, 1]  # follows from others: no coefficient of its own
        table = pd.DataFrame(x, columns=list("abcde")).assign(f=rng.choice(["u", "v", "w"], 400))
        ratios.append(pmse(table[:200], table[200:].reset_index(drop=True)).ratio)
    # 6 coefficients: the ratio is a chi-squared of 6 over 6, with a deviation of .58.
    assert np.mean(ratios) == pytest.approx(1, abs=3 * 0.58 / 60**0.5)
    assert np.std(ratios) == pytest.approx(0.58, abs=0.2)


def test_the_interval_of_the_ratio_covers_most_repetitions() -> None:
    rng = np.random.default_rng(1)
    scores = [
        pmse(
            pd.DataFrame(rng.normal(size=(300, 4)), columns=list("abcd")),
            pd.DataFrame(rng.normal(size=(300, 4)) + 0.2, columns=list("abcd")),
        )
        for _ in range(60)
    ]
    centre = float(np.mean([score.ratio for score in scores]))
    assert np.mean([low <= centre <= high for low, high in (score.interval for score in scores)]) > 0.85


def test_constant_columns_have_no_ratio() -> None:
    table = pd.DataFrame({"x": [1.0] * 20, "y": ["a"] * 20})
    assert pmse_ratio(compare(table, table)) is None
    found = propensity_metrics([table] * 4, Tables.checked(table, table, table))
    assert found[0].value == 1.0
    assert found[1].value is None
    assert "different values" in found[1].note


def test_logistic_detection_sees_a_shift_and_no_relation(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    # "start" follows from the age: a shifted age alone would be seen at once.
    holdout, train = holdout.drop(columns="start"), train.drop(columns="start")
    fresh, _ = logistic_detection(compare(holdout, train))
    shifted, interval = logistic_detection(compare(holdout, train.assign(age=train["age"] + 5)))
    assert fresh > 0.9
    assert 0.4 < shifted < 0.8
    assert interval[0] < shifted < interval[1] < fresh
    # The well-known weakness: columns without any relation pass.
    assert logistic_detection(compare(holdout, shuffled_columns(train)))[0] > 0.85


def test_no_row_is_right_of_all_others() -> None:
    real, synthetic = pd.DataFrame({"x": np.arange(60.0)}), pd.DataFrame({"x": np.arange(60.0) + 100})
    assert logistic_detection(compare(real, synthetic)) == (0.0, (0.0, 0.0))


@pytest.mark.parametrize("n_rows", [3, 5, 8])
def test_odd_numbers_do_not_fail(n_rows: int) -> None:
    rng = np.random.default_rng(0)
    tables = [
        pd.DataFrame(
            {
                "tiny": rng.normal(size=n_rows) * 1e-310,
                "giant": rng.choice([-1e308, 1e308], n_rows),
                "empty": np.full(n_rows, np.nan),
                "far": np.concatenate([[1e300], np.zeros(n_rows - 1)]),
            }
        )
        for _ in range(2)
    ]
    value, (low, high) = logistic_detection(compare(*tables))
    assert 0 <= low <= value <= high <= 1
    assert pmse(*tables).ratio >= 0


def test_units_do_not_matter(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    found = [
        pmse(*(table.assign(age=table["age"] * unit) for table in (holdout, train))).ratio
        for unit in (1.0, 1e6)
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-6)
