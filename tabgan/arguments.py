"""Arguments of the wrong type, refused by name before any work; one rule or callback as a list of one."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, get_args

import pandas as pd

from tabgan.rule import Rule


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
        "callbacks": checked_callbacks(parameters["callbacks"]),
        "discrete_columns": checked_names("discrete_columns", parameters["discrete_columns"]),
    }


def checked_rules(rules: object) -> tuple[Rule, ...]:
    """Rules, or a single one, as a tuple. Raises: TypeError.

    >>> checked_rules("Unique")
    Traceback (most recent call last):
    TypeError: Expected rules to be a list of rules such as Sum or Unique, got str.
    """
    kinds = get_args(Rule)
    if isinstance(rules, kinds):
        return (rules,)
    what = "Expected rules to be a list of rules such as Sum or Unique, got"
    if isinstance(rules, str) or not isinstance(rules, Iterable):
        raise TypeError(f"{what} {_kind(rules)}.")
    listed = tuple(rules)
    if other := [rule for rule in listed if not isinstance(rule, kinds)]:
        raise TypeError(f"{what} one that holds {_kind(other[0])}.")
    return listed


def checked_callbacks(callbacks: object) -> tuple[Callable[[dict[str, Any]], object], ...]:
    """Callbacks, or a single one, as a tuple. Raises: TypeError."""
    if callable(callbacks):
        return (callbacks,)
    what = "Expected callbacks to be a list of functions, got"
    if not isinstance(callbacks, Iterable):
        raise TypeError(f"{what} {_kind(callbacks)}.")
    listed = tuple(callbacks)
    if other := [callback for callback in listed if not callable(callback)]:
        raise TypeError(f"{what} one that holds {_kind(other[0])}.")
    return listed


def checked_names(argument: str, names: object) -> tuple[Hashable, ...]:
    """Names of columns as a tuple. Raises: TypeError, for text too, whose letters are names of no column.

    >>> checked_names("discrete_columns", "income")
    Traceback (most recent call last):
    TypeError: Expected discrete_columns to be a list of column names, got discrete_columns='income'.
    """
    what = f"Expected {argument} to be a list of column names, got"
    if isinstance(names, str):
        raise TypeError(f"{what} {argument}={names!r}.")
    if not isinstance(names, Iterable):
        raise TypeError(f"{what} {_kind(names)}.")
    listed = tuple(names)
    if other := [name for name in listed if not isinstance(name, Hashable)]:
        raise TypeError(f"{what} one that holds {_kind(other[0])}.")
    return listed


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


def _kind(value: object) -> str:
    """What the value is, not what it holds: that may be a cell."""
    return "None" if value is None else type(value).__name__
