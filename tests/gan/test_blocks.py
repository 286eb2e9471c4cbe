from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.gan.blocks import FREQUENCIES, WIDTHS, Blocks, group_of

SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=8)


def random_codes(sizes, n_rows=7):
    return torch.stack([torch.randint(size, (n_rows,)) for size in sizes], 1)


def own_parts(blocks, flat):
    """The flat vector cut into blocks by a plain loop, padding left out."""
    return [
        flat[:, int(offset) : int(offset) + size]
        for offset, size in zip(blocks.offsets, blocks.sizes, strict=True)
    ]


def without_padding(blocks, flat):
    return flat.masked_fill(blocks.is_padding, -1e4)


@given(sizes=SIZES)
@settings(max_examples=40, deadline=None)
def test_every_code_has_a_place_of_its_own_and_the_rest_is_padding(sizes):
    blocks = Blocks(sizes)
    places = [
        int(offset) + code for offset, size in zip(blocks.offsets, sizes, strict=True) for code in range(size)
    ]
    assert len(set(places)) == len(places) == sum(sizes)
    assert set(places) == set((~blocks.is_padding).nonzero()[:, 0].tolist())
    for block, part in enumerate(own_parts(blocks, blocks.block_of[None])):
        assert (part == block).all()


@given(sizes=SIZES, seed=st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_softmax_is_that_of_a_loop_over_blocks(sizes, seed):
    torch.manual_seed(seed)
    blocks = Blocks(sizes)
    logits = without_padding(blocks, torch.randn(5, blocks.n_flat) * 3)
    soft = blocks.softmax(logits)
    for part, mine in zip(own_parts(blocks, logits), own_parts(blocks, soft), strict=True):
        torch.testing.assert_close(mine, part.softmax(1))
    assert (soft[:, blocks.is_padding] == 0).all()


@given(sizes=SIZES, seed=st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_codes_become_one_hot_rows_and_come_back(sizes, seed):
    torch.manual_seed(seed)
    blocks, codes = Blocks(sizes), random_codes(sizes)
    rows = blocks.one_hot(codes)
    assert torch.equal(blocks.codes(rows), codes)
    assert torch.equal(rows.sum(1), torch.full((len(codes),), float(len(sizes))))
    for block, part in enumerate(own_parts(blocks, rows)):
        assert torch.equal(part.argmax(1), codes[:, block])
    assert torch.equal(rows.gather(1, blocks.flat_index(codes)), torch.ones(codes.shape))


def test_argmax_is_one_code_a_block_and_never_padding():
    torch.manual_seed(0)
    blocks = Blocks([5, 2, 7, 5])
    scores = without_padding(blocks, torch.randn(50, blocks.n_flat))
    hard = blocks.argmax_one_hot(scores)
    for part, mine in zip(own_parts(blocks, scores), own_parts(blocks, hard), strict=True):
        assert torch.equal(mine.argmax(1), part.argmax(1))
        assert torch.equal(mine.sum(1), torch.ones(50))
    assert (hard[:, blocks.is_padding] == 0).all()


def test_spread_gives_every_code_the_value_of_its_block():
    blocks = Blocks([3, 2, 9])
    values = torch.tensor([[1.0, 2.0, 3.0]])
    for block, part in enumerate(own_parts(blocks, blocks.spread(values))):
        assert torch.equal(part, values[:, block : block + 1].expand_as(part))


def test_a_block_wider_than_every_width_goes_alone():
    blocks = Blocks([300, 2, 300])
    assert max(WIDTHS) < 300
    assert blocks.n_flat == 2 + 300 + 300
    assert not blocks.is_padding.any()


def test_places_in_the_order_are_a_number_and_fourier_terms():
    blocks = Blocks([2, 3], [None, (0.0, 0.25, math.nan)])
    unordered, ordered = (part.T for part in own_parts(blocks, blocks.features.T))
    assert (unordered == 0).all()
    angles = math.pi * 0.25 * 2.0 ** torch.arange(FREQUENCIES)
    wanted = torch.cat([torch.tensor([-0.5, 1.0]), angles.sin(), angles.cos()])
    torch.testing.assert_close(ordered[1], wanted)


def test_a_code_without_place_in_an_ordered_block_has_no_features():
    blocks = Blocks([3], [(0.0, 1.0, math.nan)])
    assert (blocks.features[2] == 0).all()
    assert (blocks.features[0] != 0).any()


@pytest.mark.parametrize("chosen", [(0,), (3, 1), (4, 0, 2), (0, 1, 2, 3, 4)])
def test_a_group_is_a_part_of_the_whole(chosen):
    torch.manual_seed(0)
    whole = Blocks([5, 2, 7, 5, 70])
    group = group_of(whole, chosen)
    logits = without_padding(whole, torch.randn(6, whole.n_flat))
    codes = random_codes(whole.sizes, 6)
    assert group.blocks.tolist() == list(chosen)
    own = group.layout.softmax(logits[:, group.flat])
    torch.testing.assert_close(own, whole.softmax(logits)[:, group.flat])
    rows = whole.one_hot(codes)[:, group.flat]
    assert torch.equal(group.layout.codes(rows), codes[:, list(chosen)])
