"""Rounds of the drawing order: what they lose, the fewest that lose little, and the best of so many."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
import torch

from tabgan.gan import division
from tabgan.gan.blocks import Blocks
from tabgan.gan.division import few_rounds, few_rounds_given, nats_lost, rounds_asked_for
from tabgan.gan.drawing import Drawer
from tabgan.gan.generator import Generator
from tabgan.gan.precision import half_products
from tabgan.gan.settings import Teachers
from tabgan.gan.training import train
from tests.gan.toys import SMALL, mixture, small_generator, toy_blocks

ORDER, NATS = (2, 0, 3, 1), division.MAX_NATS / 2


def generator_of(blocks: Blocks, scale: float, *, final_norm: bool = False) -> Generator:
    """One whose blocks tell each other the more, the larger the scale."""
    generator = Generator(blocks, embedding_dim=4, generator_dim=(16, 12), final_norm=final_norm).eval()
    with torch.no_grad():
        for part in (generator.rows.identity, generator.rows.order):
            part.mul_(scale)
    return generator


def nats(generator: Generator, codes: torch.Tensor, seen: tuple[int, ...], more: tuple[int, ...], block: int):
    """What every row's chances of a block lose if the layers do not see `more`, worked out code by code.

    With a norm before the head the sum does not show it either. Shape: -> [rows].
    """
    sums, heads = [], []
    for known in (seen, (*seen, *more)):
        visible = torch.zeros(codes.shape, dtype=torch.bool)
        visible[:, list(known)] = True
        with torch.no_grad(), half_products(codes.device):  # as rows are drawn
            sums.append(generator.rows(codes, visible))
            heads.append(generator.trunk(sums[-1], None))
    if not isinstance(generator.norm, torch.nn.LayerNorm):
        heads[0] += sums[1] - sums[0]
    with torch.no_grad():
        soft = [generator.blocks.softmax(generator.head(head)).double() for head in heads]
    start = int(generator.blocks.offsets[block])
    chances = [one[:, start : start + generator.blocks.sizes[block]] for one in soft]
    return (chances[1] * (chances[1] / chances[0]).log()).sum(1)


def every_cut(order: tuple[int, ...]):
    """Every way to cut an order into runs."""
    for marks in product([False, True], repeat=len(order) - 1):
        cuts = [0, *(place + 1 for place, is_cut in enumerate(marks) if is_cut), len(order)]
        yield tuple(tuple(order[start:stop]) for start, stop in pairwise(cuts))


def losses_of(generator: Generator, codes: torch.Tensor, runs) -> list[torch.Tensor]:
    """What each block loses in such rounds. Shape: -> blocks in drawing order, each [rows]."""
    lost, seen = [], ()
    for run in runs:
        lost += [nats(generator, codes, seen, run[:place], block) for place, block in enumerate(run)]
        seen += run
    return lost


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("scale", [0.0, 0.1, 0.3, 1.0])
@pytest.mark.parametrize("final_norm", [False, True])
def test_no_fewer_rounds_would_lose_as_little(monkeypatch, seed, scale, final_norm):
    torch.manual_seed(seed)
    monkeypatch.setattr(division, "LEAST_BLOCKS", 4)
    generator, codes = generator_of(toy_blocks(), scale, final_norm=final_norm), mixture(300).long()
    found = few_rounds(Drawer(generator), ORDER, codes, max_nats=division.MAX_NATS)
    little = []
    for runs in every_cut(ORDER):
        lost = losses_of(generator, codes, runs)
        if sum(lost).mean() <= 4 * division.MAX_NATS and max(one.max() for one in lost) <= 1.0:
            little.append(runs)
    assert found in little
    assert len(found) == min(map(len, little))


def test_the_more_rows_are_learned_the_less_may_be_lost():
    allowed = [division.nats_allowed(n_rows) for n_rows in (0, division.FEW_ROWS, 30_000, 60_000, 10**7)]
    assert allowed[0] == allowed[1] == division.MAX_NATS
    assert allowed[2:] == pytest.approx([division.MAX_NATS / part for part in (2, 4, 4)])
    torch.manual_seed(0)
    drawer, codes = Drawer(generator_of(toy_blocks(), 1.0)), mixture(300).long()
    n_rounds = [len(few_rounds(drawer, ORDER, codes, max_nats=nats)) for nats in (10.0, 1e-3, 0.0)]
    assert n_rounds == sorted(n_rounds)
    assert (n_rounds[0], n_rounds[-1]) == (1, 4)


def test_no_blocks_are_drawn_in_no_round():
    drawer, codes = Drawer(generator_of(toy_blocks(), 0.0)), mixture(5)
    assert few_rounds(drawer, (), codes, max_nats=NATS) == rounds_asked_for(drawer, (), codes, 3) == ()


def test_both_ends_are_among_the_random_generators(monkeypatch):
    torch.manual_seed(0)
    monkeypatch.setattr(division, "LEAST_BLOCKS", 4)
    codes = mixture(300).long()
    assert few_rounds(Drawer(generator_of(toy_blocks(), 0.0)), ORDER, codes, max_nats=NATS) == (ORDER,)
    by_layers_alone = generator_of(toy_blocks(), 3.0, final_norm=True)
    assert few_rounds(Drawer(by_layers_alone), ORDER, codes, max_nats=NATS) == ((2,), (0,), (3,), (1,))


def test_a_rare_code_on_which_another_block_depends_keeps_them_apart():
    torch.manual_seed(0)
    generator = generator_of(Blocks((2, 2)), 0.0, final_norm=True)
    with torch.no_grad():
        place = torch.nn.functional.normalize(torch.randn(16), dim=0)
        generator.rows.identity[1], generator.head.identity[3] = 10 * place, 2 * place
        generator.head.bias[2] = 4.0  # the other code is rare, but for rows with the rare code
    codes = torch.zeros(4000, 2, dtype=torch.long)
    assert few_rounds(Drawer(generator), (0, 1), codes, max_nats=NATS) == ((0, 1),)
    codes[77, 0] = 1
    assert nats(generator, codes, (), (0,), 1).mean() < division.MAX_NATS
    assert few_rounds(Drawer(generator), (0, 1), codes, max_nats=NATS) == ((0,), (1,))


def test_while_rows_are_alike_each_block_has_a_round_of_its_own(monkeypatch):
    monkeypatch.setattr(division, "FEW_DISTINCT", 0.05)
    drawer = Drawer(generator_of(toy_blocks(), 0.0))
    codes = torch.cartesian_prod(*map(torch.arange, drawer.blocks.sizes))  # 324 rows, of which 16 are few
    visible = torch.zeros(codes.shape, dtype=torch.bool)
    assert few_rounds_given(drawer, ORDER, codes, visible) == ((2,), (0,), (3, 1))  # 1, 9 and 27 different
    visible[:, 1] = True
    assert few_rounds_given(drawer, (2, 0, 3), codes, visible) == ((2,), (0, 3))  # 6 and 54
    visible[:, 2] = True
    assert few_rounds_given(drawer, (0, 3), codes, visible) == ((0, 3),)
    assert few_rounds_given(drawer, (), codes, visible) == ()


def test_rounds_of_large_blocks_end_where_their_logits_would_be_too_many(monkeypatch):
    monkeypatch.setattr(division, "MAX_CODES", 11)
    drawer = Drawer(generator_of(toy_blocks(), 0.0))  # blocks of 9, 3, 2 and 6 codes in this order
    assert few_rounds(drawer, ORDER, mixture(50), max_nats=NATS) == ((2,), (0, 3, 1))
    monkeypatch.setattr(division, "MAX_CODES", 1)
    assert few_rounds(drawer, ORDER, mixture(50), max_nats=NATS) == ((2,), (0,), (3,), (1,))


def test_blocks_that_are_there_before_lose_nothing():
    torch.manual_seed(0)
    generator, codes = generator_of(toy_blocks(), 1.0), mixture(300).long()
    visible = torch.zeros(codes.shape, dtype=torch.bool)
    visible[:, 1] = True
    visible[:100, 0] = True
    drawer = Drawer(generator)
    lost, alike, others = (
        nats_lost(drawer, ORDER, codes[rows], visible[rows]).mean
        for rows in (slice(None), slice(100), slice(100, None))
    )
    known, sometimes = ORDER.index(1), ORDER.index(0)
    assert all(lost[start, known - start] == 0 for start in range(known))
    assert alike[0, sometimes] == 0 < others[0, sometimes]
    exists = np.isfinite(lost)
    np.testing.assert_allclose(lost[exists], (alike[exists] + 2 * others[exists]) / 3, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n_rounds", [1, 2, 3, 4, 9])
def test_no_other_rounds_lose_less(seed, n_rounds):
    torch.manual_seed(seed)
    generator, codes = generator_of(toy_blocks(), 1.0), mixture(300).long()

    def total(runs) -> float:
        return float(sum(losses_of(generator, codes, runs)).mean())

    found = rounds_asked_for(Drawer(generator), ORDER, codes, n_rounds)
    assert len(found) == min(n_rounds, 4)
    alike = [total(runs) for runs in every_cut(ORDER) if len(runs) == len(found)]
    assert total(found) == pytest.approx(min(alike), rel=1e-3, abs=1e-6)


@pytest.mark.usefixtures("in_32_bits")
@pytest.mark.parametrize("final_norm", [False, True])
def test_losses_are_those_of_a_generator_worked_out_code_by_code(final_norm):
    torch.manual_seed(0)
    codes, generator = mixture(50).long(), generator_of(toy_blocks(), 1.0, final_norm=final_norm)
    found = nats_lost(Drawer(generator), ORDER, codes)
    for start, on in product(range(4), repeat=2):
        place = start + on
        if place >= 4:
            assert found.mean[start, on] == found.worst[start, on] == np.inf
            continue
        wanted = nats(generator, codes, ORDER[:start], ORDER[start:place], ORDER[place])
        assert found.mean[start, on] == pytest.approx(float(wanted.mean()), rel=2e-2, abs=1e-6)
        assert found.worst[start, on] == pytest.approx(float(wanted.max()), rel=2e-2, abs=1e-6)


def test_a_long_order_is_cut_at_some_places_only():
    n = 2 * division.MAX_STARTS + 3
    drawer = Drawer(small_generator(Blocks((2,) * n)).eval())
    codes = torch.zeros(5, n, dtype=torch.int16)
    for n_rounds in (1, 2, n):
        groups = rounds_asked_for(drawer, range(n), codes, n_rounds)
        assert [block for group in groups for block in group] == list(range(n))
        assert len(groups) == min(n_rounds, len(range(0, n, 3)))


def test_weights_that_ran_away_are_asked_for_each_block_alone():
    generator = small_generator(toy_blocks()).eval()
    with torch.no_grad():
        generator.head.bias.fill_(torch.nan)
    drawer, alone = Drawer(generator), ((2,), (0,), (3,), (1,))
    assert few_rounds(drawer, ORDER, mixture(50), max_nats=NATS) == alone
    assert rounds_asked_for(drawer, ORDER, mixture(50), 4) == alone


def test_training_parts_what_hangs_together_and_joins_what_does_not(monkeypatch):
    """Each of blocks 0, 1 and 2 tells the mode, on which the two others follow; the rest are coins."""
    torch.manual_seed(0)
    monkeypatch.setattr(division, "LEAST_BLOCKS", 7)
    codes = torch.cat([mixture(12_000), torch.randint(0, 2, (12_000, 3)).to(torch.int16)], 1)
    teachers = Teachers(adversary=0.0)
    settings = replace(SMALL, teachers=teachers, rounds=None, epochs=10)
    trained = train(codes, Blocks((3, 6, 9, 2, 2, 2, 2)), settings, parents=(None,) * 7)
    groups = [set(run) for run in trained.runs]
    first = next(group & {0, 1, 2} for group in groups if group & {0, 1, 2})
    assert len(first) == 1
    assert len(groups) <= 3
