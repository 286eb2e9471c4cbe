"""Single values (column names, categories, bounds) as strict JSON, and back with their type."""

from __future__ import annotations

import datetime as dt
import decimal
import math
from collections.abc import Hashable
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from tabgan.errors import SchemaError

JSON: TypeAlias = "str | int | float | bool | list[JSON] | dict[str, JSON] | None"


def is_missing(value: object) -> bool:
    """Whether a cell holding this value would be a missing one: None, NaN, NaT or NA."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, (float, np.floating, np.datetime64, np.timedelta64)) and bool(pd.isna(value))


def scalar_to_json(value: object) -> JSON:
    """The value as JSON that keeps its type: text, numbers and None as they are, the rest tagged.

    >>> scalar_to_json("a"), scalar_to_json((1, "b")), scalar_to_json(float("nan"))
    ('a', {'tuple': [1, 'b']}, {'float': 'nan'})

    Raises: SchemaError for a value of a type that has no JSON form.
    """
    if value is None or isinstance(value, (str, bool, int)):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, (np.datetime64, np.timedelta64)):
        value = pd.Timestamp(value) if isinstance(value, np.datetime64) else pd.Timedelta(value)
    if value is pd.NaT or value is pd.NA:
        return {"missing": "nat" if value is pd.NaT else "na"}
    if isinstance(value, float):  # numpy's float64 too
        return float(value) if math.isfinite(value) else {"float": repr(float(value))}
    if isinstance(value, np.generic):
        return scalar_to_json(value.item())
    if isinstance(value, tuple):
        return {"tuple": [scalar_to_json(part) for part in value]}
    return _tagged(value)


def _tagged(value: object) -> JSON:
    if isinstance(value, pd.Timestamp):
        return {"timestamp": value.isoformat(), "tz": str(value.tz) if value.tz else None, "unit": value.unit}
    if isinstance(value, pd.Timedelta):
        return {"timedelta": int(value.to_timedelta64().astype("int64")), "unit": value.unit}
    if isinstance(value, decimal.Decimal):
        return {"decimal": str(value)}
    for kind in (dt.datetime, dt.date, dt.time):  # a datetime is a date too: it goes first
        if isinstance(value, kind):
            return {kind.__name__: value.isoformat()}
    raise SchemaError(f"A value of type {type(value).__name__} cannot be written to JSON. Use text.")


def scalar_from_json(value: JSON) -> Hashable:
    """The value that `scalar_to_json` wrote.

    >>> scalar_from_json({"tuple": [1, "b"]})
    (1, 'b')
    """
    if isinstance(value, list):
        raise SchemaError("A list stands where a single value belongs.")
    if not isinstance(value, dict):
        return value
    try:
        untagged: Hashable = _untagged(value)
    except (ValueError, TypeError, KeyError, decimal.InvalidOperation) as error:
        raise SchemaError("A tagged value in the JSON is damaged.") from error
    return untagged


def _untagged(value: dict[str, JSON]) -> Any:
    tag, content = next(iter(value.items()), ("", None))
    if tag == "tuple" and isinstance(content, list):
        return tuple(scalar_from_json(part) for part in content)
    text = str(content)
    if tag == "float":
        return np.nan if text == "nan" else float(text)
    if tag == "missing":
        return pd.NaT if text == "nat" else pd.NA
    if tag == "timestamp":
        stamp = pd.Timestamp(text)
        zone = value.get("tz")
        stamp = stamp.tz_convert(str(zone)) if zone else stamp
        return stamp.as_unit(value["unit"])
    if tag == "timedelta":
        unit: Any = value["unit"]
        return pd.Timedelta(np.timedelta64(int(text), unit))
    if tag == "decimal":
        return decimal.Decimal(text)
    readers: dict[str, Any] = {"datetime": dt.datetime, "date": dt.date, "time": dt.time}
    return readers[tag].fromisoformat(text)
