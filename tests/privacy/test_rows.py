from __future__ import annotations

import contextlib
import copy
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from tabgan.errors import BudgetExceededError
from tabgan.privacy import rows as rows_module
from tabgan.privacy.entry import Entry, stability_threshold
from tabgan.privacy.ledger import Ledger
from tabgan.privacy.rows import BoundRelease, PrivateRows

TABLE = pd.DataFrame({"age": [31, 45, 45], "job": ["clerk", "nurse", None]})


def generous():
    return Ledger(1000.0, 1e-3)


def handle(rows=TABLE, ledger=None):
    return PrivateRows(rows, ledger or generous())


def without_noise(monkeypatch):
    """The mechanisms give out what they are given, so that it can be looked at."""
    monkeypatch.setattr(
        rows_module, "discrete_gaussian_counts", lambda counts, **_: np.asarray(counts, dtype=np.int64)
    )
    monkeypatch.setattr(rows_module, "noisy_row_count", lambda n, **_: n)


@pytest.mark.parametrize(
    "look",
    [
        len,
        list,
        bool,
        iter,
        sum,
        sorted,
        np.asarray,
        np.sum,
        np.array,
        torch.as_tensor,
        pd.DataFrame,
        pickle.dumps,
        copy.copy,
        copy.deepcopy,
        float,
        lambda rows: rows[0],
        lambda rows: rows["age"],
        lambda rows: rows.age,
        lambda rows: rows._rows,
        lambda rows: rows.__dict__,
        lambda rows: rows.shape,
        lambda rows: rows.mean(),
        lambda rows: rows + 1,
        lambda rows: np.add(rows, 1),
        lambda rows: 31 in rows,
        lambda rows: rows < 1,
        lambda rows: vars(rows),
        lambda rows: setattr(rows, "age", 1),
    ],
)
def test_invariant_1_the_handle_raises_on_any_other_access(look):
    with pytest.raises(TypeError):
        look(handle())


def test_invariant_1_the_refusal_says_what_to_do():
    with pytest.raises(TypeError, match="read only by accounted mechanisms, such as counts"):
        np.asarray(handle())


def test_invariant_1_neither_the_text_of_a_handle_nor_its_attributes_show_a_row():
    rows = handle()
    assert repr(rows) == str(rows) == "<PrivateRows>"
    for name in dir(PrivateRows):
        with contextlib.suppress(TypeError):
            assert "clerk" not in repr(getattr(rows, name))


def test_invariant_1_no_other_file_knows_where_the_rows_are():
    sources = Path(rows_module.__file__).parents[1].rglob("*.py")
    assert [path.name for path in sources if "_HELD" in path.read_text(encoding="utf-8")] == ["rows.py"]


def test_invariant_1_an_error_of_a_query_shows_no_cell():
    def careless(table):
        raise KeyError(str(table["job"].iloc[0]))

    with pytest.raises(RuntimeError, match=r"Jobs: the query failed\. What") as caught:
        handle().counts(careless, what="Jobs", shape=2, noise_multiplier=9.0)
    assert caught.value.__context__ is None
    assert "clerk" not in str(caught.value)


@pytest.mark.parametrize(
    ("release", "entry"),
    [
        (
            lambda rows: rows.row_count(noise_multiplier=9.0),
            Entry(what="Number of rows", mechanism="discrete_gaussian", noise_multiplier=9.0),
        ),
        (
            lambda rows: rows.counts(
                lambda table: [len(table)] * 4, what="x", shape=4, noise_multiplier=9.0, sensitivity=2.0
            ),
            Entry(what="x", mechanism="discrete_gaussian", sensitivity=2.0, noise_multiplier=9.0),
        ),
        (
            lambda rows: rows.histogram(
                lambda table: [0] * len(table), what="x", n_cells=2, noise_multiplier=9.0
            ),
            Entry(what="x", mechanism="discrete_gaussian", noise_multiplier=9.0),
        ),
        (
            lambda rows: rows.labels(
                lambda table: ["a"] * len(table), what="x", noise_multiplier=9.0, delta=1e-6
            ),
            Entry(
                what="x",
                mechanism="stability_histogram",
                noise_multiplier=9.0,
                delta=1e-6,
                threshold=stability_threshold(9.0, delta=1e-6),
            ),
        ),
        (
            lambda rows: rows.choices(lambda _: [0.0, 1.0], what="x", sensitivity=1.0, epsilon=0.5),
            Entry(what="x", mechanism="exponential", epsilon=0.5),
        ),
        (
            lambda rows: rows.poisson_batches(what="x", sample_rate=0.5, steps=3, noise_multiplier=2.0),
            Entry(what="x", mechanism="gaussian", noise_multiplier=2.0, sample_rate=0.5, steps=3),
        ),
    ],
)
def test_invariant_12_every_way_out_books_its_entry(release, entry):
    rows = handle()
    release(rows)
    assert rows.ledger.entries == (entry,)


def test_invariant_12_a_query_runs_only_after_its_entry_is_booked():
    ledger = generous()
    booked = []

    def query(table):
        booked.append(len(ledger.entries))
        return [len(table)]

    handle(ledger=ledger).counts(query, what="x", shape=1, noise_multiplier=9.0)
    assert booked == [1]


def test_invariant_12_over_budget_raises_and_runs_nothing():
    rows = handle(ledger=Ledger(0.1, 1e-6))
    ran = []
    with pytest.raises(BudgetExceededError):
        rows.counts(ran.append, what="x", shape=1, noise_multiplier=1.0)
    with pytest.raises(BudgetExceededError):
        rows.poisson_batches(what="x", sample_rate=0.5, steps=100, noise_multiplier=1.0)
    assert ran == []
    assert rows.ledger.entries == ()


def test_a_failed_query_stays_spent():
    rows = handle()
    with pytest.raises(RuntimeError):
        rows.histogram(lambda _: 1 / 0, what="x", n_cells=2, noise_multiplier=9.0)
    assert len(rows.ledger.entries) == 1


def test_a_histogram_counts_every_row_once(monkeypatch):
    without_noise(monkeypatch)
    counted = handle().histogram(lambda table: np.array([2, 0, 2]), what="x", n_cells=4, noise_multiplier=1.0)
    assert counted.tolist() == [1, 0, 2, 0]


def test_rows_of_no_cell_are_counted_nowhere(monkeypatch):
    without_noise(monkeypatch)
    counted = handle().histogram(lambda _: np.array([-1, 9, 1]), what="x", n_cells=2, noise_multiplier=1.0)
    assert counted.tolist() == [0, 1]


@pytest.mark.parametrize("cells", [[0, 1], [[0], [1], [1]], [0.0, 1.0, 1.0]])
def test_a_histogram_wants_one_cell_a_row(cells):
    with pytest.raises(RuntimeError, match="the query failed"):
        handle().histogram(lambda _: cells, what="x", n_cells=2, noise_multiplier=1.0)


@pytest.mark.parametrize("answer", [[1, 2], [1.0, 2.0, 3.0], [np.nan, 1.0, 1.0]])
def test_counts_want_the_public_shape_and_whole_numbers(answer):
    with pytest.raises(ValueError, match="expected whole counts of shape"):
        handle().counts(lambda _: answer, what="x", shape=3, noise_multiplier=1.0)


def test_the_noise_of_counts_grows_with_the_sensitivity():
    tables = handle().counts(
        lambda _: np.zeros((100, 100), dtype=np.int64),
        what="All pairs",
        shape=(100, 100),
        noise_multiplier=3.0,
        sensitivity=10.0,
    )
    assert tables.std() == pytest.approx(30.0, rel=0.05)


def test_labels_below_the_threshold_are_not_told():
    table = pd.DataFrame({"x": ["many"] * 500 + ["alone"]})
    told = handle(table).labels(lambda t: t["x"].tolist(), what="x", noise_multiplier=2.0, delta=1e-9)
    assert list(told) == ["many"]
    assert abs(told["many"] - 500) < 40


@pytest.mark.parametrize("labels", [["a", "b"], ["a", 1, "b"]])
def test_labels_want_one_text_a_row(labels):
    with pytest.raises(RuntimeError, match="the query failed"):
        handle().labels(lambda _: labels, what="x", noise_multiplier=2.0, delta=1e-6)


def test_mapped_rows_stay_closed_and_share_the_ledger(monkeypatch):
    without_noise(monkeypatch)
    rows = handle()
    codes = rows.map(lambda table: table["age"].to_numpy())
    with pytest.raises(TypeError):
        np.asarray(codes)
    assert codes.row_count(noise_multiplier=5.0) == 3
    assert len(rows.ledger.entries) == 1


def test_mapping_must_keep_every_row():
    with pytest.raises(ValueError, match="one row of each row"):
        handle().map(lambda table: table.iloc[1:])


@pytest.mark.parametrize("make", [lambda t: t, lambda t: t.to_numpy(), lambda t: torch.tensor(t.to_numpy())])
def test_batches_are_of_the_type_of_the_rows(make):
    table = pd.DataFrame({"x": range(10)})
    rows = make(table)
    batches = handle(rows).poisson_batches(what="x", sample_rate=0.5, steps=4, noise_multiplier=1.0)
    assert all(type(batch) is type(rows) and batch.shape[1] == 1 for batch in batches)


def test_invariant_8_every_step_gives_a_batch_empty_ones_too():
    rows = handle(np.arange(3))
    batches = list(rows.poisson_batches(what="x", sample_rate=1e-6, steps=50, noise_multiplier=1.0))
    assert len(batches) == 50
    assert sum(map(len, batches)) == 0
    assert rows.ledger.entries[0].steps == 50


def test_invariant_8_rows_are_included_at_the_accounted_rate_and_one_by_one():
    steps, rate, n_rows = 4000, 0.1, 40
    batches = list(
        handle(np.arange(n_rows)).poisson_batches(
            what="x", sample_rate=rate, steps=steps, noise_multiplier=5.0
        )
    )
    taken = np.zeros((steps, n_rows))
    for step, batch in enumerate(batches):
        taken[step, batch] = 1
    of_rows = (taken.sum(axis=0) - steps * rate) ** 2 / (steps * rate * (1 - rate))
    assert stats.chi2.sf(of_rows.sum(), n_rows) > 1e-6
    sizes = np.bincount(taken.sum(axis=1).astype(int), minlength=n_rows + 1)
    expected = steps * stats.binom.pmf(np.arange(n_rows + 1), n_rows, rate)
    common = expected > 5
    chi2 = ((sizes[common] - expected[common]) ** 2 / expected[common]).sum()
    assert stats.chi2.sf(chi2, common.sum()) > 1e-6
    pairs = np.corrcoef(taken.T)[np.triu_indices(n_rows, 1)]
    assert np.abs(pairs).max() < 6 / np.sqrt(steps)


def test_rate_1_takes_all_rows():
    batches = list(
        handle(np.arange(3)).poisson_batches(what="x", sample_rate=1.0, steps=2, noise_multiplier=9.0)
    )
    assert [batch.tolist() for batch in batches] == [[0, 1, 2]] * 2


def test_invariant_11_two_fits_draw_other_batches_whatever_the_seed():
    drawn = []
    for _ in range(2):
        np.random.seed(0)  # noqa: NPY002  # the user's seed
        torch.manual_seed(0)
        batches = handle(np.arange(200)).poisson_batches(
            what="x", sample_rate=0.5, steps=1, noise_multiplier=9.0
        )
        drawn.append(next(iter(batches)).tolist())
    assert drawn[0] != drawn[1]


def test_a_bound_release_asks_with_the_noise_chosen_for_it():
    rows = handle()
    release = BoundRelease(rows, {"a": 7.0, "b": 9.0}, delta=1e-6)
    release.histogram(lambda table: [0] * len(table), what="a", n_cells=1)
    release.labels(lambda table: ["x"] * len(table), what="b")
    assert [(entry.what, entry.noise_multiplier) for entry in rows.ledger.entries] == [("a", 7.0), ("b", 9.0)]
    assert release.deviation("b") == 9.0
    assert BoundRelease(rows, 5.0).deviation("any") == 5.0
