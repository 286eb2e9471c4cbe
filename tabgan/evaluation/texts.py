"""How figures and names are written for people."""

from __future__ import annotations

import math

LABEL_LENGTH = 22


def shown(value: float | None) -> str:
    """A figure as it is printed everywhere: three digits after the point.

    >>> shown(0.5), shown(0.00012), shown(-3.25e299), shown(None)
    ('0.500', '0.00012', '-3.25e+299', '–')
    """
    if value is None:
        return "–"
    if 0 < abs(value) < 0.001:
        return f"{value:.2g}"
    return f"{value:.3f}" if abs(value) < 1e21 else f"{value:.6g}"


def counted(n: int, noun: str) -> str:
    """How many of what.

    >>> counted(1, "rule"), counted(2_000, "rule")
    ('1 rule', '2,000 rules')
    """
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def printable(value: object, length: int = LABEL_LENGTH) -> str:
    r"""Any name or category as short text without control characters or broken code points.

    >>> printable("a\nb" + "c" * 30, 10)
    'a�bcccccc…'
    """
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value))
    return text if len(text) <= length else text[: length - 1] + "…"


def plain(value: object) -> object:
    """A cell of a table as JSON has it: missing and infinite as None, anything unknown as text.

    >>> plain(float("nan")), plain(3), plain(("a", 1))
    (None, 3, "('a', 1)")
    """
    if hasattr(value, "item"):
        value = value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value)
