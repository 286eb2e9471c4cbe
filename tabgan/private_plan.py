"""What a private fit will do, told from public facts before any row is read."""

from __future__ import annotations

import dataclasses
import itertools
import math
import statistics
import time
from collections.abc import Callable, Collection, Hashable

import numpy as np
import torch

from tabgan.encoding.grids import levels_worth_telling
from tabgan.encoding.noisy_columns import is_bounded
from tabgan.encoding.noisy_statistics import columns_to_measure, shared_and_own
from tabgan.encoding.private_schema import notes_on_gaps, with_dtype
from tabgan.encoding.rehearsal import LABELS_NOT_DECLARED, rehearsed_encoder
from tabgan.encoding.table import TableEncoder
from tabgan.gan.blocks import Blocks
from tabgan.gan.dp_sgd import NoisySteps
from tabgan.gan.generator import Generator
from tabgan.gan.private_training import PrivateRun
from tabgan.gan.raking import pool_size, raked
from tabgan.gan.settings import PrivateSettings, Settings
from tabgan.gan.threads import one_thread
from tabgan.gan.tree import NoisyMarginals, NoisyTable
from tabgan.learning import blocks_of, chosen_device
from tabgan.privacy.accounting import Spent, check_delta, default_delta, epsilon_of, noise_for, with_room
from tabgan.privacy.config import COUNT, PAIRS, SINGLES, TRIPLES, PrivacyConfig, notes_on_epsilon
from tabgan.privacy.entry import Entry
from tabgan.private_marginals import (
    chosen_entries,
    deviation_of_pairs,
    deviation_on_codes,
    n_triples,
    star_of,
)
from tabgan.private_reading import SMALLEST_DELTA
from tabgan.rules.public import public_reduction
from tabgan.schema import Declared, Schema, read_schema

HALF_NORMAL = math.sqrt(2 / math.pi)  # mean of |noise| of deviation 1
POOR, USELESS = 0.15, 0.5  # error of a marginal, as a share of the rows that it puts wrongly
FEW_ROWS = 50
TIMED_STEPS = 3


@dataclasses.dataclass(frozen=True)
class PrivatePlan:
    """Releases, their noise and what can be expected of it.

    `entries`: every release in its order, with its noise. `spent`: what they cost together.
    `one_way_error`, `two_way_error`: by column and by pair of columns, the expected share of the rows that
    the released counts put into a wrong cell, at most 1. Training does better, since it combines them. Where
    pairs are chosen (`chooses_pairs`), the error of any pair is the one it has if chosen in the first round.
    `memory_bytes`: in addition to the table itself. `seconds`: timed on this machine, None where that was
    not asked for.
    """

    n_rows: int
    spent: Spent
    entries: tuple[Entry, ...]
    n_codes: int
    one_way_error: dict[Hashable, float]
    two_way_error: dict[tuple[Hashable, Hashable], float]
    memory_bytes: int
    seconds: float | None
    warnings: tuple[str, ...]

    @property
    def chooses_pairs(self) -> bool:
        """Whether some pairs are chosen instead of counting all."""
        return any(entry.mechanism == "exponential" for entry in self.entries)

    @property
    def training(self) -> Entry:
        """DP-SGD: its noise multiplier, sample rate and steps."""
        return self.entries[-1]

    def facts(self) -> list[tuple[str, str]]:
        """The figures with their names, as people read them."""
        training = self.training
        of_pairs = "median, if chosen in the first round" if self.chooses_pairs else "median"
        ones, twos = (_middle(errors.values()) for errors in (self.one_way_error, self.two_way_error))
        facts = [
            ("cost of all releases", str(self.spent)),
            ("codes", f"{self.n_codes:,}"),
            ("DP-SGD", f"{training.steps:,} steps of about {training.sample_rate * self.n_rows:,.0f} rows"),
            ("one-way marginals", f"{ones} of the rows counted wrongly (median)"),
            ("two-way marginals", f"{twos} of the rows counted wrongly ({of_pairs})"),
            ("memory", f"about {self.memory_bytes / 2**20:,.0f} MiB, beside the table"),
        ]
        if self.seconds is not None:
            minutes = max(1, round(self.seconds / 60))
            facts.append(("time", f"about {minutes:,} min if this machine does nothing else"))
        return facts

    def __repr__(self) -> str:
        lines = [f"Private fit of about {self.n_rows:,} rows"]
        lines += [f"  {name}: {value}" for name, value in self.facts()]
        return "\n".join([*lines, *(f"Warning: {told}" for told in self.warnings)])


def plan_private(
    schema: Declared,
    n_rows: int,
    *,
    epsilon: float,
    delta: float | None = None,
    privacy: PrivacyConfig | None = None,
    is_timed: bool = True,
) -> PrivatePlan:
    """The plan of `TabGAN(schema, epsilon=…)` for a table of about `n_rows` rows. Reads no table.

    `schema` names every column; what it leaves open is measured, and charged, in the fit. How many
    codes such a column gets is a guess: 10 categories, numbers from 0 to 100, four years.

    Raises: SchemaError, ValueError or BudgetExceededError, as the fit would before it spends.
    """
    told = read_schema(schema)
    kept = tuple(column for column in told if column.policy != "drop")
    declared = tuple(map(with_dtype, kept))
    config = (privacy or PrivacyConfig.default(epsilon)).of_columns(len(declared))
    known = public_reduction(Schema(declared, told.rules)).inner
    if not isinstance(n_rows, int | np.integer) or n_rows < 1:
        raise ValueError(f"Expected n_rows to be a whole number >= 1, got n_rows={n_rows!r}.")
    is_adaptive = delta is None and config.n_rows is None
    measured = columns_to_measure(known, known)
    shared, own = shared_and_own(known, measured)
    plan = config.entries([], shared, adaptive=is_adaptive, own=own)
    scaled, delta = _calibrated(plan, config, epsilon, delta, n_rows)
    noise = {entry.what: entry.noise_multiplier for entry in scaled}
    known_rows = n_rows if is_adaptive else config.n_rows
    is_chosen = PAIRS in noise and config.chooses_pairs(len(known), known_rows, noise[PAIRS])
    max_levels = levels_worth_telling(n_rows, deviation_on_codes(noise, len(known), is_chosen=is_chosen))
    encoder = rehearsed_encoder(known, n_rows=n_rows, noise=noise, measured=measured, max_levels=max_levels)
    blocks = blocks_of(encoder, torch.device("cpu"))
    booked = [entry for entry in scaled if entry.what != TRIPLES or n_triples(blocks.n_blocks)]
    entries = [_with_sensitivity(entry, blocks.n_blocks) for entry in booked]
    sigma = {entry.what: entry.sigma for entry in entries}
    pair_sigma = sigma.get(PAIRS, 0.0)
    if is_chosen:
        entries = _with_choices(entries, encoder, len(known))
        pair_sigma = deviation_of_pairs(noise[PAIRS], len(known), is_chosen=True)
    made = PrivatePlan(
        n_rows=n_rows,
        spent=epsilon_of(entries, delta),
        entries=tuple(entries),
        n_codes=sum(encoder.layout.sizes),
        one_way_error=_one_way(encoder, sigma[SINGLES] / n_rows),
        two_way_error=_two_way(encoder, pair_sigma / n_rows) if pair_sigma else {},
        memory_bytes=_memory(blocks, n_rows, config.sample_rate),
        seconds=_seconds(encoder, config, n_rows) if is_timed and blocks.n_blocks else None,
        warnings=(),
    )
    warnings = (*notes_on_epsilon(epsilon), *_warnings(made, known, config), *notes_on_gaps(Schema(kept)))
    return dataclasses.replace(made, warnings=warnings)


def _calibrated(
    plan: list[Entry], config: PrivacyConfig, epsilon: float, delta: float | None, n_rows: int
) -> tuple[list[Entry], float]:
    """The plan with its noise, and the delta of a fit that counts so many rows."""
    if delta is None:
        counted = _scaled(plan, config, epsilon, SMALLEST_DELTA)
        delta = max(default_delta(_most_rows(n_rows, counted)), SMALLEST_DELTA)
    scaled = _scaled(plan, config, epsilon, delta)
    check_delta(delta, _most_rows(n_rows, scaled))
    return scaled, delta


def _scaled(plan: list[Entry], config: PrivacyConfig, epsilon: float, delta: float) -> list[Entry]:
    scale = noise_for(epsilon, delta * (1 - config.label_delta), plan)
    return [entry.scaled(scale) for entry in plan]


def _most_rows(n_rows: int, entries: list[Entry]) -> int:
    """What a fit would take for no fewer rows than there are, if it counted that many."""
    return with_room(n_rows, sum(entry.noise_multiplier for entry in entries if entry.what == COUNT))


def _with_choices(entries: list[Entry], encoder: TableEncoder, n_columns: int) -> list[Entry]:
    """The rounds that choose pairs instead of the entry of all pairs; no target, which adds its own."""
    blocks = encoder.layout.blocks
    n_star = len(star_of((), [block.parent for block in blocks]))
    place = [entry.what for entry in entries].index(PAIRS)
    chosen = chosen_entries(entries[place], n_columns, len(blocks), n_star)
    return [*entries[:place], *chosen, *entries[place + 1 :]]


def _with_sensitivity(entry: Entry, n_blocks: int) -> Entry:
    """A row has one code in every block, one pair in every two, and one triple in every three counted."""
    tables = {SINGLES: n_blocks, PAIRS: n_blocks * (n_blocks - 1) / 2, TRIPLES: n_triples(n_blocks)}
    return dataclasses.replace(entry, sensitivity=math.sqrt(max(1.0, tables.get(entry.what, 1.0))))


def _wrong_share(n_cells: float, sigma: float) -> float:
    """Expected total variation distance of counts with noise from those without; at most 1."""
    return min(1.0, 0.5 * n_cells * HALF_NORMAL * sigma)


def _sizes(encoder: TableEncoder) -> dict[Hashable, int]:
    """Codes of the first block of each column that has one: what it is told of coarsely."""
    return {one.column.name: one.sizes[0] for one in encoder.encoders if one.sizes}


def _one_way(encoder: TableEncoder, sigma: float) -> dict[Hashable, float]:
    return {name: _wrong_share(size, sigma) for name, size in _sizes(encoder).items()}


def _two_way(encoder: TableEncoder, sigma: float) -> dict[tuple[Hashable, Hashable], float]:
    sizes = list(_sizes(encoder).items())
    return {
        (first, second): _wrong_share(n_first * n_second, sigma)
        for place, (first, n_first) in enumerate(sizes)
        for second, n_second in sizes[place + 1 :]
    }


def _memory(blocks: Blocks, n_rows: int, sample_rate: float) -> int:
    """Codes of all rows, tables of pairs, the pairs of a pool that is raked, activations of a batch."""
    codes = 2 * n_rows * blocks.n_blocks
    pairs = 8 * 6 * blocks.n_flat**2
    pool = 12 * pool_size(_n_tables(blocks), PrivateSettings.pool_rows) * _n_tables(blocks)
    batch = 4 * 6 * PrivateSettings.masks * sample_rate * n_rows * blocks.n_flat
    return int(codes + pairs + pool + batch) + 300 * 2**20  # torch itself


def _n_tables(blocks: Blocks) -> int:
    return blocks.n_blocks * (blocks.n_blocks - 1) // 2 + n_triples(blocks.n_blocks)


def _seconds(encoder: TableEncoder, config: PrivacyConfig, n_rows: int) -> float:
    """Time of a fit, from a few steps on made-up rows on this machine.

    On the processor its time counts, not the clock: other programs may take their share of it.
    """
    settings = PrivateSettings(masks=config.masks, steps=1)
    blocks = blocks_of(encoder, chosen_device("auto"))
    n_batch = max(1, round(config.sample_rate * n_rows))
    order = tuple(range(blocks.n_blocks))
    clock = time.process_time if blocks.device.type == "cpu" else time.perf_counter
    with one_thread(), torch.random.fork_rng(devices=[]):
        network = Generator(
            blocks, embedding_dim=Settings.embedding_dim, generator_dim=settings.generator_dim, dropout=0.0
        ).to(blocks.device)
        network.noise.requires_grad_(False)
        run = PrivateRun(network, order, settings, ())
        rows = torch.stack([torch.randint(size, (n_batch,)) for size in encoder.layout.sizes], 1)
        rows = rows.to(blocks.device)
        public = _fastest(lambda: run.learn_released(rows, "tree", 1, 1e-4), clock)
        private = _fastest(lambda: run.learn_rows(NoisySteps(iter([rows]), 1.0, float(n_batch))), clock)
        n_drawn = 4096
        drawing = _fastest(lambda: run.draw_rows(n_drawn, len(order)), clock) / n_drawn
        even, pool = _even_marginals(blocks, n_rows), rows[torch.randint(n_batch, (n_drawn,))]
        raking = _fastest(lambda: raked(pool, even), clock) / n_drawn
    n_warm, n_last = (pool_size(_n_tables(blocks), most) for most in (settings.warm_rows, settings.pool_rows))
    released = public * (2 * settings.warm_steps + settings.distil_steps)
    drawn, weighted = drawing * (n_warm + n_last), raking * (2 * n_warm + n_last)
    return released + private * config.steps + drawn + weighted


def _even_marginals(blocks: Blocks, n_rows: int) -> NoisyMarginals:
    pairs = {
        (i, j): NoisyTable(np.zeros((blocks.sizes[i], blocks.sizes[j])), 1.0)
        for i, j in itertools.combinations(range(blocks.n_blocks), 2)
    }
    return NoisyMarginals(np.zeros(blocks.n_flat), 1.0, float(n_rows), pairs)


def _fastest(work: Callable[[], object], clock: Callable[[], float]) -> float:
    """Seconds of the fastest of some runs."""
    seconds = []
    for _ in range(TIMED_STEPS):
        start = clock()
        work()
        seconds.append(clock() - start)
    return min(seconds)


def _warnings(plan: PrivatePlan, schema: Schema, config: PrivacyConfig) -> list[str]:
    """What makes the result poor or dear, and the cure."""
    told = []
    ones = float(np.median(list(plan.one_way_error.values()) or [0.0]))
    twos = float(np.median(list(plan.two_way_error.values()) or [0.0]))
    cure = "Take more rows, a larger epsilon, fewer columns or fewer categories"
    if ones > POOR:
        told.append(
            f"Epsilon is too small for so few rows: even single columns will be mostly noise. {cure}."
        )
    elif twos > USELESS:
        told.append(f"Epsilon is small for so few rows: pairs of columns will be mostly noise. {cure}.")
    if config.sample_rate * plan.n_rows < FEW_ROWS:
        told.append(f"A batch of DP-SGD will have fewer than {FEW_ROWS} rows. Raise sample_rate.")
    return told + _open_columns(schema)


def _open_columns(schema: Schema) -> list[str]:
    """Columns of which the schema leaves open what may well be public."""
    unbounded = [c.name for c in schema if c.kind in ("numeric", "datetime") and not is_bounded(c)]
    unlabelled = [c.name for c in schema if c.kind == "categorical" and c.categories is None]
    told = []
    for names, lacks, guess in (
        (unbounded, "minimum and maximum", ""),
        (unlabelled, "categories", f" (planned as {LABELS_NOT_DECLARED} each)"),
    ):
        if names:
            many = f"{len(names)} columns, such as {names[0]!r}, declare"
            who = many if len(names) > 1 else f"Column {names[0]!r} declares"
            told.append(f"{who} no {lacks}, so these are measured at a cost{guess}. Declare what is public.")
    return told


def _middle(shares: Collection[float]) -> str:
    return f"{statistics.median(shares):.1%}" if shares else "–"
