"""From a table to codes ready for training: everything that can be refused is refused here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.column import Column
from tabgan.dtypes import can_hold, can_hold_missing, dtype_text, to_dtype
from tabgan.encoding.table import TableEncoder
from tabgan.errors import SchemaError
from tabgan.gan.memory import free_bytes, training_bytes
from tabgan.gan.settings import Settings
from tabgan.infinite import finite_table
from tabgan.learning import Parameters, chosen_device
from tabgan.oddities import oddities, refuse_free_text
from tabgan.personal_columns import decide
from tabgan.rules.reduction import Reduction, rows_that_hold
from tabgan.schema import Declared, Schema, check_target, read_schema, resolve_schema, without_dropped

SMALL_TABLE = 100
FEW_ROWS = 5  # a person hides among so many
FOREIGN_SHARE = 0.01
FOREIGN_GROUPS = 4  # of `min_rows`, of a small table


@dataclass(frozen=True)
class Prepared:
    """A table as codes [rows, blocks], how it got there, and what the user should know of it."""

    reduction: Reduction
    encoder: TableEncoder
    codes: NDArray[np.int16]
    n_rows: int
    notes: list[str]


def prepare(
    df: pd.DataFrame, declared: Declared | None, parameters: Parameters, settings: Settings
) -> Prepared:
    """Check and encode a table. `parameters`: those of TabGAN.

    Raises: SchemaError, before anything is allocated, when the table cannot be learned or is larger
    than the memory that is free; ConstraintError for rows that break a rule.
    """
    df, notes = finite_table(df, parameters["infinite"])
    df, declared = without_dropped(df, declared)
    free = free_bytes(chosen_device(parameters["device"]))
    check_memory(list(df.columns), [2] * df.shape[1], len(df), settings, free)
    stated = Schema(()) if declared is None else read_schema(declared)
    min_rows, target = parameters["min_rows"], parameters["target"]
    schema = resolve_schema(
        df,
        stated,
        discrete_columns=parameters["discrete_columns"],
        rules=parameters["rules"],
        min_rows=min_rows if parameters["rare"] == "fold" else 1,
        learned=() if target is None else (target,),
    )
    schema, df, decided = decide(schema, df, parameters["personal"] or {}, parameters["locale"])
    notes += decided
    schema.check_rules()
    for column in schema:
        if column.name in stated and stated[column.name].dtype:
            _check_dtype(column, df[column.name])
    refuse_free_text(schema, stated.names)
    check_target(target, schema.names)
    if target is None and parameters["auxiliary_weight"]:
        raise ValueError("Expected a target for the auxiliary classifier, got target=None.")
    fit_options: dict[str, Any] = {key: parameters[key] for key in ("min_rows", "rare", "max_categories")}
    df, left_out = rows_that_hold(df, schema, parameters["broken_rows"], min_rows=min_rows)
    notes += left_out
    reduction = Reduction.fit(df, schema, min_rows=min_rows, target=target)
    inner = reduction.reduce(df)
    encoder = TableEncoder.fit(inner, reduction.inner, **fit_options)
    blocks = encoder.layout.blocks
    names = [reduction.inner.names[block.column] for block in blocks]
    check_memory(names, [block.size for block in blocks], len(df), settings, free)
    # Before there are codes, for both take memory.
    notes += oddities(df, schema, declared=stated.names, min_rows=min_rows)
    codes, foreign = encoder.encode_counting(inner)
    notes += encoder.warnings
    notes += notes_on(foreign, min_rows, df.shape, parameters["batch_size"])
    return Prepared(reduction, encoder, codes, len(df), notes)


def _check_dtype(column: Column, cells: pd.Series[Any]) -> None:
    """Raise SchemaError for a declared dtype that cannot hold the cells."""
    dtype, n_missing = to_dtype(column.dtype), int(cells.isna().sum())
    told = f"Column {column.name!r}:"
    if n_missing and not can_hold_missing(column.dtype):
        raise SchemaError(
            f"{told} {n_missing} of {len(cells)} rows are missing, which {dtype} cannot hold. "
            'Declare a dtype that can, such as "Int64" or "boolean", or none.'
        )
    if column.kind in ("numeric", "datetime") or column.dtype == dtype_text(cells.dtype):
        return
    if not can_hold(column.dtype, list(cells.dropna().unique())):
        raise SchemaError(
            f"{told} its cells do not fit the declared dtype {dtype}. Declare the one they have, or none."
        )


def check_memory(
    names: Sequence[Hashable], sizes: Sequence[int], n_rows: int, settings: Settings, free: int | None
) -> None:
    """Raise SchemaError when training would take more memory than is free.

    `names`, `sizes`: column and number of codes of each block. `free`: bytes; None where not known.
    """
    needed = training_bytes(sizes, n_rows, settings)
    if free is None or needed <= free:
        return
    codes = Counter[Hashable]()
    for name, size in zip(names, sizes, strict=True):
        codes[name] += size
    largest = ", ".join(f"{name!r} ({count:,})" for name, count in codes.most_common(3))
    raise SchemaError(
        f"Training takes about {needed / 2**30:.1f} GiB, and {free / 2**30:.1f} are free: {len(codes):,} "
        f"columns have {codes.total():,} codes, most of them in {largest}. Drop columns or declare them "
        'kind="identifier", or give max_categories or a smaller batch_size.'
    )


def notes_on(
    foreign: Mapping[Hashable, int], min_rows: int, shape: tuple[int, int], batch_size: int
) -> list[str]:
    """What the user should know before trusting the model: odd cells, a small table.

    A few rows beyond the outermost groups are the rule and not told; neither are counts below
    `min_rows`, since notes go into the model file.
    """
    n_rows, n_columns = shape
    notes = [
        f"Column {name!r}: {count} rows hold a value that the model does not keep, and are learned as the "
        "nearest one that it keeps."
        for name, count in foreign.items()
        if count >= max(FOREIGN_GROUPS * min_rows, FOREIGN_SHARE * n_rows)
    ]
    if n_rows < batch_size != Settings.batch_size:  # who left it as it is need not hear of it
        notes.append(f"The table has fewer rows than batch_size={batch_size}: its batches are smaller.")
    if n_rows < max(SMALL_TABLE, 10 * n_columns):
        notes.append(
            "The table has fewer than 100 rows, or fewer than 10 per column: so few can be memorised. Check "
            "the privacy figures of an evaluation before a release, or give epsilon for a guarantee."
        )
    if min_rows < FEW_ROWS:
        notes.append(
            f"min_rows={min_rows}: the model holds values of fewer than {FEW_ROWS} rows, so share it "
            "only with those who may see the table."
        )
    return notes
