"""What invariants say, as functions: tests call them as things are, and again with a part broken."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import stats
from torch import Tensor

from tabgan.gan.blocks import Blocks
from tabgan.gan.clipping import clipped
from tabgan.gan.dp_sgd import NoisySteps
from tabgan.gan.generator import Generator
from tabgan.gan.private_training import PrivateRun
from tabgan.gan.settings import PrivateSettings
from tabgan.privacy import rows as rows_module
from tabgan.privacy.ledger import Ledger
from tests.privacy.fits import MAX_GRAD_NORM, Fit, fit, records
from tests.privacy.replaying import distances

BLOCKS = Blocks([2, 5, 3], [None, (0.0, 0.2, 0.5, 0.8, 1.0), None])
SURE = 1e-6  # a check fails by chance once in a million
RARE_LABEL = "Quux-Zaphod-91"


def run_of(*, masks: int = 2, steps: int = 4, max_grad_norm: float = 0.5) -> PrivateRun:
    """A training run of a small network with weights far from zero."""
    torch.manual_seed(0)
    generator = Generator(BLOCKS, embedding_dim=2, generator_dim=(8, 6), dropout=0.0)
    for part in generator.parameters():
        torch.nn.init.normal_(part, std=0.5)
    generator.noise.requires_grad_(False)
    settings = PrivateSettings(masks=masks, steps=steps, max_grad_norm=max_grad_norm)
    return PrivateRun(generator, (0, 1, 2), settings, ())


def codes_of(n_rows: int, seed: int = 0) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.stack([torch.randint(size, (n_rows,), generator=draw) for size in BLOCKS.sizes], 1)


def gradient_norm(run: PrivateRun) -> float:
    """Norm of what lies in `grad`, in double precision."""
    parts = [part.grad for part in run.generator.parameters() if part.grad is not None]
    return math.sqrt(sum(float(part.double().square().sum()) for part in parts))


def check_replay(then: Fit, now: Fit) -> None:
    """Everything but the exact statistics is equal, and those are as near as declared."""
    assert now.tape.releases == then.tape.releases
    assert now.model.ledger_.entries == then.model.ledger_.entries
    assert now.training.public == then.training.public
    assert now.told == then.told
    assert now.file == then.file
    found = distances(then.tape, now.tape)
    assert all(distance <= sensitivity for distance, sensitivity in found)
    for before, after in zip(then.training.sums, now.training.sums, strict=True):
        moved = sum(float((b - a).double().square().sum()) for a, b in zip(before, after, strict=True))
        assert math.sqrt(moved) <= MAX_GRAD_NORM * (1 + 1e-4)


def check_no_gradient_is_longer_than_the_bound() -> None:
    """Rows one by one, under weights and losses of all sizes."""
    for scale in (1.0, 30.0, 1e4):
        run = run_of()
        with torch.no_grad():
            for part in run.generator.parameters():
                part.mul_(scale)
        for bound in (1e-3, 0.5, 20.0):
            rows = clipped(run.generator, bound)
            for code in codes_of(8):
                rows.zero_grad(set_to_none=True)
                one = code[None]
                rows.backward_of(run.loss_of_rows, one, run.masks_of_rows(one))
                assert gradient_norm(run) <= bound * (1 + 1e-6)
            rows.remove_hooks()


def check_rows_that_are_no_numbers_count_nothing() -> None:
    """A row whose loss overflows leaves the sum of the others as it is without it."""
    run = run_of()
    codes = codes_of(7)
    codes[:, 1], codes[3, 1] = 0, 4
    visible = run.masks_of_rows(codes)
    visible[..., 1], visible[..., 0] = True, False
    with torch.no_grad():
        run.generator.rows.identity[int(BLOCKS.offsets[1]) + 4] = math.nan
    rows = clipped(run.generator, 0.5)
    rows.backward_of(run.loss_of_rows, codes, visible)
    with_it = [None if part.grad is None else part.grad.clone() for part in run.generator.parameters()]
    rows.zero_grad(set_to_none=True)
    others = torch.arange(7) != 3
    rows.backward_of(run.loss_of_rows, codes[others], visible[others])
    for part, found in zip(run.generator.parameters(), with_it, strict=True):
        if part.grad is not None:
            assert found is not None
            assert found.isfinite().all()
            torch.testing.assert_close(found, part.grad)


def check_a_loss_follows_from_its_row_alone() -> None:
    """The loss of row i has no derivative along row j."""
    run = run_of()
    codes = codes_of(5)
    visible = run.masks_of_rows(codes)
    generator = run.generator.train()
    embedded = generator.rows(codes[:, None].expand_as(visible), visible).detach().requires_grad_()
    losses = run.loss_of_logits(generator.head(generator.trunk(embedded, None)), codes, visible)
    for row, loss in enumerate(losses):
        (slope,) = torch.autograd.grad(loss, embedded, retain_graph=True)
        moved = slope.abs().sum((1, 2)) > 0
        assert moved.nonzero().flatten().tolist() == [row]


def check_training_noise(n_steps: int = 30) -> None:
    """Without rows each step's gradient is noise: normal, as deep as booked, the same in all directions."""
    run = run_of(steps=n_steps)
    seen: list[Tensor] = []

    def watch(run: PrivateRun, _: NoisySteps) -> None:
        parts = [part.grad.flatten() for part in run.generator.parameters() if part.grad is not None]
        seen.append(torch.cat(parts))

    empty = (codes_of(0) for _ in range(n_steps))
    before = run.generator.head.bias.detach().clone()
    run.learn_rows(NoisySteps(empty, 3.0, 40.0, watch=watch))
    assert len(seen) == n_steps
    assert not torch.equal(before, run.generator.head.bias)
    drawn = (torch.stack(seen).double() * 40.0 / (3.0 * 0.5)).numpy()
    assert stats.kstest(drawn.ravel(), "norm").pvalue > SURE
    per_weight = drawn.var(0, ddof=1) * (n_steps - 1)
    assert stats.kstest(stats.chi2.cdf(per_weight, n_steps - 1), "uniform").pvalue > SURE
    between = np.corrcoef(drawn)[np.triu_indices(n_steps, 1)]
    assert np.abs(between).max() < 6 / math.sqrt(drawn.shape[1])


def check_release_noise() -> None:
    """Released counts carry the discrete Gaussian that the ledger names: chi squared over its values."""
    ledger = Ledger(1000.0, 1e-3)
    rows = rows_module.PrivateRows(np.zeros((10, 1)), ledger)
    n_cells, noise, sensitivity = 20_000, 1.5, 2.0
    zeros = np.zeros(n_cells, dtype=np.int64)
    drawn = rows.counts(
        lambda _: zeros, what="x", shape=n_cells, noise_multiplier=noise, sensitivity=sensitivity
    )
    sigma = ledger.entries[-1].sigma
    x = np.arange(-60, 61)
    expected = np.exp(-(x**2) / (2 * sigma**2))
    expected *= n_cells / expected.sum()
    found = np.array([(drawn == value).sum() for value in x])
    common = expected > 10
    chi2 = ((found[common] - expected[common]) ** 2 / expected[common]).sum()
    assert stats.chi2.sf(chi2, common.sum()) > SURE
    assert found.sum() == n_cells


def check_inclusion() -> None:
    """Rows are in batches at the rate that is booked, each by a coin of its own."""
    ledger, n_rows, steps = Ledger(1000.0, 1e-3), 60, 3000
    rows = rows_module.PrivateRows(np.arange(n_rows), ledger)
    batches = rows.poisson_batches(what="x", sample_rate=0.04, steps=steps, noise_multiplier=9.0)
    taken = np.zeros((steps, n_rows))
    for step, batch in enumerate(batches):
        taken[step, batch] = 1
    (entry,) = ledger.entries
    rate = entry.sample_rate
    assert entry.steps == steps
    chi2 = ((taken.sum(0) - steps * rate) ** 2 / (steps * rate * (1 - rate))).sum()
    assert stats.chi2.sf(chi2, n_rows) > SURE
    sizes = taken.sum(1)
    spread = ((sizes - n_rows * rate) ** 2).mean() / (n_rows * rate * (1 - rate))
    assert abs(spread - 1) < 6 * math.sqrt(2.4 / steps)  # the coins of a batch fall by themselves
    assert (sizes == 0).any()


def check_noise_is_fresh() -> None:
    """Two fits of one table with one seed end at different weights."""
    first, second = (fit(records()) for _ in range(2))
    assert first.seed_ == second.seed_
    both = zip(first.generator_.parameters(), second.generator_.parameters(), strict=True)
    assert any(not torch.equal(one, other) for one, other in both)


def check_training_noise_is_fresh() -> None:
    """Two runs under one seed draw other noise, and other masks of the same rows."""
    drawn = []
    for _ in range(2):
        run = run_of(steps=1)
        torch.manual_seed(7)
        run.learn_rows(NoisySteps(iter([codes_of(0)]), 3.0, 40.0))
        drawn.append(run.generator.head.bias.detach().clone())
    assert not torch.equal(*drawn)


def check_lone_labels_are_not_told() -> None:
    """A text that one row holds is not in the schema, the encoder or a sample."""
    rows = records()
    rows[11] |= {"job": RARE_LABEL}
    model = fit(rows, None)
    told = str(model.schema_.to_dict()) + str(model.encoder_.to_dict())
    assert RARE_LABEL not in told
    assert "clerk" in told


def check_file_holds_no_canary(schema: Any, folder: Path) -> None:
    """Magic values of one row are in no byte of the file and in none of its numbers."""
    rows = records()
    rows[11] |= {"age": 8_675_309, "price": 12_345.678901, "job": RARE_LABEL}
    model = fit(rows, schema)
    model.save(folder / "canary.tabgan")
    content = (folder / "canary.tabgan").read_bytes()
    for text in (RARE_LABEL, "8675309", "12345.678901", "12345.68"):
        assert text.encode() not in content
    for value in (8_675_309.0, 12_345.678901, 12_345.68):
        for kind in ("<f8", "<f4", "<i8", "<i4"):
            assert np.array([value]).astype(kind).tobytes() not in content
    weights = torch.cat([part.flatten() for part in model.generator_.parameters()])
    assert (weights.abs() < 1e3).all()


def check_every_look_is_booked(then: Fit) -> None:
    """Entries of every mechanism that ran, with the noise that it ran with; DP-SGD as one of all steps."""
    entries = then.model.ledger_.entries
    asked = [public for _, public in then.tape.releases]
    released = entries[:-1] if then.training.sums else entries
    booked = [entry for entry in released for _ in range(entry.steps)]
    for entry, public in zip(booked, asked, strict=True):
        assert entry.noise_multiplier == public.get("noise_multiplier", 0.0)
        assert entry.epsilon == public.get("epsilon", 0.0)
        assert entry.sensitivity == public.get("sensitivity", 1.0)
    assert entries[-1].steps == len(then.training.sums)
    assert {(entries[-1].noise_multiplier, entries[-1].sensitivity)} == {
        one[:2] for one in then.training.public
    }
