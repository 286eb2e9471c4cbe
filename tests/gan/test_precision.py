"""Products in bfloat16 stay near those in 32 bits, and what must stay in 32 bits does."""

from __future__ import annotations

import pytest
import torch

from tabgan.gan import precision
from tabgan.gan.blocks import Blocks
from tabgan.gan.dropout import ByteDropout
from tabgan.gan.generator import Generator
from tabgan.gan.precision import full_products, half_products

CPU = torch.device("cpu")


@pytest.fixture
def fast(monkeypatch):
    """As on a processor that is made for it; the others compute the same, slowly."""
    monkeypatch.setattr(precision, "_is_fast", lambda _: True)


@pytest.mark.usefixtures("fast")
def test_logits_are_near_those_in_32_bits_and_in_32_bits_themselves():
    torch.manual_seed(0)
    blocks = Blocks([7, 2, 40], [None, None, [place / 40 for place in range(40)]])
    generator = Generator(blocks).eval()
    codes = torch.stack([torch.randint(size, (200,)) for size in blocks.sizes], 1)
    visible = torch.rand(codes.shape) < 0.5
    whole = generator(codes, visible)
    with half_products(CPU):
        half = generator(codes, visible)
        assert generator.rows.table().dtype == torch.float32
        assert torch.equal(generator.rows(codes, visible), generator.rows(codes, visible).float())
    assert half.dtype == torch.float32
    gap = (blocks.softmax(half) - blocks.softmax(whole)).abs()
    assert 0 < gap.max() < 0.01


@pytest.mark.usefixtures("fast")
def test_full_products_are_full_within_half_ones():
    one = torch.rand(3, 3)
    with half_products(CPU):
        assert (one @ one).dtype == torch.bfloat16
        with full_products(CPU):
            assert (one @ one).dtype == torch.float32


def test_a_processor_that_says_nothing_of_itself_computes_in_32_bits(monkeypatch):
    precision._is_fast.cache_clear()
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    with half_products(CPU):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32
    precision._is_fast.cache_clear()


@pytest.mark.parametrize("share", [0.1, 0.25, 0.9])
def test_dropout_zeroes_its_share_and_keeps_the_mean(share):
    torch.manual_seed(0)
    dropout = ByteDropout(share)
    x = torch.ones(999, 301)
    dropped = dropout(x)
    assert (dropped == 0).float().mean() == pytest.approx(share, abs=0.005)
    assert dropped.mean() == pytest.approx(1.0, abs=0.01)
    assert dropped.unique().numel() == 2
    correlation = torch.corrcoef((dropped != 0).float()[:, :8].T)
    assert (correlation - torch.eye(8)).abs().max() < 0.15
    assert torch.equal(dropout.eval()(x), x)


def test_without_dropout_no_random_number_is_taken():
    torch.manual_seed(0)
    ByteDropout(0.0)(torch.ones(10))
    after = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(torch.rand(1), after)
