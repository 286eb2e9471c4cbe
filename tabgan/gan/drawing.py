"""Drawing codes from a trained generator, fast: no gradients, an incremental first layer.

Rows are drawn in groups of blocks. A group needs one addition to the first layer, the layers, and the
logits of its own blocks alone. Rows that show the same codes so far have the same logits, which are
computed once for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional as F

from tabgan.gan.generator import Generator
from tabgan.gan.group_logits import Apart, InTurn
from tabgan.gan.precision import half_products

MOST_DISTINCT = 0.9  # of the rows: with more, to look for equal ones takes as long as it saves
NEAR_ROWS = 1_024  # that go through the trunk at a time: what they take stays near the processor


@dataclass(frozen=True)
class Restriction:
    """Which codes a column may take, over the blocks it has.

    Shape: `shares`, one dimension a block of `blocks`, in drawing order: by how much a code that is drawn
    freely counts, since that share of what it stands for is asked for. 0: it may not be taken.
    """

    blocks: tuple[int, ...]
    shares: Tensor

    def of_block(self, block: int, codes: Tensor) -> Tensor:
        """Shares of a block's codes given those before it. Shape: -> [rows or 1, size].

        Those of all blocks multiply to `shares`. Where a code has others below it their mean stands for it:
        which of them is drawn is not known yet.
        """
        place = self.blocks.index(block)
        below = tuple(range(place + 1, self.shares.dim()))
        shares = self.shares.mean(dim=below) if below else self.shares
        if place == 0:
            return shares[None]
        at = tuple(codes[:, earlier] for earlier in self.blocks[:place])
        told = shares.mean(dim=-1)[at]
        return shares[at] / torch.where(told > 0, told, 1.0)[:, None]


@dataclass
class Batch:
    """Rows being drawn. Shape: codes, visible [rows, blocks], embedded [distinct rows, width].

    `place` [rows]: where in `embedded` a row finds its sum, which it shares with all rows that
    show the same codes; None when every row has one of its own. Sums of complete rows are not kept up.
    `log_mass` [rows]: logarithm of the chance that the free draw would have kept to the
    restrictions; with it a resampling makes restricted draws exact.
    """

    codes: Tensor
    visible: Tensor
    embedded: Tensor
    place: Tensor | None = None
    log_mass: Tensor = field(init=False)

    def __post_init__(self) -> None:
        self.log_mass = torch.zeros(len(self.codes), device=self.codes.device)

    def spread(self) -> None:
        """Give every row a sum of its own."""
        if self.place is not None:
            self.embedded, self.place = self.embedded.index_select(0, self.place), None


class Drawer:
    """A generator made ready for drawing: its first and last layer as plain tables."""

    @torch.no_grad()
    def __init__(self, generator: Generator) -> None:
        self.generator = generator.eval()
        self.blocks = generator.blocks
        rows = generator.rows
        self.steps = (rows.table() - rows.hidden[self.blocks.block_of]).detach()
        self.weight, self.bias = (part.detach() for part in generator.head.layer())
        self.hears_noise = bool(generator.noise.weight.any())
        self.codes = torch.arange(self.blocks.n_flat, device=self.blocks.device)

    @torch.no_grad()
    def start(self, codes: Tensor, visible: Tensor) -> Batch:
        """Rows of which the visible blocks are given. Shape: both [rows, blocks]."""
        given, is_given = codes, visible
        place: Tensor | None = None
        # On a GPU products cost less than the launches it takes to find equal rows.
        if codes.device.type == "cpu":
            seen = torch.where(visible, codes, -1)
            if bool((seen == seen[:1]).all()):
                seen, place = seen[:1], torch.zeros(len(seen), dtype=torch.int64)
            else:
                seen, place = seen.unique(dim=0, return_inverse=True)
            given, is_given = seen.clamp(min=0), seen >= 0
        return Batch(codes.clone(), visible.clone(), self.generator.rows(given, is_given), place)

    @torch.no_grad()
    def fill(
        self,
        batch: Batch,
        group: Sequence[int],
        uniforms: Tensor,
        *,
        noise: Tensor | None = None,
        restrictions: Mapping[int, Restriction] | None = None,
    ) -> None:
        """Draw the hidden blocks of one group in place.

        Each sees those before it, but with a norm before the head none another (tabgan/gan/group_logits.py).
        Shape: uniforms in [0, 1) [rows, blocks]; noise [rows, embedding_dim]; restrictions by block.
        """
        blocks = list(group)
        is_open = ~batch.visible[:, blocks].all(1)
        rows = None if bool(is_open.all()) else is_open.nonzero()[:, 0]
        if rows is not None and not len(rows):
            return
        is_new = ~_rows(batch.visible, rows)[:, blocks]
        if noise is not None or rows is not None or not bool(is_new.all()):
            batch.spread()
        logits = self._logits_of(batch, blocks, rows, None if noise is None else _rows(noise, rows))
        for block, new in zip(blocks, is_new.T, strict=True):
            drawn = self._draw(batch, block, logits.of(block), rows, new, uniforms, restrictions or {})
            logits.see(block, drawn, new)
        self._show(batch, blocks, rows, is_new)

    def output(self, embedded: Tensor) -> Tensor:
        """What the trunk says of sums, of few rows at a time. Shape: [rows, width] -> the same."""
        with half_products(embedded.device):
            return torch.cat([self.generator.trunk(part, None) for part in embedded.split(_near(embedded))])

    def log_chances(self, output: Tensor, block: int) -> Tensor:
        """Logarithms of a block's chances. Shape: what the trunk says [rows, width] -> [rows, size]."""
        return self.logits(output, block).log_softmax(-1)

    def logits(self, output: Tensor, block: int) -> Tensor:
        """Those of a block's codes. Shape: what the trunk says [rows, width] -> [rows, size]."""
        codes = self.blocks.slices[block]
        return F.linear(output, self.weight[codes], self.bias[codes])

    def chances(self, logits: Tensor, block: int, place: Tensor | None) -> Tensor:  # noqa: ARG002
        """Those of a block's codes, for each distinct sum. Shape: [distinct rows, size] -> the same.

        `place` [rows]: which of them each row has; None where every row has its own.
        """
        return logits.softmax(-1)

    def _logits_of(
        self, batch: Batch, group: Sequence[int], rows: Tensor | None, noise: Tensor | None
    ) -> Apart | InTurn:
        """What the network says of a group, before any of it is drawn."""
        embedded, generator = _rows(batch.embedded, rows), self.generator
        parts = embedded.split(_near(embedded))
        noises = [None] * len(parts) if noise is None else noise.split(_near(embedded))
        if not generator.is_linear:
            with half_products(embedded.device):
                output = list(map(generator.trunk, parts, noises))
            return Apart(output, batch.place, self.logits)
        codes = torch.cat([self.codes[self.blocks.slices[block]] for block in group])
        weight, down = self.weight[codes], generator.last.down
        bias, weight_of_inner = self.bias[codes] + weight @ down.bias, (weight @ down.weight).T
        logits = []
        for part in zip(parts, noises, strict=True):
            with half_products(embedded.device):
                x, inner = generator.before_last(*part)
            logits.append(F.linear(x, weight, bias).addmm_(inner.to(x.dtype), weight_of_inner))
        sizes = [self.blocks.sizes[block] for block in group]
        return InTurn(group, sizes, torch.cat(logits), batch.place, self.steps[codes], weight)

    def _draw(
        self,
        batch: Batch,
        block: int,
        logits: tuple[Tensor, Tensor | None],
        rows: Tensor | None,
        is_new: Tensor,
        uniforms: Tensor,
        restrictions: Mapping[int, Restriction],
    ) -> Tensor:
        """A block's codes, in place where they are new. `logits`: of distinct rows, and which a row has."""
        place = logits[1]
        chances = self.chances(logits[0], block, place)
        known = _rows(batch.codes, rows)
        if block in restrictions:
            allowed = restrictions[block].of_block(block, known)
            # A code the generator never expects must still be drawable when it is asked for.
            chances, place = (_rows(chances, place) + 1e-12) * allowed, None
            _add(batch.log_mass, rows, chances.sum(-1).log() * is_new)
        drawn = _drawn(chances, place, _rows(uniforms, rows)[:, block])
        drawn = torch.where(is_new, drawn, known[:, block])
        if rows is None:
            batch.codes[:, block], batch.visible[:, block] = drawn, True
        else:
            batch.codes[rows, block], batch.visible[rows, block] = drawn, True
        return drawn

    def _show(self, batch: Batch, group: list[int], rows: Tensor | None, is_new: Tensor) -> None:
        """Add to the sums what was drawn of a group, if more is to be drawn. Shape: is_new [rows, group]."""
        if bool(batch.visible.all()):
            return
        if batch.place is not None and not self._part(batch, group):
            batch.spread()
        if batch.place is None:
            weights = None if bool(is_new.all()) else is_new.to(self.steps.dtype)
            _add(batch.embedded, rows, self._added(_rows(batch.codes, rows), group, weights))

    def _added(self, codes: Tensor, group: list[int], weights: Tensor | None = None) -> Tensor:
        """What blocks add to sums. Shape: codes [rows, blocks], weights [rows, group] -> [rows, width]."""
        places = codes[:, group] + self.blocks.offsets[group]
        return F.embedding_bag(places, self.steps, mode="sum", per_sample_weights=weights)

    def _part(self, batch: Batch, group: list[int]) -> bool:
        """Part the rows that shared a sum by what each has drawn. Returns whether enough still share one."""
        assert batch.place is not None
        place, n_rows = batch.place, len(batch.codes)
        for block in group:
            distinct, place = (place * self.blocks.sizes[block] + batch.codes[:, block]).unique(
                return_inverse=True
            )
            if len(distinct) > MOST_DISTINCT * n_rows:
                return False
        # Any row of those that are alike stands for them.
        one = place.new_empty(len(distinct)).scatter_(0, place, torch.arange(n_rows))
        added = self._added(batch.codes.index_select(0, one), group)
        batch.embedded = batch.embedded.index_select(0, batch.place.index_select(0, one)) + added
        batch.place = place
        return True


def _drawn(chances: Tensor, place: Tensor | None, level: Tensor) -> Tensor:
    """The code at which the cumulated chances pass `level`.

    Shape: chances [distinct rows, size], place (of each row among them) and level [rows] -> [rows].
    """
    cumulative = _rows(chances.cumsum(-1), place)
    total = cumulative[:, -1:]
    # Rounded up to the total, a draw would end behind the last code that has a chance.
    least = torch.minimum(level[:, None] * total, _below(total))
    passed = torch.searchsorted(cumulative, least, right=True)[:, 0]
    return passed.clamp(max=cumulative.shape[1] - 1)  # chances that are no numbers are never passed


def _near(rows: Tensor) -> int:
    return NEAR_ROWS if rows.device.type == "cpu" else max(1, len(rows))


def _rows(values: Tensor, rows: Tensor | None) -> Tensor:
    return values if rows is None else values.index_select(0, rows)


def _below(numbers: Tensor) -> Tensor:
    return torch.nextafter(numbers, torch.zeros_like(numbers))


def _add(total: Tensor, rows: Tensor | None, values: Tensor) -> None:
    if rows is None:
        total += values
    else:
        total[rows] += values
