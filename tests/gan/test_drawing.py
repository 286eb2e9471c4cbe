from __future__ import annotations

import itertools

import pytest
import torch
from scipy import stats

from tabgan.gan.blocks import Blocks
from tabgan.gan.drawing import Drawer, Restriction
from tabgan.gan.generator import Generator
from tests.gan.toys import SIZES, mixture, toy_blocks

ORDER = (2, 0, 3, 1)


def drawer_of(blocks: Blocks, *, final_norm: bool = False, n_layers: int = 1) -> Drawer:
    torch.manual_seed(0)
    dims = (16, *[12] * n_layers)
    generator = Generator(blocks, embedding_dim=4, generator_dim=dims, final_norm=final_norm)
    for part in (generator.rows.hidden, generator.rows.identity, generator.head.bias):
        torch.nn.init.normal_(part)
    return Drawer(generator)


def chances_of(drawer: Drawer, codes: torch.Tensor, visible: torch.Tensor, block: int) -> torch.Tensor:
    """The generator's chances of one block, from scratch. Shape: -> [rows, size]."""
    with torch.no_grad():
        soft = drawer.blocks.softmax(drawer.generator(codes, visible))
    return soft[:, drawer.blocks.slices[block]]


@pytest.mark.parametrize("given", ["nothing", "some", "one of a group, by many rows alike"])
@pytest.mark.parametrize("final_norm", [False, True])
def test_the_incremental_first_layer_is_the_one_from_scratch(given, final_norm):
    drawer, codes = drawer_of(toy_blocks(), final_norm=final_norm), mixture(100).long()
    visible = torch.zeros(codes.shape, dtype=torch.bool)
    if given == "some":
        visible = torch.rand(codes.shape) < 0.5
    elif given != "nothing":
        visible[::3, 3], codes[:, 3] = True, 0
    batch, uniforms = drawer.start(codes, visible), torch.rand(100, 4)
    for group in ((2,), (0, 3), (1,)):
        drawer.fill(batch, group, uniforms)
        wanted = drawer.generator.rows(batch.codes, batch.visible)
        found = batch.embedded if batch.place is None else batch.embedded[batch.place]
        if not batch.visible.all():  # nobody asks for the sums of complete rows
            torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)
    assert batch.visible.all()
    assert torch.equal(batch.codes[visible], codes[visible])


def test_rows_that_share_their_sums_draw_as_each_would_alone():
    drawer, codes = drawer_of(toy_blocks()), mixture(300).long()
    visible, uniforms = torch.zeros(codes.shape, dtype=torch.bool), torch.rand(300, 4)
    visible[:, 1], visible[::3, 0] = True, True
    together, alone = drawer.start(codes, visible), drawer.start(codes, visible)
    assert together.place is not None
    assert len(together.embedded) < 30
    alone.spread()
    for block in (2, 3, 0):
        for batch in (together, alone):
            drawer.fill(batch, (block,), uniforms)
    # Rounding may decide otherwise at a border between two codes.
    assert (together.codes != alone.codes).any(1).sum() <= 1


def test_what_is_given_to_start_is_left_as_it_was():
    drawer, codes = drawer_of(toy_blocks()), mixture(20).long()
    given, visible = codes.clone(), torch.zeros(codes.shape, dtype=torch.bool)
    batch = drawer.start(codes, visible)
    drawer.fill(batch, ORDER, torch.rand(20, 4))
    assert torch.equal(codes, given)
    assert not visible.any()


def test_a_draw_is_the_inverse_of_the_cumulated_chances():
    drawer, nothing = drawer_of(toy_blocks()), torch.zeros(500, 4, dtype=torch.long)
    uniforms = torch.rand(500, 4)
    batch = drawer.start(nothing, nothing.bool())
    for block in ORDER:
        chances = chances_of(drawer, batch.codes, batch.visible, block)
        drawer.fill(batch, (block,), uniforms)
        wanted = []
        for row in range(500):
            total, code = 0.0, 0
            while (
                total + float(chances[row, code]) <= float(uniforms[row, block]) and code < SIZES[block] - 1
            ):
                total += float(chances[row, code])
                code += 1
            wanted.append(code)
        # Rounding may decide otherwise at a border between two codes.
        assert (batch.codes[:, block] != torch.tensor(wanted)).sum() <= 1


@pytest.mark.usefixtures("in_32_bits")
@pytest.mark.parametrize("n_alike", [1, 100])
def test_with_a_norm_before_the_head_blocks_of_a_group_follow_what_was_known_before_it(n_alike):
    drawer = drawer_of(toy_blocks(), final_norm=True)
    codes = mixture(300).long().repeat_interleave(n_alike, 0)
    visible, uniforms = torch.zeros(codes.shape, dtype=torch.bool), torch.rand(codes.shape)
    visible[:, 0] = True
    together = drawer.start(codes, visible)
    drawer.fill(together, (2, 3, 1), uniforms)
    for block in (2, 3, 1):
        alone = drawer.start(codes, visible)
        drawer.fill(alone, (block,), uniforms)
        # Rounding may decide otherwise at a border between two codes.
        assert (together.codes[:, block] != alone.codes[:, block]).float().mean() <= 1e-3


@pytest.mark.usefixtures("in_32_bits")
@pytest.mark.parametrize("n_layers", [1, 2])
@pytest.mark.parametrize("n_alike", [1, 100])
def test_without_it_each_block_sees_those_before_it_in_the_sum_and_the_layers_do_not(n_alike, n_layers):
    drawer = drawer_of(toy_blocks(), n_layers=n_layers)
    codes = mixture(300).long().repeat_interleave(n_alike, 0)
    visible, uniforms = torch.zeros(codes.shape, dtype=torch.bool), torch.rand(codes.shape)
    visible[:, 0], visible[::5, 3] = True, True
    batch = drawer.start(codes, visible)
    drawer.fill(batch, (2, 3, 1), uniforms)
    generator, head, now = drawer.generator, drawer.generator.head, visible.clone()
    start = generator.rows(codes, visible)
    layers = generator.trunk(start, None) - start
    for block in (2, 3, 1):
        logits = head(generator.rows(batch.codes, now) + layers)
        chances = drawer.blocks.softmax(logits)[:, drawer.blocks.slices[block]]
        passed = (chances.cumsum(1) <= uniforms[:, block, None]).sum(1).clamp(max=SIZES[block] - 1)
        is_new = ~visible[:, block]
        assert (batch.codes[:, block] != passed)[is_new].float().mean() <= 1e-3
        now[:, block] = True
    assert torch.equal(batch.codes[visible], codes[visible])


def test_a_restriction_holds_within_a_group_and_later_blocks_see_what_it_left():
    drawer, nothing = drawer_of(toy_blocks()), torch.zeros(20_000, 4, dtype=torch.long)
    only = torch.zeros(SIZES[2])
    only[1] = 1.0
    batch = drawer.start(nothing, nothing.bool())
    drawer.fill(batch, (2, 0), torch.rand(20_000, 4), restrictions={2: Restriction((2,), only)})
    assert (batch.codes[:, 2] == 1).all()
    free = chances_of(drawer, nothing[:1], nothing[:1].bool(), 2)[0, 1]
    torch.testing.assert_close(batch.log_mass, free.log().expand(20_000), rtol=1e-3, atol=1e-3)
    generator, codes = drawer.generator, batch.codes[:1]
    early, visible = codes.new_zeros(1, 4).bool(), torch.tensor([[False, False, True, False]])
    wanted = drawer.blocks.softmax(generator(codes, visible, early=early))[0, drawer.blocks.slices[0]]
    wanted = wanted.detach().double()
    counts = torch.bincount(batch.codes[:, 0], minlength=SIZES[0])
    assert stats.chisquare(counts, wanted / wanted.sum() * 20_000).pvalue > 1e-3


def test_drawn_frequencies_are_the_softmaxs():
    drawer, nothing = drawer_of(toy_blocks()), torch.zeros(20_000, 4, dtype=torch.long)
    torch.manual_seed(1)
    batch = drawer.start(nothing, nothing.bool())
    drawer.fill(batch, (2,), torch.rand(20_000, 4))
    wanted = chances_of(drawer, nothing[:1], nothing[:1].bool(), 2)[0].double()
    counts = torch.bincount(batch.codes[:, 2], minlength=9)
    assert stats.chisquare(counts, wanted / wanted.sum() * 20_000).pvalue > 1e-3


@pytest.mark.parametrize("level", [0.0, 1 - 2**-24])
def test_the_ends_of_the_unit_interval_draw_codes_that_exist(level):
    drawer = drawer_of(Blocks((3, 5, 200)))
    nothing = torch.zeros(50, 3, dtype=torch.long)
    batch = drawer.start(nothing, nothing.bool())
    drawer.fill(batch, (0, 1, 2), torch.full((50, 3), level))
    assert (batch.codes < torch.tensor((3, 5, 200))).all()
    assert (batch.codes >= 0).all()


def test_a_code_without_any_chance_is_never_drawn():
    drawer, nothing = drawer_of(Blocks((4,))), torch.zeros(1001, 1, dtype=torch.long)
    drawer.weight = torch.zeros_like(drawer.weight)
    drawer.bias = torch.tensor([-1e4, 0.0, -1e4, -1e4])
    batch = drawer.start(nothing, nothing.bool())
    drawer.fill(batch, (0,), torch.linspace(0, 1 - 2**-24, 1001)[:, None])
    assert (batch.codes == 1).all()


def test_noise_goes_to_the_rows_that_are_still_open():
    drawer, codes = drawer_of(toy_blocks()), mixture(60).long()
    torch.nn.init.normal_(drawer.generator.noise.weight)
    visible = torch.zeros(codes.shape, dtype=torch.bool)
    visible[::2, 1] = True
    noise, uniforms = torch.randn(60, 4), torch.rand(60, 4)
    batch = drawer.start(codes, visible)
    drawer.fill(batch, (1,), uniforms, noise=noise)
    for row in range(60):
        alone = drawer.start(codes[row : row + 1], visible[row : row + 1])
        drawer.fill(alone, (1,), uniforms[row : row + 1], noise=noise[row : row + 1])
        assert torch.equal(alone.codes[0], batch.codes[row])


def fine_restriction() -> tuple[Restriction, torch.Tensor]:
    """Pairs of codes over blocks 0 and 1: (0, 1), half of (0, 2), a tenth of (2, 5)."""
    shares = torch.zeros(3, 6)
    shares[0, 1], shares[0, 2], shares[2, 5] = 1.0, 0.5, 0.1
    return Restriction((0, 1), shares), shares


def test_restricted_draws_never_leave_the_restriction():
    drawer, nothing = drawer_of(toy_blocks()), torch.zeros(3000, 4, dtype=torch.long)
    restriction, shares = fine_restriction()
    batch = drawer.start(nothing, nothing.bool())
    for block in (0, 1, 2, 3):
        drawer.fill(batch, (block,), torch.rand(3000, 4), restrictions={0: restriction, 1: restriction})
    assert (shares[batch.codes[:, 0], batch.codes[:, 1]] > 0).all()
    assert len(batch.codes[:, :2].unique(dim=0)) == 3
    assert len(batch.codes[:, 2].unique()) == 9


def test_what_the_generator_holds_impossible_can_still_be_asked_for():
    drawer, nothing = drawer_of(Blocks((4,))), torch.zeros(20, 1, dtype=torch.long)
    drawer.weight = torch.zeros_like(drawer.weight)
    drawer.bias = torch.tensor([0.0, -1e4, -1e4, -1e4])
    batch = drawer.start(nothing, nothing.bool())
    only = Restriction((0,), torch.tensor([0.0, 0.0, 1.0, 0.0]))
    drawer.fill(batch, (0,), torch.rand(20, 1), restrictions={0: only})
    assert (batch.codes == 2).all()
    assert batch.log_mass.isfinite().all()


def test_the_log_mass_is_the_chance_of_keeping_to_the_restriction():
    """What a code counts for beyond its share, before those below it are known, is taken back with them."""
    drawer, nothing = drawer_of(toy_blocks()), torch.zeros(200, 4, dtype=torch.long)
    restriction, shares = fine_restriction()
    batch, wanted = drawer.start(nothing, nothing.bool()), torch.zeros(200)
    for block in (0, 1):
        chances = chances_of(drawer, batch.codes, batch.visible, block)
        coarse, first = shares.mean(1), batch.codes[:, 0]
        part = coarse if block == 0 else shares[first] / coarse[first, None]
        wanted += (chances * part).sum(1).log()
        drawer.fill(batch, (block,), torch.rand(200, 4), restrictions={0: restriction, 1: restriction})
    torch.testing.assert_close(batch.log_mass, wanted, rtol=1e-3, atol=1e-4)


def test_a_given_block_adds_no_mass():
    drawer, codes = drawer_of(toy_blocks()), mixture(40).long()
    visible = torch.zeros(codes.shape, dtype=torch.bool)
    visible[:20, 0] = True
    batch = drawer.start(codes, visible)
    some = Restriction((0,), torch.tensor([1.0, 0.0, 1.0]))
    drawer.fill(batch, (3, 0), torch.rand(40, 4), restrictions={0: some})
    assert torch.equal(batch.codes[:20, 0], codes[:20, 0])
    assert (batch.log_mass[:20] == 0).all()
    assert (batch.log_mass[20:] < 0).all()


def test_a_restriction_over_three_blocks_knows_the_codes_before():
    shares = torch.rand(3, 4, 5) * (torch.rand(3, 4, 5) < 0.2)
    restriction, codes = Restriction((4, 2, 0), shares), torch.zeros(12, 5, dtype=torch.long)
    pairs = list(itertools.product(range(3), range(4)))
    codes[:, 4], codes[:, 2] = torch.tensor(pairs).T
    first, second, third = (restriction.of_block(block, codes) for block in (4, 2, 0))
    assert torch.equal(first[0] > 0, (shares > 0).any((1, 2)))
    for row, (coarse, middle) in enumerate(pairs):
        assert torch.equal(second[row] > 0, (shares[coarse] > 0).any(1))
        together = first[0, coarse] * second[row, middle] * third[row]
        torch.testing.assert_close(together, shares[coarse, middle])
