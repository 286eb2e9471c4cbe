"""The smallest model there is, and the whole way through it: what the rows of odd inputs are tried with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tabgan_cli.app import app
from typer.testing import CliRunner

from tabgan import TabGAN
from tabgan.errors import TabganError
from tests.cli.calling import Outcome

TINY: dict[str, Any] = {
    "epochs": 1,
    "embedding_dim": 2,
    "generator_dim": (8, 8),
    "discriminator_dim": (8, 8),
    "batch_size": 64,
    "device": "cpu",
}
N_ROWS = 120


def call(*arguments: object, stdin: bytes = b"") -> Outcome:
    """Call a command in this process; bugs are raised, and what is said of an error is one line."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    if result.exit_code:
        errors = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
        assert len(errors) == 1, result.stderr
        assert result.stderr.rstrip("\n").splitlines()[-1] == errors[0]
    return Outcome(int(result.exit_code), result.stdout, result.stderr)


def beside(cells: Any) -> pd.DataFrame:
    """A table of the cells and of two usual columns."""
    odd = pd.Series(cells).reset_index(drop=True)
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {"job": rng.choice(["clerk", "nurse"], len(odd)), "age": rng.integers(0, 9, len(odd))}
    )
    table.insert(0, "odd", odd)
    return table


def repeated(*cells: Any, dtype: Any = None) -> pd.Series[Any]:
    """The cells over and over."""
    return pd.Series([cells[place % len(cells)] for place in range(N_ROWS)], dtype=dtype)


def learned(table: pd.DataFrame, tmp_path: Path, **options: Any) -> tuple[TabGAN, pd.DataFrame]:
    """Fit, sample, complete, save, load; what must hold for every table is checked on the way."""
    model = TabGAN(**{**TINY, **options}).fit(table)
    rows = model.sample(100, seed=1)
    same_schema(rows, table)
    model.save(tmp_path / "odd.tabgan")
    again = TabGAN.load(tmp_path / "odd.tabgan", device="cpu")
    pd.testing.assert_frame_equal(again.sample(100, seed=1), rows)
    assert again.warnings_ == model.warnings_
    given = table.head(10)
    completed = model.complete(given, seed=1)
    assert list(map(repr, completed.columns)) == list(map(repr, table.columns))
    for place in range(table.shape[1]):
        is_given = given.iloc[:, place].notna().to_numpy()
        kept = completed.iloc[:, place][is_given].tolist()
        assert kept == given.iloc[:, place][is_given].tolist()
    return model, rows


def same_schema(rows: pd.DataFrame, table: pd.DataFrame) -> None:
    """Names, order and dtypes, but for sparse columns, which come out dense."""
    assert list(map(repr, rows.columns)) == list(map(repr, table.columns))
    for made, given in zip(rows.dtypes, table.dtypes, strict=True):
        wanted = np.dtype(given.subtype) if isinstance(given, pd.SparseDtype) else given
        if isinstance(wanted, pd.CategoricalDtype):
            assert isinstance(made, pd.CategoricalDtype)
            assert made.ordered == wanted.ordered
        else:
            assert made == wanted


def refused(
    table: pd.DataFrame, *told: str, secret: str = "", error: type[Exception] = TabganError, **options: Any
) -> str:
    """The one line that refuses the table: it tells so much, and never the cell."""
    with pytest.raises(error) as caught:
        TabGAN(**{**TINY, **options}).fit(table)
    line = str(caught.value)
    assert "\n" not in line
    for text in told:
        assert text in line, line
    assert not secret or secret not in line
    return line


def warned(model: TabGAN, *told: str) -> None:
    """Some warning of the model tells all of this."""
    assert any(all(text in line for text in told) for line in model.warnings_), model.warnings_
