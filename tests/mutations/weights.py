"""A model file of other weights, with fresh hashes."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import safetensors.numpy

from tests.mutations.members import (
    ENCODING,
    SCHEMA,
    WEIGHTS,
    Mutation,
    Rng,
    as_json,
    members_of,
    picked,
    stored,
)
from tests.mutations.values import change_a_value


def exchange_two_members(good: bytes, rng: Rng) -> bytes:
    members = members_of(good)
    first, second = picked(rng, [(SCHEMA, ENCODING), (ENCODING, WEIGHTS), (SCHEMA, WEIGHTS)])
    return stored(members | {first: members[second], second: members[first]})


def _with_weights(change: Callable[[dict[str, Any], Rng], Any]) -> Mutation:
    def mutation(good: bytes, rng: Rng) -> bytes:
        members = members_of(good)
        tensors = {name: tensor.copy() for name, tensor in safetensors.numpy.load(members[WEIGHTS]).items()}
        changed = change(tensors, rng)
        data = changed if isinstance(changed, bytes) else safetensors.numpy.save(tensors)
        return stored(members | {WEIGHTS: data})

    mutation.__name__ = change.__name__
    return mutation


def make_a_weight_not_finite(tensors: dict[str, Any], rng: Rng) -> None:
    picked(rng, list(tensors.values())).reshape(-1)[0] = picked(rng, [np.nan, np.inf, -np.inf])


def make_weights_huge(tensors: dict[str, Any], rng: Rng) -> None:
    tensor = picked(rng, list(tensors.values()))
    tensor *= np.float32(picked(rng, [1e30, -1e30, 0.0, 1e-40]))
    tensor.clip(-3e38, 3e38, out=tensor)


def flip_a_bit_of_a_weight(tensors: dict[str, Any], rng: Rng) -> None:
    bits = picked(rng, list(tensors.values())).reshape(-1).view(np.uint32)
    bits[int(rng.integers(len(bits)))] ^= np.uint32(1 << int(rng.integers(32)))


def change_a_type(tensors: dict[str, Any], rng: Rng) -> None:
    name = picked(rng, list(tensors))
    tensors[name] = tensors[name].astype(picked(rng, ["float64", "float16", "int8", "uint64", "bool"]))


def change_a_shape(tensors: dict[str, Any], rng: Rng) -> None:
    name = picked(rng, list(tensors))
    tensor = tensors[name]
    tensors[name] = picked(
        rng, [tensor[:-1].copy(), tensor[None].copy(), tensor.reshape(-1), tensor[:0].copy()]
    )


def lose_a_tensor(tensors: dict[str, Any], rng: Rng) -> None:
    for name in list(tensors) if rng.integers(5) == 0 else [picked(rng, list(tensors))]:
        del tensors[name]


def add_a_tensor(tensors: dict[str, Any], rng: Rng) -> None:
    names = ["extra", "exact.extra", "quick.noise.weight", "../x", ""]
    tensors[picked(rng, names)] = np.zeros(int(rng.integers(1, 9)), dtype=np.float32)


def exchange_two_tensors(tensors: dict[str, Any], rng: Rng) -> None:
    first, second = picked(rng, list(tensors)), picked(rng, list(tensors))
    tensors[first], tensors[second] = tensors[second], tensors[first]


def _header(tensors: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    data = safetensors.numpy.save(tensors)
    size = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + size]), data[8 + size :]


def change_the_header_of_tensors(tensors: dict[str, Any], rng: Rng) -> bytes:
    header, body = _header(tensors)
    change_a_value(header, rng)
    text = as_json(header)
    return struct.pack("<Q", len(text)) + text + body


def lie_about_the_header_of_tensors(tensors: dict[str, Any], rng: Rng) -> bytes:
    header, body = _header(tensors)
    text = picked(rng, [as_json(header), b"{}", b"", b"[" * 10_000, b" " * (5 * 2**20), b'{"a":' * 5000])
    size = picked(rng, [len(text), 0, len(text) + 1, 2**32, 2**63, 2**64 - 1])
    return struct.pack("<Q", size) + text + body


def declare_huge_tensors(tensors: dict[str, Any], rng: Rng) -> bytes:
    header, body = _header(tensors)
    entry = header[picked(rng, list(header))]
    entry["shape"] = picked(rng, [[2**31, 2**31], [2**62], [-1], [2**64, 0], [0] * 1000, [10**9]])
    text = as_json(header)
    return struct.pack("<Q", len(text)) + text + body


OTHER_WEIGHTS: tuple[Mutation, ...] = (
    exchange_two_members,
    *map(_with_weights, [make_a_weight_not_finite, make_weights_huge, flip_a_bit_of_a_weight]),
    *map(_with_weights, [change_a_type, change_a_shape, lose_a_tensor, add_a_tensor, exchange_two_tensors]),
    *map(_with_weights, [change_the_header_of_tensors, lie_about_the_header_of_tensors]),
    _with_weights(declare_huge_tensors),
)
