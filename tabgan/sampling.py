"""Noise → codes → table, by blocks of rows; conditions held exactly; gaps filled.

Every block of `ROW_BLOCK` rows has random numbers of its own, counted by (seed, block), so a
seed gives the same rows whether they are asked for at once or in pieces. Rows are made in
smaller parts to stay in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabgan.drawing_plan import Plan, alike_together, begin, fill_groups, noises_of, only_codes
from tabgan.encoding.given_codes import known_codes
from tabgan.encoding.table import TableEncoder, concat
from tabgan.gan.calibration import FEWEST_DRAWN, LEAST_DRAWN, calibrated, rows_drawn
from tabgan.gan.division import Groups, few_rounds_given, in_runs
from tabgan.gan.drawing import Drawer, Restriction
from tabgan.gan.pool import shares_under
from tabgan.gan.rejection import Judge
from tabgan.gan.rounds import equal_runs
from tabgan.gan.threads import one_thread
from tabgan.given_cells import keep_given
from tabgan.interruption import Interruption
from tabgan.parts import ROW_BLOCK, Conditions, Part, mixed, numbered, pieces_of

PART_ROWS, PART_LOGITS = 8_192, 2**22
CANDIDATES = 4
MIN_CANDIDATES = 1_024
MOST_DRAWS = 30  # of a row that the judge does not keep
TRIED_ROWS = 2_048  # by which is found what may be drawn together under conditions
MANY_ROWS = 16 * TRIED_ROWS  # from which on that pays
RIGHT_ROWS = 1_000  # under conditions, from which on a drift of their shares shows

Given = tuple[NDArray[np.int16], NDArray[np.bool_]]


@dataclass(frozen=True)
class Sampler:
    """Draws tables from a trained generator.

    `exact` draws without noise, `quick` groups of blocks with it. `order`: blocks in drawing order;
    `runs`: lengths of its runs that may be drawn together where nothing is asked of the rows.
    `groups`: those that `quick` was taught to draw, if it was. `judge`: who says which rows are drawn again.
    """

    encoder: TableEncoder
    order: tuple[int, ...]
    runs: tuple[int, ...]
    groups: Groups
    exact: Drawer | None
    quick: Drawer | None
    judge: Judge | None = None

    def plan(self, conditions: Conditions | None, rounds: int | None) -> Plan:
        """Turn conditions into codes. Raises: ConditionError before anything is drawn."""
        restrictions: dict[int, Restriction] = {}
        for name, condition in (conditions or {}).items():
            shares = self.encoder.allowed(name, condition)
            if blocks := self.encoder.blocks_of(name):
                restrictions |= dict.fromkeys(blocks, self._restriction(blocks, shares))
        known = {block: code for r in restrictions.values() for block, code in only_codes(r)}
        alone = tuple(b for b in self.order if b in restrictions and b not in known)
        if rounds is None and not restrictions:
            return Plan({}, (), in_runs(self.order, self.runs))
        return self._in_rounds(
            Plan(known, alone, (), restrictions), set(self.order) - set(restrictions), rounds
        )

    def _in_rounds(self, plan: Plan, free: Set[int], rounds: int | None) -> Plan:
        """The plan with its free blocks in so many groups.

        As many rounds as blocks need no noise, as each block sees all before it, and a generator that no
        adversary taught does not hear it.
        """
        if rounds is None or rounds >= len(free):
            return replace(plan, groups=tuple((block,) for block in self.order if block in free))
        hears = self.quick is not None and self.quick.hears_noise
        if rounds == len(self.groups):
            kept = (tuple(block for block in group if block in free) for group in self.groups)
            return replace(plan, groups=tuple(group for group in kept if group), has_noise=hears)
        order = [block for block in self.order if block in free]
        return replace(plan, groups=equal_runs(order, rounds), has_noise=hears)

    def plans(self, parts: Sequence[Part], rounds: int | None) -> list[Plan]:
        """A plan for each part, all in the same groups, which are found for the parts together."""
        plans = [self.plan(part.conditions, rounds) for part in parts]
        plans = self.joined(plans, sum(part.n_rows for part in parts))
        return [self._set_right(plan, part.n_rows) for plan, part in zip(plans, parts, strict=True)]

    def blocks_of_rows(
        self, parts: Sequence[Part], *, rounds: int | None, seed: int
    ) -> Iterator[pd.DataFrame]:
        """The parts, mixed, in pieces of about `ROW_BLOCK` rows at most; at least one piece, maybe empty."""
        plans, schema = self.plans(parts, rounds), self.encoder.schema
        for index, piece in enumerate(pieces_of(parts)):
            rng = block_generator(seed, index)
            tables = self.rows(piece.parts, plans, rng, first_row=piece.first_row)
            table = mixed(tables, schema, rng)
            yield table if len(parts) == 1 else numbered(table, schema, self.encoder, piece.first_row)

    def rows(
        self, parts: Sequence[Part], plans: Sequence[Plan], rng: np.random.Generator, *, first_row: int = 0
    ) -> list[pd.DataFrame]:
        """The rows of each part, by plans that were made of their conditions and have the same groups."""
        codes, visible = self._given(plans, [part.n_rows for part in parts], rng)
        is_apart = any(plan.drawer is not None for plan in plans)
        codes = codes if is_apart else self._kept(plans[0], codes, visible, rng)
        tables, start = [], 0
        for part, plan in zip(parts, plans, strict=True):
            rows, first = slice(start, start + part.n_rows), first_row + start
            drawn = self._kept(plan, codes[rows], visible[rows], rng) if is_apart else codes[rows]
            tables.append(self.encoder.decode(drawn, rng=rng, limits=part.conditions, first_row=first))
            start += part.n_rows
        return tables

    def complete(
        self,
        df: pd.DataFrame,
        *,
        rounds: int | None,
        seed: int,
        may_be_missing: bool = False,
        conditions: Conditions | None = None,
    ) -> pd.DataFrame:
        """Fill the missing cells of rows, and columns that they lack; what is given stays.

        `may_be_missing`: a cell may be filled with a missing one, as often as the model would.
        `conditions` hold for every cell that is made. Raises: ConditionError when one cannot.
        """
        codes, visible = known_codes(self.encoder, df)
        restrictions: dict[int, Restriction] = {}
        for name in self.encoder.schema.names:
            shares = None if may_be_missing else self.encoder.present(name)
            if conditions and name in conditions:
                shares = self.encoder.allowed(name, conditions[name])
            if (blocks := self.encoder.blocks_of(name)) and shares is not None:
                restrictions |= dict.fromkeys(blocks, self._restriction(blocks, shares))
        plan = self._in_rounds(Plan({}, (), (), restrictions), set(self.order), rounds)
        (plan,) = self.joined([plan], len(codes), (codes, visible))
        pieces = []
        for index, start in enumerate(range(0, max(len(df), 1), ROW_BLOCK)):
            rows = slice(start, start + ROW_BLOCK)
            rng = block_generator(seed, index)
            filled = self._kept(plan, codes[rows], visible[rows], rng)
            made = self.encoder.decode(filled, rng=rng, limits=conditions, first_row=start)
            pieces.append(keep_given(df.iloc[rows], made))
        filled_rows = concat(pieces, self.encoder.schema)
        filled_rows.index = df.index
        return filled_rows

    @property
    def _device(self) -> torch.device:
        return torch.device("cpu") if self.exact is None else self.exact.blocks.device

    def _restriction(self, blocks: tuple[int, ...], shares: NDArray[np.float64]) -> Restriction:
        return Restriction(blocks, torch.from_numpy(shares.astype(np.float32)).to(self._device))

    def joined(self, plans: list[Plan], n_rows: int, given: Given | None = None) -> list[Plan]:
        """The plans with blocks in groups for which the layers are asked once, if they are for many rows.

        Which ones is asked of some rows made by each plan: it depends on conditions, not only on what was
        learned. `given`: codes of the rows, and which of them are known.
        """
        plan, *_ = plans
        order = [block for group in plan.groups for block in group]
        if self.exact is None or plan.has_noise or n_rows < MANY_ROWS or len(order) > len(plan.groups):
            return plans
        rng = block_generator(0, 0)
        if given is None:
            codes, visible = self._given(plans, [-(-TRIED_ROWS // len(plans))] * len(plans), rng)
        else:
            tried = np.arange(TRIED_ROWS) * n_rows // TRIED_ROWS
            codes, visible = given[0][tried], given[1][tried]
        drawn = torch.from_numpy(self._draw(plan, codes, visible, rng)).to(self._device)
        known = torch.from_numpy(visible).to(self._device)
        groups = few_rounds_given(self.exact, order, drawn, known)
        return [replace(one, groups=groups) for one in plans]

    def __getstate__(self) -> dict[str, Any]:
        return {name: part for name, part in vars(self).items() if name != "pool"}  # rows are not kept

    @cached_property
    def pool(self) -> Tensor:
        """Rows drawn freely, always the same. Shape: -> int64 [rows, blocks]."""
        assert self.exact is not None
        rng, plan = block_generator(0, 1), self.plan(None, None)
        codes = self._draw(plan, *self._given([plan], [rows_drawn(len(self.order))], rng), rng)
        return torch.from_numpy(codes.astype(np.int64)).to(self._device)

    def _set_right(self, plan: Plan, n_rows: int) -> Plan:
        """The plan with a drawer that keeps to the shares of freely drawn rows that meet its restrictions.

        Only where so many rows are asked for that a drift shows, and so many of the freely drawn ones meet
        the restrictions that they tell more than they err.
        """
        if self.exact is None or plan.has_noise or not plan.restrictions or n_rows < RIGHT_ROWS:
            return plan
        restrictions = {restriction.blocks: restriction for restriction in plan.restrictions.values()}
        shares = shares_under(restrictions.values(), self.pool, self.exact.blocks)
        if shares is None or shares.n_rows < FEWEST_DRAWN:
            return plan
        n_drawn, rng = min(LEAST_DRAWN, int(shares.n_rows)), block_generator(0, 2)
        given = [torch.from_numpy(part).to(self._device) for part in self._given([plan], [n_drawn], rng)]
        uniforms = torch.from_numpy(rng.random(given[0].shape, dtype=np.float32)).to(self._device)
        right = calibrated(self.exact, plan.groups, shares.of_codes, (given[0].long(), given[1]), uniforms)
        return replace(plan, drawer=right)

    def _given(self, plans: Sequence[Plan], counts: Sequence[int], rng: np.random.Generator) -> Given:
        """So many rows by each plan, with its restricted blocks drawn. Shape: -> both [rows, blocks]."""
        given = []
        for plan, n_rows in zip(plans, counts, strict=True):
            codes = np.zeros((n_rows, len(self.order)), dtype=np.int16)
            visible = np.zeros(codes.shape, dtype=bool)
            for block, code in plan.known.items():
                codes[:, block], visible[:, block] = code, True
            given.append(self._draw_restricted(plan, codes, visible, rng))
        codes, visible = (np.concatenate(arrays) for arrays in zip(*given, strict=True))
        return codes, visible

    def _kept(
        self, plan: Plan, codes: NDArray[np.int16], visible: NDArray[np.bool_], rng: np.random.Generator
    ) -> NDArray[np.int16]:
        """Draw what is not visible; a row is drawn again until the judge keeps it, or has seen enough.

        Shape: [rows, blocks] -> the same.
        """
        drawn = self._draw(plan, codes, visible, rng)
        left = np.arange(0 if self.judge is None else len(codes))
        for _ in range(MOST_DRAWS - 1):
            if not len(left):
                break
            left = left[rng.random(len(left)) >= self._chances(drawn[left])]
            drawn[left] = self._draw(plan, codes[left], visible[left], rng)
        return drawn

    def _chances(self, codes: NDArray[np.int16]) -> NDArray[np.float32]:
        """That rows are kept. Shape: [rows, blocks] -> [rows]."""
        assert self.judge is not None
        parts = torch.from_numpy(codes).to(self._device).split(PART_ROWS)
        with one_thread() as n_workers, ThreadPoolExecutor(n_workers) as pool:
            chances = torch.cat(list(pool.map(self.judge.chances, parts)))
        found: NDArray[np.float32] = chances.cpu().numpy()
        return found

    def _draw(
        self, plan: Plan, codes: NDArray[np.int16], visible: NDArray[np.bool_], rng: np.random.Generator
    ) -> NDArray[np.int16]:
        """Draw what is not visible. Shape: [rows, blocks] -> the same."""
        n_rows, n_blocks = codes.shape
        drawer = self.quick if plan.has_noise else plan.drawer or self.exact
        drawn: NDArray[np.int16] = codes.copy()
        if drawer is None or not plan.groups:
            return drawn
        uniforms = rng.random((n_rows, n_blocks), dtype=np.float32)
        order = np.arange(n_rows) if plan.has_noise else alike_together(codes, visible, uniforms, plan)
        n_codes = max(sum(drawer.blocks.sizes[block] for block in group) for group in plan.groups)
        part_rows = max(1, min(PART_ROWS, PART_LOGITS // n_codes))
        parts = [order[start : start + part_rows] for start in range(0, n_rows, part_rows)]
        noises = [noises_of(drawer, plan, uniforms[rows], rng if plan.has_noise else None) for rows in parts]

        def draw(rows: NDArray[np.intp], noise: Sequence[Tensor | None]) -> None:
            batch = begin(drawer, codes[rows], visible[rows])
            fill_groups(drawer, batch, plan, torch.from_numpy(uniforms[rows]), noise)
            drawn[rows] = batch.codes.to(torch.int16).cpu().numpy()

        interruption = Interruption()
        with one_thread() as n_workers, ThreadPoolExecutor(n_workers) as pool:
            # A thread whose start is interrupted is waited for by nobody: it would outlive Python and abort.
            with interruption.put_off():
                done = pool.map(draw, parts, noises)
            interruption.act("Interrupted while rows were drawn.")
            list(done)
        return drawn

    def _draw_restricted(
        self,
        plan: Plan,
        codes: NDArray[np.int16],
        visible: NDArray[np.bool_],
        rng: np.random.Generator,
    ) -> Given:
        """Draw the restricted blocks, then resample so that their joint shares are the model's.

        A block drawn within its restriction hides how unlikely the restriction was given the
        blocks before; rows are therefore drawn several times and kept in proportion to it. The
        shares are exact in the limit of many candidates, so that few rows get more of them.
        Source: Rubin 1988, sampling importance resampling.
        """
        n_rows, n_copies = len(codes), 1
        if not plan.alone or self.exact is None or not n_rows:
            return codes, visible
        if len(plan.alone) > 1:
            n_copies = max(CANDIDATES, -(-MIN_CANDIDATES // n_rows))
        drawn, mass = np.repeat(codes, n_copies, axis=0), np.zeros(n_rows * n_copies)
        uniforms = rng.random(drawn.shape, dtype=np.float32)
        seen = np.repeat(visible, n_copies, axis=0)
        for start in range(0, len(drawn), PART_ROWS):
            rows = slice(start, start + PART_ROWS)
            batch = begin(self.exact, drawn[rows], seen[rows])
            steps = Plan({}, (), tuple((block,) for block in plan.alone), plan.restrictions)
            fill_groups(self.exact, batch, steps, torch.from_numpy(uniforms[rows]), [None] * len(plan.alone))
            drawn[rows] = batch.codes.cpu().numpy()
            mass[rows] = batch.log_mass.double().cpu().numpy()
        if n_copies > 1:
            share = np.exp(mass - mass.max())
            drawn = drawn[rng.choice(len(drawn), size=n_rows, p=share / share.sum())]
        visible = visible.copy()
        visible[:, list(plan.alone)] = True
        return drawn, visible


def block_generator(seed: int, index: int) -> np.random.Generator:
    """Random numbers of one block of rows, independent of every other block's.

    Source: Salmon et al. 2011, Parallel Random Numbers: As Easy as 1, 2, 3 (Philox).
    """
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, index])))
