"""A fit that was stopped goes on from its checkpoint, to the very model of one that was not."""

from __future__ import annotations

import random
import re
import shutil
import signal
import struct
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tabgan import Checkpoint, Inequality, ModelFileError, Schema, TabGAN, infer_schema
from tabgan.model_file import CHECKPOINT, read_model, write_model
from tests.small_private import SCHEMA, people, shorten, small
from tests.toy_tables import SMALL, orders

FIT = {**SMALL, "generator_dim": (16, 16), "epochs": 30, "batch_size": 64, "recipe": "likelihood"}


@pytest.fixture(autouse=True)
def _ctrl_c():
    """As in a terminal; a job in the background is started with Ctrl-C ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Crashed(Exception):
    pass


def crash_at(n_records: int):
    """A callback that ends the fit the hard way at that record."""
    left = iter(range(n_records))

    def callback(record: dict) -> None:
        if next(left, None) is None:
            raise Crashed

    return (callback,)


def stop_at(n_records: int, number: signal.Signals = signal.SIGINT):
    left = iter(range(n_records))

    def callback(record: dict) -> None:
        if next(left, None) is None:
            signal.raise_signal(number)

    return (callback,)


def saved(model: TabGAN, path: Path) -> bytes:
    model.save(path)
    return path.read_bytes()


def mixed(seed: int) -> pd.DataFrame:
    """Small tables of several kinds."""
    table = orders(200 + 37 * seed, seed)
    few = table[["amount", "job", "member", "key", "same"]]
    return [few, table[["job", "member"]], table[["amount", "at"]].assign(to=table["amount"] + 1)][seed]


@pytest.mark.parametrize(
    ("seed", "recipe", "n_records"), [(0, "default", 2), (1, "gan", 1), (2, "likelihood", 0)]
)
def test_a_fit_that_crashed_goes_on_bit_for_bit(tmp_path, seed, recipe, n_records):
    table, path = mixed(seed), tmp_path / "run.ckpt"
    settings = {**FIT, "recipe": recipe, "random_state": seed, "epochs": 20}
    whole = TabGAN(**settings).fit(table)
    with pytest.raises(Crashed):
        TabGAN(**settings, callbacks=crash_at(n_records)).fit(
            table, checkpoint=Checkpoint(path, seconds=0.01)
        )
    assert len(read_model(path, CHECKPOINT).manifest["standing"]["watch"]["history"]) <= n_records
    again = TabGAN(**settings).fit(table, checkpoint=path)
    assert not path.exists()
    assert saved(again, tmp_path / "a.tabgan") == saved(whole, tmp_path / "b.tabgan")
    pd.testing.assert_frame_equal(again.sample(50, seed=1), whole.sample(50, seed=1))


def test_a_seed_of_the_system_is_found_again(tmp_path):
    path, settings = tmp_path / "run.ckpt", {**FIT, "random_state": None}
    with pytest.raises(Crashed):
        TabGAN(**settings, callbacks=crash_at(1)).fit(mixed(1), checkpoint=Checkpoint(path, seconds=0))
    seed = read_model(path, CHECKPOINT).manifest["seed"]
    again = TabGAN(**settings).fit(mixed(1), checkpoint=path)
    assert again.seed_ == seed
    whole = TabGAN(**{**settings, "random_state": seed}).fit(mixed(1))
    pd.testing.assert_frame_equal(again.sample(50, seed=1), whole.sample(50, seed=1))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_keeps_the_best_model_and_a_checkpoint(tmp_path, number):
    table, path = mixed(0), tmp_path / "run.ckpt"
    model = TabGAN(**FIT, callbacks=stop_at(1, number))
    before = signal.signal(signal.SIGTERM, lambda number, frame: (_ for _ in ()).throw(SystemExit(143)))
    handlers = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    try:
        with pytest.raises(KeyboardInterrupt if number == signal.SIGINT else SystemExit) as caught:
            model.fit(table, checkpoint=path)
        assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == handlers
    finally:
        signal.signal(signal.SIGTERM, before)
    told = model.warnings_[-1]
    assert re.fullmatch(
        r"Training was interrupted after \d\d\.\d epochs; the best weights so far are kept\.", told
    )
    assert str(caught.value) == (told if number == signal.SIGINT else "143")
    assert len(model.sample(5)) == 5
    assert told in TabGAN.load(_written(model, tmp_path)).warnings_
    again = TabGAN(**FIT).fit(table, checkpoint=path)
    whole = TabGAN(**FIT).fit(table)
    assert saved(again, tmp_path / "a.tabgan") == saved(whole, tmp_path / "b.tabgan")
    assert not path.exists()


def _written(model: TabGAN, folder: Path) -> Path:
    model.save(folder / "m.tabgan")
    return folder / "m.tabgan"


def test_a_second_signal_acts_at_once(tmp_path):
    def twice(record: dict) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    model = TabGAN(**FIT, callbacks=(twice,))
    with pytest.raises(KeyboardInterrupt):
        model.fit(mixed(1))
    assert not hasattr(model, "encoder_")


def test_a_signal_that_nobody_listens_to_and_other_threads_are_left_alone():
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    seen = []
    TabGAN(**FIT, callbacks=(lambda record: seen.append(signal.getsignal(signal.SIGTERM)),)).fit(mixed(1))
    assert set(seen) == {signal.SIG_DFL}
    models = []
    thread = threading.Thread(target=lambda: models.append(TabGAN(**{**FIT, "epochs": 1}).fit(mixed(1))))
    thread.start()
    thread.join()
    assert len(models[0].sample(3)) == 3


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("c") / "run.ckpt"
    with pytest.raises(Crashed):
        TabGAN(**FIT, callbacks=crash_at(1)).fit(mixed(2), checkpoint=Checkpoint(path, seconds=0))
    return path


@pytest.mark.parametrize(
    ("changes", "table", "told"),
    [
        ({"epochs": 40}, mixed(2), r"epochs is 30 there and 40 here\. Fit as at first, or remove"),
        ({"random_state": 1}, mixed(2), "random_state is 0 there and 1 here"),
        ({"target": "amount"}, mixed(2), "target is None there and 'amount' here"),
        ({}, mixed(2).iloc[::-1], "the rows of the table differ"),
        ({}, mixed(2).iloc[1:], "the rows of the table differ"),
        ({}, mixed(2)[["amount", "at"]], "the columns of the table differ"),
        ({}, mixed(2).rename(columns={"at": "then"}), "the columns of the table differ"),
        ({}, mixed(2).astype({"amount": "Float64"}), "the schema of column 'amount' differs"),
        ({"rules": [Inequality("amount", "to")]}, mixed(2), "the rules between columns differ"),
        ({"personal": {"at": "drop"}}, mixed(2), "the columns of the table differ"),
    ],
)
def test_the_checkpoint_of_another_fit_is_refused(checkpoint, changes, table, told):
    before = checkpoint.read_bytes()
    with pytest.raises(ModelFileError, match=told) as caught:
        TabGAN(**{**FIT, **changes}).fit(table, checkpoint=checkpoint)
    assert str(caught.value).startswith(f"{checkpoint} is the checkpoint of another fit: ")
    assert "\n" not in str(caught.value)
    assert checkpoint.read_bytes() == before


def test_a_checkpoint_is_no_model_and_a_model_is_no_checkpoint(checkpoint, tmp_path):
    with pytest.raises(ModelFileError, match="not a usable model file: it is a checkpoint of training"):
        TabGAN.load(checkpoint)
    TabGAN(**{**FIT, "epochs": 1}).fit(mixed(2)).save(tmp_path / "m.tabgan")
    with pytest.raises(ModelFileError, match="not a usable checkpoint of training: it is a model file"):
        TabGAN(**FIT).fit(mixed(2), checkpoint=tmp_path / "m.tabgan")


def test_a_damaged_checkpoint_is_refused(checkpoint, tmp_path):
    whole, bad = checkpoint.read_bytes(), tmp_path / "bad.ckpt"
    rng = random.Random(0)
    spoiled = [whole[: rng.randrange(len(whole))] for _ in range(20)] + [b"", b"other", whole + b"\0"]
    for _ in range(40):
        flipped = bytearray(whole)
        flipped[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        spoiled.append(bytes(flipped))
    for data in spoiled:
        bad.write_bytes(data)
        with pytest.raises(ModelFileError, match=r"bad\.ckpt is not a usable checkpoint of training: .+\.$"):
            TabGAN(**FIT).fit(mixed(2), checkpoint=bad)


def test_a_forged_checkpoint_is_refused(checkpoint, tmp_path):
    content, bad = read_model(checkpoint, CHECKPOINT), tmp_path / "bad.ckpt"
    standing, tensors = content.manifest["standing"], content.tensors

    def refused(manifest: dict, tensors: dict) -> None:
        write_model(
            bad,
            manifest=manifest,
            schema=content.schema,
            encoding=content.encoding,
            tensors=tensors,
            form=CHECKPOINT,
        )
        with pytest.raises(ModelFileError, match=r"whole checkpoint|another fit"):
            TabGAN(**FIT).fit(mixed(2), checkpoint=bad)

    for entry in ("parameters", "device", "rows", "standing"):
        refused({key: value for key, value in content.manifest.items() if key != entry}, tensors)
        refused(content.manifest | {entry: 7}, tensors)
    for name, value in (("phase", "none"), ("index", -1), ("next_row", 10**9), ("watch", {}), ("clock", [])):
        refused(content.manifest | {"standing": standing | {name: value}}, tensors)
    first = next(name for name in tensors if name.startswith("generator.") and tensors[name].ndim == 2)
    for spoiled in (tensors[first][:1], tensors[first].reshape(-1), np.zeros(0, dtype=np.float32)):
        refused(content.manifest, {**tensors, first: spoiled})
    refused(content.manifest, {**tensors, "dice.cpu": tensors["dice.cpu"][:-1]})
    refused(content.manifest, {})


def test_a_checkpoint_holds_no_row(checkpoint):
    data, table = checkpoint.read_bytes(), mixed(2)
    amounts = table["amount"].to_numpy()
    for kind in ("<f8", "<f4"):
        assert amounts[:4].astype(kind).tobytes() not in data
    content = read_model(checkpoint, CHECKPOINT)
    assert not [name for name, part in content.tensors.items() if len(table) in part.shape]
    assert 0 <= content.manifest["rows"] < 2**32  # a checksum, and not how many there are
    assert struct.pack("<q", len(table)) not in data


def test_a_checkpoint_that_cannot_be_written_does_not_end_the_fit(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    callbacks = (lambda record: shutil.rmtree(folder, ignore_errors=True),)
    model = TabGAN(**FIT, callbacks=callbacks).fit(
        mixed(1), checkpoint=Checkpoint(folder / "c", seconds=1e-9)
    )
    (told,) = [line for line in model.warnings_ if "heckpoint" in line]
    assert told == "The checkpoint could not be written: No such file or directory."
    with pytest.raises(OSError, match="there is no folder"):
        TabGAN(**FIT).fit(mixed(1), checkpoint=folder / "c")


def test_a_checkpoint_may_be_kept_and_its_seconds_are_checked(tmp_path):
    path = tmp_path / "run.ckpt"
    model = TabGAN(**FIT).fit(mixed(1), checkpoint=Checkpoint(path, seconds=0, is_kept=True))
    again = TabGAN(**FIT).fit(mixed(1), checkpoint=path)  # only its last step is taken again
    assert saved(again, tmp_path / "a.tabgan") == saved(model, tmp_path / "b.tabgan")
    for seconds in (-1, float("nan")):
        with pytest.raises(ValueError, match="seconds >= 0"):
            Checkpoint(path, seconds=seconds)


def test_a_table_with_nothing_to_learn_needs_none(tmp_path):
    table = pd.DataFrame({"same": [1] * 50})
    schema = Schema(infer_schema(table).columns)
    TabGAN(schema, **FIT).fit(table, checkpoint=tmp_path / "run.ckpt")
    assert not list(tmp_path.iterdir())


def test_private_mode_refuses_a_checkpoint_before_it_spends(tmp_path):
    ledger = tmp_path / "spent.jsonl"
    with pytest.raises(ValueError, match=r"Expected checkpoint=None with epsilon: .* the ledger has paid"):
        small(SCHEMA).fit(people(), ledger=ledger, checkpoint=tmp_path / "run.ckpt")
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def whole() -> TabGAN:
    """A private fit that nothing interrupts."""
    with pytest.MonkeyPatch.context() as patch:
        shorten(patch)
        return small(SCHEMA).fit(people())


@pytest.mark.parametrize("n_records", [0, 2])
def test_a_private_fit_that_is_interrupted_keeps_its_model_and_all_of_its_ledger(
    tmp_path, monkeypatch, whole, n_records
):
    shorten(monkeypatch)
    phases = [record["phase"] for record in whole.loss_history_.to_dict("records")]
    model = small(SCHEMA, callbacks=stop_at(n_records))
    with pytest.raises(KeyboardInterrupt, match="what was charged stays charged"):
        model.fit(people(), ledger=tmp_path / "spent.jsonl")
    assert len(model.loss_history_) == n_records + 1 < len(phases)
    assert [entry.what for entry in model.ledger_.entries] == [entry.what for entry in whole.ledger_.entries]
    assert 7.5 < model.privacy_spent_.epsilon <= 8
    assert len(model.sample(20)) == 20
    assert "Training was interrupted in its part" in model.warnings_[-1]
    assert TabGAN.load(_written(model, tmp_path)).ledger_.to_dict() == model.ledger_.to_dict()
