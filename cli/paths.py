"""Places and files named on the command line, checked before any work is done."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from tabgan_cli.failures import CommandError, Exit
from tabgan_cli.places import Place

# What an extra brings, by the format that needs it.
_NEEDED = {"excel": ("openpyxl", "excel"), "database": ("sqlalchemy", "sql")}


def check_table_path(path: Path | Place) -> None:
    """Raise CommandError unless it is known what kind of table lies there, and it can be read or written."""
    place = Place.of(path)
    module, extra = _NEEDED.get(place.format, ("", ""))
    if module and find_spec(module) is None:
        cure = f"Install the extra: python -m pip install 'tabgan-toolkit[{extra}]'"
        raise CommandError(Exit.USAGE, f"{place} needs {module}. {cure}.")


def check_model_path(path: Path | None) -> None:
    """Raise CommandError for a folder, or a name under which everybody looks for a table."""
    if path is not None and path.is_dir():
        raise CommandError(
            Exit.INPUT_OUTPUT, f"--model {path} is a folder. Name a file such as model.tabgan."
        )
    place = None if path is None else Place.of(path)
    if place is not None and (place.is_standard or place.is_table_name):
        cure = "Name a file such as model.tabgan"
        raise CommandError(Exit.USAGE, f"--model {place}: that is the name of a table. {cure}.")


def check_inputs(*inputs: Path | Place | None) -> None:
    """Raise CommandError unless every place can be read; None = not asked for."""
    places = [Place.of(place) for place in inputs if place is not None]
    if sum(place.is_standard for place in places) > 1:
        raise CommandError(Exit.USAGE, "Standard input can be read only once. Name a file.")
    for place in places:
        if place.is_database:
            from tabgan_cli.sql_table import check_source

            check_source(place)
        elif place.is_file:
            _check_input(place.path)


def _check_input(path: Path) -> None:
    if not path.exists():
        raise CommandError(Exit.INPUT_OUTPUT, f"{path}: there is no such file.")
    if not path.is_file():
        cure = "" if path.is_dir() else " Redirect it to standard input, whose name is -."
        raise CommandError(Exit.INPUT_OUTPUT, f"{path} is not a regular file.{cure}")
    if not os.access(path, os.R_OK):
        raise CommandError(Exit.INPUT_OUTPUT, f"{path}: no permission to read it.")


def check_outputs(
    *outputs: Path | Place | None, inputs: tuple[Path | Place | None, ...], force: bool
) -> None:
    """Raise CommandError unless every output can be written without loss; None = not asked for."""
    seen = [
        _identity(Place.of(place))
        for place in inputs
        if place is not None and not Place.of(place).is_standard
    ]
    for named in outputs:
        if named is None:
            continue
        output = Place.of(named)
        if output.is_standard and not isinstance(named, Place):
            told = "only tables can go to standard output"
            raise CommandError(Exit.USAGE, f"{output}: {told}. Name a file, such as ./{output}.")
        if _identity(output) in seen:
            raise CommandError(Exit.USAGE, f"{output} is named twice, or is also read. Name another file.")
        seen.append(_identity(output))
        if output.is_database:
            from tabgan_cli.sql_table import check_target

            check_target(output, force=force)
        elif output.is_file:
            _check_output(output.path, force)


def _identity(place: Place) -> str:
    """Equal for two names of the same place, as far as names tell."""
    return str(place.path.resolve()) if place.is_file else place.text


def check_folders(*outputs: Path | Place | None) -> None:
    """Raise CommandError unless the folders of the outputs can be written into; None = not asked for."""
    for output in (Place.of(place) for place in outputs if place is not None):
        if output.is_file:
            _check_folder(output.path)


def _check_output(output: Path, force: bool) -> None:
    if output.exists() and not output.is_file():
        raise CommandError(Exit.INPUT_OUTPUT, f"{output} is not a regular file and cannot be written.")
    if output.exists() and not force:
        raise CommandError(Exit.INPUT_OUTPUT, f"{output} already exists. Pass --force to overwrite it.")
    _check_folder(output)


def _check_folder(output: Path) -> None:
    folder = output.resolve().parent
    if not folder.is_dir():
        raise CommandError(Exit.INPUT_OUTPUT, f"{output}: there is no folder {folder}.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CommandError(Exit.INPUT_OUTPUT, f"{output}: no permission to write to {folder}.")


def check_size(output: Place, n_rows: int) -> None:
    """Raise CommandError for more rows than the format of the output can hold."""
    if output.format == "excel":
        from tabgan_cli.excel import check_size

        check_size(output, n_rows)
