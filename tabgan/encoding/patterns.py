"""The written form that the values of an identifier share, and new values of that form.

A form tells which characters are fixed and which are digits or letters; a fixed character or a
length is told only when at least `min_rows` rows have it, and no value is kept.
"""

from __future__ import annotations

import math
import re
import string
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from tabgan.cells import MAX_TEXT
from tabgan.column import Column
from tabgan.dtypes import LARGEST, largest_number
from tabgan.encoding.layout import IntArray
from tabgan.encoding.scattering import MOST_ROWS, scattered, scattered_numbers

Form: TypeAlias = Literal["number", "text", "uuid"]

CLASSES = {
    "9": string.digits,
    "x": string.digits + "abcdef",
    "X": string.digits + "ABCDEF",
    "a": string.ascii_lowercase,
    "A": string.ascii_uppercase,
    "z": string.digits + string.ascii_lowercase,
    "Z": string.digits + string.ascii_uppercase,
    "*": string.digits + string.ascii_letters,
    "1": "123456789",  # before further digits, where no zero is
}
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_RUN = re.compile(r"[0-9]+|[a-z]+|[A-Z]+|[^0-9a-zA-Z]")
_SAME_LENGTH = 0.95
_CROWDED = 0.1  # share of all texts of a form that the rows may take, where it can be wider
_FULL = 0.5  # the same, where it has but one length
_UNKNOWN_DIGITS = 6  # of numbers of which nothing is known
_PARTS, _MARGIN = 16, 0.1  # of all texts of a form, in which old ones lie
_MOST_COMPARED = 10**12  # texts of a form; among more old ones are hardly met
_DIGITS_64 = 20  # of numbers up to 2**64, if not of all numbers of so many digits
_COUNTED = 64  # characters that the row number is written into; those before repeat them
_ANY: tuple[tuple[str, Any], ...] = (("z", 12),)


@dataclass(frozen=True)
class Pattern:
    """Form of an identifier: the least number, `start`, or pieces of text.

    A piece is ("=", fixed text) or (a class of `CLASSES`, its number of characters). `taken`: the
    sixteenths of all texts in their order, from and to, in which old ones lie; made ones lie elsewhere.
    """

    form: Form
    start: int = 1
    pieces: tuple[tuple[str, Any], ...] = ()
    taken: tuple[int, int] | None = None

    def to_dict(self) -> dict[str, Any]:
        """State as strict JSON."""
        told = {"form": self.form, "start": self.start, "pieces": [list(p) for p in self.pieces]}
        return told | ({"taken": list(self.taken)} if self.taken else {})

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Pattern:
        """What `to_dict` wrote."""
        pieces = tuple((kind, content) for kind, content in state["pieces"])
        if state["form"] not in get_args(Form) or sum(map(_length, pieces)) > MAX_TEXT:
            raise ValueError("Expected a known form of at most MAX_TEXT characters.")
        taken = tuple(map(int, state["taken"])) if "taken" in state else None
        if taken is not None and not (len(taken) == 2 and 0 <= taken[0] < taken[1] <= _PARTS):
            raise ValueError("Expected the first and the last sixteenth that old texts take.")
        return cls(state["form"], int(state["start"]), pieces, taken)

    def numbers(self, rows: IntArray, salt: int = 0, *, largest: int = LARGEST) -> IntArray:
        """One number a row, another one for every row number, as long as `start` until those run out.

        `salt`: another one gives another order, so that columns do not go together.
        """
        n_digits = len(str(self.start)) if self.start > 1 else _UNKNOWN_DIGITS
        return scattered_numbers(rows, self.start, n_digits, salt=salt, largest=largest)

    def texts(self, rows: IntArray, salt: int = 0) -> list[str]:
        """One text a row, another one for every row number; longer ones when those of the form run out.

        `salt`: another one gives other texts, so that columns of one form do not share them.
        """
        if self.form == "uuid":
            return [_uuid(row, salt) for row in rows.tolist()]
        texts = [""] * len(rows)
        pieces, first, taken = self.pieces, 0, self.taken or (0, 0)
        while True:
            alphabets = _alphabets(pieces)
            whole = _capacity(alphabets)
            start, stop = (sixteenths * whole // _PARTS for sixteenths in taken)
            capacity = whole - (stop - start)
            last = min(first + capacity, MOST_ROWS)
            own = np.flatnonzero((rows >= first) & (rows < last))
            for place, index in zip(own.tolist(), scattered(rows[own] - first, capacity, salt), strict=True):
                texts[place] = _text(alphabets, index if index < start else index + stop - start)
            if last > rows.max(initial=0):
                return texts
            pieces, first, taken = _wider(pieces), first + capacity, (0, 0)


def pattern_of_numbers(values: IntArray, column: Column, *, min_rows: int) -> Pattern:
    """Numbers above the largest group of numbers, with one digit more if need be.

    Where they start comes from a mean of `min_rows` numbers, so that no single number shows; where the
    dtype has no room above, it is 1.
    """
    n_top = max(min_rows, 1)
    if len(values) < n_top:
        return Pattern("number")
    top = np.partition(values, len(values) - n_top)[-n_top:]
    mean = max(int(top.astype(np.float64).mean()), 1)
    step = 10 ** max(len(str(mean)) - 2, 1)
    start = min((mean // step + 2) * step, 10 ** len(str(mean)))
    return Pattern("number", start if start <= largest_number(column.dtype) // 2 else 1)


def pattern_of_text(texts: list[str], *, min_rows: int, has_room: bool = False) -> Pattern:
    """The form most texts share: position by position if they have one length, else run by run.

    `has_room`: the form is kept as it is, however many of its texts are taken.
    """
    if not texts:
        return Pattern("text", pieces=(("x", 12),))
    if sum(bool(_UUID.fullmatch(text)) for text in texts[:1000]) >= 0.99 * len(texts[:1000]):
        return Pattern("uuid")
    (length, n_same) = Counter(map(len, texts)).most_common(1)[0]
    rows = [text for text in texts if len(text) == length]
    if n_same >= _SAME_LENGTH * len(texts) and length > 0:
        pieces, share = _by_position(rows, min_rows, is_led=not has_room), _FULL
    else:
        pieces, share = _by_run(texts, min_rows, is_led=not has_room), _CROWDED
    if has_room and pieces == _ANY:
        pieces = (*_marks(texts, min_rows), *_ANY)
    if has_room:
        return Pattern("text", pieces=pieces)
    pieces = _roomy(pieces, len(texts), share)
    return Pattern("text", pieces=pieces, taken=_taken(texts, pieces, min_rows))


def _by_position(texts: list[str], min_rows: int, *, is_led: bool) -> tuple[tuple[str, Any], ...]:
    columns = list(zip(*texts, strict=True))
    pieces = _hexadecimal([_piece(column, min_rows) for column in columns])
    if is_led:
        before = ["", *(str(content) if kind == "=" else kind for kind, content in pieces)]
        pieces = [
            ("1", 1) if kind == "9" and not last.isdigit() and "0" not in column else (kind, content)
            for (kind, content), last, column in zip(pieces, before, columns, strict=False)
        ]
    return _merged(pieces)


def _piece(characters: tuple[str, ...], min_rows: int) -> tuple[str, Any]:
    counts = Counter(characters)
    common, n_common = counts.most_common(1)[0]
    if n_common == len(characters) >= max(min_rows, 2):
        return "=", common
    if not common.isalnum() and n_common > len(characters) / 2 and n_common >= min_rows:
        return "=", common
    return _class_of(counts), 1


def _class_of(characters: Counter[str]) -> str:
    plain = {character for character in characters if character in CLASSES["*"]}
    for kind, alphabet in CLASSES.items():
        if plain <= set(alphabet):
            return kind
    return "*"


def _hexadecimal(pieces: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Digits among hexadecimal letters join them."""
    kinds = {kind for kind, _ in pieces}
    for wide in ("x", "X"):
        if wide in kinds and kinds <= {"9", wide, "=", "a", "A"}:
            pieces = [(wide if kind == "9" else kind, content) for kind, content in pieces]
    return pieces


def _merged(pieces: list[tuple[str, Any]]) -> tuple[tuple[str, Any], ...]:
    """Neighbours of one kind become one piece."""
    merged: list[tuple[str, Any]] = []
    for kind, content in pieces:
        if merged and merged[-1][0] == kind:
            merged[-1] = (kind, merged[-1][1] + content)
        else:
            merged.append((kind, content))
    return tuple(merged)


def _by_run(texts: list[str], min_rows: int, *, is_led: bool) -> tuple[tuple[str, Any], ...]:
    """Runs of digits and letters, of the lengths that most rows of the commonest shape have."""
    split = [_RUN.findall(text) for text in texts]
    shapes = Counter(tuple(_shape(run) for run in runs) for runs in split)
    shape, n_rows = shapes.most_common(1)[0]
    if n_rows < max(min_rows, 2) or not shape:
        return _ANY
    alike = [runs for runs in split if tuple(_shape(run) for run in runs) == shape]
    pieces: list[tuple[str, Any]] = []
    for kind, runs in zip(shape, zip(*alike, strict=True), strict=True):
        run, n_common = Counter(runs).most_common(1)[0]
        if n_common == len(runs) or kind == "=":
            pieces.append(("=", run if n_common >= min_rows else "-"))
        elif kind == "9" and is_led and not any(run.startswith("0") for run in runs):
            length = _usual_length(runs, min_rows)
            pieces += [("1", 1), ("9", length - 1)] if length > 1 else [("1", 1)]
        else:
            pieces.append((kind, _usual_length(runs, min_rows)))
    return _merged(pieces)


def _usual_length(runs: tuple[str, ...], min_rows: int) -> int:
    """The commonest length; of numbers that fit 64 bits, one of which all numbers do."""
    counts = Counter(map(len, runs))
    length = counts.most_common(1)[0][0]
    is_tight = length == _DIGITS_64 and counts[length - 1] >= min_rows
    return length - 1 if is_tight and max(runs, key=lambda run: (len(run), run)) < str(2**64) else length


def _marks(texts: list[str], min_rows: int) -> list[tuple[str, Any]]:
    """Signs between letters and digits that most texts hold, where no two texts are alike otherwise."""
    counts = Counter(sign for text in texts for sign in set(text) if not sign.isalnum())
    return [("=", sign) for sign, n in sorted(counts.items()) if n >= max(min_rows, len(texts) / 2)]


def _shape(run: str) -> str:
    for kind in ("9", "a", "A"):
        if run[0] in CLASSES[kind]:
            return kind
    return "="


def _roomy(pieces: tuple[tuple[str, Any], ...], n_rows: int, share: float) -> tuple[tuple[str, Any], ...]:
    """A form of which the rows do not take most values, as then nearly all that are made would be old ones.

    First zeros that all numbers begin with may be other digits, which keeps the length; then it grows.
    """
    if all(kind == "=" for kind, _ in pieces):
        return _wider(pieces)
    if n_rows > _CROWDED * _capacity(_alphabets(pieces)):
        pieces = _without_zeros(pieces)
    while n_rows > share * _capacity(_alphabets(pieces)):
        pieces = _wider(pieces)
    return pieces


def _taken(texts: list[str], pieces: tuple[tuple[str, Any], ...], min_rows: int) -> tuple[int, int] | None:
    """The sixteenths of a form that old texts lie in, as far as groups of `min_rows` tell; None for most."""
    alphabets = _alphabets(pieces)
    capacity = _capacity(alphabets)
    if capacity > _MOST_COMPARED or len(alphabets) > _COUNTED:
        return None
    places = sorted(place for text in texts if (place := _place(alphabets, text)) is not None)
    n_least = max(min_rows, 1)
    if len(places) < n_least:
        return None
    low, high = (sum(few) / n_least * _PARTS / capacity for few in (places[:n_least], places[-n_least:]))
    first, last = max(int(low - _MARGIN), 0), min(int(high + _MARGIN) + 1, _PARTS)
    return (first, last) if last - first <= _PARTS // 2 else None


def _place(alphabets: list[str], text: str) -> int | None:
    """The place of a text among all of its form; None for one of another form."""
    if len(text) != len(alphabets) or not all(map(str.__contains__, alphabets, text)):
        return None
    place = 0
    for alphabet, character in zip(alphabets, text, strict=True):
        place = place * len(alphabet) + alphabet.index(character)
    return place


def _without_zeros(pieces: tuple[tuple[str, Any], ...]) -> tuple[tuple[str, Any], ...]:
    freed: list[tuple[str, Any]] = []
    for kind, content in pieces:
        last = freed[-1] if freed else ("", "")
        n_zeros = len(last[1]) - len(last[1].rstrip("0")) if last[0] == "=" and kind in ("1", "9") else 0
        if n_zeros:
            freed[-1:] = [("=", last[1][:-n_zeros]), ("9", n_zeros), ("9", content)]
        else:
            freed.append((kind, content))
    return _merged([(kind, content) for kind, content in freed if content])


def _wider(pieces: tuple[tuple[str, Any], ...]) -> tuple[tuple[str, Any], ...]:
    """The form with a digit more, or another sign where it has no digits."""
    free = [place for place, (kind, content) in enumerate(pieces) if kind != "=" and content]
    if not free:
        return (*pieces, ("9", 9))
    wide = next((place for place in reversed(free) if pieces[place][0] == "9"), free[-1])
    kind, length = pieces[wide]
    return (*pieces[:wide], (kind, length + 1), *pieces[wide + 1 :])


def _length(piece: tuple[str, Any]) -> int:
    """Characters of a piece. Raises: KeyError or ValueError for what is none."""
    kind, content = piece
    if kind == "=":
        return len(content)
    if type(content) is not int or content < 0 or not CLASSES[kind]:
        raise ValueError("Expected a number of characters.")
    return content


def _alphabets(pieces: tuple[tuple[str, Any], ...]) -> list[str]:
    """One alphabet a character; fixed text is an alphabet of one "letter"."""
    alphabets: list[str] = []
    for kind, content in pieces:
        alphabets += list(content) if kind == "=" else [CLASSES[kind]] * content
    return alphabets


def _capacity(alphabets: list[str]) -> int:
    """How many texts there are, but for characters that repeat others."""
    return math.prod([len(alphabet) for alphabet in alphabets if len(alphabet) > 1][-_COUNTED:])


def _text(alphabets: list[str], index: int) -> str:
    rest, characters, n_free = index, [], 0
    for alphabet in reversed(alphabets):
        if len(alphabet) > 1:
            rest, digit = divmod(rest if n_free % _COUNTED else index, len(alphabet))
            n_free += 1
            characters.append(alphabet[digit])
        else:
            characters.append(alphabet)
    return "".join(reversed(characters))


def _uuid(row: int, salt: int) -> str:
    """A version 4 UUID from the row number, by a fixed mixing that never repeats (odd factors)."""
    high = ((row + salt) * 0x9E3779B97F4A7C15 + 0xBF58476D1CE4E5B9) % 2**60
    low = ((row + salt) * 0xD1B54A32D192ED03 + 0x94D049BB133111EB) % 2**62
    digits = f"{high:015x}"
    tail = f"{low | 1 << 63:016x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[12:]}-{tail[:4]}-{tail[4:]}"
