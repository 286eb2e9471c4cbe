"""Text that writes dates, times or numbers: how one can tell, and the call of pandas that converts it."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, TypeAlias

import pandas as pd

Cells: TypeAlias = "pd.Series[Any]"

MANY_VALUES = 20  # fewer numbers are learned well enough as categories
_LOOK = 100  # different cells that are looked at before all are

_ISO_DATE = re.compile(r"\d{4}-[01]\d-[0-3]\d([T ][0-2]\d:[0-5]\d(:[0-5]\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$")
_CLOCK = r"(?:,? (?P<clock>\d{1,2}:\d\d)(?P<seconds>:\d\d)?(?P<half> [AP]M)?)?"
_DATES = [
    re.compile(rf"(?P<one>\d{{1,2}})(?P<sign>[/.-])\d{{1,2}}(?P=sign)(?P<year>\d{{4}}|\d\d){_CLOCK}"),
    re.compile(rf"(?P<year>\d{{4}})(?P<sign>[/.])\d{{1,2}}(?P=sign)\d{{1,2}}{_CLOCK}"),
    re.compile(
        rf"(?P<one>\d{{1,2}})(?P<sign>[ -])(?P<month>[A-Za-z]{{3,9}})(?P=sign)(?P<year>\d{{4}}|\d\d){_CLOCK}"
    ),
    re.compile(rf"(?P<month>[A-Za-z]{{3,9}}) (?P<one>\d{{1,2}})(?P<comma>,?) (?P<year>\d{{4}}){_CLOCK}"),
]
_TIME = re.compile(r"\d{1,3}:[0-5]\d(?P<seconds>:[0-5]\d(\.\d+)?)?")
_SPAN = re.compile(r"-?\d+ days?( [+-]?\d\d:\d\d:\d\d(\.\d+)?)?")
_SIGNS = r"[$€£¥%\s]"
_NUMBER = re.compile(rf"{_SIGNS}*[-+]?{_SIGNS}*(0|[1-9]\d*|[1-9]\d{{0,2}}(,\d{{3}})+)?(\.\d+)?{_SIGNS}*")
_COMMA_NUMBER = re.compile(rf"{_SIGNS}*[-+]?{_SIGNS}*(0|[1-9]\d*|[1-9]\d{{0,2}}(\.\d{{3}})+)(,\d+)?{_SIGNS}*")
_GROUPED = re.compile(r"\D*(\d{1,3}\.\d{3}|\d{1,3})\D*")
_UNIT = re.compile(r"[^\W\d_]+$")
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class Written:
    """What text writes ("dates"), and calls of pandas that convert it, one for each way to read it.

    `{}` in a call stands for the column. `formats` of dates and the sign between `thousands`: the command
    line can read them.
    """

    what: str
    calls: tuple[str, ...]
    formats: tuple[str, ...] = ()
    thousands: str = ""

    def cure(self, name: Hashable) -> str:
        """What to do, as a sentence without its end.

        >>> print(Written("times", ("pd.to_timedelta({})",)).cure("start"))
        Convert it with pd.to_timedelta(df['start']) to have it learned as such
        """
        calls = " or, if the month is first, ".join(call.format(f"df[{name!r}]") for call in self.calls)
        option = " or ".join(f'--dates "{form}"' for form in self.formats)
        option = option and f" (of CSV, JSON lines, Excel: {option})"
        option = f" (of CSV: --thousands '{self.thousands}')" if self.thousands else option
        return f"Convert it with {calls} to have it learned as such{option}"


def written_as(cells: Cells) -> Written | None:
    """What all the texts write that is no text; None where they are text, or other things than texts.

    >>> written_as(pd.Series(["05 Jan 2022", "11 May 2022"])).calls
    ('pd.to_datetime({}, format="%d %b %Y")',)
    >>> written_as(pd.Series(["00501", "90210"])) is None
    True
    """
    distinct = pd.Series(cells.dropna().unique(), dtype=object)
    few = distinct.iloc[:_LOOK]
    if distinct.empty or not all(isinstance(cell, str) for cell in few):
        return None
    if _written(few, few) is None or not all(isinstance(cell, str) for cell in distinct):
        return None
    return _written(distinct, few)


def looks_like_date_text(cells: Cells) -> bool:
    """Whether text reads like ISO dates, with or without a time of day.

    >>> looks_like_date_text(pd.Series(["2024-02-29", "2023-12-31 23:59"]))
    True
    """
    some = cells.dropna().iloc[:_LOOK]
    return len(some) > 0 and all(isinstance(cell, str) and _ISO_DATE.match(cell) for cell in some)


def _written(texts: Cells, few: Cells) -> Written | None:
    if looks_like_date_text(few):
        return Written("dates", ('pd.to_datetime({}, format="ISO8601")',))
    if formats := _date_formats(texts):
        calls = tuple(f'pd.to_datetime({{}}, format="{form}")' for form in formats)
        return Written("dates", calls, tuple(formats))
    if _all(texts, _SPAN):
        return Written("durations", ("pd.to_timedelta({})",))
    if _all(texts, _TIME):
        seconds = {bool(_TIME.fullmatch(text)["seconds"]) for text in texts}  # type: ignore[index]
        call = "pd.to_timedelta({})" if True in seconds else 'pd.to_timedelta({} + ":00")'
        return Written("times", (call,)) if len(seconds) == 1 else None
    return _numbers(texts)


def _all(texts: Cells, form: re.Pattern[str]) -> bool:
    return all(form.fullmatch(text) for text in texts)


def _date_formats(texts: Cells) -> list[str]:
    """The formats that all texts can be read in: one, or two where no day is above 12."""
    match = next((found for form in _DATES if (found := form.fullmatch(texts.iloc[0]))), None)
    if match is None:
        return []
    parts = {"sign": "", "month": "", "one": "", "comma": ""} | match.groupdict()
    is_short = len(match["year"]) == 2
    if is_short and parts["sign"] != "/" and not parts["month"] and texts.str.len().nunique() > 1:
        return []  # such as versions: 3.11.10
    sign, year = parts["sign"], "%y" if is_short else "%Y"
    if parts["month"]:
        months = ("%b", "%B")
        days = [f"%d{sign}{month}{sign}{year}" for month in months]
        days = days if sign else [f"{month} %d{parts['comma']} {year}" for month in months]
    elif parts["one"]:
        days = [f"%d{sign}%m{sign}{year}", f"%m{sign}%d{sign}{year}"]
    else:
        days = [f"{year}{sign}%m{sign}%d"]
    clock = _clock_format(match)
    forms = [day + clock for day in days if _reads(texts, day + clock)]
    return forms[:1] if parts["month"] else forms  # May is May


def _clock_format(match: re.Match[str]) -> str:
    if match["clock"] is None:
        return ""
    comma = "," if match[0][match.start("clock") - 2] == "," else ""
    hours = "%I:%M" if match["half"] else "%H:%M"
    return f"{comma} {hours}{':%S' if match['seconds'] else ''}{' %p' if match['half'] else ''}"


def _reads(texts: Cells, form: str) -> bool:
    return bool(pd.to_datetime(texts, format=form, errors="coerce").notna().all())


def _numbers(texts: Cells) -> Written | None:
    """Many numbers, but no codes: none has zeros before it, and digits alone are not all of one length."""
    if len(texts) < MANY_VALUES or not all(_DIGITS.search(text) for text in texts):
        return None
    numbers = _without_unit(texts)
    if _all(numbers, _COMMA_NUMBER) and (not _all(numbers, _NUMBER) or _has_thousand_points(numbers)):
        drops, comma, sign = r"[^\d,+-]", '.str.replace(",", ".")', "."
    elif _all(numbers, _NUMBER):
        drops, comma, sign = r"[^\d.+-]", "", ","
    else:
        return None
    if _all(numbers, _DIGITS) and (numbers.str.len().nunique() == 1 or numbers.str.len().max() > 15):
        return None
    is_plain = not comma and not texts.str.contains(drops).any()
    bare = "{}" if is_plain else f'{{}}.str.replace(r"{drops}", "", regex=True){comma}'
    has_thousands = texts.str.contains(sign, regex=False).any() and not texts.str.contains(r"[^\d.,+-]").any()
    return Written("numbers", (f"pd.to_numeric({bare})",), thousands=sign if has_thousands else "")


def _without_unit(texts: Cells) -> Cells:
    """The texts without the word, such as kg, that all of them end in."""
    unit = _UNIT.search(texts.iloc[0])
    if unit is None or not texts.str.endswith(unit[0]).all():
        return texts
    return texts.str.removesuffix(unit[0])


def _has_thousand_points(numbers: Cells) -> bool:
    """Whether every point has three digits after it, and no number without one is as large as a thousand."""
    return bool(numbers.str.contains(".", regex=False).any()) and _all(numbers, _GROUPED)
