"""Models whose rows are drawn again where a judge takes them for made ones."""

from __future__ import annotations

import signal

import numpy as np
import pandas as pd
import pytest
import torch

from tabgan import Checkpoint, Inequality, ModelFileError, TabGAN
from tabgan.gan.blocks import Blocks
from tabgan.gan.discriminator import Discriminator
from tabgan.gan.rejection import Judge
from tabgan.weights import arrays_of, judge_of
from tests.toy_tables import SMALL, orders

# A generator that was hardly taught, so that there is something to reject.
JUDGED = {**SMALL, "recipe": "likelihood", "epochs": 2, "rejection": True, "discriminator_dim": (32, 32)}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    one = rng.integers(4, size=3_000)
    two = np.where(rng.random(3_000) < 0.9, one, rng.integers(4, size=3_000))
    return pd.DataFrame({"one": list("abcd"), "two": list("wxyz")}).pipe(
        lambda names: pd.DataFrame({"one": names["one"][one].to_numpy(), "two": names["two"][two].to_numpy()})
    )


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> TabGAN:
    return TabGAN(**JUDGED | {"epochs": 60, "rounds": 1, "generator_dim": (4, 4)}).fit(table)


def agreement(rows: pd.DataFrame) -> float:
    pairs = dict(zip("abcd", "wxyz", strict=True))
    return float((rows["one"].map(pairs) == rows["two"]).mean())


def test_judged_rows_are_nearer_to_the_table_than_those_of_the_same_generator(model, table):
    assert model.judge_ is not None
    assert "rejection" in set(model.loss_history_["phase"])
    judged, plain = model.sample(4_000, seed=1), model.sample(4_000, rounds=1, seed=1)
    gap = [abs(agreement(rows) - agreement(table)) for rows in (judged, plain)]
    assert gap[0] < 0.05 < gap[1]
    for name in table:
        shares = [rows[name].value_counts(normalize=True) for rows in (judged, table)]
        assert (shares[0] - shares[1]).abs().max() < 0.03


def test_requests_are_met_and_the_same_seed_gives_the_same_rows(model):
    rows = model.sample(500, seed=3)
    pd.testing.assert_frame_equal(model.sample(500, seed=3), rows)
    pieces = pd.concat(model.sample_iter(500, 130, seed=3), ignore_index=True)
    pd.testing.assert_frame_equal(pieces, rows)
    assert (model.sample(300, conditions={"one": "b"}, seed=1)["one"] == "b").all()
    counted = model.sample(counts={"one": {"a": 20, "c": 5}}, seed=1)
    assert counted["one"].value_counts().to_dict() == {"a": 20, "c": 5}
    wanted = pd.DataFrame({"one": ["a", "d", None], "two": [None, "w", None]})
    made = model.sample(conditions=wanted, seed=1)
    assert made["one"].tolist()[:2] == ["a", "d"]
    assert made["two"].iloc[1] == "w"
    completed = model.complete(wanted, seed=1)
    assert completed.notna().all(axis=None)
    assert completed["one"].tolist()[:2] == ["a", "d"]


def test_every_record_of_the_history_tells_the_same(table, capsys):
    """The line of progress shows them; of a judge that learns too."""
    records = []
    TabGAN(**JUDGED | {"epochs": 20}, verbose=True, callbacks=records.append).fit(table.head(800))
    phases = {record["phase"]: record for record in records}
    assert set(phases) == {"likelihood", "rejection"}
    assert set(phases["rejection"]) - {"discriminator"} == set(phases["likelihood"]) - {"likelihood"}
    assert "rejection" in capsys.readouterr().err


def test_completed_rows_are_judged_too(model, table):
    given = pd.DataFrame({"one": table["one"], "two": None})
    assert abs(agreement(model.complete(given, seed=1)) - agreement(table)) < 0.1


def test_a_model_file_holds_the_judge_and_gives_the_same_rows(model, tmp_path):
    model.save(tmp_path / "m.tabgan")
    loaded = TabGAN.load(tmp_path / "m.tabgan")
    assert loaded.judge_ is not None
    assert loaded.rejection
    pd.testing.assert_frame_equal(loaded.sample(300, seed=2), model.sample(300, seed=2))


def test_rules_hold_in_judged_rows():
    table = orders(400)
    table["later"] = table["amount"] + np.arange(400) % 7
    made = TabGAN(rules=[Inequality("amount", "later")], **JUDGED).fit(table).sample(300, seed=1)
    assert (made["amount"] <= made["later"]).all()


def test_where_no_judge_can_be_taught_a_warning_says_so_and_nothing_is_rejected():
    table = pd.DataFrame({"a": ["x", "y", "y"] * 2})  # too few to judge by
    fitted = TabGAN(**JUDGED, min_rows=1).fit(table)
    plain = TabGAN(**JUDGED | {"rejection": False}, min_rows=1).fit(table)
    assert fitted.generator_ is not None
    assert fitted.judge_ is None
    assert any("none is rejected" in line for line in fitted.warnings_)
    pd.testing.assert_frame_equal(fitted.sample(50, seed=1), plain.sample(50, seed=1))


def test_a_callback_that_ends_training_ends_the_judge_before_it_is_taught(table):
    phases: list[str] = []
    fitted = TabGAN(**JUDGED, callbacks=lambda record: phases.append(record["phase"]) or True).fit(table)
    assert phases == ["likelihood"]
    assert fitted.judge_ is None
    assert any("none is rejected" in line for line in fitted.warnings_)


def test_the_budget_knows_no_judge():
    with pytest.raises(ValueError, match="rejection=False with epsilon"):
        TabGAN(epsilon=1.0, rejection=True).fit(orders(100))


@pytest.mark.parametrize("widths", [(5,), (5, 7), (5, 5, 3)])
def test_a_judge_goes_through_arrays(widths):
    blocks = Blocks([3, 4])
    judge = Judge(Discriminator(blocks, discriminator_dim=widths))
    judge.offsets.normal_()
    judge.bound.fill_(0.25)
    found = judge_of(arrays_of(None, None, judge), blocks)
    assert found is not None
    for name, weight in judge.state_dict().items():
        assert torch.equal(found.state_dict()[name], weight)
    assert judge_of(arrays_of(None, None), blocks) is None


@pytest.mark.parametrize(
    "spoilt",
    [
        {"judge.offsets": np.zeros(3, np.float32)},
        {"judge.discriminator.bias": np.zeros(10**6, np.float32)},
        {"judge.discriminator.bias": np.zeros(5, np.float64)},
        {"judge.other": np.zeros(1, np.float32)},
    ],
    ids=lambda spoilt: next(iter(spoilt)),
)
def test_weights_of_no_judge_are_refused_before_a_network_is_made(spoilt):
    blocks = Blocks([3, 4])
    arrays = arrays_of(None, None, Judge(Discriminator(blocks, discriminator_dim=(5, 7))))
    with pytest.raises(ValueError, match="weights"):
        judge_of(arrays | spoilt, blocks)


def test_a_file_with_a_spoilt_judge_is_no_model_file(model, tmp_path):
    model.judge_.offsets = model.judge_.offsets[:-1]
    try:
        model.save(tmp_path / "m.tabgan")
    finally:
        model.judge_.offsets = torch.nn.functional.pad(model.judge_.offsets, (0, 1))
    with pytest.raises(ModelFileError):
        TabGAN.load(tmp_path / "m.tabgan")


@pytest.mark.parametrize("phase", ["likelihood", "rejection"])
def test_a_fit_that_crashed_goes_on_to_the_same_judge(tmp_path, phase, table):
    path, settings = tmp_path / "run.ckpt", {**JUDGED, "epochs": 20}

    def crash(record):
        if record["phase"] == phase:
            raise RuntimeError("crash")

    whole = TabGAN(**settings).fit(table.head(800))
    with pytest.raises(RuntimeError, match="crash"):
        TabGAN(**settings, callbacks=crash).fit(table.head(800), checkpoint=Checkpoint(path, seconds=0.01))
    again = TabGAN(**settings).fit(table.head(800), checkpoint=path)
    whole.save(tmp_path / "whole.tabgan")
    again.save(tmp_path / "again.tabgan")
    assert (tmp_path / "whole.tabgan").read_bytes() == (tmp_path / "again.tabgan").read_bytes()


def test_a_signal_while_the_judge_is_taught_keeps_the_generator(table):
    def stop(record):
        if record["phase"] == "rejection":
            signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    model = TabGAN(**{**JUDGED, "epochs": 20}, callbacks=stop)
    try:
        with pytest.raises(KeyboardInterrupt, match="Training was interrupted"):
            model.fit(table)
    finally:
        signal.signal(signal.SIGINT, before)
    assert model.judge_ is None
    assert len(model.sample(20, seed=1)) == 20
