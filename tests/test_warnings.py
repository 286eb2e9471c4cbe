"""What a user should know is given as a warning: each line once, to whoever called."""

from __future__ import annotations

import warnings
from pathlib import Path

import pandas as pd
import pytest
import torch

from tabgan import TabGAN, TabganWarning
from tests.small_private import people as private_people
from tests.small_private import shorten, small

GOLDEN = Path(__file__).parent / "golden" / "open_format1.tabgan"


def people(n_rows: int = 60) -> pd.DataFrame:
    mails = [f"ada.byron{n}@mail.net" for n in range(n_rows)]
    return pd.DataFrame({"email": mails, "age": [20 + n % 9 for n in range(n_rows)]})


def lines_of(told: pytest.WarningsRecorder) -> list[str]:
    """The lines given as warnings to this file."""
    assert {(one.category, one.filename) for one in told} == {(TabganWarning, __file__)}
    return [str(one.message) for one in told]


def test_a_fit_gives_each_line_of_its_warnings_to_its_caller() -> None:
    model = TabGAN(epochs=1)
    with pytest.warns(TabganWarning, match="'email' holds") as told:
        model.fit(people())
    assert lines_of(told) == model.warnings_
    assert len(model.warnings_) > 1


def test_rows_without_any_cell_are_counted_unless_they_are_fewer_than_may_be_told() -> None:
    table = people().assign(age=lambda rows: rows["age"].astype("Int64"))
    for n_empty in (4, 5):
        padded = table.reindex(range(len(table) + n_empty))
        with pytest.warns(TabganWarning):
            told = TabGAN(epochs=1).fit(padded).warnings_
        found = [line[:16] for line in told if "rows are empty" in line]
        assert found == ["5 rows are empty"] * (n_empty == 5)
    with pytest.warns(TabganWarning):
        told = TabGAN(epochs=1).fit(padded[["age"]]).warnings_  # a missing cell, as in any column
    assert not any("rows are empty" in line for line in told)


def test_a_private_fit_gives_no_other_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    shorten(monkeypatch)
    table = private_people().assign(email="ada@mail.net")
    model = small()
    with pytest.warns(TabganWarning, match="'email' holds") as told:
        model.fit(table)
    assert lines_of(told) == model.warnings_


def test_a_model_is_fitted_though_warnings_are_errors() -> None:
    model = TabGAN(epochs=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error", TabganWarning)
        with pytest.raises(TabganWarning):
            model.fit(people())
    assert len(model.sample(3)) == 3


@pytest.mark.skipif(torch.cuda.is_available(), reason="the device is there")
def test_loading_warns_of_this_machine_and_not_of_the_fit_again() -> None:
    with pytest.warns(TabganWarning, match="no device 'cuda'") as told:
        model = TabGAN.load(GOLDEN, device="cuda")
    assert lines_of(told) == model.warnings_[:1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = TabGAN.load(GOLDEN, device="cpu")
        model.complete(model.sample(3, seed=1), seed=1)
