"""Rows 44 to 46 and 53: table files and model files of every bad kind, and outputs that are in the way."""

from __future__ import annotations

import gzip
import os
import resource
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tabgan import TabGAN
from tabgan.errors import ModelFileError
from tabgan.stored_zip import write_members
from tests.odd_inputs.tiny import TINY, beside, call, repeated

GOOD = b"a,b\n1,x\n2,y\n"
MOST_BYTES = 2 * 2**30  # of addresses; a process that has only started takes half of it


def row_44_csv_of_every_kind(tmp_path: Path) -> None:
    read = {
        "bom": (b"\xef\xbb\xbf" + GOOD, ()),
        "utf-16": (GOOD.decode().encode("utf-16"), ()),
        "latin-1": ("a,b\n1,é\n2,y\n".encode("latin-1"), ("--encoding", "latin-1")),
        "crlf": (GOOD.replace(b"\n", b"\r\n"), ()),
        "line break in a cell": (b'a,b\r\n1,"x\r\nz"\r\n2,y\r\n', ()),
        "semicolon": (GOOD.replace(b",", b";"), ()),
        "named separator": (GOOD.replace(b",", b":"), ("--sep", ":")),
        "comma decimals": (b"a;b\n1,5;x\n2,5;y\n", ("--decimal", ",")),
    }
    for name, (data, options) in read.items():
        (tmp_path / "read.csv").write_bytes(data)
        found = call("schema", tmp_path / "read.csv", *options)
        assert found.code == 0, name
        assert found.out.splitlines()[2].split()[1] == "numeric", name
    bad = {
        b"a,b\n1,\xe9\n": "line 2 is not UTF-8",
        b"a,b\n1,2\n1,2,3\n": "line 3 has 3 cells",
        b"a,b\n1,x\x00y\n": "line 2 holds a NUL",
        b'a,b\n1,"x\n2,y\n': "line 2: a quote is not closed",
    }
    for data, told in bad.items():
        (tmp_path / "bad.csv").write_bytes(data)
        found = call("schema", tmp_path / "bad.csv")
        assert found.code == 3
        assert told in found.err
    # A decimal comma is found where every number of the table has one.
    (tmp_path / "t.csv").write_bytes(b'a;b\n"1,5";2\n"2,5";3\n')
    assert call("schema", tmp_path / "t.csv").out.splitlines()[2].split()[1] == "numeric"


def row_45_files_that_are_no_table(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_bytes(GOOD)
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "link.csv").symlink_to(table)
    (tmp_path / "dangling.csv").symlink_to(tmp_path / "none")
    codes = {"folder.csv": 5, "pipe.csv": 5, "none.csv": 5, "dangling.csv": 5, "t.doc": 2, "link.csv": 0}
    for name, code in codes.items():
        assert call("schema", tmp_path / name).code == code, name
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(GOOD * 1000)[:50])
    assert call("schema", tmp_path / "cut.csv.gz").code == 3
    # A bomb of one endless line, and one of more rows than the memory holds: 2 GiB in 2 MB.
    (tmp_path / "line.csv.gz").write_bytes(gzip.compress(b"a" * 2**25))
    assert call("schema", tmp_path / "line.csv.gz").code == 3
    rows = gzip.compress((b"y" * 2**17 + b",1\n") * 2**7)
    (tmp_path / "rows.csv.gz").write_bytes(gzip.compress(b"a,b\n") + rows * 2**7)
    done = subprocess.run(
        [sys.executable, "-m", "tabgan_cli", "schema", tmp_path / "rows.csv.gz"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (3, 1)
    assert "too large for this machine" in done.stderr
    # Standard input is a table too; what may not be read is no table.
    assert call("schema", "-", stdin=GOOD).code == 0
    if os.geteuid():
        table.chmod(0)
        assert call("schema", table).code == 5


def row_46_outputs_in_the_way(tmp_path: Path) -> None:
    table, model = tmp_path / "t.csv", tmp_path / "m.tabgan"
    table.write_bytes(b"a,b\n" + b"1,x\n2,y\n" * 30)
    model.write_text("old")
    fit = ("fit", table, "--epochs", 1, "-m", model)
    assert call(*fit).code == 5
    assert model.read_text() == "old"
    assert call("fit", table, "-m", tmp_path / "none" / "m.tabgan").code == 5
    assert call("fit", table, "-m", table, "--force").code == 2
    assert call(*fit, "--force").code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.tabgan", "t.csv"]
    # A failure while rows are written leaves the old file and no other.
    (tmp_path / "new.csv").write_text("old")
    assert call("sample", model, "-n", 9, "-o", tmp_path / "new.csv", "--where", "a=9", "--force").code == 2
    assert (tmp_path / "new.csv").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.tabgan", "new.csv", "t.csv"]


def row_53_model_files_that_are_none(tmp_path: Path) -> None:
    path, bad = tmp_path / "m.tabgan", tmp_path / "bad.tabgan"
    TabGAN(**TINY).fit(beside(repeated(1, 2, 3))).save(path)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    spoiled = [whole[:size] for size in (0, 1, 29, 30, *rng.integers(31, len(whole) - 1, 30))]
    for place in rng.integers(0, len(whole), 60):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << int(rng.integers(8))
        spoiled.append(bytes(flipped))
    spoiled += [whole + b"\0", whole * 2, b"not a zip", b"PK\x05\x06" + bytes(18), bytes(10_000)]
    for data in spoiled:
        bad.write_bytes(data)
        with pytest.raises(ModelFileError, match=r"bad\.tabgan is not a usable model file: .+\.$"):
            TabGAN.load(bad)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = members["manifest.json"].replace(b'"format_version":1', b'"format_version":2')
    with bad.open("wb") as handle:
        write_members(handle, {**members, "manifest.json": manifest})
    with pytest.raises(ModelFileError, match="update tabgan"):
        TabGAN.load(bad)
    with zipfile.ZipFile(bad, "w") as other:
        other.writestr("word/document.xml", "<w/>")
    for name in ("schema.csv", "t.parquet", "t.pickle"):
        table = pd.DataFrame({"a": [1]})
        {"schema.csv": table.to_csv, "t.parquet": table.to_parquet, "t.pickle": table.to_pickle}[name](
            tmp_path / name
        )
    for name in ("bad.tabgan", "schema.csv", "t.parquet", "t.pickle"):
        with pytest.raises(ModelFileError):
            TabGAN.load(tmp_path / name)
        for command in (("inspect",), ("sample", "-n", 1, "-o", tmp_path / "new.csv")):
            assert call(command[0], tmp_path / name, *command[1:]).code == 5
    (tmp_path / "folder.tabgan").mkdir()
    with pytest.raises(ModelFileError, match="not a regular file"):
        TabGAN.load(tmp_path / "folder.tabgan")
    assert not (tmp_path / "new.csv").exists()
