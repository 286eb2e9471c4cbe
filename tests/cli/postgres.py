"""A PostgreSQL server of its own for the tests: on loopback, with a password, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PASSWORD = "secret of the test"
_PATIENCE = 60.0  # seconds until the server answers


def find_postgres() -> Path:
    """The folder of its programs. Without one: a failure in continuous integration, a skip elsewhere."""
    on_path = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    found = Path(on_path).parent if on_path else folders[-1] if folders else None
    if found is None:
        told = "no PostgreSQL on this machine: make postgresql"
        if os.environ.get("CI"):
            pytest.fail(told)
        pytest.skip(told)
    return found


@contextmanager
def running_postgres() -> Iterator[str]:
    """URL of an empty database of a running server."""
    programs = find_postgres()
    # The server refuses to run as root; pytest's own folders are closed to others.
    user = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    as_user = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
    who = as_user if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="tabgan-postgres-") as name:
        folder = Path(name)
        (folder / "password").write_text(PASSWORD)
        if who:
            shutil.chown(folder, user)
            shutil.chown(folder / "password", user)
        data, log = folder / "data", folder / "log"
        make = [programs / "initdb", "-D", data, "-U", "tabgan", "-A", "scram-sha-256", "--no-sync"]
        make += [f"--pwfile={folder / 'password'}", "--encoding=UTF8", "--locale=C"]
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL, cwd=folder, **who)
        port = _free_port()
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",
            "fsync": "off",
        }
        start = [programs / "postgres", "-D", data, *(f"--{key}={value}" for key, value in settings.items())]
        with (
            log.open("wb") as said,
            subprocess.Popen(start, stderr=said, stdout=said, cwd=folder, **who) as server,
        ):
            try:
                _wait(server, port, log)
                yield f"postgresql://tabgan@127.0.0.1:{port}/postgres"
            finally:
                server.terminate()
                try:
                    server.wait(timeout=10)
                except subprocess.TimeoutExpired:
                    server.kill()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while "ready to accept connections" not in log.read_text():
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < deadline, "the server does not answer"
        time.sleep(0.05)
    socket.create_connection(("127.0.0.1", port), timeout=5).close()
