"""How figures and names are written for people."""

from __future__ import annotations

LABEL_LENGTH = 22


def shown(value: float | None) -> str:
    """A figure as it is printed everywhere: three digits after the point.

    >>> shown(0.5), shown(0.00012), shown(None)
    ('0.500', '0.00012', '–')
    """
    if value is None:
        return "–"
    return f"{value:.3f}" if value == 0 or abs(value) >= 0.001 else f"{value:.2g}"


def printable(value: object, length: int = LABEL_LENGTH) -> str:
    r"""Any name or category as short text without control characters or broken code points.

    >>> printable("a\nb" + "c" * 30, 10)
    'a�bcccccc…'
    """
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value))
    return text if len(text) <= length else text[: length - 1] + "…"
