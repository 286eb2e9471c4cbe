"""A table that was read, how it was written, and what its reader was told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pandas as pd

WriteRows: TypeAlias = Callable[[pd.DataFrame], None]


@dataclass(frozen=True)
class CsvOptions:
    """What the user says about a CSV file; None = look at the file."""

    separator: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    missing: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()  # formats beside ISO
    dropped: tuple[str, ...] = ()  # columns that will be left out: their cells are not looked at


@dataclass(frozen=True)
class CsvStyle:
    """How a CSV file was written, so that a table like it can be written alike."""

    separator: str = ","
    decimal: str = "."
    columns: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The style as JSON."""
        return {"separator": self.separator, "decimal": self.decimal, "columns": dict(self.columns)}

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
        return cls(separator, str(decimal), {str(name): str(style) for name, style in columns.items()})

    def over(self, other: CsvStyle) -> CsvStyle:
        """This style, with the columns it says nothing of as in the other."""
        return CsvStyle(self.separator, self.decimal, {**other.columns, **self.columns})


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
