from __future__ import annotations

import pytest
import torch
from scipy import stats

from tabgan.gan.blocks import Blocks
from tabgan.gan.drawing import Drawer
from tabgan.gan.rounds import Luck, draw, drawn_codes, equal_runs, rounds_of
from tests.gan.toys import SIZES, mixture, small_generator, toy_blocks


def generator(*, final_norm: bool = False):
    torch.manual_seed(0)
    made = small_generator(toy_blocks(), final_norm=final_norm).eval()
    torch.nn.init.normal_(made.rows.identity)
    torch.nn.init.normal_(made.rows.hidden)
    return made


@pytest.mark.parametrize("n_rounds", [1, 2, 3, 4, 9])
def test_rounds_are_runs_of_the_order_of_nearly_equal_length(n_rounds):
    order = (2, 0, 3, 1)
    for final_norm in (False, True):
        net = generator(final_norm=final_norm)
        rounds = rounds_of(net, equal_runs(order, n_rounds))
        runs = [[block for group in steps for block in group.blocks.tolist()] for steps in rounds.steps]
        assert runs == list(map(list, rounds.runs))
        assert [block for run in runs for block in run] == list(order)
        assert len(runs) == min(n_rounds, 4)
        assert max(map(len, runs)) - min(map(len, runs)) <= 1
        assert [len(steps) for steps in rounds.steps] == (
            [1] * len(runs) if final_norm else list(map(len, runs))
        )
        joined = torch.cat([group.flat for steps in rounds.steps for group in steps])
        assert joined[rounds.back].tolist() == list(range(net.blocks.n_flat))


def test_draws_have_the_frequencies_of_the_softmax():
    torch.manual_seed(0)
    blocks = Blocks([3, 7, 2])
    logits = torch.randn(1, blocks.n_flat).masked_fill(blocks.is_padding, -1e4)
    rows = drawn_codes(logits.expand(20_000, -1), blocks)
    wanted = blocks.softmax(logits)[0] * 20_000
    counts = rows.round().sum(0)
    assert (counts[blocks.is_padding] == 0).all()
    assert torch.equal(rows.round().sum(1), torch.full((20_000,), 3.0))
    for block, offset in enumerate(blocks.offsets.tolist()):
        own = slice(offset, offset + blocks.sizes[block])
        expected = wanted[own].double()
        p_value = stats.chisquare(counts[own].double(), expected * 20_000 / expected.sum()).pvalue
        assert p_value > 1e-3


def every_row(blocks: Blocks) -> torch.Tensor:
    """All rows that blocks can hold, one-hot. Shape: -> [rows, flat codes]."""
    return blocks.one_hot(torch.cartesian_prod(*map(torch.arange, blocks.sizes)))


@pytest.mark.parametrize("is_quadratic", [True, False])
def test_gradients_of_draws_are_on_average_those_of_the_expectation(is_quadratic):
    """Against all rows there are, each as often as it is drawn: exact up to the second order, not beyond."""
    torch.manual_seed(0)
    blocks = Blocks([3, 4, 2])
    logits = torch.randn(1, blocks.n_flat).masked_fill(blocks.is_padding, -1e4).double().requires_grad_(True)
    weight = torch.randn(blocks.n_flat, blocks.n_flat).double()

    def value(rows: torch.Tensor) -> torch.Tensor:
        squares = ((rows @ weight) * rows).sum(1)
        return squares if is_quadratic else squares + squares**2

    rows = every_row(blocks).double()
    chances = (blocks.softmax(logits) * rows + (1 - rows)).prod(1)
    torch.testing.assert_close(chances.sum(), torch.tensor(1.0).double())
    wanted = torch.autograd.grad(chances @ value(rows), logits)[0]
    # Dice that make a code certain: its own is next to nothing.
    dice = torch.where(rows > 0, 1e-300, 1.0).double()
    made = drawn_codes(logits.expand(len(rows), -1), blocks, dice)
    torch.testing.assert_close(made.detach(), rows)
    found = torch.autograd.grad(chances.detach() @ value(made), logits)[0]
    assert (wanted.abs() > 1e-3).any()
    assert torch.allclose(found, wanted, rtol=1e-6, atol=1e-8) == is_quadratic


@pytest.mark.parametrize("n_rounds", [1, 2, 4])
@pytest.mark.parametrize("final_norm", [False, True])
def test_a_visible_block_keeps_its_code_and_is_certain(n_rounds, final_norm):
    net, codes = generator(final_norm=final_norm), mixture(300).long()
    visible = torch.rand(codes.shape) < 0.5
    made = draw(net, codes, visible, rounds_of(net, equal_runs((2, 0, 3, 1), n_rounds)))
    found = net.blocks.codes(made.rows)
    assert torch.equal(found[visible], codes[visible])
    assert not torch.equal(found, codes)
    spread = net.blocks.spread(visible)
    assert torch.equal(made.chances[spread], net.blocks.one_hot(codes)[spread])
    assert (found < torch.tensor(SIZES)).all()
    assert (made.rows[:, net.blocks.is_padding] == 0).all()


@pytest.mark.parametrize("n_rounds", [1, 2, 4])
def test_chances_sum_to_one_in_every_block(n_rounds):
    net = generator()
    nothing = torch.zeros(50, 4, dtype=torch.long)
    made = draw(net, nothing, nothing.bool(), rounds_of(net, equal_runs((2, 0, 3, 1), n_rounds)))
    for block, offset in enumerate(net.blocks.offsets.tolist()):
        total = made.chances[:, offset : offset + SIZES[block]].sum(1)
        torch.testing.assert_close(total, torch.ones(50))


@pytest.mark.usefixtures("in_32_bits")
def test_each_round_knows_what_the_rounds_before_it_drew():
    # One block a round: chances are the generator's own, from scratch, given the earlier blocks.
    net, order = generator(), (2, 0, 3, 1)
    net.noise.weight.data.zero_()
    nothing = torch.zeros(200, 4, dtype=torch.long)
    with torch.no_grad():
        made = draw(net, nothing, nothing.bool(), rounds_of(net, equal_runs(order, 4)))
        codes, visible = net.blocks.codes(made.rows), nothing.bool()
        for block in order:
            wanted = net.blocks.softmax(net(codes, visible))
            own = net.blocks.block_of == block
            torch.testing.assert_close(made.chances[:, own], wanted[:, own], rtol=1e-3, atol=1e-5)
            visible[:, block] = True


def test_gradients_flow_through_all_rounds_to_the_first():
    net = generator()
    nothing = torch.zeros(64, 4, dtype=torch.long)
    made = draw(net, nothing, nothing.bool(), rounds_of(net, equal_runs((2, 0, 3, 1), 4)))
    last = net.blocks.block_of == 1
    (made.rows[:, last] * torch.randn(int(last.sum()))).sum().backward()
    grad = net.head.bias.grad
    assert grad is not None
    for block in (2, 0, 3, 1):  # the block drawn first moves the block drawn last
        assert grad[net.blocks.block_of == block].abs().max() > 0


@pytest.mark.usefixtures("in_32_bits")
@pytest.mark.parametrize("n_rounds", [1, 2, 3])
def test_within_a_round_a_block_sees_those_before_it_in_the_sum_and_the_layers_do_not(n_rounds):
    net, order = generator(), (2, 0, 3, 1)
    torch.nn.init.normal_(net.noise.weight)
    nothing = torch.zeros(200, 4, dtype=torch.long)
    rounds = rounds_of(net, equal_runs(order, n_rounds))
    luck = Luck.thrown(net, rounds, 200)
    with torch.no_grad():
        made = draw(net, nothing, nothing.bool(), rounds, luck)
        codes, visible = net.blocks.codes(made.rows), nothing.bool()
        for noise, run in zip(luck.noise, rounds.runs, strict=True):
            start = net.rows(codes, visible)
            layers = net.trunk(start, noise) - start
            for block in run:
                wanted = net.blocks.softmax(net.head(net.rows(codes, visible) + layers))
                own = net.blocks.block_of == block
                torch.testing.assert_close(made.chances[:, own], wanted[:, own], rtol=1e-3, atol=1e-5)
                visible[:, block] = True


@pytest.mark.usefixtures("in_32_bits")
@pytest.mark.parametrize("final_norm", [False, True])
def test_rows_drawn_with_gradients_and_without_are_drawn_alike(final_norm):
    """`draw` and `Drawer`, by the shares of codes in many rows given the same first block."""
    net, n_rows = generator(final_norm=final_norm), 40_000
    codes = torch.zeros(n_rows, 4, dtype=torch.long)
    visible = codes.bool()
    visible[:, 2] = True
    runs = ((2, 0, 3), (1,))
    torch.nn.init.normal_(net.noise.weight)
    with torch.no_grad():
        made = net.blocks.codes(draw(net, codes, visible, rounds_of(net, runs)).rows)
    drawer = Drawer(net)
    batch = drawer.start(codes, visible)
    for run in runs:
        drawer.fill(batch, run, torch.rand(n_rows, 4), noise=torch.randn(n_rows, net.embedding_dim))
    pairs = [torch.bincount(rows[:, 0] * 12 + rows[:, 3] * 6 + rows[:, 1]) for rows in (made, batch.codes)]
    assert stats.chi2_contingency(torch.stack(pairs)[:, pairs[0] + pairs[1] > 10]).pvalue > 1e-3
