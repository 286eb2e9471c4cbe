"""`--where`, `--counts` and `--shares`: which rows to make, read against the schema of the model.

    income=>50K                 a value; the first "=" after the column's name ends the name
    age=30:40  age=30..40       an interval, both ends included
    age=30:    age=:40          an interval with an open end
    day=2024-01-01..2024-02-01T12:00      ".." where the ends hold colons
    job=clerk  job=nurse        the same column again: any of these values

A day without a time is the whole day. Text after "=" is the value itself in columns of text,
whatever signs it holds; only their order lets ordered categories have intervals (with "..").
`--counts income='>50K'=500` and `--shares age=30:40=.5` end with a number after the last "=".
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Hashable, Sequence
from typing import Any

from tabgan_cli.failures import CommandError, Exit

from tabgan.schema import Column, Schema

_DAY = r"\d{4}-\d{2}-\d{2}"
_MOMENT = re.compile(rf"{_DAY}([T ]\d{{2}}:\d{{2}}(:\d{{2}}(\.\d{{1,9}})?)?(Z|[+-]\d{{2}}:?\d{{2}})?)?")
_DAYS = re.compile(rf"({_DAY})?:({_DAY})?")
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def parse_conditions(texts: Sequence[str], schema: Schema) -> dict[Hashable, Any]:
    """Conditions for `TabGAN.sample` from what was passed with `--where`.

    Raises: CommandError naming the column and what it takes.
    """
    told: dict[Hashable, list[Any]] = {}
    for text in texts:
        column, value = _split(text, schema)
        told.setdefault(column.name, []).append(_condition(value, column))
    for name, conditions in told.items():
        if len(conditions) > 1 and any(isinstance(condition, tuple) for condition in conditions):
            raise _refusal(
                schema[name], "an interval cannot be combined with other values or intervals. Give it alone"
            )
    return {name: conditions[0] if len(conditions) == 1 else conditions for name, conditions in told.items()}


def parse_numbers(texts: Sequence[str], schema: Schema, *, option: str) -> dict[Hashable, dict[Any, float]]:
    """Column → value → number, for `TabGAN.sample`, from what was passed with --counts or --shares.

    Raises: CommandError naming the column and what it takes.
    """
    told: dict[Hashable, dict[Any, float]] = {}
    for text in texts:
        condition, _, number = text.rpartition("=")
        try:
            count = float(number)
            column, value = _split(condition, schema)
            numbers, wanted = told.setdefault(column.name, {}), _condition(value, column)
            if wanted in numbers:
                raise _refusal(column, "the same value or interval is given twice. Give it once")
            numbers[wanted] = count
        except CommandError as error:
            raise CommandError(error.code, str(error).replace("--where", option, 1)) from None
        except ValueError:
            what = f"{option} must end with a number. Write column=value=number."
            raise CommandError(Exit.USAGE, what) from None
    return told


def _split(text: str, schema: Schema) -> tuple[Column, str]:
    """The column and the text after its name; names may hold "=" themselves, the longest wins."""
    named = [column for column in schema if text.startswith(f"{column.name}=")]
    if named:
        column = max(named, key=lambda column: len(str(column.name)))
        return column, text[len(str(column.name)) + 1 :]
    name, equals, _ = text.partition("=")
    if not equals:
        raise CommandError(Exit.USAGE, f"--where {name!r} is not a condition. Write column=value.")
    names = [str(column.name) for column in schema]
    close = difflib.get_close_matches(name, names, n=3) or names[:10]
    raise CommandError(
        Exit.USAGE, f"--where: there is no column {name!r}. Use one of {', '.join(map(repr, close))}."
    )


def _condition(text: str, column: Column) -> Any:
    if text == "":
        raise _refusal(column, "missing cells cannot be requested. Write a value after the =")
    if column.kind == "identifier":
        raise _refusal(column, "its values are made up, so it takes no condition")
    if column.kind == "boolean" and (column.dtype.startswith("bool") or column.element == "bool"):
        return _truth(text, column)
    if column.kind == "datetime":
        return _moments(text, column)
    if column.kind == "numeric":
        return _numbers(text, column)
    if column.ordered and ".." in text:
        return _ends(text, "..", column)
    return text


def _truth(text: str, column: Column) -> bool:
    if text.lower() not in _TRUTH:
        raise _refusal(column, "expected true or false")
    return _TRUTH[text.lower()]


def _numbers(text: str, column: Column) -> Any:
    if "timedelta" in column.dtype or "duration" in column.dtype:  # written with colons
        return _ends(text, "..", column) if ".." in text else text
    separator = ".." if ".." in text else ":"
    if separator not in text:
        return _number(text, column)
    low, high = (None if end is None else _number(end, column) for end in _ends(text, separator, column))
    if low is not None and high is not None and low > high:
        raise _refusal(column, "the interval is empty. Write low:high")
    return low, high


def _number(text: str, column: Column) -> int | float:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if number - number != 0:  # NaN or infinite
        raise _refusal(column, "expected a number, or an interval such as 30:40, 30: or :40")
    return number


def _moments(text: str, column: Column) -> Any:
    if ".." in text:
        low, high = _ends(text, "..", column)
    elif _DAYS.fullmatch(text):
        low, high = _ends(text, ":", column)
    elif re.fullmatch(_DAY, text):
        low = high = text
    else:
        return _moment(text, column)
    return _moment(low, column), _end_of_day(_moment(high, column), column)


def _moment(text: str | None, column: Column) -> str | None:
    if text is not None and not _MOMENT.fullmatch(text):
        example = "2024-01-31, 2024-01-31T12:00, or an interval such as 2024-01-01..2024-01-31"
        raise _refusal(column, f"expected ISO dates: {example}")
    return text


def _end_of_day(text: str | None, column: Column) -> str | None:
    """A day stands for all of it, so as an upper end it reaches to midnight."""
    if text is None or not re.fullmatch(_DAY, text):
        return text
    # Nanoseconds end in the year 2262; only columns that count them are asked in them.
    return f"{text}T23:59:59.{'9' * 9 if '[ns' in column.dtype else '9' * 6}"


def _ends(text: str, separator: str, column: Column) -> tuple[str | None, str | None]:
    low, _, high = text.partition(separator)
    if not low.strip() and not high.strip():
        raise _refusal(column, "the interval has neither a start nor an end. Give at least one")
    return low.strip() or None, high.strip() or None


def _refusal(column: Column, text: str) -> CommandError:
    return CommandError(Exit.USAGE, f"--where, column {str(column.name)!r}: {text}.")
