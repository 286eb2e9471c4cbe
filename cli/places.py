"""Where a table is or goes: a file, standard input or output, a table or query of a database.

orders.csv              a file; its ending tells the format
-                       standard input or output as CSV; -.jsonl names another format
sqlite:///shop.db#orders                              a table
postgresql://me@host/shop#sales.orders                a table of a schema
postgresql://me@host/shop#SELECT * FROM orders        a query; to be read only
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Literal, TypeAlias

from tabgan_cli.failures import CommandError, Exit

Format: TypeAlias = Literal["csv", "json lines", "parquet", "arrow", "excel", "database"]

_TEXT_ENDINGS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "json lines",
    ".ndjson": "json lines",
}
_BINARY_ENDINGS: dict[str, Format] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".feather": "arrow",
    ".arrow": "arrow",
    ".xlsx": "excel",
}
_PACKINGS = (".gz", ".zst")
ENDINGS = (*_TEXT_ENDINGS, *_BINARY_ENDINGS)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+_.-]*://")
# To the last @ before the #; a # within a password is a mistake, which must not show it either.
_PASSWORD = re.compile(r"(://[^/@:#]*:)([^#]*|.*)@")


@dataclass(frozen=True)
class Place:
    """A place as the command line names it; `str` of it shows no password."""

    text: str

    @classmethod
    def of(cls, place: Place | Path) -> Place:
        """The place itself, or that of a file."""
        return place if isinstance(place, Place) else cls(str(place))

    def __str__(self) -> str:
        return _PASSWORD.sub(r"\1***@", self.text)

    @property
    def is_database(self) -> bool:
        """Is it a table or a query of a database?"""
        return _URL.match(self.text) is not None

    @property
    def is_standard(self) -> bool:
        """Is it standard input or output?"""
        return self.text == "-" or self.text.startswith("-.")

    @property
    def is_file(self) -> bool:
        """Is it a file with a path of its own?"""
        return not self.is_database and not self.is_standard

    @property
    def path(self) -> Path:
        """The path of a file."""
        return Path(self.text)

    @property
    def name(self) -> str:
        """What to call it in a title."""
        return self.path.name if self.is_file else str(self)

    @property
    def packing(self) -> str:
        """How the file is packed: ".gz", ".zst" or ""."""
        return next((ending for ending in _PACKINGS if self._lower.endswith(ending)), "")

    @property
    def is_tabbed(self) -> bool:
        """Does its ending say that tabs cut the cells?"""
        return self._lower.removesuffix(self.packing).endswith(".tsv")

    @property
    def format(self) -> Format:
        """The kind of table. Raises: CommandError for an unknown ending."""
        if self.is_database:
            return "database"
        if self.text == "-":
            return "csv"
        if kind := self._kind_of_ending:
            return kind
        raise CommandError(
            Exit.USAGE,
            f"{self}: unknown kind of table. Its name must end in one of {', '.join(ENDINGS)}; "
            f"{', '.join(_TEXT_ENDINGS)} may be compressed: {' or '.join(_PACKINGS)}.",
        )

    @property
    def is_table_name(self) -> bool:
        """Does its ending tell what kind of table it is?"""
        return self._kind_of_ending is not None

    @property
    def _kind_of_ending(self) -> Format | None:
        endings = _TEXT_ENDINGS if self.packing else {**_TEXT_ENDINGS, **_BINARY_ENDINGS}
        name = self._lower.removesuffix(self.packing)
        return next((kind for ending, kind in endings.items() if name.endswith(ending)), None)

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The bytes as they lie there, from the start, as often as it is called."""
        if self.is_standard:
            yield io.BytesIO(self._standard_input)
            return
        with self.path.open("rb") as handle:
            yield handle

    @cached_property
    def _standard_input(self) -> bytes:
        """All of it, for it comes only once and is looked at more than once."""
        return sys.stdin.buffer.read()

    @property
    def _lower(self) -> str:
        return self.text.lower()
