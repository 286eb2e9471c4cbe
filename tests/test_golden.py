"""Model files that were written once and must load for ever; `python -m tests.golden.make` made them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tabgan import TabGAN
from tabgan.model_file import FORMAT_VERSION, read_model
from tabgan.privacy.ledger import verdict
from tests.golden.make import HERE, N_SAMPLED, means_of
from tests.odd_inputs.tiny import call

FILES = sorted(HERE.glob("*.tabgan"))
FAR = 0.05  # five deviations of a share among N_SAMPLED rows, and more


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def file(request: pytest.FixtureRequest) -> Path:
    return request.param


def facts(file: Path) -> dict[str, Any]:
    return json.loads(file.with_suffix(".json").read_text())


def test_every_format_has_its_golden_files():
    wanted = {
        f"{name}_format{version}" for name in ("open", "private") for version in range(1, FORMAT_VERSION + 1)
    }
    assert {path.stem for path in FILES} == wanted


def test_the_file_is_the_one_that_was_made(file):
    assert hashlib.sha256(file.read_bytes()).hexdigest() == facts(file)["sha256"]


def test_every_weight_is_read_bit_for_bit(file):
    found = {
        name: {"dtype": str(tensor.dtype), "sha256": hashlib.sha256(tensor.tobytes()).hexdigest()}
        for name, tensor in read_model(file).tensors.items()
    }
    assert found == facts(file)["weights"]


def test_it_says_of_itself_what_it_said(file):
    """A later tabgan may say more."""
    told, written = TabGAN.load(file, device="cpu"), read_model(file)
    assert told.schema_.to_dict() == written.schema
    summary, parameters = told.summary(), written.manifest["parameters"]
    for name in ("seed", "rows", "order", "warnings", "history"):
        assert summary[name] == written.manifest[name]
    assert {name: summary["parameters"][name] for name in parameters} == parameters


def test_its_rows_have_the_columns_and_the_shares_they_had(file):
    """Draws may differ between processors and versions of torch, so rows are compared by what is usual."""
    rows = TabGAN.load(file, device="cpu").sample(N_SAMPLED, seed=1)
    text = str(pd.Series(["a"]).dtype)  # "str" from pandas 3 on
    written = {name: text if dtype == "str" else dtype for name, dtype in facts(file)["dtypes"].items()}
    assert {name: str(dtype) for name, dtype in rows.dtypes.items()} == written
    shares = rows["job"].value_counts(normalize=True, dropna=False).rename(str)
    shares.index = shares.index.map(str)
    assert shares.sub(pd.Series(facts(file)["shares"]), fill_value=0).abs().max() < FAR
    spreads = pd.Series(facts(file)["spreads"])
    gaps = means_of(rows).sub(pd.DataFrame(facts(file)["means"])).abs().max(axis=1).dropna()
    assert (gaps <= spreads[gaps.index] / 3).all()


def test_its_rows_keep_rules_and_conditions():
    model = TabGAN.load(HERE / "open_format1.tabgan", device="cpu")
    rows = model.sample(300, conditions={"job": "nurse"}, seed=2)
    assert set(rows["job"]) == {"nurse"}
    assert set(rows["place"]) == {"ward"}
    assert (rows["at"] <= rows["sent"]).all()
    assert (rows["price"] % 0.25 == 0).all()
    assert rows["key"].is_unique
    assert rows["nothing"].isna().all()
    assert set(rows["same"]) == {7}


def test_the_ledger_still_adds_up(file):
    ledger, wanted = read_model(file).manifest["ledger"], facts(file)
    if wanted["spent"] is None:
        assert ledger is None
        return
    judged = verdict(ledger)
    assert judged.holds
    assert judged.recomputed.epsilon == pytest.approx(wanted["spent"], rel=0.01)
    assert len(TabGAN.load(file, device="cpu").ledger_.entries) == wanted["n_entries"]


def test_the_command_line_reads_it(file, tmp_path):
    shown = call("inspect", file)
    assert shown.code == 0
    assert ("The claim holds" in " ".join(shown.out.split())) == (facts(file)["spent"] is not None)
    assert call("sample", file, "-n", 5, "-o", tmp_path / "rows.csv").code == 0
