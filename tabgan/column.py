"""Column: the public facts of one column of a table."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import pandas as pd
import pyarrow as pa

from tabgan.dtypes import can_hold, to_dtype
from tabgan.errors import SchemaError
from tabgan.personal.forms import FORMS
from tabgan.scalars import is_missing, scalar_from_json, scalar_to_json

Kind: TypeAlias = Literal["numeric", "categorical", "boolean", "datetime", "identifier"]
Missing: TypeAlias = Literal["nan", "none", "na", "nat"]
Policy: TypeAlias = Literal["public", "private", "generalise", "drop"]
Element: TypeAlias = Literal["text", "bool", "int", "float", "decimal", "date", "datetime"]

KINDS: tuple[str, ...] = get_args(Kind)
UNITS_OF_TIME = ("hour", "day", "month", "year")


COMBINATION = "a combination of columns, by a rule"  # the reason of a column that is learned for several


@dataclass(frozen=True)
class Column:
    """Name, kind and what else can be said about a column without looking at its rows.

    dtype: the pandas dtype of the output, as `tabgan.dtypes` writes it; "" = take the table's.
    decimals: numeric only; 0 = whole numbers, k = digits after the point, None = full floats.
    categories, minimum, maximum: declared, hence public; bounds of a datetime are ISO text.
    policy: "public": bounds or categories are declared and nothing else is asked about the column by
        itself; "private" (None means the same): what is not declared is measured, and charged where
        there is a budget, of which `share` (as in PrivacyConfig) is the column's own; "generalise":
        known by `step` only, a number for numbers, "hour", "day", "month" or "year" for datetimes,
        a count of first letters for text; "drop": neither learned nor in the output.
    missing, element: how a missing cell, and every other cell, of an object column is written.
    personal: identifier only; the form of personal data that made-up values take, of `FORMS`.
    locale: with `personal`; the country whose names and places Faker makes up, such as "de_DE".
    reason: why this kind was inferred; printable, never a cell value.

    >>> Column("age", "numeric", dtype="int64", decimals=0, minimum=17, maximum=90).kind
    'numeric'
    """

    name: Hashable
    kind: Kind
    dtype: str = ""
    decimals: int | None = None
    ordered: bool = False
    categories: tuple[object, ...] | None = None
    minimum: float | int | str | None = None
    maximum: float | int | str | None = None
    missing: Missing | None = None
    element: Element | None = None
    personal: str | None = None
    locale: str | None = None
    reason: str = field(default="", compare=False)
    policy: Policy | None = None
    step: float | int | str | None = None
    share: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", same_nan(self.name))
        if self.categories is not None:
            object.__setattr__(self, "categories", tuple(self.categories))
        for bound in ("minimum", "maximum"):
            if isinstance(value := getattr(self, bound), dt.date):  # a Timestamp is one as well
                object.__setattr__(self, bound, value.isoformat())
        if self.kind not in KINDS:
            raise self._error(f"unknown kind {self.kind!r}. Use one of {', '.join(KINDS)}")
        if self.dtype and self.kind == "numeric" and self.decimals is None:
            object.__setattr__(self, "decimals", _decimals_of(self.dtype))
        self._check_choices()
        self._check_personal()
        self._check_categories()
        self._check_bounds()
        self._check_policy()

    @property
    def known_labels(self) -> tuple[object, ...] | None:
        """Labels that are public: categories, or both truth values; None where only rows could tell."""
        return (False, True) if self.kind == "boolean" and self.categories is None else self.categories

    def __repr__(self) -> str:
        """What is stated, and nothing else: every fact by its name, to be read back by Python."""
        facts = ((item.name, getattr(self, item.name)) for item in fields(self)[2:])
        stated = [f"{name}={value!r}" for name, value in facts if not _is_unsaid(value)]
        return f"Column({', '.join([repr(self.name), repr(self.kind), *stated])})"

    def _error(self, text: str) -> SchemaError:
        return SchemaError(f"Column {self.name!r}: {text}.")

    def _check_choices(self) -> None:
        if self.dtype:
            to_dtype(self.dtype)
        if not isinstance(self.ordered, bool):
            raise self._error("ordered must be true or false")
        for attribute, allowed in (("missing", Missing), ("element", Element)):
            value = getattr(self, attribute)
            if value is not None and value not in get_args(allowed):
                raise self._error(f"unknown {attribute}. Use one of {', '.join(get_args(allowed))}")
        if self.decimals is None:
            return
        if self.kind != "numeric":
            raise self._error("only a numeric column has decimals")
        if isinstance(self.decimals, bool) or not isinstance(self.decimals, int) or self.decimals < 0:
            raise self._error(f"expected decimals >= 0, got decimals={self.decimals!r}")

    def _check_personal(self) -> None:
        if self.personal is None and self.locale is None:
            return
        if self.personal not in FORMS:
            raise self._error(f"unknown form of personal data. Use one of {', '.join(FORMS)}")
        if self.kind != "identifier":
            raise self._error('personal data are not learned. Declare it kind="identifier"')
        if self.locale is not None and not re.fullmatch(r"[a-z]{2,3}(_[A-Z]{2})?", str(self.locale)):
            raise self._error('a locale has the form "de_DE"')

    def _check_categories(self) -> None:
        if self.ordered and self.kind != "categorical":
            raise self._error("only a categorical column can be ordered")
        if self.categories is None:
            return
        if self.kind not in ("categorical", "boolean"):
            raise self._error('categories belong to a column of kind="categorical"')
        if not self.categories:
            raise self._error("its list of categories is empty. Leave it out")
        if any(is_missing(value) for value in self.categories):
            raise self._error("a missing cell is not a category. Leave it out")
        if len({(type(value), value) for value in self.categories}) < len(self.categories):
            raise self._error("a category is declared twice. Name each once")
        if self.dtype and not can_hold(self.dtype, self.categories):
            raise self._error(
                f"its dtype {self.dtype} cannot hold these categories. Write them as values of that dtype"
            )

    def _check_bounds(self) -> None:
        bounds = [bound for bound in (self.minimum, self.maximum) if bound is not None]
        if not bounds:
            return
        if self.kind not in ("numeric", "datetime"):
            raise self._error("only numeric and datetime columns have a minimum and a maximum")
        read = [self._read_bound(bound) for bound in bounds]
        if len(read) == 2 and read[0] > read[1]:
            raise self._error("its minimum is above its maximum. Swap them")

    def _check_policy(self) -> None:
        if self.policy is not None and self.policy not in get_args(Policy):
            raise self._error(f"unknown policy. Use one of {', '.join(get_args(Policy))}")
        if (self.policy == "generalise") != (self.step is not None):
            raise self._error('policy="generalise" and step belong together. Give both or neither')
        is_number = isinstance(self.step, (int, float)) and not isinstance(self.step, bool)
        allowed = {
            "numeric": is_number and 0 < self.step < math.inf,  # type: ignore[operator]
            "datetime": self.step in UNITS_OF_TIME,
            "categorical": is_number and isinstance(self.step, int) and self.step > 0,
        }
        if self.step is not None and not allowed.get(self.kind, False):
            raise self._error(
                "expected a step > 0 for a numeric column, hour, day, month or year for a datetime, a number "
                "of first letters for a categorical one"
            )
        is_bounded = self.minimum is not None and self.maximum is not None
        if self.policy == "public" and not (self.categories or is_bounded or self.kind == "boolean"):
            raise self._error("it is public, so declare its categories, or its minimum and maximum")
        if self.share is not None and (self.policy == "public" or not 0 < self.share < 1):
            raise self._error("expected 0 < share < 1, for a column that is measured")

    def _read_bound(self, bound: object) -> Any:
        if self.kind == "datetime":
            try:
                return pd.to_datetime(str(bound), utc=True, format="ISO8601")
            except ValueError:
                raise self._error('bounds of a datetime must be ISO text such as "2024-01-31"') from None
        is_number = isinstance(bound, (int, float, np.number)) and not isinstance(bound, bool)
        if not is_number or not math.isfinite(bound):  # type: ignore[arg-type]
            raise self._error("minimum and maximum must be finite numbers")
        return bound

    def to_dict(self) -> dict[str, Any]:
        """Strict JSON of every fact that is stated; `from_dict` reads it back."""
        facts: dict[str, Any] = {"name": scalar_to_json(self.name)}
        for key in _PLAIN_FACTS:
            value = getattr(self, key)
            if not _is_unsaid(value):
                facts[key] = scalar_to_json(value)
        if self.categories is not None:
            facts["categories"] = [scalar_to_json(value) for value in self.categories]
        return facts

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> Column:
        """The column that `to_dict` wrote. Raises SchemaError on unknown or missing entries."""
        if not isinstance(facts, Mapping) or "name" not in facts:
            raise SchemaError("A column of the schema has no 'name'. Give every column one.")
        name = scalar_from_json(facts["name"])
        known = [item.name for item in fields(cls)]
        if unknown := sorted(set(facts) - set(known)):
            told = f"unknown entries {', '.join(unknown)}. Use ones of {', '.join(known)}"
            raise SchemaError(f"Column {name!r}: {told}.")
        if "kind" not in facts:
            raise SchemaError(f"Column {name!r}: no kind is given. Use one of {', '.join(KINDS)}.")
        values = dict(facts) | {"name": name}
        if facts.get("categories") is not None:
            if not isinstance(facts["categories"], (list, tuple)):
                raise SchemaError(f"Column {name!r}: its categories are not a list. Write them as one.")
            values["categories"] = tuple(scalar_from_json(value) for value in facts["categories"])
        return cls(**values)


_PLAIN_FACTS = tuple(item.name for item in fields(Column) if item.name not in ("name", "categories"))


def _is_unsaid(value: object) -> bool:
    """Whether a fact is left at its default; 0 is a fact."""
    return value is None or value is False or value == ""


def same_nan(name: Hashable) -> Hashable:
    """The name, any NaN replaced by numpy's, so that it equals itself in tuples and dicts."""
    return np.nan if isinstance(name, float) and math.isnan(name) else name


def _decimals_of(dtype: str) -> int | None:
    """Digits after the point that cells of the dtype have; None where it does not say."""
    rebuilt = to_dtype(dtype)
    if isinstance(rebuilt, pd.ArrowDtype) and pa.types.is_decimal(rebuilt.pyarrow_dtype):
        return max(int(rebuilt.pyarrow_dtype.scale), 0)
    is_duration = pd.api.types.is_timedelta64_dtype(rebuilt) or dtype.startswith("duration[")
    return 0 if is_duration or pd.api.types.is_integer_dtype(rebuilt) else None
