"""Files named on the command line, checked before any work is done."""

from __future__ import annotations

import os
from pathlib import Path

from tabgan_cli.failures import CommandError, Exit

CSV_ENDINGS = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
PARQUET_ENDINGS = (".parquet", ".pq")


def is_parquet(path: Path) -> bool:
    """Is this the name of a Parquet file?"""
    return path.name.lower().endswith(PARQUET_ENDINGS)


def check_table_path(path: Path) -> None:
    """Raise CommandError unless the file's ending tells what kind of table it holds."""
    if not path.name.lower().endswith((*CSV_ENDINGS, *PARQUET_ENDINGS)):
        endings = ", ".join(CSV_ENDINGS + PARQUET_ENDINGS)
        raise CommandError(
            Exit.USAGE, f"{path}: unknown kind of table. Its name has to end in one of {endings}."
        )


def check_inputs(*inputs: Path | None) -> None:
    """Raise CommandError unless every file can be read; None = not asked for."""
    for path in (path for path in inputs if path is not None):
        if not path.exists():
            raise CommandError(Exit.INPUT_OUTPUT, f"{path}: there is no such file.")
        if not path.is_file():
            raise CommandError(Exit.INPUT_OUTPUT, f"{path} is not a regular file.")
        if not os.access(path, os.R_OK):
            raise CommandError(Exit.INPUT_OUTPUT, f"{path}: no permission to read it.")


def check_outputs(*outputs: Path | None, inputs: tuple[Path | None, ...], force: bool) -> None:
    """Raise CommandError unless every output can be written without loss; None = not asked for."""
    seen = [path.resolve() for path in inputs if path is not None]
    for output in (path for path in outputs if path is not None):
        if output.resolve() in seen:
            raise CommandError(Exit.USAGE, f"{output} is named twice, or is read as well. Name another file.")
        seen.append(output.resolve())
        _check_output(output, force)


def _check_output(output: Path, force: bool) -> None:
    folder = output.resolve().parent
    if output.exists() and not output.is_file():
        raise CommandError(Exit.INPUT_OUTPUT, f"{output} is not a regular file and cannot be written.")
    if output.exists() and not force:
        raise CommandError(Exit.INPUT_OUTPUT, f"{output} is there already. Pass --force to overwrite it.")
    if not folder.is_dir():
        raise CommandError(Exit.INPUT_OUTPUT, f"{output}: there is no folder {folder}.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CommandError(Exit.INPUT_OUTPUT, f"{output}: no permission to write into {folder}.")
