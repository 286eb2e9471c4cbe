"""A model that was learned, in its file and out of it again."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from tabgan import ModelFileError, TabGAN
from tabgan.model_file import read_model, write_model
from tests.toy_tables import FAST, LIKELIHOOD, orders

ADULT = Path(__file__).parents[1] / "examples" / "data" / "adult.csv.gz"


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return orders()


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> TabGAN:
    return TabGAN(target="job", **FAST).fit(table)


def test_a_saved_model_makes_the_same_rows(model, table, tmp_path):
    path = tmp_path / "m.tabgan"
    model.save(path)
    loaded = TabGAN.load(path)
    for options in ({}, {"rounds": 2}, {"conditions": {"amount": (20, 40), "job": ["clerk", "nurse"]}}):
        made = model.sample(300, seed=3, **options)
        pd.testing.assert_frame_equal(loaded.sample(300, seed=3, **options), made)
    given = table.head(40).copy()
    given.loc[::3, ["amount", "items", "job"]] = None
    pd.testing.assert_frame_equal(loaded.complete(given, seed=3), model.complete(given, seed=3))
    assert loaded.warnings_ == model.warnings_
    assert loaded.order_ == model.order_
    assert loaded.target == "job"
    loaded.save(tmp_path / "again.tabgan")
    assert (tmp_path / "again.tabgan").read_bytes() == path.read_bytes()


def test_the_manifest_holds_no_clock_and_no_exact_number_of_rows(model, tmp_path):
    model.save(tmp_path / "m.tabgan")
    manifest = read_model(tmp_path / "m.tabgan").manifest
    assert manifest["rows"] == 600
    assert not {"seconds", "rows_per_second"} & {key for record in manifest["history"] for key in record}
    odd = TabGAN(**LIKELIHOOD).fit(orders(587))
    assert odd.summary()["rows"] == 590


def leaves(value: object):
    if isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from leaves(part)
    elif isinstance(value, list):
        for part in value:
            yield from leaves(part)
    else:
        yield value


@pytest.mark.parametrize("min_rows", [5, 9])
def test_nothing_that_fewer_rows_hold_is_in_the_file(tmp_path, min_rows):
    table = orders(400)
    rows = np.arange(min_rows - 1)
    numbers = (987654.32, 31.4159)  # an extreme one, and one in the midst of the others
    table["amount"] = table["amount"].astype(float)
    table["note"] = pd.Series(["plain", "usual"] * 200)
    table.loc[rows, "note"] = "canary-in-the-mine"
    table.loc[rows, "amount"] = numbers[0]
    table.loc[100 + rows, "amount"] = numbers[1]
    table.loc[rows, "items"] = 77_077
    table.loc[rows, "at"] = pd.Timestamp("1911-11-11 11:11:11")
    table.loc[rows[:3], "job"] = "canary-smith"
    model = TabGAN(min_rows=min_rows, **FAST).fit(table)
    path = tmp_path / "m.tabgan"
    model.save(path)
    data = path.read_bytes()
    stamp = pd.Timestamp("1911-11-11 11:11:11")
    ticks = [int(stamp.timestamp() * scale) for scale in (1, 10**3, 10**6, 10**9)]
    texts = ["canary", "987654", "31.4159", "77077", "1911-11-11", *map(str, ticks)]
    texts += [table["key"][place] for place in range(len(table))]
    for text in texts:
        assert text.encode() not in data
        assert text.encode("utf-16-le") not in data
    wanted = {*numbers, 77_077, *ticks}
    for number in wanted:
        for form in ("<d", "<f", ">d") if abs(number) < 1e15 else ("<d", "<q"):
            packed = struct.pack(form, int(number) if form == "<q" else number)
            assert packed not in data
    content = read_model(path)
    for value in leaves([content.manifest, content.schema, content.encoding]):
        if isinstance(value, str):
            assert "canary" not in value
        elif isinstance(value, int | float):
            assert value not in wanted
    for tensor in content.tensors.values():
        for number in wanted:
            assert not np.isclose(tensor.astype(float), number, rtol=1e-6, atol=0).any()


def test_the_canaries_would_be_found(tmp_path):
    table = orders(400)
    table.loc[:7, "job"] = "canary-smith"
    model = TabGAN(**LIKELIHOOD).fit(table)
    model.save(tmp_path / "m.tabgan")
    assert b"canary-smith" in (tmp_path / "m.tabgan").read_bytes()


@pytest.mark.parametrize(
    "change",
    [
        {"order": [0, 1]},
        {"order": []},
        {"order": [0] * 99},
        {"runs": [1]},
        {"runs": [0, 99]},
        {"groups": [[0], [0]]},
        {"parameters": {}},
        {"parameters": {"epochs": 0}},
        {"seed": "x"},
    ],
    ids=str,
)
def test_a_file_that_fits_no_model_is_refused(model, tmp_path, change):
    model.save(tmp_path / "m.tabgan")
    content = read_model(tmp_path / "m.tabgan")
    write_model(
        tmp_path / "forged.tabgan",
        manifest={**content.manifest, **change},
        schema=content.schema,
        encoding=content.encoding,
        tensors=content.tensors,
    )
    with pytest.raises(ModelFileError):
        TabGAN.load(tmp_path / "forged.tabgan")


def test_weights_that_do_not_fit_are_refused(model, tmp_path):
    model.save(tmp_path / "m.tabgan")
    content = read_model(tmp_path / "m.tabgan")
    for tensors in ({}, {name: tensor[:1] for name, tensor in content.tensors.items()}):
        write_model(
            tmp_path / "forged.tabgan",
            manifest=content.manifest,
            schema=content.schema,
            encoding=content.encoding,
            tensors=tensors,
        )
        with pytest.raises(ModelFileError):
            TabGAN.load(tmp_path / "forged.tabgan")


def test_foreign_files_are_refused_and_absent_ones_absent(tmp_path):
    (tmp_path / "text.tabgan").write_text("no model")
    with zipfile.ZipFile(tmp_path / "other.tabgan", "w") as archive:
        archive.writestr("manifest.json", json.dumps({"format": "other"}))
    for name in ("text.tabgan", "other.tabgan"):
        with pytest.raises(ModelFileError):
            TabGAN.load(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        TabGAN.load(tmp_path / "absent.tabgan")


@pytest.mark.skipif(torch.cuda.is_available(), reason="the device is there")
def test_a_device_that_is_not_there_is_no_fault_of_the_file(model, tmp_path):
    model.save(tmp_path / "m.tabgan")
    loaded = TabGAN.load(tmp_path / "m.tabgan", device="cuda")
    assert loaded.warnings_[0].startswith("This machine has no device 'cuda'")
    assert loaded.warnings_[1:] == model.warnings_
    pd.testing.assert_frame_equal(loaded.sample(20, seed=0), model.sample(20, seed=0))
    with pytest.raises(ValueError, match="no device 'abacus'"):
        TabGAN.load(tmp_path / "m.tabgan", device="abacus")


def test_adult_goes_round(tmp_path):
    adult = pd.read_csv(ADULT).sample(3000, random_state=0).reset_index(drop=True)
    model = TabGAN(target="income", **{**FAST, "rounds": None, "batch_size": 256, "epochs": 20}).fit(adult)
    assert not [line for line in model.warnings_ if "diverged" in line]
    model.save(tmp_path / "adult.tabgan")
    loaded = TabGAN.load(tmp_path / "adult.tabgan")
    made = loaded.sample(2000, seed=0)
    pd.testing.assert_frame_equal(made, model.sample(2000, seed=0))
    assert made.dtypes.equals(adult.dtypes)
    for name in adult.select_dtypes(exclude="number"):
        shares = [t[name].value_counts(normalize=True) for t in (made, adult)]
        assert shares[0].sub(shares[1], fill_value=0).abs().sum() / 2 < 0.15
    asked = {"income": ">50K", "age": (30, 40)}
    rich = loaded.sample(500, conditions=asked, seed=0)
    assert (rich["income"] == ">50K").all()
    assert rich["age"].between(30, 40).all()


def test_the_same_seed_gives_byte_identical_model_files(table, tmp_path):
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        torch.rand(3)  # whatever the global state is
        TabGAN(random_state=seed, **FAST).fit(table).save(tmp_path / name)
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b
    assert a != c
