"""Rules in private mode: known to all, applied to each row by itself, silent about rows that break them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import pandas as pd

from tabgan.encoding.row_wise import row_wise_table
from tabgan.errors import SchemaError
from tabgan.rule import Custom, NotNull, Unique
from tabgan.rules.reduction import Reduction
from tabgan.schema import Schema


def public_reduction(declared: Schema, names: Sequence[Hashable] | None = None) -> Reduction:
    """The steps for the declared columns alone, each of which has a dtype.

    `names`: all columns of the table; None: those that are declared.

    Raises: SchemaError for a rule on columns of which too little is public, before anything is spent.
    """
    for rule in declared.rules:
        for name in rule.columns:
            if name not in (declared.names if names is None else names):
                raise SchemaError(f"Rule {rule}: there is no column {name!r}. Name one of the table.")
            if name not in declared and not isinstance(rule, Unique | NotNull | Custom):
                raise SchemaError(f"Rule {rule}: with epsilon, declare column {name!r} in the schema.")
    known = tuple(rule for rule in declared.rules if all(name in declared for name in rule.columns))
    return Reduction.declared(Schema(declared.columns, known))


def reduced_rows(table: pd.DataFrame, reduction: Reduction) -> pd.DataFrame:
    """The table that is learned, read cell by cell.

    A row that breaks a rule becomes one that does not: a difference below zero becomes zero, a total is
    computed, a combination that cannot be is nobody's.

    Privacy: a row of the result depends on that row alone, and nothing tells whether it was changed.
    """
    if reduction.steps:
        table = reduction.reduce(row_wise_table(table, reduction.schema))
    return row_wise_table(table, reduction.inner)
