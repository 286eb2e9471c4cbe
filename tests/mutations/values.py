"""A model file of other facts, with fresh hashes: what somebody could write into its JSON on purpose."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.mutations.members import (
    ENCODING,
    JSON_MEMBERS,
    MANIFEST,
    SCHEMA,
    Mutation,
    Rng,
    as_json,
    members_of,
    picked,
    stored,
)

HOSTILE: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        2,
        255,
        2**31,
        2**53 + 1,
        2**63,
        -(2**63),
        10**30,
        0.5,
        -0.0,
        1e308,
        5e-324,
    ),
    *("", "x", "nan", "../../etc/passwd", "\x00", "int64", "object", "\ud800", "a" * 70_000),
    *([], {}, [[]], {"tuple": [1]}, {"float": "nan"}, {"decimal": "1e999999"}, {"missing": "na"}),
    *({"timestamp": "2020", "tz": "../UTC", "unit": "ns"}, [0] * 1000, {"a": 1}),
)


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key or place) below a value."""
    entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, below in entries:
        yield node, key
        yield from _places(below)


def _in_json(change: Callable[[Any, Rng], Any], member: str | None = None) -> Mutation:
    """A mutation of the plain values of one JSON member."""

    def mutation(good: bytes, rng: Rng) -> bytes:
        members = members_of(good)
        name = member or picked(rng, JSON_MEMBERS)
        value = json.loads(members[name])
        changed = change(value, rng)
        data = changed if isinstance(changed, bytes) else as_json(value if changed is None else changed)
        return stored(members | {name: data}, fresh_hashes=name != MANIFEST)

    mutation.__name__ = change.__name__ + (f"_of_{member.split('.')[0]}" if member else "")
    return mutation


def change_a_value(value: Any, rng: Rng) -> None:
    holder, key = picked(rng, list(_places(value)))
    holder[key] = picked(rng, HOSTILE)


def change_a_plain_value(value: Any, rng: Rng) -> None:
    """A leaf, by one of its own type."""
    leaves = [(a, b) for a, b in _places(value) if not isinstance(a[b], dict | list)]
    holder, key = picked(rng, leaves)
    old = holder[key]
    if isinstance(old, bool):
        holder[key] = not old
    elif isinstance(old, int | float):
        holder[key] = picked(rng, [-old, old + 1, old - 1, old * 1000, 0, type(old)(2**40), -1])
    else:
        holder[key] = picked(rng, [x for x in HOSTILE if isinstance(x, str)]) if old is not None else 1


def change_a_fact(value: Any, rng: Rng) -> None:
    """A value that stands near the top, where few but telling ones are."""
    deep = [(a, b) for a, b in _places(value) if isinstance(a, dict)]
    holder, key = picked(rng, deep)
    holder[key] = picked(rng, HOSTILE)


def lose_an_entry(value: Any, rng: Rng) -> None:
    holder, key = picked(rng, [(a, b) for a, b in _places(value) if isinstance(a, dict)])
    del holder[key]


def lose_a_place(value: Any, rng: Rng) -> None:
    holder, key = picked(rng, [(a, b) for a, b in _places(value) if isinstance(a, list)])
    del holder[key]


def repeat_a_place(value: Any, rng: Rng) -> None:
    holder, key = picked(rng, [(a, b) for a, b in _places(value) if isinstance(a, list)])
    holder.insert(key, holder[key])


def exchange_two_values(value: Any, rng: Rng) -> None:
    places = list(_places(value))
    (a, b), (c, d) = picked(rng, places), picked(rng, places)
    a[b], c[d] = json.loads(json.dumps(c[d])), json.loads(json.dumps(a[b]))


def reverse_a_list(value: Any, rng: Rng) -> None:
    holder, key = picked(rng, [(a, b) for a, b in _places(value) if isinstance(a[b], list)])
    holder[key].reverse()


def add_an_entry(value: Any, rng: Rng) -> None:
    holder = picked(rng, [value, *(a[b] for a, b in _places(value) if isinstance(a[b], dict))])
    holder[picked(rng, ["extra", "__class__", "kind", "", "personal", "locale", "rules"])] = picked(
        rng, HOSTILE
    )


def nest_deeply(value: Any, rng: Rng) -> bytes:
    depth = int(rng.choice([40, 1000, 100_000]))
    return b'{"a":' + b"[" * depth + b"]" * depth + b"," + as_json(value)[1:]


def nest_within(value: Any, rng: Rng) -> None:
    holder, key = picked(rng, list(_places(value)))
    for _ in range(int(rng.choice([1, 2, 100]))):
        holder[key] = picked(rng, [[holder[key]], {"tuple": [holder[key]]}])


def name_an_entry_twice(value: Any, rng: Rng) -> bytes:
    text = as_json(value)
    key = as_json(picked(rng, list(value)))
    return b"{" + key + b":1," + text[1:]


def write_numbers_that_are_not_finite(value: Any, rng: Rng) -> bytes:
    change_a_value(value, rng)
    return (
        b'{"a":'
        + picked(rng, [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"9" * 5000])
        + b","
        + as_json(value)[1:]
    )


def write_no_ascii(value: Any, rng: Rng) -> bytes:
    text = bytearray(as_json(value))
    text[int(rng.integers(len(text)))] = int(rng.integers(128, 256))
    return bytes(text)


def write_no_json(value: Any, rng: Rng) -> bytes:
    text = as_json(value)
    return picked(rng, [b"", b"[]", b"null", b"{}", b'"x"', text[:-1], text + b"}", b"\xef\xbb\xbf" + text])


def fill_with_rubbish(value: Any, rng: Rng) -> bytes:
    return b'{"a":[' + picked(rng, [b"[],", b"1,", b'"",']) * 300_000 + b"0]," + as_json(value)[1:]


def _ledger(value: Any) -> Any:
    return value["ledger"] if isinstance(value.get("ledger"), dict) else {"entries": [{}], "spent": {}}


def change_the_ledger(value: Any, rng: Rng) -> None:
    change_a_value(_ledger(value), rng)


def change_a_cost(value: Any, rng: Rng) -> None:
    entry = picked(rng, _ledger(value)["entries"])
    keys = ["steps", "noise_multiplier", "sample_rate", "sensitivity", "delta", "threshold", "epsilon"]
    entry[picked(rng, keys)] = picked(
        rng, [0, 1, -1, 2**53, 2**54, 1e-300, 1e-5, 1e-12, 1e100, 1e300, 10**400, 0.5]
    )


def lose_a_release(value: Any, rng: Rng) -> None:
    entries = _ledger(value)["entries"]
    entries[:] = entries[: int(rng.integers(len(entries)))]


def repeat_a_release(value: Any, rng: Rng) -> None:
    entries = _ledger(value)["entries"]
    entries += [picked(rng, entries)] * int(rng.choice([1, 1000]))


def exchange_the_ledger(value: Any, rng: Rng) -> None:
    cheaper = {**_ledger(value), "epsilon": 0.01}
    value["ledger"] = picked(rng, [None, {}, [], "none", {"entries": []}, cheaper])


def change_a_setting(value: Any, rng: Rng) -> None:
    parameters = value["parameters"]
    parameters[picked(rng, list(parameters))] = picked(
        rng, [*HOSTILE, 10**7, 10**9, [10**6, 10**6], [1] * 10**5]
    )


def change_a_heading(value: Any, rng: Rng) -> None:
    value[picked(rng, list(value))] = picked(rng, HOSTILE)


OTHER_FACTS: tuple[Mutation, ...] = (
    *map(_in_json, [change_a_value, lose_an_entry, lose_a_place, repeat_a_place, exchange_two_values]),
    *map(_in_json, [add_an_entry, nest_deeply, nest_within, name_an_entry_twice, reverse_a_list]),
    *map(_in_json, [write_numbers_that_are_not_finite, write_no_ascii, write_no_json, fill_with_rubbish]),
    *(_in_json(change_a_plain_value, member) for member in (SCHEMA, ENCODING)),
    *(_in_json(change_a_fact, member) for member in (SCHEMA, ENCODING)),
    *(_in_json(change, MANIFEST) for change in (change_the_ledger, change_a_cost, lose_a_release)),
    *(_in_json(change, MANIFEST) for change in (repeat_a_release, exchange_the_ledger)),
    *(_in_json(change, MANIFEST) for change in (change_a_setting, change_a_heading)),
)
