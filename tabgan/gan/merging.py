"""Codes merged where a table has too many of them for a matrix of all pairs of codes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tabgan.gan.blocks import Blocks
from tabgan.gan.order import MAX_ROWS, mutual_information, one_way_marginals, spaced, two_way_marginals

MAX_FLAT = 8192  # a matrix of so many codes, squared, takes 256 MiB
FEWEST_CODES = 2
MERGED_ROWS = 1_500


@dataclass(frozen=True)
class Merging:
    """Which blocks are looked at in pairs, and by which codes; all by their own in most tables.

    `kept` [kept blocks]: blocks that are looked at. `merged` [flat codes]: the code that stands for
    each code; None where nothing is merged. `blocks`: the layout of the codes that are left.
    """

    blocks: Blocks
    kept: Tensor | None = None
    merged: Tensor | None = None
    offsets: Tensor | None = None

    @classmethod
    def of(cls, codes: Tensor, blocks: Blocks, max_flat: int = MAX_FLAT) -> Merging:
        """As few merged codes as fit, each of about as many rows. Shape: codes [rows, blocks]."""
        if blocks.n_flat <= max_flat:
            return cls(blocks)
        most = max_flat // FEWEST_CODES
        step = max(1.0, blocks.n_blocks / most)
        kept = torch.arange(0, blocks.n_blocks, step, device=blocks.device)[:most].long()
        n_codes = max(FEWEST_CODES, max_flat // len(kept))
        merged = torch.zeros(blocks.n_flat, dtype=torch.long, device=blocks.device)
        share = one_way_marginals(codes, blocks)
        sizes = []
        for block in kept.tolist():
            size, own = blocks.sizes[block], blocks.slices[block]
            before = share[own].cumsum(0) - share[own] / 2
            merged[own] = (before * n_codes).long().clamp(0, n_codes - 1)
            sizes.append(min(size, n_codes))
            if size <= n_codes:
                merged[own] = torch.arange(size, device=blocks.device)
        return cls(Blocks(sizes, device=blocks.device), kept, merged, blocks.offsets)

    def codes(self, codes: Tensor) -> Tensor:
        """Shape: [rows, blocks] -> [rows, kept blocks]."""
        if self.merged is None or self.kept is None or self.offsets is None:
            return codes
        return self.merged[codes[:, self.kept].long() + self.offsets[self.kept]]

    def pairs(self, codes: Tensor, max_rows: int = MAX_ROWS) -> Tensor:
        """Two-way marginals of the merged codes, from fewer rows where there are many codes."""
        n_rows = max_rows if self.merged is None else min(max_rows, MERGED_ROWS)
        return two_way_marginals(self.codes(spaced(codes, n_rows)), self.blocks, n_rows)

    def information(self, codes: Tensor) -> Tensor:
        """Mutual information of all pairs of blocks; 0 for those not looked at.

        Shape: [rows, blocks] -> [blocks, blocks]. Unit: nats.
        """
        n_rows = min(len(codes), MAX_ROWS if self.merged is None else MERGED_ROWS)
        found = mutual_information(self.pairs(codes), self.blocks, n_rows)
        if self.kept is None:
            return found
        whole = torch.zeros(codes.shape[1], codes.shape[1], device=codes.device)
        whole[self.kept[:, None], self.kept] = found
        return whole
