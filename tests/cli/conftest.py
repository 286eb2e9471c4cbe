"""Tables, models and a way to call the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tabgan_cli.app import app
from tabgan_cli.table_file import read_table
from tabgan_cli.tables import CsvStyle
from tabgan_cli.training import save_model
from typer.testing import CliRunner

from tabgan import TabGAN
from tests.cli.calling import Call, Outcome

ADULT = Path(__file__).parents[2] / "examples" / "data" / "adult.csv.gz"


@pytest.fixture(scope="session")
def call() -> Call:
    """Call a command in this process; bugs are raised."""

    def invoke(*arguments: object) -> Outcome:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return invoke


@pytest.fixture
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a command's standard error goes: into no folder that a test looks at."""
    return tmp_path_factory.mktemp("told") / "stderr"


@pytest.fixture(scope="session")
def census() -> pd.DataFrame:
    """Four columns of the Adult census table."""
    return read_table(ADULT).rows[["age", "education", "sex", "income"]].head(400)


@pytest.fixture
def census_csv(census: pd.DataFrame, tmp_path: Path) -> Path:
    census.to_csv(tmp_path / "census.csv", index=False)
    return tmp_path / "census.csv"


@pytest.fixture(scope="session")
def shop_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV file with the types that CSV does not name: 300 orders, some cells empty."""
    rng = np.random.default_rng(0)
    n_rows = 300
    days = np.datetime64("2024-01-01") + rng.integers(0, 200, n_rows)
    moments = days.astype("datetime64[m]") + rng.integers(480, 1200, n_rows)
    orders = pd.DataFrame(
        {
            "zip": [f"{code:05d}" for code in rng.choice([123, 4711, 80331, 10115], n_rows)],
            "day": np.datetime_as_string(days, unit="D"),
            "sold at": [f"{text}Z" for text in np.datetime_as_string(moments, unit="m")],
            "items": pd.array(rng.integers(1, 9, n_rows), dtype="Int64"),
            "price": [f"{price / 10:.2f}" for price in rng.integers(10, 900, n_rows)],
            "gift": rng.choice(["true", "false"], n_rows),
            "note": rng.choice(["NA", "null", "so, so", 'a "quote"'], n_rows),
        }
    )
    orders.loc[::10, "items"] = pd.NA
    path = tmp_path_factory.mktemp("shop") / "shop.csv"
    orders.to_csv(path, index=False)
    return path


def _model(path: Path, rows: pd.DataFrame, style: CsvStyle) -> Path:
    # The likelihood alone: what it learns does not matter here, only that it is a real model.
    save_model(TabGAN(recipe="likelihood", epochs=5, device="cpu").fit(rows), path, style)
    return path


@pytest.fixture(scope="session")
def shop_model(shop_csv: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    table = read_table(shop_csv)
    return _model(tmp_path_factory.mktemp("models") / "shop.tabgan", table.rows, table.style)


@pytest.fixture(scope="session")
def census_model(census: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _model(tmp_path_factory.mktemp("models") / "census.tabgan", census, CsvStyle())
