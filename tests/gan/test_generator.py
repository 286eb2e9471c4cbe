from __future__ import annotations

import pytest
import torch

from tabgan.gan.blocks import N_FEATURES, Blocks
from tabgan.gan.generator import CodeTable, Generator, RowEmbedding, weight_shapes
from tests.gan.toys import mixture, toy_blocks


def generator_of(blocks: Blocks) -> Generator:
    torch.manual_seed(0)
    generator = Generator(blocks, embedding_dim=4, generator_dim=(16, 12, 8), dropout=0.5)
    torch.nn.init.normal_(generator.rows.hidden)
    return generator.eval()


def test_the_embedding_of_codes_is_that_of_their_one_hot_rows():
    torch.manual_seed(0)
    blocks, codes = toy_blocks(), mixture(50).long()
    embedding = RowEmbedding(blocks, 11)
    torch.nn.init.normal_(embedding.hidden)
    visible = torch.rand(codes.shape) < 0.5
    torch.testing.assert_close(
        embedding(codes, visible), embedding.soft(blocks.one_hot(codes), visible), rtol=1e-4, atol=1e-5
    )


def test_the_embedding_is_a_sum_over_blocks_of_a_codes_row_or_the_hidden_one():
    torch.manual_seed(0)
    blocks, codes = toy_blocks(), mixture(10).long()
    embedding = RowEmbedding(blocks, 5)
    torch.nn.init.normal_(embedding.hidden)
    visible = torch.rand(codes.shape) < 0.5
    table, found = embedding.table(), embedding(codes, visible)
    for row in range(10):
        wanted = torch.zeros(5)
        for block, offset in enumerate(blocks.offsets.tolist()):
            is_seen = bool(visible[row, block])
            wanted = wanted + (table[offset + codes[row, block]] if is_seen else embedding.hidden[block])
        torch.testing.assert_close(found[row], wanted)


def test_the_code_of_a_hidden_block_changes_nothing():
    blocks, codes = toy_blocks(), mixture(20).long()
    generator, visible = generator_of(blocks), torch.ones(20, 4, dtype=torch.bool)
    visible[:, 2] = False
    changed = codes.clone()
    changed[:, 2] = (changed[:, 2] + 1) % 9
    assert torch.equal(generator(codes, visible), generator(changed, visible))
    assert not torch.equal(generator(codes, ~visible), generator(changed, ~visible))


def test_code_vectors_are_identity_plus_place_in_the_order():
    torch.manual_seed(0)
    blocks = Blocks([2, 4, 3], [None, (0.0, 0.3, 0.6, 1.0), (0.0, 0.5, 1.0)])
    table = CodeTable(blocks, 6, 1.0)
    found = table.table()
    for code in range(blocks.n_flat):
        place = blocks.features[code] @ table.order[blocks.block_of[code]]
        torch.testing.assert_close(found[code], table.identity[code] + place)
    assert table.order.shape == (3, N_FEATURES, 6)


def test_logits_have_the_shape_of_flat_rows_and_padding_is_never_drawn():
    blocks, codes = Blocks([5, 2, 7]), torch.zeros(4, 3, dtype=torch.long)
    assert blocks.is_padding.any()
    generator = generator_of(blocks)
    torch.nn.init.constant_(generator.head.bias, 50.0)
    logits = generator(codes, torch.zeros(4, 3, dtype=torch.bool), torch.randn(4, 4))
    assert logits.shape == (4, blocks.n_flat)
    assert (blocks.softmax(logits)[:, blocks.is_padding] == 0).all()
    gumbel = -torch.empty(2000, blocks.n_flat).exponential_().log()
    assert (blocks.argmax_one_hot(logits[:1] + gumbel)[:, blocks.is_padding] == 0).all()


def test_noise_changes_the_logits_and_none_is_noise_of_zeros():
    blocks, codes = toy_blocks(), mixture(6).long()
    generator, hidden = generator_of(blocks), torch.zeros(6, 4, dtype=torch.bool)
    silent = generator(codes, hidden)
    assert torch.equal(silent, generator(codes, hidden, torch.zeros(6, 4)))
    assert not torch.equal(silent, generator(codes, hidden, torch.randn(6, 4)))


def test_a_row_only_depends_on_itself():
    blocks, codes = toy_blocks(), mixture(8).long()
    generator, visible = generator_of(blocks), torch.rand(8, 4) < 0.5
    whole = generator(codes, visible)
    for row in range(8):
        alone = generator(codes[row : row + 1], visible[row : row + 1])
        torch.testing.assert_close(whole[row : row + 1], alone, rtol=1e-4, atol=1e-5)


def test_the_trunk_can_be_a_single_layer():
    blocks = toy_blocks()
    generator = Generator(blocks, embedding_dim=2, generator_dim=(8,))
    assert generator(mixture(3).long(), torch.ones(3, 4, dtype=torch.bool)).shape == (3, blocks.n_flat)


@pytest.mark.parametrize("final_norm", [False, True])
@pytest.mark.parametrize("dims", [(16,), (16, 12), (16, 12, 20)])
def test_the_shapes_of_weights_are_told_without_a_network(final_norm, dims):
    blocks, form = toy_blocks(), {"embedding_dim": 4, "generator_dim": dims, "final_norm": final_norm}
    made = {key: tuple(weight.shape) for key, weight in Generator(blocks, **form).state_dict().items()}
    assert weight_shapes(blocks, **form) == made
