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


def test_both_tails_reach_as_far_as_a_sign_and_63_bits_can(monkeypatch):
    monkeypatch.setattr(entropy, "words", lambda n: np.array([0, 1, 2**64 - 2, 2**64 - 1], dtype=np.uint64))
    drawn = standard_normal(4)
    assert drawn[1] == -drawn[0] == pytest.approx(9.15, abs=0.1)
    assert drawn[2] == drawn[3] == 0.0


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
