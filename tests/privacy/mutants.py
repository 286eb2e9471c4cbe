"""Private mode with one part broken each. The first five are what published generators get wrong."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tabgan import private_learning
from tabgan.gan import clipping, dp_sgd, private_training
from tabgan.gan.clipping import ClippedRows
from tabgan.privacy import mechanisms
from tabgan.privacy import rows as rows_module
from tabgan.privacy.ledger import Ledger
from tabgan.private_marginals import single_counts

Patch = pytest.MonkeyPatch


def no_clipping(patch: Patch) -> None:
    patch.setattr(ClippedRows, "get_clipping_coef", lambda rows: torch.ones_like(rows.get_norm_sample()))


def tenth_of_training_noise(patch: Patch) -> None:
    draw = mechanisms.standard_normal
    patch.setattr(mechanisms, "standard_normal", lambda n: 0.1 * draw(n))


def tenth_of_release_noise(patch: Patch) -> None:
    draw = mechanisms.discrete_gaussian
    patch.setattr(mechanisms, "discrete_gaussian", lambda n, sigma: draw(n, sigma * 0.1))


def a_tenth_of_the_rate_is_booked(patch: Patch) -> None:
    draw = rows_module._included
    patch.setattr(rows_module, "_included", lambda n_rows, rate: draw(n_rows, 10 * rate))


def raw_category_list(patch: Patch) -> None:
    patch.setattr(rows_module, "stability_histogram", lambda counts, **_: dict(counts))


def rows_that_are_no_numbers_pass(patch: Patch) -> None:
    def backward_of(rows: Any, loss_of: Any, codes: Any, visible: Any) -> None:
        loss = loss_of(rows, codes, visible)
        coefficient = rows.coefficients(loss).clamp(min=1e-6)
        rows.disable_hooks()
        clipping._backward((coefficient * loss).sum())
        rows.enable_hooks()

    patch.setattr(ClippedRows, "backward_of", backward_of)


def seeded_noise(patch: Patch) -> None:
    patch.setattr(mechanisms, "standard_normal", lambda n: np.random.default_rng(0).standard_normal(n))
    patch.setattr(mechanisms, "discrete_gaussian", lambda n, sigma: np.zeros(n, dtype=np.int64))
    patch.setattr(rows_module, "_included", lambda n_rows, rate: np.arange(0, n_rows, round(1 / rate)))
    patch.setattr(dp_sgd, "unseeded", lambda device: contextlib.nullcontext())


def true_number_of_rows(patch: Patch) -> None:
    count = rows_module.PrivateRows.row_count

    def exact(rows: Any, **public: Any) -> int:
        count(rows, **public)
        return int(rows_module._HELD[rows].rows.shape[0])

    patch.setattr(rows_module.PrivateRows, "row_count", exact)


def masks_of_the_users_seed(patch: Patch) -> None:
    patch.setattr(dp_sgd, "unseeded", lambda device: contextlib.nullcontext())


def batch_norm(patch: Patch) -> None:
    norm = nn.BatchNorm1d(8, affine=False)

    def trunk(network: Any, embedded: Any, noise: Any) -> Any:
        return network.norm(norm(embedded.flatten(0, -2)).view_as(embedded))

    patch.setattr("tabgan.gan.generator.Generator.trunk", trunk)


def one_noise_for_all_steps(patch: Patch) -> None:
    draw = mechanisms.standard_normal
    kept: dict[int, Any] = {}
    patch.setattr(mechanisms, "standard_normal", lambda n: kept.setdefault(n, draw(n)))


def a_look_is_not_booked(patch: Patch) -> None:
    book = Ledger.book

    def lenient(ledger: Any, *entries: Any) -> None:
        if not any("each code of each block" in entry.what for entry in entries):
            book(ledger, *entries)

    patch.setattr(Ledger, "book", lenient)


def mean_instead_of_sum(patch: Patch) -> None:
    """The gradient is divided by the size of the batch before noise."""
    add = private_training.leave_clipped_sum

    def averaged(rows: Any, codes: Any, visible_of: Any, loss_of: Any) -> None:
        add(rows, codes, visible_of, loss_of)
        for part in rows.trainable_parameters:
            part.grad.mul_(40.0 / max(len(codes), 1))

    patch.setattr(private_training, "leave_clipped_sum", averaged)


def exact_pairs(patch: Patch) -> None:
    """Pairs are counted without going through a mechanism."""
    marginals = private_learning.released_marginals

    def peeking(codes: Any, blocks: Any, plan: Any) -> Any:
        made = marginals(codes, blocks, plan)
        made.one_way[:] = single_counts(rows_module._HELD[codes].rows, blocks)
        return made

    patch.setattr(private_learning, "released_marginals", peeking)
