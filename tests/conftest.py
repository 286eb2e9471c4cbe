"""The dice of a test are those of its name: what fails once fails again.

In the product noise is bytes of the system, which no seed can fix (tests/privacy/test_entropy.py). With
them each assertion on a noisy number fails now and then, however rightly the code works.
"""

from __future__ import annotations

import gc
import random
from types import SimpleNamespace

import pytest

FIXED = pytest.MonkeyPatch()


def throw(name: str) -> None:
    """All noise of this process from here on follows from the name."""
    from tabgan import arguments
    from tabgan.gan import noise
    from tabgan.privacy import discrete_gaussian, entropy, mechanisms

    dice = random.Random(name)
    FIXED.setattr(entropy, "os", SimpleNamespace(urandom=dice.randbytes))
    for module in (discrete_gaussian, mechanisms, noise, arguments):
        FIXED.setattr(module, "secrets", SimpleNamespace(randbits=dice.getrandbits, randbelow=dice.randrange))


def pytest_collectstart() -> None:
    gc.disable()  # a million objects are made, nearly all of which stay to the end


def pytest_collection_finish() -> None:
    """Only where tests run: the process that hands them out to others needs no torch."""
    import torch

    torch.set_num_threads(1)  # on a busy machine two threads spend their time waiting for each other
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_sessionfinish() -> None:
    gc.unfreeze()  # else libraries that count their objects at the end tell of leaks


def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object]) -> None:
    throw(fixturedef.argname)


def pytest_runtest_call(item: pytest.Item) -> None:
    throw(item.nodeid)
