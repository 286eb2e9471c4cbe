from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tabgan.gan import losses
from tabgan.gan.blocks import Blocks
from tabgan.gan.clipping import clipped, embedding_gradients, logits_gradients
from tabgan.gan.generator import Generator

BLOCKS = Blocks([2, 5, 3, 9], [None, (0.0, 0.2, 0.5, 0.8, 1.0), None, tuple(i / 8 for i in range(9))])


def network() -> Generator:
    torch.manual_seed(0)
    made = Generator(BLOCKS, embedding_dim=4, generator_dim=(12, 10, 8), dropout=0.0)
    for part in made.parameters():
        torch.nn.init.normal_(part, std=0.4)
    made.noise.requires_grad_(False)
    return made


def rows(n: int, masks: int) -> tuple[Tensor, Tensor]:
    codes = torch.stack([torch.randint(size, (n,)) for size in BLOCKS.sizes], 1)
    return codes, torch.rand(n, masks, BLOCKS.n_blocks) < 0.5


def loss_of_rows(net: torch.nn.Module, codes: Tensor, visible: Tensor) -> Tensor:
    """Shape: -> [rows]: mean over the masks."""
    n_masks = visible.shape[1]
    logits = net(codes[:, None].expand(-1, n_masks, -1), visible)
    flat = losses.block_losses(logits.flatten(0, 1), codes.repeat_interleave(n_masks, 0), BLOCKS)
    return (flat * ~visible.flatten(0, 1)).sum(1).view(-1, n_masks).mean(1)


def gradients_of_one(net: Generator, codes: Tensor, visible: Tensor) -> dict[str, Tensor]:
    net.zero_grad()
    loss_of_rows(net, codes, visible).sum().backward()
    return {name: p.grad.clone() for name, p in net.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("masks", [1, 3])
def test_norms_of_rows_are_those_of_batches_of_one_row(masks: int) -> None:
    net = network()
    codes, visible = rows(6, masks)
    found = clipped(net, 1.0)
    found.backward_of(loss_of_rows, codes, visible)
    norms = found.per_sample_gradient_norms
    found.remove_hooks()
    for row in range(6):
        alone = gradients_of_one(net, codes[row : row + 1], visible[row : row + 1])
        wanted = torch.sqrt(sum((part**2).sum() for part in alone.values()))
        torch.testing.assert_close(norms[row], wanted, rtol=1e-4, atol=1e-5)


def test_written_out_gradients_of_both_code_layers_are_those_of_batches_of_one_row() -> None:
    net = network()
    codes, visible = rows(5, 2)
    embedded = net.rows(codes[:, None].expand(-1, 2, -1), visible)
    embedded.retain_grad()
    hidden = net.trunk(embedded, None)
    logits = net.head(hidden)
    logits.retain_grad()
    flat = losses.block_losses(logits.flatten(0, 1), codes.repeat_interleave(2, 0), BLOCKS)
    (flat * ~visible.flatten(0, 1)).sum(1).view(-1, 2).mean(1).sum().backward()
    found = {
        **embedding_gradients(net.rows, [codes[:, None].expand(-1, 2, -1), visible], embedded.grad),
        **logits_gradients(net.head, [hidden.detach()], logits.grad),
    }
    names = {part: name for name, part in net.named_parameters()}
    for row in range(5):
        alone = gradients_of_one(net, codes[row : row + 1], visible[row : row + 1])
        for part, gradients in found.items():
            torch.testing.assert_close(gradients[row], alone[names[part]], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("factor", [1.0, 1e6, 1e-4])
def test_what_is_left_behind_is_the_sum_of_gradients_clipped_row_by_row(factor: float) -> None:
    net = network()
    codes, visible = rows(5, 2)
    wanted: dict[str, Tensor] = {}
    for row in range(5):
        alone = gradients_of_one(net, codes[row : row + 1], visible[row : row + 1])
        norm = factor * torch.sqrt(sum((part**2).sum() for part in alone.values()))
        share = factor * (0.5 / (norm + 1e-6)).clamp(max=1.0)
        assert norm * share / factor <= 0.5 * (1 + 1e-6)
        wanted = {name: part * share + wanted.get(name, 0.0) for name, part in alone.items()}
    found = clipped(net, 0.5)
    found.backward(factor * loss_of_rows(found, codes, visible))
    found.remove_hooks()
    for name, part in net.named_parameters():
        if name in wanted:
            torch.testing.assert_close(part.grad, wanted[name], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("weight", [1e20, 1e38, float("inf"), float("nan")])
@pytest.mark.parametrize("table", ["rows.identity", "rows.order", "head.identity", "head.bias"])
def test_rows_whose_gradient_is_no_number_count_nothing(table: str, weight: float) -> None:
    """The weights of one code are such that its rows' losses or gradients overflow."""
    net = network()
    codes, visible = rows(6, 2)
    codes[:, 3] = 0
    codes[2, 3], codes[5, 3] = 8, 8
    visible[..., 3] = table.startswith("rows")
    with torch.no_grad():
        place = 3 if table.endswith("order") else int(BLOCKS.offsets[3]) + 8
        dict(net.named_parameters())[table][place] = weight
    found = clipped(net, 0.5)
    is_finite = found.backward(loss_of_rows(found, codes, visible))
    assert all(part.grad is None for part in net.parameters()) or is_finite.all()
    found.backward_of(loss_of_rows, codes, visible)
    left = {name: part.grad for name, part in net.named_parameters()}
    net.zero_grad()  # or the next gradients would be added to these
    found.backward_of(loss_of_rows, codes[is_finite], visible[is_finite])
    found.remove_hooks()
    for name, part in net.named_parameters():
        if left[name] is None:
            assert not is_finite.any() or name == "noise.weight"
        else:
            assert left[name].isfinite().all()
            torch.testing.assert_close(left[name], part.grad)
