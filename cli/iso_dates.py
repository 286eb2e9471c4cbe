"""Dates and times as ISO text: recognised, read, and written in the style they were read in."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_CELL = (
    r"^(?P<moment>[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?)?)"
    r"(?P<zone>Z|[+-][0-9]{2}(?::?[0-9]{2})?)?$"
)
_STYLE = re.compile(r"0000-00-00(?:([T ])00:00(:00(?:\.(0{1,9}))?)?(Z|[+-]\d\d(?::?\d\d)?)?)?")
_DAY, _MINUTE, _SECOND = -2, -1, 0
_UNITS = ("s", "ms", "us", "ns")
_LOOK = 64  # cells that are looked at before all are


@dataclass(frozen=True)
class DateStyle:
    """How the dates of a column are written.

    precision: -2 = days, -1 = minutes, 0 = seconds, k = k digits of a second.
    zone: "", "Z" or an offset such as "+02:00", the same in every cell.
    """

    precision: int = _DAY
    separator: str = " "
    zone: str = ""

    def __str__(self) -> str:
        """A cell with every digit of the moment turned into a zero: "0000-00-00T00:00Z"."""
        if self.precision == _DAY:
            return "0000-00-00"
        seconds = "" if self.precision == _MINUTE else ":00"
        fraction = "." + "0" * self.precision if self.precision > 0 else ""
        return f"0000-00-00{self.separator}00:00{seconds}{fraction}{self.zone}"

    @property
    def pandas_zone(self) -> str | None:
        """The zone as pandas calls it: "UTC", "UTC+02:00"; None without zone."""
        if self.zone in ("", "Z"):
            return "UTC" if self.zone else None
        digits = self.zone[1:].replace(":", "").ljust(4, "0")
        return f"UTC{self.zone[0]}{digits[:2]}:{digits[2:]}"

    @classmethod
    def parse(cls, text: str) -> DateStyle | None:
        """The style that `str` wrote; None for any other text."""
        match = _STYLE.fullmatch(text)
        if match is None:
            return None
        separator, seconds, digits, zone = match.groups()
        precision = _DAY if separator is None else _MINUTE if seconds is None else len(digits or "")
        return cls(precision, separator or " ", zone or "")


def read_dates(texts: pa.Array) -> tuple[pa.Array, DateStyle] | None:
    """Timestamps of the texts and their style; None unless all are dates of one style.

    Where there are zones, the timestamps are UTC. Fractions of a second may differ in length: the
    longest is the style. The style of cells of several offsets is UTC.
    """
    if len(texts) == 0 or pc.extract_regex(texts[:_LOOK], _CELL).null_count:
        return None
    parts = pc.extract_regex(texts, _CELL)
    if parts.null_count:
        return None
    zones = pc.unique(parts.field("zone")).to_pylist()
    zeros = pc.unique(pc.replace_substring_regex(parts.field("moment"), "[0-9]", "0")).to_pylist()
    style = _shared_style([DateStyle.parse(text) for text in zeros])
    if style is None or ("" in zones and len(zones) > 1):
        return None
    style = replace(style, zone=zones[0] if len(zones) == 1 else "Z")
    stored = _UNITS[(max(style.precision, 0) + 2) // 3]
    try:
        if not style.zone:
            return pc.cast(texts, pa.timestamp(stored)), style
        moments = pc.cast(texts, pa.timestamp(stored, "UTC"))
    except pa.ArrowInvalid:  # such as the 31st of February
        return None
    return moments, style


def _shared_style(styles: list[DateStyle | None]) -> DateStyle | None:
    """The finest of styles that differ in nothing but the digits of the second."""
    known = [style for style in styles if style is not None]
    finest = max(known, key=lambda style: style.precision)
    if len(known) > 1 and min(style.precision for style in known) < _SECOND:
        return None
    return finest if len({style.separator for style in known}) == 1 else None


def write_dates(cells: pd.Series[Any], style: DateStyle | None) -> tuple[list[str | None], DateStyle]:
    """Text of every cell, None where it is missing, and the style that was used.

    That is the style asked for, or a finer one where it would lose part of a cell. With none asked for,
    it is seconds, since rows to come may have a time of day even if these have none, but for a dtype of days.
    """
    is_day = False
    if isinstance(cells.dtype, pd.ArrowDtype):
        is_day = pa.types.is_date(cells.dtype.pyarrow_dtype)
        cells = pa.array(cells).to_pandas(date_as_object=False)
    is_aware = isinstance(cells.dtype, pd.DatetimeTZDtype)
    least = DateStyle(_DAY if is_day else _SECOND, "T" if is_aware else " ", "Z" if is_aware else "")
    used = style or least
    moments = _wall_time(cells, used.pandas_zone if is_aware else None)
    used = replace(used, precision=_precision(moments, used.precision))
    gone = np.isnat(moments)
    texts = _texts(moments, used)
    return [None if none else text for none, text in zip(gone.tolist(), texts, strict=True)], used


def _wall_time(cells: pd.Series[Any], zone: str | None) -> npt.NDArray[np.datetime64]:
    """What a clock in the zone shows at these moments."""
    if zone is not None:
        cells = cells.dt.tz_convert(zone)
    if isinstance(cells.dtype, pd.DatetimeTZDtype):
        cells = cells.dt.tz_localize(None)
    moments: npt.NDArray[np.datetime64] = cells.to_numpy()
    return moments


def _precision(moments: npt.NDArray[np.datetime64], least: int) -> int:
    """The coarsest precision from `least` on that loses nothing."""
    moments = moments[~np.isnat(moments)]
    unit = np.datetime_data(moments.dtype)[0]
    digits = 3 * _UNITS.index(unit)
    ticks = moments.view(np.int64)
    steps = {_DAY: 86_400 * 10**digits, _MINUTE: 60 * 10**digits} | {
        k: 10 ** (digits - k) for k in range(digits + 1)
    }
    return next((p for p, step in steps.items() if p >= least and not (ticks % step).any()), least)


def _texts(moments: npt.NDArray[np.datetime64], style: DateStyle) -> list[str]:
    units = {_DAY: "D", _MINUTE: "m"}
    unit = units.get(style.precision) or _UNITS[(style.precision + 2) // 3]
    width = len(str(replace(style, zone="")))
    texts: list[str] = np.datetime_as_string(moments, unit=unit).tolist()  # type: ignore[call-overload]
    if style.precision == _DAY:
        return texts
    if style.separator == "T":
        return [text[:width] + style.zone for text in texts]
    return [text[:10] + " " + text[11:width] + style.zone for text in texts]
