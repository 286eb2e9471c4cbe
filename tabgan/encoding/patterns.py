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

from tabgan.column import Column
from tabgan.dtypes import to_dtype
from tabgan.encoding.layout import IntArray

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
}
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_RUN = re.compile(r"[0-9]+|[a-z]+|[A-Z]+|[^0-9a-zA-Z]")
_SAME_LENGTH = 0.95
_CROWDED = 0.001  # share of all texts of a form that the rows may take
MIN_CAPACITY = 10**6
MAX_LENGTH = 65_536  # of a cell of text
_COUNTED = 64  # characters that the row number is written into; those before repeat them
_ANY: tuple[tuple[str, Any], ...] = (("z", 12),)


@dataclass(frozen=True)
class Pattern:
    """Form of an identifier: `start` of running numbers, or pieces of text.

    A piece is ("=", fixed text) or (a class of `CLASSES`, its number of characters).
    """

    form: Form
    start: int = 1
    pieces: tuple[tuple[str, Any], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """State as strict JSON."""
        return {"form": self.form, "start": self.start, "pieces": [list(p) for p in self.pieces]}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Pattern:
        """What `to_dict` wrote."""
        pieces = tuple((kind, content) for kind, content in state["pieces"])
        if state["form"] not in get_args(Form) or sum(map(_length, pieces)) > MAX_LENGTH:
            raise ValueError("Expected a known form of at most MAX_LENGTH characters.")
        return cls(state["form"], int(state["start"]), pieces)

    def numbers(self, rows: IntArray) -> IntArray:
        """Running numbers of the rows."""
        return rows + self.start

    def texts(self, rows: IntArray) -> list[str]:
        """One text a row, another one for every row number."""
        if self.form == "uuid":
            return [_uuid(row) for row in rows.tolist()]
        alphabets = _alphabets(self.pieces)
        free = [len(alphabet) for alphabet in alphabets if len(alphabet) > 1]
        capacity = math.prod(free[-_COUNTED:])
        stride = _stride(capacity)
        return [_text(alphabets, row, stride=stride, capacity=capacity) for row in rows.tolist()]


def pattern_of_numbers(values: IntArray, column: Column, *, min_rows: int) -> Pattern:
    """Running numbers with one digit more than the largest group of numbers has.

    Its digits come from a mean of `min_rows` numbers, so that no single number shows; where
    the dtype has no room above, the numbers start at 1.
    """
    n_top = max(min_rows, 1)
    if len(values) < n_top:
        return Pattern("number")
    top = np.partition(values, len(values) - n_top)[-n_top:]
    start = int(10 ** len(str(max(int(top.astype(np.float64).mean()), 1))))
    dtype = to_dtype(column.dtype)
    plain = getattr(dtype, "numpy_dtype", dtype)
    largest = np.iinfo(plain).max if getattr(plain, "kind", "O") in "iu" else 2**63 - 1
    return Pattern("number", start if start <= int(largest) // 2 else 1)


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
        pieces = _by_position(rows, min_rows)
    else:
        pieces = _by_run(texts, min_rows)
    if has_room and pieces == _ANY:
        pieces = (*_marks(texts, min_rows), *_ANY)
    return Pattern("text", pieces=pieces if has_room else _roomy(pieces, len(texts)))


def _by_position(texts: list[str], min_rows: int) -> tuple[tuple[str, Any], ...]:
    return _merged([_piece(column, min_rows) for column in zip(*texts, strict=True)])


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


def _merged(pieces: list[tuple[str, Any]]) -> tuple[tuple[str, Any], ...]:
    """Neighbours of one kind become one piece; digits among hexadecimal letters join them."""
    kinds = {kind for kind, _ in pieces}
    for wide in ("x", "X"):
        if wide in kinds and kinds <= {"9", wide, "=", "a", "A"}:
            pieces = [(wide if kind == "9" else kind, content) for kind, content in pieces]
    merged: list[tuple[str, Any]] = []
    for kind, content in pieces:
        if merged and merged[-1][0] == kind:
            merged[-1] = (kind, merged[-1][1] + content)
        else:
            merged.append((kind, content))
    return tuple(merged)


def _by_run(texts: list[str], min_rows: int) -> tuple[tuple[str, Any], ...]:
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
        else:
            pieces.append((kind, Counter(map(len, runs)).most_common(1)[0][0]))
    return _merged(pieces)


def _marks(texts: list[str], min_rows: int) -> list[tuple[str, Any]]:
    """Signs between letters and digits that most texts hold, where no two texts are alike otherwise."""
    counts = Counter(sign for text in texts for sign in set(text) if not sign.isalnum())
    return [("=", sign) for sign, n in sorted(counts.items()) if n >= max(min_rows, len(texts) / 2)]


def _shape(run: str) -> str:
    for kind in ("9", "a", "A"):
        if run[0] in CLASSES[kind]:
            return kind
    return "="


def _roomy(pieces: tuple[tuple[str, Any], ...], n_rows: int) -> tuple[tuple[str, Any], ...]:
    """Lengthen a form whose values are mostly taken, so that new ones hit no old ones."""
    free = [index for index, (kind, _) in enumerate(pieces) if kind != "="]
    if not free:
        return (*pieces, ("9", 9))
    room = math.prod(len(CLASSES[pieces[index][0]]) ** pieces[index][1] for index in free)
    if n_rows <= _CROWDED * room and room >= MIN_CAPACITY:
        return pieces
    kind, length = pieces[free[-1]]
    base = len(CLASSES[kind])
    needed = max(n_rows / _CROWDED, MIN_CAPACITY) / room
    longer = (kind, length + max(1, math.ceil(math.log(needed, base))))
    return tuple(longer if index == free[-1] else piece for index, piece in enumerate(pieces))


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


def _stride(capacity: int) -> int:
    """A step that is coprime to the capacity, so that every row lands on another value."""
    stride = max(int(capacity * 0.6180339887), 1)
    while math.gcd(stride, capacity) != 1:
        stride += 1
    return stride


def _text(alphabets: list[str], row: int, *, stride: int, capacity: int) -> str:
    lap, place = divmod(row, capacity)
    first = rest = (place * stride + stride // 2) % capacity
    characters, n_free = [], 0
    for alphabet in reversed(alphabets):
        if len(alphabet) > 1:
            rest, digit = divmod(rest if n_free % _COUNTED else first, len(alphabet))
            n_free += 1
            characters.append(alphabet[digit])
        else:
            characters.append(alphabet)
    text = "".join(reversed(characters))
    return f"{text}-{lap}" if lap else text


def _uuid(row: int) -> str:
    """A version 4 UUID from the row number, by a fixed mixing that never repeats (odd factors)."""
    high = (row * 0x9E3779B97F4A7C15 + 0xBF58476D1CE4E5B9) % 2**60
    low = (row * 0xD1B54A32D192ED03 + 0x94D049BB133111EB) % 2**62
    digits = f"{high:015x}"
    tail = f"{low | 1 << 63:016x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[12:]}-{tail[:4]}-{tail[4:]}"
