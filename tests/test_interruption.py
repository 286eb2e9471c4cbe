"""Signals that come while rows are drawn."""

from __future__ import annotations

import signal
import threading

import pytest

from tabgan import TabGAN
from tests.toy_tables import FAST, orders


@pytest.fixture(scope="module")
def model() -> TabGAN:
    return TabGAN(**FAST).fit(orders())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_threads_start_leaves_none_behind(model, monkeypatch, number):
    before, start = threading.active_count(), threading.Thread.start

    def interrupted_start(thread: threading.Thread) -> None:
        start(thread)
        monkeypatch.setattr(threading.Thread, "start", start)
        signal.raise_signal(number)

    def leave(*_: object) -> None:
        raise SystemExit(143)

    # What started the tests may have had SIGINT ignored.
    previous = signal.signal(number, signal.default_int_handler if number == signal.SIGINT else leave)
    monkeypatch.setattr(threading.Thread, "start", interrupted_start)
    try:
        with pytest.raises((KeyboardInterrupt, SystemExit)):
            model.sample(50_000, seed=0)
    finally:
        signal.signal(number, previous)
    assert threading.active_count() == before
