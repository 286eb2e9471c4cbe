"""Dropout whose coins cost an eighth: eight of them from each 64-bit random number."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SIDES = 256


class ByteDropout(nn.Module):
    """Zeroes a share of the entries, in training, and makes the others larger in turn.

    On a processor the coins of `nn.Dropout` are a good part of a step. The share is rounded to a
    256th. Shape: any, kept.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.n_zeroed = round(share * SIDES)

    def forward(self, x: Tensor) -> Tensor:
        """Shape: any -> the same."""
        if not self.training or not self.n_zeroed:
            return x
        if x.device.type != "cpu":
            return F.dropout(x, self.n_zeroed / SIDES)
        n_words = -(-x.numel() // 8)
        coins = torch.empty(n_words, dtype=torch.int64).random_(-(2**63), None).view(torch.uint8)
        is_kept = coins[: x.numel()].view(x.shape) >= self.n_zeroed
        return x * (is_kept.to(x.dtype) * (SIDES / (SIDES - self.n_zeroed)))
