"""Rows that keep every rule: drawn, rebuilt, checked; drawn again, then mended; or an error.

What became a step of the reduction holds by itself. For the rest (conditions on computed columns,
unique keys, predicates, bounds) rows are rejected a bounded number of times; then rows are mended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from tabgan.drawing_plan import Plan
from tabgan.encoding.layout import BoolArray
from tabgan.encoding.table import concat
from tabgan.errors import ConstraintError
from tabgan.given_cells import aligned, keep_given
from tabgan.parts import ROW_BLOCK, Conditions, Part, mixed, numbered, pieces_of
from tabgan.rule import FixedCombinations, Unique
from tabgan.rules.checks import Keys, broken_rows
from tabgan.rules.joint import Joint
from tabgan.rules.keys import all_keys, n_keys
from tabgan.rules.limits import meets
from tabgan.rules.reduction import Reduction
from tabgan.rules.repairs import Masks, Repair
from tabgan.sampling import Sampler, block_generator

MAX_TRIES = 8
FEWEST = 1_024  # candidates of a try, so that few rows under a rare condition are found at once
SPARE, SPARE_ROWS = 1.3, 64  # of the rows that the last tries let expect
MOST = 2  # candidates of a try, as a multiple of the rows that are asked for
BOUNDS = "The bounds of computed columns"
CONDITIONS = "The conditions on computed columns"
TO_SAMPLE = "Widen the conditions, ask for fewer rows, or leave a rule out"
TO_COMPLETE = "Leave out the other rows, or more of their cells, or a rule"

Broken: TypeAlias = Counter[str]


@dataclass(frozen=True)
class RuledSampler:
    """Draws tables of the reduction's schema; `sampler` draws those of its inner schema."""

    sampler: Sampler
    reduction: Reduction

    def plan(self, conditions: Conditions | None, rounds: int | None) -> Plan:
        """Turn conditions into codes. Raises: ConditionError before anything is drawn."""
        learned, _ = self.reduction.inner_conditions(conditions or {})
        return self.sampler.plan(learned, rounds)

    def blocks_of_rows(
        self, parts: Sequence[Part], *, rounds: int | None, seed: int
    ) -> Iterator[pd.DataFrame]:
        """The parts, mixed, in pieces of about `ROW_BLOCK` rows at most; at least one piece, maybe empty.

        Raises: ConstraintError naming a rule, where too few rows keep it.
        """
        keys, schema = self._keys(), self.reduction.schema
        for key in keys:
            self._check_room(key.rule, sum(part.n_rows for part in parts))
        conditions = [self.reduction.inner_conditions(part.conditions) for part in parts]
        inner = [Part(part.n_rows, own[0]) for part, own in zip(parts, conditions, strict=True)]
        requests = [
            _Request(self, *own, rounds, plan, _seed(seed, 0, place), keys)
            for place, (own, plan) in enumerate(
                zip(conditions, self.sampler.plans(inner, rounds), strict=True)
            )
        ]
        for index, piece in enumerate(pieces_of(parts)):
            counts = [part.n_rows for part in piece.parts]
            tables = [one.rows(n_rows, index) for one, n_rows in zip(requests, counts, strict=True)]
            table = mixed(tables, schema, np.random.default_rng([seed, index]))
            yield numbered(table, schema, self.sampler.encoder, piece.first_row)

    def complete(
        self, df: pd.DataFrame, *, rounds: int | None, seed: int, may_be_missing: bool = False
    ) -> pd.DataFrame:
        """Fill the missing cells of rows, and columns that they lack; what is given stays.

        `may_be_missing`: a cell may be filled with a missing one, as often as the model would.

        Raises: ConstraintError naming a rule that what is given breaks, or that no filling keeps.
        """
        given = aligned(df, self.reduction.schema)
        is_given = {name: given[name].notna().to_numpy(dtype=bool) for name in given}
        self._check_given(given, is_given)
        keys = self._keys()
        for key in keys:
            key.take(given[_whole(key, is_given)])
        left, done, broken = np.arange(len(given)), list[pd.DataFrame](), Counter[str]()
        for attempt in range(MAX_TRIES):
            some, fixed = given.iloc[left], {name: mask[left] for name, mask in is_given.items()}
            made = keep_given(some, self._filled(some, rounds, _seed(seed, attempt), may_be_missing))
            repair = Repair(self.reduction, made, fixed, {})
            # More than one mended try: a row that is only ever mended must still find a key that is free.
            made = repair.run() if attempt >= MAX_TRIES // 2 else repair.sums()
            is_fine, broken = self._judged(made, {}, fixed)
            for key in keys:
                is_fine = _without_repeated(made, is_fine, key, broken, _whole(key, fixed))
                key.take(made[is_fine & ~_whole(key, fixed)])
            done.append(made[is_fine].set_axis(left[is_fine]))
            left = left[~is_fine]
            if not len(left):
                break
        if len(left):
            raise _shortage(
                broken, len(given) - len(left), len(given), "rows could be filled so as to keep", TO_COMPLETE
            )
        order = np.argsort(np.concatenate([rows.index for rows in done]))
        table = concat(done, self.reduction.schema).iloc[order].reset_index(drop=True)
        table = keep_given(given, numbered(table, self.reduction.schema, self.sampler.encoder, 0))
        table.index = df.index
        return table

    def _check_given(self, given: pd.DataFrame, is_given: Masks) -> None:
        for rule in self.reduction.schema.rules:
            whole = np.logical_and.reduce([is_given[name] for name in rule.columns])
            n_broken = int(broken_rows(rule, given[whole], self.reduction.schema).sum()) if whole.any() else 0
            if n_broken:
                raise ConstraintError(
                    f"Rule {rule}: {n_broken} of {len(given)} given rows break it. "
                    "Fix these rows, or leave some of their cells empty."
                )

    def _filled(
        self, given: pd.DataFrame, rounds: int | None, seed: int, may_be_missing: bool
    ) -> pd.DataFrame:
        """The rows filled by the model; rows whose combinations are known in part are drawn by group."""
        inner = self.reduction.reduce(given, has_gaps=True).reset_index(drop=True)
        groups: dict[tuple[str, ...], list[int]] = {}
        joints = [step for step in self.reduction.steps if isinstance(step, Joint)]
        texts = [step.reduce(given, self.reduction.schema)[step.name].astype(str) for step in joints]
        for row, parts in enumerate(zip(*texts, strict=True)) if joints else ():
            groups.setdefault(tuple(parts), []).append(row)
        if not joints or not len(given):
            groups = {(): list(range(len(given)))}
        pieces = []
        for group, (parts, rows) in enumerate(groups.items()):
            limits: dict[Hashable, Any] = {}
            for step, text in zip(joints, parts, strict=False):
                if labels := step.completing(text, may_be_missing=may_be_missing):
                    limits[step.name] = labels
            piece = self.sampler.complete(
                inner.iloc[rows],
                rounds=rounds,
                seed=_seed(seed, 0, group),
                may_be_missing=may_be_missing,
                conditions=limits,
            )
            pieces.append(piece.set_axis(rows))
        whole = (pd.concat(pieces) if len(pieces) > 1 else pieces[0]).sort_index()
        return self.reduction.restore(whole)

    def _judged(
        self, table: pd.DataFrame, conditions: Conditions, given: Masks | None = None
    ) -> tuple[BoolArray, Broken]:
        """Rows that keep all that can be told of a row by itself, and how many broke what."""
        schema = self.reduction.schema
        is_broken = {BOUNDS: self.reduction.out_of_bounds(table, given)}
        for step in self.reduction.steps:
            if isinstance(step, Joint) and given is not None:
                is_whole = np.logical_and.reduce([given[name] for name in step.columns])
                rule_name = f"Rule FixedCombinations({', '.join(map(repr, step.columns))})"
                is_broken[rule_name] = ~is_whole & ~step.is_learned(table, schema)
        for rule in schema.rules:
            if not isinstance(rule, Unique | FixedCombinations):
                is_broken[f"Rule {rule}"] = broken_rows(rule, table, schema)
        for name, condition in conditions.items():
            is_broken[CONDITIONS] = is_broken.get(CONDITIONS, False) | ~meets(
                table[name], schema[name], condition
            )
        is_fine = ~np.logical_or.reduce(list(is_broken.values()))
        return is_fine, Counter({what: int(mask.sum()) for what, mask in is_broken.items()})

    def _keys(self) -> list[Keys]:
        """Keys to be watched; one with an identifier is unique by itself."""
        schema = self.reduction.schema
        return [
            Keys(rule)
            for rule in schema.rules
            if isinstance(rule, Unique) and all(schema[name].kind != "identifier" for name in rule.columns)
        ]

    def _check_room(self, rule: Unique, num_rows: int) -> None:
        room = n_keys(rule, self.sampler.encoder, self.reduction)
        if room < num_rows:
            raise ConstraintError(
                f"Rule {rule}: there are only {room:g} different keys for {num_rows} rows. "
                "Ask for fewer rows, or leave the rule out."
            )


@dataclass
class _Request:
    """What is asked for, and the keys that rows have taken so far."""

    owner: RuledSampler
    learned: dict[Hashable, Any]
    checked: dict[Hashable, Any]
    rounds: int | None
    plan: Plan
    seed: int
    keys: list[Keys]
    broken: Broken = field(default_factory=Counter)

    def rows(self, n_rows: int, index: int) -> pd.DataFrame:
        """So many rows that keep everything. Raises: ConstraintError."""
        kept, lost = [], []
        self.broken, n_left, n_drawn = Counter(), n_rows, 0
        for attempt in range(MAX_TRIES):
            n_asked = n_left
            if attempt:
                share = max(n_rows - n_left, 1) / max(n_drawn, 1)
                n_asked = min(max(MOST * n_rows, FEWEST), int(SPARE * n_left / share) + SPARE_ROWS)
            n_drawn += n_asked
            rng = block_generator(_seed(self.seed, attempt), index)
            (inner,) = self.owner.sampler.rows([Part(n_asked, self.learned)], [self.plan], rng)
            table = self.owner.reduction.restore(inner)
            is_fine = self._fine(table, n_left)
            kept.append(table[is_fine])
            lost.append(table[~is_fine].head(n_left))
            n_left -= int(is_fine.sum())
            if n_left <= 0:
                break
        if n_left > 0:
            n_left = self._mend(lost, kept, n_left)
        if n_left > 0:
            n_left = self._enumerate(kept, n_left)
        if n_left > 0:
            raise _shortage(self.broken, n_rows - n_left, n_rows, "rows could be made that keep", TO_SAMPLE)
        return concat([table.reset_index(drop=True) for table in kept], self.owner.reduction.schema)

    def _fine(self, table: pd.DataFrame, n_most: int) -> BoolArray:
        """The first rows that keep everything, at most so many; their keys are taken."""
        is_fine, broken = self.owner._judged(table, self.checked)
        for keys in self.keys:
            is_fine = _without_repeated(table, is_fine, keys, broken)
        is_fine &= np.cumsum(is_fine) <= n_most
        for keys in self.keys:
            keys.take(table[is_fine])
        self.broken += broken
        return is_fine

    def _mend(self, lost: list[pd.DataFrame], kept: list[pd.DataFrame], n_left: int) -> int:
        """Rejected rows, mended; how many rows are still left to be made."""
        table = concat([rows.reset_index(drop=True) for rows in lost], self.owner.reduction.schema)
        donors = concat([rows.reset_index(drop=True) for rows in kept], self.owner.reduction.schema)
        rng = block_generator(_seed(self.seed, MAX_TRIES), n_left)
        table = Repair(self.owner.reduction, table, None, self.checked, donors, rng).run()
        is_met = np.ones(len(table), dtype=bool)
        for name, condition in self.learned.items():  # mending may have moved a cell that had met its own
            if name in self.owner.reduction.schema:
                is_met &= self._meets(table, name, condition)
        table = table[is_met]
        is_fine = self._fine(table, n_left)
        kept.append(table[is_fine])
        return n_left - int(is_fine.sum())

    def _meets(self, table: pd.DataFrame, name: Hashable, condition: Any) -> BoolArray:
        column = self.owner.reduction.schema[name]
        is_moved = column.kind in ("numeric", "datetime")
        return meets(table[name], column, condition) if is_moved else np.ones(len(table), dtype=bool)

    def _enumerate(self, kept: list[pd.DataFrame], n_left: int) -> int:
        """Rows for keys that no row has taken, where all keys can be listed; how many are still left."""
        for keys in self.keys:
            free = all_keys(keys.rule, self.owner.sampler.encoder, self.owner.reduction, self.learned)
            if free is None:
                continue
            free = free[~keys.repeated(free)]
            order = block_generator(self.seed, n_left).permutation(len(free))
            for attempt in range(MAX_TRIES):
                some = free.iloc[order[: 2 * n_left]].reset_index(drop=True)
                order = order[2 * n_left :]
                if n_left <= 0 or not len(some):
                    break
                others = {name: limit for name, limit in self.learned.items() if name not in some}
                seed = _seed(self.seed, MAX_TRIES + 1 + attempt)
                inner = self.owner.sampler.complete(some, rounds=self.rounds, seed=seed, conditions=others)
                table = self.owner.reduction.restore(inner)
                is_fine = self._fine(table, n_left)
                kept.append(table[is_fine])
                n_left -= int(is_fine.sum())
        return n_left


def _without_repeated(
    table: pd.DataFrame,
    is_fine: BoolArray,
    keys: Keys,
    broken: Broken,
    is_given: BoolArray | np.bool_ = np.False_,
) -> BoolArray:
    """Fine rows, without those whose key is taken; keys that are given have been taken by their rows."""
    asked = np.flatnonzero(is_fine & ~is_given)
    is_repeated = keys.repeated(table.iloc[asked])
    broken[f"Rule {keys.rule}"] += int(is_repeated.sum())
    is_fine = is_fine.copy()
    is_fine[asked[is_repeated]] = False
    return is_fine


def _whole(keys: Keys, is_given: Masks) -> BoolArray:
    """Rows whose whole key is given."""
    return np.asarray(np.logical_and.reduce([is_given[name] for name in keys.rule.columns]))


def _seed(seed: int, attempt: int, part: int = 0) -> int:
    """Another seed for every try and part, or group, of the rows; that of the first is the seed itself."""
    if attempt == part == 0:
        return seed
    path = [attempt, part] if part else [attempt]
    (drawn,) = np.random.SeedSequence([seed, *path, ROW_BLOCK]).generate_state(1, np.uint64)
    return int(drawn >> np.uint64(1))


def _shortage(broken: Broken, n_made: int, n_rows: int, what: str, cure: str) -> ConstraintError:
    """The error that names what most candidates broke."""
    name, _ = broken.most_common(1)[0] if broken else ("Rules", 0)
    return ConstraintError(f"{name}: only {n_made} of {n_rows} {what} it. {cure}.")
