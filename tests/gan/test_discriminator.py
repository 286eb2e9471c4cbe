from __future__ import annotations

import pytest
import torch

from tabgan.gan.discriminator import Discriminator
from tests.gan.toys import mixture, toy_blocks


def discriminator_of(**options) -> Discriminator:
    torch.manual_seed(0)
    options = {"discriminator_dim": (12, 10), "dropout": 0.0} | options
    net = Discriminator(toy_blocks(), **options)
    torch.nn.init.normal_(net.rows.hidden)
    return net


def test_codes_and_their_one_hot_rows_get_the_same_score():
    net, codes = discriminator_of(), mixture(30).long()
    view = torch.rand(codes.shape) < 0.6
    scores = net.score(net.real_features(codes, view))[:, 0]
    torch.testing.assert_close(scores, net(net.rows.blocks.one_hot(codes), view), rtol=1e-4, atol=1e-5)


def test_a_hidden_block_does_not_change_the_score_and_a_seen_one_does():
    net, codes = discriminator_of(), mixture(30).long()
    view = torch.ones(codes.shape, dtype=torch.bool)
    view[:, 1] = False
    other = codes.clone()
    other[:, 1] = (other[:, 1] + 1) % 6
    rows, changed = net.rows.blocks.one_hot(codes), net.rows.blocks.one_hot(other)
    assert torch.equal(net(rows, view), net(changed, view))
    whole = torch.ones_like(view)
    assert not torch.isclose(net(rows, whole), net(changed, whole)).any()


def test_no_gradient_reaches_a_hidden_block():
    net, codes = discriminator_of(), mixture(10).long()
    blocks = net.rows.blocks
    view = torch.rand(codes.shape) < 0.5
    rows = blocks.one_hot(codes).requires_grad_(True)
    net(rows, view).sum().backward()
    assert rows.grad is not None
    assert (rows.grad[~blocks.spread(view)] == 0).all()
    assert (rows.grad[blocks.spread(view)] != 0).any()


def test_the_mask_itself_is_seen():
    net, codes = discriminator_of(), mixture(5).long()
    nothing = torch.zeros(codes.shape, dtype=torch.bool)
    hidden_one = ~nothing
    hidden_one[:, 0] = False
    rows = net.rows.blocks.one_hot(codes)
    assert not torch.isclose(net(rows, nothing), net(rows, hidden_one)).any()


@pytest.mark.parametrize("pac", [1, 2, 5])
def test_a_pack_of_rows_gets_one_score_that_all_of_them_move(pac):
    net, codes = discriminator_of(pac=pac), mixture(10).long()
    rows = net.rows.blocks.one_hot(codes).requires_grad_(True)
    scores = net(rows, torch.ones(codes.shape, dtype=torch.bool))
    assert scores.shape == (10 // pac,)
    moved = torch.autograd.grad(scores[0], rows)[0].abs().sum(1) > 0
    assert moved.tolist() == [True] * pac + [False] * (10 - pac)


def test_spectral_norm_bounds_every_inner_layer():
    free, bound = discriminator_of(), discriminator_of(spectral_norm=True)
    rows = bound.rows.blocks.one_hot(mixture(4).long())
    for net in (free, bound):
        for linear in net.linears:
            linear.bias.data.zero_()
    with torch.no_grad():
        free.linears[0].weight.mul_(50)
        bound.linears[0].parametrizations.weight.original.mul_(50)
        for _ in range(30):  # each pass in training is one power iteration
            bound(rows, torch.ones(4, 4, dtype=torch.bool))
        assert torch.linalg.matrix_norm(bound.linears[0].weight, 2) == pytest.approx(1.0, abs=0.05)
        assert torch.linalg.matrix_norm(free.linears[0].weight, 2) > 10


def test_the_second_head_names_labels():
    assert discriminator_of().label is None
    net = discriminator_of(n_labels=6)
    assert net.label is not None
    features = net.real_features(mixture(7).long(), torch.ones(7, 4, dtype=torch.bool))
    assert net.label(features).shape == (7, 6)


def test_one_width_is_enough():
    net = discriminator_of(discriminator_dim=(9,))
    rows = net.rows.blocks.one_hot(mixture(3).long())
    assert net(rows, torch.ones(3, 4, dtype=torch.bool)).shape == (3,)
