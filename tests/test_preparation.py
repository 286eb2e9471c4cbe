from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from tabgan import Column, Schema, TabGAN
from tabgan.errors import SchemaError
from tabgan.gan.memory import training_bytes
from tabgan.gan.settings import Settings, Teachers
from tabgan.preparation import check_memory, notes_on


def test_notes_tell_of_odd_cells_only_when_they_are_many():
    assert notes_on({}, 5, (1000, 10), 512) == []
    assert notes_on({"a": 2}, 5, (1000, 10), 512) == []
    (line,) = notes_on({"a": 500}, 5, (1000, 10), 512)
    assert "'a'" in line
    assert "500" in line


def test_notes_tell_of_small_tables():
    assert len(notes_on({}, 5, (99, 2), 64)) == len(notes_on({}, 5, (150, 20), 64)) == 1
    (line,) = notes_on({}, 5, (1000, 2), 2048)
    assert "batch_size=2048" in line
    assert notes_on({}, 5, (1000, 2), Settings().batch_size) == []
    (line,) = notes_on({}, 1, (1000, 2), 64)
    assert "min_rows=1" in line


def test_a_table_that_does_not_fit_is_refused_with_the_numbers_and_the_cure():
    names, sizes = ["a", "b", "b"], [256, 256, 256]
    check_memory(names, sizes, 10**6, Settings(), 64 * 2**30)
    check_memory(names, sizes, 10**6, Settings(), None)
    with pytest.raises(
        SchemaError, match=r"GiB, and 0\.1 are free: 2 columns have 768 codes.*'b' \(512\)"
    ) as told:
        check_memory(names, sizes, 10**6, Settings(), 2**27)
    for cure in ("Drop columns", "identifier", "max_categories", "batch_size"):
        assert cure in str(told.value)


def test_rows_are_told_to_take_their_codes_once_and_two_places():
    more = [training_bytes([32] * 20, n_rows, Settings()) for n_rows in (10**8, 2 * 10**8)]
    assert more[1] - more[0] == 10**8 * (20 * 2 + 2 * 8)
    assert training_bytes([32] * 37, 10**7, Settings()) < 2 * 2**30


def test_each_block_of_a_game_is_told_to_keep_a_sum_of_every_made_row():
    alone, game = Settings(teachers=Teachers(adversary=0.0)), Settings()
    extra = [training_bytes([4] * n, 10**4, game) - training_bytes([4] * n, 10**4, alone) for n in (100, 400)]
    assert extra[1] - extra[0] > 300 * 512 * 256 * 4


@pytest.mark.parametrize(
    ("cells", "facts", "told"),
    [
        (["a", "b"], ("categorical", "int64"), "its cells do not fit the declared dtype int64"),
        (["a", "b"], ("categorical", "bool"), "its cells do not fit the declared dtype bool"),
        (["a", "b"], ("identifier", "Int64"), "its cells do not fit the declared dtype Int64"),
        ([1, None], ("categorical", "int64"), "10 of 20 rows are missing, which int64 cannot hold"),
        ([1, None], ("numeric", "uint8"), "10 of 20 rows are missing, which uint8 cannot hold"),
        ([True, None], ("boolean", "bool"), "10 of 20 rows are missing, which bool cannot hold"),
    ],
)
def test_a_declared_dtype_that_cannot_hold_the_cells_is_refused(
    cells: list[Any], facts: tuple[Any, str], told: str
) -> None:
    table = pd.DataFrame({"x": cells * 10, "y": range(20)})
    with pytest.raises(SchemaError, match=f"Column 'x': {told}"):
        TabGAN(epochs=1).fit(table, schema=Schema((Column("x", facts[0], dtype=facts[1]),)))


def test_a_declared_dtype_that_can_hold_the_cells_is_that_of_the_rows() -> None:
    table = pd.DataFrame({"x": ["1", "2"] * 10, "y": [0.5, 1.25] * 10})
    schema = Schema(
        (Column("x", "categorical", dtype="int8"), Column("y", "numeric", dtype="decimal128(5, 2)[pyarrow]"))
    )
    made = TabGAN(epochs=1, recipe="likelihood").fit(table, schema=schema).sample(5, seed=1)
    assert list(map(str, made.dtypes)) == ["int8", "decimal128(5, 2)[pyarrow]"]
    assert set(made["x"]) <= {1, 2}
