"""TabGAN with epsilon, from the table to the file and back; privacy itself is proved in tests/privacy."""

from __future__ import annotations

import json
import re
import signal
import time
from dataclasses import replace
from multiprocessing.synchronize import Event
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from tabgan import BudgetExceededError, Column, PrivacyConfig, Schema, SchemaError, TabGAN
from tabgan.encoding.noisy_statistics import columns_to_measure, planned_releases
from tabgan.encoding.private_schema import planned_votes, with_dtype
from tabgan.privacy import rows
from tabgan.privacy.accounting import default_delta, epsilon_of, with_room
from tabgan.privacy.config import COUNT, PAIRS, ROWS, SINGLES, TRIPLES
from tabgan.privacy.ledger import Ledger, verdict
from tests.forked import SECONDS, ended, event, forked
from tests.small_private import N_ROWS, SCHEMA, people, shorten, small


@pytest.fixture(autouse=True, scope="module")
def _short():
    with pytest.MonkeyPatch.context() as patch:
        shorten(patch)
        yield


@pytest.fixture(scope="module")
def declared():
    return small(SCHEMA).fit(people())


@pytest.fixture(scope="module")
def undeclared():
    """Beside the two columns a unique text, a text declared without categories, and gaps."""
    df = people()
    df["key"] = [f"K{place:05d}x" for place in range(len(df))]
    df["note"] = [f"note {place}" for place in range(len(df))]
    df["price"] = pd.Series(np.random.default_rng(1).integers(0, 90, len(df)) / 10 + 0.05).mask(
        df.index % 4 == 0
    )
    return df, small(Schema((Column("note", "categorical", dtype="str"),))).fit(df)


def whats(model):
    return [entry.what for entry in model.ledger_.entries]


def whats_but_pairs(model):
    """Without the looks at pairs: all of them at once, or round by round."""
    told = whats(model)
    assert any(what.startswith(PAIRS) for what in told)
    return [what for what in told if not what.startswith(PAIRS)]


def looks(model, declared):
    known = Schema(tuple(map(with_dtype, declared)))
    measured = columns_to_measure(model.schema_, known)
    return planned_releases(model.schema_, measured)


def test_a_declared_table_is_learned_within_its_budget(declared):
    df = people()
    synthetic = declared.sample(3000, seed=1)
    assert list(synthetic.dtypes) == list(df.dtypes)
    assert synthetic["age"].between(0, 20).all()
    ages = synthetic.groupby("job")["age"].mean()
    assert ages["nurse"] - ages["clerk"] > 2  # 9 in the table; so few steps learn a part of it
    spent = declared.privacy_spent_
    assert 7.5 < spent.epsilon <= 8
    count = next(entry for entry in declared.ledger_.entries if entry.what == COUNT)
    assert spent.delta == default_delta(with_room(declared.n_rows_, count.sigma))
    assert abs(declared.n_rows_ - N_ROWS) < 200
    assert verdict(declared.ledger_.to_dict()).holds


def test_the_ledger_lists_the_planned_releases_and_no_more(declared, undeclared):
    columns = looks(declared, SCHEMA)
    assert whats_but_pairs(declared) == [COUNT, *columns, SINGLES, ROWS]
    df, model = undeclared
    votes = planned_votes(list(df.columns), ["note"])
    columns = looks(model, Schema((Column("note", "categorical", dtype="str"),)))
    assert whats_but_pairs(model) == [COUNT, *votes, *columns, SINGLES, TRIPLES, ROWS]


def test_what_nobody_declared_is_measured_and_what_nobody_shares_is_not_told(undeclared):
    df, model = undeclared
    kinds = {column.name: column.kind for column in model.schema_}
    assert kinds == {
        "age": "numeric",
        "job": "categorical",
        "key": "identifier",
        "note": "categorical",
        "price": "numeric",
    }
    synthetic = model.sample(400, seed=1)
    assert list(synthetic) == list(df)
    assert synthetic["price"].isna().any()
    assert synthetic["note"].isna().all()
    assert not set(synthetic["key"]) & set(df["key"])
    told = " ".join(model.warnings_)
    assert "'key': no kind and no text is shared by enough rows" in told
    assert "'note': no value occurs in enough rows" in told
    assert model.privacy_spent_.epsilon <= 8


def test_a_saved_model_keeps_its_rows_its_ledger_and_its_guarantee(declared, tmp_path):
    declared.save(tmp_path / "m.tabgan")
    again = TabGAN.load(tmp_path / "m.tabgan")
    pd.testing.assert_frame_equal(again.sample(50, seed=3), declared.sample(50, seed=3))
    assert again.privacy_spent_ == declared.privacy_spent_
    assert again.ledger_.to_dict() == declared.ledger_.to_dict()


def test_conditions_hold_and_gaps_are_filled(declared):
    nurses = declared.sample(60, conditions={"job": "nurse", "age": (3, 7)}, seed=1)
    assert set(nurses["job"]) == {"nurse"}
    assert nurses["age"].between(3, 7).all()
    filled = declared.complete(people(30)[["age"]], seed=1)
    assert filled["age"].tolist() == people(30)["age"].tolist()
    assert filled["job"].isin(["clerk", "nurse"]).all()


def test_fit_takes_a_schema_and_an_ignored_y_and_can_be_cloned():
    model = clone(small()).fit(people(), None, schema=SCHEMA)
    assert not any("kinds of its cells" in what for what in whats(model))
    assert model.schema is None  # what TabGAN was made with stays
    open_model = TabGAN(epochs=1, recipe="likelihood", generator_dim=(8,), device="cpu")
    open_model.fit(people(200), schema=Schema((Column("age", "categorical"),)))
    assert open_model.schema_["age"].kind == "categorical"
    assert open_model.privacy_spent_ is None


def test_the_seed_does_not_fix_the_noise(declared):
    other = small(SCHEMA).fit(people())
    assert not other.sample(200, seed=1).equals(declared.sample(200, seed=1))


@pytest.mark.parametrize(
    ("parameters", "error", "told"),
    [
        ({"epochs": 3}, ValueError, "Expected epochs=None with epsilon"),
        ({"max_seconds": 3.0}, ValueError, "Expected max_seconds=None with epsilon"),
        ({"epsilon": 0.0}, ValueError, "Expected epsilon > 0"),
        ({"epsilon": float("nan")}, ValueError, "Expected epsilon > 0"),
        ({"delta": 0.0}, ValueError, "Expected 0 < delta < 1"),
        ({"max_grad_norm": 0.0}, ValueError, "Expected max_grad_norm > 0"),
        ({"min_rows": 20}, ValueError, "Expected min_rows=5 with epsilon"),
        ({"rare": "token"}, ValueError, "Expected rare='fold' with epsilon"),
        ({"broken_rows": "drop"}, ValueError, "Expected broken_rows='refuse' with epsilon"),
        ({"target": "town"}, SchemaError, "'town' is not a column of the table"),
        ({"delta": 0.01, "privacy": PrivacyConfig(n_rows=1200)}, ValueError, "Expected 0 < delta < 1 / 1200"),
        ({"schema": Schema((Column("town", "boolean"),))}, SchemaError, "'town' is declared but not in"),
        (
            {"schema": Schema((Column("job", "categorical", dtype="object", categories=(1, True)),))},
            SchemaError,
            "two of its categories are equal",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_wrong_is_told_before_anything_is_spent(tmp_path, parameters, error, told):
    path = tmp_path / "a.ledger"
    with pytest.raises(error, match=re.escape(told)):
        small(**({"schema": SCHEMA} | parameters)).fit(people(), ledger=path)
    assert not path.exists() or len(path.read_text().splitlines()) == 1


def test_a_delta_above_one_over_the_released_rows_is_refused():
    with pytest.raises(ValueError, match="Expected 0 < delta < 1 / "):
        small(delta=0.01).fit(people())


def test_without_epsilon_nothing_pretends_to_be_private(tmp_path):
    for model, ledger in ((TabGAN(), tmp_path / "l"), (TabGAN(delta=1e-5), None)):
        with pytest.raises(ValueError, match="without it, no fit is private"):
            model.fit(people(50), ledger=ledger)


def test_a_ledger_file_holds_every_spend_and_stops_the_next_fit(tmp_path):
    path = tmp_path / "a.ledger"
    model = small(SCHEMA).fit(people(), ledger=path)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [entry for line in lines if isinstance(line, list) for entry in line] == [
        entry.to_dict() for entry in model.ledger_.entries
    ]
    on_disk = Ledger(8.0, model.ledger_.delta, path=path)  # by the delta that was settled
    assert on_disk.spent == model.privacy_spent_
    before = path.read_bytes()
    with pytest.raises(BudgetExceededError, match=r"Of epsilon 8, 7\.\d* is already spent.*nothing was run"):
        small(SCHEMA).fit(people(), ledger=path)
    with pytest.raises(BudgetExceededError, match="opened for another budget"):
        small(SCHEMA, epsilon=9.0).fit(people(), ledger=path)
    assert path.read_bytes() == before


def fit_until_killed(path: Path, n_ran: int, have_run: Event) -> None:
    """A fit that waits to be killed once so many mechanisms have run."""
    shorten(pytest.MonkeyPatch())
    seen = []
    for name in ("discrete_gaussian_counts", "noisy_row_count", "_batches"):

        def told(*args, _run=getattr(rows, name), **named):  # noqa: B008  # the one of this turn
            answer = _run(*args, **named)
            seen.append(1)
            if len(seen) == n_ran:
                have_run.set()
                time.sleep(SECONDS)
            return answer

        setattr(rows, name, told)
    small(SCHEMA).fit(people(), ledger=path)


def test_a_fit_that_is_killed_loses_no_spend_and_the_next_one_gets_what_is_left(declared, tmp_path):
    path = tmp_path / "a.ledger"
    columns = looks(declared, SCHEMA)
    n_ran = len([COUNT, *columns, SINGLES])
    have_run = event()
    process = forked(fit_until_killed, path, n_ran, have_run)
    assert have_run.wait(SECONDS)
    process.kill()
    assert ended(process) == -signal.SIGKILL
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    held = [entry["what"] for line in lines if isinstance(line, list) for entry in line]
    assert held == [COUNT, *columns, SINGLES]

    resumed = small(SCHEMA).fit(people(), ledger=path)
    assert whats(resumed) == [*held, COUNT, *columns, SINGLES, PAIRS, ROWS]
    assert 7.5 < resumed.privacy_spent_.epsilon <= 8
    later = resumed.ledger_.entries[len(held) :]
    assert epsilon_of(later, resumed.ledger_.delta).epsilon < resumed.privacy_spent_.epsilon
    assert all(entry.adaptive for entry in later)  # that it runs was chosen after the first was seen


def test_columns_that_lose_their_gaps_are_named_whether_they_have_any_or_not(declared):
    gappy = people().astype({"job": "str", "age": "Int64"})
    gappy.loc[::3, ["age", "job"]] = None
    model = small(SCHEMA).fit(gappy)
    assert model.sample(100, seed=0).notna().all(axis=None)
    told = [[line for line in m.warnings_ if "missing cells" in line] for m in (model, declared)]
    assert told[0] == told[1]
    assert len(told[0]) == 1
    assert "'age', 'job'" in told[0][0]
    assert 'Declare missing="nan"' in told[0][0]
    open_to_gaps = Schema(tuple(replace(column, missing="nan") for column in SCHEMA))
    model = small(open_to_gaps).fit(gappy)
    assert not [line for line in model.warnings_ if "missing cells" in line]
    assert model.sample(200, seed=0).isna().any().all()


@pytest.mark.parametrize(
    "names",
    [
        pd.Index([frozenset("a"), "job"]),
        pd.Index(["age\0", "job"]),
        pd.Index(["\ud800", "job"], dtype=object),
        pd.MultiIndex.from_tuples([("age", 1), ("age", 2)]),
        pd.Index(["job", "job"]),
    ],
    ids=["no JSON", "NUL", "surrogate", "levels", "twice"],
)
def test_names_that_no_model_file_could_hold_cost_nothing(tmp_path, names):
    path = tmp_path / "a.ledger"
    df = people().set_axis(names, axis=1)
    with pytest.raises(SchemaError, match=r"column|levels"):
        small().fit(df, ledger=path)
    assert not path.exists()
    with pytest.raises(SchemaError, match="Expected a pandas DataFrame, got list"):
        small().fit([1, 2], ledger=path)
    assert not path.exists()
