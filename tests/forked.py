"""Processes to be interrupted and killed, forked from one that has loaded everything.

A new interpreter spends seconds on imports, and a signal sent to it mostly meets those. A forked process is
at its work within milliseconds.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path

import numpy as np
import pandas as pd
import typer
from tabgan_cli.app import main
from tabgan_cli.failures import reports_failures
from tabgan_cli.places import Place
from tabgan_cli.table_file import table_writer

from tabgan import Checkpoint, TabGAN
from tests.toy_tables import SMALL, orders

# Beside this file: what commands load when they need it, and what the first optimizer loads.
LOADED = (
    "tabgan_cli.excel",
    "tabgan_cli.sql_table",
    "tabgan_cli.training",
    "tabgan.fitting",
    "torch._dynamo",
)
SECONDS = 120  # after which a process hangs
FIT = {**SMALL, "epochs": 14, "batch_size": 32}

_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload([__name__, *LOADED])


def forked(work: Callable[..., None], *arguments: object) -> BaseProcess:
    """A process that does this work, a function of a module; it has begun."""
    process = _server.Process(target=work, args=arguments, daemon=True)
    process.start()
    return process


def ended(process: BaseProcess) -> int:
    """Wait for the end of a process; its exit code, or minus the signal that ended it."""
    process.join(SECONDS)
    assert process.exitcode is not None, "it hangs"
    return process.exitcode


def event() -> Event:
    """What a forked process can set and this one wait for."""
    return _server.Event()


def command(
    arguments: list[object],
    told: Path,
    rows: Path | None = None,
    checkpoint_seconds: float | None = None,
    most_bytes: int | None = None,
) -> None:
    """The command line; its standard error goes into the file `told`, its standard output into `rows`."""
    tell_in(told)
    # Ignored where a shell has started the tests in the background.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if rows is not None:
        os.dup2(os.open(rows, os.O_WRONLY), 1)
    if checkpoint_seconds is not None:
        Checkpoint.__init__.__defaults__ = (checkpoint_seconds, False)
    if most_bytes is not None:
        limit_files(most_bytes)
    sys.argv = ["tabgan", *map(str, arguments)]
    main()


def tell_in(path: Path) -> None:
    """From now on standard error of this process is that file."""
    os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)


def limit_files(most_bytes: int) -> None:
    """A stand-in for a full disk; Python ignores the signal that comes with it."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))


def write_for_ever(place: str, begun: Event) -> None:
    """Write a table of zeros and one of ones over each other."""
    for n in range(1, 10**9):
        with table_writer(Place(place)) as write:
            for _ in range(3):
                write(pd.DataFrame({"n": [n % 2] * 1000}))
                begun.set()


def fit_and_wait(checkpoint: Path, model: Path, begun: Event) -> None:
    """Go on from the checkpoint of those before, tell of an epoch, and wait to be killed at the end."""
    fit = TabGAN(**FIT, callbacks=(lambda record: begun.set(),))
    fit.fit(few_orders(), checkpoint=Checkpoint(checkpoint, seconds=0)).save(model)
    begun.set()
    time.sleep(SECONDS)


def few_orders() -> pd.DataFrame:
    return orders(200)[["amount", "job", "member"]]


def write_much(path: Path, told: Path) -> None:
    """Write more than a file may hold, as a command would."""

    @reports_failures
    def write_all() -> None:
        rows = pd.DataFrame({"x": np.random.default_rng(0).random(40_000)})
        with table_writer(Place(str(path))) as write:
            write(rows)

    tell_in(told)
    limit_files(20_000)
    app = typer.Typer()
    app.command()(write_all)
    app([])
