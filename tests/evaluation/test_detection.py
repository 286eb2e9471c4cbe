from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan.evaluation import c2st_auc, shuffled_columns


def test_real_rows_are_not_told_from_real_rows(holdout: pd.DataFrame, fresh: pd.DataFrame) -> None:
    # One standard deviation of the AUC of two equal samples of 1,200 is .012.
    assert 0.46 < c2st_auc(holdout, fresh) < 0.54


def test_a_copy_of_the_training_rows_looks_as_real_as_any(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    assert 0.45 < c2st_auc(holdout, train.sample(frac=1, random_state=0)) < 0.55
    # Every row twice, with both labels: what the trees learn of one is wrong for the other.
    assert c2st_auc(train, train) < 0.5


def test_shuffled_columns_are_told_at_once(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    assert c2st_auc(holdout, shuffled_columns(train)) > 0.95


def test_a_week_without_weekends_is_seen() -> None:
    rng = np.random.default_rng(0)
    days = pd.DataFrame({"day": rng.choice(pd.date_range("2000-01-03", "2003-01-03"), 2000)})
    workdays = pd.DataFrame({"day": rng.choice(pd.bdate_range("2000-01-03", "2003-01-03"), 2000)})
    # Two days of seven never come: the best AUC there is is (1 + 2/7) / 2 = .64.
    assert 0.6 < c2st_auc(days, workdays) < 0.68


def test_equal_seed_equal_figure(train: pd.DataFrame, fresh: pd.DataFrame) -> None:
    assert c2st_auc(train, fresh, seed=4, max_rows=300) == c2st_auc(train, fresh, seed=4, max_rows=300)
    assert c2st_auc(train, fresh, seed=4, max_rows=300) != c2st_auc(train, fresh, seed=5, max_rows=300)


def test_row_order_column_order_and_names_do_not_matter(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    synthetic = train.assign(age=train["age"] + np.random.default_rng(0).integers(0, 9, len(train)))
    renamed = {name: f"a 'very' \"odd\" {name}" for name in train}
    expected = c2st_auc(holdout, synthetic)
    assert 0.7 < expected < 0.95
    for real, other in (
        (holdout.sample(frac=1, random_state=0), synthetic.sample(frac=1, random_state=1)),
        (holdout.iloc[:, ::-1], synthetic),
        (holdout.rename(columns=renamed), synthetic.rename(columns=renamed)),
        (holdout.assign(job=holdout["job"].str[::-1]), synthetic.assign(job=synthetic["job"].str[::-1])),
    ):
        assert c2st_auc(real, other) == pytest.approx(expected, abs=0.02)


def test_identifiers_do_not_give_rows_away(holdout: pd.DataFrame, fresh: pd.DataFrame) -> None:
    real = holdout.assign(id=[f"a{i:05}" for i in range(len(holdout))])
    synthetic = fresh.assign(id=[f"b{i:05}" for i in range(len(fresh))])
    assert 0.46 < c2st_auc(real, synthetic) < 0.54


def test_nothing_to_compare_is_a_half() -> None:
    tiny = pd.DataFrame({"a": [1, 2, 3]})
    assert c2st_auc(tiny, tiny) == 0.5


def test_a_column_without_values_does_not_fail(holdout: pd.DataFrame, fresh: pd.DataFrame) -> None:
    real, synthetic = holdout.assign(e=np.nan), fresh.assign(e=np.nan)
    assert c2st_auc(real, synthetic) == c2st_auc(holdout, fresh)
    assert c2st_auc(real[["e"]], synthetic[["e"]]) == 0.5
