from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from tabgan.errors import BudgetExceededError, ModelFileError
from tabgan.privacy import ledger_file
from tabgan.privacy.accounting import epsilon_of, noise_for
from tabgan.privacy.entry import Entry
from tabgan.privacy.ledger import Ledger
from tabgan.privacy.ledger_file import LedgerFile

ROOT = Path(__file__).parents[2]
COUNT = Entry(what="Rows of the table", mechanism="discrete_gaussian", noise_multiplier=40.0)


def test_each_booking_is_a_line_of_json(tmp_path):
    path = tmp_path / "a.ledger"
    ledger = Ledger(1.0, 1e-5, path=path)
    ledger.book(COUNT)
    ledger.book(COUNT, COUNT)
    header, first, second = (json.loads(line) for line in path.read_text().splitlines())
    assert header == {
        "format": 1,
        "unit": "one row",
        "neighbours": "add or remove one row",
        "epsilon": 1.0,
        "delta": 1e-5,
    }
    assert first == [COUNT.to_dict()]
    assert second == [COUNT.to_dict()] * 2


def test_a_file_cut_anywhere_is_counted_in_full_or_refused(tmp_path):
    """Never fewer bookings than there are whole lines, and never a guess about a torn one."""
    path = tmp_path / "a.ledger"
    ledger = Ledger(1.0, 1e-5, path=path)
    ledger.book(COUNT)
    ledger.book(COUNT)
    whole = path.read_bytes()
    ends = [place for place, byte in enumerate(whole) if byte == ord("\n")]
    for size in range(1, len(whole)):
        path.write_bytes(whole[:size])
        is_whole = size in ends or size - 1 in ends
        if is_whole:
            lines = sum(end <= size for end in ends)
            again = Ledger(1.0, 1e-5, path=path)
            assert len(again.entries) == lines - 1
            again.book(COUNT)
            assert len(Ledger(1.0, 1e-5, path=path).entries) == lines
        else:
            with pytest.raises(ModelFileError, match="torn"):
                Ledger(1.0, 1e-5, path=path)


def test_an_empty_file_is_begun_anew(tmp_path):
    path = tmp_path / "a.ledger"
    path.touch()
    Ledger(1.0, 1e-5, path=path).book(COUNT)
    assert len(Ledger(1.0, 1e-5, path=path).entries) == 1


def test_a_ledger_that_vanished_is_not_begun_anew(tmp_path):
    path = tmp_path / "a.ledger"
    ledger = Ledger(1.0, 1e-5, path=path)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        ledger.book(COUNT)
    assert not path.exists()
    assert ledger.entries == ()


@pytest.mark.parametrize(
    "text", ["\n", "{}\n", '{"a": NaN}\n', "\x00\x01\n", '{"format": 1}\n', "[]\n"], ids=repr
)
def test_a_file_that_is_no_ledger_is_refused_and_left_as_it_is(tmp_path, text):
    path = tmp_path / "a.ledger"
    path.write_text(text)
    with pytest.raises((ModelFileError, BudgetExceededError)):
        Ledger(1.0, 1e-5, path=path)
    assert path.read_text() == text
    with pytest.raises((ModelFileError, BudgetExceededError)):
        LedgerFile.open(path, header={"a": 1})


def test_a_line_that_is_no_booking_is_refused(tmp_path):
    path = tmp_path / "a.ledger"
    Ledger(1.0, 1e-5, path=path)
    with path.open("a") as handle:
        handle.write('{"what": "?"}\n')
    with pytest.raises(ModelFileError, match="not a booking"):
        Ledger(1.0, 1e-5, path=path)


def test_a_full_disk_books_nothing_and_leaves_no_torn_line(tmp_path, monkeypatch):
    path = tmp_path / "a.ledger"
    ledger = Ledger(1.0, 1e-5, path=path)
    before = path.read_bytes()
    real = os.write

    def full(descriptor: int, data: bytes) -> int:
        real(descriptor, data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(ledger_file.os, "write", full)
        with pytest.raises(OSError, match="No space"):
            ledger.book(COUNT)
    assert path.read_bytes() == before
    assert ledger.entries == ()
    ledger.book(COUNT)
    assert Ledger(1.0, 1e-5, path=path).entries == (COUNT,)


def test_ctrl_c_while_writing_spends_or_stops_but_never_runs_unbooked(tmp_path, monkeypatch):
    path = tmp_path / "a.ledger"
    ledger = Ledger(1.0, 1e-5, path=path)

    def interrupted(descriptor: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ledger_file.os, "fsync", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ledger.book(COUNT)
    with pytest.raises(ModelFileError, match="changed"):  # the line is there: this object stops
        ledger.book(COUNT)
    assert Ledger(1.0, 1e-5, path=path).entries == (COUNT,)  # and it counts as spent


def test_a_process_killed_after_booking_loses_no_spend(tmp_path):
    path = tmp_path / "a.ledger"
    code = f"""
        import os, signal
        from tabgan.privacy.entry import Entry
        from tabgan.privacy.ledger import Ledger
        ledger = Ledger(1.0, 1e-5, path={str(path)!r})
        ledger.book(Entry(what="Rows of the table", mechanism="discrete_gaussian", noise_multiplier=40.0))
        os._exit(9)  # as a kill between the booking and the mechanism
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, check=False)
    assert done.returncode == 9
    assert Ledger(1.0, 1e-5, path=path).entries == (COUNT,)


def test_a_settled_delta_is_on_the_file_and_the_file_goes_on_by_either(tmp_path):
    path = tmp_path / "a.ledger"
    count = replace(COUNT, adaptive=True)
    ledger = Ledger(1.0, 1e-9, path=path)
    ledger.book(count)
    ledger.settle(1e-5)
    ledger.book(count)
    for delta in (1e-9, 1e-5):
        again = Ledger(1.0, delta, path=path)
        assert again.delta == 1e-5
        assert again.entries == (count, count)
        assert again.spent == ledger.spent
    with pytest.raises(BudgetExceededError, match="another budget"):
        Ledger(1.0, 1e-6, path=path)
    with pytest.raises(ValueError, match="Expected delta >= 1e-05"):
        ledger.settle(1e-6)
    ledger.book(COUNT)  # not adaptive: planned without having seen a release
    with pytest.raises(ValueError, match="adaptive entries only"):
        ledger.settle(1e-4)


def test_a_file_that_nothing_was_booked_in_may_get_another_budget(tmp_path):
    path = tmp_path / "a.ledger"
    Ledger(1.0, 1e-5, path=path)
    ledger = Ledger(2.0, 1e-6, path=path)
    ledger.book(COUNT)
    assert len(path.read_text().splitlines()) == 2
    assert Ledger(2.0, 1e-6, path=path).entries == (COUNT,)
    with pytest.raises(BudgetExceededError, match="another budget"):
        Ledger(1.0, 1e-5, path=path)


def test_noise_for_what_is_left_keeps_the_whole_budget():
    spent = (replace(COUNT, noise_multiplier=8.0),)
    whole = noise_for(1.0, 1e-5, [COUNT])
    left = noise_for(1.0, 1e-5, [COUNT], spent=spent)
    assert left > whole
    assert 0.99 < epsilon_of([*spent, COUNT.scaled(left)], 1e-5).epsilon <= 1.0
