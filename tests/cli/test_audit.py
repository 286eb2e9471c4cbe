"""`tabgan audit`: what is printed, what is written, what is refused."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import pytest
from tabgan_cli.failures import Exit

from tabgan import private_learning
from tabgan.gan.settings import PrivateSettings
from tabgan.privacy.config import PrivacyConfig
from tests.cli.calling import Call
from tests.privacy import mutants
from tests.test_auditing import SCHEMA, table


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    short = functools.partial(
        PrivateSettings, warm_steps=5, distil_steps=5, warm_rows=300, pool_rows=300, generator_dim=(16, 16)
    )
    monkeypatch.setattr(private_learning, "PrivateSettings", short)
    few = PrivacyConfig(steps=5, sample_rate=0.3, pairs_share=0.8, triples_share=0.0)
    monkeypatch.setattr(PrivacyConfig, "default", lambda epsilon: few)
    table().to_csv(tmp_path / "real.csv", index=False)
    SCHEMA.save(tmp_path / "s.json")
    return tmp_path / "real.csv", tmp_path / "s.json"


def test_claim_bound_and_ceiling_are_printed_and_written(call: Call, files, tmp_path: Path) -> None:
    real, schema = files
    figures = tmp_path / "a.json"
    options = ["--schema", schema, "--delta", "1e-6", "--canaries", "300", "--json", figures]
    told = call("audit", real, "--epsilon", "1", *options)
    assert told.code == 0, told.err
    for text in ("epsilon 1 at delta 1e-06", "a perfect attack would show", "not refuted", "noisy counts"):
        assert text in told.out
    assert "spends none of a release's budget" in told.err
    found = json.loads(figures.read_text())
    assert found["n_canaries"] == 300
    assert found["lower_bound"] <= found["epsilon"] < found["ceiling"]


def test_a_broken_claim_has_an_exit_code_of_its_own(call: Call, files, monkeypatch) -> None:
    mutants.tenth_of_release_noise(monkeypatch)
    mutants.tenth_of_training_noise(monkeypatch)
    real, schema = files
    told = call(
        "audit", real, "--epsilon", "2", "--schema", schema, "--delta", "1e-6", "--canaries", "400", "--quiet"
    )
    assert told.code == Exit.GATE
    assert told.err == "Error: The attack shows more than the claim allows.\n"


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["--epsilon", "0"], Exit.USAGE, "--epsilon takes"),
        (["--epsilon", "1", "--delta", "2"], Exit.USAGE, "--delta takes"),
        (["--epsilon", "1", "--delta", "0.1"], Exit.USAGE, "Expected 0 < delta < 1 /"),
        (["--epsilon", "1", "--target", "nobody"], Exit.DATA, "'nobody'"),
        (
            ["--epsilon", "1", "--delta", "1e-6", "--json", "/no/folder/a.json"],
            Exit.INPUT_OUTPUT,
            "no folder",
        ),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(call: Call, files, options, code: Exit, told: str) -> None:
    real, schema = files
    outcome = call("audit", real, "--schema", schema, *options)
    assert (outcome.code, told in outcome.err) == (code, True), outcome.err
    assert outcome.err.splitlines()[-1].startswith("Error: ")
