"""A toy table of codes whose columns hang together, and how far drawn rows are from it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from tabgan.gan.adversary import Adversary
from tabgan.gan.batches import Rows
from tabgan.gan.blocks import Blocks
from tabgan.gan.generator import Generator
from tabgan.gan.rounds import draw, equal_runs, rounds_of
from tabgan.gan.settings import Settings, Teachers
from tabgan.gan.watch import Average

SIZES = (3, 6, 9, 2)
POSITIONS = (None, None, tuple(place / 8 for place in range(9)), None)
SMALL = Settings(
    teachers=Teachers(adversary=1.0, likelihood=0.0),
    rounds=1,
    embedding_dim=8,
    generator_dim=(48, 48),
    discriminator_dim=(48, 48),
    batch_size=128,
    generator_lr=5e-4,
    discriminator_lr=5e-3,
    discriminator_dropout=0.0,
    generator_dropout=0.0,
    warm_up_steps=0,
    ema=0.98,
)


def mixture(n_rows: int = 2000, seed: int = 0) -> Tensor:
    """Three modes: block 0 names the mode, blocks 1 and 2 each have codes of their own in it.

    Block 3 hangs together with nothing. Shape: -> int16 [n_rows, 4].
    """
    dice = torch.Generator().manual_seed(seed)
    mode = torch.multinomial(torch.tensor([0.5, 0.3, 0.2]), n_rows, replacement=True, generator=dice)
    columns = [
        mode,
        2 * mode + torch.randint(2, (n_rows,), generator=dice),
        3 * mode + torch.randint(3, (n_rows,), generator=dice),
        torch.randint(2, (n_rows,), generator=dice),
    ]
    return torch.stack(columns, 1).to(torch.int16)


def toy_blocks() -> Blocks:
    return Blocks(SIZES, POSITIONS)


def small_generator(blocks: Blocks, settings: Settings = SMALL, *, final_norm: bool = False) -> Generator:
    return Generator(
        blocks,
        embedding_dim=settings.embedding_dim,
        generator_dim=settings.generator_dim,
        dropout=settings.generator_dropout,
        final_norm=final_norm,
    )


def pair_shares(codes: Tensor, sizes: tuple[int, ...] = SIZES) -> dict[tuple[int, int], Tensor]:
    """Share of rows with each pair of codes, counted pair by pair."""
    shares = {}
    for one in range(len(sizes)):
        for two in range(one):
            cells = codes[:, one].long() * sizes[two] + codes[:, two].long()
            shares[one, two] = torch.bincount(cells, minlength=sizes[one] * sizes[two]) / len(codes)
    return shares


def pair_error(made: Tensor, real: Tensor) -> float:
    """Mean total variation of the two-way marginals."""
    found, wanted = pair_shares(made), pair_shares(real)
    return float(torch.stack([(found[pair] - wanted[pair]).abs().sum() / 2 for pair in wanted]).mean())


def shuffled(codes: Tensor) -> Tensor:
    """Every column by itself: what independent draws look like."""
    return torch.stack([column[torch.randperm(len(column))] for column in codes.T], 1)


def drawn(
    generator: Generator, n_rows: int = 2000, n_rounds: int = 1, order: Sequence[int] | None = None
) -> Tensor:
    """Codes of freely drawn rows."""
    blocks = generator.blocks
    nothing = torch.zeros(n_rows, blocks.n_blocks, dtype=torch.long)
    rounds = rounds_of(generator, equal_runs(order or range(blocks.n_blocks), n_rounds))
    with torch.no_grad():
        return blocks.codes(draw(generator, nothing, nothing.bool(), rounds).rows)


def play(settings: Settings, n_steps: int, *, target: int | None = None, seed: int = 0) -> Adversary:
    """A short game on the toy table; the generator starts from the one-way marginals."""
    torch.manual_seed(seed)
    codes, blocks = mixture(), toy_blocks()
    generator = small_generator(blocks, settings)
    with torch.no_grad():
        generator.head.bias.copy_((blocks.one_hot(codes).mean(0) + 1e-3).log())
    adversary = Adversary(generator, (0, 1, 2, 3), settings, target=target)
    rows, average = Rows(codes, settings.batch_size), Average(generator, settings.ema)
    for _ in range(n_steps):
        adversary.step(rows, teach_generator=True)
        average.update()
    generator.load_state_dict(average.network.state_dict())
    return adversary
