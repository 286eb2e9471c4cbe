"""Made-up personal data, a value a row number, of the form of the column and of nobody.

Where a form has a range that is reserved for examples, tests or fiction, values lie in it, so none can be
a real one: e-mail and web addresses (RFC 2606), IP addresses (RFC 2544, RFC 3849), telephone numbers of
North America (555-01xx), card numbers (the prefixes of the networks' public test numbers). An IBAN names a
bank that cannot be, a telephone number elsewhere an area that cannot be, a social security number an
area that is not given out. Check digits are right.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Sequence
from typing import Any

from tabgan.personal.check_digits import IBANS, iban_of, luhn_digit
from tabgan.personal.people import People, Rows, ascii_of, mixed, people_of

Pieces = Sequence[tuple[str, Any]]

DIGITS = ("phone", "card", "national_id", "postcode")  # forms that whole numbers can have
OF_ONE_PERSON = ("first_name", "last_name", "name", "email", "address", "city", "postcode")  # in a row
SHAPELESS = ("email", "url", "address", "city", "uuid")  # forms that are written in one way
_DOMAINS = ("example.com", "example.org", "example.net")
_TEST_CARDS = {14: "305693", 15: "378282"}
_TEST_CARD = "400000"
_TEMPLATES = {"phone": "###-###-####", "card": "#" * 16, "postcode": "#####", "national_id": "###-##-####"}
_FREE_DIGITS = 5  # fewer leave too few telephone numbers
_AREAS = [f"{area}" for area in range(200, 1000) if area // 10 % 10 != 9 and area % 100 != 11]


def made_up(form: str, rows: Rows, pieces: Pieces, locale: str | None) -> list[str] | None:
    """Values of a form for rows of a table, the same for the same row; None: any text of the pattern will do.

    Shape: [rows] -> [rows]. `pieces`: the written form of the column (`Pattern.pieces`).

    >>> import numpy as np
    >>> made_up("iban", np.array([0]), [("=", "GB"), ("9", 20)], None)
    ['GB27XXXX00003090169943']
    """
    people, template = people_of(locale), template_of(pieces)
    if form in ("first_name", "last_name", "name"):
        return _names(form, rows, people, pieces)
    if form == "email":
        return _emails(rows, people)
    if form == "address":
        return people.addresses(rows)
    if form in ("city", "postcode"):
        return _places(form, rows, people, template)
    if form == "phone":
        return _phones(rows, template or _TEMPLATES[form])
    if form == "card":
        return _cards(rows, template or _TEMPLATES[form])
    if form == "iban":
        return _ibans(rows, pieces)
    if form == "ip":
        return _addresses(rows, is_six=":" in _fixed(pieces))
    if form == "url":
        return [f"https://www.{_DOMAINS[row % 3]}/{_base36(row)}" for row in rows.tolist()]
    if form == "national_id":
        return _national_ids(rows, template if template or not _is_any(pieces) else _TEMPLATES[form])
    return None


def template_of(pieces: Pieces) -> str:
    """The written form with "#" for a digit; "" where it has letters that change.

    >>> template_of([("=", "+1 "), ("9", 3), ("=", "-"), ("9", 4)])
    '+1 ###-####'
    """
    if any(kind not in ("=", "9") for kind, _ in pieces):
        return ""
    return "".join(content if kind == "=" else "#" * content for kind, content in pieces)


def _is_any(pieces: Pieces) -> bool:
    """Whether the pieces are those of a column of which nothing is known."""
    return [tuple(piece) for piece in pieces] in ([], [("x", 12)])


def _fixed(pieces: Pieces) -> str:
    return "".join(content for kind, content in pieces if kind == "=")


def _names(form: str, rows: Rows, people: People, pieces: Pieces) -> list[str]:
    kinds = {sign for kind, content in pieces for sign in (content if kind == "=" else kind)}
    first, last = people.first_names(rows), people.last_names(rows)
    if form == "first_name":
        names = first
    elif form == "last_name":
        names = last
    elif "," in kinds:
        names = [f"{family}, {given}" for given, family in zip(first, last, strict=True)]
    else:
        pairs = zip(last, first, strict=True) if people.is_family_first else zip(first, last, strict=True)
        names = [" ".join(pair) for pair in pairs]
    is_upper, is_lower = (any(case(sign) for sign in kinds) for case in (str.isupper, str.islower))
    if is_upper and not is_lower:
        return [name.upper() for name in names]
    return [name.lower() for name in names] if is_lower and not is_upper and not _is_any(pieces) else names


def _emails(rows: Rows, people: People) -> list[str]:
    return [
        f"{ascii_of(first) or 'person'}.{ascii_of(last) or 'x'}.{_base36(row)}@{_DOMAINS[row % 3]}"
        for row, first, last in zip(
            rows.tolist(), people.first_names(rows), people.last_names(rows), strict=True
        )
    ]


def _places(form: str, rows: Rows, people: People, template: str) -> list[str]:
    places = people.places(rows)
    if form == "city":
        return [town for town, _ in places]
    if places and places[0][1]:
        return [code for _, code in places]
    return _filled(template or _TEMPLATES[form], _scattered(rows, 10 ** (template or "#####").count("#")))


def _phones(rows: Rows, template: str) -> list[str]:
    if "x" in template:  # an extension
        template, _, extension = template.partition("x")
        inner = _scattered(rows, 10 ** max(extension.count("#"), 1))
        ends = _filled(extension, inner)
        return [f"{number}x{end}" for number, end in zip(_phones(rows, template), ends, strict=True)]
    digits, n_free = re.findall(r"[\d#]", template), template.count("#")
    is_national = len(digits) == 10 and "+" not in template and digits[0] != "0"
    if is_national or (len(digits) == 11 and digits[0] == "1"):
        return [_overlaid(template, number) for number in _fictional(rows, has_one=len(digits) == 11)]
    # No country, area or number behind them has a code that starts with 0.
    if n_free >= _FREE_DIGITS:
        return _filled(template, [f"0{rest}" for rest in _scattered(rows, 10 ** (n_free - 1))])
    return [_overlaid(template, f"0{rest}") for rest in _scattered(rows, 10 ** max(len(digits) - 1, 1))]


def _fictional(rows: Rows, *, has_one: bool) -> list[str]:
    numbers = _scattered(rows, len(_AREAS) * 100)
    return [f"{'1' * has_one}{_AREAS[int(n) // 100]}55501{int(n) % 100:02d}" for n in numbers]


def _cards(rows: Rows, template: str) -> list[str]:
    n_digits = len(re.findall(r"[\d#]", template))
    prefix = _TEST_CARDS.get(n_digits, _TEST_CARD)
    heads = [f"{prefix}{rest}" for rest in _scattered(rows, 10 ** max(n_digits - len(prefix) - 1, 1))]
    return [_overlaid(template, head + luhn_digit(head)) for head in heads]


def _ibans(rows: Rows, pieces: Pieces) -> list[str]:
    fixed = _fixed(pieces)
    country = fixed[:2].upper() if fixed[:2].upper() in IBANS else "DE"
    places = "".join(kind * int(n) for n, kind in re.findall(r"(\d+)([nac])", IBANS[country]))
    blank = "".join("X" if kind == "a" else "0" for kind in places)
    n_free = min(10, len(re.findall(r"[nc]*$", places)[0]), len(places) - 4)
    texts = [iban_of(country, f"{blank[:-n_free]}{rest}") for rest in _scattered(rows, 10**n_free)]
    return [re.sub(r"(.{4})(?=.)", r"\1 ", text) for text in texts] if " " in fixed else texts


def _addresses(rows: Rows, *, is_six: bool) -> list[str]:
    if is_six:
        start = int(ipaddress.IPv6Address("2001:db8::"))
        return [str(ipaddress.IPv6Address(start + bits)) for bits in mixed(rows, 5).tolist()]
    start = int(ipaddress.IPv4Address("198.18.0.0"))
    return [str(ipaddress.IPv4Address(start + int(bits))) for bits in _scattered(rows, 2**17)]


def _national_ids(rows: Rows, template: str) -> list[str] | None:
    """Social security numbers of areas from 900, which are not given out; None for other numbers."""
    if len(re.findall(r"[\d#]", template)) != 9 or re.sub(r"[\d#]", "", template) not in ("", "--", "  "):
        return None
    numbers = [int(n) for n in _scattered(rows, 100 * 49 * 9_999)]
    texts = [f"{900 + n % 100}{n // 100 % 49 + 1:02d}{n // 4_900 + 1:04d}" for n in numbers]
    return [_overlaid(template, text) for text in texts]


def _scattered(rows: Rows, capacity: int) -> list[str]:
    """Digits of a number below the capacity: another one for every row, until all are used."""
    stride, width = max(int(capacity * 0.6180339887), 1), len(str(capacity - 1))
    while math.gcd(stride, capacity) != 1:
        stride += 1
    return [f"{(row * stride + stride // 2) % capacity:0{width}d}" for row in rows.tolist()]


def _filled(template: str, numbers: Sequence[str]) -> list[str]:
    """Digits in the places of "#"."""
    return [_put(template, "#", number) for number in numbers]


def _overlaid(template: str, digits: str) -> str:
    """Digits in the places of all digits, fixed ones too."""
    return _put(re.sub(r"\d", "#", template), "#", digits)


def _put(template: str, sign: str, digits: str) -> str:
    rest = iter(digits)
    return "".join(next(rest, place) if place == sign else place for place in template)


def _base36(number: int) -> str:
    signs, text = "0123456789abcdefghijklmnopqrstuvwxyz", ""
    while number or not text:
        number, digit = divmod(number, 36)
        text = signs[digit] + text
    return text
