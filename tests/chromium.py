"""A headless Chromium that tests talk to through a pipe, in its DevTools protocol."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import signal
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
PATIENCE = 90.0  # seconds until an answer has to be there


def find_chromium() -> str:
    """The browser. Without one: a failure in continuous integration, a skip with a reason elsewhere."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        reason = "NO CHROMIUM: THE REPORT WAS NOT OPENED IN A BROWSER. On Debian: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


class Chromium:
    """One page in a browser of its own; what it logs and what it asks for is kept."""

    def __init__(self, program: str, profile: Path) -> None:
        to_browser, self._out = os.pipe()
        self._in, from_browser = os.pipe()
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            # Through numbers that are surely free, for either pipe may be 3 or 4 itself.
            (os.POSIX_SPAWN_DUP2, to_browser, 200),
            (os.POSIX_SPAWN_DUP2, from_browser, 201),
            (os.POSIX_SPAWN_DUP2, 200, 3),
            (os.POSIX_SPAWN_DUP2, 201, 4),
        ]
        command = [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self._process = os.posix_spawn(program, command, os.environ, file_actions=actions, setpgroup=0)
        os.close(to_browser)
        os.close(from_browser)
        self._number = 0
        self._session: str | None = None
        self._unread = b""
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Chromium:
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._session = str(session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")
        self.resize(1280, 900)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        os.close(self._out)
        os.close(self._in)
        os.killpg(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The answer to one command; events that come before it are kept."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE
        while True:
            told = self._next(deadline)
            if told.get("id") == self._number:
                assert "error" not in told, told
                answer: dict[str, Any] = told["result"]
                return answer

    def resize(self, width: int, height: int) -> None:
        """Make the window as large, in pixels."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.ask("Emulation.setDeviceMetricsOverride", **size)

    def open(self, path: Path) -> None:
        """Show a file; returns once it is loaded."""
        self.ask("Page.navigate", url=path.as_uri())
        deadline = time.monotonic() + PATIENCE
        while not self.happened("Page.loadEventFired"):
            self._next(deadline)

    def run(self, script: str) -> Any:
        """The value of an expression in the page; a promise is waited for."""
        told = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def screenshot(self) -> bytes:
        """The whole page as PNG."""
        return base64.b64decode(self.ask("Page.captureScreenshot", captureBeyondViewport=True)["data"])

    def happened(self, method: str) -> list[dict[str, Any]]:
        """The parameters of every event of this name."""
        return [event["params"] for event in self.events if event.get("method") == method]

    @property
    def complaints(self) -> list[dict[str, Any]]:
        """Errors and warnings of the console, exceptions, and what the security policy refused."""
        said = [call for call in self.happened("Runtime.consoleAPICalled") if call["type"] != "log"]
        logged = [one["entry"] for one in self.happened("Log.entryAdded")]
        return said + self.happened("Runtime.exceptionThrown") + logged

    @property
    def requests(self) -> list[str]:
        """Every address that was asked for."""
        return [one["request"]["url"] for one in self.happened("Network.requestWillBeSent")]

    def _next(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._unread:
            ready, _, _ = select.select([self._in], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, "the browser does not answer"
            part = os.read(self._in, 1 << 20)
            assert part, "the browser has ended"
            self._unread += part
        line, self._unread = self._unread.split(b"\0", 1)
        message: dict[str, Any] = json.loads(line)
        if "method" in message:
            self.events.append(message)
        return message
