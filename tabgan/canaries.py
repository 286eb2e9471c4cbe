"""Canaries: rows that go in by a coin, and how far what the mechanisms gave out tells which did.

The attacker knows every other row, the schema and all settings, and sees all that was released: noisy
counts, and the generator's noisy gradient of every step with the weights it was taken at. That is more
than a model file tells, and nearly as much as the promise covers: a discriminator's gradients are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabgan.encoding.table import TableEncoder
from tabgan.gan import losses
from tabgan.gan.batches import rank_of
from tabgan.gan.clipping import ClippedRows, clipped
from tabgan.gan.dp_sgd import NoisySteps
from tabgan.gan.generator import Generator
from tabgan.gan.private_training import PrivateRun
from tabgan.gan.trained import Trained
from tabgan.gan.tree import NoisyMarginals
from tabgan.learning import blocks_of
from tabgan.private_marginals import group_counts, single_counts
from tabgan.rules.public import reduced_rows
from tabgan.rules.reduction import Reduction

Scores = NDArray[np.float64]


def canary_rows(df: pd.DataFrame, n_rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """Rows whose cells are drawn from the different values of each column, each by itself.

    So rare values are frequent and no two columns go together: rows that stand out.
    """
    columns = {}
    for place in range(df.shape[1]):
        cells = df.iloc[:, place]
        different = cells[~cells.astype(str).duplicated()]
        columns[place] = different.iloc[rng.integers(len(different), size=n_rows)].reset_index(drop=True)
    made: pd.DataFrame = pd.DataFrame(columns)
    made.columns = df.columns
    return made


class Onlooker:
    """Scores canaries by everything released: the higher, the likelier a canary was in.

    Scores are log-likelihood ratios of "in" against "out", but for a constant, with noise and all that
    other rows add taken as normal. `df`: the other rows. `sample_rate`: of DP-SGD, with which the
    attacker draws batches of his own to take away what the other rows add to a gradient.
    """

    def __init__(self, df: pd.DataFrame, canaries: pd.DataFrame, *, sample_rate: float, seed: int) -> None:
        self._tables, self._sample_rate = (df, canaries), sample_rate
        self._coins = torch.Generator().manual_seed(seed)
        self._network: Generator | None = None
        self.scores: dict[str, Scores] = {}

    def see_counts(self, encoder: TableEncoder, reduction: Reduction, marginals: NoisyMarginals) -> None:
        """Score by the cells of the noisy counts that a canary would have raised by one."""
        blocks = blocks_of(encoder, torch.device("cpu"))
        self._blocks = blocks
        self._rows, self._canaries = (
            torch.from_numpy(encoder.encode(reduced_rows(table, reduction))).long() for table in self._tables
        )
        expected = single_counts(self._rows, blocks) + single_counts(self._canaries, blocks) / 2
        places = blocks.flat_index(self._canaries).numpy()
        scores = (marginals.one_way - expected)[places].sum(1) / marginals.one_sigma**2
        tables, canaries = marginals.tables, self._canaries.T.numpy()
        counts = (group_counts(codes, list(tables), blocks.sizes) for codes in (self._rows, self._canaries))
        for (group, released), rows, half in zip(tables.items(), *counts, strict=True):
            extra = released.counts - (rows + half / 2).reshape(released.counts.shape)
            scores += extra[tuple(canaries[list(group)])] / released.sigma**2
        self.scores["noisy counts"] = scores

    def see_step(self, run: PrivateRun, steps: NoisySteps) -> None:
        """Score by the noisy gradient of the head along each canary's own, less what the others add."""
        with torch.random.fork_rng(devices=[]):
            rows = self._copy_of(run)
            others = HeadGradients.of(rows, run, self._others())
            canaries = HeadGradients.of(rows, run, self._canaries)
        noisy = run.generator.head.identity.grad
        assert noisy is not None
        extra = noisy.cpu().double() * steps.expected_batch_size - others.total()
        deviation = steps.noise_multiplier * run.settings.max_grad_norm
        seen = self._sample_rate * canaries.along(others.whitened(extra, deviation))
        self.scores["noisy gradients"] = self.scores.get("noisy gradients", 0.0) + np.nan_to_num(seen.numpy())

    def see_model(self, trained: Trained) -> None:
        """Score by the log-likelihood of a canary under the finished generator."""
        if len(self.scores) > 1:
            self.scores["counts and gradients"] = np.sum(list(self.scores.values()), axis=0)
        likelihoods = log_likelihoods(trained.generator.cpu(), self._canaries, trained.order)
        self.scores["likelihood of the finished model"] = likelihoods

    def _copy_of(self, run: PrivateRun) -> ClippedRows:
        """A network of the same weights, since the run's own holds the gradients that it will step by."""
        if self._network is None:
            settings = run.settings
            self._network = Generator(
                self._blocks,
                embedding_dim=settings.embedding_dim,
                generator_dim=settings.generator_dim,
                dropout=0.0,
            ).train()
            self._network.noise.requires_grad_(False)
            self._clipped = clipped(self._network, settings.max_grad_norm)
        self._network.load_state_dict({name: part.cpu() for name, part in run.generator.state_dict().items()})
        return self._clipped

    def _others(self) -> Tensor:
        """A batch as the run may have drawn it, a canary being in the table every other time."""
        parts = ((self._rows, self._sample_rate), (self._canaries, self._sample_rate / 2))
        return torch.cat([codes[torch.rand(len(codes), generator=self._coins) < p] for codes, p in parts])


@dataclass(frozen=True)
class HeadGradients:
    """Clipped gradients of the head's table, row by row: the sum over masks of outward outer inward.

    Shape: inward [rows, masks, width], outward [rows, masks, flat codes].
    """

    inward: Tensor
    outward: Tensor

    @classmethod
    def of(cls, rows: ClippedRows, run: PrivateRun, codes: Tensor) -> HeadGradients:
        """Those of these rows, each clipped by the norm of its whole gradient."""
        visible = run.masks_of_rows(codes)
        coefficient = rows.coefficients(run.loss_of_rows(rows, codes, visible))
        network = rows._module
        with torch.no_grad():
            hidden = network.trunk(
                network.rows(codes[:, None].expand(-1, visible.shape[1], -1), visible), None
            )
            logits = network.head(hidden)
        logits.requires_grad_()
        (outward,) = torch.autograd.grad(run.loss_of_logits(logits, codes, visible).sum(), logits)
        return cls(hidden.double(), (coefficient[:, None, None] * outward).nan_to_num().double())

    def total(self) -> Tensor:
        """Their sum. Shape: -> [flat codes, width]."""
        return self.outward.flatten(0, 1).T @ self.inward.flatten(0, 1)

    def along(self, direction: Tensor) -> Tensor:
        """Each one's product with a direction. Shape: [flat codes, width] -> [rows]."""
        return ((self.outward @ direction) * self.inward).sum((1, 2))

    def whitened(self, direction: Tensor, deviation: float) -> Tensor:
        """A direction times the inverse covariance of noise and of two batches like this one.

        The covariance of gradients is taken as a product of one over codes and one over the width.
        Shape: [flat codes, width] -> the same.
        Source: Martens & Grosse 2015, Optimizing Neural Networks with Kronecker-factored Curvature.
        """
        over_codes, over_width = (
            torch.linalg.eigh(part.flatten(0, 1).T @ part.flatten(0, 1))
            for part in (self.outward, self.inward)
        )
        of_codes, of_width = (
            values.clamp(min=0) / values.sum().clamp(min=1e-30) for values, _ in (over_codes, over_width)
        )
        grams = (self.outward @ self.outward.mT) * (self.inward @ self.inward.mT)
        power = 2 * float(grams.sum())
        turned = over_codes[1].T @ direction @ over_width[1]
        turned = turned / (deviation**2 + power * of_codes[:, None] * of_width)
        back: Tensor = over_codes[1] @ turned @ over_width[1].T
        return back


def log_likelihoods(network: Generator, codes: Tensor, order: tuple[int, ...]) -> Scores:
    """Logarithm of the probability that the generator draws these rows, one block after the other.

    Shape: int64 [rows, blocks] -> [rows]. Unit: nats.
    """
    rank, total = rank_of(order, torch.device("cpu")), torch.zeros(len(codes), dtype=torch.float64)
    with torch.no_grad():
        for place, block in enumerate(order):
            visible = (rank < place).expand(len(codes), -1)
            total -= losses.block_losses(network(codes, visible), codes, network.blocks)[:, block]
    return np.asarray(total.numpy())
