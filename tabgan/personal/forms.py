"""The forms of personal data, what they are called, and the names of columns that hold them."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache

BIRTH_DATE = "birth_date"  # recognised and told of, yet learned: it is a measure, as age is

FORMS = {
    "first_name": "first names",
    "last_name": "last names",
    "name": "names of persons",
    "email": "e-mail addresses",
    "phone": "phone numbers",
    "address": "street addresses",
    "city": "cities",
    "postcode": "postcodes",
    "iban": "bank accounts (IBAN)",
    "card": "card numbers",
    "ip": "IP addresses",
    "url": "web addresses",
    "uuid": "UUIDs",
    "national_id": "personal numbers",
}

SDV_FORMS = {
    "name": "name",
    "first_name": "first_name",
    "last_name": "last_name",
    "email": "email",
    "phone_number": "phone",
    "address": "address",
    "street_address": "address",
    "city": "city",
    "postcode": "postcode",
    "iban": "iban",
    "credit_card_number": "card",
    "ipv4_address": "ip",
    "ipv6_address": "ip",
    "ipv4": "ip",
    "ipv6": "ip",
    "url": "url",
    "uri": "url",
    "uuid4": "uuid",
    "ssn": "national_id",
    "passport_number": "national_id",
}

_WHO = (
    "customer client patient employee person personal contact student teacher doctor member user applicant "
    "borrower guest passenger owner holder account billing shipping delivery mailing home work office "
    "private primary secondary legal mother father parent spouse emergency sender recipient author "
    "kunde kunden"
).split()

_HEADERS = {
    "first_name": "first_name|firstname|fname|given_name|givenname|forename|middle_name|vorname|prenom",
    "last_name": "last_name|lastname|lname|surname|family_name|maiden_name|nachname|familienname|apellidos?",
    "name": f"full_name|fullname|(?:{'|'.join(_WHO)})_name",
    "email": "e_?mail|e_?mail_addr(?:ess)?|mail_address",
    "phone": "(?:tele)?phone|(?:tele|mobile_?|cell_?)?phone_(?:number|no|nr)|mobile_(?:phone|number|no)|"
    "cell_?phone|fax|fax_(?:number|no)|telefon|telefono|tel_(?:number|no|nr)|contact_number|msisdn",
    "address": "addr(?:ess)?|addr(?:ess)?_line|street|street_addr(?:ess)?|strasse|adresse|anschrift|"
    "direccion",
    "iban": "iban|iban_(?:number|no|nr)",
    "card": "credit_?card|(?:credit_?)?card_(?:number|no|nr)|cc_(?:number|no)|debit_card",
    "national_id": "ssn|social_security|social_security_(?:number|no)|national_(?:id|number)|nino|tax_id|tin|"
    "passport|passport_(?:number|no)|cpf|curp|nif|dni|bsn|aadhaar|personnummer|steuer_?id|"
    "drivers?_licen[cs]e|drivers?_licen[cs]e_(?:number|no)|medical_record_number|mrn|national_insurance_number",
    "ip": "ip_addr(?:ess)?|ipv[46]|ipv[46]_addr(?:ess)?|(?:client|remote|source|src|dst|user|host)_ip",
    "url": "url|website|homepage|web_site|profile_url|home_?page_url",
    "uuid": "uuid|guid",
    BIRTH_DATE: "dob|birth_?date|date_of_birth|birth_?day|geburtsdatum|geburtstag|fecha_de_nacimiento",
}
# Names that may mean something else: they count only beside cells that speak for themselves.
_DOUBTFUL = {
    "first_name": "first",
    "last_name": "last",
    "name": "names?|nom|nombre",
    "email": "mail",
    "phone": "mobile|cell|tel|handy|phones",
    "card": "card|pan",
    "ip": "ip|host",
    "url": "link|web|uri",
    "national_id": "nin|licen[cs]e|id_number|identity",
}


@dataclass(frozen=True)
class Header:
    """What the name of a column speaks for; `is_sure`: it hardly means anything else."""

    form: str
    is_sure: bool


@lru_cache
def _patterns() -> tuple[tuple[str, bool, re.Pattern[str]], ...]:
    who = "|".join(_WHO)
    return tuple(
        (form, is_sure, re.compile(rf"(?:(?:{who})_)*(?:{stems})(?:_?\d)?"))
        for is_sure, headers in ((True, _HEADERS), (False, _DOUBTFUL))
        for form, stems in headers.items()
    )


def header_of(name: Hashable) -> Header | None:
    """The form that a column's name speaks for.

    >>> header_of("customerEmail"), header_of("Name")
    (Header(form='email', is_sure=True), Header(form='name', is_sure=False))
    >>> header_of("email_opt_in") is header_of("product_name") is None
    True
    """
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(name)[:200])
    text = re.sub(r"[\W_]+", "_", text.replace("ß", "ss").lower()).strip("_")
    for form, is_sure, pattern in _patterns():
        if pattern.fullmatch(text):
            return Header(form, is_sure)
    return None
