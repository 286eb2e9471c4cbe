from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabgan.evaluation.augmentation import MEASURES, augmentation_metrics
from tabgan.evaluation.metric import Family
from tabgan.evaluation.tables import Tables


def rings(n_rows: int, seed: int) -> pd.DataFrame:
    """A rare class that trees learn slowly: 5 % of the rows, those near a circle."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, n_rows))
    is_near = np.abs(np.hypot(x, y) - 1.8) < 0.13
    return pd.DataFrame({"x": x, "y": y, "rare": np.where(is_near, "yes", "no")})


def family(tables: Tables) -> Family:
    found = augmentation_metrics(tables)
    assert found.keys == tuple(measure.key for measure in MEASURES)
    return found


@pytest.fixture(scope="module")
def of_rings() -> Family:
    return family(Tables.checked(rings(400, 0), rings(4000, 1), rings(3000, 2), target="rare"))


def test_many_new_rows_beside_few_help_as_much_as_real_ones(of_rings: Family) -> None:
    for key in ("augmentation_gain", "rare_class_gain"):
        found = of_rings[key]
        assert found.value is not None
        assert found.reference is not None
        assert found.interval is not None
        assert found.interval[0] > 0.02, key
        assert found.value == pytest.approx(found.reference, abs=0.12)
    assert of_rings["augmentation_gain"].rows == 1500


def test_the_details_hold_both_sides_of_every_gain(of_rings: Family) -> None:
    table = of_rings.details["augmentation"].set_index("trained_on")
    assert list(table.index[:4]) == ["real", "real + synthetic", "real + other real", "real + shuffled"]
    assert list(table["rows_added"][:4]) == [0, 400, 400, 400]
    gain = table.loc["real + synthetic"] - table.loc["real"]
    assert of_rings["augmentation_gain"].value == pytest.approx(gain["auc"])
    assert of_rings["rare_class_gain"].value == pytest.approx(gain["average_precision"])
    balanced = table.loc["real + synthetic of the rarest class"]
    assert of_rings["rare_class_balance_gain"].value == pytest.approx(
        balanced["average_precision"] - table.loc["real", "average_precision"]
    )


def test_rows_of_the_wrong_class_do_harm() -> None:
    synthetic = rings(4000, 1)
    synthetic["rare"] = np.where(synthetic["rare"] == "yes", "no", "yes")
    found = family(Tables.checked(rings(700, 0), synthetic, rings(2000, 2), target="rare"))
    gain = found["rare_class_gain"]
    assert gain.interval is not None
    assert gain.reference is not None
    assert gain.interval[1] < min(0, gain.reference)


def test_a_number_has_a_gain_in_r2_and_no_rare_class(
    train: pd.DataFrame, fresh: pd.DataFrame, holdout: pd.DataFrame
) -> None:
    tables = [table.head(500) for table in (train, fresh, holdout)]
    found = family(Tables.checked(tables[0], tables[1], tables[2], target="pay"))
    assert found["augmentation_gain"].value == pytest.approx(0, abs=0.1)
    assert "R²" in found["augmentation_gain"].note
    assert found["rare_class_gain"].note == "the target is a number"
    assert "average_precision" not in found.details["augmentation"]


def test_a_balanced_table_has_no_class_to_fill_up() -> None:
    tables = [rings(900, seed) for seed in range(3)]
    for table in tables:
        table["half"] = table["x"] > table["x"].median()
    tables = [table[["x", "y", "half"]] for table in tables]
    found = family(Tables.checked(tables[0], tables[1], tables[2], target="half"))
    assert found["rare_class_balance_gain"].value is None
    assert "as frequent as" in found["rare_class_balance_gain"].note


def test_what_cannot_be_tried_has_a_reason(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    for tables, reason in (
        (Tables.checked(train, train, holdout.head(30), target="rich"), "20 rows"),
        (Tables.checked(train, train.head(4), holdout, target="rich"), "20 rows"),
        (Tables.checked(train, train, holdout[holdout["rich"]], target="rich"), "single value"),
        (Tables.checked(train[["rich"]], train[["rich"]], holdout[["rich"]]), "no two columns"),
    ):
        assert all(metric.value is None and reason in metric.note for metric in family(tables).metrics)


def test_without_a_holdout_training_rows_are_predicted(train: pd.DataFrame, fresh: pd.DataFrame) -> None:
    found = family(Tables.checked(train.head(600), fresh, target="rich"))["augmentation_gain"]
    assert found.rows == 150
    assert "no holdout" in found.note
