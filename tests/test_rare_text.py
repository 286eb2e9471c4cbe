"""Text most of whose rows hold a value that too few rows hold is made up, not learned."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from tabgan import TabGAN
from tabgan.errors import TabganWarning
from tabgan.inference import infer_column

N = 200


def rare_text(n_often: int, dtype: Any = None) -> pd.Series[Any]:
    """200 rows, of which so many hold one value and the others a value of two rows each."""
    cells = ["often"] * n_often + [f"v{place // 2}" for place in range(N - n_often)]
    return pd.Series(cells, dtype=dtype)


@pytest.mark.parametrize("dtype", [None, "object", "category", "string[pyarrow]", "dictionary"])
def test_text_of_mostly_rare_values_is_an_identifier(dtype: str | None) -> None:
    for n_often, kind in ((98, "identifier"), (100, "categorical")):
        cells = rare_text(n_often, None if dtype == "dictionary" else dtype)
        if dtype == "dictionary":
            kind_of_text = pa.dictionary(pa.int32(), pa.string())
            cells = pd.Series(pd.array(cells.tolist(), dtype=pd.ArrowDtype(kind_of_text)))
        column = infer_column("x", cells)
        assert column.kind == kind
        assert ("too rare" in column.reason) == (kind == "identifier")
        assert infer_column("x", cells, min_rows=2).kind == "categorical"


@pytest.mark.parametrize("n_rows", [5, 90])
def test_a_short_column_is_an_identifier_only_where_nothing_could_be_learned(n_rows: int) -> None:
    cells = rare_text(0)[:n_rows]
    assert infer_column("x", cells).kind == "identifier"
    assert infer_column("x", pd.concat([cells, pd.Series([None] * 90)])).kind == "identifier"
    assert infer_column("x", pd.concat([cells, pd.Series(["often"] * 5)])).kind == "categorical"
    assert infer_column("x", cells[:4]).kind == "categorical"


def test_a_small_table_of_rare_text_is_fitted_with_a_warning() -> None:
    table = pd.DataFrame({"town": rare_text(0)[:60], "age": range(60)})
    with pytest.warns(TabganWarning, match="'town': all of its rows hold a value .+ are made up"):
        model = TabGAN(epochs=1).fit(table)
    assert not set(model.sample(60)["town"]) & set(table["town"])


def test_rare_values_are_no_reason_where_a_column_is_ordered_or_no_text() -> None:
    levels = pd.Categorical(rare_text(0), ordered=True)
    assert infer_column("x", pd.Series(levels)).kind == "categorical"
    assert infer_column("x", pd.Series(range(N), dtype="category")).kind == "categorical"
    assert infer_column("x", rare_text(0), discrete=True).kind == "categorical"
