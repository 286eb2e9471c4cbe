"""Check digits: Luhn's of card numbers (ISO/IEC 7812) and the two of an IBAN (ISO 13616, ISO 7064)."""

from __future__ import annotations

# What follows country and check digits, as in SWIFT's IBAN registry: n digits, a letters, c either.
IBANS = {
    "AT": "16n", "BE": "12n", "BG": "4a6n8c", "CH": "5n12c", "CY": "8n16c", "CZ": "20n", "DE": "18n",
    "DK": "14n", "EE": "16n", "ES": "20n", "FI": "14n", "FR": "10n11c2n", "GB": "4a14n", "GR": "7n16c",
    "HR": "17n", "HU": "24n", "IE": "4a14n", "IS": "22n", "IT": "1a10n12c", "LT": "16n", "LU": "3n13c",
    "LV": "4a13c", "MT": "4a5n18c", "NL": "4a10n", "NO": "11n", "PL": "24n", "PT": "21n", "RO": "4a16c",
    "SE": "20n", "SI": "15n", "SK": "20n", "TR": "6n16c",
}  # fmt: skip


def luhn_digit(digits: str) -> str:
    """The digit that makes a number of these digits and itself pass `passes_luhn`.

    >>> luhn_digit("424242424242424")
    '2'
    """
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[::-2])
    plain = sum(int(digit) for digit in digits[-2::-2])
    return str(-(doubled + plain) % 10)


def passes_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others."""
    return digits.isascii() and digits.isdigit() and len(digits) > 1 and luhn_digit(digits[:-1]) == digits[-1]


def iban_of(country: str, account: str) -> str:
    """The IBAN of a national account number.

    >>> iban_of("DE", "370400440532013000")
    'DE89370400440532013000'
    """
    return f"{country}{98 - _remainder(f'{account}{country}00'):02d}{account}"


def is_iban(text: str) -> bool:
    """Whether the text, without its spaces, is an IBAN of a known country and length with right digits."""
    plain = text.replace(" ", "").upper()
    if not plain.isascii() or not plain.isalnum() or not 15 <= len(plain) <= 34 or not plain[2:4].isdigit():
        return False
    return plain[:2].isalpha() and _remainder(plain[4:] + plain[:4]) == 1


def _remainder(text: str) -> int:
    return int("".join(str(int(sign, 36)) for sign in text)) % 97
