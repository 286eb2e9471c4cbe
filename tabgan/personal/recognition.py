"""Whether a column tells who somebody is: by its cells, by its name, with a confidence from 0 to 1.

A cell either has a form or has not; the share of the cells that have it, and whether the name of
the column says so too, make the confidence. Some forms are never believed without the other witness:
a word is a name only where the column is called so or common names are among the words.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import numpy as np
import pandas as pd

from tabgan.personal.check_digits import is_iban, passes_luhn
from tabgan.personal.forms import BIRTH_DATE, FORMS, header_of
from tabgan.personal.words import FIRST_NAMES, LAST_NAMES

SURE = 0.8  # from here on a column is taken for what it seems to be
MIN_ROWS = 10  # for cells to speak without the column's name
MOST_ROWS = 1_000
GLANCE = 40
HEADER_ONLY = 0.8  # where cells may not be looked at

_Test: TypeAlias = Callable[[str], bool]

_EMAIL = re.compile(r"[^@\s,;<>()]+@[^@\s,;<>()]+\.[^@\s.,;<>()\d]{2,}")
_PHONE = re.compile(r"\+?[\d\s().\-/]{6,24}(?:\s?(?:x|ext\.?)\s?\d{1,6})?")
_CLEAR_PHONE = re.compile(
    r"(?:\+\d[\d\s().\-/]{6,20}|(?:1[-. ])?\(?\d{3}\)?[-. ]\s?\d{3}[-. ]\d{4})(?:\s?x\d+)?"
)
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_NAME = re.compile(r"[^\W\d_]{2,}\.?(?:['’`-][^\W\d_]+)*")
_STREET = re.compile(
    r"(?:\b(?:st|str|street|ave|avenue|road|rd|blvd|boulevard|lane|ln|drive|dr|way|court|ct|square|sq|terrace|"
    r"place|pl|highway|hwy|rue|via|viale|calle|plaza|avenida|allee|weg|platz|gasse|allée|rua|ul)\b\.?)"
    r"|(?:stra(?:ß|ss)e|str\.|weg|platz|gasse|allee|straat|laan)\b",
    re.IGNORECASE,
)
_SSN = re.compile(r"(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}")
_NATIONAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./\-]{4,18}")
_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True)
class Finding:
    """A form of personal data, how sure that is, and why; `reason` is printable, never a cell value."""

    form: str
    confidence: float
    reason: str

    def __str__(self) -> str:
        return f"{self.reason} (confidence {self.confidence:.2f})"


def recognise(name: Hashable, cells: pd.Series[Any]) -> Finding | None:
    """What personal data a column of text or whole numbers holds, however doubtful; None for none.

    >>> recognise("contact", pd.Series([f"a{n}@mail.net" for n in range(20)]))
    Finding(form='email', confidence=0.95, reason='e-mail addresses: 100 % of the cells match')
    """
    header = header_of(name)
    is_text = not pd.api.types.is_numeric_dtype(cells.dtype)
    texts = _texts(cells, GLANCE)
    if header is None and (len(texts) < MIN_ROWS or not _may_speak(texts, is_text)):
        return None
    if len(cells) > GLANCE:
        texts = _texts(cells, MOST_ROWS)
    found = [
        _finding(
            form,
            texts,
            is_named=header is not None and header.form == form,
            is_sure=bool(header and header.is_sure),
        )
        for form in FORMS
        if is_text or form in ("phone", "card", "national_id")
    ]
    found = [one for one in found if one.confidence > 0]
    return max(found, key=lambda one: one.confidence, default=None)


def recognise_birth_date(name: Hashable) -> Finding | None:
    """Dates are dates of birth if the column says so."""
    header = header_of(name)
    if header is None or header.form != BIRTH_DATE:
        return None
    return Finding(BIRTH_DATE, 0.95, "dates of birth: the column's name says so")


def recognise_header(name: Hashable) -> Finding | None:
    """What personal data a column holds by its name alone, where that hardly means anything else."""
    header = header_of(name)
    if header is None or not header.is_sure or header.form == BIRTH_DATE:
        return None
    return Finding(header.form, HEADER_ONLY, f"{FORMS[header.form]}: the column's name says so")


def _texts(cells: pd.Series[Any], n_rows: int) -> list[str]:
    """Up to so many cells that are not missing, spread evenly over the rows."""
    present = cells.dropna()
    places = np.unique(np.linspace(0, len(present) - 1, min(n_rows, len(present))).astype(np.int64))
    some = present.iloc[places].astype(object)
    return [_written(cell) for cell in some]


def _written(cell: Any) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell == int(cell) else str(cell).strip()


def _may_speak(texts: Sequence[str], is_text: bool) -> bool:
    """A glance that spares most columns the tests."""
    if not is_text:
        return sum(len(text) >= 13 for text in texts) > 0.5 * len(texts)
    return len(set(texts)) > 3 and sum(map(len, texts)) > 3 * len(texts)


def _finding(form: str, texts: Sequence[str], *, is_named: bool, is_sure: bool) -> Finding:
    share = _share(form, texts, is_named=is_named, is_sure=is_sure)
    base, weight = (0.45, 0.54) if is_sure else (0.25, 0.6)
    confidence = base + weight * share if is_named and share >= 0.3 else 0.0
    if len(texts) >= MIN_ROWS:
        alone = _share(form, texts, is_named=False, is_sure=False)
        confidence = max(confidence, _ALONE.get(form, 0.0) * alone if alone >= 0.5 else 0.0)
    also = ", and so does the column's name" if is_named else ""
    reason = f"{FORMS[form]}: {share:.0%} of the cells match{also}".replace("%", " %")
    return Finding(form, round(confidence, 2), reason)


def _share(form: str, texts: Sequence[str], *, is_named: bool, is_sure: bool) -> float:
    """Share of the cells that have the form; 0 where common names are too few to believe in names."""
    if not texts:
        return 0.0
    if form in _NAMES:
        needed = 0.0 if is_sure and is_named else 0.15 if is_named else 0.6
        if needed and np.mean([_is_common(form, text) for text in texts]) < needed:
            return 0.0
    if form == "url" and not is_named and len(set(texts)) < 0.1 * len(texts):
        return 0.0  # some sites, again and again: a category
    test = _NAMED_TESTS.get(form) if is_named else None
    test = test or _TESTS[form]
    return float(np.mean([test(text) for text in texts]))


def _is_common(form: str, text: str) -> bool:
    words = [word.strip(".,").casefold() for word in text.split()]
    if form == "last_name":
        return any(word in LAST_NAMES for word in words)
    if form == "first_name":
        return len(words) == 1 and words[0] in FIRST_NAMES
    return len(words) > 1 and any(word in FIRST_NAMES for word in words)


def _is_word_of_name(text: str) -> bool:
    words = text.split()
    return 1 <= len(words) <= 3 and all(_NAME.fullmatch(word) or len(word.strip(".")) == 1 for word in words)


def _is_full_name(text: str) -> bool:
    words = re.sub(r'[,()"]', " ", text).split()
    return 2 <= len(words) <= 9 and all(_NAME.fullmatch(word) or len(word.strip(".")) == 1 for word in words)


def _is_phone(text: str) -> bool:
    digits = sum(sign.isdigit() for sign in text)
    return 7 <= digits <= 15 and _PHONE.fullmatch(text) is not None and not _ISO_DATE.match(text)


def _is_clear_phone(text: str) -> bool:
    return _CLEAR_PHONE.fullmatch(text) is not None


def _is_address(text: str) -> bool:
    has_number = any(sign.isdigit() for sign in text)
    return has_number and " " in text and _STREET.search(text) is not None


def _is_named_address(text: str) -> bool:
    has_number = any(sign.isdigit() for sign in text)
    return _is_address(text) or (has_number and re.search(r"[^\W\d_]{3,}\.? ", f"{text} ") is not None)


def _is_card(text: str) -> bool:
    digits = re.sub(r"[ -]", "", text)
    return 12 <= len(digits) <= 19 and digits[0] != "0" and passes_luhn(digits)


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "." in text or ":" in text


def _is_url(text: str) -> bool:
    if not text.lower().startswith(("http://", "https://", "ftp://", "www.")):
        return False
    try:
        host = urlsplit(text if "://" in text else f"//{text}").hostname or ""
    except ValueError:
        return False
    return "." in host and " " not in text


def _is_bare_url(text: str) -> bool:
    return (
        _is_url(text) or re.fullmatch(r"[\w-]+(\.[\w-]+)*\.[a-z]{2,}(/\S*)?", text, re.IGNORECASE) is not None
    )


def _is_national(text: str) -> bool:
    digits = sum(sign.isdigit() for sign in text)
    return digits >= 5 and _NATIONAL.fullmatch(text) is not None and not _ISO_DATE.match(text)


def _never(text: str) -> bool:  # noqa: ARG001
    """Towns and postcodes are learned like any category, unless they are declared."""
    return False


_NAMES = ("first_name", "last_name", "name")
_TESTS: dict[str, _Test] = {
    "first_name": _is_word_of_name,
    "last_name": _is_word_of_name,
    "name": _is_full_name,
    "email": lambda text: _EMAIL.fullmatch(text) is not None,
    "phone": _is_clear_phone,
    "address": _is_address,
    "city": _never,
    "postcode": _never,
    "iban": is_iban,
    "card": _is_card,
    "ip": _is_ip,
    "url": _is_url,
    "uuid": lambda text: _UUID.fullmatch(text) is not None,
    "national_id": lambda text: _SSN.fullmatch(text) is not None,
}
# Looser tests where the name of the column is a second witness.
_NAMED_TESTS: dict[str, _Test] = {
    "name": lambda text: _is_full_name(text) or _is_word_of_name(text),
    "phone": _is_phone,
    "address": _is_named_address,
    "national_id": _is_national,
    "url": _is_bare_url,
}
# Confidence where every cell has the form and the name of the column says nothing.
_ALONE = {
    "first_name": 0.85,
    "name": 0.9,
    "email": 0.95,
    "phone": 0.9,
    "address": 0.9,
    "iban": 0.97,
    "card": 0.95,
    "ip": 0.95,
    "url": 0.95,
    "uuid": 0.96,
    "national_id": 0.93,
}
