"""Rows 47 to 52: odd numbers of rows, conditions, tables to evaluate, seeds, budgets and devices."""

from __future__ import annotations

import math
import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from tabgan import PrivacyConfig, TabGAN
from tabgan.errors import ConditionError, SchemaError
from tabgan.evaluation import evaluate
from tests.forked import command, ended, forked
from tests.odd_inputs.tiny import TINY, call, refused, same_schema, warned
from tests.small_private import people, shorten, small


@cache
def shop() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "pet": rng.choice(["cat", "dog", "zebra"], 200),
            "weight": np.round(rng.normal(size=200), 2),
            "legs": rng.integers(0, 9, 200),
            "born": pd.date_range("2020", periods=200, freq="D"),
            "tame": rng.random(200) < 0.5,
        }
    )


@cache
def shop_model() -> TabGAN:
    return TabGAN(**TINY).fit(shop())


def row_47_numbers_of_rows(tmp_path: Path) -> None:
    model = shop_model()
    nothing = model.sample(0)
    assert len(nothing) == 0
    same_schema(nothing, shop())
    for number in (-1, 2.5, "3", None, True, math.nan):
        with pytest.raises(ValueError, match="Expected num_rows"):
            model.sample(number)  # type: ignore[arg-type]
    first = next(model.sample_iter(10**9, 1_000, seed=0))
    assert len(first) == 1_000
    model.save(tmp_path / "m.tabgan")
    os.mkfifo(tmp_path / "rows")
    arguments = ["sample", tmp_path / "m.tabgan", "-n", "1000000000", "-o", "-"]
    endless = forked(command, arguments, tmp_path / "told", tmp_path / "rows")
    with (tmp_path / "rows").open("rb") as rows:
        lines = [rows.readline() for _ in range(20_000)]  # of a thousand million, as they are made
    assert (ended(endless), (tmp_path / "told").read_bytes()) == (141, b"")
    assert lines[0] == b"pet,weight,legs,born,tame\n"
    assert len(set(map(len, lines))) > 1
    sample = ("sample", tmp_path / "m.tabgan", "-o", tmp_path / "new.csv", "-n")
    assert call(*sample, -1).code == 2
    assert call(*sample, 0).code == 0
    assert (tmp_path / "new.csv").read_text() == "pet,weight,legs,born,tame\n"


def row_48_conditions(tmp_path: Path) -> None:
    model = shop_model()
    bad: list[tuple[dict[str, Any], str]] = [
        ({"pet": "zebras"}, "Use one of 'zebra'"),
        ({"pett": "cat"}, "'pet'"),
        ({"weight": 99.0}, "Values run from"),
        ({"weight": (5, 2)}, "is empty"),
        ({"weight": math.nan}, "missing cells"),
        ({"weight": math.inf}, "finite"),
        ({"weight": 1j}, "expected a number"),
        ({"legs": 2.5}, "'legs'"),
        ({"legs": 10**400}, "'legs'"),
        ({"legs": "four"}, "expected a number"),
        ({"legs": []}, "allows no value"),
        ({"legs": (1, 2, 3)}, "interval"),
        ({"born": "1999-01-01"}, "Dates run from"),
        ({"born": 5}, "ISO text"),
        ({"tame": 3}, "False, True"),
        ({"pet": None}, "missing cells"),
        ({"pet": b"cat"}, "unknown value"),
        ({"pet": ["cat", "cow"]}, "unknown value"),
    ]
    for condition, told in bad:
        with pytest.raises(ConditionError) as caught:
            model.sample(5, conditions=condition)
        assert told in str(caught.value)
        assert "\n" not in str(caught.value)
    model.save(tmp_path / "m.tabgan")
    for where in ("pet=cow", "legs=99", "none=1", "pet"):
        sample = ("sample", tmp_path / "m.tabgan", "-n", 5, "-o", tmp_path / "new.csv")
        assert call(*sample, "--where", where).code == 2
    assert not (tmp_path / "new.csv").exists()


def row_49_tables_that_drifted(tmp_path: Path) -> None:
    del tmp_path
    rows = shop_model().sample(100, seed=0)
    alike = evaluate(shop(), rows, time_budget=1e-9)
    turned = evaluate(shop(), rows[rows.columns[::-1]].astype({"legs": float}), time_budget=1e-9)
    assert [m.value for m in turned.metrics] == [m.value for m in alike.metrics]
    bad = {
        "lacks 'pet'": rows.drop(columns="pet"),
        "also has 'more'": rows.assign(more=1),
        "lacks 'legs' and also has 'Legs'": rows.rename(columns={"legs": "Legs"}),
        "holds numbers in the training table and text in the synthetic": rows.astype({"legs": str}),
        "holds dates in the training table and text": rows.astype({"born": str}),
        "no rows": rows.head(0),
        "more than one column called": pd.concat([rows, rows[["pet"]]], axis=1),
    }
    for told, table in bad.items():
        with pytest.raises(SchemaError, match=told.replace("'", ".")):
            evaluate(shop(), table, time_budget=1e-9)
    for table in (
        rows.assign(more=1),
        rows["pet"],
        rows.assign(pet=[["cat"]] * 100),
        rows.assign(legs="four"),
    ):
        with pytest.raises(SchemaError):
            shop_model().complete(table)


def row_50_seeds(tmp_path: Path) -> None:
    model = shop_model()
    for seed in (0, 2**63 - 1, np.int32(5), np.uint64(7)):
        model.sample(2, seed=seed)  # type: ignore[arg-type]
        assert model.sample_seed_ == seed
    model.sample(2, seed=None)
    drawn = model.sample_seed_
    pd.testing.assert_frame_equal(model.sample(9, seed=drawn), model.sample(9, seed=drawn))
    for bad in (-1, 2**63, 2.5, "x", math.nan, True):
        with pytest.raises(ValueError, match=r"whole number from 0 to 2\*\*63 - 1"):
            model.sample(2, seed=bad)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="the seed to be a whole number"):
            TabGAN(**TINY, random_state=bad).fit(shop())  # type: ignore[arg-type]
    assert TabGAN(**TINY, random_state=None).fit(shop()).seed_ is not None
    model.save(tmp_path / "m.tabgan")
    sample = ("sample", tmp_path / "m.tabgan", "-n", 1, "-o", tmp_path / "new.csv", "--seed")
    assert [call(*sample, seed).code for seed in (-1, 2**63, "x")] == [2, 2, 2]


def row_51_budgets(tmp_path: Path) -> None:
    del tmp_path
    for epsilon in (0, -1, math.nan, math.inf, "1"):
        refused(shop(), "epsilon", error=ValueError, epsilon=epsilon, epochs=None)
    for delta in (0, 0.5, 1, math.nan):
        refused(shop(), "delta", error=ValueError, epsilon=1.0, delta=delta, epochs=None)
    for norm in (0, -1, math.inf):
        refused(shop(), "max_grad_norm", error=ValueError, epsilon=1.0, max_grad_norm=norm, epochs=None)
    refused(shop(), "epochs", error=ValueError, epsilon=1.0)


def row_52_devices_and_divergence(tmp_path: Path) -> None:
    assert TabGAN(**{**TINY, "device": "auto"}).fit(shop()).sample(5).shape == (5, 5)
    for device in [] if torch.cuda.is_available() else ["cuda:1", "mps"]:
        model = TabGAN(**{**TINY, "device": device}).fit(shop())
        warned(model, f"no device '{device}'", "processor")
        pd.testing.assert_frame_equal(model.sample(9, seed=1), shop_model().sample(9, seed=1))
    if not torch.cuda.is_available():
        with pytest.MonkeyPatch.context() as patch:
            shorten(patch)
            model = small(device="cuda", privacy=PrivacyConfig(steps=2, masks=1)).fit(people())
        warned(model, "no device 'cuda'", "processor")
        shop_model().save(tmp_path / "m.tabgan")
        found = call("sample", tmp_path / "m.tabgan", "-n", 2, "-o", tmp_path / "t.csv", "--device", "cuda")
        assert (found.code, found.err.count("no device 'cuda'")) == (0, 1)
    refused(shop(), "no device 'abacus'", 'device="auto"', error=ValueError, device="abacus")
    # Steps so long that weights overflow: the last finite ones stay, with a warning.
    model = TabGAN(**{**TINY, "epochs": 5}, likelihood_lr=1e30, gradient_clip=1e30).fit(shop())
    assert any("diverged" in line for line in model.warnings_)
    assert model.sample(20).notna().all(axis=None)
