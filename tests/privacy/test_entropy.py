from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from tabgan.privacy import entropy
from tabgan.privacy.entropy import standard_normal, words


def test_normal_draws_follow_the_normal_distribution():
    drawn = standard_normal(200_000)
    assert stats.kstest(drawn, "norm").pvalue > 1e-6
    assert abs(stats.kurtosis(drawn)) < 0.1


def told(monkeypatch, *numbers):
    """Words of the system that are these, one list a call."""
    given = iter(numbers)
    monkeypatch.setattr(entropy, "words", lambda n: np.array(next(given), dtype=np.uint64))


def test_both_tails_reach_as_far_as_a_sign_and_127_bits_can(monkeypatch):
    told(monkeypatch, [0, 1, 2**64 - 2, 2**64 - 1], [0, 0])
    drawn = standard_normal(4)
    assert drawn[1] == -drawn[0] == pytest.approx(13.1, abs=0.1)
    assert drawn[2] == drawn[3] == 0.0


@pytest.mark.parametrize("first", [2, 2**11, 2**30, 2**52])
def test_draws_far_out_lie_as_near_to_each_other_as_single_floats(monkeypatch, first):
    """Else a float that no draw reaches from one sum may be reached from another."""
    told(monkeypatch, [first] * 4096, range(0, 2**64, 2**52))
    between = standard_normal(4096)
    told(monkeypatch, [first, first + 2], [0, 0])
    ends = standard_normal(2)
    float_step = np.spacing(np.float32(np.abs(ends).max()))
    assert np.diff(np.sort([*between, *ends])).max() <= max(float_step, np.ptp(ends) / 1000)


def test_words_are_uniform():
    bits = np.unpackbits(words(50_000).view(np.uint8))
    assert abs(bits.mean() - 0.5) < 5 * 0.5 / np.sqrt(bits.size)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # it has threads; the child uses none
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_a_forked_process_draws_other_noise(monkeypatch):
    monkeypatch.setattr(entropy, "os", os)  # bytes of the system, as in the product
    inside, outside = os.pipe()
    child = os.fork()
    if child == 0:  # no test of the child may run on
        os.write(outside, standard_normal(4).tobytes())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = np.frombuffer(os.read(inside, 32))
    os.close(inside)
    os.close(outside)
    assert not np.isin(standard_normal(4), theirs).any()


def test_no_source_of_this_package_can_be_seeded():
    for path in Path(entropy.__file__).parent.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        for word in ("default_rng", "np.random", "import random", "manual_seed", "RandomState"):
            assert word not in text, f"{path.name}: {word}"
