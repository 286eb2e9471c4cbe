"""The generator: completes a row from any subset of its blocks.

    logits of every block = Generator(visible codes, visibility mask, noise)

The first layer is a sum of embedding rows, one a block: a visible block adds the row of its
code, a hidden block the row that stands for "hidden". So a row that gets one more visible
block needs one more addition, not a new first layer; sampling relies on it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tabgan.gan.blocks import N_FEATURES, PADDING_LOGIT, Blocks
from tabgan.gan.dropout import ByteDropout
from tabgan.gan.precision import full_products


class CodeTable(nn.Module):
    """One learned vector a code: its identity plus, in ordered blocks, its place in the order.

    The place enters through fixed features of the position
    (itself and Fourier terms), so that neighbours start out, and stay, alike.
    Source: Gorishniy et al. 2022, On Embeddings for Numerical Features, section 3.3 (periodic).
    """

    def __init__(self, blocks: Blocks, width: int, scale: float) -> None:
        super().__init__()
        self.blocks = blocks
        self.identity = nn.Parameter(torch.randn(blocks.n_flat, width) * scale)
        self.order = nn.Parameter(torch.randn(blocks.n_blocks, N_FEATURES, width) * scale / 2)

    def table(self) -> Tensor:
        """Shape: -> [flat codes, width]."""
        parts = []
        for bucket in self.blocks.buckets:
            features = self.blocks.features[bucket.start : bucket.stop]
            features = features.reshape(len(bucket.blocks), bucket.width, N_FEATURES)
            with full_products(features.device):
                parts.append(torch.bmm(features, self.order[list(bucket.blocks)]).flatten(0, 1))
        table: Tensor = self.identity + torch.cat(parts)
        return table


class RowEmbedding(CodeTable):
    """Sum of the vectors of a row's codes; a hidden block adds a vector of its own.

    Shape: `codes` and `visible` [..., blocks] -> [..., width]; `soft` takes flat one-hot
    rows instead, through which gradients pass.
    """

    def __init__(self, blocks: Blocks, width: int) -> None:
        super().__init__(blocks, width, max(1, blocks.n_blocks) ** -0.5)
        self.hidden = nn.Parameter(torch.zeros(blocks.n_blocks, width))

    def forward(self, codes: Tensor, visible: Tensor) -> Tensor:
        """Shape: codes, visible [..., blocks] -> [..., width]."""
        hidden_place = self.blocks.n_flat + torch.arange(len(self.hidden), device=codes.device)
        places = torch.where(visible, self.blocks.flat_index(codes), hidden_place)
        vectors = torch.cat([self.table(), self.hidden])
        summed = F.embedding_bag(places.flatten(0, -2), vectors, mode="sum")
        out: Tensor = summed.unflatten(0, places.shape[:-1])
        return out

    def soft(self, rows: Tensor, visible: Tensor) -> Tensor:
        """Shape: flat one-hot rows [rows, flat codes], visible [rows, blocks] -> [rows, width]."""
        seen = rows * self.blocks.spread(visible.to(rows.dtype))
        return (seen @ self.table()).to(rows.dtype) + (~visible).to(rows.dtype) @ self.hidden


class CodeLogits(CodeTable):
    """Logits of every code; padding gets PADDING_LOGIT. Shape: [..., width] -> [..., flat codes]."""

    def __init__(self, blocks: Blocks, width: int) -> None:
        super().__init__(blocks, width, width**-0.5)
        self.bias = nn.Parameter(torch.zeros(blocks.n_flat))

    def layer(self) -> tuple[Tensor, Tensor]:
        """Weight [flat codes, width] and bias [flat codes]; padding can never be drawn."""
        return self.table(), self.bias.masked_fill(self.blocks.is_padding, PADDING_LOGIT)

    def forward(self, x: Tensor) -> Tensor:
        """Shape: [..., width] -> [..., flat codes]."""
        return F.linear(x, *self.layer()).float()


class ResidualLayer(nn.Module):
    """x + Linear(SiLU(Linear(LayerNorm(x)))). Shape: [rows, width] -> [rows, width]."""

    def __init__(self, width: int, inner: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, inner)
        self.down = nn.Linear(inner, width)
        self.dropout = ByteDropout(dropout)
        nn.init.normal_(self.down.weight, std=0.5 * inner**-0.5)
        nn.init.zeros_(self.down.bias)

    def inner(self, x: Tensor) -> Tensor:
        """Shape: [rows, width] -> [rows, inner]."""
        out: Tensor = self.dropout(F.silu(self.up(self.norm(x))))
        return out

    def forward(self, x: Tensor) -> Tensor:
        """Shape: [rows, width] -> [rows, width]."""
        update: Tensor = self.down(self.inner(x))
        return x + update.to(x.dtype)  # converted first: a sum of two dtypes is slow


class Generator(nn.Module):
    """MLP from (visible codes, mask, noise) to the logits of every block.

    `generator_dim`: width of the trunk, then the inner width of each residual layer. `final_norm`: whether
    the trunk is normalised before the head. Without it the last layer and the head are one linear map of what
    is inside of that layer, which a draw of few codes takes at once.
    Shape: codes, visible [rows, blocks], noise [rows, embedding_dim] -> [rows, flat codes].
    """

    def __init__(
        self,
        blocks: Blocks,
        *,
        embedding_dim: int = 64,
        generator_dim: Sequence[int] = (256, 256, 256),
        dropout: float = 0.1,
        final_norm: bool = True,
    ) -> None:
        super().__init__()
        width, *inner = generator_dim
        self.blocks = blocks
        self.embedding_dim = embedding_dim
        self.rows = RowEmbedding(blocks, width)
        self.layers = nn.ModuleList(ResidualLayer(width, size, dropout) for size in inner)
        self.noise = nn.Linear(embedding_dim, width, bias=False)
        nn.init.normal_(self.noise.weight, std=0.02)
        self.norm = nn.LayerNorm(width) if final_norm else nn.Identity()
        self.head = CodeLogits(blocks, width)

    @property
    def is_linear(self) -> bool:
        """Whether logits are linear in the sum of a row's vectors and in what the layers add to it."""
        return len(self.layers) > 0 and isinstance(self.norm, nn.Identity)

    def before_last(self, embedded: Tensor, noise: Tensor | None) -> tuple[Tensor, Tensor]:
        """What comes to the last layer and what is inside of it.

        Shape: [rows, width], noise [rows, embedding_dim] -> [rows, width], [rows, inner width].
        """
        x = embedded if noise is None else embedded + self.noise(noise)
        for layer in self.layers[:-1]:
            x = layer(x)
        return x, self.last.inner(x)

    @property
    def last(self) -> ResidualLayer:
        """The last of the layers."""
        layer = self.layers[-1]
        assert isinstance(layer, ResidualLayer)
        return layer

    def trunk(self, embedded: Tensor, noise: Tensor | None) -> Tensor:
        """Shape: [rows, width] sum of embedding rows -> [rows, width], before the head."""
        x = embedded if noise is None else embedded + self.noise(noise)
        for layer in self.layers:
            x = layer(x)
        out: Tensor = self.norm(x)
        return out

    def forward(
        self, codes: Tensor, visible: Tensor, noise: Tensor | None = None, *, early: Tensor | None = None
    ) -> Tensor:
        """Logits of every code; padding gets PADDING_LOGIT.

        `early`: the visible blocks that the layers see, where that are not all; what they say then comes on
        top of a sum that shows more. Needs a generator that `is_linear`.
        """
        embedded = self.rows(codes, visible)
        if early is None:
            output = self.trunk(embedded, noise)
        else:
            before = self.rows(codes, early)
            output = embedded + (self.trunk(before, noise) - before)
        logits: Tensor = self.head(output)
        return logits


def weight_shapes(
    blocks: Blocks, *, embedding_dim: int, generator_dim: Sequence[int], final_norm: bool
) -> dict[str, tuple[int, ...]]:
    """The shapes of a generator's weights, by the names of its state, without making it."""
    width, *inner = generator_dim
    shapes: dict[str, tuple[int, ...]] = {
        "rows.hidden": (blocks.n_blocks, width),
        "noise.weight": (width, embedding_dim),
        "head.bias": (blocks.n_flat,),
    }
    for table in ("rows", "head"):
        shapes[f"{table}.identity"] = (blocks.n_flat, width)
        shapes[f"{table}.order"] = (blocks.n_blocks, N_FEATURES, width)
    for place, size in enumerate(inner):
        shapes |= {f"layers.{place}.norm.{part}": (width,) for part in ("weight", "bias")}
        shapes |= {f"layers.{place}.up.weight": (size, width), f"layers.{place}.up.bias": (size,)}
        shapes |= {f"layers.{place}.down.weight": (width, size), f"layers.{place}.down.bias": (width,)}
    return shapes | ({"norm.weight": (width,), "norm.bias": (width,)} if final_norm else {})
