"""Arguments that cannot be meant, refused by name before any work; one rule or callback as a list of one."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, get_args

import numpy as np
import pandas as pd

from tabgan.rule import Rule

MAX_SEED = 2**63 - 1


def checked_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """TabGAN's parameters, a rule or callback by itself as a list of one. Raises: TypeError."""
    personal = parameters["personal"]
    if not isinstance(personal, Mapping | None):
        raise TypeError(f"Expected personal to map columns to choices, got {_kind(personal)}.")
    if not isinstance(parameters["target"], Hashable):
        raise TypeError(f"Expected target to be the name of a column, got {_kind(parameters['target'])}.")
    return {
        **parameters,
        "rules": checked_rules(parameters["rules"]),
        "callbacks": _checked_callbacks(parameters["callbacks"]),
        "discrete_columns": checked_names(parameters["discrete_columns"]),
    }


def checked_rules(rules: object) -> tuple[Rule, ...]:
    """Rules, or a single one, as a tuple. Raises: TypeError.

    >>> checked_rules("Unique")
    Traceback (most recent call last):
    TypeError: Expected rules to be a list of rules such as Sum or Unique, got str.
    """

    def is_rule(rule: object) -> bool:
        return isinstance(rule, get_args(Rule))

    wanted = "rules to be a list of rules such as Sum or Unique"
    return _listed(wanted, [rules] if is_rule(rules) else rules, is_rule)


def _checked_callbacks(callbacks: object) -> tuple[Callable[[dict[str, Any]], object], ...]:
    """Callbacks, or a single one, as a tuple. Raises: TypeError."""
    wanted = "callbacks to be a list of functions"
    return _listed(wanted, [callbacks] if callable(callbacks) else callbacks, callable)


def checked_names(names: object) -> tuple[Hashable, ...]:
    """`discrete_columns` as a tuple. Raises: TypeError, for text too, whose letters name no columns.

    >>> checked_names("income")
    Traceback (most recent call last):
    TypeError: Expected discrete_columns to be a list of column names, got str.
    """
    return _listed(
        "discrete_columns to be a list of column names", names, lambda name: isinstance(name, Hashable)
    )


def _listed(wanted: str, items: object, is_right: Callable[[object], bool]) -> tuple[Any, ...]:
    if isinstance(items, str) or not isinstance(items, Iterable):
        raise TypeError(f"Expected {wanted}, got {_kind(items)}.")
    listed = tuple(items)
    if other := [item for item in listed if not is_right(item)]:
        raise TypeError(f"Expected {wanted}, got one that holds {_kind(other[0])}.")
    return listed


def check_no_names(y: object, df: pd.DataFrame) -> None:
    """Raise TypeError for names of columns in the place of `y`, where ctgan has its discrete columns.

    >>> check_no_names(["a"], pd.DataFrame({"a": [1]}))
    Traceback (most recent call last):
    TypeError: Expected y to be ignored, got a list of columns. Give TabGAN(discrete_columns=...) instead.
    """
    names = set(getattr(df, "columns", ()))
    if isinstance(y, list | tuple) and y and all(isinstance(name, str) and name in names for name in y):
        cure = "Give TabGAN(discrete_columns=...) instead"
        raise TypeError(f"Expected y to be ignored, got a {_kind(y)} of columns. {cure}.")


def check_declared(schema: object) -> None:
    """Raise TypeError for what is neither a schema as a mapping nor the path of one."""
    if not isinstance(schema, Mapping | str | os.PathLike):
        what = "Expected schema to be a Schema, its JSON as a mapping, or the path of such a file, got"
        raise TypeError(f"{what} {_kind(schema)}.")


def check_request(conditions: object, counts: object, shares: object) -> None:
    """Raise TypeError for conditions, counts or shares that name no columns."""
    if not isinstance(conditions, Mapping | pd.DataFrame | None):
        what = "Expected conditions to map columns to values, or to be a table, got"
        raise TypeError(f"{what} {_kind(conditions)}.")
    for argument, wanted in (("counts", counts), ("shares", shares)):
        what = f"Expected {argument} to map a column to a mapping of values to numbers, got"
        if not isinstance(wanted, Mapping | None):
            raise TypeError(f"{what} {_kind(wanted)}.")
        of_columns = (wanted or {}).values()
        if other := [values for values in of_columns if not isinstance(values, Mapping | pd.Series)]:
            raise TypeError(f"{what} {_kind(other[0])} for the column.")


def checked_count(name: str, n_rows: int | None, least: int) -> int | None:
    """A whole number of rows from `least` on, or None. Raises: ValueError naming the argument."""
    if n_rows is None:
        return None
    if not isinstance(n_rows, int | np.integer) or isinstance(n_rows, bool) or n_rows < least:
        raise ValueError(f"Expected {name} to be a whole number >= {least}, got {n_rows!r}.")
    return int(n_rows)


def checked_seed(seed: int | None) -> int:
    """A seed from 0 to 2**63 - 1; None takes one from the operating system."""
    if seed is None:
        return secrets.randbelow(MAX_SEED + 1)
    if not isinstance(seed, int | np.integer) or isinstance(seed, bool) or not 0 <= int(seed) <= MAX_SEED:
        raise ValueError(f"Expected the seed to be a whole number from 0 to 2**63 - 1, got {seed!r}.")
    return int(seed)


def _kind(value: object) -> str:
    """What the value is, not what it holds: that may be a cell."""
    return "None" if value is None else type(value).__name__
