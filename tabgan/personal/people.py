"""Made-up persons and places, one a row number: every column that asks for a row gets the same person.

Without a locale, names are built from syllables, so that they are nobody's. With one they are Faker's,
common names of that country, drawn once into pools by a fixed seed.
"""

from __future__ import annotations

import random
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabgan.errors import SchemaError

Rows = NDArray[np.int64]

POOL = 2_000
_FAMILY_FIRST = ("hu", "ja", "ko", "zh")
_STARTS = (
    "Bal Bren Cor Dal Del Dor Fen Gal Hal Jor Kal Kel Lan Lor Mal Mar Nal Nor Pel Ral Ron Sal Sel Tal "
    "Tor Val Vel Wen Zor"
).split()
_MIDDLES = "a e i o u an ar en er in or un".split()
_FIRST_ENDS = "bia dan dira lan lia mir nia ran rick sa tia via vin win".split()
_LAST_ENDS = (
    "bek berg brand dale dorf dov feld gard holt land lund mark mont rek ross sen ster vik wald worth".split()
)
_TOWN_ENDS = "bridge bruck by field ford haven heim mouth ton ville wick".split()
_WAYS = "Street Avenue Road Lane Drive Way Court".split()


@dataclass(frozen=True)
class People:
    """Pools from which the person and the place of a row are taken."""

    first: tuple[str, ...]
    last: tuple[str, ...]
    streets: tuple[str, ...]
    towns: tuple[tuple[str, str], ...]  # a town and its postcode, "" where the form is the column's
    is_family_first: bool = False

    def first_names(self, rows: Rows) -> list[str]:
        """Shape: [rows] -> [rows]."""
        return _taken(self.first, rows, 1)

    def last_names(self, rows: Rows) -> list[str]:
        """Shape: [rows] -> [rows]."""
        return _taken(self.last, rows, 2)

    def addresses(self, rows: Rows) -> list[str]:
        """House and street of the row."""
        return _taken(self.streets, rows, 3)

    def places(self, rows: Rows) -> list[tuple[str, str]]:
        """Town and postcode of the row."""
        return _taken(self.towns, rows, 4)


def _taken(pool: tuple[Any, ...], rows: Rows, salt: int) -> list[Any]:
    return [pool[place] for place in (mixed(rows, salt) % np.uint64(len(pool))).tolist()]


def mixed(rows: Rows, salt: int) -> NDArray[np.uint64]:
    """64 well mixed bits of every row number.

    Source: Steele, Lea & Flood 2014, Fast Splittable Pseudorandom Number Generators (SplitMix64).
    """
    with np.errstate(over="ignore"):
        bits = (
            rows.astype(np.uint64) + np.uint64(salt) * np.uint64(0xD1342543DE82EF95) + np.uint64(1)
        ) * np.uint64(0x9E3779B97F4A7C15)
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(bits ^ (bits >> np.uint64(31)))


@lru_cache
def people_of(locale: str | None) -> People:
    """The pools of a locale such as "de_DE"; None: names that are nobody's.

    Raises: SchemaError when Faker is not installed or does not know the locale.
    """
    return _built() if locale is None else _of_faker(locale)


def _built() -> People:
    draw = random.Random(0)

    def names(ends: list[str]) -> tuple[str, ...]:
        return tuple(f"{draw.choice(_STARTS)}{draw.choice(_MIDDLES)}{draw.choice(ends)}" for _ in range(POOL))

    first, last, towns = names(_FIRST_ENDS), names(_LAST_ENDS), names(_TOWN_ENDS)
    streets = tuple(f"{draw.randint(1, 999)} {name} {draw.choice(_WAYS)}" for name in names(_LAST_ENDS))
    return People(first, last, streets, tuple((town, "") for town in towns))


def _of_faker(locale: str) -> People:
    try:
        from faker import Faker
    except ImportError:
        raise SchemaError(
            "A locale is set and Faker is not installed. Install tabgan-toolkit[faker] or set no locale."
        ) from None
    try:
        fake = Faker(locale)
    except AttributeError:
        raise SchemaError(f'Faker knows no locale {locale!r}. Use one such as "en_US" or "de_DE".') from None
    fake.seed_instance(0)
    first = tuple(fake.first_name() for _ in range(POOL))
    last = tuple(fake.last_name() for _ in range(POOL))
    streets = tuple(fake.street_address().replace("\n", ", ") for _ in range(POOL))
    towns = tuple(_town(fake) for _ in range(POOL))
    return People(first, last, streets, towns, locale[:2] in _FAMILY_FIRST)


def _town(fake: Any) -> tuple[str, str]:
    """A town and its postcode: a real pair where the locale has such, else two that Faker draws."""
    pair = getattr(fake, "postcode_city_province", None)
    told = re.fullmatch(r"(\S+), (.+) \(\w+\)", pair()) if pair else None
    return (told[2], told[1]) if told else (fake.city(), fake.postcode())


def ascii_of(name: str) -> str:
    """A name as the part of an e-mail address: "" where no letter of it is Latin.

    >>> ascii_of("Jürgen O'Neil-Groß")
    'jurgenoneilgross'
    """
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    return re.sub(r"[^a-z]", "", plain.lower())
