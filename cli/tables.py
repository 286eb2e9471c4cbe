"""A table that was read, how it was written, and what its reader was told."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import pandas as pd
from tabgan_cli.date_formats import is_format

WriteRows: TypeAlias = Callable[[pd.DataFrame], None]


@dataclass(frozen=True)
class CsvStyle:
    """How a CSV file was written, so that a table like it can be written, and read, alike.

    `encoding`, `missing`, `dates` and `thousands` are as the user named them.
    """

    separator: str = ","
    decimal: str = "."
    columns: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    missing: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    thousands: str = ""

    def __str__(self) -> str:
        """What a file like it is read by.

        >>> str(CsvStyle(";", ",", missing=("k. A.",)))
        "separator ';', decimal ',', missing 'k. A.'"
        """
        words = {"separator": (self.separator,), "decimal": (self.decimal,), "missing": self.missing}
        words |= {"encoding": (self.encoding,) if self.encoding else (), "dates": self.dates}
        words |= {"thousands": (self.thousands,) if self.thousands else ()}
        return ", ".join(f"{what} {' '.join(map(repr, told))}" for what, told in words.items() if told)

    def to_dict(self) -> dict[str, Any]:
        """The style as JSON."""
        told = {"separator": self.separator, "decimal": self.decimal, "columns": dict(self.columns)}
        named = {"encoding": self.encoding, "missing": list(self.missing), "dates": list(self.dates)}
        named |= {"thousands": self.thousands}
        return told | {key: value for key, value in named.items() if value}

    @classmethod
    def from_dict(cls, facts: object) -> CsvStyle:
        """The style that `to_dict` wrote; the usual style for anything else."""
        if not isinstance(facts, Mapping):
            return cls()
        separator, decimal, columns = (facts.get(key) for key in ("separator", "decimal", "columns"))
        if not isinstance(separator, str) or len(separator) != 1 or decimal not in (".", ","):
            return cls()
        if not isinstance(columns, Mapping):
            return cls()
        encoding, thousands = facts.get("encoding"), facts.get("thousands")
        return cls(
            separator,
            str(decimal),
            {str(name): str(style) for name, style in columns.items()},
            encoding if isinstance(encoding, str) and is_encoding(encoding) else None,
            _texts(facts.get("missing")),
            tuple(form for form in _texts(facts.get("dates")) if is_format(form)),
            thousands if isinstance(thousands, str) and is_thousands(thousands, str(decimal)) else "",
        )

    def over(self, other: CsvStyle) -> CsvStyle:
        """This style, with the columns it says nothing of as in the other."""
        return replace(self, columns={**other.columns, **self.columns})


def is_encoding(name: str) -> bool:
    """Whether there is such an encoding of text."""
    try:
        codecs.lookup(name)
        "".encode(name)  # refuses codecs that are no text, such as hex
    except (LookupError, ValueError):
        return False
    return True


def is_thousands(sign: str, decimal: str | None) -> bool:
    """Whether the sign can stand between thousands, beside that decimal point.

    >>> is_thousands(",", "."), is_thousands(",", ","), is_thousands("0", None)
    (True, False, False)
    """
    return len(sign) == 1 and not sign.isalnum() and sign not in '+-"\r\n' and sign != decimal


def _texts(values: object) -> tuple[str, ...]:
    return tuple(map(str, values)) if isinstance(values, list) else ()


@dataclass(frozen=True)
class CsvOptions:
    """What the user says about a CSV file; None = look at the file.

    `usual`: the style of files like it, for what the file itself leaves open.
    """

    separator: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    missing: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()  # formats beside ISO
    dropped: tuple[str, ...] = ()  # columns that will be left out: their cells are not looked at
    usual: CsvStyle = field(default_factory=CsvStyle)
    thousands: str = ""

    def like(self, usual: CsvStyle) -> CsvOptions:
        """These options, for a file like one of that style: what was named for that one is named again."""
        return replace(
            self,
            encoding=self.encoding or usual.encoding,
            missing=self.missing or usual.missing,
            dates=self.dates or usual.dates,
            thousands=self.thousands or ("" if usual.thousands == self.decimal else usual.thousands),
            usual=usual,
        )

    def dates_of(self, name: str) -> tuple[str, ...]:
        """The formats of a column's dates beside ISO, first its usual one."""
        own = self.usual.columns.get(name, "")
        return tuple(sorted(self.dates, key=lambda form: form != own))


@dataclass(frozen=True)
class Table:
    """Rows, how they were written, and what the reader should know about them."""

    rows: pd.DataFrame
    style: CsvStyle = field(default_factory=CsvStyle)
    warnings: tuple[str, ...] = ()


def with_text_names(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with every column's name as text, as files hold them."""
    renamed: pd.DataFrame = rows.copy(deep=False)
    renamed.columns = pd.Index([str(name) for name in rows.columns], dtype=object)
    return renamed
