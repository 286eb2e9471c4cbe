"""Invariants of DP-SGD and of the noise, each without a table: on rows of codes."""

from __future__ import annotations

import pytest
import torch

from tabgan.gan.clipping import clipped
from tabgan.gan.dp_sgd import NoisySteps, leave_clipped_sum
from tabgan.gan.micro_batches import OutOfMemory
from tests.privacy import checks


def test_invariant_06_no_gradient_is_longer_than_the_bound():
    checks.check_no_gradient_is_longer_than_the_bound()


def test_invariant_06_rows_that_are_no_numbers_count_nothing():
    checks.check_rows_that_are_no_numbers_count_nothing()


@pytest.mark.parametrize("masks", [1, 3])
def test_invariant_06_a_batch_is_the_sum_of_one_row_batches(masks):
    run = checks.run_of(masks=masks)
    codes = checks.codes_of(9)
    visible = run.masks_of_rows(codes)
    rows = clipped(run.generator, 0.3)
    total = [torch.zeros_like(part) for part in run.generator.parameters()]
    for row in range(len(codes)):
        rows.zero_grad(set_to_none=True)
        rows.backward_of(run.loss_of_rows, codes[row : row + 1], visible[row : row + 1])
        for part, parameter in zip(total, run.generator.parameters(), strict=True):
            part += 0.0 if parameter.grad is None else parameter.grad
    rows.zero_grad(set_to_none=True)
    rows.backward_of(run.loss_of_rows, codes, visible)
    for part, parameter in zip(total, run.generator.parameters(), strict=True):
        if parameter.grad is not None:
            torch.testing.assert_close(parameter.grad, part, rtol=1e-4, atol=1e-6)


def test_invariant_07_a_row_influences_only_its_own_gradient():
    checks.check_a_loss_follows_from_its_row_alone()


def test_invariant_08_rows_are_sampled_at_the_booked_rate():
    checks.check_inclusion()


def test_invariant_08_and_10_empty_batches_step_and_their_noise_is_as_booked():
    checks.check_training_noise()


def test_invariant_10_released_counts_carry_the_noise_that_is_booked():
    checks.check_release_noise()


def test_invariant_10_private_training_knows_no_second_process():
    """Two processes that train together would have to share one noise: there is no such mode."""
    from pathlib import Path

    import tabgan

    sources = Path(tabgan.__file__).parent.rglob("*.py")
    assert [path.name for path in sources if "torch.distributed" in path.read_text(encoding="utf-8")] == []


def test_invariant_10_noisy_sums_lie_on_a_grid_that_no_row_moves():
    """Their low bits would tell which sums could not have been."""
    run, seen = checks.run_of(steps=3), []

    def watch(run, steps):
        seen.extend(part.grad.double() * 64.0 for part in run.generator.parameters() if part.grad is not None)

    run.learn_rows(NoisySteps(iter([checks.codes_of(9)] * 3), 3.0, 64.0, watch=watch))
    cells = torch.cat([part.flatten() for part in seen]) * 2.0**20  # the noise is 1.5 deep
    torch.testing.assert_close(cells, cells.round(), rtol=0, atol=0)


def test_invariant_11_noise_and_masks_are_fresh_whatever_the_seed():
    checks.check_training_noise_is_fresh()


def test_invariant_11_a_step_on_rows_leaves_the_seeded_numbers_where_they_were():
    """Else the size of a batch would show in all that is drawn later under the user's seed."""
    after = []
    for n_rows in (0, 1, 17):
        run = checks.run_of(steps=2)
        torch.manual_seed(3)
        run.learn_rows(NoisySteps(iter([checks.codes_of(n_rows)] * 2), 1.0, 10.0))
        after.append(torch.rand(5))
    torch.testing.assert_close(after[0], after[1], rtol=0, atol=0)
    torch.testing.assert_close(after[0], after[2], rtol=0, atol=0)


@pytest.mark.parametrize("where", ["trunk", "head", "loss"])
@pytest.mark.parametrize("n_fit", [5, 2])
def test_invariants_06_and_10_memory_that_runs_out_parts_the_batch_and_not_its_sum(monkeypatch, where, n_fit):
    """Wherever the pass fails, nothing that it left goes into the sum of clipped gradients."""
    run = checks.run_of(masks=3)
    codes, bound = checks.codes_of(9), 0.3
    visible = run.masks_of_rows(codes)
    rows = clipped(run.generator, bound)

    def gradients() -> list[torch.Tensor]:
        leave_clipped_sum(rows, codes, lambda _: visible, loss_of)
        return [part.grad.clone() for part in run.generator.parameters() if part.requires_grad]

    loss_of = run.loss_of_rows
    whole = gradients()
    failures = []

    def full(n_rows: int) -> None:
        if n_rows > n_fit:
            failures.append(n_rows)
            raise OutOfMemory("the memory is full")

    layer = {"trunk": run.generator.norm, "head": run.generator.head}.get(where)
    if layer is not None:
        layer.register_forward_hook(lambda module, inputs, output: full(len(output)))
    else:

        def loss_of(network, codes, visible):
            loss = run.loss_of_rows(network, codes, visible)
            loss.register_hook(lambda gradient: full(len(gradient)))
            return loss

    for _ in range(2):
        for part, exact in zip(gradients(), whole, strict=True):
            torch.testing.assert_close(part, exact, rtol=1e-4, atol=1e-6)
    assert failures == {5: [9], 2: [9, 4]}[n_fit]
    assert checks.gradient_norm(run) <= len(codes) * bound * (1 + 1e-6)
