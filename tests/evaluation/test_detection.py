from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan.evaluation import c2st_auc, detection, shuffled_columns
from tabgan.evaluation.detection import MEASURES, _rounded, _trial, detection_metrics
from tabgan.evaluation.features import ComparedColumn, classifier_matrix, compare
from tabgan.evaluation.metric import Family
from tabgan.evaluation.tables import Tables


def test_real_rows_are_not_told_from_real_rows(holdout: pd.DataFrame, fresh: pd.DataFrame) -> None:
    # One standard deviation of the AUC of two equal samples of 1,200 is .012.
    assert 0.46 < c2st_auc(holdout, fresh) < 0.54


def test_a_copy_of_the_training_rows_looks_as_real_as_any(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    assert 0.45 < c2st_auc(holdout, train.sample(frac=1, random_state=0)) < 0.55
    # Every row twice, with both labels: what the trees learn of one is wrong for the other.
    few = train.head(300)
    assert c2st_auc(few, few) < 0.5


def test_shuffled_columns_are_told_at_once(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    assert c2st_auc(holdout, shuffled_columns(train)) > 0.95


def test_a_week_without_weekends_is_seen() -> None:
    rng = np.random.default_rng(0)
    days = pd.DataFrame({"day": rng.choice(pd.date_range("2000-01-03", "2003-01-03"), 2000)})
    workdays = pd.DataFrame({"day": rng.choice(pd.bdate_range("2000-01-03", "2003-01-03"), 2000)})
    # Two days of seven never come: the best AUC there is is (1 + 2/7) / 2 = .64.
    assert 0.6 < c2st_auc(days, workdays) < 0.68


def test_equal_seed_equal_figure(train: pd.DataFrame, fresh: pd.DataFrame) -> None:
    one, again, other = (c2st_auc(train, fresh, seed=seed, max_rows=100) for seed in (4, 4, 5))
    assert one == again
    assert one != other


def test_row_order_column_order_and_names_do_not_matter(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    train, holdout = train.head(300), holdout.head(300)
    synthetic = train.assign(age=train["age"] + np.random.default_rng(0).integers(0, 9, len(train)))
    renamed = {name: f"a 'very' \"odd\" {name}" for name in train}
    expected = c2st_auc(holdout, synthetic)
    assert 0.7 < expected < 0.95
    for real, other in (
        (holdout.sample(frac=1, random_state=0).iloc[:, ::-1], synthetic.sample(frac=1, random_state=1)),
        tuple(
            table.assign(job=table["job"].str[::-1]).rename(columns=renamed) for table in (holdout, synthetic)
        ),
    ):
        assert c2st_auc(real, other) == pytest.approx(expected, abs=0.03)


def test_of_a_wide_table_each_fold_sees_columns_by_lot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detection, "MAX_FEATURES", 12)
    rng = np.random.default_rng(0)
    real, other = (pd.DataFrame(rng.normal(size=(300, 60))).add_prefix("x") for _ in range(2))
    assert 0.42 < c2st_auc(real, other) < 0.58
    assert c2st_auc(real, other.assign(**{f"x{place}": other[f"x{place}"] + 1 for place in range(30)})) > 0.9
    # One column of sixty gives rows away to those folds that see it, one in five as a rule.
    assert c2st_auc(real, other.assign(x7=other["x7"] + 20)) < 0.8
    seen = [kept for _, kept, _ in _trial(compare(real, other), (0, 1), seed=0).folds]
    assert {int(kept.sum()) for kept in seen} == {12}
    assert np.any(seen, axis=0).sum() > 30


def test_identifiers_do_not_give_rows_away(holdout: pd.DataFrame, fresh: pd.DataFrame) -> None:
    holdout, fresh = holdout.head(200), fresh.head(200)
    real = holdout.assign(id=[f"a{i:05}" for i in range(len(holdout))])
    synthetic = fresh.assign(id=[f"b{i:05}" for i in range(len(fresh))])
    assert c2st_auc(real, synthetic) == c2st_auc(holdout, fresh)


def test_nothing_to_compare_is_a_half() -> None:
    tiny = pd.DataFrame({"a": [1, 2, 3]})
    assert c2st_auc(tiny, tiny) == 0.5


def test_a_column_without_values_does_not_fail(holdout: pd.DataFrame, fresh: pd.DataFrame) -> None:
    holdout, fresh = holdout.head(200), fresh.head(200)
    real, synthetic = holdout.assign(e=np.nan), fresh.assign(e=np.nan)
    assert c2st_auc(real, synthetic) == c2st_auc(holdout, fresh)
    assert c2st_auc(real[["e"]], synthetic[["e"]]) == 0.5


ROWS = 160


def family(
    train: pd.DataFrame, synthetic: pd.DataFrame, holdout: pd.DataFrame | None = None, rows: int = ROWS
) -> Family:
    cut = [None if table is None else table.head(rows) for table in (train, synthetic, holdout)]
    assert cut[0] is not None
    assert cut[1] is not None
    return detection_metrics(Tables.checked(cut[0], cut[1], cut[2]))


def value(found: Family, key: str) -> float:
    figure = found[key].value
    assert figure is not None
    return figure


def test_the_family_holds_the_test_between_real_rows_and_shuffled_ones(
    train: pd.DataFrame, fresh: pd.DataFrame, holdout: pd.DataFrame
) -> None:
    found = family(train, fresh, holdout, 250)["c2st_auc"]
    assert found.value is not None
    assert found.reference is not None
    assert found.floor is not None
    assert found.interval is not None
    assert found.interval[0] < found.value < found.interval[1]
    # One standard deviation of the AUC of two equal samples of 250 is .026.
    assert abs(found.value - 0.5) < 0.08
    assert abs(found.reference - 0.5) < 0.08
    assert found.floor > 0.9
    assert found.rows == 500
    assert found.note == ""  # noise names no column


def test_a_copy_without_a_holdout_is_too_good(train: pd.DataFrame) -> None:
    ages = train[["age", "pay"]]
    assert family(ages, ages)["c2st_auc"].is_too_good


def test_a_rounding_artefact_goes_away_once_rounded(
    train: pd.DataFrame, fresh: pd.DataFrame, holdout: pd.DataFrame
) -> None:
    # Real pay is a multiple of 400, synthetic pay is not: nothing else is wrong.
    columns = ["age", "pay", "town"]
    real = [t[columns].assign(pay=(t["pay"] / 400).round() * 400) for t in (train, holdout)]
    blur = np.random.default_rng(0).uniform(-150, 150, len(fresh))
    found = family(real[0], fresh[columns].assign(pay=(fresh["pay"] / 400).round() * 400 + blur), real[1])
    assert value(found, "c2st_auc") > 0.75
    assert value(found, "c2st_rounded_auc") < value(found, "c2st_auc") - 0.15
    frame = found.details["c2st_columns"]
    assert frame["column"][0] == "pay"
    assert frame["auc_drop"][0] > 2 * frame["auc_drop_rounded"][0]
    assert found["c2st_auc"].note == "columns that give rows away: pay"


def test_a_wrong_joint_stays_wrong_once_rounded(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    columns = ["age", "start", "town"]
    found = family(train[columns], shuffled_columns(train[columns]), holdout[columns])
    assert value(found, "c2st_rounded_auc") > 0.85
    frame = found.details["c2st_columns"].set_index("column")
    # No column by itself is wrong, only what age and start have in common.
    assert (frame["auc_alone"] - 0.5).abs().max() < 0.12
    assert frame["auc_drop"]["age"] > 0.2
    assert frame["auc_drop"]["start"] > 0.2
    assert frame["auc_drop"]["town"] < 0.1


def test_a_wrong_column_gives_itself_away_alone(
    train: pd.DataFrame, fresh: pd.DataFrame, holdout: pd.DataFrame
) -> None:
    rng = np.random.default_rng(0)
    names = ["age", "town"]
    tables = [table[names].assign(dice=rng.integers(1, 7, len(table))) for table in (train, fresh, holdout)]
    tables[1]["dice"] = np.maximum(tables[1]["dice"], 3)
    frame = family(tables[0], tables[1], tables[2]).details["c2st_columns"]
    assert list(frame.columns) == ["column", "auc_drop", "auc_drop_rounded", "auc_alone"]
    assert frame["column"][0] == "dice"
    assert frame["auc_alone"][0] > 0.6


def test_rounding_keeps_the_weekday_and_the_hour_of_a_time() -> None:
    rng = np.random.default_rng(0)
    moments = rng.uniform(-1e9, 2e9, 500)
    rounded = _rounded(ComparedColumn("t", "datetime", numbers=(moments, moments[:5], moments)))
    before, after = (
        classifier_matrix([ComparedColumn("t", "datetime", numbers=(n,))], 0)
        for n in (moments, rounded.numbers[0])
    )
    assert np.array_equal(before[:, 1], after[:, 1])
    assert np.array_equal(before[:, 2] // 3600, after[:, 2] // 3600)
    weeks = after[:, 0] // (7 * 86_400)
    assert len(np.unique(weeks)) == 20
    assert (np.diff(weeks[np.argsort(moments)]) >= 0).all()


def test_rounding_cuts_numbers_into_bins_of_equally_many_real_rows() -> None:
    real, synthetic = np.arange(200.0), np.array([-5.0, 0.4, 9.9, 10.0, np.nan, 1e9])
    rounded = _rounded(ComparedColumn("x", "numeric", numbers=(real, synthetic, real)))
    assert list(np.unique(rounded.numbers[0], return_counts=True)[1]) == [10] * 20
    assert list(rounded.numbers[1][:4]) == [0, 0, 0, 1]
    assert np.isnan(rounded.numbers[1][4])
    assert rounded.numbers[1][5] == 19


def test_what_cannot_be_tried_has_a_reason() -> None:
    tiny = pd.DataFrame({"a": [1, 2, 3, 4]})
    numbered = pd.DataFrame({"id": [f"a{i:06}" for i in range(200)]})
    for table, reason in ((tiny, "5 rows"), (numbered, "no column")):
        found = family(table, table, table)
        assert set(found.keys) == {measure.key for measure in MEASURES}
        assert all(metric.value is None and reason in metric.note for metric in found.metrics)


def test_the_widest_columns_are_tried_by_their_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tabgan.evaluation.detection.TRIED_COLUMNS", 2)
    rng = np.random.default_rng(0)
    real, synthetic = (pd.DataFrame(rng.normal(size=(60, 5)), columns=list("abcde")) for _ in range(2))
    frame = family(real, synthetic.assign(b=5 + synthetic["b"], d=9 + synthetic["d"]), real)
    assert set(frame.details["c2st_columns"]["column"]) == {"b", "d"}
