"""Where the codes of a row lie in one flat vector, and softmax block by block.

A row is a vector of small integers, one a block. The networks see it as one flat
vector of all codes of all blocks, in which block `b` owns `sizes[b]` neighbours from
`offsets[b]` on. Blocks of like size lie side by side, padded to one width, so that
anything done "per block" is a view and one call per width instead of one per block.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

WIDTHS = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
FREQUENCIES = 5
N_FEATURES = 2 + 2 * FREQUENCIES
PADDING_LOGIT = -1e4


@dataclass(frozen=True)
class Bucket:
    """Blocks padded to the same width: flat codes `start` to `start + n_blocks * width`."""

    start: int
    width: int
    blocks: tuple[int, ...]

    @property
    def stop(self) -> int:
        """The flat code after the last one."""
        return self.start + self.width * len(self.blocks)

    def view(self, flat: Tensor) -> Tensor:
        """Shape: [..., flat codes] -> [..., blocks of this bucket, width]."""
        part = flat[..., self.start : self.stop]
        return part.reshape(*part.shape[:-1], len(self.blocks), self.width)


class Blocks:
    """The blocks of a table, laid out for the networks.

    `n_flat` counts padded codes; `slices` says where those of each block lie, without padding;
    `features` holds, for every code of an ordered block, its place in [0, 1] as a number and as Fourier
    terms, so that order is known as well as identity; `is_padding` marks flat codes that no row has.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        positions: Sequence[Sequence[float] | None] | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        self.sizes = tuple(int(size) for size in sizes)
        self.n_blocks = len(self.sizes)
        self.device = torch.device(device)
        self.buckets = _buckets(self.sizes)
        self.n_flat = self.buckets[-1].stop if self.buckets else 0
        offsets = [0] * self.n_blocks
        for bucket in self.buckets:
            for place, block in enumerate(bucket.blocks):
                offsets[block] = bucket.start + place * bucket.width
        self.offsets = torch.tensor(offsets, dtype=torch.long, device=self.device)
        self.slices = [slice(at, at + size) for at, size in zip(offsets, self.sizes, strict=True)]
        self.bucket_order = torch.tensor(
            [block for bucket in self.buckets for block in bucket.blocks], device=self.device
        )
        block_of = torch.zeros(self.n_flat, dtype=torch.long)
        is_padding = torch.ones(self.n_flat, dtype=torch.bool)
        for codes in self.slices:
            is_padding[codes] = False
        for bucket in self.buckets:
            owners = torch.tensor(bucket.blocks).repeat_interleave(bucket.width)
            block_of[bucket.start : bucket.stop] = owners
        self.block_of = block_of.to(self.device)
        self.is_padding = is_padding.to(self.device)
        self.features = self._order_features(offsets, positions).to(self.device)

    def _order_features(
        self, offsets: list[int], positions: Sequence[Sequence[float] | None] | None
    ) -> Tensor:
        """Shape: -> [flat codes, N_FEATURES]; zero where a code has no place in an order."""
        features = torch.zeros(self.n_flat, N_FEATURES)
        for block, place in enumerate(positions or [None] * self.n_blocks):
            if place is None:
                continue
            x = torch.tensor(place, dtype=torch.float32)
            angles = math.pi * x[:, None] * 2.0 ** torch.arange(FREQUENCIES)
            rows = torch.cat([2 * x[:, None] - 1, torch.ones_like(x)[:, None], angles.sin(), angles.cos()], 1)
            features[offsets[block] : offsets[block] + len(x)] = rows.masked_fill(x.isnan()[:, None], 0.0)
        return features

    def views(self, flat: Tensor) -> list[Tensor]:
        """What `Bucket.view` gives, of all buckets: cut at once, so that gradients are joined at once.

        Shape: [..., flat codes] -> [..., blocks, width] each.
        """
        cut = flat.split([bucket.stop - bucket.start for bucket in self.buckets], -1)
        return [
            part.unflatten(-1, (len(bucket.blocks), bucket.width))
            for part, bucket in zip(cut, self.buckets, strict=True)
        ]

    def flat_index(self, codes: Tensor) -> Tensor:
        """Shape: [rows, blocks] codes -> [rows, blocks] places in the flat vector."""
        return codes.long() + self.offsets

    def one_hot(self, codes: Tensor) -> Tensor:
        """Shape: [rows, blocks] codes -> [rows, flat codes] of 0. and 1."""
        flat = torch.zeros(len(codes), self.n_flat, device=codes.device)
        return flat.scatter_(1, self.flat_index(codes), 1.0)

    def spread(self, per_block: Tensor) -> Tensor:
        """Shape: [rows, blocks] -> [rows, flat codes], every code taking its block's value."""
        return per_block[:, self.block_of]

    def softmax(self, logits: Tensor) -> Tensor:
        """Shape: [rows, flat codes] -> [rows, flat codes], each block summing to one."""
        parts = [view.softmax(-1).flatten(-2) for view in self.views(logits)]
        return torch.cat(parts, -1)

    def argmax_one_hot(self, scores: Tensor) -> Tensor:
        """Shape: [rows, flat codes] -> [rows, flat codes]: 1. at each block's largest score."""
        parts = []
        for bucket in self.buckets:
            view = bucket.view(scores)
            hard = torch.zeros_like(view).scatter_(-1, view.argmax(-1, keepdim=True), 1.0)
            parts.append(hard.flatten(-2))
        return torch.cat(parts, -1)

    def codes(self, one_hot: Tensor) -> Tensor:
        """Shape: [rows, flat codes] of one-hot blocks -> [rows, blocks] codes."""
        parts = [bucket.view(one_hot).argmax(-1) for bucket in self.buckets]
        joined = torch.cat(parts, -1)
        return torch.empty_like(joined).index_copy(1, self.bucket_order, joined)


@dataclass(frozen=True)
class Group:
    """Blocks that are drawn together: their ids, own flat layout, and places in the whole."""

    blocks: Tensor
    layout: Blocks
    flat: Tensor


def group_of(whole: Blocks, blocks: Sequence[int]) -> Group:
    """The layout of some blocks of `whole`, padded as they are there."""
    layout = Blocks([whole.sizes[block] for block in blocks], device=whole.device)
    flat = torch.zeros(layout.n_flat, dtype=torch.long, device=whole.device)
    for bucket in layout.buckets:
        steps = torch.arange(bucket.width, device=whole.device)
        starts = whole.offsets[[blocks[place] for place in bucket.blocks]]
        flat[bucket.start : bucket.stop] = (starts[:, None] + steps).flatten()
    ids = torch.tensor(list(blocks), dtype=torch.long, device=whole.device)
    return Group(blocks=ids, layout=layout, flat=flat)


def _buckets(sizes: tuple[int, ...]) -> tuple[Bucket, ...]:
    """Group blocks by the smallest of WIDTHS that holds them; wider ones go alone."""
    by_width: dict[int, list[int]] = {}
    for block, size in enumerate(sizes):
        width = next((width for width in WIDTHS if width >= size), size)
        by_width.setdefault(width, []).append(block)
    buckets, start = [], 0
    for width in sorted(by_width):
        bucket = Bucket(start=start, width=width, blocks=tuple(by_width[width]))
        buckets.append(bucket)
        start = bucket.stop
    return tuple(buckets)
