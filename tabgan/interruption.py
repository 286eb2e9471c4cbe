"""Ctrl-C and SIGTERM: put off until work has come to a place where it can stop."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """The first signal that came while signals were put off, for whoever asks between two steps.

    A signal that ends the process by itself, as SIGTERM does where nobody listens to it, is left alone.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._handlers: dict[int, Callable[[int, FrameType | None], Any]] = {}

    @contextlib.contextmanager
    def put_off(self) -> Iterator[None]:
        """Take note of a first signal inside of the block; a second one acts at once."""
        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread hears signals
            return
        for number in SIGNALS:
            handler = signal.getsignal(number)
            if callable(handler):
                self._handlers[number] = handler
                signal.signal(number, self._note)
        try:
            yield
        finally:
            self._restore()

    def is_wanted(self) -> bool:
        """Whether the work is to stop."""
        return self.number is not None

    def act(self, message: str) -> None:
        """Do now what the signal would have done at once; Ctrl-C raises KeyboardInterrupt(message)."""
        if self.number is None:
            return
        handler = self._handlers[self.number]
        if handler is signal.default_int_handler:
            raise KeyboardInterrupt(message)
        handler(self.number, None)

    def _note(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.number = number
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._handlers.items():
            if signal.getsignal(number) == self._note:
                signal.signal(number, handler)
