"""Gradients of single rows, clipped without being written out, through Opacus.

A row is shown under several masks; its gradient is the mean over them, so that it spends its clip
norm on signal. For a layer y = W x under masks k the row's gradient is the sum of g_k x_kᵀ, whose
squared norm is the sum over pairs of masks of (g_k · g_l)(x_k · x_l): two small Gram matrices
instead of one gradient a row. Opacus does that for linear layers; here it learns the two layers of
ours that read and write codes. Importing this module registers them with Opacus.

Source: Goodfellow 2015, Efficient per-example gradient computations; Li et al. 2022, Large language
models can be strong differentially private learners, section 4 (ghost clipping).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch
from opacus.grad_sample import (
    GradSampleModuleFastGradientClipping,
    register_grad_sampler,
    register_norm_sampler,
)
from torch import Tensor, nn

from tabgan.gan.generator import CodeLogits, CodeTable, RowEmbedding
from tabgan.gan.micro_batches import MicroBatches, Told

Inputs = list[Tensor]
PerParameter = dict[nn.Parameter, Tensor]
LossOfRows = Callable[[nn.Module, Tensor, Tensor], Tensor]


class ClippedRows(GradSampleModuleFastGradientClipping):  # type: ignore[misc]  # Opacus has no types
    """A network that leaves the sum of its rows' clipped gradients behind.

    Privacy: adding or removing one row moves that sum by at most `max_grad_norm` in L2. A row whose
        gradient is no number counts nothing.
    """

    micro: MicroBatches

    def backward_of(self, loss_of: LossOfRows, codes: Tensor, visible: Tensor) -> None:
        """Set every parameter's `grad` to the sum over rows of the clipped gradient of its loss.

        `loss_of(self, codes, visible)` gives the loss of each row, which may depend on that row only.
        Rows whose loss or gradient is not finite are left out and the others, under the same masks,
        summed as if they had never been there. Without any row left, `grad` stays None.

        Shape: codes [rows, blocks], visible [rows, masks, blocks].
        """
        while len(codes):
            is_finite = self.backward(loss_of(self, codes, visible))
            if is_finite.all():
                return
            codes, visible = codes[is_finite], visible[is_finite]

    def add_up(self, loss_of: LossOfRows, codes: Tensor, visible: Tensor) -> None:
        """`backward_of` in parts where the memory of the device is full: the same sum, up to rounding.

        Which rows are computed at once is no sampling: every row of the batch is clipped by itself, and
        noise comes once, on the sum.
        """
        sums: dict[nn.Parameter, Tensor] = {}

        def begin() -> None:
            sums.clear()
            self.forget()

        def part(rows: slice, _share: float) -> Told:
            self.zero_grad(set_to_none=True)
            self.backward_of(loss_of, codes[rows], visible[rows])
            for weight in self.parameters():
                if weight.grad is not None:
                    sums[weight] = sums[weight] + weight.grad if weight in sums else weight.grad
            return {}

        self.micro.add_up(len(codes), begin, part)
        for weight in self.parameters():
            weight.grad = sums.get(weight)

    def forget(self) -> None:
        """Clear what a pass that failed half-way has left, or it would be taken for that of other rows."""
        self.enable_hooks()
        for layer in self._module.modules():
            if getattr(layer, "activations", None):
                layer.activations = []
            if hasattr(layer, "max_batch_len"):
                del layer.max_batch_len
        for weight in self.parameters():
            weight.grad, weight.grad_sample, weight._norm_sample = None, None, None
            if hasattr(weight, "_forward_counter"):
                weight._forward_counter = 0

    def backward(self, loss_of_rows: Tensor) -> Tensor:
        """Set every parameter's `grad` to the sum over rows of the clipped gradient of its loss.

        Takes two backward passes: one for the norms, one for the sum. Where a row is not finite
        nothing is set, since its numbers would be in every sum: see `backward_of`.

        Shape: [rows]; each loss may depend on its own row only. -> bool [rows]: which are finite.
        """
        coefficient = self.coefficients(loss_of_rows)
        is_finite = coefficient > 0
        if is_finite.all():
            self.disable_hooks()
            _backward((coefficient * loss_of_rows).sum())
            self.enable_hooks()
        return is_finite

    def coefficients(self, loss_of_rows: Tensor) -> Tensor:
        """What to multiply each row's loss with: 0 for rows that are not finite. Leaves no gradient.

        Shape: [rows] -> [rows].
        """
        is_finite = loss_of_rows.isfinite()
        inputs = self._smallest_parameters()
        _backward(loss_of_rows.where(is_finite, 0.0).sum(), retain_graph=True, inputs=inputs)
        coefficient = self.get_clipping_coef()
        self.zero_grad(set_to_none=True)
        return coefficient.where(is_finite, 0.0)

    def _smallest_parameters(self) -> list[nn.Parameter]:
        """One of each layer: a pass to these visits every layer, but makes no large gradient for nothing."""
        layers = [list(layer.parameters(recurse=False)) for layer in self._module.modules()]
        trained = [[part for part in layer if part.requires_grad] for layer in layers]
        return [min(layer, key=nn.Parameter.numel) for layer in trained if layer]

    def get_clipping_coef(self) -> Tensor:
        """Shape: -> [rows]: what to multiply each row's loss with, so that no norm passes the bound."""
        norms: Tensor = self.get_norm_sample()
        coefficient = (self.max_grad_norm / (norms + 1e-6)).clamp(max=1.0)
        return torch.where(norms.isfinite(), coefficient, torch.zeros_like(coefficient))


def clipped(network: nn.Module, max_grad_norm: float) -> ClippedRows:
    """The network with Opacus' hooks; losses must be sums over rows."""
    rows = ClippedRows(network, loss_reduction="sum", max_grad_norm=max_grad_norm)
    rows.micro = MicroBatches()
    return rows


def _backward(loss: Tensor, **options: Any) -> None:
    with warnings.catch_warnings():
        # The first layer reads whole numbers, which have no gradient: nothing is lost.
        warnings.filterwarnings("ignore", message="Full backward hook is firing")
        loss.backward(**options)


def _grams(values: Tensor) -> Tensor:
    """Shape: [rows, masks, width] -> [rows, masks, masks]."""
    return torch.bmm(values, values.transpose(1, 2))


def _by_mask(values: Tensor) -> Tensor:
    """[rows, masks, width], also of values without a dimension for masks."""
    return values if values.dim() == 3 else values[:, None]


def _places(layer: CodeTable, per_code: Tensor) -> Tensor:
    """Gradients of logits as gradients of the features of places.

    Shape: [rows, masks, flat codes] -> [rows, masks, blocks x features].
    """
    parts = []
    for bucket in layer.blocks.buckets:
        features = layer.blocks.features[bucket.start : bucket.stop]
        features = features.reshape(len(bucket.blocks), bucket.width, -1)
        parts.append(torch.einsum("rkbw,bwf->rkbf", bucket.view(per_code), features).flatten(-2))
    return torch.cat(parts, -1)


@register_norm_sampler(RowEmbedding)  # type: ignore[untyped-decorator]
def embedding_norms(layer: RowEmbedding, inputs: Inputs, backprops: Tensor) -> PerParameter:
    """Norm of each row's gradient of the three tables of the first layer. Shape: -> [rows] each.

    A block of a row has one code under all masks, so its gradient is the sum over the masks that
    show it: what two masks share is how many blocks both show, or both hide.
    """
    codes, visible = (_by_mask(part) for part in inputs)
    shown = visible.to(backprops.dtype)
    along = _grams(_by_mask(backprops))
    places = layer.blocks.features.square().sum(1)[layer.blocks.flat_index(codes[:, 0])]
    shared = {
        layer.identity: _grams(shown),
        layer.hidden: _grams(1 - shown),
        layer.order: torch.bmm(shown * places[:, None], shown.transpose(1, 2)),
    }
    return {part: (along * both).sum((1, 2)).clamp(min=0).sqrt() for part, both in shared.items()}


@register_norm_sampler(CodeLogits)  # type: ignore[untyped-decorator]
def logits_norms(layer: CodeLogits, inputs: Inputs, backprops: Tensor) -> PerParameter:
    """Norm of each row's gradient of the head's tables and bias. Shape: -> [rows] each."""
    along = _grams(_by_mask(inputs[0]))
    # The bias of padding is no parameter of the function: a constant stands in its place.
    per_code = _by_mask(backprops)
    shared = {
        layer.identity: along * _grams(per_code),
        layer.order: along * _grams(_places(layer, per_code)),
        layer.bias: _grams(per_code.masked_fill(layer.blocks.is_padding, 0.0)),
    }
    return {part: both.sum((1, 2)).clamp(min=0).sqrt() for part, both in shared.items()}


@register_grad_sampler(RowEmbedding)  # type: ignore[untyped-decorator]
def embedding_gradients(layer: RowEmbedding, inputs: Inputs, backprops: Tensor) -> PerParameter:
    """Each row's gradient, written out: what the norms are checked against. Shape: [rows, ...]."""
    codes, visible = (_by_mask(part) for part in inputs)
    shown, per_mask = visible.to(backprops.dtype), _by_mask(backprops)
    of_block = torch.einsum("rkb,rkw->rbw", shown, per_mask)
    places = layer.blocks.flat_index(codes[:, 0])
    identity = backprops.new_zeros(len(codes), *layer.identity.shape)
    identity.scatter_add_(1, places[..., None].expand_as(of_block), of_block)
    return {
        layer.identity: identity,
        layer.hidden: torch.einsum("rkb,rkw->rbw", 1 - shown, per_mask),
        layer.order: torch.einsum("rbf,rbw->rbfw", layer.blocks.features[places], of_block),
    }


@register_grad_sampler(CodeLogits)  # type: ignore[untyped-decorator]
def logits_gradients(layer: CodeLogits, inputs: Inputs, backprops: Tensor) -> PerParameter:
    """Each row's gradient of the head, written out. Shape: [rows, ...]."""
    x, per_code = _by_mask(inputs[0]), _by_mask(backprops)
    identity = torch.einsum("rkc,rkw->rcw", per_code, x)
    order: Any = torch.zeros(len(x), *layer.order.shape, dtype=x.dtype, device=x.device)
    for bucket in layer.blocks.buckets:
        features = layer.blocks.features[bucket.start : bucket.stop]
        features = features.reshape(len(bucket.blocks), bucket.width, -1)
        part = identity[:, bucket.start : bucket.stop].unflatten(1, (len(bucket.blocks), bucket.width))
        order[:, list(bucket.blocks)] = torch.einsum("rbcw,bcf->rbfw", part, features)
    bias = per_code.masked_fill(layer.blocks.is_padding, 0.0).sum(1)
    return {layer.identity: identity, layer.order: order, layer.bias: bias}
