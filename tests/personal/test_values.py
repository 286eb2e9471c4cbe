"""Made-up values: of the form of the column, right check digits, nobody's, one person a row."""

from __future__ import annotations

import ipaddress
import re

import numpy as np
import pytest
from faker import Faker

from tabgan.encoding.patterns import pattern_of_text
from tabgan.errors import SchemaError
from tabgan.personal.check_digits import IBANS, is_iban, luhn_digit, passes_luhn
from tabgan.personal.people import ascii_of, people_of
from tabgan.personal.recognition import recognise
from tabgan.personal.values import made_up

ROWS = np.arange(3_000)
TRAINED = 3_000

COLUMNS = [
    ("email", "en_US", "email"),
    ("phone", "en_US", "phone_number"),
    ("phone", "de_DE", "phone_number"),
    ("phone", "fr_FR", "phone_number"),
    ("address", "en_US", "street_address"),
    ("iban", "de_DE", "iban"),
    ("iban", "en_GB", "iban"),
    ("card", "en_US", "credit_card_number"),
    ("ip", "en_US", "ipv4"),
    ("ip", "en_US", "ipv6"),
    ("url", "en_US", "url"),
    ("national_id", "en_US", "ssn"),
    ("first_name", "en_US", "first_name"),
    ("last_name", "de_DE", "last_name"),
    ("name", "en_US", "name"),
]


@pytest.mark.parametrize(("form", "locale", "provider"), COLUMNS)
def test_no_made_up_value_is_one_of_the_training_table(form: str, locale: str, provider: str) -> None:
    fake = Faker(locale)
    fake.seed_instance(4)
    real = [str(getattr(fake, provider)()) for _ in range(TRAINED)]
    pattern = pattern_of_text(real, min_rows=5, has_room=True)
    made = made_up(form, ROWS, pattern.pieces, None)
    assert made is not None
    assert not set(made) & set(real)
    digits = [re.sub(r"\D", "", text) for text in real]
    if form in ("phone", "card", "national_id"):
        assert not {re.sub(r"\D", "", text) for text in made} & set(digits)
    assert made == made_up(form, ROWS, pattern.pieces, None)


@pytest.mark.parametrize(("form", "locale", "provider"), COLUMNS)
def test_a_made_up_column_is_recognised_as_what_it_stands_for(form: str, locale: str, provider: str) -> None:
    fake = Faker(locale)
    fake.seed_instance(4)
    real = [str(getattr(fake, provider)()) for _ in range(300)]
    made = made_up(form, ROWS[:200], pattern_of_text(real, min_rows=5, has_room=True).pieces, None)
    import pandas as pd

    found = recognise(f"{form}_1" if form != "name" else "full_name", pd.Series(made))
    assert found is not None
    assert found.form == form


@pytest.mark.parametrize("country", sorted(IBANS))
def test_every_iban_is_of_its_country_and_has_right_check_digits(country: str) -> None:
    made = made_up("iban", ROWS[:50], [("=", country), ("9", 20)], None)
    assert made is not None
    n_signs = sum(int(n) for n in re.findall(r"\d+", IBANS[country]))
    assert all(is_iban(text) and text[:2] == country and len(text) == n_signs + 4 for text in made)
    assert len(set(made)) == 50
    assert not is_iban(made[0][:-1] + str((int(made[0][-1]) + 1) % 10))


@pytest.mark.parametrize("n_digits", range(12, 20))
def test_card_numbers_pass_luhn_and_begin_as_test_cards_do(n_digits: int) -> None:
    made = made_up("card", ROWS[:200], [("9", n_digits)], None)
    assert made is not None
    assert all(passes_luhn(text) and len(text) == n_digits for text in made)
    assert all(text.startswith(("400000", "378282", "305693")) for text in made)
    assert len(set(made)) == 200


def test_luhn_finds_every_changed_digit() -> None:
    number = "79927398713"  # from the patent, US 2950048
    assert passes_luhn(number)
    assert luhn_digit(number[:-1]) == "3"
    for place in range(len(number)):
        for step in range(1, 10):
            changed = str((int(number[place]) + step) % 10)
            assert not passes_luhn(number[:place] + changed + number[place + 1 :])


def test_reserved_ranges_are_kept() -> None:
    four, six = (made_up("ip", ROWS, [("=", sign)], None) or [] for sign in ".:")
    assert all(ipaddress.ip_address(text) in ipaddress.ip_network("198.18.0.0/15") for text in four)
    assert all(ipaddress.ip_address(text) in ipaddress.ip_network("2001:db8::/32") for text in six)
    phones = made_up("phone", ROWS, [("=", "("), ("9", 3), ("=", ") "), ("9", 3), ("=", "-"), ("9", 4)], None)
    assert phones is not None
    assert all(re.fullmatch(r"\([2-9]\d\d\) 555-01\d\d", text) for text in phones)
    assert all(
        re.fullmatch(r"\S+@example\.(com|org|net)", text) for text in made_up("email", ROWS, [], None) or []
    )


@pytest.mark.parametrize("locale", [None, "de_DE", "ja_JP"])
def test_a_row_is_one_person(locale: str | None) -> None:
    first, last, whole, email = (
        made_up(form, ROWS[:300], [], locale) or [] for form in ("first_name", "last_name", "name", "email")
    )
    for given, family, both, address in zip(first, last, whole, email, strict=True):
        assert sorted(both.split(" ")) == sorted(f"{given} {family}".split(" "))
        assert address.startswith(f"{ascii_of(given) or 'person'}.{ascii_of(family) or 'x'}.")
    assert len(set(email)) == 300


def test_names_are_written_as_the_column_writes_them() -> None:
    upper, lower, last_first = (
        made_up("name", ROWS[:20], pattern_of_text(texts, min_rows=5, has_room=True).pieces, None) or []
        for texts in (["JANE DOE"] * 20, ["jane doe"] * 20, ["Doe, Jane"] * 20)
    )
    assert all(name.isupper() for name in upper)
    assert all(name.islower() for name in lower)
    assert all(re.fullmatch(r"[A-Z][a-z]+, [A-Z][a-z]+", name) for name in last_first)


def test_towns_and_postcodes_of_a_row_belong_together_where_faker_knows_such() -> None:
    towns, codes = (made_up(form, ROWS, [], "it_IT") or [] for form in ("city", "postcode"))
    code_of = dict(zip(towns, codes, strict=True))
    again = dict(people_of("it_IT").towns)
    assert all(
        again[town] == code or (town, code) in people_of("it_IT").towns for town, code in code_of.items()
    )


def test_unknown_locales_are_refused() -> None:
    with pytest.raises(SchemaError, match="locale"):
        people_of("xx_XX")
