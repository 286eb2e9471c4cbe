"""Files are checked before any work."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tabgan_cli.failures import CommandError, Exit
from tabgan_cli.paths import check_inputs, check_model_path, check_outputs
from tabgan_cli.places import Place


@pytest.mark.parametrize("name", ["a.csv", "nodir/A.CSV.GZ", "a.txt", "a.parquet", "-", "-.jsonl"])
def test_a_model_is_not_written_under_the_name_of_a_table(name: str) -> None:
    with pytest.raises(CommandError, match="name of a table") as caught:
        check_model_path(Path(name))
    assert caught.value.code == Exit.USAGE


@pytest.mark.parametrize("name", ["a.tabgan", "a", "a.csv.tabgan", "a.gz", None])
def test_any_other_name_may_be_that_of_a_model(name: str | None) -> None:
    check_model_path(None if name is None else Path(name))


def test_a_model_is_no_folder(tmp_path: Path) -> None:
    for folder in (Path(), tmp_path):
        with pytest.raises(CommandError, match="is a folder") as caught:
            check_model_path(folder)
        assert caught.value.code == Exit.INPUT_OUTPUT


def test_only_tables_go_to_standard_output() -> None:
    with pytest.raises(CommandError, match="only tables can go to standard output") as caught:
        check_outputs(Place("-"), Path("-"), inputs=(), force=True)
    assert caught.value.code == Exit.USAGE
    check_outputs(Place("-"), Path("report.html"), inputs=(), force=True)


def test_inputs_have_to_be_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "missing", tmp_path, tmp_path / "pipe"):
        with pytest.raises(CommandError) as caught:
            check_inputs(None, path)
        assert caught.value.code == Exit.INPUT_OUTPUT
    (tmp_path / "a").touch()
    check_inputs(tmp_path / "a", None)


def test_outputs_are_not_overwritten_unless_forced(tmp_path: Path) -> None:
    output = tmp_path / "a"
    check_outputs(output, None, inputs=(), force=False)
    output.touch()
    with pytest.raises(CommandError, match="--force") as caught:
        check_outputs(output, inputs=(), force=False)
    assert caught.value.code == Exit.INPUT_OUTPUT
    check_outputs(output, inputs=(), force=True)


def test_no_output_is_an_input_or_another_output_not_even_by_a_link(tmp_path: Path) -> None:
    source, link = tmp_path / "a", tmp_path / "link"
    source.touch()
    link.symlink_to(source)
    for outputs in ((source,), (link,), (tmp_path / "b", tmp_path / "b")):
        with pytest.raises(CommandError, match="Name another file") as caught:
            check_outputs(*outputs, inputs=(source, None), force=True)
        assert caught.value.code == Exit.USAGE


def test_outputs_need_a_folder_and_are_no_folder_or_device(tmp_path: Path) -> None:
    for output in (tmp_path / "missing" / "a", tmp_path, Path(os.devnull)):
        with pytest.raises(CommandError) as caught:
            check_outputs(output, inputs=(), force=True)
        assert caught.value.code == Exit.INPUT_OUTPUT


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_outputs_need_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(CommandError, match="no permission"):
        check_outputs(tmp_path / "a", inputs=(), force=False)
    tmp_path.chmod(0o700)
