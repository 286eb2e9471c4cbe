"""The evaluation leaves the threads of others as they were."""

from __future__ import annotations

import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_info, threadpool_limits

from tabgan.evaluation import c2st_auc, evaluate, tstr_auc
from tabgan.evaluation.threads import one_thread


def threads() -> set[int]:
    return {int(one["num_threads"]) for one in threadpool_info() if one["user_api"] == "openmp"}


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame({"a": [n * 7 % 31 for n in range(120)], "b": ["x", "y", "z"] * 40})


def test_trees_grow_in_one_thread_and_what_was_comes_back() -> None:
    with threadpool_limits(limits=2, user_api="openmp"):
        with one_thread():
            assert threads() == {1}
        assert threads() == {2}


def test_questions_are_asked_in_one_thread_whatever_ends_them(table: pd.DataFrame) -> None:
    seen = []

    def stop(_: str) -> None:
        seen.append(threads())
        raise InterruptedError

    with threadpool_limits(limits=2, user_api="openmp"):
        with pytest.raises(InterruptedError):
            evaluate(table, table, callback=stop)
        assert (seen, threads()) == ([{1}], {2})


def test_trees_of_single_figures_grow_in_one_thread(
    table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, fit = [], HistGradientBoostingClassifier.fit

    def watched(self: HistGradientBoostingClassifier, *given: object) -> object:
        seen.append(threads())
        return fit(self, *given)

    monkeypatch.setattr(HistGradientBoostingClassifier, "fit", watched)
    halves = table.head(60), table.tail(60).reset_index(drop=True)
    with threadpool_limits(limits=2, user_api="openmp"):
        c2st_auc(*halves)
        tstr_auc(*halves, "b")
        assert threads() == {2}
    assert len(seen) == 6  # five folds, and one model of the target
    assert all(one == {1} for one in seen)
