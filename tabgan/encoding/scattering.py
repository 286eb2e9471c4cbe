"""Row numbers in an order that looks like none, each once: a permutation for every salt."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from tabgan.encoding.layout import IntArray

MOST_ROWS = 2**62
_N_PASSES = 4
_ODD, _OTHER = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93

_Words = npt.NDArray[np.uint64]


def scattered(rows: IntArray, capacity: int, salt: int) -> list[int]:
    """Numbers below the capacity, another one for every row below it.

    Source: Black & Rogaway 2002, "Ciphers with arbitrary finite domains": a Feistel network on the next
        power of four, asked again until the number is below the capacity.

    >>> sorted(scattered(np.arange(10), 10, salt=3))
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    """
    if capacity >= 2**64:
        return _stepped(rows.tolist(), capacity, salt)
    half = np.uint64(max(((capacity - 1).bit_length() + 1) // 2, 1))
    keys = [np.uint64((salt + place * _ODD) * _OTHER % 2**64) for place in range(1, _N_PASSES + 1)]
    found = rows.astype(np.uint64)
    open_places = np.arange(len(found))
    while len(open_places):
        found[open_places] = _exchanged(found[open_places], half, keys)
        open_places = open_places[found[open_places] >= np.uint64(capacity)]
    numbers: list[int] = found.tolist()
    return numbers


def scattered_numbers(rows: IntArray, start: int, n_digits: int, *, salt: int, largest: int) -> IntArray:
    """Numbers from the start to the largest, one a row: of so many digits until those run out.

    >>> sorted(scattered_numbers(np.arange(4), 98, 2, salt=3, largest=101).tolist())
    [98, 99, 100, 101]
    """
    numbers = np.zeros(len(rows), dtype=np.int64)
    low, first = start, 0
    while low <= largest:
        capacity = min(10**n_digits, largest + 1) - low
        last = min(first + capacity, MOST_ROWS)
        own = (rows >= first) & (rows < last)
        numbers[own] = scattered(rows[own] - first, capacity, salt)
        numbers[own] += low
        if last > rows.max(initial=0):
            break
        low, first, n_digits = low + capacity, last, n_digits + 1
    return numbers


def _exchanged(words: _Words, half: np.uint64, keys: list[np.uint64]) -> _Words:
    mask = (np.uint64(1) << half) - np.uint64(1)
    left, right = words >> half, words & mask
    for key in keys:
        mixed = (right + key) * np.uint64(_ODD)
        mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(_OTHER)
        left, right = right, left ^ (mixed >> np.uint64(32)) & mask
    return np.asarray((left << half) | right)


def _stepped(rows: list[int], capacity: int, salt: int) -> list[int]:
    """The same for giants, by a step that is coprime to the capacity."""
    stride = int(capacity * 0.6180339887)
    while math.gcd(stride, capacity) != 1:
        stride += 1
    start = stride // 2 + (salt + _ODD) ** 16
    return [(row * stride + start) % capacity for row in rows]
