"""Rows that break rules are mended with the cells that may be moved."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from tabgan import Inequality, Sum
from tabgan.rules.checks import broken_rows
from tabgan.rules.reduction import Reduction
from tabgan.rules.repairs import Repair
from tabgan.schema import resolve_schema

SUMS = (Sum(("spent", "invested"), "income"), Sum(("wages", "profits"), "income"))
NAMES = ("spent", "invested", "income", "wages", "profits")


def economy(n_rows: int = 40) -> pd.DataFrame:
    """Income as it is spent and as it is earned."""
    rng = np.random.default_rng(0)
    spent, invested, wages = (rng.integers(low, 200, n_rows) for low in (100, 10, 5))
    columns = (spent, invested, spent + invested, wages, spent + invested - wages)
    return pd.DataFrame(dict(zip(NAMES, columns, strict=True)))


@pytest.mark.parametrize("unknown", list(itertools.combinations(NAMES, 2)))
def test_sums_that_share_a_column_are_mended_together(unknown: tuple[str, str]) -> None:
    """Whichever two cells of two sums are unknown, there are some that keep both."""
    table = economy()
    reduction = Reduction.fit(table, resolve_schema(table, rules=SUMS), min_rows=1)
    made = table.copy()
    for name in unknown:
        made[name] += np.arange(len(made)) % 7 + 1
    fixed = {name: np.full(len(table), name not in unknown) for name in table}
    mended = Repair(reduction, made, fixed, {}).run()
    for rule in SUMS:
        assert not broken_rows(rule, mended, reduction.schema).any()
    for name in set(NAMES) - set(unknown):
        assert mended[name].equals(table[name])


def test_an_order_is_mended_by_whichever_cell_is_free() -> None:
    table = pd.DataFrame({"low": range(20), "high": range(3, 23)})
    reduction = Reduction.fit(table, resolve_schema(table, rules=[Inequality("low", "high")]), min_rows=1)
    made = table.assign(low=table["low"] + 9)
    for free in table:
        fixed = {name: np.full(len(table), name != free) for name in table}
        mended = Repair(reduction, made.copy(), fixed, {}).run()
        assert (mended["low"] <= mended["high"]).all()
        assert mended.drop(columns=free).equals(made.drop(columns=free))
