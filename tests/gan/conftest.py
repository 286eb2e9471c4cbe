from __future__ import annotations

import pytest

from tabgan.gan import precision


@pytest.fixture
def in_32_bits(monkeypatch):
    """No products in bfloat16, which rounds the same rows differently in batches of other sizes."""
    monkeypatch.setattr(precision, "_is_fast", lambda _: False)
