"""Every row has a number of its own, in an order that looks like none."""

from __future__ import annotations

import numpy as np
import pytest

from tabgan.encoding.scattering import scattered


@pytest.mark.parametrize("capacity", [1, 2, 3, 10, 997, 1000, 4096])
def test_every_number_is_there_once(capacity):
    for salt in (0, 1, 2**64 - 1):
        assert sorted(scattered(np.arange(capacity), capacity, salt)) == list(range(capacity))


@pytest.mark.parametrize("capacity", [10**6, 9 * 10**18, 2**64 - 1, 2**64, 36**40])
def test_some_rows_of_many_have_different_numbers_below_the_capacity(capacity):
    found = scattered(np.arange(5000), capacity, 7)
    assert len(set(found)) == 5000
    assert 0 <= min(found) <= max(found) < capacity
    assert found[100:200] == scattered(np.arange(100, 200), capacity, 7)
    assert not set(found[:100]) & set(scattered(np.arange(100), capacity, 8)) or capacity == 10**6


def test_neighbours_do_not_show_and_salts_do_not_go_together():
    one, two = (np.array(scattered(np.arange(1000), 1000, salt)) for salt in (1, 2))
    assert len(np.unique(np.diff(one) % 1000)) > 300  # a step would be one value
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.15
    assert abs(np.corrcoef(one, np.arange(1000))[0, 1]) < 0.15
