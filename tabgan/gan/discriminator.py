"""The discriminator: tells completed rows from real ones, seeing random views of them.

A view hides a random subset of a row's blocks, in real and made rows alike. Views keep the
discriminator from memorising the table: with whole rows it wins after some hundred steps and
teaches nothing more; with views it must match every group of columns by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations

from tabgan.gan.blocks import Blocks
from tabgan.gan.dropout import ByteDropout
from tabgan.gan.generator import RowEmbedding


class Discriminator(nn.Module):
    """LeakyReLU MLP from (row, view) to a score; `pac` rows are judged together.

    `n_labels` > 0 adds a head that names the target's code (auxiliary classifier).
    Shape: rows [rows, flat codes], view [rows, blocks] -> [rows / pac].
    Source: Lin et al. 2018, PacGAN (packing); Odena et al. 2017, AC-GAN (second head).
    """

    def __init__(
        self,
        blocks: Blocks,
        *,
        discriminator_dim: Sequence[int] = (256, 256),
        dropout: float = 0.3,
        pac: int = 1,
        n_labels: int = 0,
        spectral_norm: bool = False,
    ) -> None:
        super().__init__()
        first, *others = discriminator_dim
        self.pac = pac
        self.rows = RowEmbedding(blocks, first)
        self.bias = nn.Parameter(torch.zeros(first))
        widths = [first * pac, *(others or [first])]
        self.linears = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        if spectral_norm:
            for linear in self.linears:
                parametrizations.spectral_norm(linear)
        self.dropout = ByteDropout(dropout)
        self.score = nn.Linear(widths[-1], 1)
        self.label = nn.Linear(widths[-1], n_labels) if n_labels else None

    def features(self, embedded: Tensor) -> Tensor:
        """Shape: [rows, first width] -> [rows / pac, last width]; without packing [..., width]."""
        x = embedded + self.bias
        x = self.dropout(F.leaky_relu(x, 0.2))
        if self.pac > 1:
            x = x.reshape(len(x) // self.pac, -1)
        for linear in self.linears:
            x = self.dropout(F.leaky_relu(linear(x), 0.2))
        out: Tensor = x
        return out

    def real_features(self, codes: Tensor, view: Tensor) -> Tensor:
        """Shape: codes, view [rows, blocks] -> [rows / pac, last width]; several views as in `features`."""
        return self.features(self.rows(codes, view))

    def soft_features(self, rows: Tensor, view: Tensor) -> Tensor:
        """Shape: rows [rows, flat codes], view [rows, blocks] -> [rows / pac, last width]."""
        return self.features(self.rows.soft(rows, view))

    def forward(self, rows: Tensor, view: Tensor) -> Tensor:
        """Scores of flat rows; see the class for shapes."""
        scores: Tensor = self.score(self.soft_features(rows, view))[:, 0].to(rows.dtype)
        return scores
