"""Shares of rows that meet restrictions, against rows that are counted one by one."""

from __future__ import annotations

import pytest
import torch

from tabgan.gan.drawing import Restriction
from tabgan.gan.pool import shares_under
from tests.gan.toys import SIZES, mixture, toy_blocks


def test_shares_are_those_of_the_rows_that_meet_the_restrictions():
    blocks, pool = toy_blocks(), mixture(3000).long()
    allowed = torch.zeros(SIZES[0])
    allowed[:2] = 1.0
    found = shares_under([Restriction((0,), allowed)], pool, blocks)
    kept = pool[pool[:, 0] < 2]
    assert found is not None
    assert found.n_rows == pytest.approx(len(kept))
    torch.testing.assert_close(found.of_codes, blocks.one_hot(kept).mean(0))


def test_a_row_counts_by_the_product_of_what_is_asked_of_it():
    torch.manual_seed(0)
    blocks, pool = toy_blocks(), mixture(500).long()
    one, two = torch.rand(SIZES[0], SIZES[1]), torch.rand(SIZES[3])
    found = shares_under([Restriction((0, 1), one), Restriction((3,), two)], pool, blocks)
    wanted, weights = torch.zeros(blocks.n_flat), []
    for row in pool:
        weight = float(one[row[0], row[1]] * two[row[3]])
        wanted += weight * blocks.one_hot(row[None])[0]
        weights.append(weight)
    assert found is not None
    torch.testing.assert_close(found.of_codes, wanted / sum(weights))
    assert found.n_rows == pytest.approx(sum(weights) ** 2 / sum(weight**2 for weight in weights), rel=1e-6)


def test_restrictions_that_no_row_meets_tell_nothing():
    pool = mixture(100).long()
    assert shares_under([Restriction((0,), torch.zeros(SIZES[0]))], pool, toy_blocks()) is None
