from __future__ import annotations

import pytest

from tabgan.gan import precision


@pytest.fixture
def in_32_bits(monkeypatch):
    """No products in bfloat16, also on a processor made for them: an oracle computes in 32 bits."""
    monkeypatch.setattr(precision, "_is_fast", lambda _: False)
