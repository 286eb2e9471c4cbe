"""Given cells whose value was not learned: they stay, and say nothing of the others."""

from __future__ import annotations

import pandas as pd
import pytest

from tabgan import TabGAN, TabganWarning
from tests.toy_tables import FAST, orders


@pytest.fixture(scope="module")
def model() -> TabGAN:
    return TabGAN(**FAST).fit(orders())


def test_values_the_model_never_saw_are_kept(model):
    given = pd.DataFrame({"amount": [1e6, None], "job": ["astronaut", None], "items": [10**6, 3]})
    with pytest.warns(TabganWarning, match="'job': 1 of 2 rows .* not learned") as told:
        done = model.complete(given, seed=1)
    assert len(told) == 1
    assert "astronaut" not in str(told[0].message)
    assert done.loc[0, ["amount", "job", "items"]].tolist() == [1e6, "astronaut", 10**6]
    assert done["job"][1] in ("clerk", "nurse", "smith")


def test_a_value_that_was_not_learned_says_nothing_of_the_other_cells(model):
    """The rows are those of a table in which the cell is missing, and not those of the most frequent job."""
    given = pd.DataFrame({"job": ["astronaut"] * 50, "member": [True] * 50})
    with pytest.warns(TabganWarning, match="50 of 50"):
        done = model.complete(given, seed=1)
    unknown = model.complete(given.assign(job=None), seed=1)
    pd.testing.assert_frame_equal(done.drop(columns="job"), unknown.drop(columns="job"))
    assert set(done["job"]) == {"astronaut"}
